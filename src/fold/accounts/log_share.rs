//! One owner's share of a conversation's session log.

use std::collections::BTreeMap;

use super::share::Unsure;
use super::weighed::{Rows, Weighed, call_row};
use crate::event::{CallKey, CallTiming, Id, RunId, Time, TokenUsage};
use crate::fold::facts::{CallFacts, LogCall, MARGIN_MS};
use crate::fold::rows::{Quality, Reason, Reasons, Taken, UsageRow};

/// One owner's share of a conversation's session log, and what else tells of the same calls.
#[derive(Debug, Default)]
pub(super) struct LogShare {
    /// Its calls in the session log, in the order of their times.
    pub(super) calls: Vec<LogCall>,
    /// How long their parts took, for as many of the first ones as a trace tells of.
    pub(super) timings: Vec<Option<Box<CallTiming>>>,
    /// Calls that only a trace shows: compactions, in versions that don't log them.
    pub(super) unlogged: Vec<(CallKey, Box<CallFacts>)>,
    /// What a counter in the output says beyond the end of the log, and when.
    beyond: Option<(TokenUsage, Option<Time>)>,
    /// Whether the output's counter agrees with the log; `None` where it shows none.
    pub(super) agrees: Option<bool>,
    /// Blended totals that a footer may repeat.
    blended: Vec<u64>,
    /// The largest blended total that the whole log tells of, other owners' shares too.
    pub(super) reached: u64,
    /// Why some of the log's calls can't be told from copies; `None` if all can.
    pub(super) floor: Option<Reason>,
    /// Why calls that are nobody's may be its own.
    pub(super) lacks: Reasons,
    /// Since when somebody went on with the conversation after a run that nothing tells the end of; `None` if nobody
    /// did.
    pub(super) left_at: Option<Time>,
    /// When the latest call of the log was made.
    pub(super) end: Option<Time>,
    /// What it read when the run ended; `None` if nothing tells.
    pub(super) read: Option<TokenUsage>,
    /// What the counter grew by later on that is nobody's for certain.
    pub(super) unsure: Vec<(TokenUsage, Unsure)>,
    /// Until when a counter in the output tells of what the log lacks.
    counted_until: Option<Time>,
}

/// A session log's shares by run (`None`: what is no run's).
pub(super) type LogShares = BTreeMap<Option<RunId>, LogShare>;

/// A call of a log that no trace shows.
pub(super) struct Unshown {
    /// From when to when it may have been answered.
    pub(super) since: Option<Time>,
    pub(super) until: Option<Time>,
    pub(super) usage: TokenUsage,
}

impl LogShare {
    /// How many calls are known.
    pub(super) fn calls_seen(&self) -> usize {
        self.calls.len() + self.unlogged.len()
    }

    /// Whether a counter in the output tells of it, too.
    pub(super) fn is_counted(&self) -> bool {
        self.agrees.is_some()
    }

    /// Whether a counter in the output agrees with it, or tells of more.
    pub(super) fn tells_its_end(&self) -> bool {
        self.agrees == Some(true) || self.read.is_some()
    }

    /// Learns why it isn't all.
    pub(super) fn lack(&mut self, reason: Reason) {
        self.lacks = self.lacks.and(reason.into());
    }

