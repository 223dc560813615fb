//! A harness's result that names no call tells all the same which ones its latest query made: those in a row that come
//! to it.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::event::{CallKey, Id, Time, TokenUsage};
use crate::fold::facts::{Calls, Conversations};

/// A call of a main loop that a conversation's log shows.
struct Step<'a> {
    time: Time,
    key: &'a CallKey,
    usage: TokenUsage,
    /// The conversations that show it, if several do.
    shared_by: Option<&'a BTreeSet<Id>>,
}

/// Which of the conversations that show calls made them, as a result of that one alone comes to them.
pub(super) fn makers_by_results(
    calls: &Calls,
    shared: &FxHashMap<CallKey, BTreeSet<Id>>,
    conversations: &Conversations,
) -> Vec<(BTreeSet<Id>, Id)> {
    let sharing: FxHashSet<&Id> = shared.values().flatten().collect();
    let queries: FxHashMap<&Id, Vec<TokenUsage>> = conversations
        .iter()
        .filter(|(id, _)| sharing.contains(id))
        .map(|(id, facts)| {
            (id, facts.results.values().filter_map(|result| result.query.as_ref()).map(counts).collect())
        })
        .filter(|(_, queries): &(_, Vec<TokenUsage>)| !queries.is_empty())
        .collect();
    if queries.is_empty() {
        return Vec::new();
    }
    let mut steps: FxHashMap<&Id, Vec<Step<'_>>> = FxHashMap::default();
    for (key, call) in calls.iter().filter(|(_, call)| call.is_logged && !call.is_subagent) {
        let (Some(time), shared_by) = (call.time, shared.get(key)) else { continue };
        let own = call.conversation.as_ref().filter(|_| shared_by.is_none());
        for id in shared_by.into_iter().flatten().chain(own).filter(|id| queries.contains_key(id)) {
            steps.entry(id).or_default().push(Step { time, key, usage: counts(&call.usage), shared_by });
        }
    }
    let mut makers: FxHashMap<&BTreeSet<Id>, BTreeSet<&Id>> = FxHashMap::default();
    for (id, mut steps) in steps {
        steps.sort_unstable_by(|a, b| (a.time, a.key).cmp(&(b.time, b.key)));
        for made in queries.get(id).into_iter().flatten().filter_map(|query| made_by(&steps, |step| step.usage, query))
        {
            made.iter().filter_map(|step| step.shared_by).for_each(|ids| {
                makers.entry(ids).or_default().insert(id);
            });
        }
    }
    let only = |makers: BTreeSet<&Id>| makers.first().filter(|_| makers.len() == 1).map(|only| (*only).clone());
    makers.into_iter().filter_map(|(ids, makers)| Some((ids.clone(), only(makers)?))).collect()
}

/// What a result and a log both tell of usage.
pub(super) fn counts(usage: &TokenUsage) -> TokenUsage {
    TokenUsage { cache_creation_1h_input_tokens: 0, reasoning_output_tokens: None, ..*usage }
}

/// The first steps in a row that come to a query's usage.
pub(super) fn made_by<'s, T>(steps: &'s [T], usage: impl Fn(&T) -> TokenUsage, query: &TokenUsage) -> Option<&'s [T]> {
    let (mut start, mut sum) = (0, TokenUsage::default());
    for (end, step) in steps.iter().enumerate() {
        sum = sum.plus(&usage(step));
        while sum.total_tokens() > query.total_tokens() && start < end {
            sum = sum.minus(&usage(steps.get(start)?));
            start += 1;
        }
        if sum == *query && !query.is_zero() {
            return steps.get(start..=end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::made_by;
    use crate::event::TokenUsage;

    fn input(input_tokens: u64) -> TokenUsage {
        TokenUsage { input_tokens, ..TokenUsage::default() }
    }

    #[test]
    fn a_query_made_the_calls_in_a_row_that_come_to_it() {
        let steps = [50, 100, 0, 300];
        let made = |query| made_by(&steps, |step| input(*step), &input(query)).map(<[u64]>::to_vec);
        assert_eq!(made(150), Some(vec![50, 100]));
        assert_eq!(made(400), Some(vec![100, 0, 300]));
        assert_eq!(made(450), Some(vec![50, 100, 0, 300]));
        assert_eq!([made(350), made(500), made(0)], [None, None, None]);
    }
}
