//! Which calls of a session are known, in the order of their times.

use rustc_hash::{FxHashMap, FxHashSet};

use super::results::{counts, made_by};
use crate::event::{Id, Time, TokenUsage};
use crate::fold::facts::{CallFacts, Calls, Runs};

/// The calls of a session that used something, in the order of their times.
#[derive(Default)]
pub(super) struct Used<'a> {
    calls: Vec<(Time, &'a CallFacts)>,
    /// How much sub-agents had used when each of their calls was answered.
    by_agents: Vec<(Time, TokenUsage)>,
}

impl<'a> Used<'a> {
    /// Of each of these sessions.
    pub(super) fn by_session(
        calls: &'a Calls,
        runs: &Runs,
        sessions: &FxHashSet<&'a Id>,
    ) -> FxHashMap<&'a Id, Used<'a>> {
        let mut all: FxHashMap<&Id, Used<'_>> = FxHashMap::default();
        for call in calls.values().filter(|call| !call.usage.is_zero()) {
            let id = call.conversation.as_ref().and_then(|id| sessions.get(id));
            // What its record doesn't tell, the end of its run does.
            let ended = || call.runs.iter().filter_map(|run| runs.get(run)?.ended_at()).max();
            if let Some((id, time)) = id.zip(call.time.or_else(ended)) {
                all.entry(id).or_default().calls.push((time, call));
            }
        }
        all.values_mut().for_each(Used::put_in_order);
        all
    }

    fn put_in_order(&mut self) {
        self.calls.sort_unstable_by_key(|(time, call)| (*time, call.usage));
        let mut sum = TokenUsage::default();
        for (time, call) in self.calls.iter().filter(|(_, call)| call.is_subagent && call.time.is_some()) {
            sum = sum.plus(&call.usage);
            self.by_agents.push((*time, sum));
        }
    }

    /// The calls after `from` and before `until`, the latest first; since the beginning without `from`.
    pub(super) fn between(&self, from: Option<Time>, until: Time) -> impl Iterator<Item = &'a CallFacts> {
        let is_after = move |time: Time| from.is_none_or(|from| from < time);
        let before = self.calls.partition_point(|(time, _)| *time < until);
        let calls = self.calls.get(..before).unwrap_or_default().iter().rev();
        calls.take_while(move |(time, _)| is_after(*time)).map(|(_, call)| *call)
    }

    /// When its first call was answered.
    pub(super) fn began(&self) -> Option<Time> {
        self.calls.first().map(|(time, _)| *time)
    }

    /// When the calls of the main loop were answered that come to a query, the first and the last.
    pub(super) fn query(&self, query: &TokenUsage) -> Option<(Time, Time)> {
        let steps: Vec<&(Time, &CallFacts)> = self.calls.iter().filter(|(_, call)| !call.is_subagent).collect();
        let made = made_by(&steps, |(_, call)| counts(&call.usage), &counts(query))?;
        Some((made.first()?.0, made.last()?.0))
    }

    /// What sub-agents used within this time.
    pub(super) fn by_agents(&self, from: Time, until: Time) -> TokenUsage {
        let by = |is_by: &dyn Fn(Time) -> bool| {
            let calls = self.by_agents.partition_point(|(time, _)| is_by(*time));
            calls.checked_sub(1).and_then(|last| self.by_agents.get(last)).map(|(_, sum)| *sum).unwrap_or_default()
        };
        by(&|time| time <= until).minus(&by(&|time| time < from))
    }
}
