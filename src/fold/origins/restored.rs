//! Results that count earlier processes of their session, too: Claude Code restores what those counted where a session is
//! resumed or forked. That is taken off, so that each result tells of its own process.

use rustc_hash::{FxHashMap, FxHashSet};

use super::used::Used;
use crate::event::{CallKey, Id, ModelUsage, RESTORED_SINCE, Run, Time, TokenUsage, Usd};
use crate::fold::facts::{
    CallFacts, Calls, ConversationFacts, Conversations, ResultFacts, ResultKey, Runs, ancestors, is_growth,
};

/// So many lower results, and so many calls, are held against each.
const MOST_COMPARED: usize = 256;

/// Takes off results what their processes restored. Calls must have been given to the conversations that made them.
pub(super) fn take_off_restored(conversations: &mut Conversations, calls: &Calls, runs: &Runs) {
    let is_counted = |facts: &ConversationFacts| facts.results.values().any(ResultFacts::counts_process);
    let counted = conversations.iter().filter(|(_, facts)| is_counted(facts));
    let families: Vec<(&Id, Vec<Id>)> = counted.map(|(id, _)| (id, ancestors(conversations, id))).collect();
    if families.is_empty() {
        return;
    }
    let members: FxHashSet<&Id> = families.iter().flat_map(|(id, upwards)| upwards.iter().chain([*id])).collect();
    let known = Known { used: Used::by_session(calls, runs, &members), calls, runs };
    let facts = members.iter().filter_map(|id| Some((*id, conversations.get(*id)?)));
    let told: FxHashMap<&Id, Vec<Told<'_>>> = facts.map(|(id, facts)| (id, known.told(id, facts))).collect();
    let mut own: Vec<(Id, ResultKey, ResultFacts)> = Vec::new();
    for (id, upwards) in &families {
        let members: Vec<&Id> = std::iter::once(*id).chain(upwards).collect();
        let mut all: Vec<&Told<'_>> = members.iter().filter_map(|id| told.get(*id)).flatten().collect();
        all.sort_by_cached_key(|told| (sum(&told.result.total).total_tokens(), told.result.cost, told.key, told.of));
        let session = Session { members, known: &known };
        for (nth, told) in all.iter().enumerate().filter(|(_, told)| told.of == *id) {
            let lower = all.get(..nth).unwrap_or_default().iter().rev().take(MOST_COMPARED);
            let part = session.own_part(told, lower.copied());
            own.extend(part.map(|part| (told.of.clone(), told.key.clone(), part)));
        }
    }
    for (id, key, part) in own {
        if let Some(known) = conversations.get_mut(&id).and_then(|facts| facts.results.get_mut(&key)) {
            *known = part;
        }
    }
}

/// A result, and what is known of its process.
struct Told<'a> {
    of: &'a Id,
    key: &'a ResultKey,
    result: &'a ResultFacts,
    /// When the process began; `None` where nothing tells.
    began: Option<Time>,
    /// When it ended; `None` where nothing tells.
    ended: Option<Time>,
    /// Whether it may have restored what earlier ones counted.
    may_restore: bool,
}

/// What is known beside results.
struct Known<'a> {
    used: FxHashMap<&'a Id, Used<'a>>,
    calls: &'a Calls,
    runs: &'a Runs,
}

impl<'a> Known<'a> {
    /// The results of a session that count a process, with what is known of that.
    fn told(&self, of: &'a Id, facts: &'a ConversationFacts) -> Vec<Told<'a>> {
        let results = facts.results.iter().filter(|(_, result)| result.counts_process());
        let told = results.map(|(key, result)| {
            let (began, ended) = self.span(of, result);
            // A version tells it, else the time, else other versions of the session.
            let is_too_old = ended.is_some_and(|ended| ended < RESTORED_SINCE).then_some(false);
            let may_restore = result.restores.or(is_too_old).or(facts.restores_counter).unwrap_or(true);
            Told { of, key, result, began, ended, may_restore }
        });
        told.collect()
    }

    /// When a result's process began and ended: as its run tells, else its messages, else the calls that come to its
    /// latest query.
    fn span(&self, of: &Id, result: &ResultFacts) -> (Option<Time>, Option<Time>) {
        if !result.runs.is_empty() {
            let runs = || result.runs.iter().filter_map(|run| self.runs.get(run));
            return (runs().filter_map(|run| run.started_at()).min(), runs().filter_map(|run| run.ended_at()).max());
        }
        match &result.shown {
            Some((first, last)) => (self.time_of(first), self.time_of(last)),
            None => self.used.get(of).zip(result.query).and_then(|(used, query)| used.query(&query)).unzip(),
        }
    }

    fn time_of(&self, message: &Id) -> Option<Time> {
        self.calls.get(&CallKey::Message(message.clone()))?.time
    }

    /// What the process's sub-agents used until the result, as far as its output or a log shows it.
    fn by_agents(&self, told: &Told<'_>) -> TokenUsage {
        let shown = told.result.shown.as_ref().and_then(|(_, last)| self.time_of(last));
        let logged = self.used.get(told.of).zip(told.began).zip(shown.or(told.ended));
        let logged = logged.map(|((used, from), until)| used.by_agents(from, until)).unwrap_or_default();
        told.result.by_agents.plus(&logged.minus(&told.result.by_agents))
    }

    /// Whether a result's process was killed after it: then nothing tells what it saved.
    fn was_killed(&self, told: &Told<'_>) -> bool {
        let mut runs = told.result.runs.iter().filter_map(|run| self.runs.get(run)?.ledger.as_ref());
        runs.any(Run::is_killed)
    }
}

