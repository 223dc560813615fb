//! Tells records from what a prompt quotes.

use super::mark::{Mark, MarkKind, PromptText, SLACK_MS};
use crate::event::Time;

/// A prompt, and what stands in its text.
///
/// An agent can print what looks like a prompt's record, to be rid of what its harness writes next. So a text is
/// content only if nothing speaks against it: who quotes records has them before the prompt is written, and in a run
/// the prompt comes first. What is in doubt counts.
#[derive(Debug, Default)]
pub(super) struct Prompts {
    open: Option<Open>,
    /// Whether the run has used anything yet.
    has_worked: bool,
    /// The latest time that a record had.
    latest: Option<Time>,
}

#[derive(Debug)]
struct Open {
    text: PromptText,
    time: Time,
    held: Vec<Mark>,
}

/// What a mark in a prompt's text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    /// Content.
    Content,
    /// A record that may be content.
    Doubtful,
    /// A record like those outside.
    Record,
}

impl Prompts {
    /// Another run begins.
    pub(super) fn begin_run(&mut self) {
        self.has_worked = false;
    }

    /// Learns of a candidate that stands in no prompt.
    pub(super) fn learn(&mut self, mark: &Mark) {
        self.has_worked |= mark.is_usage() || mark.kind == MarkKind::Open;
        if mark.tells() {
            self.latest = self.latest.max(mark.time);
        }
    }

    /// Learns where a prompt begins, in a run or not.
    pub(super) fn begin(&mut self, mut text: PromptText, time: Time, in_run: bool) {
        let is_old = self.latest.is_some_and(|latest| latest.millis_since(time) > SLACK_MS);
        text.is_doubtful |= is_old || (in_run && self.has_worked);
        self.open = Some(Open { text, time, held: Vec::new() });
    }

    /// Whether a prompt is open.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Holds a candidate back that stands in the open prompt; gives it back if it doesn't.
    pub(super) fn hold(&mut self, mark: Mark) -> Option<Mark> {
        match &mut self.open {
            Some(open) if mark.offset < open.text.end && !matches!(mark.kind, MarkKind::Marker(_)) => {
                open.held.push(mark);
                None
            }
            Some(open) => {
                // No prompt hides where a run begins.
                open.text.is_doubtful |= mark.offset < open.text.end;
                Some(mark)
            }
            None => Some(mark),
        }
    }

    /// The open prompt is over: what stands in it, and what that is.
    pub(super) fn end(&mut self) -> impl Iterator<Item = (Mark, Quote)> + use<> {
        let ended = self.open.take().map(|Open { text, time, held }| {
            let is_newer = |mark: &Mark| mark.tells() && mark.time.is_some_and(|at| at > time);
            let is_doubtful = text.is_doubtful || !is_balanced(&held) || held.iter().any(is_newer);
            held.into_iter().map(move |mark| {
                let is_later = mark.time.is_some_and(|at| at > time);
                let quote = match (is_doubtful, text.is_measured) {
                    (false, true) => Quote::Content,
                    // Where it ends is not certain: what tells no time may stand behind it.
                    (false, false) if mark.time.is_none() && !closes(&mark) => Quote::Doubtful,
                    (false, false) => Quote::Content,
                    (true, false) if is_later => Quote::Record,
                    (true, _) => Quote::Doubtful,
                };
                (mark, quote)
            })
        });
        ended.into_iter().flatten()
    }
}

fn closes(mark: &Mark) -> bool {
    matches!(mark.kind, MarkKind::Close | MarkKind::MayClose { .. })
}

/// Whether every tool's output that begins here ends here, and none else does.
fn is_balanced(marks: &[Mark]) -> bool {
    let mut open = 0_usize;
    for mark in marks {
        match mark.kind {
            MarkKind::Open => open += 1,
            _ if closes(mark) => match open.checked_sub(1) {
                Some(left) => open = left,
                None => return false,
            },
            _ => {}
        }
    }
    open == 0
}
