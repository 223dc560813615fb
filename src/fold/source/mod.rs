//! The events of one source, in order.

mod calls;
mod counters;
mod doubts;
mod end;
mod nameless;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::event::{
    CallKey, Conversation, Defect, Event, Fact, Footer, Harness, Id, Run, RunId, Time, TokenUsage, Uncounted,
};
use crate::fold::facts::{
    Facts, LogEnd, Place, QuotaFold, QuotaReading, Reading, ResultKey, Shown, TurnContext, UncountedCall, add_footer,
    add_sure_footer, first,
};
use doubts::Doubts;

/// Folds one source. Events must come in the order of the source.
#[derive(Debug)]
pub struct SourceFold {
    name: Id,
    /// The machine it comes from.
    host: Option<Id>,
    facts: Facts,
    /// What the order of the records tells, for each conversation in each run.
    streams: FxHashMap<(Option<RunId>, Option<Id>), Stream>,
    quotas: QuotaFold,
    doubts: Doubts,
    /// The run that the latest event was of.
    latest_run: Option<RunId>,
    /// Where the source broke off.
    broken_at: Option<u64>,
    /// Blended totals of no run and of no conversation that is named, with the harness that printed them.
    unnamed_footers: BTreeSet<(Option<Harness>, u64)>,
}

/// A conversation's records in one run (or outside runs) of one source.
#[derive(Debug, Default)]
struct Stream {
    /// Whether it is known that the source is the conversation's session log.
    is_noted: bool,
    /// Calls since the latest reading of a counter.
    uncovered: Vec<CallKey>,
    /// The latest call of the latest reading, unless its record was seen before the reading.
    twin_to_come: Option<TokenUsage>,
    /// The latest value of its counter.
    total: Option<TokenUsage>,
    /// Whether the counter was read so last that its reading tells no time.
    is_untimed: bool,
    latest: Option<Time>,
    model: Option<Id>,
    /// The readings of the process that was read last, as far as none of them counts the others.
    results: Vec<ResultKey>,
    /// Calls of sub-agents that such readings leave out.
    beside: Vec<CallKey>,
    /// Whether the process was named when it began.
    is_whole: bool,
    /// Whether nothing of it followed: calls tell by themselves whether a result counts them.
    is_open: bool,
    /// Readings of a conversation that nothing named.
    anonymous: Vec<Reading>,
    /// What the latest call of a session log shared with others.
    context: Arc<TurnContext>,
}

impl Stream {
    /// Notes once that the source is a session log of the conversation.
    fn note_log(&mut self, logs: &mut BTreeMap<Id, LogEnd>, source: &Id) {
        if !std::mem::replace(&mut self.is_noted, true) {
            logs.entry(source.clone()).or_default();
        }
    }
}

impl SourceFold {
    /// `name` tells the source from others.
    pub fn new(name: &str) -> SourceFold {
        SourceFold {
            name: name.into(),
            host: None,
            facts: Facts::default(),
            streams: FxHashMap::default(),
            quotas: QuotaFold::default(),
            doubts: Doubts::default(),
            latest_run: None,
            broken_at: None,
            unnamed_footers: BTreeSet::new(),
        }
    }

    /// Takes the next event.
    pub fn apply(&mut self, event: Event) {
        let Event { offset, run, harness, time, fact } = event;
        if run.is_some() && run != self.latest_run {
            self.latest_run.clone_from(&run);
        }
        // Those who don't ask for times must find the same runs.
        let tells_time =
            matches!(fact, Fact::Request(_) | Fact::StreamFailure(_) | Fact::CallTiming(_) | Fact::ToolCall(_));
        if let (Some(id), Some(harness), false) = (&run, &harness, tells_time) {
            let known = &mut self.facts.runs.entry(id.clone()).or_default().harness;
            *known = known.take().max(Some(harness.clone()));
        }
        let record = Record { run, harness, time, offset };
        match fact {
            Fact::Run(found) => self.take_run(*found),
            Fact::Conversation(found) => self.take_conversation(*found, record),
            Fact::Call(call) => self.take_call(call, record),
            Fact::Counter(counter) => self.take_counter(*counter, record),
            Fact::Footer(footer) => self.take_footer(&footer, record),
            Fact::OpenRun => self.open_run(record),
            Fact::Uncounted(found) => self.take_uncounted(*found, record),
            Fact::Unfinished(id) => self.end_unfinished(id, record),
            Fact::Ended(id) => self.end_whole(&id, offset),
            Fact::Lost(id) => self.lose(&id),
            Fact::Quota(quota) => {
                let Record { run, harness, time, .. } = record;
                self.quotas.apply(QuotaReading { time, run, harness, quota: *quota });
            }
            Fact::CallTiming(timing) => {
                if let Some(call) = self.facts.calls.get_mut(&timing.key) {
                    call.add_timing(timing);
                }
            }
            Fact::Request(request) => self.facts.timing.request(time, record.shows(*request)),
            Fact::StreamFailure(failure) => self.facts.timing.failure(time, record.shows(*failure)),
            Fact::ToolCall(tool) => self.facts.timing.tool(time, record.shows(*tool)),
            // What was read is no part of what it says.
            Fact::Source(found) => self.host = found.host,
            Fact::Skipped(_) => {}
            Fact::Defect(defect) => self.take_defect(defect, record),
            Fact::Inherited(inherited) => {
                self.facts.conversations.entry(inherited.conversation).or_default().log.inherit(inherited.total);
            }
        }
    }

