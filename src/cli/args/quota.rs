//! Flags of `quota`.

use std::num::NonZeroUsize;

use clap::Args;

use super::input::InputArgs;
use super::number::positive;
use super::output::{FormatArgs, OutputArgs};
use super::select::SelectArgs;

#[derive(Debug, Args)]
pub(in crate::cli) struct QuotaArgs {
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,

    #[command(flatten)]
    pub(in crate::cli) select: SelectArgs,

    /// Show at most this many rows, the earliest ones
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroUsize>, allow_hyphen_values = true, help_heading = "Rows")]
    pub(in crate::cli) limit: Option<NonZeroUsize>,

    #[command(flatten)]
    pub(in crate::cli) format: FormatArgs,

    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}
