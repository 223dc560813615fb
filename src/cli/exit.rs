//! How the program ends: its exit codes, and what it says on standard error.

use std::io::Write;

/// Nothing to complain about.
pub(super) const FINE: u8 = 0;
/// A budget is broken.
pub(super) const BROKEN: u8 = 1;
/// The question could not be answered: bad arguments, unreadable input, or losses under `--strict`.
pub(super) const NO_ANSWER: u8 = 2;

/// Says something on standard error; if nobody reads it, that is no reason to stop.
pub(super) fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "forge-usage: {}", forge_usage::render::terminal(message));
}

pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
            || cause.downcast_ref::<forge_usage::error::Error>().is_some_and(|error| error.is_broken_pipe())
    })
}
