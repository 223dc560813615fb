//! A cumulative counter over a conversation, and each run's share of it: the growth within the run.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::event::{Id, RunId, Time, TokenUsage};
use crate::fold::facts::{Place, Reading};

/// A run's (`None`: no run's) share of a conversation's counter.
#[derive(Debug, Clone, Default)]
pub(super) struct Share {
    /// Growth by the model that was at work then, and when it last grew.
    pub(super) by_model: BTreeMap<Option<Id>, (TokenUsage, Option<Time>)>,
    /// Whether what the counter had reached before the run is unknown, so that this is a floor.
    pub(super) is_floor: bool,
    /// Whether the first call that it counts is the one that the first visible reading tells.
    pub(super) starts_in_view: bool,
    /// The counter's last value.
    pub(super) total: TokenUsage,
    /// When it was read.
    pub(super) time: Option<Time>,
    /// Where its last reading stands, if that tells no time.
    pub(super) place: Option<Place>,
    /// Whether a reading that may be quoted tells it, and none that surely isn't counts as much.
    pub(super) is_doubtful: bool,
    /// Growth beside that, which may be earlier runs' in part.
    pub(super) unsure: Option<Unsure>,
}

/// What a counter grew by over runs that left no reading of it.
#[derive(Debug, Clone)]
pub(super) struct Unsure {
    /// Its growth, as far as no calls of those runs are known; `None` where it wasn't read before them.
    pub(super) usage: Option<TokenUsage>,
    /// The model that was at work when it was read.
    pub(super) model: Option<Id>,
    /// When that was.
    pub(super) time: Option<Time>,
    /// The blended part of the run that read it; `None` where nothing tells.
    pub(super) blended: Option<u64>,
}

