//! Whose a call is that several conversations show: resuming or forking one copies its history.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::facts::{CallFacts, ConversationFacts};
use crate::event::{CallKey, Id, Time};

/// What a conversation shows.
#[derive(Debug, Default)]
struct Shown<'a> {
    /// When the first of the calls was made that no other conversation shows.
    own_since: Option<Time>,
    calls: usize,
    parent: Option<&'a Id>,
}

/// Gives every copied call to the conversation that made it: not one whose parent shows it too; else the one with
/// nothing of its own, as the copies went on; else the one that went on first.
pub(super) fn attribute(
    calls: &mut FxHashMap<CallKey, Box<CallFacts>>,
    shared: &FxHashMap<CallKey, BTreeSet<Id>>,
    conversations: &FxHashMap<Id, Box<ConversationFacts>>,
) {
    let mut shown: FxHashMap<Id, Shown<'_>> = FxHashMap::default();
    for id in shared.values().flatten() {
        let parent = conversations.get(id).and_then(|facts| facts.parent.as_ref());
        shown.entry(id.clone()).or_insert(Shown { parent, ..Shown::default() }).calls += 1;
    }
    if shown.is_empty() {
        return;
    }
    for (_, call) in calls.iter().filter(|(key, _)| !shared.contains_key(*key)) {
        let Some(shown) = call.conversation.as_ref().and_then(|id| shown.get_mut(id)) else { continue };
        let time = call.time.unwrap_or(Time::MAX);
        shown.calls += 1;
        shown.own_since = Some(shown.own_since.map_or(time, |since| since.min(time)));
    }
    for (key, ids) in shared {
        let rank = |id: &&Id| {
            let of = shown.get(*id);
            let is_copy = of.and_then(|of| of.parent).is_some_and(|parent| ids.contains(parent));
            (is_copy, of.and_then(|of| of.own_since), of.map(|of| of.calls), (*id).clone())
        };
        if let (Some(call), Some(origin)) = (calls.get_mut(key), ids.iter().min_by_key(rank)) {
            call.conversation = Some(origin.clone());
        }
    }
}
