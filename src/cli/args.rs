//! Flags and their help, and nothing else.

mod check;
mod docs;
mod doctor;
mod events;
mod explain;
mod export;
mod input;
mod number;
mod output;
mod prices;
mod quota;
mod report;
mod select;
mod words;

use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};

pub(super) use check::{CheckArgs, LimitArgs};
pub(super) use docs::{CompletionsArgs, ManArgs, POLICY, SchemaArgs};
pub(super) use doctor::DoctorArgs;
pub(super) use events::EventsArgs;
pub(super) use explain::ExplainArgs;
pub(super) use export::{ExportArgs, Exported};
pub(super) use input::InputArgs;
pub(super) use output::{Color, OutputArgs};
pub(super) use prices::PricesArgs;
pub(super) use quota::QuotaArgs;
pub(super) use report::{LatencyArgs, ReportArgs, TableArgs};
pub(super) use select::SelectArgs;

/// `-C`, before a command and behind it.
const CHDIR: &str = "chdir";

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

/// The short forms of `report`, and the dimension that each has: what `--by` names stands behind it.
const SHORT_FORMS: [(&str, &str); 4] =
    [("daily", "day"), ("weekly", "week"), ("monthly", "month"), ("session", "conversation")];

/// Says of a short form what its `--by` begins with.
fn with_fixed_dimension(command: clap::Command) -> clap::Command {
    let found = SHORT_FORMS.iter().find(|(name, _)| *name == command.get_name());
    let Some((_, dimension)) = found else { return command };
    command.mut_arg("by", |arg| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let help = help.split(" [default").next().unwrap_or_default().replace("group by", "group by within them");
        arg.help(format!("{help} [default: {dimension} alone]"))
    })
}

impl Cli {
    /// What is parsed: `-C` stands before a command or behind it. clap's own global flags forget the one before where
    /// both are given.
    pub(super) fn definition() -> clap::Command {
        let program = Cli::command();
        let chdir = program.get_arguments().find(|arg| arg.get_id() == CHDIR).cloned();
        program.mut_subcommands(|command| with_fixed_dimension(command).args(chdir.clone()))
    }

    /// The arguments of the process, every `-C` in its order.
    pub(super) fn read() -> Result<Cli, clap::Error> {
        let matches = Cli::definition().try_get_matches()?;
        let mut cli = Cli::from_arg_matches(&matches)?;
        let behind = matches.subcommand().and_then(|(_, matches)| matches.get_many::<PathBuf>(CHDIR));
        cli.chdir.extend(behind.into_iter().flatten().cloned());
        Ok(cli)
    }
}
