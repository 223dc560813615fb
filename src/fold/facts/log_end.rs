//! How a session log ends.

use crate::event::{Id, Time, TokenUsage};

/// What is known of a session log of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogEnd {
    /// Up to where all its calls can be read, in the reading of it that has most; 0 where that isn't known.
    pub whole_to: u64,
    /// Where the last call stands that can't be read; `None` if all can.
    pub torn_at: Option<u64>,
    /// Whether it is a sub-agent's.
    pub is_subagents: bool,
    /// If one can't, when the latest whole one was made; `None` if not, or where no record has a time.
    pub latest: Option<Time>,
    /// If one can't, the id of the last whole one's message: another copy may hold a later record of it. `None` if not, or
    /// where calls have no message.
    pub last_message: Option<Id>,
    /// What the counter read last in it.
    pub last_reading: TokenUsage,
}

impl LogEnd {
    /// Whether a call in it can't be read.
    pub(super) fn is_cut(&self) -> bool {
        self.torn_at.is_some_and(|torn| torn >= self.whole_to)
    }

    /// What two readings say of the same log, which grew between them.
    pub(super) fn merge(&mut self, other: LogEnd) {
        self.whole_to = self.whole_to.max(other.whole_to);
        self.torn_at = self.torn_at.max(other.torn_at);
        self.is_subagents |= other.is_subagents;
        self.latest = self.latest.max(other.latest);
        self.last_message = self.last_message.take().max(other.last_message);
        self.last_reading = self.last_reading.max(other.last_reading);
    }
}
