//! Of which conversation a counter's readings are that nothing names.

use rustc_hash::FxHashMap;

use crate::event::{Id, Time, TokenUsage};
use crate::fold::facts::{Conversations, MARGIN_MS};

/// Gives readings that nothing names to the conversation whose session log holds the same one, if there is one only.
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
        let last = conversations.get(&unnamed).and_then(|facts| facts.readings.last());
        let Some(last) = last.map(|last| (last.total, last.stamp)) else { continue };
        let Some(Some((id, time))) = named.get(&last.0) else { continue };
        let apart = last.1.zip(*time).map_or(0, |(here, there)| here.millis_since(there));
        if apart.abs() <= MARGIN_MS {
            let readings = conversations.remove(&unnamed).map(|facts| facts.readings).unwrap_or_default();
            conversations.entry(id.clone()).or_default().readings.extend(readings);
        }
    }
}
