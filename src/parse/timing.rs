//! What lines say of time.
//!
//! A call's events are thousands of lines. A chunk gives them as [`Stretch`]es, which join again in
//! the ordered pass, however the source was cut.

use crate::event::{CallKey, Id, Stream, Time};

/// What one record, or a stretch of them, says of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// When, as the record itself says; of a stretch, when it began.
    pub time: Time,
    /// When it was written down, which tells echoes.
    pub recorded: Time,
    /// Which of a writer's parallel logs it stands in: each of them tells everything once.
    pub log: TraceLog,
    /// The model it names.
    pub model: Option<Id>,
    /// What it says.
    pub sign: Sign,
}

/// A log that tells everything once. Newer versions of Codex write two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TraceLog {
    /// The only one, or the one with all fields.
    Main,
    /// The one without texts.
    Safe,
}

/// What a record says of time.
#[derive(Debug, Clone, PartialEq)]
pub enum Sign {
    /// A turn begins.
    Turn,
    /// Something that happens between calls.
    Between,
    /// A request was answered, or failed.
    Request {
        /// Milliseconds it took.
        duration_ms: Option<u64>,
        /// HTTP status.
        status: Option<u16>,
        /// Its number among the attempts, from 0.
        attempt: Option<u64>,
        /// Whether it failed.
        failed: bool,
    },
    /// Events of a stream.
    Events(Stretch),
    /// The turn's first token came this many milliseconds after its start.
    FirstToken(u64),
    /// The stream broke off.
    Failed,
    /// The call whose record this is is complete. The harness may say how long its first token took, in
    /// milliseconds.
    Completed(Option<CallKey>, Option<u64>),
    /// A tool ran.
    Tool {
        /// Its id.
        call_id: Option<Id>,
        /// Its name.
        name: Option<Id>,
        /// Milliseconds it took.
        duration_ms: Option<u64>,
        /// Whether it succeeded.
        success: Option<bool>,
    },
}

/// Events of one stream, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    first: Time,
    last: Time,
    events: u64,
    /// What was waited for the first event: a wait between two events in view only if one precedes it.
    first_wait: Option<u64>,
    /// The longest wait for any other event.
    longest_wait: Option<u64>,
    pub(super) first_delta: Option<Time>,
    /// Whether the first event is the first of its stream.
    pub(super) opens: bool,
}

impl Stretch {
    /// A single event: `wait` is the time since the one before it, in milliseconds.
    pub fn of(time: Time, wait: Option<u64>, is_delta: bool, opens: bool) -> Stretch {
        let first_delta = is_delta.then_some(time);
        Stretch { first: time, last: time, events: 1, first_wait: wait, longest_wait: None, first_delta, opens }
    }

    /// This and what follows it.
    pub fn then(self, next: Stretch) -> Stretch {
        Stretch {
            first: self.first,
            last: next.last,
            events: self.events.saturating_add(next.events),
            first_wait: self.first_wait,
            longest_wait: self.longest_wait.max(next.first_wait).max(next.longest_wait),
            first_delta: self.first_delta.or(next.first_delta),
            opens: self.opens,
        }
    }

    /// When it began.
    pub fn began(&self) -> Time {
        self.first
    }

    /// The stream that it is a part of, as far as it is in view: from its first event on, or not.
    pub(super) fn stream(&self, is_whole: bool) -> Option<Stream> {
        Some(Stream {
            events: self.events,
            duration_ms: millis(self.first, self.last)?,
            longest_stall_ms: self.longest_wait,
            is_floor: !is_whole,
        })
    }
}

/// Milliseconds from one time to another; `None` if the clock ran backwards.
pub(super) fn millis(from: Time, to: Time) -> Option<u64> {
    to.millis_since(from).try_into().ok()
}
