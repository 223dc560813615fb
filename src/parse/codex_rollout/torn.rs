//! What was torn in a log since the latest reading of its counter, and may have been one.

use super::turns::{Turn, Turns};
use crate::event::Time;

/// What was torn since the latest reading.
#[derive(Debug, Default)]
pub(super) struct Torn {
    /// Where the last of it stands; `None` if nothing was.
    pub(super) at: Option<u64>,
    /// Whether a record tells of a response since.
    pub(super) is_recorded: bool,
    /// Whether it may be a copied reading.
    may_hide_copies: bool,
    /// The conversation's own reading, of which no record tells the response: when the latest record before it was
    /// written.
    own_reading: Option<Option<Time>>,
    /// When the latest record was.
    latest: Option<Time>,
}

impl Torn {
    /// A record was written.
    pub(super) fn record(&mut self, time: Option<Time>) {
        self.latest = self.latest.max(time);
    }

    /// Something was torn in a log that names a conversation it came from, or doesn't.
    pub(super) fn lose(&mut self, offset: u64, turns: &mut Turns, has_parent: bool) {
        self.at = Some(offset);
        turns.lose();
        self.may_hide_copies |= match turns.latest() {
            Turn::Foreign => true,
            Turn::None => has_parent,
            Turn::Untimed(_) | Turn::Own(_) => false,
        };
    }

    /// A reading was.
    pub(super) fn lose_reading(&mut self, offset: u64, turns: &mut Turns, has_parent: bool) {
        self.lose(offset, turns, has_parent);
        let is_own = match turns.latest() {
            Turn::Own(_) => true,
            Turn::None | Turn::Untimed(_) => !has_parent,
            Turn::Foreign => false,
        };
        if is_own && !self.is_recorded {
            self.own_reading.get_or_insert(self.latest);
        }
    }

    /// The counter is read; tells whether copied readings may be hidden before it.
    pub(super) fn reading(&mut self) -> bool {
        std::mem::take(&mut self.may_hide_copies)
    }

    /// The counter moved on. If it did so from the reading before the torn one, as after a writer that was killed,
    /// nothing counts the call between: tells about when it was made.
    pub(super) fn moved_on(&mut self, is_one_call: bool) -> Option<Option<Time>> {
        (self.at, self.is_recorded) = (None, false);
        self.own_reading.take().filter(|_| is_one_call)
    }
}
