//! Reads what the arguments name.

use std::path::{Path, PathBuf};

use anyhow::Context;
use forge_usage::config::{Config, Profiles};
use forge_usage::event::{Defect, Loss};
use forge_usage::fold::{Settled, settle_with};
use forge_usage::parse::Needs;
use forge_usage::pipeline::{self, Options, Skip};
use forge_usage::price::Prices;
use forge_usage::source::{self, Discovered, default_ledgers, discover};
use forge_usage::table::{PriceOptions, Skipped, Sources, is_loss, price};

use super::args::{InputArgs, OutputArgs, PriceArgs};
use super::exit::{FINE, NO_ANSWER, complain};
use super::{clock, output, progress};

/// What stands for the homes of all harnesses.
const AUTO: &str = "auto";

/// More threads than any machine has cores for them.
const MOST_THREADS: usize = 512;

/// What was read, weighed.
pub(super) struct Input {
    pub(super) settled: Settled,
    pub(super) sources: Sources,
    /// What it was priced with.
    pub(super) prices: Prices,
    pub(super) priced: PriceOptions,
    losses: Losses,
}

/// What the answer lacks.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// The worst of what was passed over.
    worst: Option<Loss>,
    /// Whether records could not be read.
    has_defects: bool,
}

/// What the arguments name.
pub(super) struct Found {
    pub(super) sources: Discovered,
    /// The user's file.
    pub(super) config: Config,
    /// What it says of profiles.
    pub(super) profiles: Profiles,
    /// Where it was looked for.
    pub(super) looked: String,
}

/// Finds what is to be read, and sets the process up for it.
pub(super) fn find(args: &InputArgs, output: &OutputArgs) -> anyhow::Result<Found> {
    find_beside(args, output::file(output))
}

/// Goes to the folder to work in. All paths are relative to it.
pub(super) fn enter(folder: &Path) -> anyhow::Result<()> {
    std::env::set_current_dir(folder).with_context(|| format!("cannot work in {}", folder.display()))
}

/// As [`find`]; `target` is the file that will be written.
pub(super) fn find_beside(args: &InputArgs, target: Option<&Path>) -> anyhow::Result<Found> {
    // A typo should not cost a long reading.
    let config = config(args.config.as_deref())?;
    let profiles = config.profiles()?;
    if let Some(threads) = args.threads {
        let threads = threads.get().min(MOST_THREADS);
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("cannot start the threads")?;
    }
    let (sources, looked) = sources(args, &profiles)?;
    refuse_to_overwrite(&sources.inputs, target)?;
    refuse_to_replace(config.path(), target)?;
    Ok(Found { sources, config, profiles, looked: looked.join(", ") })
}

/// What is to be read, and where it was looked for: the paths, else the ledgers nearby; session logs if they are
/// asked for, or if there is nothing else.
fn sources(args: &InputArgs, profiles: &Profiles) -> anyhow::Result<(Discovered, Vec<String>)> {
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
    Ok((found, looked))
}

/// The session logs of every harness, and of the profiles' homes.
fn sessions(profiles: &Profiles) -> pipeline::Sessions {
    let home = std::env::home_dir();
    let homes: Vec<PathBuf> = profiles.homes().map(|(_, path)| in_home(path, home.as_deref())).collect();
    pipeline::sessions(home, &|name| std::env::var_os(name), &homes)
}

/// The path with the user's home for `~`.
fn in_home(path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_path_buf(),
    }
}

impl Found {
    /// An error that says where was looked, unless something was found or that is allowed.
    pub(super) fn expect_some(&self, files: u64, passed_over: usize, args: &InputArgs) -> anyhow::Result<()> {
        if files > 0 || args.allow_empty {
            return Ok(());
        }
        let passed_over = match passed_over {
            0 => String::new(),
            1 => " (a file was passed over; -v names it)".to_owned(),
            skipped => format!(" ({skipped} files passed over; -v names them)"),
        };
        anyhow::bail!("no ledger, trace or session found in {}{passed_over}", self.looked);
    }
}

/// Reads what reports are made of.
pub(super) fn read(args: &InputArgs, costs: &PriceArgs, output: &OutputArgs) -> anyhow::Result<Input> {
    read_with(args, costs, output, Needs::USAGE)
}

/// The same with other facts.
pub(super) fn read_with(
    args: &InputArgs,
    costs: &PriceArgs,
    output: &OutputArgs,
    needs: Needs,
) -> anyhow::Result<Input> {
    read_beside(args, costs, output, output::file(output), needs)
}

/// As [`read_with`]; `target` is the file that will be written.
pub(super) fn read_beside(
    args: &InputArgs,
    costs: &PriceArgs,
    output: &OutputArgs,
    target: Option<&Path>,
    needs: Needs,
) -> anyhow::Result<Input> {
    read_found(find_beside(args, target)?, args, costs, output, needs)
}

