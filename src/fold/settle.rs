//! Facts become owners and rows: every fact finds its run, every run's witnesses are weighed.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::account::Account;
use super::copies::attribute;
use super::ends::Ends;
use super::facts::Facts;
use super::footers::{Footers, name_footers};
use super::held;
use super::join::IsHome;
use super::latency::Placed;
use super::owner::{NamedConversation, Owner, Taken, UsageRow, Work};
use super::places::Places;
use super::quota::{self, QuotaReading};
use super::reason::Reason;
use super::rows::UsageRows;
use super::run::RunFacts;
use super::view::RowView;
use crate::event::{Billing, Defect, Id, Request, Run, RunId, StreamFailure, Time, ToolCall};

/// Owners, their rows, and what the reader should know.
#[derive(Debug, Default, PartialEq)]
pub struct Settled {
    /// Runs in the order of their start, then conversations that belong to none.
    pub owners: Vec<Owner>,
    /// The fact table, grouped by owner.
    pub rows: UsageRows,
    /// Calls that were seen and have no row above: a footer tells more than they do.
    pub outweighed: UsageRows,
    /// Every conversation that is named, by its id.
    pub conversations: Vec<NamedConversation>,
    /// Readings of rate limits, in the order of their time.
    pub quotas: Vec<QuotaReading>,
    /// Attempts to have a model's API answer, by owner and time; none where nobody asked.
    pub requests: Vec<Placed<Request>>,
    /// Streams that broke off.
    pub failures: Vec<Placed<StreamFailure>>,
    /// Tool calls.
    pub tools: Vec<Placed<ToolCall>>,
    /// Defects, with how often, and the runs concerned.
    pub defects: BTreeMap<Defect, (u64, Vec<RunId>)>,
    /// Runs whose witnesses contradict each other.
    pub mismatches: Vec<RunId>,
    /// Runs with several different footers, all but one of which were quoted or forged.
    pub several_footers: Vec<RunId>,
    /// Runs with a footer that counts earlier runs too, which are not in the input.
    pub resumed_footers: Vec<RunId>,
    /// Runs whose session log nothing tells for certain, so that they were joined with none.
    pub ambiguous: Vec<RunId>,
    /// Profiles and the models that were assumed for their runs, with those runs.
    pub assumed_models: BTreeMap<(Id, Id), Vec<RunId>>,
    /// What pricing took its prices from.
    pub pricing: Pricing,
}

/// What pricing took its prices from, for those who tell people.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pricing {
    /// The day of the latest list prices; `None` where nothing was priced.
    pub day: Option<Time>,
    /// Whose word was taken for costs: `auto`, `reported` or `computed`; `None` where nothing was priced.
    pub mode: Option<&'static str>,
    /// When the prices of models begin that were used before.
    pub firsts: BTreeMap<Id, Time>,
}

/// Settles everything. The result depends on the facts alone, not on their order.
pub fn settle(facts: Facts) -> Settled {
    settle_with(facts, &|_, _| true)
}

