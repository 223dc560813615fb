//! Session logs that end, or break off, with a call that can't be read. A copy of such a log may have it whole.

use std::cell::LazyCell;
use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::conversation::{ConversationFacts, Reading, UNDATED};
use super::copies::Copies;
use super::log_end::{Cut, LogEnd, LogVersion};
use super::place::Place;
use super::so_far::ReadSoFar;
use crate::event::{Id, RunId, Time, TokenUsage, unpacked_name};

impl ConversationFacts {
    /// Adds that what a source tells of it ends with an answer that isn't whole. `time` is when it was streaming, or
    /// when the latest whole one was given.
    pub(in crate::fold) fn end(&mut self, run: Option<RunId>, time: Option<Time>, place: Place, so_far: &ReadSoFar) {
        let (whole, cut) = so_far.cut(place.offset);
        match self.logs.get_mut(&place.source).filter(|_| run.is_none()) {
            Some(log) => {
                let (last_reading, last_message) = (self.log.last_reading(), self.messages.last());
                let is_subagents = self.messages.is_subagents();
                let cut = Some(Cut { is_subagents, latest: time, last_message, ..cut });
                log.add(LogVersion { whole, last_reading, cut });
            }
            None => {
                if run.is_none() && cut.tears > 1 {
                    self.torn_apart.insert((place.clone(), Cut { has_counter: self.has_counter_log, ..cut }));
                }
                self.add_unfinished(run, (time, place));
            }
        }
    }

    /// When the latest of what is known of it happened, in the facts of one source.
    pub(in crate::fold) fn latest(&self) -> Option<Time> {
        let readings = self.readings.iter().filter_map(|reading| reading.time).max();
        self.log.latest().max(self.messages.times().max()).max(readings)
    }