/// Reads what was found. Complains on standard error about what could not be read, unless told not to.
pub(super) fn read_found(
    mut found: Found,
    args: &InputArgs,
    costs: &PriceArgs,
    output: &OutputArgs,
    needs: Needs,
) -> anyhow::Result<Input> {
    let prices = Prices::new(&found.config)?;
    let priced = PriceOptions { mode: costs.cost_mode, service_tier: costs.service_tier.clone() };
    let options = Options { needs, ..everything(args) };
    let shown = progress::show(&found.sources, &options.progress, output);
    let outcome = pipeline::read(std::mem::take(&mut found.sources), &options);
    drop(shown);
    let mut settled = settle_with(outcome.facts, &|profile, source| found.profiles.may_live_in(profile, source));
    settled.assume_models(|profile| found.profiles.model(profile));
    settled.tell_billing(|profile| found.profiles.billing(profile));
    price(&mut settled, &prices, &priced);
    let mut losses = Losses { worst: None, has_defects: is_loss(&settled) };
    for skip in &outcome.skipped {
        losses.tell(&skip.path.display().to_string(), &skip.reason, skip.loss, output);
    }
    found.expect_some(outcome.files, outcome.skipped.len(), args)?;
    let skipped = outcome.skipped.into_iter();
    let told = |skip: Skip| Skipped {
        path: skip.path.display().to_string(),
        reason: skip.reason,
        is_part: skip.is_part,
        is_lost: skip.loss != Loss::None,
    };
    let skipped = skipped.map(told).collect();
    let sources = Sources { files: outcome.files, bytes: outcome.bytes, skipped };
    Ok(Input { settled, sources, prices, priced, losses })
}

/// The file that was named, else the one that is found.
pub(super) fn config(named: Option<&Path>) -> anyhow::Result<Config> {
    let found = match named {
        Some(named) => Some(named.to_path_buf()),
        None => Config::find(&std::env::current_dir()?)?,
    };
    Ok(found.map(|path| Config::read(&path)).transpose()?.unwrap_or_default())
}

/// An output that is one of the inputs would destroy it. What a walk found and nobody can read is no input: it may be
/// an earlier output.
pub(super) fn refuse_to_overwrite(inputs: &[source::Input], target: Option<&Path>) -> anyhow::Result<()> {
    let Some(target) = target.and_then(|path| path.canonicalize().ok()) else { return Ok(()) };
    let is_target = |input: &source::Input| match input {
        source::Input::File(path, is_named) => {
            path.canonicalize().is_ok_and(|path| path == target) && (*is_named || is_known(input))
        }
        source::Input::Stdin | source::Input::Spooled(_) => false,
    };
    anyhow::ensure!(!inputs.iter().any(is_target), "{} is an input; it would be overwritten", target.display());
    Ok(())
}

/// The same for a file that is read beside the inputs, whatever it holds.
pub(super) fn refuse_to_replace(read: Option<&Path>, target: Option<&Path>) -> anyhow::Result<()> {
    let read = read.map(|path| source::Input::File(path.to_owned(), true));
    refuse_to_overwrite(read.as_slice(), target)
}

fn is_known(input: &source::Input) -> bool {
    source::open(input, &source::Progress::default(), source::Buffer::default())
        .is_ok_and(|opened| forge_usage::parse::detect(&opened.head).is_some())
}

impl Input {
    /// The exit code of a question that was answered.
    pub(super) fn exit_code(&self, args: &InputArgs) -> u8 {
        self.losses.exit_code(args)
    }

    /// Whether some of what was found could not be read.
    pub(super) fn lacks_input(&self) -> bool {
        self.losses.lacks_input()
    }
}

impl Losses {
    /// Learns of something that was passed over. What is lost is told even to those who asked for quiet.
    pub(super) fn tell(&mut self, path: &str, reason: &str, loss: Loss, output: &OutputArgs) {
        self.worst = self.worst.max(Some(loss));
        if loss != Loss::None || output.verbose {
            complain(&format!("{path}: {reason}"));
        }
    }

    /// Learns of a record that could not be read, or was refused.
    pub(super) fn learn(&mut self, defect: Defect) {
        self.has_defects |= defect.is_loss();
    }

    fn lacks_input(&self) -> bool {
        self.worst > Some(Loss::None)
    }

    pub(super) fn exit_code(&self, args: &InputArgs) -> u8 {
        let lacks_some = self.has_defects || self.lacks_input();
        let lacks_named = self.worst == Some(Loss::Named);
        if lacks_named || (args.strict && lacks_some) { NO_ANSWER } else { FINE }
    }
}

/// Keeps what stands on standard input in a temporary file, so that it can be read again; the file goes with
/// what is returned.
pub(super) fn spool(found: &mut Found) -> anyhow::Result<Option<tempfile::NamedTempFile>> {
    let Some(input) = found.sources.inputs.iter_mut().find(|input| **input == source::Input::Stdin) else {
        return Ok(None);
    };
    let mut file = tempfile::NamedTempFile::new().context("cannot keep standard input in a temporary file")?;
    std::io::copy(&mut std::io::stdin().lock(), &mut file).context("cannot keep standard input")?;
    *input = source::Input::Spooled(file.path().to_owned());
    Ok(Some(file))
}

/// Options that leave nothing out.
pub(super) fn everything(args: &InputArgs) -> Options {
    Options { needs: Needs::ALL, host: args.host.clone(), ..Options::at(clock::now()) }
}
