//! Flags and their help, and nothing else.

mod chdir;
mod check;
mod docs;
mod export;
mod prices;
mod quota;
mod report;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use forge_usage::render::Format;

pub(super) use check::{CheckArgs, LimitArgs};
pub(super) use docs::{CompletionsArgs, ManArgs, POLICY, SchemaArgs, SchemaForm};
pub(super) use export::{ExportArgs, Exported};
pub(super) use prices::{PriceArgs, PricesArgs};
pub(super) use quota::QuotaArgs;
pub(super) use report::{FormatArgs, LatencyArgs, ReportArgs, TableArgs};

/// What coding-agent runs cost, in tokens, money and time.
///
/// Reads forge's ledgers and loop logs, what Codex and Claude Code print, and the session logs of Codex, Claude
/// Code, opencode, pi, droid and Gemini CLI. A number it prints is right, or it says that it is a floor (≥), or it
/// is blank (–).
#[derive(Debug, Parser)]
#[command(name = "forge-usage", version, max_term_width = 100, propagate_version = true)]
pub(super) struct Cli {
    /// Work as if started in this folder; a further one is looked for from there
    #[arg(short = 'C', long, value_name = "DIR", action = ArgAction::Append, help_heading = "Input")]
    pub(super) chdir: Vec<PathBuf>,

    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Tables of tokens, costs and run time
    Report(ReportArgs),
    /// Short for `report --by day`
    Daily(ReportArgs),
    /// Short for `report --by week`
    Weekly(ReportArgs),
    /// Short for `report --by month`
    Monthly(ReportArgs),
    /// Short for `report --by conversation`
    Session(ReportArgs),
    /// Budgets: exit 0 within, 1 exceeded, 2 could not answer
    Check(Box<CheckArgs>),
    /// How long things took: first tokens, requests, streams, tools, runs
    Latency(LatencyArgs),
    /// What harnesses were told of their rate limits
    Quota(QuotaArgs),
    /// A whole table, a row each, for other programs
    Export(ExportArgs),
    /// Where the numbers of one run or conversation come from
    Explain(ExplainArgs),
    /// What was found, and what of it was not understood
    Doctor(DoctorArgs),
    /// The typed event stream as JSON Lines: no content, no identity; itself an input of every command
    Events(EventsArgs),
    /// What models cost: all of them, or one with the reason why a name takes its prices
    Prices(PricesArgs),
    /// What the columns of the tables mean
    Schema(SchemaArgs),
    /// Completions for a shell
    Completions(CompletionsArgs),
    /// The manual, for `man -l -` or as files
    Man(ManArgs),
}

/// Where to read.
#[derive(Debug, Clone, Args)]
pub(super) struct InputArgs {
    /// Files, folders (walked, hidden ones too; of links, those to a folder above it are passed over), or - for one
    /// file on standard input; gzip and zstd are seen through [default: .forge/ledgers here or in a folder above, else
    /// the session logs]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Also read session logs: `auto` for those of every harness's homes, or a home, folder or file of yours
    #[arg(long, value_name = "auto|PATH", help_heading = "Input")]
    pub(super) sessions: Vec<PathBuf>,

    /// Name of the machine that what is read comes from; `events` keeps it, and a source that names its own keeps that
    #[arg(long, value_name = "NAME", value_parser = host, help_heading = "Input")]
    pub(super) host: Option<forge_usage::event::Id>,

    /// File with prices, profiles and budgets [default: .forge/usage.toml here or in a folder above]
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(super) config: Option<PathBuf>,

    /// Nothing found is no error
    #[arg(long, help_heading = "Input")]
    pub(super) allow_empty: bool,

    /// Any record or file that could not be read makes the exit code 2
    #[arg(long, help_heading = "Input")]
    pub(super) strict: bool,

    /// Threads to read with [default: one a core]
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroUsize>, allow_hyphen_values = true, help_heading = "Input")]
    pub(super) threads: Option<NonZeroUsize>,
}

/// Which rows count.
#[derive(Debug, Args)]
pub(super) struct SelectArgs {
    /// Keep rows whose dimension matches a glob; of several for one key, any (`--where model=gpt-*`)
    #[arg(long = "where", value_name = "KEY=GLOB", help_heading = "Rows")]
    pub(super) filters: Vec<String>,

    /// From this time on: 2026-11-20, 20261120, RFC 3339, today, yesterday, or an age such as 7d, 12h, 30m, 2w
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Rows")]
    pub(super) since: Option<String>,

    /// Up to this time; a date is inclusive
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Rows")]
    pub(super) until: Option<String>,

    /// Time zone in which days and hours are cut [default: that of TZ, else the system's]
    #[arg(long, visible_alias = "timezone", short = 'z', value_name = "ZONE", help_heading = "Rows")]
    pub(super) tz: Option<String>,
}

/// How the result is written.
#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// File to write to, put in place in one step; - is standard output. `export` and `events` also take a folder
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(super) output: Option<PathBuf>,

    /// Only the table, no notes; what could not be read is still told
    #[arg(short, long, help_heading = "Output", conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Name every file that was passed over; `check` also shows the groups that are ok
    #[arg(short, long, help_heading = "Output")]
    pub(super) verbose: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// Id of a run or a conversation, or the beginning of one; left out with --slowest and --costliest
    #[arg(value_name = "RUN|CONVERSATION", required_unless_present_any = ["slowest", "costliest"])]
    pub(super) id: Option<String>,

    #[command(flatten)]
    pub(super) input: InputArgs,

    #[command(flatten)]
    pub(super) prices: PriceArgs,

    /// Explain the run that took longest
    #[arg(long, help_heading = "Rows")]
    pub(super) slowest: bool,

    /// Explain the run, or the conversation of no run, that cost most, as far as is known
    #[arg(long, conflicts_with = "slowest", help_heading = "Rows")]
    pub(super) costliest: bool,

    /// As JSON
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,

    /// When to use colours; NO_COLOR is heeded
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN", help_heading = "Output")]
    pub(super) color: Color,

    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    pub(super) input: InputArgs,

    /// One JSON document
    #[arg(long, help_heading = "Output")]
    pub(super) json: bool,

    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(super) struct EventsArgs {
    #[command(flatten)]
    pub(super) input: InputArgs,

    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// An amount, which its budget reads: what begins with a dash is none, and is no flag either.
fn amount(text: &str) -> Result<String, String> {
    match text.strip_prefix('-') {
        None => Ok(text.to_owned()),
        Some(rest) if is_number(rest) => Err("it can't be below zero".to_owned()),
        Some(_) => Err("give an amount".to_owned()),
    }
}

fn positive<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "give a whole number, 1 or more".to_owned())
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '.')
}

fn host(name: &str) -> Result<forge_usage::event::Id, String> {
    let is_name = |c: char| c.is_alphanumeric() || "-_.:".contains(c);
    let fits = (1..=128).contains(&name.len()) && name.chars().all(is_name);
    if fits { Ok(name.into()) } else { Err("give a name of letters, digits, - _ . and :".to_owned()) }
}

fn format(name: &str) -> Result<Format, String> {
    Format::from_name(name).map_err(|error| error.to_string())
}