    /// Adds that a log ends with whole records.
    pub(in crate::fold) fn ends_whole(&mut self, source: &Id, length: u64, so_far: &ReadSoFar) {
        if let Some(log) = self.logs.get_mut(source) {
            let last_reading = self.log.last_reading();
            log.add(LogVersion { whole: so_far.whole(length), last_reading, cut: None });
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
        let lost = self.cut_logs().filter(|_| has_logs_end).map(|(source, _, cut)| {
            let latest = cut.latest.max(cut.last_message.as_ref().and_then(&time_of));
            // Sub-agents work side by side: that others went on doesn't tell that this one did. Nor does a later call tell
            // more than the one that a log ends with, unless a counter is read again behind it.
            let is_more = cut.is_more_than_its_end() && !self.has_counter_log;
            let latest = latest.filter(|_| !cut.is_subagents && !is_more);
            (latest, Place { source: source.clone(), offset: cut.offset })
        });
        let of_logs = lost.max_by_key(|(latest, place)| (latest.is_none(), *latest, place.clone()));
        let namesakes = LazyCell::new(|| Namesakes::of(self));
        let is_whole_elsewhere = |place: &Place| namesakes.go_on(place);
        let ends_of = |run| self.unfinished.get(run).into_iter().flatten().rev();
        let end_of = |run| ends_of(run).find(|(_, place)| !is_whole_elsewhere(place));
        // Of a log without a whole call nothing but the torn one is known, and that is kept as of no run.
        let end = end_of(run).or_else(|| end_of(&None).filter(|_| has_logs_end)).cloned();
        // Of several torn readings without a whole one, a later one of a copy may be the first of them.
        let is_untold = |place: &Place| self.torn_in(place).any(|(_, cut)| cut.has_counter);
        let end = end.map(|(time, place)| (if is_untold(&place) { Some(UNDATED) } else { time }, place));
        match (end, of_logs) {
            // Where the log tells all calls, what an output leaves open is no more than the log does.
            (Some((None, _)), Some(lost)) if self.has_counter_log => Some(lost),
            (end, lost) => end.or(lost),
        }
    }

    /// What can't be read in a log that ends there without a whole call, each time that it was read, if there are several
    /// torn ones.
    fn torn_in(&self, place: &Place) -> impl Iterator<Item = &(Place, Cut)> {
        self.torn_apart.range((place.clone(), Cut::default())..).take_while(move |(known, _)| known == place)
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

    /// Its session logs with calls that can't be read, and the last one of each, with no copy of the same name that has it
    /// whole.
    fn cut_logs(&self) -> impl Iterator<Item = (&Id, &LogVersion, &Cut)> {
        let namesakes = LazyCell::new(|| Namesakes::of(self));
        let cuts =
            self.logs.iter().flat_map(|(source, log)| log.cuts().map(move |(version, cut)| (source, version, cut)));
        cuts.filter(move |(source, _, cut)| !namesakes.have(source, cut))
    }

    /// What its counter read before readings that its session logs may have lost.
    pub(in crate::fold) fn read_before_losses(&self) -> impl Iterator<Item = TokenUsage> {
        // Where one copy of a log is cut behind a reading, another copy that is whole may end with the same: nothing is
        // lost.
        let whole =
            LazyCell::new(|| self.logs.values().flat_map(LogEnd::last_readings).collect::<FxHashSet<TokenUsage>>());
        let cut = self.cut_logs().map(|(_, version, _)| version.last_reading);
        let cut = cut.filter(move |last| !whole.contains(last) && !self.log.reads_on(last));
        self.log.lost_after.iter().copied().chain(cut)
    }

    /// Whether one of its session logs breaks off with a call that can't be read.
    pub(in crate::fold) fn has_cut_log(&self) -> bool {
        self.logs.values().any(|log| log.cuts().next().is_some()) || self.unfinished.contains_key(&None)
    }

    /// Whether a model answered in it, or was about to, outside of runs: then it used tokens, whether anything tells
    /// how many or not.
    pub(in crate::fold) fn is_asked(&self) -> bool {
        self.is_answered || self.has_cut_log() || !self.uncounted.is_empty()
    }

    /// Whether a capture ends where a process begins, outside of runs.
    pub(in crate::fold) fn has_open_capture(&self) -> bool {
        let namesakes = LazyCell::new(|| Namesakes::of(self));
        self.open_captures.iter().any(|begin| !namesakes.have_result(&begin.source, begin.offset))
    }
}

/// Sources of the same file name.
struct Namesakes<'a> {
    facts: &'a ConversationFacts,
    by_name: FxHashMap<&'a str, SameName<'a>>,
}

/// What is known of the sources of one name.
#[derive(Default)]
struct SameName<'a> {
    logs: Copies,
    /// Where each capture shows results.
    captures: Vec<&'a BTreeSet<u64>>,
}