/// The same where it is known which sources may stand in the home of which profile: `is_home` is given both.
pub fn settle_with(mut facts: Facts, is_home: IsHome<'_>) -> Settled {
    facts.drop_counted();
    facts.unpack_witnessed();
    let Facts { mut runs, mut conversations, mut calls, shared, timing, footers, quotas, defects } = facts;
    held::name_by_reading(&mut conversations);
    attribute(&mut calls, &shared, &conversations);
    name_footers(&mut runs, &conversations, &calls);
    let mut settled = Settled::default();
    for (defect, count) in defects {
        settled.defects.entry(defect).or_default().0 += count;
    }
    let models: FxHashMap<Id, Id> =
        conversations.iter().filter_map(|(id, facts)| Some((id.clone(), facts.model.clone()?))).collect();
    let named = conversations.iter().filter(|(id, _)| !id.is_anonymous());
    settled.conversations = named.map(|(id, facts)| NamedConversation::new(id, facts)).collect();
    settled.conversations.sort_by(|a, b| a.id.cmp(&b.id));
    let mut places = Places::new(&runs, &conversations, &calls, is_home);
    settled.ambiguous = places.ambiguous().cloned().collect();
    settled.quotas = quota::settle(quotas, &places, &conversations);
    let mut accounts = places.accounts(conversations, calls);
    let ends = places.ends(&accounts);
    settled.rows.reserve(accounts.values().map(Account::calls_seen).sum());
    let mut by_owner: BTreeMap<Option<RunId>, Vec<(Id, Account)>> = BTreeMap::new();
    while let Some(((run, conversation), account)) = accounts.pop_first() {
        by_owner.entry(run).or_default().push((conversation, account));
    }
    let mut bare = by_owner.remove(&None).unwrap_or_default();
    let mut ordered: Vec<(RunId, Box<RunFacts>)> = runs.into_iter().collect();
    ordered.sort_by_cached_key(|(id, run)| (run.started_at(), id.clone()));
    for (id, run) in ordered {
        let accounts = by_owner.remove(&Some(id.clone())).unwrap_or_default();
        settled.run(id, *run, accounts, &ends, &models);
    }
    let mut bare_footers: BTreeMap<Id, BTreeSet<u64>> = BTreeMap::new();
    for (id, blended) in footers {
        // What a run shows too is the run's.
        if places.is_shown_by_a_run(&id) {
            continue;
        }
        bare_footers.entry(id).or_default().insert(blended);
    }
    let told = settled.told_by_footers();
    let counted: BTreeSet<Id> = bare.iter().map(|(id, _)| id.clone()).collect();
    for id in bare_footers.keys().filter(|id| !counted.contains(*id)) {
        bare.push((id.clone(), Account::default()));
    }
    bare.sort_by(|a, b| a.0.cmp(&b.0));
    for (id, account) in bare {
        let footers = bare_footers.remove(&id).unwrap_or_default();
        let in_runs = told.get(&id).copied();
        let shared = ends.work(&id).filter(|_| account.is_shared());
        settled.bare_conversation(id, account, shared, footers, &models, in_runs);
    }
    for (id, rest) in ends.left_open(&settled) {
        let harness = settled.conversation_named(&id).and_then(|named| named.harness.clone());
        let owner = Owner { shared: ends.work(&id), ..Owner::new(None, harness) };
        let (model, conversation) = (models.get(&id).cloned(), Some(id));
        let footers = Footers { share: Some(rest), conversation, model, ..Footers::default() };
        settled.owner(owner, Vec::new(), footers, None);
    }
    settled.timing(timing, &places);
    settled
}

impl Settled {
    /// What sources tell of the conversation that a row names.
    pub fn conversation(&self, row: &RowView<'_>) -> Option<&NamedConversation> {
        self.conversation_named(row.conversation?)
    }

    /// What sources tell of the conversation of this id.
    pub fn conversation_named(&self, id: &Id) -> Option<&NamedConversation> {
        let place = self.conversations.binary_search_by(|named| named.id.cmp(id)).ok()?;
        self.conversations.get(place)
    }

    /// Gives usage that names no model the one that `of` tells for its run's profile.
    pub fn assume_models(&mut self, of: impl Fn(&str) -> Option<Id>) {
        let Settled { owners, rows, assumed_models, .. } = self;
        let assumed = |owner: usize| {
            let run = owners.get(owner)?.run.as_ref()?;
            let profile = run.profile.clone()?;
            let model = of(&profile)?;
            Some((run, profile, model))
        };
        let is_asked_for = |owner| assumed(owner).is_some();
        rows.change(is_asked_for, |owner, rows| {
            let Some((run, profile, model)) = assumed(owner) else { return };
            let is_nameless =
                |row: &&mut UsageRow| row.model.is_none() && (row.usage.is_some() || row.blended_tokens.is_some());
            let mut is_assumed = false;
            for row in rows.iter_mut().filter(is_nameless) {
                row.model = Some(model.clone());
                is_assumed = true;
            }
            if is_assumed {
                assumed_models.entry((profile, model)).or_default().push(run.id.clone());
            }
        });
    }

