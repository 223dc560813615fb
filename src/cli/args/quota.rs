//! Flags of `quota`.

use std::num::NonZeroUsize;

use clap::Args;
use forge_usage::render::Format;

use super::{InputArgs, OutputArgs, SelectArgs, format, positive};

#[derive(Debug, Args)]
pub(in super::super) struct QuotaArgs {
    #[command(flatten)]
    pub(in super::super) input: InputArgs,

    #[command(flatten)]
    pub(in super::super) select: SelectArgs,

    /// Show at most this many rows, the earliest ones
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroUsize>, allow_hyphen_values = true, help_heading = "Rows")]
    pub(in super::super) limit: Option<NonZeroUsize>,

    /// Format of the result: table, json, jsonl, csv, markdown
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = format, help_heading = "Output")]
    pub(in super::super) format: Format,

    /// Short for --format json
    #[arg(long, conflicts_with_all = ["format", "jsonl"], help_heading = "Output")]
    pub(in super::super) json: bool,

    /// Short for --format jsonl
    #[arg(long, conflicts_with = "format", help_heading = "Output")]
    pub(in super::super) jsonl: bool,

    #[command(flatten)]
    pub(in super::super) output: OutputArgs,
}

impl QuotaArgs {
    /// The format that was asked for.
    pub(in super::super) fn format(&self) -> Format {
        match (self.json, self.jsonl) {
            (true, _) => Format::Json,
            (_, true) => Format::Jsonl,
            _ => self.format,
        }
    }
}
