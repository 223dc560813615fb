//! Session logs that end, or break off, with a call that can't be read. A copy of such a log may have it whole.

use std::cell::LazyCell;

use rustc_hash::{FxHashMap, FxHashSet};

use super::conversation::{ConversationFacts, Reading};
use super::log_end::LogEnd;
use super::place::Place;
use super::uncounted::UncountedCall;
use crate::event::{Id, RunId, Time, TokenUsage, unpacked_name};

impl ConversationFacts {
    /// Adds that what a source tells of it ends with an answer that isn't whole. `time` is when it was streaming, or
    /// when the latest whole one was given.
    pub(in crate::fold) fn end(&mut self, run: Option<RunId>, time: Option<Time>, place: Place) {
        match self.logs.get_mut(&place.source).filter(|_| run.is_none()) {
            Some(log) => {
                let is_subagents = self.messages.is_subagents();
                let (last_reading, last_message) = (self.log.last_reading(), self.messages.last());
                // The first one that can't be read ends what is whole.
                let whole_to = log.torn_at.map_or(place.offset, |_| log.whole_to.min(place.offset));
                let torn_at = log.torn_at.max(Some(place.offset));
                *log = LogEnd { whole_to, torn_at, is_subagents, latest: time, last_message, last_reading };
            }
            None => self.add_unfinished(run, (time, place)),
        }
    }

    /// When the latest of what is known of it happened, in the facts of one source.
    pub(in crate::fold) fn latest(&self) -> Option<Time> {
        let readings = self.readings.iter().filter_map(|reading| reading.time).max();
        self.log.latest().max(self.messages.times().max()).max(readings)
    }

    /// Adds that a log ends with whole records.
    pub(in crate::fold) fn ends_whole(&mut self, source: &Id, length: u64) {
        if let Some(log) = self.logs.get_mut(source) {
            (log.whole_to, log.last_reading) = (length, self.log.last_reading());
        }
    }

    /// When and where it ends with an answer that isn't whole, in this run or outside of runs. `has_logs_end`:
    /// what its session logs end with belongs there. `time_of` a message is when it was given as far as any copy tells.
    pub(in crate::fold) fn end_in(
        &self,
        run: &Option<RunId>,
        has_logs_end: bool,
        time_of: impl Fn(&Id) -> Option<Time>,
    ) -> Option<(Option<Time>, Place)> {
        let lost = self.cut_logs().filter(|_| has_logs_end).map(|(source, offset, log)| {
            let latest = log.latest.max(log.last_message.as_ref().and_then(&time_of));
            // Sub-agents work side by side: that others went on doesn't tell that this one did. Of two calls that can't
            // be read, what is known of later may be the first one.
            let latest = latest.filter(|_| !log.is_subagents && log.whole_to >= offset);
            (latest, Place { source: source.clone(), offset })
        });
        let of_logs = lost.max_by_key(|(latest, place)| (latest.is_none(), *latest, place.clone()));
        let namesakes = LazyCell::new(|| Namesakes::of(self));
        let is_whole_elsewhere = |place: &Place| namesakes.go_on(&place.source, place.offset);
        let ends_of = |run| self.unfinished.get(run).into_iter().flatten().rev();
        let end_of = |run| ends_of(run).find(|(_, place)| !is_whole_elsewhere(place));
        // Of a log without a whole call nothing but the torn one is known, and that is kept as of no run.
        let end = end_of(run).or_else(|| end_of(&None).filter(|_| has_logs_end)).cloned();
        match (end, of_logs) {
            // Where the log tells all calls, what an output leaves open is no more than the log does.
            (Some((None, _)), Some(lost)) if self.has_counter_log => Some(lost),
            (end, lost) => end.or(lost),
        }
    }

