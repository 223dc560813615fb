//! Flags of `doctor`.

use clap::Args;

use super::input::InputArgs;
use super::output::OutputArgs;

#[derive(Debug, Args)]
pub(in crate::cli) struct DoctorArgs {
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,

    /// One JSON document
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,

    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}
