//! A cumulative counter over a conversation, and each run's share of it: the growth within the run.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::bounds::{Before, Bounds};
use super::read_order::in_order;
use super::reasoning::Reasoning;
use super::share::Share;
use crate::event::{RunId, Time, TokenUsage};
use crate::fold::facts::Reading;

/// How far a session log tells what a counter read. What outputs tell goes on from there.
#[derive(Debug)]
pub(super) struct LoggedUpTo {
    /// What it read last.
    pub(super) total: TokenUsage,
    /// When.
    pub(super) time: Option<Time>,
    /// The runs whose calls the log tells of, `None` among them.
    pub(super) runs: BTreeSet<Option<RunId>>,
    /// The one of them at work where it ends, if nothing tells that it did no more.
    pub(super) open: Option<RunId>,
}

/// A call after the last reading of its run.
#[derive(Debug, Clone)]
pub(super) struct Uncovered {
    pub(super) time: Time,
    pub(super) run: Option<RunId>,
    pub(super) usage: TokenUsage,
}

/// Splits a conversation's readings at the runs' boundaries.
///
/// `uncovered` are calls, by time, that no reading of their own run counts: a later run's does, but they are
/// not its own. `bounds` tells what is known of each run, `logged` where a session log ends that tells all of before.
pub(super) fn shares<'a>(
    readings: Vec<Reading>,
    uncovered: &[Uncovered],
    bounds: impl Fn(&RunId) -> Bounds<'a>,
    logged: Option<&LoggedUpTo>,
) -> BTreeMap<Option<RunId>, Share> {
    let readings = in_order(readings, |run| bounds(run).start);
    let (previous, since) = logged.map_or((None, None), |logged| (Some(logged.total), logged.time));
    let calls = Between::new(uncovered);
    let reasoning = logged.map_or_else(Reasoning::default, |logged| Reasoning::at(&logged.total));
    let read = FxHashSet::default();
    let mut split = Split { calls, bounds, logged, shares: BTreeMap::new(), previous, read, since, reasoning };
    for reading in readings {
        // What falls below the log tells nothing of those whose calls it has.
        let is_less = |logged: &LoggedUpTo| logged.runs.contains(&reading.run) && split.falls(&reading);
        if !logged.is_some_and(is_less) {
            split.read(reading);
        }
    }
    split.shares
}

/// Readings as they are split.
struct Split<'u, F> {
    calls: Between<'u>,
    bounds: F,
    logged: Option<&'u LoggedUpTo>,
    shares: BTreeMap<Option<RunId>, Share>,
    /// What the reading before read, and when that was.
    previous: Option<TokenUsage>,
    /// What all before read.
    read: FxHashSet<TokenUsage>,
    since: Option<Time>,
    reasoning: Reasoning,
}