    /// Forgets the open turns that a later reading of the counter counts. Where records tell no time, captures come one
    /// after the other by their names; a copy of one ends in the same turn.
    pub(in crate::fold) fn drop_counted_ends(&mut self, readings: &[Reading]) {
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

    /// Forgets what stands alone in a file and tells nothing of its call, where another file of that name tells one.
    pub(in crate::fold) fn drop_alone(&mut self) {
        let ConversationFacts { uncounted, logs, .. } = self;
        let is_alone = |call: &UncountedCall| call.key.is_none() && call.agent.is_none() && call.place.offset == 0;
        if !uncounted.iter().any(is_alone) {
            return;
        }
        let names: FxHashSet<&str> = logs.keys().map(|source| file_name(source)).collect();
        let is_told = |source: &Id| !logs.contains_key(source) && names.contains(file_name(source));
        uncounted.retain(|call| !(is_alone(call) && is_told(&call.place.source)));
    }

    /// Its session logs with calls that can't be read, where the last one stands, with no copy of the same name that has
    /// it whole.
    fn cut_logs(&self) -> impl Iterator<Item = (&Id, u64, &LogEnd)> {
        let namesakes = LazyCell::new(|| Namesakes::of(self));
        let cut = self.logs.iter().filter(|(_, log)| log.is_cut());
        let cut = cut.filter_map(|(source, log)| Some((source, log.torn_at?, log)));
        cut.filter(move |(source, torn, _)| !namesakes.go_on(source, *torn))
    }

    /// What its counter read before readings that its session logs may have lost.
    pub(in crate::fold) fn read_before_losses(&self) -> impl Iterator<Item = TokenUsage> {
        // Where one copy of a log is cut behind a reading, another copy that is whole may end with the same: nothing is
        // lost.
        let whole = LazyCell::new(|| {
            let whole = self.logs.values().filter(|log| !log.is_cut()).map(|log| log.last_reading);
            whole.collect::<FxHashSet<TokenUsage>>()
        });
        let cut = self.cut_logs().map(|(.., log)| log.last_reading);
        let cut = cut.filter(move |last| !whole.contains(last) && !self.log.reads_on(last));
        self.log.lost_after.iter().copied().chain(cut)
    }

    /// Whether one of its session logs breaks off with a call that can't be read.
    pub(in crate::fold) fn has_cut_log(&self) -> bool {
        self.logs.values().any(LogEnd::is_cut) || self.unfinished.contains_key(&None)
    }

    /// Whether a model answered in it, or was about to, outside of runs: then it used tokens, whether anything tells
    /// how many or not.
    pub(in crate::fold) fn is_asked(&self) -> bool {
        self.is_answered || self.has_cut_log() || !self.uncounted.is_empty()
    }

    /// Whether a capture ends where a process begins, outside of runs.
    pub(in crate::fold) fn has_open_capture(&self) -> bool {
        let namesakes = LazyCell::new(|| Namesakes::of(self));
        let is_over = |source: &Id, began: u64| self.captures.get(source).is_some_and(|result| *result > began);
        let mut open = self.open_captures.iter().filter(|(source, began)| !is_over(source, **began));
        open.any(|(source, _)| !namesakes.go_on(source, u64::MAX))
    }
}

/// Sources of the same file name.
struct Namesakes<'a> {
    facts: &'a ConversationFacts,
    by_name: FxHashMap<&'a str, SameName>,
}

/// What is known of the sources of one name.
#[derive(Default)]
struct SameName {
    /// Up to where one of its logs has all calls.
    whole_to: u64,
    has_capture: bool,
}

impl<'a> Namesakes<'a> {
    fn of(facts: &'a ConversationFacts) -> Namesakes<'a> {
        let mut by_name: FxHashMap<&str, SameName> = FxHashMap::default();
        for (source, log) in &facts.logs {
            let named = by_name.entry(file_name(source)).or_default();
            named.whole_to = named.whole_to.max(log.whole_to);
        }
        for source in facts.captures.keys() {
            by_name.entry(file_name(source)).or_default().has_capture = true;
        }
        Namesakes { facts, by_name }
    }

    /// Whether one goes on where this source was cut: a log, perhaps its own of later, that has all calls beyond, or a
    /// capture with the result that this one lacks.
    fn go_on(&self, source: &Id, torn: u64) -> bool {
        let Some(named) = self.by_name.get(file_name(source)) else { return false };
        named.whole_to > torn || (named.has_capture && !self.facts.captures.contains_key(source))
    }
}

/// A source's file name.
fn file_name(source: &str) -> &str {
    unpacked_name(source.rsplit(['/', '\\']).next().unwrap_or(source))
}

#[cfg(test)]
mod tests {
    use super::{ConversationFacts, LogEnd, Namesakes};
    use crate::event::Id;

    #[test]
    fn a_cut_log_goes_on_in_a_longer_copy_or_in_a_capture_of_its_name() {
        let mut facts = ConversationFacts::default();
        let lengths =
            [("a/x.jsonl", 7), ("b/x.jsonl.gz", 7), ("c\\x.jsonl.zst", 5), ("a/y.jsonl", 9), ("a/z.jsonl", 1)];
        for (source, length) in lengths {
            facts.logs.insert(source.into(), LogEnd { whole_to: length, ..LogEnd::default() });
        }
        facts.captures.insert("b/z.jsonl".into(), 3);
        let goes_on = |source: &str, length| Namesakes::of(&facts).go_on(&Id::from(source), length);
        assert_eq!(lengths.map(|(source, length)| goes_on(source, length)), [false, false, true, false, true]);
        // A later reading of the log itself has what an earlier one lacked.
        assert_eq!([goes_on("a/x.jsonl", 6), goes_on("a/y.jsonl", 6), goes_on("d/x.jsonl", 6)], [true; 3]);
        assert_eq!([goes_on("b/z.jsonl", 1), goes_on("d/z.jsonl", u64::MAX), goes_on("d/w", 0)], [false, true, false]);
    }
}
