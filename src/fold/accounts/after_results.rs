//! Runs that nothing tells the end of, whose outputs end with what their processes came to: what goes beyond that,
//! somebody else did who went on with the conversation.

use std::collections::BTreeMap;

use super::account::{Account, AccountKey, Accounts, Left};
use super::places::Places;
use super::spans::{Span, Timeline};
use crate::event::{CallKey, Id, Time, TokenUsage};
use crate::fold::facts::{CallFacts, ResultFacts};

type Calls = BTreeMap<CallKey, Box<CallFacts>>;

/// What somebody did who went on with a run's conversation.
#[derive(Default)]
struct Others {
    calls: Calls,
    /// Whether calls may be theirs that the run has.
    may_be_more: bool,
}

impl Places {
    /// Takes from such runs what is somebody else's. `left` learns since when that is.
    pub(super) fn leave_after_results(&self, accounts: &mut Accounts, left: &mut Left) {
        let mut taken: Vec<(AccountKey, Others)> = Vec::new();
        for (key, account) in accounts.iter_mut() {
            let Some(run) = key.0.as_ref().filter(|run| self.is_endless(run)) else { continue };
            let others = account.leave_after_results(self.is_torn(run));
            if let Some(since) = others.calls.values().filter_map(|call| call.time).min() {
                left.entry(key.1.clone()).or_default().insert(key.0.clone(), since);
            }
            taken.push(((None, key.1.clone()), others));
        }
        for (key, Others { calls, may_be_more }) in taken.into_iter().filter(|(_, others)| !others.calls.is_empty()) {
            let account = accounts.entry(key).or_default();
            account.calls.extend(calls);
            account.ending.may_be_more |= may_be_more;
        }
    }
}

impl Account {
    /// Calls that a session log alone shows are the run's until the first one of the main loop behind the last that its
    /// output shows, or that its results' latest queries made. Where nothing tells of either, or a record of the output
    /// `is_torn`, they are the run's in the order of their times until its results have no room for the next one.
    fn leave_after_results(&mut self, is_torn: bool) -> Others {
        let is_shown = |call: &CallFacts| call.captured_in.is_some() && !call.is_subagent;
        let is_open = self.calls.values().any(|call| is_shown(call) && !call.is_covered);
        if self.results.is_empty() || is_open {
            return Others::default();
        }
        let shown = self.calls.values().filter(|call| is_shown(call)).filter_map(|call| call.time).max();
        let shown = shown.max(self.last_of_queries());
        let is_hidden = |call: &CallFacts| call.is_logged && call.captured_in.is_none() && !call.is_covered;
        let (mut later, before): (Vec<_>, Vec<_>) =
            self.calls.iter().partition(|(_, call)| is_hidden(call) && call.time > shown);
        later.sort_by_key(|(key, call)| (call.time, *key));
        let mut room = Room::of(&self.results);
        // Results that count less than what is known to be the run's tell nothing of the rest.
        if !before.iter().all(|(_, call)| room.take(call)) {
            return Others::default();
        }
        let is_told = shown.is_some() && !is_torn;
        let is_next = |call: &CallFacts| if is_told { !call.is_subagent } else { !room.take(call) };
        let Some(next) = later.iter().map(|(_, call)| &***call).position(is_next) else { return Others::default() };
        let since = later.get(next).and_then(|(_, call)| call.time);
        let may_be_more = !is_told && later.iter().take(next).any(|(_, call)| room.is_left(call));
        let keys: Vec<CallKey> =
            later.iter().filter(|(_, call)| call.time >= since).map(|(key, _)| (*key).clone()).collect();
        let calls = keys.into_iter().filter_map(|key| self.calls.remove_entry(&key)).collect();
        Others { calls, may_be_more }
    }
}

impl Account {
    /// When the last call was answered that its results' latest queries made; `None` if nothing tells of one of them.
    fn last_of_queries(&self) -> Option<Time> {
        let timeline = Timeline::new(&self.calls);
        let last = |span: Option<Span>| timeline.within(&span?.mains).last()?.call.time;
        let spans = timeline.spans(&self.results, true).into_iter();
        spans.map(last).collect::<Option<Vec<Time>>>()?.into_iter().max()
    }
}

/// What results count beside the calls that are known to be theirs.
struct Room {
    /// By model; by none where a result tells none.
    left: BTreeMap<Option<Id>, TokenUsage>,
    names_models: bool,
}

impl Room {
    fn of(results: &[ResultFacts]) -> Room {
        let names_models = results.iter().all(ResultFacts::names_models);
        let mut left: BTreeMap<Option<Id>, TokenUsage> = BTreeMap::new();
        for model in results.iter().flat_map(|result| &result.total) {
            let sum = left.entry(model.model.clone().filter(|_| names_models)).or_default();
            *sum = sum.plus(&model.usage);
        }
        Room { left, names_models }
    }

    /// Takes a call, if there is room for it. What a query tells without models leaves its sub-agents out.
    fn take(&mut self, call: &CallFacts) -> bool {
        if call.is_subagent && !self.names_models {
            return true;
        }
        let room = self.left.get_mut(&call.model.clone().filter(|_| self.names_models));
        let room = room.filter(|room| !call.usage.exceeds(room));
        room.map(|room| *room = room.minus(&call.usage)).is_some()
    }

    /// Whether there is room for more calls of its model.
    fn is_left(&self, call: &CallFacts) -> bool {
        self.left.get(&call.model.clone().filter(|_| self.names_models)).is_some_and(|room| !room.is_zero())
    }
}
