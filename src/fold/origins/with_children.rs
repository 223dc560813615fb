//! Counters that count what children used, too, and don't tell how much of it.

use rustc_hash::FxHashSet;

use crate::event::Id;
use crate::fold::facts::Conversations;

/// Drops the readings of such counters where a child names the conversation: what that used of its own is unknown.
pub(super) fn drop_readings_with_children(conversations: &mut Conversations) {
    if !conversations.values().any(|facts| facts.counts_children) {
        return;
    }
    let parents: FxHashSet<Id> = conversations.values().filter_map(|facts| facts.parent.clone()).collect();
    let counting = conversations.iter_mut().filter(|(id, facts)| facts.counts_children && parents.contains(*id));
    for (_, facts) in counting {
        facts.is_answered |= !facts.readings.is_empty();
        facts.readings.clear();
    }
}
