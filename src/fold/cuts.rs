//! Session logs that end, or break off, with a call that can't be read. A copy of such a log may have it whole.

use rustc_hash::FxHashSet;

use super::conversation::{ConversationFacts, Reading};
use super::place::Place;
use crate::event::{Id, RunId, Time, TokenUsage, unpacked_name};

/// What is known of a session log of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogEnd {
    /// Where it ends; 0 where that isn't known.
    pub length: u64,
    /// Whether it is a sub-agent's.
    pub is_subagents: bool,
    /// Whether a call that can't be read stands there.
    pub is_cut: bool,
    /// If so, when the latest whole one was made.
    pub latest: Option<Time>,
    /// If so, the message of the last whole one: of another copy of that, a later record may be known.
    pub last_message: Option<Id>,
    /// What the counter read last in it.
    pub last_reading: TokenUsage,
}

impl LogEnd {
    /// What both say of the same log.
    pub(super) fn merge(&mut self, other: LogEnd) {
        self.length = self.length.max(other.length);
        self.is_subagents |= other.is_subagents;
        self.is_cut |= other.is_cut;
        self.latest = self.latest.max(other.latest);
        self.last_message = self.last_message.take().max(other.last_message);
        self.last_reading = self.last_reading.max(other.last_reading);
    }
}

impl ConversationFacts {
    /// Adds that what a source tells of it ends with an answer that isn't whole. `time` is when it was streaming, or
    /// when the latest whole one was given.
    pub(super) fn end(&mut self, run: Option<RunId>, time: Option<Time>, place: Place) {
        match self.logs.get_mut(&place.source).filter(|_| run.is_none()) {
            Some(log) => {
                let is_subagents = self.messages.is_subagents();
                let (last_reading, last_message) = (self.log.last_reading(), self.messages.last());
                let length = place.offset;
                *log = LogEnd { length, is_subagents, is_cut: true, latest: time, last_message, last_reading };
            }
            None => self.add_unfinished(run, (time, place)),
        }
    }

    /// When the latest of what is known of it happened, in the facts of one source.
    pub(super) fn latest(&self) -> Option<Time> {
        let readings = self.readings.iter().filter_map(|reading| reading.time).max();
        self.log.latest().max(self.messages.times().max()).max(readings)
    }

    /// Adds that a log ends with whole records.
    pub(super) fn ends_whole(&mut self, source: &Id, length: u64) {
        if let Some(log) = self.logs.get_mut(source) {
            (log.length, log.last_reading) = (length, self.log.last_reading());
        }
    }

    /// When and where it ends with an answer that isn't whole, in this run or outside of runs. `is_logs`: what its
    /// session logs end with belongs there. `time_of` a message is when it was given as far as any copy tells.
    pub(super) fn end_in(
        &self,
        run: &Option<RunId>,
        is_logs: bool,
        time_of: impl Fn(&Id) -> Option<Time>,
    ) -> Option<(Option<Time>, Place)> {
        let lost = self.cut_logs().map(|(source, log)| {
            let latest = log.latest.max(log.last_message.as_ref().and_then(&time_of));
            // Sub-agents work side by side: that others went on doesn't tell that this one did.
            let latest = latest.filter(|_| !log.is_subagents);
            (latest, Place { source: source.clone(), offset: log.length })
        });
        let of_logs = lost.max_by_key(|(latest, place)| (latest.is_none(), *latest, place.clone()));
        let is_whole_elsewhere = |place: &Place| self.has_longer_copy(&place.source, place.offset);
        let ends_of = |run| self.unfinished.get(run).into_iter().flatten().rev();
        let end_of = |run| ends_of(run).find(|(_, place)| !is_whole_elsewhere(place));
        // A log without a whole call ends with a torn one outside of runs.
        let end = end_of(run).or_else(|| end_of(&None).filter(|_| is_logs)).cloned();
        match (end, of_logs.filter(|_| is_logs)) {
            // Where the log tells all calls, what an output leaves open is no more than the log does.
            (Some((None, _)), Some(lost)) if self.is_logged => Some(lost),
            (end, lost) => end.or(lost),
        }
    }

    /// Forgets the open turns that a later reading of the counter counts. Where records tell no time, captures come one
    /// after the other by their names; a copy of one ends in the same turn.
    pub(super) fn drop_counted_ends(&mut self, readings: &[Reading]) {
        for (run, ends) in &mut self.unfinished {
            let untimed = readings.iter().filter(|reading| reading.stamp.is_none() && reading.run == *run);
            let mut totals: Vec<(&Place, TokenUsage)> =
                untimed.map(|reading| (&reading.place, reading.total)).collect();
            totals.sort();
            let mut known = FxHashSet::default();
            let last = totals.iter().filter(|(_, total)| known.insert(*total)).last().map(|(_, total)| *total);
            ends.retain(|(time, place)| {
                let before = totals.partition_point(|(read, _)| *read < place).checked_sub(1);
                time.is_some() || before.map(|at| totals[at].1) == last
            });
        }
        self.unfinished.retain(|_, ends| !ends.is_empty());
    }

    /// Its session logs that end so.
    fn cut_logs(&self) -> impl Iterator<Item = (&Id, &LogEnd)> {
        self.logs.iter().filter(|(source, log)| log.is_cut && !self.has_longer_copy(source, log.length))
    }

    /// What its counter read before readings that its session logs may have lost.
    pub(super) fn read_before_losses(&self) -> impl Iterator<Item = TokenUsage> {
        let cut = self.cut_logs().map(|(_, log)| log.last_reading).filter(|last| !self.is_read_on(last));
        self.log.lost_after.iter().copied().chain(cut)
    }

    /// Whether another copy of a log that is cut behind this reading isn't.
    fn is_read_on(&self, last: &TokenUsage) -> bool {
        self.log.reads_on(last) || self.logs.values().any(|log| !log.is_cut && log.last_reading == *last)
    }

    /// Whether one of its session logs ends so.
    pub(super) fn has_cut_log(&self) -> bool {
        self.logs.values().any(|log| log.is_cut) || self.unfinished.contains_key(&None)
    }

    /// Whether a capture ends where a process begins, outside of runs.
    pub(super) fn has_open_capture(&self) -> bool {
        self.open_captures.iter().any(|source| !self.has_longer_copy(source, u64::MAX))
    }

    /// Whether another source of the same file name goes on where this one was cut: a log that is longer, or a capture
    /// with the result that this one lacks.
    fn has_longer_copy(&self, source: &Id, length: u64) -> bool {
        let is_named_so = |name: &Id| name != source && file_name(name) == file_name(source);
        self.logs.iter().any(|(name, log)| log.length > length && is_named_so(name))
            || (!self.captures.contains(source) && self.captures.iter().any(is_named_so))
    }
}

/// A source's file name.
fn file_name(source: &str) -> &str {
    unpacked_name(source.rsplit(['/', '\\']).next().unwrap_or(source))
}
