//! Readings of counters, held against the calls before them in the same source.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::SourceFold;
use crate::event::{Counter, Harness, Id, ModelUsage, RunId, Scope, Time, TokenUsage};
use crate::fold::conversation::{Reading, ResultFacts, ResultKey};
use crate::fold::place::Place;

impl SourceFold {
    /// Takes a reading.
    pub(super) fn counter(
        &mut self,
        counter: Counter,
        run: Option<RunId>,
        harness: Option<Harness>,
        time: Option<Time>,
        place: Place,
    ) {
        let is_doubtful = self.doubts.contains(place.offset);
        let stream = self.streams.entry((run.clone(), counter.conversation.clone())).or_default();
        let covered = std::mem::take(&mut stream.uncovered);
        let total = counter.total.iter().fold(TokenUsage::default(), |sum, model| sum.plus(&model.usage));
        // The same value again is no new call, whose record could still come.
        if stream.total.replace(total) != Some(total) {
            stream.twin_to_come = counter.last;
        }
        let is_paid = counter.cost.is_some() || counter.total.iter().any(|model| model.cost.is_some());
        for key in &covered {
            if let Entry::Occupied(mut call) = self.facts.calls.entry(key.clone()) {
                let call = call.get_mut();
                // A query's usage leaves its sub-agents out.
                call.is_paid |= is_paid;
                call.is_covered |= counter.scope != Scope::Query || !call.is_subagent;
                stream.twin_to_come = stream.twin_to_come.filter(|last| *last != call.usage);
            }
        }
        stream.is_untimed = time.is_none();
        stream.latest = stream.latest.max(time);
        if let Some(id) = &counter.conversation {
            let facts = self.facts.conversations.entry(id.clone()).or_default();
            facts.harness = facts.harness.take().max(harness);
        }
        match counter.scope {
            Scope::Conversation => {
                let reading = Reading {
                    stamp: time,
                    time: stream.latest,
                    place,
                    total,
                    last: counter.last,
                    run,
                    model: stream.model.clone(),
                    is_doubtful,
                };
                match counter.conversation {
                    Some(id) => self.facts.conversations.entry(id).or_default().readings.push(reading),
                    None => stream.anonymous.push(reading),
                }
            }
            Scope::Process | Scope::Query => self.result(counter, run, time),
        }
    }

    /// A rising value is the same process again: only its latest reading counts. Where a reading
    /// counts a query's tokens, that holds for its cost alone.
    fn result(&mut self, counter: Counter, run: Option<RunId>, time: Option<Time>) {
        let Some(id) = counter.conversation else { return };
        let stream = self.streams.entry((run.clone(), Some(id.clone()))).or_default();
        // Captures of several processes may repeat an id: what says something else is another reading.
        let key = ResultKey(counter.key, counter.total.clone());
        let is_whole = stream.is_whole;
        let conversation = self.facts.conversations.entry(id).or_default();
        if run.is_none() && !conversation.captures.contains(&self.name) {
            conversation.captures.insert(self.name.clone());
        }
        let earlier = stream.result.replace(key.clone()).filter(|earlier| *earlier != key);
        if let Some(earlier) = earlier.and_then(|earlier| conversation.results.get_mut(&earlier)) {
            match counter.scope {
                Scope::Query if earlier.cost <= counter.cost => earlier.has_later_cost = true,
                Scope::Process if is_growth(&earlier.total, &counter.total) => earlier.is_superseded = true,
                _ => {}
            }
        }
        let facts = ResultFacts {
            total: counter.total,
            cost: counter.cost,
            time,
            is_superseded: false,
            has_later_cost: false,
            is_whole,
            runs: run.into_iter().collect(),
        };
        conversation.add_result(key, facts);
    }
}

/// Whether every model of the earlier reading is still there and none fell.
fn is_growth(earlier: &[ModelUsage], later: &[ModelUsage]) -> bool {
    let later: FxHashMap<&Option<Id>, &TokenUsage> = later.iter().map(|now| (&now.model, &now.usage)).collect();
    earlier.iter().all(|then| later.get(&then.model).is_some_and(|now| !now.fell_below(&then.usage)))
}
