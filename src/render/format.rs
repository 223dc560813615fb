//! What is asked of a renderer: the format, and how the screen looks.

use crate::error::{Error, Result, unknown};
use crate::event::Time;

/// An output format of a report or a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A screen for people.
    Table,
    /// One JSON document.
    Json,
    /// A JSON object a row and line.
    Jsonl,
    /// Comma-separated values.
    Csv,
    /// A table in GitHub's Markdown.
    Markdown,
}

impl Format {
    /// All formats, in the order that help shows them.
    pub const ALL: [Format; 5] = [Format::Table, Format::Json, Format::Jsonl, Format::Csv, Format::Markdown];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Table => "table",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Csv => "csv",
            Format::Markdown => "markdown",
        }
    }

    /// The format of this name; the error tells the nearest one, or all.
    pub fn from_name(name: &str) -> Result<Format> {
        let found = Format::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| unknown("format", name, &Format::ALL.map(Format::name)))
    }

    /// The format of files with this suffix; a screen for one that means none.
    pub fn from_suffix(suffix: &str) -> Result<Format> {
        match suffix.to_ascii_lowercase().as_str() {
            "json" => Ok(Format::Json),
            "jsonl" | "ndjson" => Ok(Format::Jsonl),
            "csv" => Ok(Format::Csv),
            "md" | "markdown" => Ok(Format::Markdown),
            "parquet" | "pq" => Err(Error::invalid("only export writes Parquet: choose another suffix")),
            _ => Ok(Format::Table),
        }
    }
}

/// How a screen looks; machine formats don't care.
#[derive(Debug, Clone)]
pub struct Style {
    /// Cells a line may take; `None` never cuts anything, as for a pipe.
    pub width: Option<usize>,
    /// Whether state is marked by colour too. Nothing depends on it.
    pub color: bool,
    /// Whether words stand around the table; `false` with `--quiet`.
    pub notes: bool,
    /// The present, to mark the period that isn't over; `None` marks none.
    pub now: Option<Time>,
    /// What stands behind a command that is offered, so that it reads the same input: paths and flags, as a shell takes
    /// them; for a check that is offered again, all its arguments. `None` offers none.
    pub again: Option<String>,
}

/// For a pipe: nothing is cut or coloured, words stand around the table.
impl Default for Style {
    fn default() -> Style {
        Style { width: None, color: false, notes: true, now: None, again: None }
    }
}