/// What came before a run of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Before<'a> {
    /// The run of it before this one.
    pub(super) run: &'a RunId,
    /// The conversation's blended total when this run began; `None` where nothing tells it.
    pub(super) blended: Option<u64>,
    /// Whether a run between the two may have held it, too, and tells of nothing.
    pub(super) follows_silence: bool,
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
/// not its own. `starts_in` tells whether the conversation began within a run, so that its counter
/// was at zero; `begins_in` whether that is in view, too; `start_of` tells when a run began, `before` which run of the
/// conversation came before it.
pub(super) fn shares<'a>(
    mut readings: Vec<Reading>,
    uncovered: &[Uncovered],
    starts_in: impl Fn(&RunId) -> bool,
    begins_in: impl Fn(&RunId) -> bool,
    start_of: impl Fn(&RunId) -> Option<Time>,
    before: impl Fn(&RunId) -> Option<Before<'a>>,
) -> BTreeMap<Option<RunId>, Share> {
    // One reading may stand in several sources: of a tail and the whole, the whole knows better what
    // came before it; a run's word goes before a bare log's.
    readings.sort_by(|a, b| identity(a).cmp(&identity(b)));
    readings.dedup_by(|later, kept| {
        let is_same = later.stamp == kept.stamp && later.total == kept.total;
        kept.is_doubtful &= !is_same || later.is_doubtful;
        is_same
    });
    let timed: FxHashSet<TokenUsage> =
        readings.iter().filter(|reading| reading.stamp.is_some()).map(|reading| reading.total).collect();
    readings.retain(|reading| reading.stamp.is_some() || !timed.contains(&reading.total));
    let start = |reading: &Reading| reading.run.as_ref().and_then(&start_of);
    let follows = Follows::new(&readings, |reading| reading.stamp.and(reading.time));
    // A run's reading came after its start.
    let follows_runs = Follows::new(&readings, |reading| reading.stamp.and(reading.time).or_else(|| start(reading)));
    readings.sort_by_cached_key(|reading| {
        let untimed = || match &reading.run {
            Some(_) => start(reading).max(follows.after(&reading.total)),
            None => follows_runs.after(&reading.total),
        };
        let time = reading.time.or_else(untimed);
        // What tells no time is ordered by where it stands.
        let place = reading.stamp.is_none().then(|| (reading.run.is_none(), reading.place.clone()));
        (time, place, reading.total)
    });
    let mut places_of: FxHashMap<&RunId, Vec<usize>> = FxHashMap::default();
    for (place, call) in uncovered.iter().enumerate() {
        if let Some(run) = &call.run {
            places_of.entry(run).or_default().push(place);
        }
    }
    let mut shares: BTreeMap<Option<RunId>, Share> = BTreeMap::new();
    let mut previous: Option<TokenUsage> = None;
    let mut since: Option<Time> = None;
    for mut reading in readings {
        reading.total = previous.map_or(reading.total, |previous| reading.total.with_untold(&previous));
        let is_first = !shares.contains_key(&reading.run);
        let is_anew = previous.is_some_and(|previous| reading.total.fell_below(&previous));
        let begins = begins_at_zero(&reading, &starts_in);
        // A run that left no reading, just before this one.
        let over = reading.run.as_ref().filter(|_| is_first && !is_anew && !begins).and_then(&before);
        let over = over.filter(|before| before.follows_silence || !shares.contains_key(&Some(before.run.clone())));
        let share = shares.entry(reading.run.clone()).or_default();
        share.is_doubtful = reading.is_doubtful || (share.is_doubtful && is_anew);
        let growth = match previous {
            Some(_) if is_anew => reading.total,
            Some(previous) => reading.total.minus(&previous),
            None if begins => reading.total,
            None => {
                share.is_floor = true;
                TokenUsage::default()
            }
        };
        // Of what tells no time and is no run's, nothing tells which runs' calls it counts.
        let is_undated = reading.time.is_none() && reading.run.is_none();
        let is_all = is_undated && previous.is_none();
        let from = uncovered.partition_point(|call| !is_all && since.is_none_or(|since| call.time <= since));
        let to = uncovered.partition_point(|call| is_undated || Some(call.time) <= reading.time).max(from);
        let apart = uncovered[from..to].iter().filter(|call| call.run != reading.run);
        // But nothing came before the run that the conversation began in.
        let is_sure = apart.clone().all(|call| is_all && call.run.as_ref().is_some_and(&begins_in));
        // Where readings tell no times, calls are known to lie between them by their run alone.
        let of_silent = over.and_then(|before| places_of.get(before.run)).into_iter().flatten();
        let of_silent = of_silent.filter(|place| !(from..to).contains(place)).map(|place| &uncovered[*place].usage);
        let others: TokenUsage = apart.map(|call| &call.usage).chain(of_silent).sum();
        let mut growth = growth.minus(&others);
        if let Some(before) = over {
            let end = before.blended;
            let start = previous.map(|previous| previous.plus(&others));
            let seen = reading.last.map(|last| reading.total.minus(&last));
            let is_told = |start: &TokenUsage| end == Some(start.blended_tokens());
            let is_confirmed = start.is_some() && (start == seen || start.as_ref().is_some_and(is_told));
            if let Some(seen) = seen.filter(|seen| !is_confirmed && is_told(seen)) {
                (growth, share.is_floor) = (reading.total.minus(&seen), false);
            } else if !is_confirmed {
                let is_possible = |end: &u64| start.is_none_or(|start| start.blended_tokens() <= *end);
                let blended = end.filter(is_possible).and_then(|end| reading.total.blended_tokens().checked_sub(end));
                let usage = start.map(|_| std::mem::take(&mut growth));
                let unsure = Unsure { usage, model: reading.model.clone(), time: reading.time, blended };
                share.is_floor = true;
                share.unsure = Some(unsure);
            }
        }
        share.is_floor |= is_undated && !is_sure && !others.is_zero();
        share.starts_in_view |= is_first && reading.last == Some(growth);
        previous = Some(reading.total);
        since = reading.time;
        (share.total, share.time) = (reading.total, reading.time);
        share.place = reading.stamp.is_none().then(|| reading.place.clone());
        if !growth.is_zero() {
            let (usage, time) = share.by_model.entry(reading.model).or_default();
            *usage = usage.plus(&growth);
            *time = reading.time;
        }
    }
    shares
}

/// Which of the readings whose time is known others came after: those that they don't fall below.
struct Follows(Vec<(u64, Time)>);

impl Follows {
    fn new(readings: &[Reading], time: impl Fn(&Reading) -> Option<Time>) -> Follows {
        let timed = |reading: &Reading| Some((reading.total.total_tokens(), time(reading)?));
        let mut known: Vec<(u64, Time)> = match readings.iter().all(|reading| reading.stamp.is_some()) {
            true => Vec::new(),
            false => readings.iter().filter_map(timed).collect(),
        };
        known.sort();
        let mut latest = None;
        for (_, time) in &mut known {
            *time = *latest.insert(latest.map_or(*time, |latest: Time| latest.max(*time)));
        }
        Follows(known)
    }

