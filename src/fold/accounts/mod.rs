//! Every fact goes to one conversation of one owner.

mod account;
mod ends;
mod growth;
mod held;
mod hidden;
mod holders;
mod log_shares;
mod logged;
mod losses;
mod parts;
mod places;
mod twins;
mod unsure;
mod untold;
mod weigh;
mod weighed;

pub(in crate::fold) use self::account::Account;
pub(in crate::fold) use self::ends::Ends;
pub(in crate::fold) use self::places::Places;
pub(in crate::fold) use self::weighed::{Rows, Weighed};

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use self::account::AccountKey;
use self::growth::{Uncovered, shares};
use self::held::Readings;
use self::log_shares::log_shares;
use crate::event::{CallKey, Id, RunId, Time, TokenUsage};
use crate::fold::facts::{CallFacts, ConversationFacts, Place, Reading, UncountedCall, main_of};
use crate::fold::origins::{Own, take_own_calls};
use crate::fold::rows::Reason;

impl Places {
    /// Gives every fact to one conversation of one owner.
    pub(super) fn accounts(
        &mut self,
        mut conversations: FxHashMap<Id, Box<ConversationFacts>>,
        calls: FxHashMap<CallKey, Box<CallFacts>>,
    ) -> BTreeMap<AccountKey, Account> {
        let mut accounts: BTreeMap<AccountKey, Account> = BTreeMap::new();
        let mut between: FxHashMap<Id, Vec<Uncovered>> = FxHashMap::default();
        drop_named_twins(&mut conversations);
        let mut own = take_own_calls(&mut conversations, |id| self.shown.contains_key(id));
        let mut seen: FxHashMap<Id, Vec<(CallKey, Box<CallFacts>)>> = FxHashMap::default();
        let mut by_account: FxHashMap<AccountKey, Vec<(CallKey, Box<CallFacts>)>> = FxHashMap::default();
        for (key, call) in calls {
            let Some(conversation) = call.conversation.clone() else { continue };
            if matches!(key, CallKey::Trace(..)) && own.contains_key(&conversation) {
                seen.entry(conversation).or_default().push((key, call));
                continue;
            }
            let run = self.of(&conversation, &call.runs, call.time);
            if let Some(time) = call.time.filter(|_| !call.is_covered) {
                let call = Uncovered { time, run: run.clone(), usage: call.usage };
                between.entry(conversation.clone()).or_default().push(call);
            }
            by_account.entry((run, conversation)).or_default().push((key, call));
        }
        for (account, calls) in by_account {
            accounts.entry(account).or_default().calls = calls.into_iter().collect();
        }
        let everywhere = Readings::of(&own);
        let spawners = self.spawners(&conversations);
        let mut left: FxHashMap<AccountKey, Time> = FxHashMap::default();
        // What spawned sub-agents comes first.
        let mut ordered: Vec<(&Id, &mut Box<ConversationFacts>)> = conversations.iter_mut().collect();
        ordered.sort_by_key(|(_, facts)| facts.is_subagent);
        for (id, facts) in ordered {
            if let Some(main) = spawners.get(id) {
                self.leave_to_others(id, |run| left.get(&(Some(run.clone()), main.clone())));
            }
            let mut readings = std::mem::take(&mut facts.readings);
            facts.drop_counted_ends(&readings);
            if let Some(own) = own.get(id) {
                date(&mut readings, own);
            }
            self.place_readings(id, &mut readings);
            for reading in &mut readings {
                reading.model = reading.model.take().or_else(|| facts.model.clone());
            }
            if let Some(own) = own.remove(id) {
                let seen = seen.remove(id).unwrap_or_default();
                for (run, logged) in log_shares(self, id, own, readings, seen, &everywhere) {
                    left.extend(logged.left_at.map(|since| ((run.clone(), id.clone()), since)));
                    accounts.entry((run, id.clone())).or_default().logged = Some(logged);
                }
            } else {
                let mut uncovered = between.remove(id).unwrap_or_default();
                uncovered.sort_by_key(|call| call.time);
                let starts_in = |run: &RunId| self.starts_in(id, run);
                let begins_in = |run: &RunId| starts_in(run) && facts.begins.contains(&Some(run.clone()));
                let (start_of, before) = (|run: &RunId| self.start_of(run), |run: &RunId| self.ends.before(id, run));
                for (run, share) in shares(readings, &uncovered, starts_in, begins_in, start_of, before) {
                    accounts.entry((run, id.clone())).or_default().share = Some(share);
                }
            }
            let messages = std::mem::take(&mut facts.messages);
            if self.is_shown_by_a_run(id) {
                for (key, call) in messages.unpack(id) {
                    let run = self.of(id, &call.runs, call.time);
                    accounts.entry((run, id.clone())).or_default().calls.insert(key, call);
                }
            } else if !messages.is_empty() {
                accounts.entry((None, id.clone())).or_default().messages = messages;
            }
            let mut results: Vec<_> = facts.results.drain().filter(|(_, result)| !result.is_superseded).collect();
            results.sort_by(|a, b| a.0.cmp(&b.0));
            for (_, result) in results {
                let run = self.of(id, &result.runs, result.time);
                accounts.entry((run, id.clone())).or_default().results.push(result);
            }
        }
        let unsure = accounts.iter_mut().filter_map(|((_, id), account)| Some((id.clone(), account.settle_unsure()?)));
        for (id, unsure) in unsure.collect::<Vec<_>>() {
            accounts.entry((None, id)).or_default().add_unsure(unsure);
        }
        // A run that shows one has a quality of its own.
        for (id, _) in conversations.iter().filter(|(id, facts)| facts.is_asked() && !self.is_shown_by_a_run(id)) {
            let account = accounts.entry((None, id.clone())).or_default();
            account.is_unmeasured = !account.has_usage();
        }
        let last = self.last_of_cut_logs(&accounts, &conversations);
        let uncounted = self.uncounted(&conversations, &last, |call| call.agent.is_none());
        let of_agents = self.uncounted(&conversations, &last, |call| call.agent.is_some());
        for (run, id) in uncounted.keys() {
            let account = accounts.entry((run.clone(), id.clone())).or_default();
            account.is_unmeasured |= !account.has_usage();
        }
        self.miss_parents(&mut accounts, &conversations);
        let unplaced = self.unplaced(&accounts);
        for ((run, id), account) in &mut accounts {
            let Some(facts) = conversations.get(id) else { continue };
            let is_only_run = self.shown.get(id).is_some_and(|runs| runs.len() == 1);
            let is_theirs = |run: &RunId| self.joined.runs.get(id).is_some_and(|runs| runs.contains(run));
            account.is_joined = run.as_ref().is_some_and(is_theirs);
            account.has_log = !facts.logs.is_empty();
            account.has_open_capture = run.is_none() && facts.has_open_capture();
            account.harness.clone_from(&facts.harness);
            account.billing = facts.billing;
            account.host = facts.host.clone();
            account.model.clone_from(&facts.model);
            let begins_elsewhere = is_only_run && !facts.begins.is_empty() && account.goes_on_from_elsewhere();
            // Of several runs, each has its own where the log of the whole session tells when calls were made.
            let is_placed = |run: &RunId| !self.is_endless(run) && !unplaced.contains(&(run.clone(), id.clone()));
            let is_in_log = facts.begins.contains(&None) && run.as_ref().is_some_and(is_placed);
            let begins_in_log = is_in_log && reaches_to_output(account);
            account.begins = facts.begins.contains(run) || begins_elsewhere || begins_in_log;
            let is_logs = run.is_none() || (last.get(id) == Some(run) && !account.tells_its_end());
            let lost = uncounted.get(&(run.clone(), id.clone()));
            if let (Some(_), Some(logged)) = (lost, &mut account.logged) {
                logged.lack(Reason::StillStreaming);
            }
            let lost = lost.filter(|_| run.is_none() || !account.tells_its_end());
            account.lacks_agent = of_agents.contains_key(&(run.clone(), id.clone()));
            account.unfinished = lost
                .map(|place| (None, place.clone()))
                .or_else(|| facts.end_in(run, is_logs, |message| account.time_of(message)));
        }
        accounts
    }

