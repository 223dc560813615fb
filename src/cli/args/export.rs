//! Flags of `export`.

use std::num::NonZeroUsize;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use forge_usage::render::DataFormat;
use forge_usage::table::{Definition, TABLES};

use super::input::InputArgs;
use super::number::positive;
use super::output::OutputArgs;
use super::prices::PriceArgs;
use super::select::SelectArgs;

#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// Table to export
    #[arg(value_name = "TABLE", value_parser = tables())]
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
    #[arg(long, value_name = "FORMAT", value_parser = data_format(), help_heading = "Output")]
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
    #[arg(long, value_name = "COLUMN", value_parser = ["date"], requires = "output", help_heading = "Output")]
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

fn tables() -> impl TypedValueParser<Value = Exported> {
    let tables = TABLES.iter().map(|table| PossibleValue::new(table.name).help(table.about));
    let events = PossibleValue::new("events").help("the typed event stream, JSON Lines only: as `forge-usage events`");
    PossibleValuesParser::new(tables.chain([events])).try_map(|name| match name.as_str() {
        "events" => Ok(Exported::Events),
        name => Definition::from_name(name).map(Exported::Table),
    })
}

fn data_format() -> impl TypedValueParser<Value = DataFormat> {
    PossibleValuesParser::new(DataFormat::ALL.map(DataFormat::name)).try_map(|name| DataFormat::from_name(&name))
}
