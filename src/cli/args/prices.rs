//! Flags of costs and of `prices`.

use std::path::PathBuf;

use clap::Args;
use forge_usage::price::TIERS;
use forge_usage::table::{CostMode, PriceOptions};

use super::output::{FormatArgs, OutputArgs};
use super::words::{Words, one_of, plain};

/// What tokens cost.
#[derive(Debug, Args)]
pub(in crate::cli) struct PriceArgs {
    /// Whose word is taken for a cost: the harness's where it has one, else the price book's (auto); the harness's
    /// alone (reported); the price book's alone (computed)
    #[arg(
        long,
        visible_alias = "mode",
        value_name = "MODE",
        default_value = "auto",
        value_parser = COST_MODES,
        help_heading = "Costs"
    )]
    pub(in crate::cli) cost_mode: CostMode,

    /// Service tier of calls that record none [default: standard]
    #[arg(
        long,
        value_name = "TIER",
        value_parser = SERVICE_TIERS,
        help_heading = "Costs"
    )]
    pub(in crate::cli) service_tier: Option<String>,
}

impl PriceArgs {
    /// How rows are priced.
    pub(in crate::cli) fn options(&self) -> PriceOptions {
        PriceOptions { mode: self.cost_mode, service_tier: self.service_tier.clone() }
    }

    /// Whether nothing was asked for.
    pub(in crate::cli) fn is_default(&self) -> bool {
        self.cost_mode == CostMode::default() && self.service_tier.is_none()
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PricesArgs {
    /// Model as a harness names it, or a glob for a list of models (`claude-*`) [default: all]
    #[arg(value_name = "MODEL")]
    pub(in crate::cli) model: Option<String>,

    /// Prices of this day only, at every tier [default: for a list, the latest]
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub(in crate::cli) at: Option<chrono::NaiveDate>,

    /// File with your own prices [default: .forge/usage.toml here or in a folder above]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) config: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) format: FormatArgs,

    /// File to write to, put in place in one step; - is standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// Only the table, no notes
    #[arg(short, long, help_heading = "Output")]
    pub(in crate::cli) quiet: bool,
}

impl PricesArgs {
    /// Where the result goes; nothing is read that could be passed over.
    pub(in crate::cli) fn output(&self) -> OutputArgs {
        OutputArgs { output: self.output.clone(), quiet: self.quiet, verbose: false }
    }
}

const COST_MODES: Words<CostMode> =
    Words { known: || plain(CostMode::ALL.map(CostMode::name)), read: CostMode::from_name };

const SERVICE_TIERS: Words<String> =
    Words { known: || plain(TIERS), read: |name| one_of("service tier", name, &TIERS) };

fn day(text: &str) -> Result<chrono::NaiveDate, String> {
    text.parse().map_err(|_| "give a day such as 2026-11-20".to_owned())
}
