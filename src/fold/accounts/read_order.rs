//! The order in which a counter was read, as far as records tell times and else by what it read.

use std::cmp::Reverse;

use rustc_hash::FxHashSet;

use crate::event::{RunId, Time, TokenUsage};
use crate::fold::facts::Reading;

/// Each reading once, in the order in which they were made.
pub(super) fn in_order(mut readings: Vec<Reading>, start_of: impl Fn(&RunId) -> Option<Time>) -> Vec<Reading> {
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
    readings
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
