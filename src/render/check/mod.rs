//! The verdict of a check, for people and for machines.
//!
//! To add a format: one file with `write`, and one variant in [`CheckFormat`] and its `ALL`; the compiler names each
//! `match` that lacks it.

mod github;
mod json;
mod junit;
mod markdown;
mod openmetrics;
mod phrase;
mod remarks;
mod text;

use std::io::Write;

pub use github::step_outputs;
pub use phrase::Groups;

use super::written::written;
use super::{Format, Style};
use crate::error::{Result, unknown};
use crate::table::verdict::Verdict;

/// An output format of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckFormat {
    /// A screen for people.
    Table,
    /// One JSON document.
    Json,
    /// A comment for a pull request.
    Markdown,
    /// JUnit XML: a test case a group.
    Junit,
    /// Annotations of a GitHub workflow.
    Github,
    /// OpenMetrics text, for Prometheus and its like.
    Openmetrics,
}

impl CheckFormat {
    /// All formats, in the order that help shows them.
    pub const ALL: [CheckFormat; 6] = [
        CheckFormat::Table,
        CheckFormat::Json,
        CheckFormat::Markdown,
        CheckFormat::Junit,
        CheckFormat::Github,
        CheckFormat::Openmetrics,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            CheckFormat::Table => "table",
            CheckFormat::Json => "json",
            CheckFormat::Markdown => "markdown",
            CheckFormat::Junit => "junit",
            CheckFormat::Github => "github",
            CheckFormat::Openmetrics => "openmetrics",
        }
    }

    /// The format of this name; the error tells the nearest one, or all.
    pub fn from_name(name: &str) -> Result<CheckFormat> {
        let found = CheckFormat::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| unknown("format", name, &CheckFormat::ALL.map(CheckFormat::name)))
    }

    /// The format of files with this suffix; a screen for one that means none.
    pub fn from_suffix(suffix: &str) -> Result<CheckFormat> {
        Ok(match suffix.to_ascii_lowercase().as_str() {
            "xml" => CheckFormat::Junit,
            "prom" => CheckFormat::Openmetrics,
            suffix => match Format::from_suffix(suffix)? {
                Format::Json => CheckFormat::Json,
                Format::Markdown => CheckFormat::Markdown,
                Format::Table | Format::Jsonl | Format::Csv => CheckFormat::Table,
            },
        })
    }
}

/// Writes a verdict; `groups` says what people see of it.
pub fn check(verdict: &Verdict, format: CheckFormat, style: &Style, groups: Groups, out: &mut dyn Write) -> Result<()> {
    written(out, |out| match format {
        CheckFormat::Table => text::write(verdict, style, groups, out),
        CheckFormat::Json => json::write(verdict, out),
        CheckFormat::Markdown => markdown::write(verdict, groups, out),
        CheckFormat::Junit => junit::write(verdict, out),
        CheckFormat::Github => github::write(verdict, out),
        CheckFormat::Openmetrics => openmetrics::write(verdict, out),
    })
}
