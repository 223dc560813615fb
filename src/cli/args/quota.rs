//! Flags of `quota`.

use std::num::NonZeroUsize;

use clap::Args;

use super::{FormatArgs, InputArgs, OutputArgs, SelectArgs, positive};

#[derive(Debug, Args)]
pub(in super::super) struct QuotaArgs {
    #[command(flatten)]
    pub(in super::super) input: InputArgs,

    #[command(flatten)]
    pub(in super::super) select: SelectArgs,

    /// Show at most this many rows, the earliest ones
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroUsize>, allow_hyphen_values = true, help_heading = "Rows")]
    pub(in super::super) limit: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(in super::super) format: FormatArgs,

    #[command(flatten)]
    pub(in super::super) output: OutputArgs,
}
