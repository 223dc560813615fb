//! What was torn in a log since the latest reading of its counter, and may have been one.

use super::turns::{Turn, Turns};
use crate::event::Time;

/// What was torn since the latest reading.
#[derive(Debug, Default)]
pub(super) struct Torn {
    /// Whether anything was.
    pub(super) is_any: bool,
    /// Whether a record tells of a response since.
    pub(super) is_recorded: bool,
    /// Whether it may be a copied reading.
    may_hide_copies: bool,
    /// The call of the conversation's own reading, if no record tells of its response.
    call: Option<TornCall>,
    /// When the latest record was.
    latest: Option<Time>,
}

/// The call that a torn reading told of.
#[derive(Debug)]
pub(super) struct TornCall {
    /// When the latest record before the reading was written: about when the call was made. `None`: none has a time.
    pub(super) after: Option<Time>,
}

impl Torn {
    /// A record was written.
    pub(super) fn record(&mut self, time: Option<Time>) {
        self.latest = self.latest.max(time);
    }

    /// Something was torn in a log that names a conversation it came from, or doesn't.
    pub(super) fn lose(&mut self, turns: &mut Turns, has_parent: bool) {
        self.is_any = true;
        turns.lose();
        self.may_hide_copies |= match turns.latest() {
            Turn::Foreign => true,
            Turn::None => has_parent,
            Turn::Untimed(_) | Turn::Own(_) => false,
        };
    }

    /// A reading was.
    pub(super) fn lose_reading(&mut self, turns: &mut Turns, has_parent: bool) {
        self.lose(turns, has_parent);
        let is_own = match turns.latest() {
            Turn::Own(_) => true,
            Turn::None | Turn::Untimed(_) => !has_parent,
            Turn::Foreign => false,
        };
        if is_own && !self.is_recorded {
            self.call.get_or_insert(TornCall { after: self.latest });
        }
    }

    /// The counter is read; tells whether copied readings may be hidden before it.
    pub(super) fn reading(&mut self) -> bool {
        std::mem::take(&mut self.may_hide_copies)
    }

    /// The counter moved on. If it did so from the reading before the torn one, as after a writer that was killed,
    /// nothing counts the call between, which is given.
    pub(super) fn moved_on(&mut self, is_one_call: bool) -> Option<TornCall> {
        (self.is_any, self.is_recorded) = (false, false);
        self.call.take().filter(|_| is_one_call)
    }
}
