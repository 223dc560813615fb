//! Facts become owners and rows: every fact finds its run, every run's witnesses are weighed.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::account::{Account, AccountKey, Weighed};
use super::facts::{CallFacts, ConversationFacts, Facts, RunFacts};
use super::growth::shares;
use super::owner::{Owner, Quality, Reconciled, Taken, UsageRow};
use super::source::is_anonymous;
use crate::event::{CallKey, Defect, Id, Run, RunId, Time};

/// Owners, their rows, and what the reader should know.
#[derive(Debug, Default, PartialEq)]
pub struct Settled {
    /// Runs in the order of their start, then conversations that belong to none.
    pub owners: Vec<Owner>,
    /// The fact table, grouped by owner.
    pub rows: Vec<UsageRow>,
    /// Defects, with how often, and the runs concerned.
    pub defects: BTreeMap<Defect, (u64, Vec<RunId>)>,
    /// Runs whose witnesses contradict each other.
    pub mismatches: Vec<RunId>,
    /// Runs with several different footers, all but one of which were quoted or forged.
    pub several_footers: Vec<RunId>,
    /// Runs with a footer that counts earlier runs too, which are not in the input.
    pub resumed_footers: Vec<RunId>,
}

/// Settles everything. The result depends on the facts alone, not on their order.
pub fn settle(facts: Facts) -> Settled {
    let Facts { runs, conversations, calls, footers, defects } = facts;
    let mut settled = Settled::default();
    for (defect, count) in defects {
        settled.defects.entry(defect).or_default().0 += count;
    }
    let models: FxHashMap<Id, Id> =
        conversations.iter().filter_map(|(id, facts)| Some((id.clone(), facts.model.clone()?))).collect();
    let places = Places::new(&runs, &conversations, &calls);
    let mut accounts = places.accounts(conversations, calls);
    let mut by_owner: BTreeMap<Option<RunId>, Vec<(Id, Account)>> = BTreeMap::new();
    while let Some(((run, conversation), account)) = accounts.pop_first() {
        by_owner.entry(run).or_default().push((conversation, account));
    }
    let mut bare = by_owner.remove(&None).unwrap_or_default();
    let previous_footers = PreviousFooters::new(&runs);
    let mut ordered: Vec<(RunId, RunFacts)> = runs.into_iter().collect();
    ordered.sort_by_cached_key(|(id, run)| (start_of(run), id.clone()));
    for (id, run) in ordered {
        let accounts = by_owner.remove(&Some(id.clone())).unwrap_or_default();
        settled.run(id, run, accounts, &previous_footers, &models);
    }
    let mut bare_footers: BTreeMap<Id, BTreeSet<u64>> = BTreeMap::new();
    for (id, blended) in footers {
        bare_footers.entry(id).or_default().insert(blended);
    }
    for id in bare_footers.keys() {
        if !bare.iter().any(|(known, _)| known == id) {
            bare.push((id.clone(), Account::default()));
        }
    }
    bare.sort_by(|a, b| a.0.cmp(&b.0));
    for (id, account) in bare {
        let footers = bare_footers.remove(&id).unwrap_or_default();
        settled.bare_conversation(id, account, footers, &models);
    }
    settled
}

fn start_of(run: &RunFacts) -> Option<Time> {
    run.run.as_ref().and_then(|run| run.started_at)
}

/// Where facts belong that several runs show, or none.
struct Places {
    /// When each run began and ended.
    windows: FxHashMap<RunId, (Option<Time>, Option<Time>)>,
    /// The runs that show each conversation, and how many of its calls.
    shown: FxHashMap<Id, BTreeMap<RunId, usize>>,
}

