//! Reports and tables become text. Data in, bytes out: what is shown, rounded or left blank is decided
//! here; what is true was decided before.
//!
//! Text of untrusted origin is escaped for its medium at the last step before it is written, so that no
//! name in a ledger can steer a terminal, start a formula or break out of a Markdown cell.
//!
//! To add a format: one file with `report` and `table`, and one variant in [`Format`]; the compiler names each `match`
//! that lacks it.

mod bar;
mod check;
mod csv;
mod data;
mod dimension;
mod doctor;
mod escape;
mod exact;
mod explain;
mod figure;
mod fit;
mod format;
mod headline;
mod json;
mod latency;
mod markdown;
mod notes;
mod number;
mod parquet;
mod period;
mod plain;
mod prices;
mod quota;
mod reckoning;
mod row;
mod schema;
mod screen;
mod screen_column;
mod text;
mod wrap;
mod written;

#[cfg(test)]
mod tests;

use std::io::Write;

pub use check::{CheckFormat, Groups, check, step_outputs};
pub use data::{DataFormat, rows};
pub use doctor::examination;
pub use escape::terminal;
pub use format::{Format, Style};
pub use json::write as json_line;
pub use latency::LatencyMeasure;
pub use notes::warnings;
pub use plain::table;
pub use prices::prices;
pub use quota::quota;
pub use schema::{SchemaFormat, schema};

use crate::error::Result;
use crate::table::Report;
use crate::table::explain::Explanation;
use screen::Screen;
use written::written;

/// Writes `report`; `style` is for people's formats only.
pub fn report(report: &Report, format: Format, style: &Style, out: &mut dyn Write) -> Result<()> {
    written(out, |out| match format {
        Format::Table => text::report(report, Screen::of_report(report, style), &notes::all(report, style), style, out),
        Format::Json => json::report(report, out),
        Format::Jsonl => json::lines(report.rows.columns(), report.rows.rows(), out),
        Format::Csv => csv::table(&report.rows, out),
        Format::Markdown => {
            markdown::report(report, Screen::of_report(report, style), &notes::in_markdown(report), style, out)
        }
    })
}

/// Writes a latency report; people see one `measure` in full, or a compact set.
pub fn latency(
    report: &Report,
    measure: Option<LatencyMeasure>,
    format: Format,
    style: &Style,
    out: &mut dyn Write,
) -> Result<()> {
    let screen = || latency::screen(report, measure);
    written(out, |out| match format {
        Format::Table => {
            let notes = latency::notes(report, measure).into_iter().chain(notes::all(report, style));
            text::report(report, screen(), &notes.collect::<Vec<_>>(), style, out)
        }
        Format::Markdown => markdown::report(report, screen(), &latency::notes(report, measure), style, out),
        Format::Json => json::report(report, out),
        Format::Jsonl => json::lines(report.rows.columns(), report.rows.rows(), out),
        Format::Csv => csv::table(&report.rows, out),
    })
}

/// Writes where the numbers of one run or conversation come from: as JSON, else as text.
///
/// Fails if the output can't be written.
pub fn explanation(explanation: &Explanation, format: Format, style: &Style, out: &mut dyn Write) -> Result<()> {
    written(out, |out| match format {
        Format::Json => explain::json(explanation, out),
        Format::Table | Format::Jsonl | Format::Csv | Format::Markdown => explain::text(explanation, style, out),
    })
}
