//! Plain tables, in every format.

use std::io::Write;

use super::format::{Format, Style};
use super::written::written;
use super::{csv, json, markdown, text};
use crate::error::Result;
use crate::table::Table;

/// Writes a plain table such as `runs`, all rows of it, and all columns that `style` has room for.
pub fn table(table: &Table, format: Format, style: &Style, out: &mut dyn Write) -> Result<()> {
    written(out, |out| match format {
        Format::Table => text::table(table, style, out),
        Format::Json => json::array(table.columns(), table.rows(), out),
        Format::Jsonl => json::lines(table.columns(), table.rows(), out),
        Format::Csv => csv::table(table, out),
        Format::Markdown => markdown::table(table, out),
    })
}
