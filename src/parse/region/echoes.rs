//! What is older than an output, and so an echo of another log, unless its conversation lives here.

use rustc_hash::FxHashSet;

use crate::event::{Id, Time};
use crate::parse::mark::SLACK_MS;

/// When an output began, and who lives in it.
#[derive(Debug, Default)]
pub(super) struct Echoes {
    /// When the output began, or the first record of a bare log.
    pub(super) start: Option<Time>,
    /// Conversations with a record since the start.
    known: FxHashSet<Id>,
    /// The one of them that had the latest record.
    latest: Option<Id>,
}

impl Echoes {
    /// Takes the next record of a conversation.
    pub(super) fn record(&mut self, id: &Id) {
        if self.latest.as_ref() != Some(id) {
            self.known.insert(id.clone());
            self.latest = Some(id.clone());
        }
    }

    /// Whether a conversation had a record.
    pub(super) fn knows(&self, id: &Id) -> bool {
        self.known.contains(id)
    }

    /// Whether any conversation had one.
    pub(super) fn know_any(&self) -> bool {
        !self.known.is_empty()
    }

    /// Whether that was before the output began.
    pub(super) fn is_old(&self, time: Option<Time>) -> bool {
        time.zip(self.start).is_some_and(|(time, start)| start.millis_since(time) > SLACK_MS)
    }

    /// Records that are older than the output are quotes from older logs, unless they belong to a
    /// conversation that lives here: clocks are set back at times.
    pub(super) fn is_echo(&self, time: Option<Time>, conversation: Option<&Id>) -> bool {
        self.is_old(time) && conversation.is_none_or(|id| !self.knows(id))
    }
}