impl<'a> Namesakes<'a> {
    fn of(facts: &'a ConversationFacts) -> Namesakes<'a> {
        let mut by_name: FxHashMap<&str, SameName<'_>> = FxHashMap::default();
        for (source, log) in &facts.logs {
            let logs = &mut by_name.entry(file_name(source)).or_default().logs;
            log.versions.iter().for_each(|version| logs.add(&version.whole));
        }
        for (source, results) in &facts.captures {
            by_name.entry(file_name(source)).or_default().captures.push(results);
        }
        Namesakes { facts, by_name }
    }

    /// Whether one, perhaps the log itself at a later time, has whole what can't be read in a log.
    fn have(&self, source: &Id, cut: &Cut) -> bool {
        let named = self.by_name.get(file_name(source));
        named.is_some_and(|named| named.logs.have(cut)) || self.have_result(source, cut.offset)
    }

    /// Whether one goes on where this source was cut: a log that is whole beyond, or a capture with a result.
    fn go_on(&self, place: &Place) -> bool {
        let mut torn = self.facts.torn_in(place).peekable();
        if torn.peek().is_some() {
            return torn.all(|(place, cut)| self.have(&place.source, cut));
        }
        let named = self.by_name.get(file_name(&place.source));
        named.is_some_and(|named| named.logs.reach_beyond(place.offset))
            || self.have_result(&place.source, place.offset)
    }

    /// Whether one is a capture with the result that this source lacked when it ended here: any, if it showed none before;
    /// else one that shows the same, and another one from here on.
    fn have_result(&self, source: &Id, offset: u64) -> bool {
        let Some(named) = self.by_name.get(file_name(source)) else { return false };
        let own = self.facts.captures.get(source);
        let known = || own.into_iter().flat_map(|results| results.range(..offset));
        let goes_on = |results: &BTreeSet<u64>| results.last().is_some_and(|last| *last >= offset);
        if known().next().is_none() {
            return named.captures.len() > usize::from(own.is_some()) || own.is_some_and(goes_on);
        }
        named.captures.iter().any(|results| goes_on(results) && known().all(|result| results.contains(result)))
    }
}

/// A source's file name.
fn file_name(source: &str) -> &str {
    unpacked_name(source.rsplit(['/', '\\']).next().unwrap_or(source))
}

#[cfg(test)]
mod tests {
    use super::{ConversationFacts, Cut, LogEnd, LogVersion, Namesakes, Place};
    use crate::fold::facts::log_end::Stretch;

    fn place(source: &str, offset: u64) -> Place {
        Place { source: source.into(), offset }
    }

    #[test]
    fn a_cut_log_goes_on_in_a_longer_copy_or_in_a_capture_of_its_name() {
        let mut facts = ConversationFacts::default();
        let lengths =
            [("a/x.jsonl", 7), ("b/x.jsonl.gz", 7), ("c\\x.jsonl.zst", 5), ("a/y.jsonl", 9), ("a/z.jsonl", 1)];
        for (source, end) in lengths {
            let version = LogVersion { whole: Stretch { end, ..Stretch::default() }, ..LogVersion::default() };
            facts.logs.insert(source.into(), LogEnd { versions: [version].into() });
        }
        facts.captures.insert("b/z.jsonl".into(), [50].into());
        let goes_on = |source: &str, end| {
            let before = Stretch { end, ..Stretch::default() };
            let cut = Cut { before, offset: end, tears: 1, tears_since_call: 1, ..Cut::default() };
            let namesakes = Namesakes::of(&facts);
            let found = namesakes.have(&source.into(), &cut);
            assert_eq!(found, namesakes.go_on(&place(source, end)), "{source} {end}");
            found
        };
        assert_eq!(lengths.map(|(source, length)| goes_on(source, length)), [false, false, true, false, true]);
        // A later reading of the log itself has what an earlier one lacked.
        assert_eq!([goes_on("a/x.jsonl", 6), goes_on("a/y.jsonl", 6), goes_on("d/x.jsonl", 6)], [true; 3]);
        assert_eq!([goes_on("b/z.jsonl", 51), goes_on("d/z.jsonl", 99), goes_on("d/w", 0)], [false, true, false]);
    }

    #[test]
    fn a_capture_goes_on_in_itself_or_in_a_copy_with_a_later_result() {
        let mut facts = ConversationFacts::default();
        facts.captures.insert("a/x.jsonl".into(), [100, 300].into());
        facts.captures.insert("b/x.jsonl".into(), [100].into());
        facts.captures.insert("c/x.jsonl".into(), [110].into());
        let goes_on = |source: &str, offset| Namesakes::of(&facts).go_on(&place(source, offset));
        let own = [50, 100, 200, 301].map(|offset| goes_on("a/x.jsonl", offset));
        // A result that was torn stands where the whole one does.
        assert_eq!((own, goes_on("a/x.jsonl", 300)), ([true, true, true, false], true));
        assert_eq!(["b/x.jsonl", "c/x.jsonl", "d/x.jsonl"].map(|source| goes_on(source, 200)), [true, false, true]);
    }
}
