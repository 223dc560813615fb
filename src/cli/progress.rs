//! How far the reading has come: on a terminal, where it takes a while, and gone when it is over.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use forge_usage::source::{Discovered, Input, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::OutputArgs;

/// Nobody wants to see what is over before it can be read.
const PATIENCE: Duration = Duration::from_millis(500);

const PAUSE: Duration = Duration::from_millis(100);

/// A bar on the terminal; it goes when this does.
#[derive(Default)]
pub(super) struct Shown(Option<Drawing>);

struct Drawing {
    bar: ProgressBar,
    over: Sender<()>,
    thread: JoinHandle<()>,
}

/// Begins to show how far a reading is. Nothing unless standard error is a terminal, or if quiet was asked for.
pub(super) fn show(sources: &Discovered, progress: &Progress, output: &OutputArgs) -> Shown {
    if output.quiet || !std::io::stderr().is_terminal() {
        return Shown::default();
    }
    let (progress, inputs) = (progress.clone(), sources.inputs.clone());
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    let drawn = bar.clone();
    let (over, is_over) = channel();
    let thread = std::thread::spawn(move || {
        if is_over.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        drawn.set_draw_target(ProgressDrawTarget::stderr());
        drawn.set_style(style(length(&inputs), &drawn));
        while is_over.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
            drawn.set_position(progress.bytes());
        }
        drawn.finish_and_clear();
    });
    Shown(Some(Drawing { bar, over, thread }))
}

/// Bytes of all inputs; `None` if some come from elsewhere than files.
fn length(inputs: &[Input]) -> Option<u64> {
    inputs.iter().map(|input| Some(std::fs::metadata(input.path()?).ok()?.len())).sum()
}

fn style(length: Option<u64>, bar: &ProgressBar) -> ProgressStyle {
    let template = match length {
        Some(length) => {
            bar.set_length(length);
            "Reading {bar:30} {binary_bytes} of {binary_total_bytes}, {eta} left"
        }
        None => "Reading {spinner} {binary_bytes}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Shown {
    /// Does what may write to the terminal, the bar put aside.
    pub(super) fn aside<T>(&self, act: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(drawing) => drawing.bar.suspend(act),
            None => act(),
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(Drawing { over, thread, .. }) = self.0.take() {
            drop(over);
            // A bar that could not be drawn is no reason to fail.
            let _ = thread.join();
        }
    }
}
