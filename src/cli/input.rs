//! Reads what the arguments name.

use std::path::PathBuf;

use anyhow::Context;
use forge_usage::config::Config;
use forge_usage::event::Time;
use forge_usage::fold::Settled;
use forge_usage::pipeline::{self, Loss, Options};
use forge_usage::source::{self, default_ledgers, discover};
use forge_usage::table::{Skipped, Sources, is_loss};

use super::args::{InputArgs, OutputArgs};
use super::{FINE, NO_ANSWER, complain};

/// More threads than any machine has cores for them.
const MOST_THREADS: usize = 512;

/// What was read, weighed.
pub(super) struct Input {
    pub(super) settled: Settled,
    pub(super) sources: Sources,
    has_losses: bool,
    /// Whether a file that was named by hand is missing from the answer.
    lacks_named: bool,
}

/// Reads everything. Complains on standard error about what could not be read, unless told not to.
pub(super) fn read(args: &InputArgs, output: &OutputArgs) -> anyhow::Result<Input> {
    if let Some(folder) = &args.chdir {
        std::env::set_current_dir(folder).with_context(|| format!("cannot work in {}", folder.display()))?;
    }
    // A typo should not cost a long reading.
    let config = config(args)?;
    let profiles = config.profiles()?;
    if let Some(threads) = args.threads {
        let threads = threads.get().min(MOST_THREADS);
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("cannot start the threads")?;
    }
    let paths = match default_paths(args)? {
        Some(paths) => paths,
        None => args.paths.clone(),
    };
    let looked: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let found = discover(&paths)?;
    refuse_to_overwrite(&found.inputs, output)?;
    let mut outcome = pipeline::read(found, &Options::at(now()));
    let mut settled = outcome.settle();
    settled.assume_models(|profile| profiles.model(profile));
    let worst = outcome.skipped.iter().map(|skip| skip.loss).max().unwrap_or(Loss::None);
    // What is lost is told even to those who asked for quiet.
    for skip in outcome.skipped.iter().filter(|skip| skip.loss != Loss::None || output.verbose) {
        complain(&format!("{}: {}", skip.path.display(), skip.reason));
    }
    if outcome.files == 0 && !args.allow_empty {
        let passed_over = match outcome.skipped.len() {
            0 => String::new(),
            1 => " (a file was passed over; -v names it)".to_owned(),
            skipped => format!(" ({skipped} files passed over; -v names them)"),
        };
        anyhow::bail!("no ledger, trace or session found in {}{passed_over}", looked.join(", "));
    }
    let skipped = outcome.skipped.into_iter();
    let skipped = skipped.map(|skip| Skipped { path: skip.path.display().to_string(), reason: skip.reason }).collect();
    let has_losses = worst != Loss::None || is_loss(&settled);
    let sources = Sources { files: outcome.files, bytes: outcome.bytes, skipped };
    Ok(Input { settled, sources, has_losses, lacks_named: worst == Loss::Named })
}

/// The file that was named, else the one that is found.
fn config(args: &InputArgs) -> anyhow::Result<Config> {
    let found = match &args.config {
        Some(named) => Some(named.clone()),
        None => Config::find(&std::env::current_dir()?)?,
    };
    Ok(found.map(|path| Config::read(&path)).transpose()?.unwrap_or_default())
}

/// An output that is one of the inputs would destroy it.
fn refuse_to_overwrite(inputs: &[source::Input], output: &OutputArgs) -> anyhow::Result<()> {
    let Some(target) = super::output::file(output).and_then(|path| path.canonicalize().ok()) else { return Ok(()) };
    let is_target = |input: &source::Input| match input {
        source::Input::File(path, _) => path.canonicalize().is_ok_and(|path| path == target),
        source::Input::Stdin => false,
    };
    anyhow::ensure!(!inputs.iter().any(is_target), "{} is an input; it would be overwritten", target.display());
    Ok(())
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
        if self.lacks_named || (args.strict && self.has_losses) { NO_ANSWER } else { FINE }
    }
}

/// The time of the system's clock.
pub(super) fn now() -> Time {
    Time::from_micros(chrono::Utc::now().timestamp_micros())
}
