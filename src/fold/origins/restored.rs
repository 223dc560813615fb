//! Results that count earlier processes of their session, too: Claude Code restores what those counted where a session is
//! resumed or forked. That is taken off, so that each result tells of its own process.

use rustc_hash::{FxHashMap, FxHashSet};

use super::used::Used;
use crate::event::{CallKey, Id, ModelUsage, RESTORED_SINCE, Time, TokenUsage, Usd};
use crate::fold::facts::{Calls, ConversationFacts, Conversations, ResultFacts, ResultKey, Runs, ancestors, is_growth};

/// So many lower results are held against each.
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
    let used = Used::by_session(calls, runs, &members);
    let mut own: Vec<(Id, ResultKey, ResultFacts)> = Vec::new();
    for (id, upwards) in &families {
        let members: Vec<&Id> = std::iter::once(*id).chain(upwards).collect();
        let facts = members.iter().filter_map(|id| Some((*id, conversations.get(*id)?)));
        let mut results: Vec<(&Id, &ResultKey, &ResultFacts)> = facts
            .flat_map(|(id, facts)| facts.results.iter().map(move |(key, result)| (id, key, result)))
            .filter(|(_, _, result)| result.counts_process())
            .collect();
        results.sort_by_cached_key(|(id, key, result)| (sum(&result.total).total_tokens(), result.cost, *key, *id));
        let session = Session { members, used: &used, calls, runs };
        for (nth, (of, key, result)) in results.iter().enumerate().filter(|(_, (of, ..))| of == id) {
            let lower = results.get(..nth).unwrap_or_default().iter().rev().take(MOST_COMPARED);
            let part = session.own_part(result, lower.map(|(_, _, lower)| *lower));
            own.extend(part.map(|part| ((*of).clone(), (*key).clone(), part)));
        }
    }
    for (id, key, part) in own {
        if let Some(known) = conversations.get_mut(&id).and_then(|facts| facts.results.get_mut(&key)) {
            *known = part;
        }
    }
}

/// A session, with those that it was forked from.
struct Session<'a> {
    /// It comes first.
    members: Vec<&'a Id>,
    used: &'a FxHashMap<&'a Id, Used<'a>>,
    calls: &'a Calls,
    runs: &'a Runs,
}

impl Session<'_> {
    /// What a result tells of its own process; `None` if that is all that it tells. `lower` are results that count less,
    /// the highest first.
    fn own_part<'r>(
        &self,
        result: &ResultFacts,
        mut lower: impl Iterator<Item = &'r ResultFacts>,
    ) -> Option<ResultFacts> {
        let query = result.query.filter(|_| result.may_restore(self.ended(result)))?;
        let began = self.began(result);
        let least = query.plus(&self.by_agents(result, began));
        let restored = lower.find(|lower| self.is_earlier(lower, result) && has_room(result, &lower.total, &least));
        // Who used the session in between may have saved what that came to, or not.
        let from = match restored {
            Some(restored) => self.ended(restored).map(Some),
            None => Some(None),
        };
        let between = began.zip(from).map(|(until, from)| self.between(from, until)).unwrap_or_default();
        let base = restored.map(|restored| &restored.total[..]).unwrap_or_default();
        if !between.is_empty() && has_room(result, &together(base, &between), &least) {
            return Some(result.of_query(query));
        }
        restored.map(|restored| result.beyond(restored, &query))
    }

    /// When a result's process began, as its run or its first message tells.
    fn began(&self, result: &ResultFacts) -> Option<Time> {
        let runs = result.runs.iter().filter_map(|run| self.runs.get(run)?.started_at()).min();
        runs.or_else(|| self.time_of(&result.shown.as_ref()?.0))
    }

    /// When it ended, as its run or its last message tells.
    fn ended(&self, result: &ResultFacts) -> Option<Time> {
        let runs = result.runs.iter().filter_map(|run| self.runs.get(run)?.ended_at()).max();
        runs.or_else(|| self.time_of(&result.shown.as_ref()?.1))
    }

    fn time_of(&self, message: &Id) -> Option<Time> {
        self.calls.get(&CallKey::Message(message.clone()))?.time
    }

    /// Whether a result may be of an earlier process than another one. Those of one output are told apart there.
    fn is_earlier(&self, earlier: &ResultFacts, later: &ResultFacts) -> bool {
        let is_before = self.began(earlier).zip(self.ended(later)).is_none_or(|(began, ended)| began < ended);
        is_before && earlier.runs.is_disjoint(&later.runs)
    }

    /// What the process's sub-agents used, as far as its output or a log shows it.
    fn by_agents(&self, result: &ResultFacts, began: Option<Time>) -> TokenUsage {
        let used = self.members.first().and_then(|id| self.used.get(*id));
        let within = began.zip(self.ended(result));
        let logged = used.zip(within).map(|(used, (from, until))| used.by_agents(from, until)).unwrap_or_default();
        result.by_agents.plus(&logged.minus(&result.by_agents))
    }

    /// What calls show that was used between two times, by model.
    fn between(&self, from: Option<Time>, until: Time) -> Vec<ModelUsage> {
        let used = self.members.iter().filter_map(|id| self.used.get(*id));
        used.fold(Vec::new(), |sum, used| together(&sum, &used.between(from, until)))
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
fn together(a: &[ModelUsage], b: &[ModelUsage]) -> Vec<ModelUsage> {
    let mut all = a.to_vec();
    for model in b {
        match all.iter_mut().find(|known| known.model == model.model) {
            Some(known) => known.add(model),
            None => all.push(model.clone()),
        }
    }
    all
}

impl ResultFacts {
    /// Whether it tells what its process used, and no later one counts it.
    fn counts_process(&self) -> bool {
        self.names_models() && !self.total.is_empty() && !self.is_superseded
    }

    /// Whether its process may have restored what earlier ones counted.
    fn may_restore(&self, ended: Option<Time>) -> bool {
        self.restores.unwrap_or_else(|| ended.is_none_or(|ended| RESTORED_SINCE <= ended))
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
    fn beyond(&self, before: Option<&ModelUsage>) -> ModelUsage {
        let Some(before) = before else { return self.clone() };
        let usage = self.usage.minus(&before.usage);
        ModelUsage { usage, cost: self.cost.zip(before.cost).map(|(now, before)| now - before), ..self.clone() }
    }
}
