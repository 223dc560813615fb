//! What is missing from accounts, as far as anything tells, and what else is known of their conversations.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::account::{Account, AccountKey, Accounts, Left};
use super::places::Places;
use crate::event::{Id, RunId};
use crate::fold::facts::{ConversationFacts, Conversations, Place, UncountedCall, main_of};
use crate::fold::rows::Reason;

/// What is known to be missing, and whose it is.
struct Gaps {
    /// Who went on last with each conversation whose session log is cut.
    last: FxHashMap<Id, Option<RunId>>,
    /// Calls that no record counts: where one of them stands.
    uncounted: FxHashMap<AccountKey, Place>,
    /// Sub-agents' calls that no record counts: where one of them stands.
    of_agents: FxHashMap<AccountKey, Place>,
    /// Summaries of what had been said that no record counts: where one of them stands.
    of_compactions: FxHashMap<AccountKey, Place>,
    /// Runs that calls may belong to which are nobody's.
    unplaced: BTreeSet<(RunId, Id)>,
}

impl Places {
    /// Tells each account what is known of its conversation, and what it lacks.
    pub(super) fn find_gaps(&self, accounts: &mut Accounts, conversations: &Conversations, left: &Left) {
        // Of a conversation that a run shows, the run's own quality tells it.
        for (id, _) in conversations.iter().filter(|(id, facts)| facts.is_asked() && !self.is_shown_by_a_run(id)) {
            let account = accounts.entry((None, id.clone())).or_default();
            account.is_unmeasured = !account.has_usage();
        }
        let last = self.last_of_cut_logs(accounts, conversations);
        let uncounted = self.uncounted(conversations, &last, left, UncountedCall::is_one);
        let of_agents = self.uncounted(conversations, &last, left, UncountedCall::is_of_agents);
        let of_compactions = self.uncounted(conversations, &last, left, |call| call.is_compaction);
        for key in uncounted.keys() {
            let account = accounts.entry(key.clone()).or_default();
            account.is_unmeasured |= !account.has_usage();
        }
        self.miss_parents(accounts, conversations);
        let gaps = Gaps { last, uncounted, of_agents, of_compactions, unplaced: self.unplaced(accounts) };
        for (key, account) in accounts {
            if let Some(facts) = conversations.get(&key.1) {
                account.know(facts);
                self.tell(key, account, facts, &gaps);
            }
        }
    }

    /// Tells an account how much of its conversation it shows.
    fn tell(&self, key: &AccountKey, account: &mut Account, facts: &ConversationFacts, gaps: &Gaps) {
        let (run, id) = key;
        account.is_joined = run.as_ref().is_some_and(|run| self.is_joined(id, run));
        account.is_of_run = run.is_some();
        account.ending.is_told = run.as_ref().is_some_and(|run| !self.is_endless(run));
        account.ending.has_open_capture = run.is_none() && facts.has_open_capture();
        let is_only_run = self.shown.get(id).is_some_and(|runs| runs.len() == 1);
        let begins_elsewhere = is_only_run && !facts.begins.is_empty() && account.goes_on_from_elsewhere();
        // Of several runs, each has all of its own calls where the log of the whole session tells when they were made.
        let is_placed = |run: &RunId| !self.is_endless(run) && !gaps.unplaced.contains(&(run.clone(), id.clone()));
        let is_in_log = facts.begins.contains(&None) && run.as_ref().is_some_and(is_placed);
        let begins_in_log = is_in_log && reaches_to_output(account);
        let begins = facts.begins.contains(run) || begins_elsewhere || begins_in_log;
        // Sub-agents' logs are all that is left of it: those calls that spawned them are missing.
        let is_of_agents = !facts.is_subagent && !facts.has_own_calls && account.shows_calls_alone();
        account.begins = begins && !is_of_agents;
        let lost = gaps.uncounted.get(key);
        if let (Some(_), Some(share)) = (lost, &mut account.log_share) {
            share.lack(Reason::Uncounted);
        }
        account.lacks_agent = gaps.of_agents.contains_key(key);
        account.lacks_compaction = gaps.of_compactions.contains_key(key);
        let is_open = run.is_none() || !account.tells_its_end();
        let has_logs_end = is_open && (run.is_none() || gaps.last.get(id) == Some(run));
        let lost = lost.filter(|_| is_open).map(|place| (None, place.clone()));
        account.ending.is_uncounted = lost.is_some();
        account.ending.unfinished =
            lost.or_else(|| facts.end_in(run, has_logs_end, |message| account.time_of(message)));
    }

    /// The runs of conversations that calls may belong to which are nobody's, as several were at work then.
    fn unplaced(&self, accounts: &Accounts) -> BTreeSet<(RunId, Id)> {
        let several = |id: &Id| self.shown.get(id).filter(|runs| runs.len() > 1);
        let bare = accounts.iter().filter(|((run, _), _)| run.is_none());
        let bare = bare.filter_map(|((_, id), account)| Some((id, several(id)?, account)));
        let of_runs = bare.flat_map(|(id, runs, account)| {
            let is_of = |run: &&RunId| account.calls.values().any(|call| self.is_at_work(run, call.time));
            runs.keys().filter(is_of).map(|run| (run.clone(), id.clone()))
        });
        of_runs.collect()
    }

    /// Where sub-agents alone are known to have used anything in a run, the conversation that its output names is
    /// missing, or the one that spawned them.
    fn miss_parents(&self, accounts: &mut Accounts, conversations: &Conversations) {
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
        conversations: &Conversations,
        last: &FxHashMap<Id, Option<RunId>>,
        left: &Left,
        is_meant: impl Fn(&UncountedCall) -> bool,
    ) -> FxHashMap<AccountKey, Place> {
        let mut uncounted: FxHashMap<AccountKey, Place> = FxHashMap::default();
        let all = conversations.iter().flat_map(|(id, facts)| facts.uncounted.iter().map(move |call| (id, call)));
        for (id, call) in all.filter(|(_, call)| is_meant(call)) {
            let run = match call.time {
                Some(_) => self.of_logged(id, &BTreeSet::new(), call.time, None),
                None => last.get(id).cloned().flatten(),
            };
            let key = (run, id.clone());
            let is_left =
                left.get(&key.1).and_then(|of_runs| of_runs.get(&key.0)).is_some_and(|since| call.time >= Some(*since));
            let known =
                uncounted.entry(if is_left { (None, key.1) } else { key }).or_insert_with(|| call.place.clone());
            if call.place < *known {
                known.clone_from(&call.place);
            }
        }
        uncounted
    }

    /// Who went on last with each conversation whose session log is cut: a run, unless calls came after all runs.
    fn last_of_cut_logs(&self, accounts: &Accounts, conversations: &Conversations) -> FxHashMap<Id, Option<RunId>> {
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
