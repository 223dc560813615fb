//! Whose counter a reading is of that names nobody: it tells the latest call, and that was just answered.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::event::{Call, Counter, Id, TokenUsage};

/// How many of the latest calls a counter's reading may be the twin of.
const RECENT: usize = 256;

/// The latest calls, and what the counters of their conversations read.
#[derive(Debug, Default)]
pub(super) struct Twins {
    recent: VecDeque<(TokenUsage, Id)>,
    /// What the counter of each conversation read last.
    counted: FxHashMap<Id, TokenUsage>,
}

impl Twins {
    /// Takes the next call.
    pub(super) fn call(&mut self, call: &Call) {
        if let Some(id) = &call.conversation {
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back((call.usage, id.clone()));
        }
    }

    /// Takes the next reading of a conversation's counter.
    pub(super) fn reading(&mut self, id: &Id, counter: &Counter) {
        let total = counter.tokens();
        match self.counted.get_mut(id) {
            Some(known) => *known = total,
            None => {
                self.counted.insert(id.clone(), total);
            }
        }
    }

    /// The conversation whose call a reading tells. Of calls that are equal, it is the latest whose conversation's
    /// counter would read so after it, or else the latest.
    pub(super) fn conversation_of(&self, counter: &Counter) -> Option<&Id> {
        let last = counter.last?;
        let mut twins = self.recent.iter().rev().filter(|(usage, _)| *usage == last).map(|(_, id)| id);
        let latest = twins.next()?;
        let total = counter.tokens();
        let fits = |id: &&Id| match self.counted.get(*id) {
            Some(known) => *known == total || known.plus(&last) == total,
            None => TokenUsage::default().plus(&last) == total,
        };
        if fits(&latest) { Some(latest) } else { twins.find(fits).or(Some(latest)) }
    }
}
