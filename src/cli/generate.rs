//! `completions` and `man`: what shells and readers of manuals want, from the same definitions as the help.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::{Cli, CompletionsArgs, ManArgs};
use super::exit::FINE;
use super::{output, reference};

/// Writes the completions of a shell.
pub(super) fn completions(args: &CompletionsArgs) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::definition(), "forge-usage", &mut script);
    if args.shell == Shell::Bash {
        script = with_one_name(&String::from_utf8(script)?).into_bytes();
    }
    output::write_to(args.output.as_deref(), |out| Ok(out.write_all(&script)?))?;
    Ok(FINE)
}

/// clap_complete 4.6 takes the dash of the program's name for the start of a subcommand in the labels of cases, but
/// not where it sets what they are compared with.
fn with_one_name(script: &str) -> String {
    script.replace("forge__subcmd__usage", "forge__usage")
}

/// Writes a page of the manual, or all of them into a folder, or the tables of flags.
pub(super) fn man(args: &ManArgs) -> anyhow::Result<u8> {
    let mut program = Cli::definition().disable_help_subcommand(true);
    program.build();
    if args.markdown {
        output::write_to(None, |out| Ok(out.write_all(reference::markdown(&program).as_bytes())?))?;
        return Ok(FINE);
    }
    let commands = || program.get_subcommands().filter(|command| !command.is_hide_set());
    let page = match &args.command {
        None => &program,
        Some(name) => commands().find(|command| command.get_name() == name).with_context(|| {
            let known: Vec<&str> = commands().map(Command::get_name).collect();
            forge_usage::error::unknown("command", name, &known).to_string()
        })?,
    };
    match output::file_of(args.output.as_deref()) {
        None => output::write_to(None, |out| write_page(page, out))?,
        Some(folder) => {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
            match args.command {
                Some(_) => write_file(page, folder)?,
                None => std::iter::once(&program).chain(commands()).try_for_each(|page| write_file(page, folder))?,
            }
        }
    }
    Ok(FINE)
}

fn write_file(command: &Command, folder: &Path) -> anyhow::Result<()> {
    let path = folder.join(Man::new(command.clone()).get_filename());
    output::fill_file(&path, |out| write_page(command, out))
}

fn write_page(command: &Command, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    Ok(out.write_all(&page)?)
}
