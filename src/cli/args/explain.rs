//! Flags of `explain`.

use clap::Args;

use super::input::InputArgs;
use super::output::{COLORS, Color, OutputArgs};
use super::prices::PriceArgs;

#[derive(Debug, Args)]
pub(in crate::cli) struct ExplainArgs {
    /// Id of a run or a conversation, or the beginning of one; left out with --slowest and --costliest
    #[arg(value_name = "RUN|CONVERSATION", required_unless_present_any = ["slowest", "costliest"])]
    pub(in crate::cli) id: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,

    #[command(flatten)]
    pub(in crate::cli) prices: PriceArgs,

    /// Explain the run that took longest
    #[arg(long, help_heading = "Rows")]
    pub(in crate::cli) slowest: bool,

    /// Explain the run, or the conversation of no run, that cost most, as far as is known
    #[arg(long, conflicts_with = "slowest", help_heading = "Rows")]
    pub(in crate::cli) costliest: bool,

    /// As JSON
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,

    /// When to use colours; NO_COLOR is heeded
    #[arg(long, value_parser = COLORS, default_value = "auto", value_name = "WHEN", help_heading = "Output")]
    pub(in crate::cli) color: Color,

    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}
