//! Every fact goes to one conversation of one owner.

mod account;
mod after_results;
mod bounds;
mod counted;
mod cut_outputs;
mod ends;
mod gaps;
mod growth;
mod held;
mod hidden;
mod holders;
mod joined;
mod log_share;
mod losses;
mod parts;
mod places;
mod read_order;
mod reasoning;
mod share;
mod spans;
mod split;
mod split_log;
mod torn_captures;
mod twins;
mod unsure;
mod untold;
mod weigh;
mod weighed;
mod worked;

pub(in crate::fold) use self::account::{Account, Accounts};
pub(in crate::fold) use self::ends::Ends;
pub(in crate::fold) use self::places::Places;
pub(in crate::fold) use self::weighed::{Rows, Weighed};

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use self::account::{AccountKey, Left};
use self::bounds::Bounds;
use self::counted::find_counted_more;
use self::growth::{Uncovered, shares};
use self::held::LoggedReadings;
use self::split_log::log_shares;
use crate::event::{CallKey, Id, RunId, Time, TokenUsage};
use crate::fold::facts::{CallFacts, Calls, ConversationFacts, Conversations, Reading};
use crate::fold::origins::{Own, take_own_calls};

/// What placing calls sets aside for those who split logs and counters.
#[derive(Default)]
struct SetAside {
    /// Calls that traces show of conversations whose session log is among the sources: they are placed with that.
    seen: FxHashMap<Id, Vec<(CallKey, Box<CallFacts>)>>,
    /// Calls that no reading of their own run counts, by conversation and time. They are placed, too.
    uncovered: FxHashMap<Id, Vec<Uncovered>>,
}

impl Places {
    /// Gives every fact to one conversation of one owner.
    pub(super) fn accounts(&mut self, mut conversations: Conversations, calls: Calls) -> Accounts {
        let mut accounts = Accounts::new();
        drop_named_twins(&mut conversations);
        let mut own = take_own_calls(&mut conversations, |id| self.shown.contains_key(id));
        let everywhere = LoggedReadings::of(&own);
        let SetAside { mut seen, mut uncovered } = self.place_calls(calls, &own, &mut accounts);
        let spawners = self.spawners(&conversations);
        let mut left = Left::default();
        // What spawned sub-agents comes first.
        let mut ordered: Vec<(&Id, &mut Box<ConversationFacts>)> = conversations.iter_mut().collect();
        ordered.sort_by_key(|(_, facts)| facts.is_subagent);
        for (id, facts) in ordered {
            if let Some(left) = spawners.get(id).and_then(|main| left.get(main)) {
                self.leave_to_others(id, left);
            }
            let whole = if facts.is_counted_whole() { self.joined_runs(id).next() } else { None };
            let readings = self.take_readings(id, facts, own.get(id), whole);
            if let Some(own) = own.remove(id) {
                let seen = seen.remove(id).unwrap_or_default();
                let bounds = |run: &RunId| self.bounds(id, facts, run);
                let split = log_shares(self, (id, facts.turn_over), own, readings, seen, &everywhere, bounds);
                for (run, share) in split.logged {
                    if let Some(since) = share.left_at {
                        left.entry(id.clone()).or_default().insert(run.clone(), since);
                    }
                    accounts.entry((run, id.clone())).or_default().log_share = Some(share);
                }
                for (run, began_at) in split.began_at {
                    accounts.entry((Some(run), id.clone())).or_default().began_at = Some(began_at);
                }
                for (run, behind) in split.behind {
                    let account = accounts.entry((Some(run), id.clone())).or_default();
                    account.calls.extend(behind.calls);
                    account.share = behind.share;
                }
            } else {
                let uncovered = uncovered.remove(id).unwrap_or_default();
                let bounds = |run: &RunId| {
                    let bounds = self.bounds(id, facts, run);
                    Bounds { starts_in: bounds.starts_in || whole == Some(run), ..bounds }
                };
                for (run, share) in shares(readings, &uncovered, bounds, None) {
                    accounts.entry((run, id.clone())).or_default().share = Some(share);
                }
            }
            self.place_messages(id, facts, &mut accounts);
            self.place_results(id, facts, &mut accounts);
        }
        let unsure =
            accounts.iter_mut().flat_map(|((_, id), account)| account.take_unsure().map(|it| (id.clone(), it)));
        for (id, unsure) in unsure.filter_map(|(id, unsure)| Some((id, unsure?))).collect::<Vec<_>>() {
            accounts.entry((None, id)).or_default().add_unsure(unsure);
        }
        accounts.values_mut().for_each(Account::unite_cut_outputs);
        self.leave_after_results(&mut accounts, &mut left);
        self.find_gaps(&mut accounts, &conversations, &left);
        find_counted_more(&mut accounts, &conversations, &self.counted);
        accounts
    }

