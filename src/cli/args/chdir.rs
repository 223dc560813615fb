//! `-C`, before a command and behind it.

use std::path::PathBuf;

use clap::{Command, CommandFactory, FromArgMatches};

use super::Cli;

impl Cli {
    /// What is parsed: `-C` stands before a command or behind it. clap's own global flags forget the one before where
    /// both are given.
    pub(in crate::cli) fn definition() -> Command {
        let program = Cli::command();
        let chdir = program.get_arguments().find(|arg| arg.get_id() == CHDIR).cloned();
        program.mut_subcommands(|command| command.args(chdir.clone()))
    }

    /// The arguments of the process, every `-C` in its order.
    pub(in crate::cli) fn read() -> Result<Cli, clap::Error> {
        let matches = Cli::definition().try_get_matches()?;
        let mut cli = Cli::from_arg_matches(&matches)?;
        let behind = matches.subcommand().and_then(|(_, matches)| matches.get_many::<PathBuf>(CHDIR));
        cli.chdir.extend(behind.into_iter().flatten().cloned());
        Ok(cli)
    }
}

const CHDIR: &str = "chdir";
