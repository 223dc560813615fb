//! What was found and what of it was not understood, as tables.

use super::cell::Cell;
use super::columns::{Column, Kind, NOT_KNOWN, column};
use super::frame::Table;
use super::sources::Sources;
use super::warnings::Warning;
use crate::error::Result;

/// What a look at the sources came to.
#[derive(Debug)]
pub struct Examination {
    /// Where sources were looked for.
    pub looked: String,
    /// Files and bytes by format: `format`, `harness`, `files`, `bytes`.
    pub formats: Table,
    /// Versions of harnesses that records tell: `harness`, `version`, `records`.
    pub versions: Table,
    /// What nobody reads: `harness`, `version`, `what`, `name`, `count`.
    pub unknown: Table,
    /// How often a name was left out, as it is none, or as there were too many.
    pub left_out: u64,
    /// What was read, and what was passed over.
    pub sources: Sources,
    /// What was refused, lost or contradictory.
    pub warnings: Vec<Warning>,
}

/// Columns of [`Examination::formats`].
static FORMATS: [Column; 4] = [
    column("format", Kind::Text, "kind of file, told by its content", ""),
    column("harness", Kind::Text, "program that writes such files", "forge itself"),
    column("files", Kind::Count, "how many there are", ""),
    column("bytes", Kind::Count, "their bytes, after decompression", ""),
];

/// Columns of [`Examination::versions`].
static VERSIONS: [Column; 3] = [
    column("harness", Kind::Text, "program that wrote the records", ""),
    column("version", Kind::Text, "its version, as it says", ""),
    column("records", Kind::Count, "records that say so", ""),
];

/// Columns of [`Examination::unknown`].
static UNKNOWN: [Column; 5] = [
    column("harness", Kind::Text, "program that wrote the records", ""),
    column("version", Kind::Text, "its version, as the records before tell", NOT_KNOWN),
    column("what", Kind::Text, "what is unknown: event, type, field", ""),
    column("name", Kind::Text, "its name", ""),
    column("count", Kind::Count, "how often it was met", ""),
];

/// [`Examination::formats`] of these: format, harness, files, bytes.
pub fn formats<'a>(found: impl Iterator<Item = (&'a str, Option<&'a str>, u64, u64)>) -> Result<Table> {
    let row = |(format, harness, files, bytes)| {
        vec![Cell::text(Some(format)), Cell::text(harness), Cell::count(files), Cell::count(bytes)]
    };
    listed(&FORMATS, found.map(row))
}

/// [`Examination::versions`] of these: harness, version, records.
pub fn versions<'a>(found: impl Iterator<Item = (&'a str, &'a str, u64)>) -> Result<Table> {
    let row =
        |(harness, version, records)| vec![Cell::text(Some(harness)), Cell::text(Some(version)), Cell::count(records)];
    listed(&VERSIONS, found.map(row))
}

/// [`Examination::unknown`] of these: harness, version, what, name, and how often it was met.
pub fn unknown<'a>(found: impl Iterator<Item = (&'a str, Option<&'a str>, &'a str, &'a str, u64)>) -> Result<Table> {
    let row = |(harness, version, what, name, times)| {
        let told = [Some(harness), version, Some(what), Some(name)];
        told.map(Cell::text).into_iter().chain([Cell::count(times)]).collect()
    };
    listed(&UNKNOWN, found.map(row))
}

fn listed(columns: &'static [Column], rows: impl Iterator<Item = Vec<Cell>>) -> Result<Table> {
    Table::of(columns.iter().collect(), rows)
}
