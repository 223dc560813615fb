//! What an output leaves open: an answer that was streaming when it ended, and records that can't be read.

use std::collections::BTreeMap;

use crate::event::{CallKey, Defect, Fact, Id, RunId, Scope, Time};
use crate::parse::mark::{LogRecord, Mark, MarkKind};
use crate::parse::sink::Sink;

/// Where something is open, and whose it is.
type Gap = (u64, Option<&'static str>);

/// The gaps of one output.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Where and when an answer showed its latest sign of life, if one was streaming then.
    streams: Option<(Gap, Option<Time>)>,
    /// Where each conversation lacks a record that no reading of its counter has made up for since.
    lost: BTreeMap<Id, Gap>,
    /// The same of answers that tell no usage, by their message's id: another record of the message makes up for it, too.
    uncounted: BTreeMap<Id, BTreeMap<Option<Id>, Gap>>,
    /// The latest time that a record of anyone's had.
    latest: Option<Time>,
    /// Whether the latest thing told is what all came to, as harnesses tell it at their end.
    is_told: bool,
}

impl Gaps {
    /// Takes the next record of a conversation.
    pub(super) fn record(&mut self, mark: &Mark, id: &Id) {
        self.latest = self.latest.max(mark.time);
        let gap = (mark.offset, mark.harness);
        self.streams = matches!(mark.kind, MarkKind::MessageStart(..)).then_some((gap, mark.time));
        match &mark.kind {
            // It would have told of a call, or of all of them.
            MarkKind::Fact(Fact::Defect(Defect::Torn | Defect::OutOfRange)) => {
                self.lost.insert(id.clone(), gap);
            }
            MarkKind::Logged(LogRecord::Uncounted(key)) => {
                self.uncounted.entry(id.clone()).or_default().insert(key.clone(), gap);
            }
            MarkKind::Fact(Fact::Counter(_)) if !self.is_whole() => {
                self.lost.remove(id);
                self.uncounted.remove(id);
            }
            MarkKind::Fact(Fact::Call(call)) | MarkKind::MessageStart(_, call) if !self.is_whole() => {
                if let (CallKey::Message(key), Some(calls)) = (&call.key, self.uncounted.get_mut(id)) {
                    calls.remove(&Some(key.clone()));
                }
            }
            _ => {}
        }
    }

    /// Whether no record is missing so far.
    fn is_whole(&self) -> bool {
        self.lost.is_empty() && self.uncounted.is_empty()
    }

    /// Learns what is told of usage, whoever it is of.
    pub(super) fn usage(&mut self, mark: &Mark) {
        self.is_told = match &mark.kind {
            MarkKind::Fact(Fact::Footer(_)) => true,
            // Traces read their counter on the way, and with its time.
            MarkKind::Fact(Fact::Counter(counter)) => counter.scope != Scope::Conversation || mark.time.is_none(),
            MarkKind::Fact(Fact::Call(_)) | MarkKind::MessageStart(..) | MarkKind::MessageDelta(..) => false,
            _ => self.is_told,
        };
    }

    /// Whether the harness told what all came to, and nothing more since.
    pub(super) fn is_told(&self) -> bool {
        self.is_told && self.streams.is_none()
    }

    /// The latest time that a record of anyone's had.
    pub(super) fn latest(&self) -> Option<Time> {
        self.latest
    }

    /// Learns that whoever was named last is being answered, or isn't.
    pub(super) fn streams(&mut self, mark: &Mark, in_flight: bool) {
        self.streams = in_flight.then_some(((mark.offset, mark.harness), mark.time));
    }

    /// The output is over. `current` is the conversation that was named last.
    pub(super) fn finish(self, run: &Option<RunId>, current: Option<&Id>, sink: &mut Sink<'_>) {
        let streams = self.streams.zip(current).map(|((gap, time), id)| (id.clone(), gap, time));
        let mut lost = self.lost;
        for (id, calls) in self.uncounted {
            if let Some(gap) = calls.into_values().max() {
                let known = lost.entry(id).or_insert(gap);
                *known = gap.max(*known);
            }
        }
        let lost = lost.into_iter().map(|(id, gap)| (id, gap, self.latest));
        for (id, (offset, harness), time) in streams.into_iter().chain(lost) {
            sink.event(offset, run.clone(), harness, time, Fact::Unfinished(id));
        }
    }
}
