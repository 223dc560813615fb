//! Of which conversation a counter's readings are that nothing names.

use rustc_hash::FxHashMap;

use crate::event::{Id, Time, TokenUsage};
use crate::fold::facts::{Conversations, MARGIN_MS};

/// Gives readings that nothing names to the conversation of the same machine whose session log holds the same one, if
/// there is one only.
pub(super) fn name_by_reading(conversations: &mut Conversations) {
    let unnamed: Vec<Id> = conversations
        .iter()
        .filter(|(id, facts)| id.is_anonymous() && !facts.readings.is_empty() && !facts.has_counter_log)
        .map(|(id, _)| id.clone())
        .collect();
    if unnamed.is_empty() {
        return;
    }
    let mut named: FxHashMap<TokenUsage, Option<(Id, Option<Time>)>> = FxHashMap::default();
    for (id, facts) in conversations.iter() {
        for (total, time) in facts.log.dated_readings() {
            let known = named.entry(total).or_insert_with(|| Some((id.clone(), time)));
            if known.as_ref().is_some_and(|(other, _)| other != id) {
                *known = None;
            }
        }
    }
    for unnamed in unnamed {
        let Some(facts) = conversations.get(&unnamed) else { continue };
        let Some(last) = facts.readings.last() else { continue };
        let Some(Some((id, time))) = named.get(&last.total) else { continue };
        let apart = last.stamp.zip(*time).map_or(0, |(here, there)| here.millis_since(there));
        let is_here = conversations.get(id).is_some_and(|named| named.hosts.meets(&facts.hosts));
        if apart.abs() <= MARGIN_MS && is_here {
            let readings = conversations.remove(&unnamed).map(|facts| facts.readings).unwrap_or_default();
            conversations.entry(id.clone()).or_default().readings.extend(readings);
        }
    }
}
