//! Reads what the arguments name.

use std::path::PathBuf;

use anyhow::Context;
use forge_usage::event::Time;
use forge_usage::fold::Settled;
use forge_usage::pipeline::{self, Options};
use forge_usage::source::{default_ledgers, discover};
use forge_usage::table::{Skipped, Sources, is_loss};

use super::args::{InputArgs, OutputArgs};
use super::{FINE, NO_ANSWER, complain};

/// What was read, weighed.
pub(super) struct Input {
    pub(super) settled: Settled,
    pub(super) sources: Sources,
    has_losses: bool,
}

/// Reads everything. Complains on standard error about what could not be read, unless told not to.
pub(super) fn read(args: &InputArgs, output: &OutputArgs) -> anyhow::Result<Input> {
    if let Some(folder) = &args.chdir {
        std::env::set_current_dir(folder).with_context(|| format!("cannot work in {}", folder.display()))?;
    }
    if let Some(threads) = args.threads {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads.get())
            .build_global()
            .context("cannot start the threads")?;
    }
    let paths = match default_paths(args)? {
        Some(paths) => paths,
        None => args.paths.clone(),
    };
    let looked: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let mut outcome = pipeline::read(discover(&paths)?, &Options::at(now()))?;
    let settled = outcome.settle();
    let lost: Vec<_> = outcome.skipped.iter().filter(|(.., is_loss)| *is_loss).collect();
    let has_losses = !lost.is_empty() || is_loss(&settled);
    if !output.quiet {
        for (path, reason, is_loss) in &outcome.skipped {
            if *is_loss || output.verbose {
                complain(&format!("{}: {reason}", path.display()));
            }
        }
    }
    if outcome.files == 0 && !args.allow_empty {
        let passed_over = match outcome.skipped.len() {
            0 => String::new(),
            skipped => format!(" ({skipped} files passed over; -v names them)"),
        };
        anyhow::bail!("no ledger, trace or session found in {}{passed_over}", looked.join(", "));
    }
    let skipped = outcome.skipped.into_iter();
    let skipped = skipped.map(|(path, reason, _)| Skipped { path: path.display().to_string(), reason }).collect();
    Ok(Input { settled, sources: Sources { files: outcome.files, bytes: outcome.bytes, skipped }, has_losses })
}

/// The ledgers that are found without a path; none if paths are given.
fn default_paths(args: &InputArgs) -> anyhow::Result<Option<Vec<PathBuf>>> {
    if !args.paths.is_empty() {
        return Ok(None);
    }
    match default_ledgers(&std::env::current_dir()?) {
        Ok(found) => Ok(Some(vec![found])),
        Err(_) if args.allow_empty => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Input {
    /// The exit code of a question that was answered.
    pub(super) fn exit_code(&self, args: &InputArgs) -> u8 {
        if args.strict && self.has_losses { NO_ANSWER } else { FINE }
    }
}

/// The time of the system's clock.
pub(super) fn now() -> Time {
    Time::from_micros(chrono::Utc::now().timestamp_micros())
}
