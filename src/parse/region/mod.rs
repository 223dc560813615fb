//! The output of one run, or a bare log: gives its records their run and conversation.

mod echoes;
mod footers;
mod gaps;
mod names;
mod twins;
mod waiting;
mod watch;

use std::collections::HashMap;

use super::mark::{Mark, MarkKind, SLACK_MS};
use super::sink::Sink;
use super::timing::{Sign, Timing};
use crate::event::{Call, Conversation, Defect, Fact, Id, Quota, Run, RunId, Time};
use echoes::Echoes;
use footers::Footers;
use gaps::Gaps;
use names::Names;
use twins::Twins;
use waiting::Waiting;
use watch::Watches;

/// One run's output in the order of its lines.
#[derive(Debug, Default)]
pub(super) struct Region {
    run: Option<RunId>,
    /// The harness whose records count; `None`: the first record tells.
    harness: Option<String>,
    /// Whether records count here at all: between the runs of a loop log they don't.
    is_nowhere: bool,
    echoes: Echoes,
    names: Names,
    twins: Twins,
    waiting: Waiting,
    /// When the latest prompt was written of which nothing tells how far its text runs.
    prompted: Option<Time>,
    footers: Footers,
    /// The latest call of each stream.
    streaming: HashMap<Id, Call>,
    /// Calls that are under way, as far as time is told.
    watches: Watches,
    gaps: Gaps,
}

impl Region {
    pub(super) fn in_run(run: RunId) -> Region {
        Region { run: Some(run), ..Region::default() }
    }

    /// A stretch that is no run's output.
    pub(super) fn nowhere() -> Region {
        Region { is_nowhere: true, ..Region::default() }
    }

    /// Sets when the output began, or the first record of a bare log.
    pub(super) fn since(mut self, start: Option<Time>) -> Region {
        self.echoes.start = start;
        self
    }

    /// Names the harness that wrote it; records of other harnesses are quotes.
    pub(super) fn written_by(mut self, harness: &str) -> Region {
        self.harness = Some(harness.to_owned());
        self
    }

    pub(super) fn run(&self) -> Option<&RunId> {
        self.run.as_ref()
    }

    /// Learns when the first record of a bare log was written.
    pub(super) fn began(&mut self, time: Option<Time>) {
        self.echoes.start = self.echoes.start.or(time);
    }

    /// Learns when the first record behind a tool's output was written that was open when the log began: what came
    /// before is content.
    pub(super) fn began_anew(&mut self, time: Option<Time>) {
        if self.names.latest().is_none() && !self.echoes.know_any() && self.waiting.is_empty() {
            self.echoes.start = time;
        }
    }

    /// Takes a candidate that stands.
    pub(super) fn push(&mut self, mut mark: Mark, sink: &mut Sink<'_>) {
        if self.is_nowhere || !self.is_of_harness(&mark) {
            return;
        }
        if let MarkKind::Timing(timing) = mark.kind {
            return self.time(mark.offset, mark.harness, mark.conversation, *timing, sink);
        }
        if let MarkKind::Counted(_) = mark.kind {
            return self.hand_on(mark, sink);
        }
        if let MarkKind::Named { in_flight } = mark.kind {
            return self.name(&mark, in_flight, sink);
        }
        if let MarkKind::Prompt(text) = &mark.kind {
            self.prompted = self.prompted.max(mark.time.filter(|_| text.is_none()));
            return self.name(&mark, false, sink);
        }
        if self.echoes.is_echo(mark.time, mark.conversation.as_ref()) {
            if mark.is_usage() {
                sink.defect(mark.offset, self.run.clone(), Defect::Echo);
            }
            // It names its conversation, as the lines around it do.
            if mark.conversation.is_some() {
                self.name(&mark, false, sink);
            }
            return;
        }
        if self.may_be_quoted(&mark) {
            sink.defect(mark.offset, self.run.clone(), Defect::DoubtfulRecord);
        }
        let is_aside = mark.is_aside();
        if mark.conversation.is_none() {
            mark.conversation = self.conversation_of(&mark);
        }
        match mark.conversation.clone() {
            None if self.waiting.has_room_for(&mark) => self.waiting.push(mark),
            Some(_) if is_aside => self.hand_on(mark, sink),
            conversation => {
                if let Some(id) = conversation {
                    self.end_waiting(&id, sink);
                }
                self.emit(mark, sink);
            }
        }
    }

    /// Whoever is named ends the wait for a name.
    fn end_waiting(&mut self, id: &Id, sink: &mut Sink<'_>) {
        for mark in self.waiting.end_with(id) {
            self.emit(mark, sink);
        }
    }

    /// Learns who is named, which is no record: how often a text is searched for names depends on how it is cut.
    fn name(&mut self, mark: &Mark, in_flight: bool, sink: &mut Sink<'_>) {
        // Some only say that an answer is streaming: who is answered was named before.
        if let Some(id) = &mark.conversation {
            self.end_waiting(id, sink);
            self.names.add(id, mark.offset, self.echoes.is_old(mark.time));
        }
        self.gaps.streams(mark, in_flight);
    }

    /// Time is told beside all else: it names no conversation and hides no echo, so that the rest is the
    /// same for those who don't ask for it.
    fn time(
        &mut self,
        offset: u64,
        harness: Option<&'static str>,
        conversation: Option<Id>,
        timing: Timing,
        sink: &mut Sink<'_>,
    ) {
        let time = Some(timing.time);
        // How many events come at once depends on how the source is cut, so none is refused: what counts them, the
        // call that they end with, is.
        let is_refused = !matches!(timing.sign, Sign::Events(_))
            && self.echoes.is_echo(Some(timing.recorded), conversation.as_ref());
        if is_refused {
            return;
        }
        if let Some(fact) = self.watches.push(conversation, timing) {
            sink.event(offset, self.run.clone(), harness, time, fact);
        }
    }

