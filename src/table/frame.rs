//! A table: polars holds the cells, the schema says what they mean.

use polars::prelude::{
    AnyValue, BooleanChunkedBuilder, ChunkedBuilder, Column as Cells, DataFrame, Float64Chunked, Float64Type,
    Int64Type, IntoColumn, NewChunkedArray, PrimitiveChunkedBuilder, StringChunkedBuilder, TimeUnit, TimeZone,
};

use super::cell::Cell;
use super::columns::{Column, Kind};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Time, Usd};

/// Rows under columns of the public schema.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<&'static Column>,
    frame: DataFrame,
}

/// Collects rows for a [`Table`], column by column.
pub struct Builder {
    columns: Vec<&'static Column>,
    buffers: Vec<Buffer>,
    rows: usize,
    /// The first column that was given a cell of another kind, or a row of another length.
    misfit: Option<&'static str>,
}

/// The cells of one column so far, as polars keeps them.
enum Buffer {
    Text(StringChunkedBuilder),
    /// Counts, durations, pico-dollars and microseconds.
    Whole(PrimitiveChunkedBuilder<Int64Type>),
    Number(PrimitiveChunkedBuilder<Float64Type>),
    Flag(BooleanChunkedBuilder),
}

impl Builder {
    /// An empty table with these columns.
    pub fn new(columns: Vec<&'static Column>) -> Builder {
        let buffers = columns.iter().map(|column| Buffer::new(column)).collect();
        Builder { columns, buffers, rows: 0, misfit: None }
    }

    /// Adds a row: a cell for each column, of the column's kind or blank.
    pub fn push(&mut self, row: Vec<Cell>) {
        let has_more = row.len() > self.columns.len();
        let mut row = row.into_iter();
        for (column, buffer) in self.columns.iter().zip(&mut self.buffers) {
            let cell = row.next();
            if self.misfit.is_none() && (has_more || !cell.as_ref().is_some_and(|cell| cell.fits(column.kind))) {
                self.misfit = Some(column.name);
            }
            buffer.push(cell.unwrap_or(Cell::Blank));
        }
        self.rows += 1;
    }

    /// The table. Fails if a row that was added doesn't fit the columns, or if polars refuses them.
    pub fn finish(self) -> Result<Table> {
        if let Some(column) = self.misfit {
            return Err(Error::new(ErrorKind::Table, format!("a row does not fit the columns, from {column} on")));
        }
        let columns = self.columns.iter().zip(self.buffers).map(|(column, buffer)| buffer.finish(column)).collect();
        let frame = DataFrame::new(self.rows, columns).map_err(refused)?;
        Ok(Table { columns: self.columns, frame })
    }
}

impl Buffer {
    fn new(column: &Column) -> Buffer {
        let name = column.name.into();
        match column.kind {
            Kind::Text => Buffer::Text(StringChunkedBuilder::new(name, 0)),
            Kind::Percent | Kind::Rate => Buffer::Number(PrimitiveChunkedBuilder::new(name, 0)),
            Kind::Flag => Buffer::Flag(BooleanChunkedBuilder::new(name, 0)),
            Kind::Tokens
            | Kind::Count
            | Kind::Millis
            | Kind::Minutes
            | Kind::Usd
            | Kind::Price
            | Kind::Time
            | Kind::Integer => Buffer::Whole(PrimitiveChunkedBuilder::new(name, 0)),
        }
    }

    fn push(&mut self, cell: Cell) {
        match (self, cell) {
            (Buffer::Text(cells), Cell::Text(text)) => cells.append_value(text),
            (Buffer::Text(cells), _) => cells.append_null(),
            (Buffer::Whole(cells), Cell::Integer(value)) => cells.append_value(value),
            (Buffer::Whole(cells), Cell::Usd(value)) => cells.append_value(value.pico()),
            (Buffer::Whole(cells), Cell::Time(value)) => cells.append_value(value.micros()),
            (Buffer::Whole(cells), _) => cells.append_null(),
            (Buffer::Number(cells), Cell::Number(value)) => cells.append_value(value),
            (Buffer::Number(cells), _) => cells.append_null(),
            (Buffer::Flag(cells), Cell::Flag(flag)) => cells.append_value(flag),
            (Buffer::Flag(cells), _) => cells.append_null(),
        }
    }

    fn finish(self, column: &Column) -> Cells {
        match self {
            Buffer::Text(cells) => cells.finish().into_column(),
            Buffer::Whole(cells) if column.kind == Kind::Time => {
                cells.finish().into_datetime(TimeUnit::Microseconds, Some(TimeZone::UTC)).into_column()
            }
            Buffer::Whole(cells) => cells.finish().into_column(),
            Buffer::Number(cells) => cells.finish().into_column(),
            Buffer::Flag(cells) => cells.finish().into_column(),
        }
    }
}

