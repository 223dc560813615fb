//! Flags of `events`.

use clap::Args;

use super::input::InputArgs;
use super::output::OutputArgs;

#[derive(Debug, Args)]
pub(in crate::cli) struct EventsArgs {
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,

    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}