    /// Gives each call to an account, but those that traces show of conversations whose session log is known.
    fn place_calls(&self, calls: Calls, own: &FxHashMap<Id, Own>, accounts: &mut Accounts) -> SetAside {
        let mut aside = SetAside::default();
        let mut by_account: FxHashMap<AccountKey, Vec<(CallKey, Box<CallFacts>)>> = FxHashMap::default();
        for (key, call) in calls {
            let Some(conversation) = call.conversation.clone() else { continue };
            if matches!(key, CallKey::Trace(..)) && own.contains_key(&conversation) {
                aside.seen.entry(conversation).or_default().push((key, call));
                continue;
            }
            let run = self.of(&conversation, &call.runs, call.time);
            if let Some(time) = call.time.filter(|_| !call.is_covered) {
                let call = Uncovered { time, run: run.clone(), usage: call.usage };
                aside.uncovered.entry(conversation.clone()).or_default().push(call);
            }
            by_account.entry((run, conversation)).or_default().push((key, call));
        }
        for (account, calls) in by_account {
            accounts.entry(account).or_default().calls = calls.into_iter().collect();
        }
        aside.uncovered.values_mut().for_each(|calls| calls.sort_by_key(|call| call.time));
        aside
    }

    /// The readings of a conversation's counter, each given to one run.
    /// `whole` is the run that all of it is of, if it can't be shared.
    fn take_readings(
        &self,
        id: &Id,
        facts: &mut ConversationFacts,
        own: Option<&Own>,
        whole: Option<&RunId>,
    ) -> Vec<Reading> {
        let mut readings = std::mem::take(&mut facts.readings);
        facts.drop_counted_ends(&readings);
        if let Some(own) = own {
            date(&mut readings, own);
        }
        match whole {
            Some(run) => readings.iter_mut().for_each(|reading| reading.run = Some(run.clone())),
            None => self.place_readings(id, &mut readings),
        }
        for reading in &mut readings {
            let mut models = facts.counted_models(reading.model.take().or_else(|| facts.model.clone()));
            reading.model = models.pop_first().filter(|_| models.is_empty());
        }
        readings
    }

    /// What is known of a run that holds a conversation.
    fn bounds<'a>(&'a self, id: &Id, facts: &ConversationFacts, run: &RunId) -> Bounds<'a> {
        let starts_in = self.starts_in(id, run);
        let begins = facts.begins.contains(&Some(run.clone()));
        let (begins_in, is_in_view) = (starts_in && begins, begins && self.is_whole(run));
        Bounds { start: self.start_of(run), starts_in, begins_in, is_in_view, before: self.ends.before(id, run) }
    }

    /// Gives a conversation's packed calls to accounts.
    fn place_messages(&self, id: &Id, facts: &mut ConversationFacts, accounts: &mut Accounts) {
        let messages = std::mem::take(&mut facts.messages);
        if self.is_shown_by_a_run(id) {
            for (key, call) in messages.unpack(id) {
                let run = self.of(id, &call.runs, call.time);
                accounts.entry((run, id.clone())).or_default().calls.insert(key, call);
            }
        } else if !messages.is_empty() {
            accounts.entry((None, id.clone())).or_default().messages = messages;
        }
    }

    /// Gives the last results of a conversation's processes to accounts.
    fn place_results(&self, id: &Id, facts: &mut ConversationFacts, accounts: &mut Accounts) {
        let mut results: Vec<_> = facts.results.drain().filter(|(_, result)| !result.is_superseded).collect();
        results.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, result) in results {
            let run = self.of(id, &result.runs, result.time);
            accounts.entry((run, id.clone())).or_default().results.push(result);
        }
    }
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
fn drop_named_twins(conversations: &mut Conversations) {
    if !conversations.keys().any(|id| id.is_anonymous()) {
        return;
    }
    let named = conversations.iter().filter(|(id, _)| !id.is_anonymous()).flat_map(|(_, facts)| &facts.readings);
    let named: BTreeSet<_> = named.map(|reading| (reading.stamp, reading.total)).collect();
    for (_, facts) in conversations.iter_mut().filter(|(id, _)| id.is_anonymous()) {
        facts.readings.retain(|reading| !named.contains(&(reading.stamp, reading.total)));
    }
}
