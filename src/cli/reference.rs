//! Every flag and every environment variable as Markdown: `docs/flags.md`. Flags come from the definitions of the
//! help, homes of harnesses from their formats.

use clap::{Arg, Command};
use forge_usage::parse::{FORMATS, Home, Root};

/// Flags of these commands are those of the first.
const SHORTCUTS: [&str; 5] = ["report", "daily", "weekly", "monthly", "session"];

/// Flags that every command has, and no table needs.
const EVERYWHERE: [&str; 2] = ["help", "version"];

/// The heading of flags that have none in the help.
const OTHERS: &str = "Others";

/// What one flag does in the commands that say the same of it.
struct Flag {
    /// The heading it stands under in the help.
    heading: String,
    /// Its names with its value: `-o`, `--output FILE`.
    names: String,
    about: String,
    commands: Vec<String>,
}

/// Variables of no harness, and what they do.
const VARIABLES: [(&str, &str); 10] = [
    ("HOME", "your home, in which those of the harnesses are looked for"),
    ("XDG_CONFIG_HOME", "where programs keep their configuration, instead of `~/.config`"),
    ("XDG_DATA_HOME", "where programs keep their data, instead of `~/.local/share`"),
    ("TZ", "time zone in which days and hours are cut, where `--tz` names none"),
    ("NO_COLOR", "if it isn't empty: no colours, unless `--color always` asks for them"),
    ("TERM", "`dumb`: no colours, unless `--color always` asks for them"),
    ("GITHUB_ACTIONS", "`true`: `check` writes the format `github`, unless told otherwise"),
    ("GITHUB_OUTPUT, GITHUB_STEP_SUMMARY", "files to which `check --format github` adds its outputs and its summary"),
    ("GITLAB_CI", "`true`: `check` writes colours, as GitLab's log shows them"),
    ("GIT_DIR", "`check` asks git which commit the policy file is of, even where no folder looks like a repository"),
];

/// The document.
pub(super) fn markdown(program: &Command) -> String {
    let commands: Vec<&Command> = program.get_subcommands().filter(|command| command.get_name() != "help").collect();
    let readers: Vec<String> = taking(&commands, "sessions");
    let mut text = format!(
        "# Flags and variables\n\n\
         Made by `forge-usage man --markdown`; a test fails when this file is older than the program.\n\n\
         Every command takes `-h` and `--help`, `-V` and `--version`. In these tables `report` also stands for {}, and \
         \"all readers\" for the commands that read usage: {}.\n",
        listed(&SHORTCUTS[1..]),
        listed(&readers)
    );
    let flags = flags(&commands);
    let mut headings: Vec<&str> = Vec::new();
    for flag in &flags {
        if !headings.contains(&flag.heading.as_str()) {
            headings.push(&flag.heading);
        }
    }
    headings.sort_by_key(|heading| *heading == OTHERS);
    for heading in headings {
        text += &format!("\n## {heading}\n\n| Flag | What it does | Commands |\n| --- | --- | --- |\n");
        for flag in flags.iter().filter(|flag| flag.heading == heading) {
            let whose = match &flag.commands {
                all if all.len() == shortened(&commands).count() => "all".to_owned(),
                some if *some == readers => "all readers".to_owned(),
                some => listed(some),
            };
            text += &row(&[&flag.names, &flag.about, &whose]);
        }
    }
    text += "\n## Environment variables\n\n| Variable | What it does |\n| --- | --- |\n";
    for (names, about) in VARIABLES {
        text += &row(&[&listed(&names.split(", ").collect::<Vec<_>>()), about]);
    }
    for (name, about) in homes() {
        text += &row(&[&format!("`{name}`"), &about]);
    }
    text
}