    /// The runs of conversations that calls may belong to which are nobody's, as several were at work then.
    fn unplaced(&self, accounts: &BTreeMap<AccountKey, Account>) -> BTreeSet<(RunId, Id)> {
        let several = |id: &Id| self.shown.get(id).filter(|runs| runs.len() > 1);
        let bare = accounts.iter().filter(|((run, _), _)| run.is_none());
        let bare = bare.filter_map(|((_, id), account)| Some((id, several(id)?, account)));
        let of_runs = bare.flat_map(|(id, runs, account)| {
            let is_of = |run: &&RunId| account.calls.values().any(|call| self.is_at_work(run, call.time));
            runs.keys().filter(is_of).map(|run| (run.clone(), id.clone()))
        });
        of_runs.collect()
    }

    /// Of a run whose sub-agents alone are known to have used anything, the conversation that its output names is
    /// missing, or the one that spawned them.
    fn miss_parents(
        &self,
        accounts: &mut BTreeMap<AccountKey, Account>,
        conversations: &FxHashMap<Id, Box<ConversationFacts>>,
    ) {
        let is_sub_agents = |id: &Id| conversations.get(id).is_some_and(|facts| facts.is_subagent);
        let mut of_runs: FxHashMap<&RunId, bool> = FxHashMap::default();
        for ((run, id), _) in accounts.iter().filter(|(_, account)| account.has_usage()) {
            if let Some(run) = run {
                let is_all = of_runs.entry(run).or_insert(true);
                *is_all &= is_sub_agents(id);
            }
        }
        let lacking = |run: &RunId| of_runs.get(run).copied().unwrap_or(false);
        let named = conversations.iter().filter(|(_, facts)| !facts.is_subagent);
        let named =
            named.flat_map(|(id, facts)| facts.naming().chain(facts.begins.iter().flatten()).map(move |run| (run, id)));
        let spawned = accounts.keys().filter_map(|(run, id)| Some((run.as_ref()?, main_of(conversations, id)?)));
        let missing = named.chain(spawned).filter(|(run, _)| lacking(run));
        let missing: Vec<AccountKey> = missing.map(|(run, id)| (Some(run.clone()), id.clone())).collect();
        for key in missing {
            accounts.entry(key).or_default().is_unmeasured = true;
        }
    }

