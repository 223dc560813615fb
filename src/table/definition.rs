//! What a table is, as plain data.

use super::cell::Cell;
use super::columns::{Column, TableSchema};
use super::filter::Filter;
use super::frame::Table;
use super::query::Query;
use crate::error::{Error, Result};
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
    /// Dimensions of which no row of it has a value.
    pub(super) untold: &'static [&'static Column],
    /// The rows that a query asks for.
    pub(super) rows: for<'a> fn(&'a Settled, &'a Query) -> Rows<'a>,
}

impl Definition {
    /// Its columns, and what a row is.
    pub fn schema(&self) -> TableSchema {
        TableSchema { name: self.name, about: self.about, columns: (self.columns)(), optional: Vec::new() }
    }

    /// Fails if a filter asks for a value that no row can have, so that nothing would ever match.
    pub fn check(&self, query: &Query) -> Result<()> {
        for column in self.untold {
            let mut filters = query.filters.iter().filter(|filter| filter.dimension().column().name == column.name);
            let first = filters.next();
            if let Some(filter) = first.filter(|first| [*first].into_iter().chain(filters).all(Filter::wants_value)) {
                let (name, table) = (column.name, self.name);
                return Err(Error::invalid(format!(
                    "--where {filter} matches nothing: no row of {table} tells a {name}"
                )));
            }
        }
        Ok(())
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
