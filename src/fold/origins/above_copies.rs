//! What stands above a copied call in a session log was copied with it, though nothing else shows it: the log of the
//! session that made it is missing, and of its output the end is left.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::event::{CallKey, Id, Time};
use crate::fold::facts::{CallFacts, Calls, Conversations};

/// Gives such calls to the conversation that an output shows making the next one that was copied.
pub(super) fn give_above_copies(
    calls: &mut Calls,
    shared: &FxHashMap<CallKey, BTreeSet<Id>>,
    conversations: &Conversations,
) {
    let has_log = |id: &Id| conversations.get(id).is_some_and(|facts| !facts.logs.is_empty());
    // Who made the calls that each conversation copied, and when.
    let mut copied: FxHashMap<&Id, BTreeMap<Time, Id>> = FxHashMap::default();
    for (key, ids) in shared {
        let Some((maker, time)) = calls.get(key).and_then(|call| Some((call.made_by(ids)?, call.time?))) else {
            continue;
        };
        if !has_log(maker) {
            for id in ids.iter().filter(|id| *id != maker) {
                copied.entry(id).or_default().insert(time, maker.clone());
            }
        }
    }
    if copied.is_empty() {
        return;
    }
    let is_copy = |call: &CallFacts| call.is_logged && call.captured_in.is_none();
    for call in calls.values_mut().filter(|call| is_copy(call)) {
        let made = call.conversation.as_ref().and_then(|id| copied.get(id)).zip(call.time);
        if let Some((_, maker)) = made.and_then(|(made, time)| made.range(time..).next()) {
            call.conversation = Some(maker.clone());
        }
    }
}
