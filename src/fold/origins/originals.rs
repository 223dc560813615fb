//! Copies in session logs whose originals aren't among the sources.

use rustc_hash::FxHashSet;

use crate::event::{Id, TokenUsage};
use crate::fold::facts::{ConversationFacts, Conversations};

/// The conversations whose logs name no other one, and hold readings from before they began that nothing else shows:
/// copies, as a branch begins with, or their own, if the clock was set.
pub(super) fn without_originals(conversations: &Conversations) -> FxHashSet<Id> {
    let is_copying = |facts: &ConversationFacts| {
        facts.parent.is_none() && facts.has_counter_log && facts.log.inherited().next().is_some()
    };
    let copying = || conversations.iter().filter(|(_, facts)| is_copying(facts));
    let copied: FxHashSet<TokenUsage> = copying().flat_map(|(_, facts)| facts.log.inherited()).collect();
    if copied.is_empty() {
        return FxHashSet::default();
    }
    let logged = conversations.values().flat_map(|facts| facts.log.dated_readings().map(|(total, _)| total));
    let others = conversations.values().filter(|facts| !is_copying(facts));
    let shown = others.flat_map(|facts| facts.readings.iter().map(|reading| reading.total));
    let known: FxHashSet<TokenUsage> = logged.chain(shown).filter(|total| copied.contains(total)).collect();
    let lacks = |facts: &ConversationFacts| facts.log.inherited().any(|total| !known.contains(&total));
    copying().filter(|(_, facts)| lacks(facts)).map(|(id, _)| id.clone()).collect()
}
