//! Flags of every command that reads.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::number::positive;

/// Where to read.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct InputArgs {
    /// Files, folders (walked, hidden ones too; of links, those to a folder above it are passed over), or - for one
    /// file on standard input; gzip and zstd are seen through [default: .forge/ledgers here or in a folder above, else
    /// the session logs]
    #[arg(value_name = "PATH")]
    pub(in crate::cli) paths: Vec<PathBuf>,

    /// Also read session logs: `auto` for those of every harness's homes, or a home, folder or file of yours
    #[arg(long, value_name = "auto|PATH", help_heading = "Input")]
    pub(in crate::cli) sessions: Vec<PathBuf>,

    /// Name of the machine that what is read comes from; `events` keeps it, and a source that names its own keeps that
    #[arg(long, value_name = "NAME", value_parser = host, help_heading = "Input")]
    pub(in crate::cli) host: Option<forge_usage::event::Id>,

    /// File with prices, profiles and budgets [default: .forge/usage.toml here or in a folder above]
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(in crate::cli) config: Option<PathBuf>,

    /// Nothing found is no error
    #[arg(long, help_heading = "Input")]
    pub(in crate::cli) allow_empty: bool,

    /// Any record or file that could not be read makes the exit code 2, but for a check that fails: 1
    #[arg(long, help_heading = "Input")]
    pub(in crate::cli) strict: bool,

    /// Threads to read with [default: one a core]
    #[arg(long, value_name = "N", value_parser = positive::<NonZeroUsize>, allow_hyphen_values = true, help_heading = "Input")]
    pub(in crate::cli) threads: Option<NonZeroUsize>,
}

fn host(name: &str) -> Result<forge_usage::event::Id, String> {
    let is_name = |c: char| c.is_alphanumeric() || "-_.:".contains(c);
    let fits = (1..=128).contains(&name.len()) && name.chars().all(is_name);
    if fits { Ok(name.into()) } else { Err("give a name of letters, digits, - _ . and :".to_owned()) }
}
