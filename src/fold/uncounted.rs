//! Calls of which a record can't be counted, as it tells no usage or is torn. Another record of the same call may.

use std::collections::BTreeSet;

use super::conversation::ConversationFacts;
use super::facts::Facts;
use super::messages::id_of;
use super::place::Place;
use crate::event::{GROWING, Id, Time};

/// Where such a record stands. Sorted by the call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UncountedCall {
    /// The id of the call's message, or what it begins with; `None` where nothing tells.
    pub key: Option<Id>,
    /// When it was made.
    pub time: Option<Time>,
    /// Where the record stands.
    pub place: Place,
}

impl Facts {
    /// Drops those of which another record tells the usage, whatever source it stands in.
    pub(super) fn drop_counted(&mut self) {
        if self.conversations.values().all(|facts| facts.uncounted.is_empty()) {
            return;
        }
        let ids = self.calls.iter().filter_map(|(key, call)| Some((id_of(key)?, call.conversation.as_ref())));
        let unpacked: BTreeSet<(&str, Option<&Id>)> = ids.collect();
        for (id, facts) in &mut self.conversations {
            let messages = &facts.messages;
            let is_unpacked = |key: &str| {
                let mut from = unpacked.range((key, None)..).take_while(|(known, _)| known.starts_with(key));
                match key.ends_with(GROWING) {
                    true => from.any(|(_, conversation)| *conversation == Some(id)),
                    false => from.next().is_some_and(|(known, _)| *known == key),
                }
            };
            let is_counted =
                |call: &UncountedCall| call.key.as_deref().is_some_and(|key| messages.has(key) || is_unpacked(key));
            facts.uncounted.retain(|call| !is_counted(call));
        }
        self.drop_copied();
    }

    /// Drops what was copied from the conversation that one was branched from: there it is missed.
    fn drop_copied(&mut self) {
        let parent = |facts: &ConversationFacts| facts.parent.as_ref().and_then(|id| self.conversations.get(id));
        let copied = |id: &Id, facts: &ConversationFacts| {
            let missed: BTreeSet<&Id> = parent(facts)?.uncounted.iter().filter_map(|call| call.key.as_ref()).collect();
            let is_copy = |call: &&UncountedCall| call.key.as_ref().is_some_and(|key| missed.contains(key));
            let copied: Vec<UncountedCall> = facts.uncounted.iter().filter(is_copy).cloned().collect();
            (!copied.is_empty()).then(|| (id.clone(), copied))
        };
        let lacking = self.conversations.iter().filter(|(_, facts)| !facts.uncounted.is_empty());
        let copied: Vec<(Id, Vec<UncountedCall>)> = lacking.filter_map(|(id, facts)| copied(id, facts)).collect();
        for (id, calls) in copied {
            if let Some(facts) = self.conversations.get_mut(&id) {
                facts.uncounted.retain(|call| !calls.contains(call));
            }
        }
    }
}