impl Places {
    fn new(
        runs: &FxHashMap<RunId, RunFacts>,
        conversations: &FxHashMap<Id, ConversationFacts>,
        calls: &FxHashMap<CallKey, CallFacts>,
    ) -> Places {
        let window = |run: &RunFacts| (start_of(run), run.run.as_ref().and_then(|run| run.finished_at));
        let windows = runs.iter().map(|(id, run)| (id.clone(), window(run))).collect();
        let mut shown: FxHashMap<Id, BTreeMap<RunId, usize>> = FxHashMap::default();
        for call in calls.values() {
            if let Some(conversation) = &call.conversation {
                for run in &call.runs {
                    *shown.entry(conversation.clone()).or_default().entry(run.clone()).or_default() += 1;
                }
            }
        }
        for (id, conversation) in conversations {
            let readings = conversation.readings.iter().filter_map(|reading| reading.run.as_ref());
            let results = conversation.results.values().flat_map(|result| &result.runs);
            for run in readings.chain(results) {
                shown.entry(id.clone()).or_default().entry(run.clone()).or_default();
            }
        }
        Places { windows, shown }
    }

    /// The one run a fact belongs to. Of several that show it: the one that was at work then, that
    /// shows most of the conversation, that began first. Of none: the one that shows the
    /// conversation and was at work then.
    fn of(&self, conversation: &Id, shown_by: &BTreeSet<RunId>, time: Option<Time>) -> Option<RunId> {
        let all = self.shown.get(conversation);
        if shown_by.len() == 1 {
            return shown_by.first().cloned();
        }
        if shown_by.is_empty() {
            let mut at_work = all?.keys().filter(|run| self.is_at_work(run, time));
            return at_work.next().filter(|_| at_work.next().is_none()).cloned();
        }
        let rank = |run: &&RunId| {
            let calls = all.and_then(|all| all.get(*run)).copied().unwrap_or(0);
            let start = self.windows.get(*run).and_then(|(start, _)| *start);
            (self.is_at_work(run, time), calls, std::cmp::Reverse((start, (*run).clone())))
        };
        shown_by.iter().max_by_key(rank).cloned()
    }

    /// Whether a run was at work at a time; forge's times are whole seconds.
    fn is_at_work(&self, run: &RunId, time: Option<Time>) -> bool {
        let Some((start, end)) = self.windows.get(run) else { return false };
        let Some(time) = time else { return true };
        start.is_none_or(|start| start <= time) && end.is_none_or(|end| time.millis_since(end) < 1000)
    }

    /// Whether a conversation began within a run: its id holds the time it was made.
    fn starts_in(&self, conversation: &Id, run: &RunId) -> bool {
        let start = self.windows.get(run).and_then(|(start, _)| *start);
        Time::of_uuid(conversation).zip(start).is_some_and(|(made, start)| made >= start)
    }

    /// Gives every fact to one conversation of one owner.
    fn accounts(
        &self,
        mut conversations: FxHashMap<Id, ConversationFacts>,
        calls: FxHashMap<CallKey, CallFacts>,
    ) -> BTreeMap<AccountKey, Account> {
        let mut accounts: BTreeMap<AccountKey, Account> = BTreeMap::new();
        for (key, call) in calls {
            let Some(conversation) = call.conversation.clone() else { continue };
            let run = self.of(&conversation, &call.runs, call.time);
            accounts.entry((run, conversation)).or_default().calls.insert(key, call);
        }
        for (id, facts) in &mut conversations {
            let mut readings = std::mem::take(&mut facts.readings);
            for reading in &mut readings {
                reading.run = reading.run.take().or_else(|| self.of(id, &BTreeSet::new(), reading.time));
                reading.model = reading.model.take().or_else(|| facts.model.clone());
            }
            for (run, share) in shares(readings, |run| self.starts_in(id, run)) {
                accounts.entry((run, id.clone())).or_default().share = Some(share);
            }
            let mut results: Vec<_> = facts.results.drain().filter(|(_, result)| !result.is_superseded).collect();
            results.sort_by(|a, b| a.0.cmp(&b.0));
            for (_, result) in results {
                let run = self.of(id, &result.runs, result.time);
                accounts.entry((run, id.clone())).or_default().results.push(result);
            }
        }
        for ((run, id), account) in &mut accounts {
            let Some(facts) = conversations.get(id) else { continue };
            let is_only_run = self.shown.get(id).is_some_and(|runs| runs.len() == 1);
            account.harness.clone_from(&facts.harness);
            account.begins = facts.begins.contains(run) || (is_only_run && !facts.begins.is_empty());
            account.unfinished = facts.unfinished.get(run).copied();
        }
        accounts
    }
}

