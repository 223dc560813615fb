//! What a check of budgets asks of what was settled, so that `budget` needs no fold.

use super::overlap::Overlap;
use super::query::{Query, default_by, has_runs};
use super::report::{Report, report};
use super::sources::Sources;
use super::tally::{Tally, tallies};
use super::unplaced::Unplaced;
use crate::error::Result;
use crate::fold::Settled;

/// What was settled, for those who have questions about it.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a>(pub &'a Settled);

impl Answers<'_> {
    /// Whether there is any run: session logs alone tell of none.
    pub fn has_runs(self) -> bool {
        has_runs(self.0)
    }

    /// The report that answers a query, without its sources.
    pub fn report(self, query: &Query) -> Result<Report> {
        report(self.0, query, Sources::default())
    }

    /// The sums of its groups alone, in any order: that costs a fraction.
    pub(crate) fn tallies(self, query: &Query) -> Result<Vec<Tally>> {
        tallies(self.0, query)
    }

    /// The sums of what may be asked for, and is left out, as it tells no time or no model. Groups that it may be of
    /// have a [`wider`](super::wider) key.
    pub(crate) fn unplaced(self, query: &Query) -> Result<Vec<Tally>> {
        Ok(Unplaced::of(self.0, &default_by(self.0, query)?, query).tallies())
    }

    /// What its groups have of runs, and conversations of no run, that have more usage which may be of the same group.
    pub(crate) fn overlap(self, query: &Query) -> Result<Overlap> {
        Ok(Overlap::of(self.0, &default_by(self.0, query)?, query))
    }
}
