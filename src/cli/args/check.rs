//! Flags of `check`.

use std::path::PathBuf;

use clap::Args;
use forge_usage::budget::OnUnknown;
use forge_usage::render::CheckFormat;

use super::input::InputArgs;
use super::number::amount;
use super::output::{COLORS, Color, OutputArgs};
use super::prices::PriceArgs;
use super::select::SelectArgs;
use super::words::{Words, plain};

/// Checks usage against budgets: those of the policy file, or those that flags give.
///
/// With a --max flag or --baseline the budgets of the file are left out, unless --config names it.
#[derive(Debug, Args)]
pub(in crate::cli) struct CheckArgs {
    #[command(flatten)]
    pub(in crate::cli) input: InputArgs,

    #[command(flatten)]
    pub(in crate::cli) prices: PriceArgs,

    #[command(flatten)]
    pub(in crate::cli) limits: LimitArgs,

    #[command(flatten)]
    pub(in crate::cli) baseline: BaselineArgs,

    #[command(flatten)]
    pub(in crate::cli) select: SelectArgs,

    /// Whatever is worth a warning fails the check: also budgets of severity "warn", and unproven ones
    #[arg(long, help_heading = "Budgets")]
    pub(in crate::cli) fail_on_warn: bool,

    /// Format of the result: table, json, markdown, junit, github, openmetrics [default: by the output's
    /// suffix, else table; on standard output in GitHub Actions: github]
    #[arg(long, value_name = "FORMAT", value_parser = FORMATS, hide_possible_values = true, help_heading = "Output")]
    pub(in crate::cli) format: Option<CheckFormat>,

    /// Short for --format json
    #[arg(long, conflicts_with = "format", help_heading = "Output")]
    pub(in crate::cli) json: bool,

    /// Write the result to a file too, in another format (`--export junit=check.xml`); repeatable
    #[arg(long, value_name = "FORMAT=FILE", value_parser = check_export, help_heading = "Output")]
    pub(in crate::cli) export: Vec<(CheckFormat, PathBuf)>,

    /// When to use colours; NO_COLOR is heeded
    #[arg(long, value_parser = COLORS, default_value = "auto", value_name = "WHEN", help_heading = "Output")]
    pub(in crate::cli) color: Color,

    #[command(flatten)]
    pub(in crate::cli) output: OutputArgs,
}

/// A budget for once.
#[derive(Debug, Args)]
pub(in crate::cli) struct LimitArgs {
    /// Dollars: 5, 12.50
    #[arg(long, value_name = "USD", value_parser = amount, allow_hyphen_values = true, help_heading = "Budgets")]
    pub(in crate::cli) max_cost: Option<String>,

    /// Dollars for each run that succeeded
    #[arg(long, value_name = "USD", value_parser = amount, allow_hyphen_values = true, help_heading = "Budgets")]
    pub(in crate::cli) max_cost_per_successful_run: Option<String>,

    /// Input and output tokens: 500K, 40M, 1.5B
    #[arg(long, visible_alias = "max-total-tokens", value_name = "TOKENS", value_parser = amount, allow_hyphen_values = true, help_heading = "Budgets")]
    pub(in crate::cli) max_tokens: Option<String>,

    /// Input tokens that were not read from the cache
    #[arg(long, value_name = "TOKENS", value_parser = amount, allow_hyphen_values = true, help_heading = "Budgets")]
    pub(in crate::cli) max_uncached_input_tokens: Option<String>,

    /// Output tokens, reasoning included
    #[arg(long, value_name = "TOKENS", value_parser = amount, allow_hyphen_values = true, help_heading = "Budgets")]
    pub(in crate::cli) max_output_tokens: Option<String>,

    /// Uncached input and output tokens, known for runs that left only a footer too
    #[arg(long, value_name = "TOKENS", value_parser = amount, allow_hyphen_values = true, help_heading = "Budgets")]
    pub(in crate::cli) max_blended_tokens: Option<String>,

