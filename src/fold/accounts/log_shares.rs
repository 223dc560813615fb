//! A conversation whose session log is among the sources: its calls find their runs, and what a run's output or a
//! trace shows of the same conversation is held against them.

use std::collections::BTreeMap;

use super::held::{Readings, hold_against};
use super::holders::{Holders, holders};
use super::logged::{Logged, Unshown};
use super::losses;
use super::places::Places;
use super::twins::{Twins, since, twins};
use crate::event::{CallKey, Id, RunId, Time, TokenUsage};
use crate::fold::facts::{CallFacts, LogCall, Reading};
use crate::fold::origins::Own;
use crate::fold::rows::Reason;

/// Gives each call of a conversation to the run it belongs to (`None`: to none).
///
/// `seen` are the calls that traces show of it, `readings` what its counter read there.
pub(super) fn log_shares(
    places: &Places,
    id: &Id,
    own: Own,
    readings: Vec<Reading>,
    seen: Vec<(CallKey, Box<CallFacts>)>,
    everywhere: &Readings,
) -> BTreeMap<Option<RunId>, Logged> {
    let mut joined: BTreeMap<Option<RunId>, Logged> = BTreeMap::new();
    let Own { mut calls, readings: mut logged, recorded, lost_after, is_floor, is_forked } = own;
    if is_floor {
        joined.entry(None).or_default().is_floor = true;
    }
    if readings.is_empty() && seen.is_empty() && !places.is_shown_by_a_run(id) {
        if !calls.is_empty() {
            joined.entry(None).or_default().calls = calls;
        }
        return joined;
    }
    losses::fill(&mut calls, &mut logged, &lost_after, &readings);
    let Twins { mut of_call, unmatched } = twins(&calls, seen);
    let Holders { mut runs, left } = holders(places, id, &calls, &of_call, &readings);
    for (run, since) in left {
        let part = joined.entry(Some(run)).or_default();
        (part.lacks, part.left_at) = (Reason::EndUntold.into(), since);
    }
    for run in losses::take_shared(&calls, &mut runs, &lost_after, |run| places.starts_in(id, run)) {
        joined.entry(Some(run)).or_default().lack(Reason::TornBetween);
    }
    let unshown = unshown(&calls, &of_call, &runs);
    for (key, call) in unmatched {
        let run = places.of_logged(id, &call.runs, call.time, None);
        joined.entry(run).or_default().unlogged.push((key, call));
    }
    let read = logged.iter().map(|(_, total)| total.blended_tokens()).max();
    let reached = read.unwrap_or_else(|| calls.iter().map(LogCall::usage).sum::<TokenUsage>().blended_tokens());
    let end = calls.last().and_then(LogCall::time).max(logged.last().and_then(|(time, _)| *time));
    for (run, part) in &mut joined {
        part.end = end;
        part.keep_unlogged(unshown.get(run).map_or(&[][..], Vec::as_slice));
    }
    let last = runs.last().cloned().flatten();
    for ((call, run), twin) in calls.into_iter().zip(runs).zip(&mut of_call) {
        let part = joined.entry(run).or_default();
        part.calls.push(call);
        part.timings.push(twin.take().and_then(|twin| twin.timing));
    }
    // What a fork's counter began with is known from its own log alone.
    let has_baseline = !is_forked || !logged.is_empty();
    hold_against(&mut joined, readings, &logged, &recorded, everywhere, has_baseline);
    logged.extend(recorded);
    if let Some(run) = last.filter(|run| places.of_footer(id, reached, end) != Some(run)) {
        lack_what_followed(&mut joined, run, end);
    }
    for part in joined.values_mut() {
        part.is_floor |= is_floor;
        part.know_footers(&logged);
        part.reached = reached;
    }
    joined
}

/// The log's calls that no trace shows, by the run that holds them.
fn unshown(
    calls: &[LogCall],
    twins: &[Option<Box<CallFacts>>],
    runs: &[Option<RunId>],
) -> BTreeMap<Option<RunId>, Vec<Unshown>> {
    let mut unshown: BTreeMap<Option<RunId>, Vec<Unshown>> = BTreeMap::new();
    for (((call, twin), run), since) in calls.iter().zip(twins).zip(runs).zip(since(calls)) {
        if twin.is_none() {
            unshown.entry(run.clone()).or_default().push(Unshown { since, until: call.time(), usage: call.usage() });
        }
    }
    unshown
}

/// A log that was copied while a run was at work, of a conversation that is known to have gone on, may lack what the run
/// did then: `last` made its last call. A counter in the run's output that agrees with the log tells that it doesn't.
fn lack_what_followed(joined: &mut BTreeMap<Option<RunId>, Logged>, last: RunId, end: Option<Time>) {
    let last = Some(last);
    let goes_on = |part: &Logged| end.is_some() && part.unlogged.iter().any(|(_, call)| call.time > end);
    let is_known = joined.get(&last).is_some_and(|part| part.agrees == Some(true));
    if !is_known && joined.iter().any(|(run, part)| *run != last && goes_on(part)) {
        joined.entry(last).or_default().lack(Reason::StillStreaming);
    }
}
