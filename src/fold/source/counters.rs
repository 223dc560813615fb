//! Readings of counters, held against the calls before them in the same source.

use super::state::{Record, SourceFold, Stream};
use crate::event::{CallKey, Counter, Id, Scope, TokenUsage};
use crate::fold::facts::{CallFacts, ConversationFacts, Reading, ResultFacts, ResultKey, is_growth};

impl SourceFold {
    /// Takes a reading.
    pub(super) fn take_counter(&mut self, mut counter: Counter, record: Record) {
        let key = ResultKey::of(&counter);
        self.name_counter(&mut counter, &record.run);
        if self.counts_others(&counter, &record) {
            return;
        }
        let covered = self.cover(&counter, &record);
        if let Some(id) = &counter.conversation {
            self.facts.conversation(id.clone(), record.harness.clone());
        }
        match counter.scope {
            Scope::Conversation => self.take_reading(counter, record),
            Scope::Process | Scope::Query => {
                if self.take_off_before_reset(&mut counter, &record) {
                    self.take_result(counter, key, record, covered);
                }
            }
        }
    }

    /// Marks the calls before a reading as covered by it.
    fn cover(&mut self, counter: &Counter, record: &Record) -> Covered {
        let stream = self.streams.entry((record.run.clone(), counter.conversation.clone())).or_default();
        let total = counter.tokens();
        // Where the value is the same again, there is no new call whose record could still come.
        if stream.total.replace(total) != Some(total) {
            stream.twin_to_come = counter.last.filter(|_| counter.scope == Scope::Conversation);
        }
        let mut covered = Covered::default();
        let is_paid = counter.cost.is_some() || counter.total.iter().any(|model| model.cost.is_some());
        for key in std::mem::take(&mut stream.uncovered) {
            let is_step = key.step_of().is_some_and(|call| self.facts.calls.contains_key(&call));
            let Some(call) = self.facts.calls.get_mut(&key) else { continue };
            // A query's usage leaves its sub-agents out.
            let is_beside = counter.scope == Scope::Query && call.is_subagent;
            call.is_paid |= is_paid;
            if call.is_subagent && !call.is_covered {
                covered.by_agents = covered.by_agents.plus(&call.usage);
            }
            call.is_covered |= !is_beside;
            if !call.is_subagent && !is_step {
                covered.add(&key, call);
            }
            stream.twin_to_come = stream.twin_to_come.filter(|last| *last != call.usage);
            stream.beside.extend(is_beside.then_some(key));
        }
        stream.is_untimed = record.time.is_none();
        stream.open_since = None;
        stream.latest = stream.latest.max(record.time);
        covered.model = covered.model.or_else(|| stream.model.clone());
        covered
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
    /// counts the process's.
    fn take_result(&mut self, counter: Counter, key: ResultKey, record: Record, covered: Covered) {
        let Record { run, time, offset, .. } = record;
        let Some(id) = counter.conversation.clone() else { return };
        let stream = self.streams.entry((run.clone(), Some(id.clone()))).or_default();
        stream.is_read = true;
        let counts_process = counter.scope == Scope::Process;
        let query = if counts_process { counter.last } else { Some(counter.tokens()) };
        // Where a message is torn, the rest comes to less than the query used.
        let lacks_some = query.is_some_and(|query| covered.input_tokens < query.input_tokens);
        let is_whole = stream.is_whole && !lacks_some;
        let is_torn = run.is_none() && (self.so_far.is_torn() || stream.is_whole && lacks_some);
        let mut shown = covered.shown.filter(|_| is_whole);
        let conversation = self.facts.conversations.entry(id).or_default();
        if run.is_none() {
            match conversation.captures.get_mut(&self.name) {
                Some(results) => _ = results.insert(offset),
                None => _ = conversation.captures.insert(self.name.clone(), [offset].into()),
            }
        }
        // Captures of several processes may repeat an id: what says something else is another reading.
        if stream.results.last() != Some(&key) {
            let earlier = supersede(stream, conversation, &counter);
            for key in earlier.iter().flatten() {
                self.facts.calls.entry(key.clone()).and_modify(|call| call.is_covered = true);
            }
            let is_first = earlier.is_none();
            stream.by_agents = if is_first { covered.by_agents } else { stream.by_agents.plus(&covered.by_agents) };
            let before = stream.shown.take();
            stream.shown = match (earlier, &shown) {
                (None, shown) => shown.clone(),
                (Some(_), Some((_, last))) => before.map(|(first, _)| (first, last.clone())),
                (Some(_), None) => before.filter(|_| is_whole),
            };
            if counts_process {
                shown.clone_from(&stream.shown);
            }
            stream.results.push(key.clone());
        }
        let facts = ResultFacts {
            total: counter.total,
            model: covered.model,
            is_of_several: covered.is_of_several,
            cost: counter.cost,
            time,
            is_superseded: false,
            has_later_cost: false,
            is_cut_off: false,
            is_torn,
            query,
            shown,
            restores: stream.restores,
            by_agents: stream.by_agents,
            is_floor: false,
            leaves_agents: counter.leaves_agents,
            runs: run.into_iter().collect(),
        };
        conversation.add_result(key, facts);
    }
}

/// What a reading covers of its source's main loop.
#[derive(Default)]
struct Covered {
    /// The model that was at work last.
    model: Option<Id>,
    /// Whether several were.
    is_of_several: bool,
    /// The first and the last message.
    shown: Option<(Id, Id)>,
    /// What all of them took in.
    input_tokens: u64,
    /// What sub-agents used beside it.
    by_agents: TokenUsage,
}

impl Covered {
    fn add(&mut self, key: &CallKey, call: &CallFacts) {
        let CallKey::Message(id) = key else { return };
        // A message has a record for each of its blocks.
        if self.shown.as_ref().is_some_and(|(_, last)| last == id) {
            return;
        }
        self.is_of_several |= self.model.is_some() && call.model.is_some() && self.model != call.model;
        self.model = call.model.clone().or(self.model.take());
        self.input_tokens = self.input_tokens.saturating_add(call.usage.input_tokens);
        let first = self.shown.take().map_or_else(|| id.clone(), |(first, _)| first);
        self.shown = Some((first, id.clone()));
    }
}

/// Tells the stream's earlier results what a later one of the same process counts of them. Gives the calls that they left
/// out and this one counts; `None` if it is the first of its process.
fn supersede(stream: &mut Stream, conversation: &mut ConversationFacts, counter: &Counter) -> Option<Vec<CallKey>> {
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
    is_same.then_some(beside)
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
