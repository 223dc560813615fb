//! Whose the readings of rate limits are, each told once.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::event::{Doubt, Id, Quota, RunId, Time};
use crate::fold::accounts::Places;
use crate::fold::facts::{Conversations, QuotaReading, Window, ancestors, order};

/// Gives every reading to the one run it belongs to, and drops what is told twice.
pub(super) fn settle_quotas(
    mut readings: Vec<QuotaReading>,
    places: &Places,
    conversations: &Conversations,
) -> Vec<QuotaReading> {
    drop_copies(&mut readings, conversations);
    readings.sort_by(order);
    let same = readings.chunk_by(|a, b| a.identity().cmp(&b.identity()).is_eq());
    let settled = same.filter_map(|same| {
        let reading = same.first()?.clone();
        let shown_by: BTreeSet<RunId> = same.iter().filter_map(|reading| reading.run.clone()).collect();
        let run = match &reading.quota.conversation {
            Some(conversation) => places.of(conversation, &shown_by, reading.time),
            None => shown_by.first().cloned(),
        };
        let host = same.iter().filter_map(|reading| reading.host.clone()).max();
        Some(QuotaReading { run, host, ..reading })
    });
    let mut windows: FxHashMap<Window, Vec<QuotaReading>> = FxHashMap::default();
    for reading in settled {
        windows.entry(reading.window()).or_default().push(reading);
    }
    let mut kept: Vec<QuotaReading> = windows.into_values().flat_map(without_repeats).collect();
    kept.sort_by(order);
    kept
}

/// A limit's state, whoever was told of it.
type State = (Option<Id>, Option<u64>, u64, Option<Time>, Option<Id>);

fn state(quota: &Quota) -> State {
    let used = quota.used_percent.to_bits();
    (quota.limit.clone(), quota.window_minutes, used, quota.resets_at, quota.plan.clone())
}

/// Drops what the log of a fork copied and dated anew. Where its turns don't tell, that is what an ancestor was told,
/// too; without the log of its parent it may be any of it.
fn drop_copies(readings: &mut Vec<QuotaReading>, conversations: &Conversations) {
    let doubtful = readings.iter().filter(|reading| reading.quota.doubt == Doubt::Ancestor);
    let forks: FxHashSet<Id> = doubtful.filter_map(|reading| reading.quota.conversation.clone()).collect();
    let ancestors_of: FxHashMap<Id, Vec<Id>> =
        forks.into_iter().map(|id| (id.clone(), ancestors(conversations, &id))).collect();
    let told: FxHashSet<&Id> = ancestors_of.values().flatten().collect();
    let mut states: FxHashMap<Id, FxHashSet<State>> = FxHashMap::default();
    for quota in readings.iter().map(|reading| &reading.quota) {
        if let Some(id) = quota.conversation.as_ref().filter(|id| told.contains(id)) {
            states.entry(id.clone()).or_default().insert(state(quota));
        }
    }
    let has_counter_log = |id: &Id| conversations.get(id).is_some_and(|facts| facts.has_counter_log);
    let is_copy = |quota: &Quota| {
        let Some(id) = &quota.conversation else { return false };
        match quota.doubt {
            Doubt::None | Doubt::Reviewer => false,
            Doubt::Child => conversations.get(id).is_some_and(|facts| facts.parent.is_some()),
            Doubt::Ancestor => {
                let upwards = ancestors_of.get(id).map_or(&[][..], Vec::as_slice);
                let told = |id: &Id| states.get(id).is_some_and(|states| states.contains(&state(quota)));
                upwards.first().is_some_and(|parent| !has_counter_log(parent)) || upwards.iter().any(told)
            }
        }
    };
    readings.retain_mut(|reading| {
        let is_own = !is_copy(&reading.quota);
        reading.quota.doubt = Doubt::None;
        is_own
    });
}

/// Readings between two of the same state say nothing new.
fn without_repeats(readings: Vec<QuotaReading>) -> Vec<QuotaReading> {
    let is_same = |a: Option<usize>, b: usize| {
        a.and_then(|a| readings.get(a)).zip(readings.get(b)).is_some_and(|(a, b)| a.is_same_state(b))
    };
    let is_needed: Vec<bool> = (0..readings.len())
        .map(|index| !is_same(index.checked_sub(1), index) || !is_same(Some(index + 1), index))
        .collect();
    readings.into_iter().zip(is_needed).filter_map(|(reading, is_needed)| is_needed.then_some(reading)).collect()
}

#[cfg(test)]
mod tests {
    use super::settle_quotas;
    use crate::event::{Quota, Time};
    use crate::fold::accounts::Places;
    use crate::fold::facts::{QuotaFold, QuotaReading};
    use rustc_hash::FxHashMap;

    fn reading(second: i64, used_percent: f64) -> QuotaReading {
        let quota = Quota { window_minutes: Some(300), used_percent, ..Quota::default() };
        QuotaReading { time: Time::from_millis(second * 1000), run: None, host: None, harness: None, quota }
    }

    fn folded(readings: &[(i64, f64)]) -> Vec<QuotaReading> {
        let mut fold = QuotaFold::default();
        readings.iter().for_each(|(second, used)| fold.apply(reading(*second, *used)));
        fold.finish()
    }

    fn settled(readings: Vec<QuotaReading>) -> Vec<(i64, f64)> {
        let places = Places::new(&FxHashMap::default(), &FxHashMap::default(), &FxHashMap::default(), &|_, _| true);
        let settled = settle_quotas(readings, &places, &FxHashMap::default());
        settled.iter().map(|reading| (reading.time.unwrap().micros() / 1_000_000, reading.quota.used_percent)).collect()
    }

    const READINGS: [(i64, f64); 7] = [(1, 0.0), (2, 0.0), (3, 0.0), (4, 1.5), (5, 1.5), (6, 2.0), (7, 0.0)];
    const CHANGES: [(i64, f64); 6] = [(1, 0.0), (3, 0.0), (4, 1.5), (5, 1.5), (6, 2.0), (7, 0.0)];

    #[test]
    fn of_an_unchanged_state_the_first_and_the_last_reading_stay() {
        assert_eq!(settled(folded(&READINGS)), CHANGES);
    }

    #[test]
    fn a_tail_beside_the_whole_adds_nothing() {
        for start in 0..READINGS.len() {
            let both = [folded(&READINGS), folded(&READINGS[start..])].concat();
            assert_eq!(settled(both), CHANGES, "from {start}");
        }
    }

    #[test]
    fn parts_are_worth_the_whole() {
        for cut in 0..READINGS.len() {
            let (a, b) = READINGS.split_at(cut);
            assert_eq!(settled([folded(b), folded(a)].concat()), CHANGES, "cut at {cut}");
        }
    }

    #[test]
    fn a_state_that_lasts_over_a_run_and_what_followed_has_a_first_and_a_last_time() {
        let told = |second, run: Option<&str>| {
            let quota = Quota { conversation: Some("c".into()), ..reading(second, 1.5).quota };
            QuotaReading { run: run.map(Into::into), quota, ..reading(second, 1.5) }
        };
        // An older copy of the log tells what was the last reading then.
        let with_older_copy = vec![told(1, Some("a")), told(4, None), told(1, Some("a")), told(2, Some("a"))];
        assert_eq!(settled(with_older_copy), [(1, 1.5), (4, 1.5)]);
    }
}