    /// Whose those calls are that no record counts, and where one of them stands, as far as they are meant.
    fn uncounted(
        &self,
        conversations: &FxHashMap<Id, Box<ConversationFacts>>,
        last: &FxHashMap<Id, Option<RunId>>,
        is_meant: impl Fn(&UncountedCall) -> bool,
    ) -> FxHashMap<AccountKey, Place> {
        let mut uncounted: FxHashMap<AccountKey, Place> = FxHashMap::default();
        let all = conversations.iter().flat_map(|(id, facts)| facts.uncounted.iter().map(move |call| (id, call)));
        for (id, call) in all.filter(|(_, call)| is_meant(call)) {
            let run = match call.time {
                Some(_) => self.of_logged(id, &BTreeSet::new(), call.time, None),
                None => last.get(id).cloned().flatten(),
            };
            let known = uncounted.entry((run, id.clone())).or_insert_with(|| call.place.clone());
            if call.place < *known {
                known.clone_from(&call.place);
            }
        }
        uncounted
    }

    /// Who went on last with each conversation whose session log is cut: a run, unless calls came after all runs.
    fn last_of_cut_logs(
        &self,
        accounts: &BTreeMap<AccountKey, Account>,
        conversations: &FxHashMap<Id, Box<ConversationFacts>>,
    ) -> FxHashMap<Id, Option<RunId>> {
        let mut last: FxHashMap<Id, Option<RunId>> = FxHashMap::default();
        let lacks_some = |facts: &ConversationFacts| facts.has_cut_log() || !facts.uncounted.is_empty();
        let is_cut = |id: &Id| conversations.get(id).is_some_and(|facts| lacks_some(facts));
        let rank = |run: &Option<RunId>| (run.is_none(), run.as_ref().and_then(|run| self.start_of(run)), run.clone());
        for ((run, id), _) in accounts.iter().filter(|((_, id), account)| is_cut(id) && account.has_usage()) {
            let known = last.entry(id.clone()).or_insert_with(|| run.clone());
            if rank(known) < rank(run) {
                known.clone_from(run);
            }
        }
        last
    }
}

/// Whether a session log reaches to the first call that the run's output shows; from there on, that shows them.
fn reaches_to_output(account: &Account) -> bool {
    let shown = account.calls.values().filter(|call| !call.runs.is_empty() && !call.is_subagent);
    shown.min_by_key(|call| call.time).is_some_and(|first| first.is_logged)
}

/// Readings that tell no time were made when the session log tells of the same value.
fn date(readings: &mut [Reading], own: &Own) {
    if readings.iter().all(|reading| reading.time.is_some()) {
        return;
    }
    let times: FxHashMap<TokenUsage, Option<Time>> = own.readings.iter().map(|(time, total)| (*total, *time)).collect();
    for reading in readings.iter_mut().filter(|reading| reading.time.is_none() && reading.run.is_none()) {
        reading.time = times.get(&reading.total).copied().flatten();
    }
}

/// A reading that nothing names in one source may be named in another.
fn drop_named_twins(conversations: &mut FxHashMap<Id, Box<ConversationFacts>>) {
    if !conversations.keys().any(|id| id.is_anonymous()) {
        return;
    }
    let named = conversations.iter().filter(|(id, _)| !id.is_anonymous()).flat_map(|(_, facts)| &facts.readings);
    let named: BTreeSet<_> = named.map(|reading| (reading.stamp, reading.total)).collect();
    for (_, facts) in conversations.iter_mut().filter(|(id, _)| id.is_anonymous()) {
        facts.readings.retain(|reading| !named.contains(&(reading.stamp, reading.total)));
    }
}
