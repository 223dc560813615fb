//! Readings of counters, held against the calls before them in the same source.

use super::state::{Record, SourceFold, Stream};
use crate::event::{CallKey, Counter, Id, Scope, TokenUsage};
use crate::fold::facts::{ConversationFacts, Reading, ResultFacts, ResultKey, is_growth};

impl SourceFold {
    /// Takes a reading.
    pub(super) fn take_counter(&mut self, mut counter: Counter, record: Record) {
        self.name_counter(&mut counter, &record.run);
        let model = self.cover(&counter, &record);
        if let Some(id) = &counter.conversation {
            self.facts.conversation(id.clone(), record.harness.clone());
        }
        match counter.scope {
            Scope::Conversation => self.take_reading(counter, record),
            Scope::Process | Scope::Query => self.take_result(counter, record, model),
        }
    }

    /// Marks the calls before a reading as covered by it. Gives the model that was at work.
    fn cover(&mut self, counter: &Counter, record: &Record) -> Option<Id> {
        let stream = self.streams.entry((record.run.clone(), counter.conversation.clone())).or_default();
        let total = counter.tokens();
        // The same value again is no new call, whose record could still come.
        if stream.total.replace(total) != Some(total) {
            stream.twin_to_come = counter.last.filter(|_| counter.scope == Scope::Conversation);
        }
        let mut model = None;
        let is_paid = counter.cost.is_some() || counter.total.iter().any(|model| model.cost.is_some());
        for key in std::mem::take(&mut stream.uncovered) {
            let Some(call) = self.facts.calls.get_mut(&key) else { continue };
            // A query's usage leaves its sub-agents out.
            let is_beside = counter.scope == Scope::Query && call.is_subagent;
            call.is_paid |= is_paid;
            call.is_covered |= !is_beside;
            if !call.is_subagent && call.model.is_some() {
                model.clone_from(&call.model);
            }
            stream.twin_to_come = stream.twin_to_come.filter(|last| *last != call.usage);
            stream.beside.extend(is_beside.then_some(key));
        }
        stream.is_untimed = record.time.is_none();
        stream.is_open = false;
        stream.latest = stream.latest.max(record.time);
        model.or_else(|| stream.model.clone())
    }

    /// Takes a reading of a conversation's counter.
    fn take_reading(&mut self, counter: Counter, record: Record) {
        let is_doubtful = self.doubts.contains(record.offset);
        let (total, place) = (counter.tokens(), self.place(record.offset));
        let stream = self.streams.entry((record.run.clone(), counter.conversation.clone())).or_default();
        let reading = Reading {
            stamp: record.time,
            time: stream.latest,
            place,
            total,
            last: counter.last,
            run: record.run,
            model: stream.model.clone(),
            is_doubtful,
        };
        match counter.conversation {
            Some(id) => self.facts.conversations.entry(id).or_default().readings.push(reading),
            None => {
                stream.harness = record.harness;
                stream.anonymous.push(reading);
            }
        }
    }

    /// Takes a reading of a process's counter. A value that rose by its latest query or more is the same process again:
    /// only its latest reading counts. Where a reading counts a query's tokens, that holds for its cost alone, until one
    /// counts the process's. `model` was at work.
    fn take_result(&mut self, counter: Counter, record: Record, model: Option<Id>) {
        let Record { run, time, .. } = record;
        let Some(id) = counter.conversation.clone() else { return };
        let stream = self.streams.entry((run.clone(), Some(id.clone()))).or_default();
        // Captures of several processes may repeat an id: what says something else is another reading.
        let key = ResultKey::of(&counter);
        let is_whole = stream.is_whole;
        let conversation = self.facts.conversations.entry(id).or_default();
        if run.is_none() && !conversation.captures.contains(&self.name) {
            conversation.captures.insert(self.name.clone());
        }
        if stream.results.last() != Some(&key) {
            for key in supersede(stream, conversation, &counter) {
                self.facts.calls.entry(key).and_modify(|call| call.is_covered = true);
            }
            stream.results.push(key.clone());
        }
        let facts = ResultFacts {
            total: counter.total,
            model,
            cost: counter.cost,
            time,
            is_superseded: false,
            has_later_cost: false,
            is_whole,
            is_cut_off: false,
            runs: run.into_iter().collect(),
        };
        conversation.add_result(key, facts);
    }
}

/// Tells the stream's earlier results what a later one of the same process counts of them. Gives the calls that they left
/// out and this one counts.
fn supersede(stream: &mut Stream, conversation: &mut ConversationFacts, counter: &Counter) -> Vec<CallKey> {
    let counts_process = counter.scope == Scope::Process;
    // Of a query's cost, the one before it is enough.
    let from = if counts_process { 0 } else { stream.results.len().saturating_sub(1) };
    let earlier = stream.results.get(from..).unwrap_or_default();
    let is_same = goes_on(earlier.iter().filter_map(|key| conversation.results.get(key)), counter);
    for key in earlier.iter().filter(|_| is_same) {
        let Some(earlier) = conversation.results.get_mut(key) else { continue };
        earlier.has_later_cost |= !counts_process;
        earlier.is_superseded |= counts_process;
    }
    if counts_process || !is_same {
        stream.results.clear();
    }
    let beside = if counts_process { std::mem::take(&mut stream.beside) } else { Vec::new() };
    if is_same { beside } else { Vec::new() }
}

/// Whether a reading is of the process that gave these, the latest last: what it counts of them, or costs, didn't fall.
fn goes_on<'a>(earlier: impl Iterator<Item = &'a ResultFacts>, counter: &Counter) -> bool {
    let (mut queries, mut is_growing, mut latest) = (TokenUsage::default(), true, None);
    let mut least = counter.last.unwrap_or_default();
    for result in earlier {
        latest = Some(result);
        least = result.total.iter().fold(least, |sum, model| sum.plus(&model.usage));
        match &result.total[..] {
            [query] if query.model.is_none() => queries = queries.plus(&query.usage),
            models => is_growing &= is_growth(models, &counter.total),
        }
    }
    let is_costlier = latest.is_some_and(|latest| latest.cost <= counter.cost);
    if counter.scope == Scope::Query {
        return is_costlier;
    }
    // It grew by what the latest query used at least.
    is_growing &= counter.last.is_none() || !least.exceeds(&counter.tokens());
    // The counters of models tell it by themselves.
    latest.is_some() && is_growing && !counter.tokens().fell_below(&queries) && (is_costlier || queries.is_zero())
}
