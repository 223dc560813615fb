//! Whole tables for other programs, written row by row: a row, or a Parquet file's row group, is in memory at a time.

use std::io::Write;

use super::written::written;
use super::{csv, json, parquet};
use crate::error::{Error, Result, unknown};
use crate::table::Cell;
use crate::table::schema::Column;

/// A format that whole tables are exported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataFormat {
    /// Comma-separated values with a header.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// A JSON object a row and line.
    Jsonl,
    /// One JSON array of objects.
    Json,
}

impl DataFormat {
    /// All of them, in the order that help shows them.
    pub const ALL: [DataFormat; 4] = [DataFormat::Csv, DataFormat::Parquet, DataFormat::Jsonl, DataFormat::Json];

    /// Its name on the command line, which is also its files' suffix.
    pub fn name(self) -> &'static str {
        match self {
            DataFormat::Csv => "csv",
            DataFormat::Parquet => "parquet",
            DataFormat::Jsonl => "jsonl",
            DataFormat::Json => "json",
        }
    }

    /// The format of this name.
    pub fn from_name(name: &str) -> Result<DataFormat> {
        let found = DataFormat::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| unknown("export format", name, &DataFormat::ALL.map(DataFormat::name)))
    }

    /// The format of files with this suffix.
    pub fn from_suffix(suffix: &str) -> Result<DataFormat> {
        match suffix.to_ascii_lowercase().as_str() {
            "ndjson" => Ok(DataFormat::Jsonl),
            "pq" => Ok(DataFormat::Parquet),
            suffix => DataFormat::from_name(suffix).map_err(|_| {
                let names = DataFormat::ALL.map(DataFormat::name).join(", ");
                Error::invalid(format!("no export format has the suffix .{suffix}; give --format {names}"))
            }),
        }
    }
}

/// Writes rows under these columns.
pub fn rows(
    columns: &[&'static Column],
    rows: impl Iterator<Item = Vec<Cell>>,
    format: DataFormat,
    out: &mut dyn Write,
) -> Result<()> {
    written(out, |out| match format {
        DataFormat::Csv => csv::rows(columns, rows, out),
        DataFormat::Parquet => parquet::rows(columns, rows, out),
        DataFormat::Jsonl => json::lines(columns, rows, out),
        DataFormat::Json => json::array(columns, rows, out),
    })
}
