//! Runs that nothing tells the end of, whose outputs end with what their processes came to: what goes beyond that,
//! somebody else did who went on with the conversation.

use std::collections::BTreeMap;

use super::LeftAt;
use super::account::{Account, AccountKey, Accounts};
use super::hidden::by_model;
use super::places::Places;
use crate::event::{CallKey, RunId};
use crate::fold::facts::CallFacts;

type Calls = BTreeMap<CallKey, Box<CallFacts>>;

impl Places {
    /// Takes the calls from such runs that their results have no room for. `left` learns since when that is.
    pub(super) fn leave_after_results(&self, accounts: &mut Accounts, left: &mut LeftAt) {
        let mut taken: Vec<(AccountKey, Calls)> = Vec::new();
        let is_endless = |run: &Option<RunId>| run.as_ref().is_some_and(|run| self.is_endless(run));
        for (key, account) in accounts.iter_mut().filter(|((run, _), _)| is_endless(run)) {
            let calls = account.leave_after_results();
            left.extend(calls.values().filter_map(|call| call.time).min().map(|since| (key.clone(), since)));
            taken.push(((None, key.1.clone()), calls));
        }
        for (key, calls) in taken.into_iter().filter(|(_, calls)| !calls.is_empty()) {
            accounts.entry(key).or_default().calls.extend(calls);
        }
    }
}

impl Account {
    /// In the order of times, calls that a session log alone shows are the run's until its results have no room for the
    /// next one. Those of before the last one that its output shows are its own in any case.
    fn leave_after_results(&mut self) -> Calls {
        let is_own = |call: &CallFacts| call.captured_in.is_some() && !call.is_subagent;
        let is_open = self.calls.values().any(|call| is_own(call) && !call.is_covered);
        if self.results.is_empty() || is_open {
            return Calls::new();
        }
        let shown = self.calls.values().filter(|call| is_own(call)).filter_map(|call| call.time).max();
        let totals = || self.results.iter().flat_map(|result| &result.total);
        let names_models = totals().all(|total| total.model.is_some());
        let mut room = by_model(totals(), names_models);
        let mut hidden: Vec<(&CallKey, &CallFacts)> = Vec::new();
        let mut take = |call: &CallFacts| match room.get_mut(&call.model.clone().filter(|_| names_models)) {
            _ if call.is_subagent && !names_models => true,
            Some(room) if !call.usage.exceeds(room) => {
                *room = room.minus(&call.usage);
                true
            }
            _ => false,
        };
        for (key, call) in &self.calls {
            let is_hidden = call.is_logged && call.captured_in.is_none() && !call.is_covered;
            if is_hidden && call.time > shown {
                hidden.push((key, call));
            } else if !take(call) {
                return Calls::new();
            }
        }
        hidden.sort_by_key(|(key, call)| (call.time, *key));
        let since = hidden.iter().find(|(_, call)| !take(call)).map(|(_, call)| call.time);
        let Some(since) = since else { return Calls::new() };
        let left: Vec<CallKey> =
            hidden.iter().filter(|(_, call)| call.time >= since).map(|(key, _)| (*key).clone()).collect();
        left.into_iter().filter_map(|key| self.calls.remove_entry(&key)).collect()
    }
}
