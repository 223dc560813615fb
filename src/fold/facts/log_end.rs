//! How a session log ends.

use crate::event::{Id, Time, TokenUsage};

/// What is known of a session log of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogEnd {
    /// Where it ends; 0 where that isn't known.
    pub length: u64,
    /// Whether it is a sub-agent's.
    pub is_subagents: bool,
    /// Whether a call that can't be read stands there.
    pub is_cut: bool,
    /// If so, when the latest whole one was made; `None` if not, or where no record has a time.
    pub latest: Option<Time>,
    /// If so, the id of the last whole one's message: another copy may hold a later record of it. `None` if not, or
    /// where calls have no message.
    pub last_message: Option<Id>,
    /// What the counter read last in it.
    pub last_reading: TokenUsage,
}

impl LogEnd {
    /// What both say of the same log.
    pub(super) fn merge(&mut self, other: LogEnd) {
        self.length = self.length.max(other.length);
        self.is_subagents |= other.is_subagents;
        self.is_cut |= other.is_cut;
        self.latest = self.latest.max(other.latest);
        self.last_message = self.last_message.take().max(other.last_message);
        self.last_reading = self.last_reading.max(other.last_reading);
    }
}