    /// Run time, added up: 90s, 45m, 1h 30m
    #[arg(long, value_name = "SPAN", value_parser = amount, allow_hyphen_values = true, help_heading = "Budgets")]
    pub(in crate::cli) max_run_time: Option<String>,

    /// Number of runs
    #[arg(long, value_name = "N", value_parser = amount, allow_hyphen_values = true, help_heading = "Budgets")]
    pub(in crate::cli) max_runs: Option<String>,

    /// Number of runs that didn't succeed
    #[arg(long, value_name = "N", value_parser = amount, allow_hyphen_values = true, help_heading = "Budgets")]
    pub(in crate::cli) max_failed_runs: Option<String>,

    /// What these limits hold for each of: run, conversation, loop, profile, harness, model, repo, hour, day, week,
    /// month; or total [default: total]
    #[arg(long, value_name = "DIM", value_delimiter = ',', help_heading = "Budgets")]
    pub(in crate::cli) per: Vec<String>,

    /// Share of a limit from which it is worth a warning, of every budget [default: 80%]
    #[arg(long, value_name = "SHARE", value_parser = amount, allow_hyphen_values = true, help_heading = "Budgets")]
    pub(in crate::cli) warn_at: Option<String>,

    /// Share of runs whose usage may be unknown, of every budget; beyond it, what isn't exceeded is unproven
    /// [default: 0%]
    #[arg(long, value_name = "SHARE", value_parser = amount, allow_hyphen_values = true, help_heading = "Budgets")]
    pub(in crate::cli) max_unknown: Option<String>,

    /// What unproven budgets, and groups of a baseline, do: fail, warn, or ignore what isn't known [default: warn]
    #[arg(long, value_name = "WORD", value_parser = ON_UNKNOWN, hide_possible_values = true, help_heading = "Budgets")]
    pub(in crate::cli) on_unknown: Option<OnUnknown>,
}

/// A comparison with an earlier report.
#[derive(Debug, Args)]
pub(in crate::cli) struct BaselineArgs {
    /// Compare medians per run with those of this `report --json`, group by group
    #[arg(long, value_name = "FILE", help_heading = "Baseline")]
    pub(in crate::cli) baseline: Option<PathBuf>,

    /// How much a median may rise: 20%, 0.2, 150%
    #[arg(
        long,
        value_name = "SHARE",
        default_value = "20%",
        value_parser = amount,
        allow_hyphen_values = true,
        requires = "baseline",
        help_heading = "Baseline"
    )]
    pub(in crate::cli) max_increase: String,

    /// Groups with fewer measured runs, then or now, are unproven
    #[arg(
        long,
        value_name = "N",
        default_value = "5",
        value_parser = amount,
        allow_hyphen_values = true,
        requires = "baseline",
        help_heading = "Baseline"
    )]
    pub(in crate::cli) min_runs: String,

    /// What is compared: cost_usd, total_tokens, uncached_input_tokens, output_tokens, blended_tokens, run_time
    #[arg(
        long,
        value_name = "MEASURE",
        value_delimiter = ',',
        default_value = "cost_usd,total_tokens",
        requires = "baseline",
        help_heading = "Baseline"
    )]
    pub(in crate::cli) measure: Vec<String>,
}

const FORMATS: Words<CheckFormat> =
    Words { known: || plain(CheckFormat::ALL.map(CheckFormat::name)), read: CheckFormat::from_name };

const ON_UNKNOWN: Words<OnUnknown> =
    Words { known: || plain(OnUnknown::ALL.map(OnUnknown::name)), read: OnUnknown::from_name };

fn check_export(text: &str) -> Result<(CheckFormat, PathBuf), String> {
    let (format, file) = text.split_once('=').ok_or("write FORMAT=FILE, such as junit=check.xml")?;
    if file.is_empty() || file == "-" {
        return Err("write FORMAT=FILE, such as junit=check.xml".to_owned());
    }
    Ok((CheckFormat::from_name(format).map_err(|error| error.to_string())?, file.into()))
}
