//! A row of a report, read by column names.

use crate::event::Usd;
use crate::table::schema::BY_QUALITY;
use crate::table::{Cell, Table};

/// A row of a report's table, read by column names.
pub(super) struct Row<'a> {
    table: &'a Table,
    index: usize,
}

impl<'a> Row<'a> {
    pub(super) fn new(table: &'a Table, index: usize) -> Row<'a> {
        Row { table, index }
    }

    pub(super) fn cell(&self, column: &str) -> Cell {
        self.table.get(self.index, column)
    }

    pub(super) fn integer(&self, column: &str) -> Option<i64> {
        match self.cell(column) {
            Cell::Integer(value) => Some(value),
            _ => None,
        }
    }

    /// A count that is never blank.
    pub(super) fn count(&self, column: &str) -> i64 {
        self.integer(column).unwrap_or(0)
    }

    pub(super) fn usd(&self, column: &str) -> Option<Usd> {
        match self.cell(column) {
            Cell::Usd(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn text(&self, column: &str) -> Option<String> {
        match self.cell(column) {
            Cell::Text(value) => Some(value),
            _ => None,
        }
    }

    /// Whether its token sums are all there is.
    pub(super) fn is_complete(&self) -> bool {
        self.cell("complete") == Cell::Flag(true)
    }

    /// Whether its blended tokens are all there are: a blended run knows these, if nothing else.
    pub(super) fn is_blended_whole(&self) -> bool {
        self.count("partial_runs") == 0 && self.count("unknown_runs") == 0
    }

    /// Runs, and conversations of no run, of whatever quality.
    pub(super) fn measured(&self) -> i64 {
        BY_QUALITY.iter().fold(0, |sum, column| self.count(column.name).saturating_add(sum))
    }
}
