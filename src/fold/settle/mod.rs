//! Facts become owners and rows: every fact finds its run, every run's witnesses are weighed.

mod footers;
mod placed;
mod quotas;
mod settled;
mod weighing;

pub use self::settled::{Placed, Pricing, Settled};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use self::footers::Footers;
use self::quotas::settle_quotas;
use crate::event::{Billing, Id, Run, RunId};
use crate::fold::accounts::{Account, Accounts, Ends, Places};
use crate::fold::facts::{Conversations, Facts, RunFacts, Runs, once_for_shared};
use crate::fold::join::IsHome;
use crate::fold::rows::{NamedConversation, Owner, Reason, Taken, Work};

/// A run's accounts, or those of no run, by conversation.
type ByConversation = Vec<(Id, Account)>;

/// Settles everything. The result depends on the facts alone, not on their order.
pub fn settle(facts: Facts) -> Settled {
    settle_with(facts, &|_, _| true)
}

/// The same where it is known which sources may stand in the home of which profile: `is_home` is given both.
pub fn settle_with(mut facts: Facts, is_home: IsHome<'_>) -> Settled {
    facts.find_origins();
    let Facts { runs, conversations, calls, timing, footers, sure_footers, quotas, defects, .. } = facts;
    let mut settled = Settled::default();
    settled.defects.extend(defects.into_iter().map(|(defect, count)| (defect, (count, Vec::new()))));
    settled.name(&conversations);
    let models = models(&conversations);
    let mut places = Places::new(&runs, &conversations, &calls, is_home);
    settled.ambiguous = places.ambiguous().cloned().collect();
    settled.quotas = settle_quotas(quotas, &places, &conversations);

    // Of what nothing but footers tell of, no account is made.
    let known = |id: &Id| Some((id.clone(), Account::of(conversations.get(id)?)));
    let footed: FxHashMap<Id, Account> = footers.iter().filter_map(|(id, _)| known(id)).collect();
    let accounts = places.accounts(conversations, calls);
    let mut ends = std::mem::take(&mut places.ends);
    ends.learn(&accounts);
    settled.name_runs(&places);
    settled.rows.reserve(accounts.values().map(Account::calls_seen).sum());

    let (of_runs, of_none) = by_run(accounts);
    settled.add_runs(runs, of_runs, &mut ends, &models);
    // Of a conversation that a run shows, too, the run's footers tell.
    let footers = footers.into_iter().filter(|(id, _)| !places.is_shown_by_a_run(id));
    settled.add_bare(with_footers(of_none, footers, footed), &sure_footers, &ends, &models);
    settled.add_left_open(&ends, &models);
    settled.add_timing(timing, &places);
    settled
}

/// The models that conversations were configured with.
fn models(conversations: &Conversations) -> FxHashMap<Id, Id> {
    conversations.iter().filter_map(|(id, facts)| Some((id.clone(), facts.model.clone()?))).collect()
}

/// The accounts of each run, and those of none.
fn by_run(mut accounts: Accounts) -> (BTreeMap<RunId, ByConversation>, ByConversation) {
    let (mut of_runs, mut of_none) = (BTreeMap::new(), Vec::new());
    while let Some(((run, conversation), account)) = accounts.pop_first() {
        let accounts = match run {
            Some(run) => of_runs.entry(run).or_default(),
            None => &mut of_none,
        };
        accounts.push((conversation, account));
    }
    (of_runs, of_none)
}

/// Conversations that are no run's, each with its footers. `footed` are those of which nothing else may tell.
fn with_footers(
    of_none: ByConversation,
    footers: impl Iterator<Item = (Id, u64)>,
    mut footed: FxHashMap<Id, Account>,
) -> BTreeMap<Id, (Account, BTreeSet<u64>)> {
    let mut all: BTreeMap<Id, (Account, BTreeSet<u64>)> =
        of_none.into_iter().map(|(id, account)| (id, (account, BTreeSet::new()))).collect();
    for (id, blended) in footers {
        let known = || (footed.remove(&id).unwrap_or_default(), BTreeSet::new());
        all.entry(id.clone()).or_insert_with(known).1.insert(blended);
    }
    all
}

impl Settled {
    /// Takes what is known of the conversations that sources name.
    fn name(&mut self, conversations: &Conversations) {
        let named = conversations.iter().filter(|(id, _)| !id.is_anonymous());
        self.conversations = named.map(|(id, facts)| NamedConversation::new(id, facts)).collect();
        self.conversations.sort_by(|a, b| a.id.cmp(&b.id));
    }

    /// Takes which runs each of those conversations is part of.
    fn name_runs(&mut self, places: &Places) {
        let shown = places.shown();
        let runs: FxHashMap<&Id, Arc<[RunId]>> =
            once_for_shared(shown.iter(), |runs| runs.keys().cloned().collect()).collect();
        for named in &mut self.conversations {
            named.runs = runs.get(&named.id).cloned().unwrap_or_default();
        }
    }

