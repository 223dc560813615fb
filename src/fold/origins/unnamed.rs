//! What a sub-agent's log counts of the conversation that it was started from, where it names none: reviewers begin with
//! another one's counter.

use crate::event::Doubt;
use crate::fold::facts::SessionLog;

/// The first calls of a log that are another conversation's.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Unnamed {
    /// How many they are. Readings stand in a log's order before all else.
    pub(super) count: usize,
    /// Whether some of them may be the conversation's own.
    pub(super) is_floor: bool,
}

impl Unnamed {
    /// Of a sub-agent that names no parent. Its calls are made in turns: what the counter read before the first one is
    /// another's. A counter that is above its latest call when it is first read didn't begin with the conversation.
    pub(super) fn of(log: &SessionLog) -> Unnamed {
        let readings = || log.calls.iter().filter(|call| call.key.total().is_some());
        let Some(first) = readings().next() else { return Unnamed::default() };
        let goes_on = first.may_be_several && first.doubt != Doubt::None;
        let before_turns = readings().take_while(|call| call.doubt == Doubt::Child).count();
        let is_before_a_turn = before_turns > 0 && readings().nth(before_turns).is_some();
        match (is_before_a_turn, goes_on) {
            // A copy of the whole history begins as a call of its own would.
            (true, goes_on) => Unnamed { count: before_turns, is_floor: !goes_on },
            // Codex repeats what it restores, latest call and all.
            (false, true) => Unnamed { count: 1, is_floor: true },
            (false, false) => Unnamed::default(),
        }
    }

    /// Whether the call at this place of the log is one of them.
    pub(super) fn has(&self, at: usize) -> bool {
        at < self.count
    }
}