    /// Hands on what a mark means, now that its conversation is known.
    fn emit(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        self.gaps.usage(&mark);
        if let Some(id) = &mark.conversation {
            self.footers.record(&mark.kind, id, self.run.is_none());
            // Not all ask for rate limits.
            let is_record = !matches!(mark.kind, MarkKind::Fact(Fact::Quota(_)));
            if is_record {
                self.echoes.record(id);
            }
            self.names.add(id, mark.offset, self.echoes.is_old(mark.time));
            if is_at_work(&mark.kind) {
                self.names.tell(id);
            }
            self.gaps.record(&mark, id);
        }
        self.hand_on(mark, sink);
    }

    fn hand_on(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        let Some(fact) = self.fact(mark.kind, mark.conversation) else { return };
        if let Fact::Call(call) = &fact {
            self.twins.call(call);
        }
        sink.event(mark.offset, self.run.clone(), mark.harness, mark.time, fact);
    }

    /// The source ends within the output.
    pub(super) fn break_off(self, offset: u64, sink: &mut Sink<'_>) {
        let run = self.run.clone();
        self.finish(sink);
        sink.event(offset, run, None, None, Fact::OpenRun);
    }

    /// The output is over, and a line of forge's tells by when: where that stands, and its time.
    pub(super) fn finish_by(self, line: Option<(u64, Time)>, sink: &mut Sink<'_>) {
        let run = self.run.clone().zip(line);
        self.finish(sink);
        if let Some((id, (offset, time))) = run {
            let run = Run { over_by: Some(time), ..Run::new(id) };
            sink.event(offset, None, None, None, Fact::Run(Box::new(run)));
        }
    }

    /// Whether the harness told what all came to, as at its end.
    pub(super) fn is_told(&self) -> bool {
        self.gaps.is_told()
    }

    /// The output is over.
    pub(super) fn finish(mut self, sink: &mut Sink<'_>) {
        for mark in self.waiting.end() {
            self.emit(mark, sink);
        }
        if self.run.is_some()
            && let Some((id, offset)) = self.names.untold()
        {
            let fact = Fact::Conversation(Box::new(Conversation::new(id)));
            sink.event(offset, self.run.clone(), None, None, fact);
        }
        self.gaps.finish(&self.run, self.names.latest(), sink);
    }

    /// Where nothing names the harness, its first record that no plain text can be taken for does.
    fn is_of_harness(&mut self, mark: &Mark) -> bool {
        let Some(harness) = mark.harness else { return false };
        if self.harness.is_none() && is_at_work(&mark.kind) {
            self.harness = Some(harness.to_owned());
        }
        self.harness.as_ref().is_none_or(|own| own == harness)
    }

    /// Whether it tells of a conversation without a record before, earlier than what stands above it: as a prompt
    /// may that quotes another log.
    fn may_be_quoted(&self, mark: &Mark) -> bool {
        let goes_back = |latest: Time| mark.time.is_some_and(|time| latest.millis_since(time) > SLACK_MS);
        let is_new = |id: &Id| !self.echoes.knows(id);
        let latest = self.gaps.latest().max(self.prompted);
        mark.is_usage() && latest.is_some_and(goes_back) && mark.conversation.as_ref().is_some_and(is_new)
    }

    /// Where a record names none: the conversation of the call that a reading is the twin of; else the one that
    /// was named last.
    fn conversation_of(&self, mark: &Mark) -> Option<Id> {
        let twin = match &mark.kind {
            MarkKind::Fact(Fact::Counter(counter)) => self.twins.conversation_of(counter),
            _ => None,
        };
        twin.or(self.names.latest()).cloned()
    }

    fn fact(&mut self, kind: MarkKind, conversation: Option<Id>) -> Option<Fact> {
        match kind {
            MarkKind::Fact(Fact::Counter(mut counter)) => {
                if let Some(id) = &conversation {
                    self.twins.reading(id, &counter);
                }
                counter.conversation = conversation;
                Some(Fact::Counter(counter))
            }
            MarkKind::Fact(Fact::Quota(quota)) => Some(Fact::Quota(Box::new(Quota { conversation, ..*quota }))),
            MarkKind::Fact(Fact::Footer(mut footer)) => {
                footer.conversation = self.footers.footer();
                Some(Fact::Footer(footer))
            }
            MarkKind::Fact(fact) => Some(fact),
            MarkKind::Counted(usage) => self.run.is_some().then(|| Fact::Counted(Box::new(usage))),
            MarkKind::MessageStart(stream, call) => {
                self.streaming.insert(stream, (*call).clone());
                Some(Fact::Call(call))
            }
            MarkKind::MessageDelta(stream, growth) => {
                Some(Fact::Call(Box::new(growth.call(self.streaming.get_mut(&stream)?)?)))
            }
            _ => None,
        }
    }
}

/// Whether it is a record of a harness at work, for which no plain text can be taken.
fn is_at_work(kind: &MarkKind) -> bool {
    matches!(
        kind,
        MarkKind::Fact(Fact::Call(_) | Fact::Counter(_) | Fact::Conversation(_))
            | MarkKind::MessageStart(..)
            | MarkKind::MessageDelta(..)
    )
}
