//! Facts become tables. The only room that uses polars.

mod calls;
mod caveat;
mod conversations;
mod cost;
mod dimension;
pub mod doctor;
pub mod explain;
mod frame;
mod group;
mod latency;
mod money;
mod overlap;
mod per_run;
mod prices;
mod quota;
mod report;
mod runs;
pub mod schema;
mod sum;
mod tables;
mod tally;
mod timing;
mod token_sum;
mod tools;
mod unplaced;
mod usage;
mod values;
pub mod verdict;
mod warnings;

pub use crate::event::Needs;
pub use cost::{CostMode, Options as PriceOptions, price, price_book};
pub use dimension::{Dimension, Filter, start_of_day};
pub use doctor::Examination;
pub use frame::{Builder, Cell, Table};
pub use latency::{latency, latency_measures};
pub use overlap::Overlap;
pub use prices::{PRICES, Shown, prices};
pub use report::{Query, Sort, report};
pub use tables::{Definition, Rows, TABLES};
pub use tally::Tally;
pub use unplaced::wider;
pub use warnings::{is_loss, warnings};

use crate::error::Result;
use crate::event::Time;
use crate::fold::Settled;
use report::default_by;
use schema::Column;
use tally::tallies;
use unplaced::Unplaced;

/// What was settled, for those who have questions about it.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a>(pub &'a Settled);

impl Answers<'_> {
    /// Whether there is any run: session logs alone tell of none.
    pub fn has_runs(self) -> bool {
        self.0.owners.iter().any(|owner| owner.run.is_some())
    }

    /// The report that answers a query, without its sources.
    pub fn report(self, query: &Query) -> Result<Report> {
        report(self.0, query, Sources::default())
    }

    /// The sums of its groups alone, in any order: that costs a fraction.
    pub fn tallies(self, query: &Query) -> Result<Vec<Tally>> {
        tallies(self.0, query)
    }

    /// The sums of what may be asked for, and is left out, as it tells no time or no model. Groups that it may be of
    /// have a [`wider`] key.
    pub fn unplaced(self, query: &Query) -> Result<Vec<Tally>> {
        Ok(Unplaced::of(self.0, &default_by(self.0, query)?, query).tallies())
    }

    /// What of its groups is of runs, and conversations of no run, of which more may be of the group.
    pub fn overlap(self, query: &Query) -> Result<Overlap> {
        Ok(Overlap::of(self.0, &default_by(self.0, query)?, query))
    }
}

/// A report: rows, their totals, and how far they can be trusted.
#[derive(Debug)]
pub struct Report {
    /// The dimensions it is grouped by, in order; the first columns of `rows`.
    pub by: Vec<&'static Column>,
    /// The groups: the dimensions of `by`, then [`schema::measures`].
    pub rows: Table,
    /// The same measures over everything, one row, also over groups that a limit left out.
    pub totals: Table,
    /// Groups before `--limit`.
    pub groups: usize,
    /// Those of them that have no name in the first dimension.
    pub nameless: usize,
    /// Distinct loops over everything.
    pub loops: usize,
    /// Distinct profiles over everything.
    pub profiles: usize,
    /// The window that was asked for, and the zone days are cut in.
    pub window: Window,
    /// `KEY=GLOB` of the rows that were asked for.
    pub filters: Vec<String>,
    /// The day of the latest list prices; `None` where nothing was priced.
    pub price_book: Option<String>,
    /// Whose word was taken for costs: `auto`, `reported` or `computed`; `None` where nothing was priced.
    pub cost_mode: Option<&'static str>,
    /// The slowest run, where one stands out against its loop.
    pub slowest: Option<Slowest>,
    /// Loops none of whose runs left usage behind.
    pub blind_loops: Vec<String>,
    /// What the costs rest on; `None` where there is nothing to say of them.
    pub prices: Option<PriceNote>,
    /// What was read.
    pub sources: Sources,
    /// What the reader should know.
    pub warnings: Vec<Warning>,
}

/// What the costs of a report rest on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceNote {
    /// The day of the list prices; `None` where all costs are the harnesses' own.
    pub list_prices: Option<Time>,
    /// Profiles whose accounts pay a flat fee: their costs are no bill.
    pub subscriptions: Vec<String>,
    /// The other profiles.
    pub others: Vec<String>,
}

/// The time that a report covers.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// First instant; `None` for all there is.
    pub since: Option<Time>,
    /// First instant after it; `None` for all there is.
    pub until: Option<Time>,
    /// IANA name of the zone, or an offset.
    pub zone: String,
    /// First and last instant of what was found, where known.
    pub found: Option<(Time, Time)>,
}

/// A run far slower than its loop's median.
#[derive(Debug, Clone)]
pub struct Slowest {
    /// Its id.
    pub run_id: String,
    /// Its loop.
    pub loop_name: String,
    /// Its time over the median time of its loop's runs.
    pub times_median: f64,
}

/// What was read. It describes one reading and is no part of any equality between readings.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Files that were read.
    pub files: u64,
    /// Bytes that were read, after decompression.
    pub bytes: u64,
    /// What was passed over, and why.
    pub skipped: Vec<Skipped>,
}

/// A file or folder that was passed over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Its path.
    pub path: String,
    /// Why.
    pub reason: String,
    /// Whether something of it was read until then, which counts.
    pub is_part: bool,
    /// Whether what it holds is not known: it could not be read.
    pub is_lost: bool,
}

/// Something the reader should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// A stable word for scripts.
    pub code: String,
    /// The same for people.
    pub message: String,
    /// How often.
    pub count: u64,
}