/// Footers of the runs before, by conversation: a footer counts the whole conversation.
struct PreviousFooters(FxHashMap<Id, Vec<(Option<Time>, RunId, u64)>>);

impl PreviousFooters {
    fn new(runs: &FxHashMap<RunId, RunFacts>) -> PreviousFooters {
        let mut by_conversation: FxHashMap<Id, Vec<(Option<Time>, RunId, u64)>> = FxHashMap::default();
        for (id, run) in runs {
            for (conversation, blended) in &run.footers {
                if let Some(conversation) = conversation {
                    let footers = by_conversation.entry(conversation.clone()).or_default();
                    footers.push((start_of(run), id.clone(), *blended));
                }
            }
        }
        for footers in by_conversation.values_mut() {
            footers.sort();
        }
        PreviousFooters(by_conversation)
    }

    /// A run's own part of a footer; `None` if the conversation is older than the run and its
    /// earlier part is not known.
    fn share(&self, run: &Run, conversation: Option<&Id>, blended: u64) -> Option<u64> {
        let Some(conversation) = conversation else { return Some(blended) };
        let this = (run.started_at, run.id.clone());
        let earlier = self.0.get(conversation).into_iter().flatten();
        let earlier = earlier.filter(|(start, id, _)| (*start, id.clone()) < this).next_back();
        let is_older = Time::of_uuid(conversation).zip(run.started_at).is_some_and(|(made, start)| made < start);
        match earlier {
            Some((_, _, then)) => Some(blended.checked_sub(*then).unwrap_or(blended)),
            None => (!is_older).then_some(blended),
        }
    }
}

impl Settled {
    fn run(&mut self, id: RunId, facts: RunFacts, accounts: Vec<(Id, Account)>, previous: &PreviousFooters, models: &FxHashMap<Id, Id>) {
        let run = facts.run.unwrap_or_else(|| Run::new(id.clone()));
        for (defect, count) in facts.defects {
            let known = self.defects.entry(defect).or_default();
            known.0 += count;
            known.1.push(id.clone());
        }
        if facts.footers.iter().map(|(_, blended)| blended).collect::<BTreeSet<_>>().len() > 1 {
            self.several_footers.push(id.clone());
        }
        let footer = facts.footers.iter().max_by_key(|(_, blended)| *blended);
        let share = footer.and_then(|(conversation, blended)| previous.share(&run, conversation.as_ref(), *blended));
        if footer.is_some() && share.is_none() && !accounts.iter().any(|(_, account)| account.has_usage()) {
            self.resumed_footers.push(id.clone());
        }
        let all: BTreeSet<u64> = facts.footers.iter().map(|(_, blended)| *blended).collect();
        let conversation = footer.and_then(|(conversation, _)| conversation.clone());
        let harness = run.harness.as_deref().map(|name| name.to_owned().into()).or(facts.harness);
        let owner = Owner { run: Some(run), harness, quality: Quality::Unknown, reconciled: None, taken: None };
        let model = conversation.as_ref().and_then(|id| models.get(id)).cloned();
        self.owner(owner, accounts, Footers { all, share, conversation, model });
    }

