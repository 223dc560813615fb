//! What is asked of the fact table.

use chrono_tz::Tz;

use super::columns::{Column, Kind, TOOL_NAME, measures};
use super::dimension::Dimension;
use super::filter::Filter;
use super::latency::columns::latency_measures;
use crate::error::{Error, Result, unknown};
use crate::event::Time;
use crate::fold::Settled;

/// What a report is asked for.
#[derive(Debug, Clone)]
pub struct Query {
    /// Dimensions, in order; `None`: by loop where there are runs, else by day.
    pub by: Option<Vec<Dimension>>,
    /// Rows must match one filter of each key.
    pub filters: Vec<Filter>,
    /// And one of each key of these: what a budget is about, beside what was asked for.
    pub scope: Vec<Filter>,
    /// First instant.
    pub since: Option<Time>,
    /// First instant after the window.
    pub until: Option<Time>,
    /// Where days are cut.
    pub zone: Tz,
    /// Only the latest periods of the first time dimension that have rows, this many.
    pub last: Option<usize>,
    /// The column that rows are sorted by; the default is time, then cost, then tokens.
    pub sort: Option<Sort>,
    /// At most this many rows.
    pub limit: Option<usize>,
}

/// Every row, days cut in UTC.
impl Default for Query {
    fn default() -> Query {
        Query {
            by: None,
            filters: Vec::new(),
            scope: Vec::new(),
            since: None,
            until: None,
            zone: Tz::UTC,
            last: None,
            sort: None,
            limit: None,
        }
    }
}

impl Query {
    /// The dimensions that it filters by.
    pub(super) fn filtered(&self) -> impl Iterator<Item = Dimension> {
        self.filters.iter().chain(&self.scope).map(|filter| filter.dimension)
    }

    /// Fails if the latest periods are asked for, and `by` knows no period.
    pub fn check_last(&self, by: &[Dimension]) -> Result<()> {
        if self.last.is_some() && !by.iter().any(|dimension| dimension.is_time()) {
            return Err(Error::invalid("--last counts periods: add --by hour, day, week or month"));
        }
        Ok(())
    }
}

/// A column to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    pub(super) column: &'static Column,
    pub(super) is_descending: bool,
}

impl Sort {
    /// Reads `COLUMN`, `COLUMN:asc` or `COLUMN:desc`. Without a word, text ascends, numbers descend.
    pub fn parse(text: &str) -> Result<Sort> {
        Sort::among(text, Dimension::columns().chain(measures()).collect())
    }

    /// The same for a column of a latency report.
    pub fn of_latency(text: &str) -> Result<Sort> {
        Sort::among(text, Dimension::columns().chain([&TOOL_NAME]).chain(latency_measures()).collect())
    }

    fn among(text: &str, columns: Vec<&'static Column>) -> Result<Sort> {
        let (name, direction) = text.split_once(':').map_or((text, None), |(name, word)| (name, Some(word)));
        let name = Dimension::from_name(name).map_or(name, |dimension| dimension.column().name);
        let column = columns
            .iter()
            .find(|column| column.name == name)
            .ok_or_else(|| unknown("column", name, &columns.iter().map(|column| column.name).collect::<Vec<_>>()))?;
        let is_descending = match direction {
            None => column.kind != Kind::Text,
            Some("desc") => true,
            Some("asc") => false,
            Some(word) => return Err(unknown("direction", word, &["asc", "desc"])),
        };
        Ok(Sort { column, is_descending })
    }
}

/// The dimensions that were asked for; else loops, or days where there are no runs.
pub(super) fn default_by(settled: &Settled, query: &Query) -> Result<Vec<Dimension>> {
    let by = match &query.by {
        Some(by) => by.clone(),
        None => vec![Dimension::from_name(if has_runs(settled) { "loop" } else { "day" })?],
    };
    query.check_last(&by)?;
    Ok(by)
}

/// Whether there is any run: session logs alone tell of none.
pub(super) fn has_runs(settled: &Settled) -> bool {
    settled.owners.iter().any(|owner| owner.run.is_some())
}
