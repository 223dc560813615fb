//! Finds what the arguments name: what is to be read, and the user's file.

use std::path::{Path, PathBuf};

use anyhow::Context;
use forge_usage::config::{Config, Profiles};
use forge_usage::pipeline;
use forge_usage::source::{Discovered, default_ledgers, discover};

use super::args::{InputArgs, OutputArgs};
use super::overwrite::{refuse_to_overwrite, refuse_to_replace};

/// What stands for the homes of all harnesses.
const AUTO: &str = "auto";

/// More threads than any machine has cores for them.
const MOST_THREADS: usize = 512;

/// What the arguments name.
pub(super) struct Found {
    pub(super) sources: Discovered,
    /// The user's file.
    pub(super) config: Config,
    /// What it says of profiles.
    pub(super) profiles: Profiles,
    /// Where it was looked for.
    pub(super) looked: String,
    /// Whether session logs are read, as was asked for or as there is nothing else.
    pub(super) asks_sessions: bool,
    /// Whether ledgers nearby took the place of session logs.
    lacks_sessions: bool,
}

/// What is to be read, as the arguments and the current folder tell.
struct Places {
    sources: Discovered,
    looked: Vec<String>,
    asks_sessions: bool,
    lacks_sessions: bool,
}

/// Finds what is to be read, and sets the process up for it. Fails where `target`, which will be written, is of it.
pub(super) fn find(args: &InputArgs, target: Option<&Path>) -> anyhow::Result<Found> {
    // A typo should not cost a long reading.
    let config = config(args.config.as_deref())?;
    let profiles = profiles(&config)?;
    if let Some(threads) = args.threads {
        let threads = threads.get().min(MOST_THREADS);
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("cannot start the threads")?;
    }
    let Places { sources, looked, asks_sessions, lacks_sessions } = places(args, &profiles)?;
    let found = Found { sources, config, profiles, looked: looked.join(", "), asks_sessions, lacks_sessions };
    found.refuse_to_overwrite(target)?;
    Ok(found)
}

/// The file that was named, else the one that is found.
pub(super) fn config(named: Option<&Path>) -> anyhow::Result<Config> {
    let found = match named {
        Some(named) => Some(named.to_path_buf()),
        None => Config::find(&std::env::current_dir()?)?,
    };
    Ok(found.map(|path| Config::read(&path)).transpose()?.unwrap_or_default())
}

/// What the file says of profiles, with whole paths.
fn profiles(config: &Config) -> anyhow::Result<Profiles> {
    let base = std::env::current_dir()?.join(config.folder().unwrap_or("".as_ref()));
    Ok(config.profiles()?.placed(&base, std::env::home_dir().as_deref()))
}

/// Looks at the paths, else for ledgers nearby; for session logs if they are asked for, or if there is nothing else.
fn places(args: &InputArgs, profiles: &Profiles) -> anyhow::Result<Places> {
    let here = std::env::current_dir()?;
    let mut looked: Vec<String> = args.paths.iter().map(|path| path.display().to_string()).collect();
    let mut found = discover(&args.paths)?;
    if args.paths.is_empty() {
        let (ledgers, nearby) = default_ledgers(&here);
        looked.extend(ledgers.map(|path| path.display().to_string()));
        found.merge(nearby);
    }
    let mut asked = args.sessions.clone();
    if looked.is_empty() {
        looked.push(format!("{} or any folder above it (.forge/ledgers)", here.display()));
        if asked.is_empty() {
            asked.push(AUTO.into());
        }
    }
    let asks_sessions = !asked.is_empty();
    let lacks_sessions = args.paths.is_empty() && !asks_sessions;
    for asked in asked {
        if asked.as_os_str() == AUTO {
            let sessions = sessions(profiles);
            looked.extend(sessions.looked);
            found.merge(sessions.found);
        } else {
            looked.push(asked.display().to_string());
            found.merge(pipeline::sessions_of(&asked).map_or_else(|| discover(&[asked]), Ok)?);
        }
    }
    Ok(Places { sources: found, looked, asks_sessions, lacks_sessions })
}

/// The session logs of every harness, and of the profiles' homes.
fn sessions(profiles: &Profiles) -> pipeline::Sessions {
    let homes: Vec<PathBuf> = profiles.homes().map(|(_, path)| path.to_path_buf()).collect();
    pipeline::sessions(std::env::home_dir(), &|name| std::env::var_os(name), &homes)
}

impl Found {
    /// An error if what will be written is of what was found.
    pub(super) fn refuse_to_overwrite(&self, target: Option<&Path>) -> anyhow::Result<()> {
        refuse_to_overwrite(&self.sources.inputs, target)?;
        refuse_to_replace(self.config.path(), target)
    }

    /// What to do about something that wasn't found; empty where there is nothing else to read.
    pub(super) fn advice(&self) -> &'static str {
        if self.lacks_sessions { "; session logs were not read: --sessions auto adds them" } else { "" }
    }

    /// An error that says where was looked, unless something was found or that is allowed.
    pub(super) fn expect_some(
        &self,
        files: u64,
        passed_over: usize,
        args: &InputArgs,
        output: &OutputArgs,
    ) -> anyhow::Result<()> {
        if files > 0 || args.allow_empty {
            return Ok(());
        }
        // With -v they were named on the way.
        let (it, them) = if output.verbose { ("", "") } else { ("; -v names it", "; -v names them") };
        let passed_over = match passed_over {
            0 => String::new(),
            1 => format!(" (a file was passed over{it})"),
            skipped => format!(" ({skipped} files passed over{them})"),
        };
        anyhow::bail!("no ledger, trace or session found in {}{passed_over}{}", self.looked, self.advice());
    }
}