    /// When the latest of those was read that a counter of this value came after.
    fn after(&self, total: &TokenUsage) -> Option<Time> {
        let count = self.0.partition_point(|(known, _)| *known <= total.total_tokens());
        self.0.get(count.checked_sub(1)?).map(|(_, time)| *time)
    }
}

fn identity(reading: &Reading) -> impl Ord {
    let model = Reverse(reading.model.clone());
    let word = (reading.run.is_none(), reading.run.clone(), model, reading.last);
    let place = reading.stamp.is_none().then(|| reading.place.clone());
    (reading.stamp, reading.total, Reverse(reading.time), word, place)
}

/// Whether the counter was at zero before its first visible reading belongs to the reading's run.
/// Outside runs the counter is the conversation's own, whole.
///
/// A counter that reads zero was set to it when the context was full: what it counted before is lost.
fn begins_at_zero(reading: &Reading, starts_in: &impl Fn(&RunId) -> bool) -> bool {
    let is_first_call = reading.last == Some(reading.total);
    reading.run.as_ref().is_none_or(|run| !reading.total.is_zero() && (is_first_call || starts_in(run)))
}

#[cfg(test)]
mod tests {
    use super::shares;
    use crate::event::{Time, TokenUsage};
    use crate::fold::{Place, Reading};

    fn reading(second: i64, input: u64, run: Option<&str>) -> Reading {
        let total = TokenUsage { input_tokens: input, ..TokenUsage::default() };
        let time = Time::from_millis(second * 1000);
        let place = Place { source: "s".into(), offset: 0 };
        let run = run.map(Into::into);
        Reading { stamp: time, time, place, total, last: None, run, model: None, is_doubtful: false }
    }

    fn input(readings: Vec<Reading>, run: Option<&str>, starts: bool) -> (u64, bool) {
        let shares = shares(readings, &[], |_| starts, |_| starts, |_| None, |_| None);
        let share = &shares[&run.map(Into::into)];
        (share.by_model.values().map(|(usage, _)| usage.input_tokens).sum(), share.is_floor)
    }

    #[test]
    fn a_resumed_run_gets_the_growth_over_the_run_before() {
        let readings = vec![reading(1, 100, Some("a")), reading(2, 180, Some("b")), reading(3, 200, Some("b"))];
        assert_eq!(input(readings.clone(), Some("a"), true), (100, false));
        assert_eq!(input(readings, Some("b"), false), (100, false));
    }

    #[test]
    fn without_the_run_before_only_visible_growth_is_a_runs_own() {
        assert_eq!(input(vec![reading(1, 180, Some("b")), reading(2, 200, Some("b"))], Some("b"), false), (20, true));
    }

    #[test]
    fn what_a_counter_had_before_it_was_set_to_zero_is_lost() {
        assert_eq!(input(vec![reading(1, 0, Some("b")), reading(2, 20, Some("b"))], Some("b"), true), (20, true));
        assert_eq!(input(vec![reading(1, 0, None), reading(2, 20, None)], None, true), (20, false));
    }

    #[test]
    fn a_falling_counter_began_anew() {
        assert_eq!(input(vec![reading(1, 100, None), reading(2, 30, None)], None, true), (130, false));
    }

    #[test]
    fn readings_without_a_time_are_ordered_by_their_place() {
        let at = |input, source: &str| {
            let place = Place { source: source.into(), offset: 0 };
            Reading { stamp: None, time: None, place, ..reading(0, input, None) }
        };
        let readings = vec![at(80, "c-10"), at(160, "c-11"), at(100, "c-1"), at(250, "c-2"), at(250, "copy/c-2")];
        assert_eq!(input(readings, None, true), (410, false));
    }

    #[test]
    fn a_reading_without_a_time_comes_after_those_that_it_does_not_fall_below() {
        let untimed = |input| Reading { stamp: None, time: None, ..reading(0, input, None) };
        let readings = vec![untimed(110), reading(1, 45, None), reading(2, 200, None)];
        assert_eq!(input(readings, None, true), (200, false));
        assert_eq!(input(vec![untimed(110), reading(1, 45, None)], None, true), (110, false));
    }

    #[test]
    fn order_and_repetition_of_readings_do_not_matter() {
        let readings = vec![reading(2, 30, None), reading(1, 10, None), reading(2, 30, None), reading(3, 30, None)];
        assert_eq!(input(readings, None, true), (30, false));
    }
}
