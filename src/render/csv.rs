//! Comma-separated values: the columns' names, then every row, whole and exact; a blank is empty.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::ErrorKind;

use super::{escape, exact};
use crate::table::schema::Column;
use crate::table::{Cell, Table};

/// Writes all of `table`.
pub(super) fn table(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    rows(table.columns(), table.rows(), out)
}

/// Writes a header and all of `rows`.
pub(super) fn rows(
    columns: &[&'static Column],
    rows: impl Iterator<Item = Vec<Cell>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(columns.iter().map(|column| column.name)).map_err(unwrapped)?;
    for row in rows {
        for cell in &row {
            writer.write_field(field(cell).as_bytes()).map_err(unwrapped)?;
        }
        writer.write_record(None::<&[u8]>).map_err(unwrapped)?;
    }
    writer.flush()
}

fn field(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Blank => Cow::Borrowed(""),
        Cell::Text(text) => escape::spreadsheet(text),
        Cell::Integer(value) => Cow::Owned(value.to_string()),
        Cell::Number(value) => Cow::Owned(value.to_string()),
        Cell::Usd(value) => Cow::Owned(exact::dollars(*value)),
        Cell::Time(value) => Cow::Owned(exact::instant(*value).unwrap_or_default()),
        Cell::Flag(value) => Cow::Owned(value.to_string()),
    }
}

/// The error of the writer below, which tells a closed pipe from a full disk.
fn unwrapped(error: csv::Error) -> io::Error {
    match error.into_kind() {
        ErrorKind::Io(cause) => cause,
        other => io::Error::other(format!("{other:?}")),
    }
}