/// The commands, without those whose flags are another one's.
fn shortened<'a>(commands: &'a [&'a Command]) -> impl Iterator<Item = &'a Command> {
    commands.iter().copied().filter(|command| !SHORTCUTS[1..].contains(&command.get_name()))
}

fn taking(commands: &[&Command], id: &str) -> Vec<String> {
    let takes = |command: &&Command| command.get_arguments().any(|arg| arg.get_id() == id);
    shortened(commands).filter(takes).map(|command| command.get_name().to_owned()).collect()
}

/// Every flag, in the order of the help.
fn flags(commands: &[&Command]) -> Vec<Flag> {
    let mut flags: Vec<Flag> = Vec::new();
    for command in shortened(commands) {
        let is_told = |arg: &&Arg| !arg.is_positional() && !EVERYWHERE.contains(&arg.get_id().as_str());
        for arg in command.get_arguments().filter(is_told) {
            let (names, about) = (names(arg), about(arg));
            match flags.iter_mut().find(|flag| flag.names == names && flag.about == about) {
                Some(flag) => flag.commands.push(command.get_name().to_owned()),
                None => {
                    let heading = arg.get_help_heading().unwrap_or(OTHERS).to_owned();
                    let commands = vec![command.get_name().to_owned()];
                    // Flags of one name stand together, whatever commands they are of.
                    let at = flags.iter().rposition(|flag| flag.names == names).map_or(flags.len(), |last| last + 1);
                    flags.insert(at, Flag { heading, names, about, commands });
                }
            }
        }
    }
    flags
}

fn names(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("`-{short}`"));
    let value = match (arg.get_action().takes_values(), arg.get_value_names()) {
        (true, Some([name, ..])) => format!(" {name}"),
        _ => String::new(),
    };
    let long = arg.get_long().into_iter().chain(arg.get_visible_aliases().unwrap_or_default());
    short.into_iter().chain(long.map(|name| format!("`--{name}{value}`"))).collect::<Vec<_>>().join(", ")
}

/// What the help says, with the default and the possible values as it puts them.
fn about(arg: &Arg) -> String {
    let mut about = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    if !arg.get_action().takes_values() {
        return about;
    }
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !defaults.is_empty() {
        about += &format!(" [default: {}]", defaults.join(","));
    }
    let values = arg.get_possible_values();
    let known: Vec<&str> = values.iter().filter(|value| !value.is_hide_set()).map(|value| value.get_name()).collect();
    if !arg.is_hide_possible_values_set() && known.iter().any(|name| !about.contains(name)) {
        about += &format!(" [possible values: {}]", known.join(", "));
    }
    about
}

/// Variables that name homes of harnesses, with what else is looked at for them.
fn homes() -> Vec<(&'static str, String)> {
    let mut homes: Vec<(&'static str, String)> = Vec::new();
    for (harness, root) in FORMATS.iter().flat_map(|format| format.roots.iter().map(|root| (format.harness, root))) {
        for home in root.homes {
            let whose = harness.unwrap_or("forge");
            let (name, named) = match home {
                Home::Variable(name, "") => (name, format!("homes of `{whose}`")),
                Home::Variable(name, within) => {
                    (name, format!("folders with a `{within}`, which are homes of `{whose}`"))
                }
                Home::Logs(name, None) => (name, format!("folders of logs of `{whose}`")),
                Home::Logs(name, Some(_)) => (name, format!("databases of `{whose}`")),
                Home::User(_) | Home::Config(_) | Home::Data(_) | Home::Setting(..) => continue,
            };
            if !homes.iter().any(|(known, _)| known == name) {
                let usual = listed(&usual(root));
                homes.push((name, format!("{named}, read beside {usual}; several with commas between them")));
            }
        }
    }
    homes
}

/// Where the homes of a root are without its variable.
fn usual(root: &Root) -> Vec<String> {
    let named = |home: &Home| match home {
        Home::User(name) => Some(format!("~/{name}")),
        Home::Config(name) => Some(format!("$XDG_CONFIG_HOME/{name}")),
        Home::Data(name) => Some(format!("$XDG_DATA_HOME/{name}")),
        Home::Variable(..) | Home::Logs(..) | Home::Setting(..) => None,
    };
    root.homes.iter().filter_map(named).collect()
}

/// Words as code, with commas and a last "and".
fn listed(words: &[impl AsRef<str>]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('\n', " ").replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}
