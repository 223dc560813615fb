//! The program: arguments in, text and an exit code out. Sees the library as any user does.

mod again;
mod args;
mod check;
mod clock;
mod commit;
mod doctor;
mod events;
mod exit;
mod explain;
mod export;
mod find;
mod generate;
mod input;
mod latency;
mod losses;
mod output;
mod overwrite;
mod partition;
mod prices;
mod progress;
mod query;
mod quota;
mod reference;
mod replace;
mod report;
mod schema;
mod spool;
mod zone;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::error::ErrorKind;

use args::{Cli, Command};
use exit::{FINE, NO_ANSWER, complain, explain_arguments, is_broken_pipe};

/// Runs the program with the process's arguments.
pub fn run() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => {
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            explain_arguments(error);
            return ExitCode::from(if asked { FINE } else { NO_ANSWER });
        }
    };
    match dispatch(&cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) if is_broken_pipe(&error) => ExitCode::from(FINE),
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::from(NO_ANSWER)
        }
    }
}

fn dispatch(cli: &Cli) -> anyhow::Result<u8> {
    cli.chdir.iter().try_for_each(|folder| enter(folder))?;
    match &cli.command {
        Command::Report(args) => report::run(args, None, &cli.chdir),
        Command::Daily(args) => report::run(args, Some("day"), &cli.chdir),
        Command::Weekly(args) => report::run(args, Some("week"), &cli.chdir),
        Command::Monthly(args) => report::run(args, Some("month"), &cli.chdir),
        Command::Session(args) => report::run(args, Some("conversation_id"), &cli.chdir),
        Command::Latency(args) => latency::run(args, &cli.chdir),
        Command::Quota(args) => quota::run(args),
        Command::Export(args) => export::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Check(args) => check::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Events(args) => events::run(&args.input, &args.output),
        Command::Prices(args) => prices::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Completions(args) => generate::completions(args),
        Command::Man(args) => generate::man(args),
    }
}

/// Goes to the folder to work in. All paths are relative to it.
fn enter(folder: &Path) -> anyhow::Result<()> {
    std::env::set_current_dir(folder).with_context(|| format!("cannot work in {}", folder.display()))
}