/// A session, with those that it was forked from.
struct Session<'a> {
    /// It comes first.
    members: Vec<&'a Id>,
    known: &'a Known<'a>,
}

impl Session<'_> {
    /// What a result tells of its own process; `None` if that is all that it tells. `lower` are results that count less,
    /// the highest first.
    fn own_part<'t>(&self, told: &Told<'_>, mut lower: impl Iterator<Item = &'t Told<'t>>) -> Option<ResultFacts> {
        let query = told.result.query.filter(|_| told.may_restore)?;
        let least = query.plus(&self.known.by_agents(told));
        let may_count = |base: &[ModelUsage]| has_room(told.result, base, &least);
        let restored = lower.find(|lower| self.is_earlier(lower, told) && may_count(&lower.result.total));
        let base = restored.map(|restored| &restored.result.total[..]).unwrap_or_default();
        let from = match restored {
            Some(restored) => restored.ended.map(Some),
            None => Some(None),
        };
        // A process that used the session in between saved what it counted, or was killed before it could.
        let mut between = told.began.zip(from).into_iter().flat_map(|(until, from)| self.between(told, from, until));
        let is_open = restored.is_some_and(|restored| self.known.was_killed(restored));
        if is_open || between.any(|call| may_count(&with(base, call))) {
            return Some(told.result.of_query(query));
        }
        restored.map(|restored| told.result.beyond(restored.result, &query))
    }

    /// Whether a result may be of an earlier process than another one, and before the fork if it is of a parent's.
    /// Results of one output are told apart there.
    fn is_earlier(&self, earlier: &Told<'_>, later: &Told<'_>) -> bool {
        let forked = || self.known.used.get(later.of).and_then(Used::began);
        let until = if earlier.of == later.of { later.ended } else { forked().or(later.ended) };
        let is_before = earlier.began.zip(until).is_none_or(|(began, until)| began < until);
        is_before && earlier.result.runs.is_disjoint(&later.result.runs)
    }

    /// Calls between two times, as far as so many are held against a result. Beside a result of no run that shows no
    /// messages, calls of its own session that are no run's count once anyway.
    fn between(&self, told: &Told<'_>, from: Option<Time>, until: Time) -> impl Iterator<Item = &CallFacts> {
        let is_alone = told.result.runs.is_empty() && told.result.shown.is_none();
        let used = self.members.iter().enumerate().filter_map(|(nth, id)| Some((nth, self.known.used.get(*id)?)));
        used.flat_map(move |(nth, used)| {
            let calls = used.between(from, until).take(MOST_COMPARED);
            calls.filter(move |call| !is_alone || nth > 0 || !call.runs.is_empty())
        })
    }
}

/// Whether a result counts all of this, and has room for more: no less than `least` was used beside it.
fn has_room(result: &ResultFacts, base: &[ModelUsage], least: &TokenUsage) -> bool {
    is_growth(base, &result.total) && !sum(base).plus(least).exceeds(&sum(&result.total))
}

fn sum(total: &[ModelUsage]) -> TokenUsage {
    total.iter().map(|model| &model.usage).sum()
}

/// The sum of both, by model.
fn with(base: &[ModelUsage], call: &CallFacts) -> Vec<ModelUsage> {
    let part = ModelUsage { model: call.model.clone(), usage: call.usage, cost: None, service_tier: None };
    let mut all = base.to_vec();
    match all.iter_mut().find(|known| known.model == part.model) {
        Some(known) => known.add(&part),
        None => all.push(part),
    }
    all
}

impl ResultFacts {
    /// Whether it tells what its process used, if it used anything, and no later one counts it.
    fn counts_process(&self) -> bool {
        self.names_models() && !sum(&self.total).is_zero() && !self.is_superseded
    }

    /// What it counts beyond the result whose counts its process restored.
    fn beyond(&self, restored: &ResultFacts, query: &TokenUsage) -> ResultFacts {
        let before: FxHashMap<&Option<Id>, &ModelUsage> =
            restored.total.iter().map(|before| (&before.model, before)).collect();
        let mut total: Vec<ModelUsage> =
            self.total.iter().map(|now| now.beyond(before.get(&now.model).copied())).collect();
        total.retain(|model| !model.usage.is_zero() || model.cost.is_some_and(|cost| cost > Usd::ZERO));
        // What one model did alone, the query tells with all its parts.
        let is_query = |model: &&mut ModelUsage| !model.usage.exceeds(query) && !model.usage.fell_below(query);
        if let Some(model) = total.iter_mut().find(is_query) {
            model.usage = *query;
        }
        let cost = self.cost.zip(restored.cost).map(|(now, before)| now - before);
        ResultFacts { total, cost, ..self.clone() }
    }

    /// Its latest query alone: how much its process restored isn't known.
    fn of_query(&self, query: TokenUsage) -> ResultFacts {
        let total = vec![ModelUsage { model: None, usage: query, cost: None, service_tier: None }];
        ResultFacts { total, cost: None, is_floor: true, ..self.clone() }
    }
}

impl ModelUsage {
    /// What it counts beyond an earlier reading of the same model, if there is one.
    pub(in crate::fold) fn beyond(&self, before: Option<&ModelUsage>) -> ModelUsage {
        let Some(before) = before else { return self.clone() };
        let usage = self.usage.minus(&before.usage);
        ModelUsage { usage, cost: self.cost.zip(before.cost).map(|(now, before)| now - before), ..self.clone() }
    }
}