    /// Whether nothing tells of usage.
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
            && self.unlogged.is_empty()
            && self.beyond.is_none()
            && self.unsure.is_empty()
            && self.floor.is_none()
    }

    /// Keeps the calls that only a trace shows, as far as they add to the log. They may be parts of what the log counts
    /// as one: where there are logged calls of that time that the trace doesn't show (`unshown`), the larger counts.
    pub(super) fn keep_unlogged(&mut self, unshown: &[Unshown]) {
        // What came after the log is no part of it.
        let behind = self.unlogged.partition_point(|(_, call)| call.time <= self.end);
        let (Some(first), Some(last)) = (self.unlogged.first(), self.unlogged[..behind].last()) else { return };
        let (from, to) = (first.1.time, last.1.time);
        let after =
            |time: Option<Time>, then: Option<Time>| time.zip(then).map_or(0, |(time, then)| time.millis_since(then));
        let is_between = |call: &&Unshown| after(call.until, from) >= -MARGIN_MS && after(call.since, to) <= MARGIN_MS;
        let parts: TokenUsage = unshown.iter().filter(is_between).map(|call| &call.usage).sum();
        if parts.is_zero() {
            return;
        }
        let unlogged: TokenUsage = self.unlogged.drain(..behind).map(|(_, call)| call.usage).sum();
        let growth = unlogged.minus(&parts);
        if !growth.is_zero() {
            self.beyond = Some((growth, to));
        }
    }

    /// Learns how far a counter grew behind the end of the log until it was read. Calls that a trace shows of that time
    /// are in it.
    pub(super) fn counted_beyond(&mut self, growth: TokenUsage, read: Option<Time>) {
        self.counted_until = Some(read.unwrap_or(Time::MAX));
        let shown = self.unlogged.iter().filter(|(_, call)| call.time > self.end && call.time <= self.counted_until);
        let rest = growth.minus(&shown.map(|(_, call)| call.usage).sum());
        if rest.is_zero() {
            self.agrees = Some(self.agrees.unwrap_or(true));
        } else if self.beyond.as_ref().is_none_or(|(known, _)| known.total_tokens() < rest.total_tokens()) {
            self.beyond = Some((rest, read));
        }
    }

    /// Learns what the harness may print at the end: the blended total of this share, or of the conversation so far, which
    /// the log's counter read last in it (`readings`). The log's `next` call was answered then: what was read before that
    /// counts no more than this share's.
    pub(super) fn know_footers(&mut self, readings: &[(Option<Time>, TokenUsage)], next: Option<Option<Time>>) {
        let all: TokenUsage = self.calls.iter().map(LogCall::usage).sum();
        self.blended.push(all.blended_tokens());
        let end = self.calls.last().and_then(|call| call.time());
        let is_in_it = |time: Option<Time>| !self.calls.is_empty() && next.is_none_or(|next| time < next);
        let until = readings.partition_point(|(time, _)| *time <= end || is_in_it(*time));
        let last = until.checked_sub(1).and_then(|last| readings.get(last));
        self.blended.extend(last.map(|(_, total)| total.blended_tokens()));
    }

    /// When the latest of what is known of it happened.
    fn latest(&self) -> Option<Time> {
        let beyond = self.beyond.as_ref().and_then(|(_, time)| *time);
        let unlogged = self.unlogged.last().and_then(|(_, call)| call.time);
        self.calls.last().and_then(|call| call.time()).max(beyond).max(unlogged)
    }

    /// What the share comes to. `unfinished` is when it ended with an answer or a record that isn't whole.
    pub(super) fn weigh(self, conversation: &Id, unfinished: Option<Time>) -> Weighed {
        let is_cut = unfinished.is_some() && unfinished >= self.latest();
        let lacks_some = self.unlogged.iter().any(|(_, call)| call.time > self.end.max(self.counted_until));
        let is_cut = is_cut || lacks_some;
        let is_part = self.floor.is_some() || is_cut || self.lacks != Reasons::default();
        let quality = if is_part { Quality::Partial } else { Quality::Exact };
        let agrees = if self.beyond.is_some() { Some(false) } else { self.agrees };
        let mut reasons = self.lacks;
        reasons.add_if(!is_part, Reason::SessionLog);
        reasons = self.floor.map_or(reasons, |floor| reasons.and(floor.into()));
        reasons.add_if(is_cut, Reason::StillStreaming);
        let LogShare { calls, timings, unlogged, beyond, unsure, blended, reached, .. } = self;
        let taken = Taken::Session;
        let has_more =
            !unlogged.is_empty() || beyond.is_some() || !unsure.is_empty() || timings.iter().any(Option::is_some);
        if !has_more && !calls.is_empty() {
            let rows = Rows::Logged(conversation.clone(), calls);
            return Weighed { rows, quality, reasons, taken, agrees, blended, reached, is_doubtful: false };
        }
        let mut timings = timings.into_iter();
        let with_timing = |call: &LogCall| UsageRow { timing: timings.next().flatten(), ..call.row(conversation) };
        let mut rows: Vec<UsageRow> = calls.iter().map(with_timing).collect();
        let of = |call: Box<CallFacts>| CallFacts { conversation: Some(conversation.clone()), ..*call };
        rows.extend(unlogged.into_iter().map(|(key, call)| call_row(key, of(call), false)));
        let model = rows.last().and_then(|row| row.model.clone());
        let rests = beyond.into_iter().map(|(usage, time)| (usage, model.clone(), time));
        let rests = rests.chain(unsure.into_iter().map(|(usage, unsure)| (usage, unsure.model, unsure.time)));
        rows.extend(rests.map(|(usage, model, time)| UsageRow {
            model,
            time,
            conversation: Some(conversation.clone()),
            ..UsageRow::of(usage)
        }));
        if rows.is_empty() {
            rows.push(UsageRow::blank(conversation));
        }
        let rows = Rows::Made(rows);
        Weighed { rows, quality, reasons, taken, agrees, blended, reached, is_doubtful: false }
    }
}
