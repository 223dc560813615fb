//! Readings of rate limits, as people see them.

use std::io::Write;

use super::format::{Format, Style};
use super::plain::table;
use super::written::written;
use super::{escape, notes, text};
use crate::error::Result;
use crate::table::Readings;

/// Columns of the screen, those that people look for; the other formats have all.
pub(super) const SCREEN: [&str; 8] =
    ["time", "conversation_id", "harness", "limit", "window_minutes", "used_percent", "resets_at", "plan"];

/// Writes readings of rate limits, which have the columns of `export quota`. People see the warnings below them.
///
/// Fails if a column that people see is missing, or if the output can't be written.
pub fn quota(readings: &Readings, format: Format, style: &Style, out: &mut dyn Write) -> Result<()> {
    if format != Format::Table {
        return table(&readings.rows, format, style, out);
    }
    match readings.rows.height() {
        0 => written(out, |out| writeln!(out, "{}", escape::terminal(&nothing(readings))))?,
        _ => table(&readings.rows.only(&SCREEN)?, format, style, out)?,
    }
    let warnings = if style.notes { notes::warnings(&readings.warnings) } else { Vec::new() };
    written(out, |out| text::below(&warnings, out))
}

/// What stands where there are no rows.
fn nothing(readings: &Readings) -> String {
    let excluded = readings.are_any.then(|| notes::excluded(&readings.window, &readings.filters, readings.are_undated));
    excluded.flatten().unwrap_or_else(|| "No reading of a rate limit.".to_owned())
}