    fn take_run(&mut self, found: Run) {
        self.latest_run = Some(found.id.clone());
        let facts = self.facts.runs.entry(found.id.clone()).or_default();
        facts.is_closed = true;
        facts.add_run(found);
    }

    fn take_conversation(&mut self, found: Conversation, record: Record) {
        let Record { run, harness, time, .. } = record;
        // The header of plain output, which tells no time, begins a session: a footer before it ended another one.
        if found.begins && time.is_none() && !self.facts.conversations.contains_key(&found.id) {
            self.name_footers();
        }
        let key = (run.clone(), Some(found.id.clone()));
        let stream = self.streams.entry(key).or_default();
        // A process that ended without a result leaves calls that no later counter covers.
        stream.uncovered.clear();
        stream.beside.clear();
        (stream.is_whole, stream.is_open) = (true, !found.begins && time.is_none());
        if found.model.is_some() {
            stream.model.clone_from(&found.model);
        }
        let facts = self.facts.conversation(found.id.clone(), harness);
        facts.model = facts.model.take().max(found.model.clone());
        facts.learn(&found);
        let dated = |name: Option<Id>| name.map(|name| (time.unwrap_or(Time::MAX), name));
        first(&mut facts.repo, dated(found.repo));
        first(&mut facts.branch, dated(found.branch));
        first(&mut facts.version, dated(found.version));
        facts.parent = facts.parent.take().max(found.parent);
        if found.begins {
            facts.begins.insert(run);
        } else {
            facts.named_by.extend(run);
        }
    }

    fn take_footer(&mut self, footer: &Footer, record: Record) {
        let Record { run, harness, offset, .. } = record;
        match (run, footer.conversation.clone()) {
            (Some(run), conversation) => {
                if let Some(id) = &conversation {
                    self.facts.conversations.entry(id.clone()).or_default().named_by.insert(run.clone());
                }
                let facts = self.facts.runs.entry(run).or_default();
                add_footer(&mut facts.footers, conversation, footer.blended_tokens);
                if !self.doubts.contains(offset) {
                    add_sure_footer(&mut facts.sure_footers, footer.blended_tokens);
                }
            }
            (None, Some(id)) => {
                self.facts.conversation(id.clone(), harness);
                add_footer(&mut self.facts.footers, id, footer.blended_tokens);
            }
            (None, None) => add_footer(&mut self.unnamed_footers, harness, footer.blended_tokens),
        }
    }

    /// The source ends within the run's output.
    fn open_run(&mut self, record: Record) {
        if let Some(facts) = record.run.and_then(|run| self.facts.runs.get_mut(&run)) {
            (facts.is_open, facts.is_closed) = (true, false);
        }
    }

    fn take_uncounted(&mut self, found: Uncounted, record: Record) {
        let place = self.place(record.offset);
        let facts = self.facts.conversation(found.conversation, record.harness);
        facts.uncounted.insert(UncountedCall { key: found.key, agent: found.agent, time: record.time, place });
    }

    /// What is told of the conversation ends here with an answer that isn't whole.
    fn end_unfinished(&mut self, id: Id, record: Record) {
        let place = self.place(record.offset);
        self.facts.conversation(id, record.harness).end(record.run, record.time, place);
    }

    /// What is told of the conversation ends here with whole records.
    fn end_whole(&mut self, id: &Id, offset: u64) {
        if let Some(facts) = self.facts.conversations.get_mut(id) {
            facts.ends_whole(&self.name, offset);
        }
    }

    /// A reading of the conversation's counter may have been lost here.
    fn lose(&mut self, id: &Id) {
        if let Some(facts) = self.facts.conversations.get_mut(id) {
            facts.log.lose();
        }
    }

    fn take_defect(&mut self, defect: Defect, record: Record) {
        match defect {
            Defect::Truncated => self.broken_at = Some(record.offset),
            Defect::DoubtfulRecord => self.doubts.add(record.offset),
            _ => {}
        }
        let counts = match record.run {
            Some(run) => &mut self.facts.runs.entry(run).or_default().defects,
            None => &mut self.facts.defects,
        };
        *counts.entry(defect).or_default() += 1;
    }

    fn place(&self, offset: u64) -> Place {
        Place { source: self.name.clone(), offset }
    }
}

/// What an event tells beside its fact.
struct Record {
    run: Option<RunId>,
    harness: Option<Harness>,
    time: Option<Time>,
    /// Where it stands in the source.
    offset: u64,
}

impl Record {
    /// What it says of time, with who shows that.
    fn shows<T>(self, fact: T) -> Shown<T> {
        Shown::new(fact, self.run, self.harness)
    }
}
