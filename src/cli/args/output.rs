//! Flags of every command that writes.

use std::path::PathBuf;

use clap::Args;
use forge_usage::error::unknown;
use forge_usage::render::Format;

use super::words::{Words, plain};

/// How the result is written.
#[derive(Debug, Args)]
pub(in crate::cli) struct OutputArgs {
    /// File to write to, put in place in one step; - is standard output. `export` and `events` also take a folder
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// Only the result: no notes, no progress; what could not be read is still told
    #[arg(short, long, help_heading = "Output", conflicts_with = "verbose")]
    pub(in crate::cli) quiet: bool,

    /// Name every file that was passed over; `check` shows all groups, those that are ok too
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) verbose: bool,
}

/// The format of a table.
#[derive(Debug, Args)]
pub(in crate::cli) struct FormatArgs {
    /// Format of the result: table, json, jsonl, csv, markdown [default: by the suffix of -o FILE, else table]
    #[arg(long, value_name = "FORMAT", value_parser = FORMATS, hide_possible_values = true, help_heading = "Output")]
    pub(in crate::cli) format: Option<Format>,

    /// Short for --format json
    #[arg(long, conflicts_with_all = ["format", "jsonl"], help_heading = "Output")]
    pub(in crate::cli) json: bool,

    /// Short for --format jsonl
    #[arg(long, conflicts_with = "format", help_heading = "Output")]
    pub(in crate::cli) jsonl: bool,
}

impl FormatArgs {
    /// The format that was named, if any.
    pub(in crate::cli) fn named(&self) -> Option<Format> {
        match (self.json, self.jsonl) {
            (true, _) => Some(Format::Json),
            (_, true) => Some(Format::Jsonl),
            _ => self.format,
        }
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Color {
    /// On a terminal.
    Auto,
    Always,
    Never,
}

const WHEN: [(&str, &str, Color); 3] =
    [("auto", "On a terminal", Color::Auto), ("always", "Always", Color::Always), ("never", "Never", Color::Never)];

pub(super) const COLORS: Words<Color> = Words {
    known: || WHEN.map(|(word, means, _)| (word, means)).to_vec(),
    read: |name| {
        let found = WHEN.iter().find(|(word, ..)| *word == name);
        found.map(|(.., color)| *color).ok_or_else(|| unknown("word", name, &WHEN.map(|(word, ..)| word)))
    },
};

const FORMATS: Words<Format> = Words { known: || plain(Format::ALL.map(Format::name)), read: Format::from_name };
