//! Flags of `export`.

use std::num::NonZeroUsize;

use clap::Args;
use forge_usage::render::DataFormat;
use forge_usage::table::{Definition, TABLES};

use super::input::InputArgs;
use super::number::positive;
use super::output::OutputArgs;
use super::prices::PriceArgs;
use super::select::SelectArgs;
use super::words::{Words, one_of, plain};

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// Table to export
    #[arg(value_name = "TABLE", value_parser = EXPORTS)]
    pub(in crate::cli) table: Exported,

    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,

    #[command(flatten)]
    pub(in crate::cli) select: SelectArgs,

    #[command(flatten)]
    pub(in crate::cli) prices: PriceArgs,

    /// Write at most this many rows, the earliest ones
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroUsize>, allow_hyphen_values = true, help_heading = "Rows")]
    pub(in crate::cli) limit: Option<NonZeroUsize>,

    /// Format of the result: csv, parquet, jsonl, json [default: by the output's suffix, else csv]
    #[arg(long, value_name = "FORMAT", value_parser = FORMATS, help_heading = "Output")]
    pub(in crate::cli) format: Option<DataFormat>,

    /// Short for --format csv
    #[arg(long, group = "data", conflicts_with = "format", help_heading = "Output")]
    pub(in crate::cli) csv: bool,

    /// Short for --format parquet
    #[arg(long, group = "data", conflicts_with = "format", help_heading = "Output")]
    pub(in crate::cli) parquet: bool,

    /// Short for --format jsonl
    #[arg(long, group = "data", conflicts_with = "format", help_heading = "Output")]
    pub(in crate::cli) jsonl: bool,

    /// Short for --format json
    #[arg(long, group = "data", conflicts_with = "format", help_heading = "Output")]
    pub(in crate::cli) json: bool,

    /// Write a folder of parts, one for each date in the zone of --tz: DIR/date=2026-11-20/part-0.parquet
    #[arg(long, value_name = "COLUMN", value_parser = PARTS, requires = "output", help_heading = "Output")]
    pub(in crate::cli) partition_by: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

/// What can be exported.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) enum Exported {
    /// Rows under columns.
    Table(&'static Definition),
    /// The event stream, which has no columns.
    Events,
}

const EXPORTS: Words<Exported> = Words {
    known: exports,
    read: |name| match TABLES.into_iter().find(|table| table.name == name) {
        Some(table) => Ok(Exported::Table(table)),
        None => one_of("table", name, &exports().iter().map(|(name, _)| *name).collect::<Vec<_>>())
            .map(|_| Exported::Events),
    },
};

fn exports() -> Vec<(&'static str, &'static str)> {
    let tables = TABLES.iter().map(|table| (table.name, table.about));
    tables.chain([("events", "the typed event stream, JSON Lines only: as `forge-usage events`")]).collect()
}

const FORMATS: Words<DataFormat> =
    Words { known: || plain(DataFormat::ALL.map(DataFormat::name)), read: DataFormat::from_name };

const PARTS: Words<String> = Words { known: || plain(["date"]), read: |name| one_of("column", name, &["date"]) };
