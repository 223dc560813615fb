//! What was found and what of it was not understood, for people and for programs.

use std::io::{self, Write};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::format::{Format, Style};
use super::json::{self, Reading, Rows, Warned};
use super::written::written;
use super::{escape, number, text};
use crate::error::Result;
use crate::table::schema::SCHEMA_VERSION;
use crate::table::{Examination, Table};

/// Writes an examination as one JSON document, else as text.
pub fn examination(examination: &Examination, format: Format, out: &mut dyn Write) -> Result<()> {
    written(out, |out| match format {
        Format::Json => json::write(&Document(examination), out),
        Format::Table | Format::Jsonl | Format::Csv | Format::Markdown => screen(examination, out),
    })
}

fn screen(found: &Examination, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Looked in {}", escape::terminal(&found.looked))?;
    section("Found", &found.formats, out)?;
    section("Versions", &found.versions, out)?;
    section("Not understood", &found.unknown, out)?;
    if found.left_out > 0 {
        writeln!(out, "and {} more that have no proper name", number::count(found.left_out as i64))?;
    }
    if found.unknown.height() == 0 && found.left_out == 0 {
        writeln!(out, "\nEvery kind of record is known.")?;
    }
    for (title, is_part) in [("Passed over", false), ("Read in part", true)] {
        let mut skipped = found.sources.skipped.iter().filter(|skipped| skipped.is_part == is_part).peekable();
        if skipped.peek().is_some() {
            writeln!(out, "\n{title}")?;
        }
        for skipped in skipped {
            writeln!(out, "{}: {}", escape::terminal(&skipped.path), escape::terminal(&skipped.skip.reason))?;
        }
    }
    if !found.warnings.is_empty() {
        writeln!(out, "\nWarnings")?;
    }
    for warning in &found.warnings {
        writeln!(out, "{} {}: {}", warning.count, warning.code.name(), escape::terminal(&warning.message))?;
    }
    Ok(())
}

fn section(title: &str, table: &Table, out: &mut dyn Write) -> io::Result<()> {
    if table.height() == 0 {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    text::table(table, &Style::default(), out)
}

struct Document<'a>(&'a Examination);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let found = self.0;
        let warnings: Vec<Warned<'_>> = found.warnings.iter().map(Warned).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema_version", &SCHEMA_VERSION)?;
        map.serialize_entry("looked_in", &found.looked)?;
        map.serialize_entry("formats", &Rows(&found.formats))?;
        map.serialize_entry("versions", &Rows(&found.versions))?;
        map.serialize_entry("unknown", &Rows(&found.unknown))?;
        map.serialize_entry("unknown_left_out", &found.left_out)?;
        map.serialize_entry("sources", &Reading(&found.sources))?;
        map.serialize_entry("warnings", &warnings)?;
        map.end()
    }
}