    /// Takes the user's word on how the accounts of profiles pay.
    pub fn tell_billing(&mut self, of: impl Fn(&str) -> Option<Billing>) {
        for owner in &mut self.owners {
            let profile = owner.profile().cloned();
            owner.billing = profile.and_then(|profile| of(&profile)).or(owner.billing);
        }
    }

    fn run(
        &mut self,
        id: RunId,
        facts: RunFacts,
        accounts: Vec<(Id, Account)>,
        ends: &Ends,
        models: &FxHashMap<Id, Id>,
    ) {
        let run = facts.run().unwrap_or_else(|| Run::new(id.clone()));
        for (defect, count) in &facts.defects {
            let known = self.defects.entry(*defect).or_default();
            known.0 += count;
            known.1.push(id.clone());
        }
        if facts.footers.iter().map(|(_, blended)| blended).collect::<BTreeSet<_>>().len() > 1 {
            self.several_footers.push(id.clone());
        }
        let footers = Footers::of_run(&run, &facts, &accounts, ends, models);
        if !footers.all.is_empty()
            && footers.share.is_none()
            && !accounts.iter().any(|(_, account)| account.has_usage())
        {
            self.resumed_footers.push(id.clone());
        }
        let harness = run.harness.as_deref().map(|name| name.to_owned().into()).or(facts.harness);
        let told = accounts.iter().filter_map(|(_, account)| account.billing).max();
        let billing = told.or_else(|| Billing::of_auth_kind(run.auth_kind.as_deref()?));
        let host = facts.host.or_else(|| accounts.iter().filter_map(|(_, account)| account.host.clone()).max());
        let is_killed = run.is_killed();
        let owner = Owner { billing, host, ..Owner::new(Some(run), harness) };
        let is_open = facts.is_open && !facts.is_closed;
        let cut = match () {
            () if is_open => Some(Reason::OpenRun),
            () if is_killed && !accounts.iter().any(|(_, account)| account.has_result()) => Some(Reason::Killed),
            () => None,
        };
        self.owner(owner, accounts, footers, cut);
    }

    /// What runs used of conversations of which footers alone tell it.
    fn told_by_footers(&self) -> FxHashMap<Id, u64> {
        let mut told: FxHashMap<Id, u64> = FxHashMap::default();
        let owners = self.owners.iter().enumerate().filter(|(_, owner)| owner.taken == Some(Taken::Footer));
        for row in owners.flat_map(|(index, _)| self.rows.of_owner(index)) {
            if let (Some(id), Some(blended)) = (row.conversation, row.blended_tokens) {
                let sum = told.entry(id.clone()).or_default();
                *sum = sum.saturating_add(blended);
            }
        }
        told
    }

    /// `in_runs`: what footers alone tell of it.
    fn bare_conversation(
        &mut self,
        id: Id,
        account: Account,
        shared: Option<Work>,
        footers: BTreeSet<u64>,
        models: &FxHashMap<Id, Id>,
        in_runs: Option<u64>,
    ) {
        if !account.has_usage() && !account.is_unmeasured && footers.is_empty() {
            return;
        }
        let harness = account.harness.clone();
        let host = account.host.clone();
        let owner = Owner { billing: account.billing, host, shared, ..Owner::new(None, harness) };
        let model = models.get(&id).cloned();
        let (share, sure) = (footers.last().copied(), BTreeSet::new());
        let conversation = Some(id.clone());
        let mut footers = Footers { share, all: footers, sure, conversation, model, is_counters: false };
        let Some(in_runs) = in_runs.filter(|_| account.is_counted_from_zero()) else {
            return self.owner(owner, vec![(id, account)], footers, None);
        };
        // The counter counts what runs used, too, of which nothing is known but its blended total.
        let rest = account.weigh(&id).rows.add_blended_tokens(0).saturating_sub(in_runs);
        if rest > 0 {
            footers.share = Some(rest);
            self.owner(owner, Vec::new(), footers, None);
        }
    }
}
