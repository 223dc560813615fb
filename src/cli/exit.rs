//! How the program ends: its exit codes, and what it says on standard error.

use std::io::Write;

use clap::error::{ContextKind, ContextValue};

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

/// Says what is wrong with the arguments, as clap does; or prints the help that was asked for. No control character of
/// an argument reaches the terminal.
pub(super) fn explain_arguments(mut error: clap::Error) {
    let mut escaped = Vec::new();
    for (kind, value) in error.context() {
        let ContextValue::String(text) = value else { continue };
        let safe = forge_usage::render::terminal(text);
        if safe != *text {
            escaped.push((kind, safe.into_owned()));
        }
    }
    for (kind, safe) in escaped {
        error.insert(kind, ContextValue::String(safe));
        // It would repeat the argument as it was.
        error.remove(ContextKind::Suggested);
    }
    // A closed pipe is no error, here as elsewhere.
    let _ = error.print();
}

pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
            || cause.downcast_ref::<forge_usage::error::Error>().is_some_and(|error| error.is_broken_pipe())
    })
}
