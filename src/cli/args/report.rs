//! Flags of the commands that print a table of groups.

use std::num::{NonZeroU32, NonZeroUsize};

use clap::Args;
use forge_usage::render::LatencyMeasure;
use forge_usage::table::Dimension;

use super::input::InputArgs;
use super::number::positive;
use super::output::{COLORS, Color, FormatArgs, OutputArgs};
use super::prices::PriceArgs;
use super::select::SelectArgs;
use super::words::{Words, plain};

#[derive(Debug, Args)]
pub(in crate::cli) struct ReportArgs {
    #[command(flatten)]
    pub(in crate::cli) table: TableArgs,

    #[command(flatten)]
    pub(in crate::cli) prices: PriceArgs,
}

/// Which groups are shown, and how.
#[derive(Debug, Args)]
pub(in crate::cli) struct TableArgs {
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,

    /// Dimensions to group by: run, conversation, parent, host, loop, repo, branch, profile, harness, version, model, effort,
    /// service_tier, billing, subagent, status, quality, hour, day, week, month [default: loop for runs, else day]
    #[arg(long, value_name = "DIM", value_delimiter = ',', value_parser = DIMENSIONS, hide_possible_values = true, help_heading = "Rows")]
    pub(in crate::cli) by: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) select: SelectArgs,

    /// Only the latest N periods (days, for `--by day`) that have rows
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroU32>, allow_hyphen_values = true, help_heading = "Rows")]
    pub(in crate::cli) last: Option<NonZeroU32>,

    /// Column to sort by, with :asc or :desc
    #[arg(long, value_name = "COLUMN", help_heading = "Rows")]
    pub(in crate::cli) sort: Option<String>,

    /// Show at most this many rows; totals still count all
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroUsize>, allow_hyphen_values = true, help_heading = "Rows")]
    pub(in crate::cli) limit: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(in crate::cli) format: FormatArgs,

    /// When to use colours; NO_COLOR is heeded
    #[arg(long, value_parser = COLORS, default_value = "auto", value_name = "WHEN", help_heading = "Output")]
    pub(in crate::cli) color: Color,

    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

/// Which of them a command knows, its query says.
const DIMENSIONS: Words<String> = Words { known: || plain(Dimension::names()), read: |name| Ok(name.to_owned()) };

/// What is measured, and how.
const MEASURES: &str = "\
Measures:
  ttft               time to the first token of output or reasoning: as the harness says of the
                     call, else from the start of its request to the first delta, else from the
                     start of the turn
  request            an API request until its response begins, failed ones too; over a
                     websocket, until it is sent
  streaming          from the first event of a call's stream to the last
  stall              the longest wait between two events of a stream
  tokens-per-second  output tokens over streaming time, of streams that are known whole
  tool               a tool call; --by tool and --where tool=GLOB tell tools apart
  run                a run from start to finish

Percentiles are exact, by nearest rank: p95 is the smallest value that at least 95% of the values
do not exceed. Where the beginning of a stream was cut off, times of streams are floors (≥;
streaming_floors counts them). What the log's level hides is blank. JSON, JSON Lines and CSV hold
every measure, whatever --measure says.";

#[derive(Debug, Args)]
#[command(after_long_help = MEASURES)]
pub(in crate::cli) struct LatencyArgs {
    /// Show one measure in full: ttft, request, streaming, stall, tokens-per-second, tool, run [default: the main
    /// figures of all]
    #[arg(long, short, value_name = "MEASURE", value_parser = LATENCY_MEASURES, hide_possible_values = true, help_heading = "Output")]
    pub(in crate::cli) measure: Option<LatencyMeasure>,

    #[command(flatten)]
    pub(in crate::cli) table: TableArgs,
}

const LATENCY_MEASURES: Words<LatencyMeasure> =
    Words { known: || plain(LatencyMeasure::ALL.map(LatencyMeasure::name)), read: LatencyMeasure::from_name };
