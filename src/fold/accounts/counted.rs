//! Conversations of which the harness counted more than their calls on record come to: some were never written down, or
//! were deleted.

use rustc_hash::{FxHashMap, FxHashSet};

use super::account::{Account, Accounts};
use crate::event::{Id, TokenUsage};
use crate::fold::facts::Conversations;

/// Marks the accounts of such conversations: nothing tells which of them lacks calls.
pub(super) fn find_counted_more(accounts: &mut Accounts, conversations: &Conversations) {
    let counted = conversations.iter().filter_map(|(id, facts)| Some((id, facts.counted?)));
    let counted: FxHashMap<&Id, TokenUsage> = counted.collect();
    if counted.is_empty() {
        return;
    }
    let mut known: FxHashMap<&Id, TokenUsage> = FxHashMap::default();
    for ((_, id), account) in accounts.iter() {
        if counted.contains_key(id) {
            let sum = known.entry(id).or_default();
            *sum = sum.plus(&account.calls_total(id));
        }
    }
    let is_more = |(id, counted): &(&Id, TokenUsage)| counted.exceeds(&known.get(id).copied().unwrap_or_default());
    let more: FxHashSet<Id> = counted.into_iter().filter(is_more).map(|(id, _)| id.clone()).collect();
    for ((_, id), account) in accounts.iter_mut() {
        account.ending.is_counted_more = more.contains(id);
    }
}

impl Account {
    /// What its calls come to.
    fn calls_total(&self, conversation: &Id) -> TokenUsage {
        let seen: TokenUsage = self.calls.values().map(|call| &call.usage).sum();
        let packed: TokenUsage = self.messages.calls(conversation).map(|(_, call)| call.usage).sum();
        seen.plus(&packed)
    }
}
