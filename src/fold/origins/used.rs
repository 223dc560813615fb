//! What was used of a session by when, as far as calls show it.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::event::{Id, ModelUsage, Time, TokenUsage};
use crate::fold::facts::{CallFacts, Calls, Runs};

/// What was used of a session by when.
#[derive(Default)]
pub(super) struct Used<'a> {
    by_model: FxHashMap<&'a Option<Id>, SoFar>,
    by_agents: SoFar,
}

/// How much had been used when each call was answered, in the order of their times.
#[derive(Default)]
struct SoFar(Vec<(Time, TokenUsage)>);

impl<'a> Used<'a> {
    /// Of each of these sessions.
    pub(super) fn by_session(
        calls: &'a Calls,
        runs: &Runs,
        sessions: &FxHashSet<&'a Id>,
    ) -> FxHashMap<&'a Id, Used<'a>> {
        let mut all: FxHashMap<&Id, Used<'_>> = FxHashMap::default();
        for call in calls.values().filter(|call| !call.usage.is_zero()) {
            if let Some(id) = call.conversation.as_ref().and_then(|id| sessions.get(id)) {
                all.entry(id).or_default().add(call, runs);
            }
        }
        for used in all.values_mut() {
            used.by_model.values_mut().chain([&mut used.by_agents]).for_each(SoFar::add_up);
        }
        all
    }

    fn add(&mut self, call: &'a CallFacts, runs: &Runs) {
        // What its record doesn't tell, the end of its run does.
        let ended = || call.runs.iter().filter_map(|run| runs.get(run)?.ended_at()).max();
        if let Some(time) = call.time.or_else(ended) {
            self.by_model.entry(&call.model).or_default().0.push((time, call.usage));
        }
        if let Some(time) = call.time.filter(|_| call.is_subagent) {
            self.by_agents.0.push((time, call.usage));
        }
    }

    /// What was used after `from` and before `until`, by model; since the beginning without `from`.
    pub(super) fn between(&self, from: Option<Time>, until: Time) -> Vec<ModelUsage> {
        let of_models = self.by_model.iter().map(|(model, used)| {
            let before = from.map(|from| used.by(|time| time <= from)).unwrap_or_default();
            let usage = used.by(|time| time < until).minus(&before);
            ModelUsage { model: (*model).clone(), usage, cost: None, service_tier: None }
        });
        of_models.filter(|model| !model.usage.is_zero()).collect()
    }

    /// What sub-agents used within this time.
    pub(super) fn by_agents(&self, from: Time, until: Time) -> TokenUsage {
        self.by_agents.by(|time| time <= until).minus(&self.by_agents.by(|time| time < from))
    }
}

impl SoFar {
    fn add_up(&mut self) {
        self.0.sort_unstable_by_key(|(time, usage)| (*time, *usage));
        let mut sum = TokenUsage::default();
        for (_, usage) in &mut self.0 {
            sum = sum.plus(usage);
            *usage = sum;
        }
    }

    /// How much at the times of which this holds, which are the first ones.
    fn by(&self, is_by: impl Fn(Time) -> bool) -> TokenUsage {
        let calls = self.0.partition_point(|(time, _)| is_by(*time));
        calls.checked_sub(1).and_then(|last| self.0.get(last)).map(|(_, sum)| *sum).unwrap_or_default()
    }
}