fn refused(cause: polars::prelude::PolarsError) -> Error {
    Error::new(ErrorKind::Table, "cannot build the table").caused_by(cause)
}

impl Table {
    /// A table of these columns and rows. Fails if a row doesn't fit the columns, or if polars refuses them.
    pub fn of(columns: Vec<&'static Column>, rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<Table> {
        let mut builder = Builder::new(columns);
        rows.into_iter().for_each(|row| builder.push(row));
        builder.finish()
    }

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
            (Some(AnyValue::Int64(value)), Kind::Usd | Kind::Price) => Cell::Usd(Usd::from_pico(value)),
            (Some(AnyValue::Datetime(value, ..) | AnyValue::DatetimeOwned(value, ..)), _) => {
                Cell::Time(Time::from_micros(value))
            }
            (Some(AnyValue::Float64(value)), _) => Cell::Number(value),
            (Some(AnyValue::Int64(value)), _) => Cell::Integer(value),
            _ => Cell::Blank,
        }
    }

    /// The cells of `row`, one a column.
    pub fn row(&self, row: usize) -> Vec<Cell> {
        (0..self.columns.len()).map(|position| self.cell(row, position)).collect()
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = Vec<Cell>> {
        (0..self.height()).map(|row| self.row(row))
    }

    /// The cell in `row` of the column `name`; blank where there is no such column.
    pub fn get(&self, row: usize, name: &str) -> Cell {
        self.position(name).map_or(Cell::Blank, |position| self.cell(row, position))
    }

    /// The first `rows` rows.
    pub fn head(&self, rows: usize) -> Table {
        Table { columns: self.columns.clone(), frame: self.frame.head(Some(rows)) }
    }

    /// Some of its columns, in the order of these names. Fails if one is no column's.
    pub fn only(&self, names: &[&str]) -> Result<Table> {
        let column = |name: &&str| {
            let at = self.position(name);
            let kept = at.and_then(|at| Some((*self.columns.get(at)?, self.frame.columns().get(at)?.clone())));
            kept.ok_or_else(|| Error::new(ErrorKind::Table, format!("the table has no column {name}")))
        };
        let kept: Vec<(&'static Column, Cells)> = names.iter().map(column).collect::<Result<_>>()?;
        let (columns, cells): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
        let frame = DataFrame::new(self.height(), cells).map_err(refused)?;
        Ok(Table { columns, frame })
    }

    /// What other programs get: dollars as doubles, which every engine reads, as against decimals.
    ///
    /// Exact to the pico-dollar up to four thousand dollars a cell.
    pub(crate) fn into_public_frame(self) -> Result<DataFrame> {
        let rows = self.height();
        let cells = self.columns.iter().zip(self.frame.into_columns());
        let cells = cells.map(|(column, cells)| match cells.i64() {
            Ok(pico) if matches!(column.kind, Kind::Usd | Kind::Price) => {
                let dollars = pico.iter().map(|pico| pico.map(|pico| Usd::from_pico(pico).to_f64()));
                Float64Chunked::from_iter_options(column.name.into(), dollars).into_column()
            }
            _ => cells,
        });
        DataFrame::new(rows, cells.collect()).map_err(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Column, Kind, Table};
    use crate::table::columns::column;

    static NAME: Column = column("name", Kind::Text, "a name", "");
    static SIZE: Column = column("size", Kind::Count, "a size", "");

    #[test]
    fn a_row_that_does_not_fit_the_columns_is_an_error_and_no_blank() {
        let table = |row: &[Cell]| Table::of(vec![&NAME, &SIZE], [row.to_vec()]);
        let [name, size] = [Cell::Text("a".to_owned()), Cell::Integer(1)];
        assert_eq!(table(&[name.clone(), size.clone()]).unwrap().row(0), [name.clone(), size.clone()]);
        assert_eq!(table(&[name.clone(), Cell::Blank]).unwrap().get(0, "size"), Cell::Blank);
        let misfits = [vec![name.clone()], vec![name.clone(), Cell::Number(1.0)], vec![name, size.clone(), size]];
        let messages = misfits.map(|row| table(&row).unwrap_err().to_string());
        let [too_short, other_kind, too_long] = &messages;
        assert!(too_short.contains("from size on") && other_kind.contains("from size on"), "{messages:?}");
        assert!(too_long.contains("from name on"), "{messages:?}");
    }

    #[test]
    fn a_column_that_is_not_there_is_an_error_and_none_fewer() {
        let table = Table::of(vec![&NAME, &SIZE], [vec![Cell::Text("a".to_owned()), Cell::Integer(1)]]).unwrap();
        assert_eq!(table.only(&["size", "name"]).unwrap().row(0), [Cell::Integer(1), Cell::Text("a".to_owned())]);
        assert!(table.only(&["name", "sise"]).unwrap_err().to_string().contains("no column sise"));
    }
}
