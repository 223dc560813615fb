//! Whose it is that what had been said was summed up, where several logs show it: forking a conversation copies that, too.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Id, Time};
use crate::fold::facts::{Calls, ConversationFacts, Conversations};

/// Leaves such a place to the conversation that made the latest call above it, of those whose logs show it: to the others
/// their calls above it came with it. Calls must have been given to the conversations that made them.
pub(super) fn give_compactions(calls: &Calls, conversations: &mut Conversations) {
    let mut shown: BTreeMap<Id, (BTreeSet<Id>, Option<Time>)> = BTreeMap::new();
    for (id, facts) in conversations.iter() {
        for (key, time) in compactions(facts) {
            let (ids, known) = shown.entry(key.clone()).or_default();
            ids.insert(id.clone());
            *known = time.max(*known);
        }
    }
    shown.retain(|_, (ids, _)| ids.len() > 1);
    if shown.is_empty() {
        return;
    }
    let sharing: BTreeSet<Id> = shown.values().flat_map(|(ids, _)| ids).cloned().collect();
    let mut made: BTreeMap<Id, BTreeSet<Time>> = BTreeMap::new();
    for call in calls.values() {
        if let Some((id, time)) = call.conversation.as_ref().filter(|id| sharing.contains(*id)).zip(call.time) {
            made.entry(id.clone()).or_default().insert(time);
        }
    }
    for id in &sharing {
        let packed = conversations.get(id).into_iter().flat_map(|facts| &facts.messages.calls);
        made.entry(id.clone()).or_default().extend(packed.filter_map(|call| call.time()));
    }
    for (key, (ids, time)) in shown {
        let Some(time) = time else { continue };
        let latest = |id: &Id| made.get(id).and_then(|made| made.range(..=time).next_back());
        let Some(owner) = ids.iter().filter(|id| latest(id).is_some()).max_by_key(|id| latest(id)) else { continue };
        for id in ids.iter().filter(|id| *id != owner) {
            if let Some(facts) = conversations.get_mut(id) {
                facts.uncounted.retain(|call| !(call.is_compaction && call.key.as_ref() == Some(&key)));
            }
        }
    }
}

fn compactions(facts: &ConversationFacts) -> impl Iterator<Item = (&Id, Option<Time>)> {
    let places = facts.uncounted.iter().filter(|call| call.is_compaction);
    places.filter_map(|call| Some((call.key.as_ref()?, call.time)))
}
