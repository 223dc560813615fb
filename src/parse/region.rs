//! The output of one run, or a bare log: gives its records their run and conversation.

use std::collections::HashMap;

use rustc_hash::FxHashSet;

use super::gaps::Gaps;
use super::mark::{Mark, MarkKind};
use super::sink::Sink;
use super::timing::{Sign, Timing};
use super::twins::Twins;
use super::watch::Watches;
use crate::event::{Call, Conversation, Defect, Fact, Id, Quota, Run, RunId, Time};

/// How many readings of a counter may wait for a conversation to be named, and twice as many of rate limits, which it
/// comes with. A log that names none needs no memory.
const WAITING: usize = 64;

/// How much older than the output a record may be and is no echo: threads write what they wrote down a moment ago.
const SLACK_MS: i64 = 100;

/// One run's output in the order of its lines.
#[derive(Debug, Default)]
pub(super) struct Region {
    run: Option<RunId>,
    /// The harness whose records count; `None`: the first record tells.
    harness: Option<String>,
    /// Whether records count here at all: between the runs of a loop log they don't.
    is_nowhere: bool,
    start: Option<Time>,
    /// The conversation that was named first, and where.
    first: Option<(Id, u64)>,
    /// Whether anything else tells that this one was at work here.
    is_first_told: bool,
    /// The conversation that was named last.
    current: Option<Id>,
    /// Whether the first or the latest name is older than the output: as a quote, it names nobody here.
    is_first_old: bool,
    is_latest_old: bool,
    /// Conversations with a record since the start.
    known: FxHashSet<Id>,
    /// The one of them that had the latest record.
    known_last: Option<Id>,
    twins: Twins,
    /// Readings before any conversation was named: a cut tail begins with one.
    waiting: Vec<Mark>,
    /// The conversation that the output's header names, or else that used tokens last.
    footers_of: Option<Id>,
    has_header: bool,
    /// Whether there was a footer since.
    has_footer: bool,
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
        self.start = start;
        self
    }

    /// Names the harness that wrote it; records of other harnesses are quotes.
    pub(super) fn written_by(mut self, harness: &str) -> Region {
        self.harness = Some(harness.to_owned());
        self
    }

    pub(super) fn run(&self) -> Option<RunId> {
        self.run.clone()
    }

    /// Learns when the first record of a bare log was written.
    pub(super) fn began(&mut self, time: Option<Time>) {
        self.start = self.start.or(time);
    }

    /// Learns when the first record behind a tool's output was written that was open when the log began: what came
    /// before is content.
    pub(super) fn began_anew(&mut self, time: Option<Time>) {
        if self.current.is_none() && self.known.is_empty() && self.waiting.is_empty() {
            self.start = time;
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
        if let MarkKind::Named(in_flight) = mark.kind {
            return self.name(&mark, in_flight, sink);
        }
        if self.is_echo(&mark) {
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
            None if self.can_wait(&mark) => self.waiting.push(mark),
            Some(_) if is_aside => self.hand_on(mark, sink),
            conversation => {
                if let Some(id) = conversation {
                    self.end_waiting(&id, sink);
                }
                self.emit(mark, sink);
            }
        }
    }

    /// Readings that waited belong to whom is named first, unless that conversation didn't exist then: the id may hold
    /// the time it was made.
    fn end_waiting(&mut self, id: &Id, sink: &mut Sink<'_>) {
        if self.waiting.is_empty() {
            return;
        }
        let made = Time::of_uuid(id);
        for mark in std::mem::take(&mut self.waiting) {
            let is_before = made.zip(mark.time).is_some_and(|(made, time)| made.millis_since(time) > SLACK_MS);
            self.emit(Mark { conversation: Some(id.clone()).filter(|_| !is_before), ..mark }, sink);
        }
    }

    /// Learns who is named, which is no record: how often a text is searched for names depends on how it is cut.
    fn name(&mut self, mark: &Mark, in_flight: bool, sink: &mut Sink<'_>) {
        // Some only say that an answer is streaming: who is answered was named before.
        if let Some(id) = &mark.conversation {
            self.end_waiting(id, sink);
            self.names(id, mark);
        }
        self.gaps.streams(mark, in_flight);
    }

    fn names(&mut self, id: &Id, mark: &Mark) {
        self.is_latest_old = self.is_old(mark.time);
        if self.first.is_none() {
            self.first = Some((id.clone(), mark.offset));
            self.is_first_old = self.is_latest_old;
        }
        put(&mut self.current, id);
    }

    /// The conversation that a run's output names, and where, if nothing else tells that it was at work. It is named
    /// both first and last: what is named between depends on how the source is cut.
    fn named(&self) -> Option<(Id, u64)> {
        self.run.as_ref().filter(|_| !self.is_first_told && !self.is_first_old && !self.is_latest_old)?;
        self.first.clone().filter(|(first, _)| self.current.as_ref() == Some(first))
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
        let stands = matches!(timing.sign, Sign::Events(_))
            || !self.is_old(Some(timing.recorded))
            || conversation.as_ref().is_some_and(|id| self.known.contains(id));
        if !stands {
            return;
        }
        if let Some(fact) = self.watches.push(conversation, timing) {
            sink.event(offset, self.run.clone(), harness, time, fact);
        }
    }

    /// Whether there is room for another reading that waits for a name; those of rate limits take none from
    /// those of counters.
    fn can_wait(&self, mark: &Mark) -> bool {
        let is_of = |limits: bool, mark: &Mark| match mark.kind {
            MarkKind::Fact(Fact::Counter(_)) => !limits,
            MarkKind::Fact(Fact::Quota(_)) => limits,
            _ => false,
        };
        let has_room = |limits, most| self.waiting.iter().filter(|mark| is_of(limits, mark)).count() < most;
        (is_of(false, mark) && has_room(false, WAITING)) || (is_of(true, mark) && has_room(true, 2 * WAITING))
    }

    /// Hands on what a mark means, now that its conversation is known.
    fn emit(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        self.gaps.usage(&mark);
        if let Some(id) = &mark.conversation {
            self.learn_footers(&mark.kind, id);
            // Not all ask for rate limits.
            let is_record = !matches!(mark.kind, MarkKind::Fact(Fact::Quota(_)));
            if is_record && self.known_last.as_ref() != Some(id) {
                self.known.insert(id.clone());
                self.known_last = Some(id.clone());
            }
            self.names(id, &mark);
            let tells = matches!(
                mark.kind,
                MarkKind::Fact(Fact::Call(_) | Fact::Counter(_) | Fact::Conversation(_))
                    | MarkKind::MessageStart(..)
                    | MarkKind::MessageDelta(..)
            );
            self.is_first_told |= tells && self.first.as_ref().is_some_and(|(first, _)| first == id);
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
        for mark in std::mem::take(&mut self.waiting) {
            self.emit(mark, sink);
        }
        if let Some((id, offset)) = self.named() {
            let fact = Fact::Conversation(Box::new(Conversation::new(id)));
            sink.event(offset, self.run.clone(), None, None, fact);
        }
        self.gaps.finish(&self.run, self.current, sink);
    }

    /// A footer belongs to the conversation of the first header, not to any that a text mentions. A bare log may hold
    /// one session after another: each ends with a footer.
    fn learn_footers(&mut self, kind: &MarkKind, id: &Id) {
        let is_over = self.run.is_none() && self.has_footer;
        match kind {
            MarkKind::Fact(Fact::Conversation(_)) if !self.has_header || is_over => {
                (self.has_header, self.has_footer) = (true, false);
                put(&mut self.footers_of, id);
            }
            MarkKind::Fact(Fact::Call(_) | Fact::Counter(_)) if !self.has_header => {
                put(&mut self.footers_of, id);
            }
            _ => {}
        }
    }

    /// Where nothing names the harness, its first record that no plain text can be taken for does.
    fn is_of_harness(&mut self, mark: &Mark) -> bool {
        let Some(harness) = mark.harness else { return false };
        let tells = matches!(
            mark.kind,
            MarkKind::Fact(Fact::Call(_) | Fact::Counter(_) | Fact::Conversation(_))
                | MarkKind::MessageStart(..)
                | MarkKind::MessageDelta(..)
        );
        if self.harness.is_none() && tells {
            self.harness = Some(harness.to_owned());
        }
        self.harness.as_ref().is_none_or(|own| own == harness)
    }

    /// Records that are older than the output are quotes from older logs, unless they belong to a
    /// conversation that lives here: clocks are set back at times.
    fn is_echo(&self, mark: &Mark) -> bool {
        self.is_old(mark.time) && mark.conversation.as_ref().is_none_or(|id| !self.known.contains(id))
    }

    /// Whether it tells of a conversation without a record before, earlier than what stands above it: as a prompt
    /// may that quotes another log.
    fn may_be_quoted(&self, mark: &Mark) -> bool {
        let goes_back = |latest: Time| mark.time.is_some_and(|time| latest.millis_since(time) > SLACK_MS);
        let is_new = |id: &Id| !self.known.contains(id);
        mark.is_usage() && self.gaps.latest().is_some_and(goes_back) && mark.conversation.as_ref().is_some_and(is_new)
    }

    fn is_old(&self, time: Option<Time>) -> bool {
        time.zip(self.start).is_some_and(|(time, start)| start.millis_since(time) > SLACK_MS)
    }

    /// Where a record names none: the conversation of the call that a reading is the twin of; else the one that
    /// was named last.
    fn conversation_of(&self, mark: &Mark) -> Option<Id> {
        let twin = match &mark.kind {
            MarkKind::Fact(Fact::Counter(counter)) => self.twins.conversation_of(counter),
            _ => None,
        };
        twin.or(self.current.as_ref()).cloned()
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
                footer.conversation = self.footers_of.clone();
                self.has_footer = true;
                Some(Fact::Footer(footer))
            }
            MarkKind::Fact(fact) => Some(fact),
            MarkKind::MessageStart(stream, call) => {
                self.streaming.insert(stream, (*call).clone());
                Some(Fact::Call(call))
            }
            MarkKind::MessageDelta(stream, growth) => {
                let call = self.streaming.get_mut(&stream)?;
                call.usage = growth.over(&call.usage);
                call.is_final = true;
                Some(Fact::Call(Box::new(call.clone())))
            }
            _ => None,
        }
    }
}

/// Puts an id in its place, unless it is there.
fn put(place: &mut Option<Id>, id: &Id) {
    if place.as_ref() != Some(id) {
        *place = Some(id.clone());
    }
}
