//! Conversations of which the harness counted more than their calls on record come to: some were never written down, or
//! were deleted.

use rustc_hash::{FxHashMap, FxHashSet};

use super::account::{Account, Accounts};
use crate::event::{Id, RunId, TokenUsage};
use crate::fold::facts::Conversations;

/// Marks the accounts of such conversations: nothing tells which of them lacks calls. `of_runs`: what harnesses counted
/// in runs, at least; with what they knew of earlier ones, where a run went on with a conversation.
pub(super) fn find_counted_more(
    accounts: &mut Accounts,
    conversations: &Conversations,
    of_runs: &FxHashMap<RunId, TokenUsage>,
) {
    let counted = conversations.iter().filter_map(|(id, facts)| Some((id, facts.counted?)));
    let counted: FxHashMap<&Id, TokenUsage> = counted.collect();
    if counted.is_empty() && of_runs.is_empty() {
        return;
    }
    let mut in_runs: FxHashMap<&RunId, FxHashSet<Id>> = FxHashMap::default();
    for (run, id) in accounts.keys() {
        if let Some((run, _)) = run.as_ref().and_then(|run| of_runs.get_key_value(run)) {
            in_runs.entry(run).or_default().insert(id.clone());
        }
    }
    let is_asked: FxHashSet<&Id> = in_runs.values().flatten().collect();
    let mut known: FxHashMap<Id, TokenUsage> = FxHashMap::default();
    for ((_, id), account) in accounts.iter() {
        if counted.contains_key(id) || is_asked.contains(id) {
            let sum = known.entry(id.clone()).or_default();
            *sum = sum.plus(&account.calls_total(id));
        }
    }
    let known = |id: &Id| known.get(id).copied().unwrap_or_default();
    let is_more = |(id, counted): &(&Id, TokenUsage)| counted.exceeds(&known(id));
    let more: FxHashSet<Id> = counted.into_iter().filter(is_more).map(|(id, _)| id.clone()).collect();
    let of_run = |run: &RunId| in_runs.get(run).into_iter().flatten().map(known).sum();
    let more_runs = of_runs.iter().filter(|(run, counted)| counted.exceeds(&of_run(run)));
    let more_runs: FxHashSet<&RunId> = more_runs.map(|(run, _)| run).collect();
    for ((run, id), account) in accounts.iter_mut() {
        account.ending.is_counted_more = more.contains(id) || run.as_ref().is_some_and(|run| more_runs.contains(run));
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