    /// Adds the runs in the order of their start: where one ended is known before the next.
    fn add_runs(
        &mut self,
        runs: Runs,
        mut accounts: BTreeMap<RunId, ByConversation>,
        ends: &mut Ends,
        models: &FxHashMap<Id, Id>,
    ) {
        let mut ordered: Vec<(RunId, Box<RunFacts>)> = runs.into_iter().collect();
        ordered.sort_by_cached_key(|(id, run)| (run.started_at(), id.clone()));
        for (id, run) in ordered {
            let own = accounts.remove(&id).unwrap_or_default();
            self.add_run(id, *run, own, ends, models);
        }
    }

    /// Adds a run with all that is known of it. Where the run ended is told to `ends`.
    fn add_run(
        &mut self,
        id: RunId,
        facts: RunFacts,
        accounts: ByConversation,
        ends: &mut Ends,
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
        let host = facts.hosts.name().cloned();
        let host = host.or_else(|| accounts.iter().filter_map(|(_, account)| account.host.clone()).max());
        let is_killed = run.is_killed();
        let owner = Owner { billing, host, ..Owner::new(Some(run), harness) };
        let is_open = facts.is_open && !facts.is_closed;
        let cut = match () {
            () if is_open => Some(Reason::OpenRun),
            () if is_killed && !accounts.iter().any(|(_, account)| account.has_result()) => Some(Reason::Killed),
            () => None,
        };
        let conversation = footers.conversation.clone();
        if let (Some(total), Some(conversation)) = (self.add_owner(owner, accounts, footers, cut), conversation) {
            ends.confirm(&conversation, &id, total);
        }
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

    /// What the footers of conversations count that no run is known to have used: where runs tell of nothing, and it is
    /// theirs or a later one's.
    fn left_open(&self, ends: &Ends) -> Vec<(Id, u64)> {
        let mut rest = ends.over_silence();
        if rest.is_empty() {
            return Vec::new();
        }
        let of_runs = ends.held(&rest);
        for row in self.rows.views() {
            // A row that names no conversation is of the one that its run held.
            let run = || self.owners.get(row.owner)?.run.as_ref();
            let id = row.conversation.or_else(|| of_runs.get(&run()?.id).copied());
            if let Some(rest) = id.and_then(|id| rest.get_mut(id)) {
                *rest = rest.saturating_sub(row.blended_tokens.unwrap_or(0));
            }
        }
        rest.into_iter().filter(|(_, rest)| *rest > 0).map(|(id, rest)| (id.clone(), rest)).collect()
    }

    /// Adds what stays [`Settled::left_open`], with those that used it together.
    fn add_left_open(&mut self, ends: &Ends, models: &FxHashMap<Id, Id>) {
        for (id, rest) in self.left_open(ends) {
            let harness = self.conversation_named(&id).and_then(|named| named.harness.clone());
            let owner = Owner { shared: ends.work(&id), ..self.bare_owner(Some(&id), harness) };
            let (model, conversation) = (models.get(&id).cloned(), Some(id));
            let footers = Footers { share: Some(rest), conversation, model, ..Footers::default() };
            self.add_owner(owner, Vec::new(), footers, None);
        }
    }

    /// Adds the conversations that are no run's, as far as they are not, with their footers.
    fn add_bare(
        &mut self,
        bare: BTreeMap<Id, (Account, BTreeSet<u64>)>,
        sure_footers: &BTreeSet<(Id, u64)>,
        ends: &Ends,
        models: &FxHashMap<Id, Id>,
    ) {
        let told = self.told_by_footers();
        for (id, (account, all)) in bare {
            let sure = all.iter().copied().filter(|blended| sure_footers.contains(&(id.clone(), *blended))).collect();
            let (share, model, conversation) = (all.last().copied(), models.get(&id).cloned(), Some(id.clone()));
            let footers = Footers { all, sure, share, is_counters: false, conversation, model };
            let in_runs = told.get(&id).copied();
            let shared = ends.work(&id).filter(|_| account.is_shared());
            self.add_conversation(id, account, shared, footers, in_runs);
        }
    }

    /// Adds a conversation that is no run's. `shared`: what the runs worked for that used it together. `in_runs`: what
    /// runs used of it, in blended tokens, as their footers alone tell.
    fn add_conversation(
        &mut self,
        id: Id,
        account: Account,
        shared: Option<Work>,
        mut footers: Footers,
        in_runs: Option<u64>,
    ) {
        if !account.has_usage() && !account.is_unmeasured && footers.all.is_empty() {
            return;
        }
        let harness = account.harness.clone();
        let host = account.host.clone();
        let owner = Owner { billing: account.billing, host, shared, ..Owner::new(None, harness) };
        let Some(in_runs) = in_runs.filter(|_| account.is_counted_from_zero()) else {
            self.add_owner(owner, vec![(id, account)], footers, None);
            return;
        };
        // The counter counts what runs used, too, of which nothing is known but its blended total.
        let rest = account.weigh(&id).rows.add_blended_tokens(0).saturating_sub(in_runs);
        if rest > 0 {
            footers.share = Some(rest);
            self.add_owner(owner, Vec::new(), footers, None);
        }
    }
}
