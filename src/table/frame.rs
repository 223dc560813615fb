//! A table: polars holds the cells, the schema says what they mean.

use polars::prelude::{AnyValue, DataFrame, NamedFrom, Series, SortMultipleOptions};

use super::schema::{Column, Kind};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Time, Usd};

/// One value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Not known, or not applicable: see the column's `blank`.
    Blank,
    /// Text.
    Text(String),
    /// A count, a duration, an integer.
    Integer(i64),
    /// Dollars.
    Usd(Usd),
    /// A point in time.
    Time(Time),
    /// Yes or no.
    Flag(bool),
}

/// Rows under columns of the public schema.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<&'static Column>,
    frame: DataFrame,
}

/// Collects rows for a [`Table`], column by column.
#[derive(Debug)]
pub struct Builder {
    columns: Vec<&'static Column>,
    cells: Vec<Vec<Cell>>,
}

impl Builder {
    /// An empty table with these columns.
    pub fn new(columns: Vec<&'static Column>) -> Builder {
        let cells = columns.iter().map(|_| Vec::new()).collect();
        Builder { columns, cells }
    }

    /// Adds a row; missing cells are blank.
    pub fn push(&mut self, row: Vec<Cell>) {
        let mut row = row.into_iter();
        for column in &mut self.cells {
            column.push(row.next().unwrap_or(Cell::Blank));
        }
    }

    /// The table. Fails only if polars refuses the columns.
    pub fn finish(self) -> Result<Table> {
        let rows = self.cells.first().map_or(0, Vec::len);
        let series = self.columns.iter().zip(self.cells).map(|(column, cells)| series(column, cells).into()).collect();
        let frame = DataFrame::new(rows, series).map_err(refused)?;
        Ok(Table { columns: self.columns, frame })
    }
}

fn series(column: &Column, cells: Vec<Cell>) -> Series {
    let name = column.name.into();
    match column.kind {
        Kind::Text => {
            let values: Vec<Option<String>> = cells
                .into_iter()
                .map(|cell| match cell {
                    Cell::Text(text) => Some(text),
                    _ => None,
                })
                .collect();
            Series::new(name, values)
        }
        Kind::Flag => {
            let values: Vec<Option<bool>> = cells
                .into_iter()
                .map(|cell| match cell {
                    Cell::Flag(flag) => Some(flag),
                    _ => None,
                })
                .collect();
            Series::new(name, values)
        }
        Kind::Tokens | Kind::Count | Kind::Millis | Kind::Usd | Kind::Time | Kind::Integer => {
            let values: Vec<Option<i64>> = cells
                .into_iter()
                .map(|cell| match cell {
                    Cell::Integer(value) => Some(value),
                    Cell::Usd(value) => Some(value.pico()),
                    Cell::Time(value) => Some(value.micros()),
                    _ => None,
                })
                .collect();
            Series::new(name, values)
        }
    }
}

fn refused(cause: polars::prelude::PolarsError) -> Error {
    Error::new(ErrorKind::Table, "cannot build the table").caused_by(cause)
}

impl Table {
    /// Its columns, in order.
    pub fn columns(&self) -> &[&'static Column] {
        &self.columns
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.frame.height()
    }

    /// Where the column of this name stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The cell in `row` of the column at `position`; blank outside the table.
    pub fn cell(&self, row: usize, position: usize) -> Cell {
        let Some(column) = self.columns.get(position) else { return Cell::Blank };
        let value = self.frame.columns().get(position).and_then(|series| series.get(row).ok());
        match (value, column.kind) {
            (Some(AnyValue::String(text)), _) => Cell::Text(text.to_owned()),
            (Some(AnyValue::StringOwned(text)), _) => Cell::Text(text.to_string()),
            (Some(AnyValue::Boolean(flag)), _) => Cell::Flag(flag),
            (Some(AnyValue::Int64(value)), Kind::Usd) => Cell::Usd(Usd::from_pico(value)),
            (Some(AnyValue::Int64(value)), Kind::Time) => Cell::Time(Time::from_micros(value)),
            (Some(AnyValue::Int64(value)), _) => Cell::Integer(value),
            _ => Cell::Blank,
        }
    }

    /// The cell in `row` of the column `name`; blank where there is no such column.
    pub fn get(&self, row: usize, name: &str) -> Cell {
        self.position(name).map_or(Cell::Blank, |position| self.cell(row, position))
    }

    /// Sorts by these columns in turn, `true` for descending; blanks come last.
    pub fn sort(&mut self, keys: &[(&str, bool)]) -> Result<()> {
        let names: Vec<String> = keys.iter().map(|(name, _)| (*name).to_owned()).collect();
        let options = SortMultipleOptions::default()
            .with_order_descending_multi(keys.iter().map(|(_, descending)| *descending))
            .with_nulls_last(true)
            .with_maintain_order(true);
        self.frame.sort_in_place(names, options).map_err(refused)?;
        Ok(())
    }

    /// The first `rows` rows.
    pub fn head(&self, rows: usize) -> Table {
        Table { columns: self.columns.clone(), frame: self.frame.head(Some(rows)) }
    }
}
