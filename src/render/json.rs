//! JSON of reports and tables. Keys are column names, numbers are whole and exact, a blank is `null`.

use std::io::{self, Write};

use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::ser::{Formatter, Serializer as JsonSerializer};
use serde_json::value::RawValue;

use super::{escape, exact};
use crate::table::schema::{BY_QUALITY, Column, SCHEMA_VERSION};
use crate::table::{Cell, Report, Skipped, Sources, Table, Warning};

/// Writes a report with its totals, its sources and its warnings.
pub(super) fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write(&Document(report), out)
}

/// Writes all rows as one array.
pub(super) fn array(
    columns: &[&'static Column],
    rows: impl Iterator<Item = Vec<Cell>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut between = "[";
    for cells in rows {
        out.write_all(between.as_bytes())?;
        put(&Row { columns, cells }, out)?;
        between = ",";
    }
    out.write_all(if between == "[" { b"[]\n" } else { b"]\n" })
}

/// Writes an object a row and line.
pub(super) fn lines(
    columns: &[&'static Column],
    rows: impl Iterator<Item = Vec<Cell>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    for cells in rows {
        write(&Row { columns, cells }, out)?;
    }
    Ok(())
}

/// Writes one value on a line of its own, as every JSON here is written: hidden characters, which could steer a
/// terminal or turn its text around, stand escaped, and are the same text for any reader.
pub fn write(value: &impl Serialize, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
    put(value, out)?;
    out.write_all(b"\n")
}

fn put(value: &impl Serialize, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
    value.serialize(&mut JsonSerializer::with_formatter(out, Visible))?;
    Ok(())
}

/// JSON leaves characters alone that steer a terminal beyond ASCII; escaped they are the same text.
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, mut fragment: &str) -> io::Result<()> {
        // Nearly all texts are of characters that need no look one by one.
        if fragment.bytes().fold(true, |plain, byte| plain & (0x20..0x7f).contains(&byte)) {
            return writer.write_all(fragment.as_bytes());
        }
        while let Some((at, c)) = fragment.char_indices().find(|(_, c)| escape::is_hidden(*c)) {
            writer.write_all(&fragment.as_bytes()[..at])?;
            writer.write_all(escape::json(c).as_bytes())?;
            fragment = &fragment[at + c.len_utf8()..];
        }
        writer.write_all(fragment.as_bytes())
    }
}

struct Document<'a>(&'a Report);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.0;
        let by: Vec<&str> = report.by.iter().map(|by| by.column().name).collect();
        let warnings: Vec<Warned> = report.warnings.iter().map(Warned).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema_version", &SCHEMA_VERSION)?;
        map.serialize_entry("by", &by)?;
        map.serialize_entry("rows", &Rows(&report.rows))?;
        map.serialize_entry("totals", &Row { columns: report.totals.columns(), cells: report.totals.row(0) })?;
        map.serialize_entry("query", &Asked(report))?;
        map.serialize_entry("sources", &Reading(&report.sources))?;
        map.serialize_entry("warnings", &warnings)?;
        map.end()
    }
}

/// What was asked for: a later check compares only with what was asked alike.
struct Asked<'a>(&'a Report);

impl Serialize for Asked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.0;
        let (since, until) = (Cell::time(report.window.since), Cell::time(report.window.until));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("since", &Value(&since))?;
        map.serialize_entry("until", &Value(&until))?;
        map.serialize_entry("tz", report.window.zone.name())?;
        map.serialize_entry("where", &report.filters)?;
        map.serialize_entry("price_book", &report.price_book)?;
        map.serialize_entry("cost_mode", &report.cost_mode)?;
        map.serialize_entry("groups", &report.groups)?;
        map.end()
    }
}

/// All rows of a table.
pub(super) struct Rows<'a>(pub(super) &'a Table);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.0.height()))?;
        for row in 0..self.0.height() {
            rows.serialize_element(&Row { columns: self.0.columns(), cells: self.0.row(row) })?;
        }
        rows.end()
    }
}

/// One row, its columns in the table's order and the counts by quality together at the end.
pub(super) struct Row<'a> {
    pub(super) columns: &'a [&'static Column],
    pub(super) cells: Vec<Cell>,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (column, cell) in self.columns.iter().zip(&self.cells) {
            if quality_key(column).is_none() {
                map.serialize_entry(column.name, &Value(cell))?;
            }
        }
        if self.columns.iter().any(|column| quality_key(column).is_some()) {
            map.serialize_entry("runs_by_quality", &ByQuality(self))?;
        }
        map.end()
    }
}

/// Its key under `runs_by_quality`, if it stands there.
pub(super) fn quality_key(column: &Column) -> Option<&'static str> {
    BY_QUALITY.iter().find(|known| known.name == column.name)?.name.strip_suffix("_runs")
}

struct ByQuality<'a>(&'a Row<'a>);

impl Serialize for ByQuality<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Row { columns, cells } = self.0;
        let counts = columns.iter().zip(cells).filter_map(|(column, cell)| Some((quality_key(column)?, Value(cell))));
        serializer.collect_map(counts)
    }
}

pub(super) struct Value<'a>(pub(super) &'a Cell);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Cell::Blank => serializer.serialize_none(),
            Cell::Text(text) => serializer.serialize_str(text),
            Cell::Integer(value) => serializer.serialize_i64(*value),
            Cell::Number(value) => serializer.serialize_f64(*value),
            // The decimal itself: a double would lose digits of a large sum.
            Cell::Usd(value) => {
                RawValue::from_string(exact::dollars(*value)).map_err(S::Error::custom)?.serialize(serializer)
            }
            Cell::Time(value) => exact::instant(*value).serialize(serializer),
            Cell::Flag(value) => serializer.serialize_bool(*value),
        }
    }
}

pub(super) struct Reading<'a>(pub(super) &'a Sources);

impl Serialize for Reading<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let skipped: Vec<PassedOver> = self.0.skipped.iter().map(PassedOver).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("files", &self.0.files)?;
        map.serialize_entry("bytes", &self.0.bytes)?;
        map.serialize_entry("skipped", &skipped)?;
        map.end()
    }
}

struct PassedOver<'a>(&'a Skipped);

impl Serialize for PassedOver<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("path", &self.0.path), ("reason", &self.0.skip.reason)])
    }
}

pub(super) struct Warned<'a>(pub(super) &'a Warning);

impl Serialize for Warned<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", self.0.code.name())?;
        map.serialize_entry("message", &self.0.message)?;
        map.serialize_entry("count", &self.0.count)?;
        map.end()
    }
}