    fn bare_conversation(&mut self, id: Id, account: Account, footers: BTreeSet<u64>, models: &FxHashMap<Id, Id>) {
        if !account.has_usage() && footers.is_empty() {
            return;
        }
        let harness = account.harness.clone();
        let owner = Owner { run: None, harness, quality: Quality::Unknown, reconciled: None, taken: None };
        let model = models.get(&id).cloned();
        let footers = Footers { share: footers.last().copied(), all: footers, conversation: Some(id.clone()), model };
        self.owner(owner, vec![(id, account)], footers);
    }

    /// Weighs an owner's witnesses: a counter goes before a complete set of calls, that before a
    /// footer, that before some calls.
    fn owner(&mut self, mut owner: Owner, accounts: Vec<(Id, Account)>, footers: Footers) {
        let index = self.owners.len();
        let is_run = owner.run.is_some();
        let accounts = accounts.into_iter().filter(|(_, account)| account.has_usage());
        let weighed: Vec<Weighed> = accounts.map(|(id, account)| account.weigh(&id)).collect();
        let blended: u64 = weighed.iter().flat_map(|weighed| &weighed.rows).filter_map(|row| row.blended_tokens).sum();
        let confirmed = footers.all.iter().any(|footer| {
            *footer == blended || weighed.iter().any(|weighed| weighed.blended.contains(footer))
        });
        let only_calls = !weighed.is_empty() && weighed.iter().all(|weighed| weighed.taken == Taken::Calls && weighed.agrees.is_none());
        let worst = weighed.iter().map(|weighed| weighed.quality).max();
        let takes_footer = match (worst, footers.share) {
            (None, Some(_)) => true,
            (Some(Quality::Partial), Some(share)) => only_calls && !confirmed && share > blended,
            _ => false,
        };
        owner.reconciled = footers.reconciled(&weighed, confirmed);
        let mut rows: Vec<UsageRow> = Vec::new();
        if takes_footer {
            (owner.quality, owner.taken) = (Quality::Blended, Some(Taken::Footer));
            let model = weighed.first().and_then(|weighed| weighed.rows.first()?.model.clone()).or(footers.model);
            let conversation = footers.conversation;
            rows.push(UsageRow { conversation, model, blended_tokens: footers.share, ..UsageRow::default() });
        } else if let Some(worst) = worst {
            owner.quality = if only_calls && confirmed { Quality::Exact } else { worst };
            owner.taken = weighed.iter().map(|weighed| weighed.taken).max_by_key(|taken| *taken == Taken::Counter);
            rows.extend(weighed.into_iter().flat_map(|weighed| weighed.rows));
        }
        if rows.is_empty() {
            rows.push(UsageRow::default());
        }
        if let (Some(Reconciled::Mismatch), Some(run)) = (owner.reconciled, &owner.run) {
            self.mismatches.push(run.id.clone());
        }
        for mut row in rows {
            row.owner = index;
            row.conversation = row.conversation.filter(|id| !(is_run && is_anonymous(id)));
            self.rows.push(row);
        }
        self.owners.push(owner);
    }
}

/// Blended totals at the end of an output: candidates, as agents can print one too.
struct Footers {
    all: BTreeSet<u64>,
    /// The run's own part of the largest.
    share: Option<u64>,
    conversation: Option<Id>,
    /// The model the conversation was configured with.
    model: Option<Id>,
}

impl Footers {
    fn reconciled(&self, weighed: &[Weighed], confirmed: bool) -> Option<Reconciled> {
        let witnesses: usize = weighed.iter().map(|weighed| 1 + usize::from(weighed.agrees.is_some())).sum();
        let agree = weighed.iter().all(|weighed| weighed.agrees != Some(false));
        match (witnesses, self.all.is_empty()) {
            (0, true) => None,
            (0, false) => Some(Reconciled::Single),
            (1, true) => Some(Reconciled::Single),
            (_, true) if agree => Some(Reconciled::Ok),
            (_, false) if agree && confirmed => Some(Reconciled::Ok),
            _ => Some(Reconciled::Mismatch),
        }
    }
}
