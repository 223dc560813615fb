//! What one child process costs.
//!
//! The kernel tells a process what its children cost together, and as peak memory that of the
//! largest so far. So each measurement goes through a fresh copy of the bench itself, which has one
//! child only. On Linux the peak includes the few megabytes of that copy at the time of the spawn:
//! a floor that is the same for all.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde::{Deserialize, Serialize};

/// The first argument of such a copy; the command line to measure follows it.
pub const ARGUMENT: &str = "--measure-one-child";

/// What one run took. `None` where this system doesn't tell.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Figures {
    /// From before the spawn to the end of the output.
    pub wall_s: f64,
    /// User and system time of all threads.
    pub cpu_s: Option<f64>,
    /// Most memory that was resident at once.
    pub peak_rss_bytes: Option<u64>,
}

/// One run and what it printed.
pub struct Measured {
    /// What it took.
    pub figures: Figures,
    /// Its standard output.
    pub stdout: String,
}

/// Measures one run of a command line that must succeed.
pub fn run(words: &[&OsStr]) -> io::Result<Measured> {
    let copy = Command::new(env::current_exe()?).arg(ARGUMENT).args(words).stderr(Stdio::inherit()).output()?;
    assert!(copy.status.success(), "could not measure {words:?}");
    let printed = String::from_utf8(copy.stdout).map_err(io::Error::other)?;
    let (figures, stdout) = printed.split_once('\n').expect("figures come first");
    let figures = serde_json::from_str(figures)?;
    Ok(Measured { figures, stdout: stdout.to_owned() })
}

/// The copy's part: runs its only child, prints the figures on a line, then the child's output.
pub fn one_child(words: &[String]) -> io::Result<()> {
    let start = Instant::now();
    let child = Command::new(&words[0]).args(&words[1..]).stderr(Stdio::inherit()).output()?;
    let wall_s = start.elapsed().as_secs_f64();
    assert!(child.status.success(), "{words:?}: {}", child.status);
    let (cpu_s, peak_rss_bytes) = usage_of_children().unzip();
    let figures = Figures { wall_s, cpu_s, peak_rss_bytes };
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(&figures)?)?;
    stdout.write_all(&child.stdout)
}

/// CPU seconds of all ended children, and the peak memory in bytes of the largest.
#[cfg(unix)]
fn usage_of_children() -> Option<(f64, u64)> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    let cpu = usage.user_time() + usage.system_time();
    // Darwin counts bytes, the others kibibytes.
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    let peak_rss = u64::try_from(usage.max_rss()).ok()? * unit;
    Some((cpu.num_microseconds() as f64 / 1e6, peak_rss))
}

#[cfg(not(unix))]
fn usage_of_children() -> Option<(f64, u64)> {
    None
}