impl<'a, F: Fn(&RunId) -> Bounds<'a>> Split<'_, F> {
    /// Gives what the counter grew by since the reading before to the run that read it.
    fn read(&mut self, mut reading: Reading) {
        let previous = self.previous;
        // Of several processes that go on from one reading, each counts its own.
        let before = reading.before().filter(|before| !before.is_zero() && Some(*before) != previous);
        let is_new = self.read.insert(reading.total);
        let branch = before.filter(|before| previous != Some(reading.total) && self.read.contains(before));
        let branch = branch.and(reading.last).map(|last| if is_new { last } else { TokenUsage::default() });
        let told = reading.total.reasoning_output_tokens;
        reading.total = previous.map_or(reading.total, |previous| reading.total.with_untold(&previous));
        let bounds = reading.run.as_ref().map_or_else(Bounds::default, &self.bounds);
        let is_first = !self.is_known(&reading.run);
        let is_anew = branch.is_none() && previous.is_some_and(|previous| reading.total.fell_below(&previous));
        // Neither goes on from the reading before.
        let is_apart = is_anew || branch.is_some();
        // Outside of runs every reading is in view: one that fell to more than the latest call didn't begin at zero.
        let lowered = before.filter(|_| is_anew && reading.run.is_none()).and(reading.last);
        // A process that resumed tells again what the run before came to: that is no call of this run.
        let blended = reading.total.blended_tokens();
        let is_restored = bounds.before.is_some_and(|before| before.totals.contains(&blended));
        let begins = !is_restored && begins_at_zero(&reading, bounds.starts_in);
        // The run before, if it left no reading, or its only footer counts more than it read last: the growth may in
        // part be its own.
        let over = bounds.before.filter(|before| {
            let went_beyond = previous.is_some_and(|read| before.went_beyond(&read));
            let is_read = !went_beyond && self.is_read(before.run);
            is_first && !is_apart && !begins && (before.follows_silence || !is_read)
        });
        let (others, is_sure) = self.others(&reading, over);
        let share = self.shares.entry(reading.run.clone()).or_default();
        share.is_doubtful = reading.is_doubtful || (share.is_doubtful && is_anew);
        share.is_floor |= lowered.is_some();
        let growth = match (branch, previous) {
            (Some(last), _) => last,
            (None, Some(_)) if is_anew => lowered.unwrap_or(reading.total),
            (None, Some(previous)) => reading.total.minus(&previous),
            (None, None) if begins => reading.total,
            (None, None) => {
                share.is_floor = true;
                TokenUsage::default()
            }
        };
        if is_anew || previous.is_none() && !share.is_floor {
            self.reasoning.restart();
        }
        // What was carried on from the reading before isn't told.
        let told = told.filter(|_| told == reading.total.reasoning_output_tokens);
        let reasoning = self.reasoning.read(&reading.run, told, !growth.is_zero());
        let growth = TokenUsage { reasoning_output_tokens: reasoning, ..growth };
        let mut growth = if branch.is_some() { growth } else { growth.minus(&others) };
        let start = previous.map(|previous| previous.plus(&others));
        let began =
            start.filter(|_| is_first && !is_apart && bounds.is_in_view).and_then(|start| reading.since(&start));
        if let Some(began) = began {
            // An output that is whole shows where the counter stood when its run began.
            growth = share.growth_since(began, over, &reading);
        } else if let Some(before) = over {
            growth = share.growth_over(before, start, growth, &reading);
        }
        share.is_floor |= !is_sure && !others.is_zero();
        if let Some(last) = reading.last.filter(|last| last.matches(&growth)) {
            share.starts_in_view |= is_first;
            growth = last;
        }
        (self.previous, self.since) = (Some(reading.total), reading.time);
        (share.total, share.time) = (reading.total, reading.time);
        share.place = reading.stamp.is_none().then(|| reading.place.clone());
        if !growth.is_zero() {
            let (usage, time) = share.by_model.entry(reading.model).or_default();
            *usage = usage.plus(&growth);
            *time = reading.time;
        }
    }

    /// Whether calls or readings of it are known that came earlier.
    fn is_known(&self, run: &Option<RunId>) -> bool {
        self.shares.contains_key(run) || self.logged.is_some_and(|logged| logged.runs.contains(run))
    }

    /// Whether it is known what the counter read when a run ended.
    fn is_read(&self, run: &RunId) -> bool {
        let run = Some(run.clone());
        let is_logged = |logged: &LoggedUpTo| logged.runs.contains(&run) && logged.open != run;
        self.shares.contains_key(&run) || self.logged.is_some_and(is_logged)
    }

    fn falls(&self, reading: &Reading) -> bool {
        self.previous.is_some_and(|previous| reading.total.with_untold(&previous).fell_below(&previous))
    }

    /// What others' calls come to that the counter grew by, too, and whether surely all of them are others'.
    fn others(&self, reading: &Reading, over: Option<Before<'_>>) -> (TokenUsage, bool) {
        // Of a reading without a time and without a run, nothing tells which runs' calls it counts.
        let is_undated = reading.time.is_none() && reading.run.is_none();
        let is_all = is_undated && self.previous.is_none();
        let Between { uncovered, places_of } = &self.calls;
        let is_before = |call: &Uncovered| !is_all && self.since.is_none_or(|since| call.time <= since);
        let from = uncovered.partition_point(is_before);
        let to = uncovered.partition_point(|call| is_undated || Some(call.time) <= reading.time).max(from);
        let apart = uncovered[from..to].iter().filter(|call| call.run != reading.run);
        // It counts all calls of the run that the conversation began in, as nothing came before that.
        let begins_in = |run: &RunId| (self.bounds)(run).begins_in;
        let is_sure = !is_undated || apart.clone().all(|call| is_all && call.run.as_ref().is_some_and(begins_in));
        // Where readings tell no times, calls are known to lie between them by their run alone.
        let of_silent = over.and_then(|before| places_of.get(before.run)).into_iter().flatten();
        let of_silent = of_silent.filter(|place| !(from..to).contains(place)).map(|place| &uncovered[*place].usage);
        (apart.map(|call| &call.usage).chain(of_silent).sum(), is_sure)
    }
}

/// Calls that may lie between readings.
struct Between<'u> {
    /// By time.
    uncovered: &'u [Uncovered],
    /// The places in `uncovered` of each run's calls.
    places_of: FxHashMap<&'u RunId, Vec<usize>>,
}

impl<'u> Between<'u> {
    fn new(uncovered: &'u [Uncovered]) -> Between<'u> {
        let mut places_of: FxHashMap<&RunId, Vec<usize>> = FxHashMap::default();
        for (place, call) in uncovered.iter().enumerate() {
            if let Some(run) = &call.run {
                places_of.entry(run).or_default().push(place);
            }
        }
        Between { uncovered, places_of }
    }
}

impl Reading {
    /// What the counter read before the call that it tells; `None` if nothing tells.
    fn before(&self) -> Option<TokenUsage> {
        Some(self.total.minus(&self.last.filter(|last| !last.exceeds(&self.total))?))
    }

    /// What the counter had grown by since `start` when the call began that it tells; `None` if nothing tells.
    fn since(&self, start: &TokenUsage) -> Option<TokenUsage> {
        let before = self.before()?;
        (!before.fell_below(start)).then(|| before.minus(start))
    }
}

/// Whether the counter was at zero before its first visible reading belongs to the reading's run.
/// Outside runs the counter is the conversation's own, whole.
///
/// A counter that reads zero was set to it when the context was full: what it counted before is lost.
fn begins_at_zero(reading: &Reading, starts_in: bool) -> bool {
    let is_first_call = reading.last == Some(reading.total);
    reading.run.is_none() || (!reading.total.is_zero() && (is_first_call || starts_in))
}

#[cfg(test)]
mod tests;
