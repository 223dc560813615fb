//! The events of one source, in order.

mod calls;
mod counters;
mod doubts;
mod end;
mod nameless;
mod processes;
mod state;

use self::state::Record;
pub use self::state::SourceFold;
use crate::event::{Conversation, Defect, Event, Fact, Footer, Id, Run, Uncounted};
use crate::fold::facts::{QuotaReading, UNDATED, UncountedCall, add_footer, add_sure_footer, first};

impl SourceFold {
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
            Fact::Counted(usage) => {
                if let Some(facts) = record.run.and_then(|run| self.facts.runs.get_mut(&run)) {
                    facts.counted = facts.counted.max(Some(*usage));
                }
            }
            Fact::Footer(footer) => self.take_footer(&footer, record),
            Fact::OpenRun => self.open_run(record),
            Fact::Uncounted(found) => self.take_uncounted(*found, record),
            Fact::AgentAtWork(id) => self.take_agent_at_work(id, record),
            Fact::Reset(reset) => self.take_reset(*reset, record),
            Fact::Unfinished(id) => self.end_unfinished(id, record),
            Fact::Ended(id) => self.end_whole(&id, offset),
            Fact::TurnOver(id) => self.end_turn(id, record),
            Fact::Lost(id) => self.lose(&id),
            Fact::Quota(quota) => {
                let Record { run, harness, time, .. } = record;
                self.quotas.apply(QuotaReading { time, run, host: self.host.clone(), harness, quota: *quota });
            }
            Fact::CallTiming(timing) => {
                if let Some(call) = self.facts.calls.get_mut(&timing.key) {
                    call.add_timing(timing);
                }
            }
            Fact::Request(request) => self.facts.timing.request(time, record.shows(*request)),
            Fact::StreamFailure(failure) => self.facts.timing.failure(time, record.shows(*failure)),
            Fact::ToolCall(tool) => self.facts.timing.tool(time, record.shows(*tool)),
            // How a source was read says nothing of usage.
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
        let Record { run, harness, time, offset } = record;
        // The header of plain output, which tells no time, begins a session: a footer before it ended another one.
        if found.begins && time.is_none() && !self.facts.conversations.contains_key(&found.id) {
            self.name_footers();
        }
        let key = (run.clone(), Some(found.id.clone()));
        let stream = self.streams.entry(key).or_default();
        // A process that ended without a result leaves calls that no later counter covers.
        stream.uncovered.clear();
        stream.beside.clear();
        (stream.is_whole, stream.is_read) = (true, false);
        stream.open_since = (!found.begins && time.is_none()).then_some(offset);
        stream.restores = found.restores_counter.or(stream.restores);
        if found.model.is_some() {
            stream.model.clone_from(&found.model);
        }
        let facts = self.facts.conversation(found.id.clone(), harness);
        facts.model = facts.model.take().max(found.model.clone());
        facts.learn(&found);
        let dated = |name: Option<Id>| name.map(|name| (time.unwrap_or(UNDATED), name));
        if let Some(time) = time.filter(|_| found.is_active && run.is_none()) {
            facts.active.push(time);
            stream.note_log(&mut facts.logs, &self.name);
        }
        facts.failures.extend(time.filter(|_| found.has_failed));
        first(&mut facts.repo, dated(found.repo));
        first(&mut facts.branch, dated(found.branch));
        first(&mut facts.version, dated(found.version));
        facts.parent = facts.parent.take().max(found.parent);
        if found.begins {
            if run.is_none() {
                facts.began = [facts.began, time].into_iter().flatten().min();
            }
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
                if !self.doubts.contains(offset) {
                    add_footer(&mut self.facts.sure_footers, id.clone(), footer.blended_tokens);
                }
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
        let Uncounted { conversation, key, agent, agent_count, is_compaction, log } = found;
        let facts = self.facts.conversation(conversation, record.harness);
        let (time, counted) = (record.time, &mut facts.uncounted);
        counted.insert(UncountedCall { key, agent, agent_count, is_compaction, log, time, place });
    }

    /// What is told of the conversation ends here with an answer that isn't whole.
    fn end_unfinished(&mut self, id: Id, record: Record) {
        let place = self.place(record.offset);
        self.facts.conversation(id, record.harness).end(record.run, record.time, place, &self.so_far);
    }

    /// What is told of the conversation ends here with whole records.
    fn end_whole(&mut self, id: &Id, offset: u64) {
        if let Some(facts) = self.facts.conversations.get_mut(id) {
            facts.ends_whole(&self.name, offset, &self.so_far);
        }
    }

    /// The last turn of the conversation that is known to have ended did so here.
    fn end_turn(&mut self, id: Id, record: Record) {
        let facts = self.facts.conversation(id, record.harness);
        facts.turn_over = facts.turn_over.max(record.time);
    }

    /// A reading of the conversation's counter may have been lost here.
    fn lose(&mut self, id: &Id) {
        if let Some(facts) = self.facts.conversations.get_mut(id) {
            facts.log.lose();
        }
    }

    fn take_defect(&mut self, defect: Defect, record: Record) {
        match defect {
            Defect::Truncated => {
                self.broken_at = Some(record.offset);
                self.so_far.break_off(record.offset);
            }
            Defect::Torn | Defect::OutOfRange | Defect::LineTooLong => self.so_far.tear(record.offset),
            Defect::DoubtfulRecord => self.doubts.add(record.offset),
            _ => {}
        }
        let counts = match record.run {
            Some(run) => &mut self.facts.runs.entry(run).or_default().defects,
            None => &mut self.facts.defects,
        };
        *counts.entry(defect).or_default() += 1;
    }
}
