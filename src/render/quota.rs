//! Readings of rate limits, as people see them.

use std::io::Write;

use super::format::{Format, Style};
use super::plain::table;
use super::written::written;
use crate::error::Result;
use crate::table::Table;

/// Columns of the screen, those that people look for; the other formats have all.
pub(super) const SCREEN: [&str; 8] =
    ["time", "conversation_id", "harness", "limit", "window_minutes", "used_percent", "resets_at", "plan"];

/// Writes readings of rate limits, which have the columns of `export quota`.
///
/// Fails if one that people see is missing, or if the output can't be written.
pub fn quota(readings: &Table, format: Format, style: &Style, out: &mut dyn Write) -> Result<()> {
    match format {
        Format::Table if readings.height() == 0 => written(out, |out| writeln!(out, "No reading of a rate limit.")),
        Format::Table => table(&readings.only(&SCREEN)?, format, style, out),
        Format::Json | Format::Jsonl | Format::Csv | Format::Markdown => table(readings, format, style, out),
    }
}
