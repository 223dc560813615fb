//! Whose a call is that several conversations show: resuming or forking one copies its history.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::facts::{CallFacts, ConversationFacts};
use crate::event::{CallKey, Id, Time};

/// What a conversation shows.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// When the first of the calls was made that no other conversation shows.
    own_since: Option<Time>,
    /// How many calls it shows.
    calls: usize,
    parent: Option<Id>,
}

impl Shown {
    pub(super) fn new(parent: Option<Id>) -> Shown {
        Shown { parent, ..Shown::default() }
    }

    /// Learns of a call that others show, too.
    pub(super) fn shares(&mut self) {
        self.calls += 1;
    }

    /// Learns of a call that no other shows.
    pub(super) fn owns(&mut self, time: Option<Time>) {
        let time = time.unwrap_or(Time::MAX);
        self.calls += 1;
        self.own_since = Some(self.own_since.map_or(time, |since| since.min(time)));
    }
}

/// Which of the conversations that show a call made it: not one whose parent shows it too; else the one with
/// nothing of its own, as the copies went on; else the one that went on first.
pub(super) fn origin<'a>(ids: &'a BTreeSet<Id>, shown: &FxHashMap<Id, Shown>) -> Option<&'a Id> {
    let rank = |id: &&Id| {
        let of = shown.get(*id);
        let is_copy = of.and_then(|of| of.parent.as_ref()).is_some_and(|parent| ids.contains(parent));
        (is_copy, of.and_then(|of| of.own_since), of.map(|of| of.calls), (*id).clone())
    };
    ids.iter().min_by_key(rank)
}

/// Gives every copied call to the conversation that made it.
pub(super) fn attribute(
    calls: &mut FxHashMap<CallKey, Box<CallFacts>>,
    shared: &FxHashMap<CallKey, BTreeSet<Id>>,
    conversations: &FxHashMap<Id, Box<ConversationFacts>>,
) {
    let mut shown: FxHashMap<Id, Shown> = FxHashMap::default();
    for id in shared.values().flatten() {
        let parent = || conversations.get(id).and_then(|facts| facts.parent.clone());
        shown.entry(id.clone()).or_insert_with(|| Shown::new(parent())).shares();
    }
    if shown.is_empty() {
        return;
    }
    for (_, call) in calls.iter().filter(|(key, _)| !shared.contains_key(*key)) {
        if let Some(shown) = call.conversation.as_ref().and_then(|id| shown.get_mut(id)) {
            shown.owns(call.time);
        }
    }
    for (key, ids) in shared {
        if let (Some(call), Some(origin)) = (calls.get_mut(key), origin(ids, &shown)) {
            call.conversation = Some(origin.clone());
        }
    }
}
