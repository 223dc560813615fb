//! What a table is, as plain data.

use super::cell::Cell;
use super::columns::{Column, TableSchema};
use super::frame::Table;
use super::query::Query;
use crate::error::Result;
use crate::event::Needs;
use crate::fold::Settled;

/// The rows of a table, in the order of their time; rows without one come last.
pub type Rows<'a> = Box<dyn Iterator<Item = Vec<Cell>> + 'a>;

/// What a table is.
#[derive(Debug)]
pub struct Definition {
    /// Its name on the command line and in file names.
    pub name: &'static str,
    /// What a row is.
    pub about: &'static str,
    /// Its columns, in order.
    pub columns: fn() -> Vec<&'static Column>,
    /// The column that dates a row.
    pub date: &'static str,
    /// What must be looked for, so that they are there.
    pub needs: Needs,
    /// The rows that a query asks for.
    pub(super) rows: for<'a> fn(&'a Settled, &'a Query) -> Rows<'a>,
}

impl Definition {
    /// Its columns, and what a row is.
    pub fn schema(&self) -> TableSchema {
        TableSchema { name: self.name, about: self.about, columns: (self.columns)(), optional: Vec::new() }
    }

    /// The rows that a query asks for, one after the other. Each is made when it is its turn: until then its place is
    /// known, by time, and nothing else.
    pub fn rows<'a>(&self, settled: &'a Settled, query: &'a Query) -> Rows<'a> {
        let rows = (self.rows)(settled, query);
        match query.limit {
            Some(limit) => Box::new(rows.take(limit)),
            None => rows,
        }
    }

    /// The same rows as a table in memory.
    pub fn table(&self, settled: &Settled, query: &Query) -> Result<Table> {
        Table::of((self.columns)(), self.rows(settled, query))
    }
}
