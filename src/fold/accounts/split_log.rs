//! A session log is split among those who used its conversation: its calls find their runs, and what a run's output or
//! a trace shows of the same conversation is held against them.

use std::collections::BTreeMap;

use super::held::{LoggedReadings, hold_against};
use super::holders::{Holders, holders};
use super::log_share::{LogShare, LogShares, Unshown};
use super::losses;
use super::places::Places;
use super::twins::{Twins, since, twins};
use crate::event::{CallKey, Id, RunId, Time, TokenUsage};
use crate::fold::facts::{CallFacts, LogCall, Reading};
use crate::fold::origins::Own;
use crate::fold::rows::Reason;

/// Gives each call of a conversation to the run it belongs to.
///
/// `seen` are the calls that traces show of it, `shown` what its counter read in outputs.
pub(super) fn log_shares(
    places: &Places,
    id: &Id,
    own: Own,
    shown: Vec<Reading>,
    seen: Vec<(CallKey, Box<CallFacts>)>,
    everywhere: &LoggedReadings,
) -> LogShares {
    if shown.is_empty() && seen.is_empty() && !places.is_shown_by_a_run(id) {
        return unsplit(own);
    }
    let Own { mut calls, readings: mut logged, recorded, lost_after, is_floor, is_forked } = own;
    losses::fill(&mut calls, &mut logged, &lost_after, &shown);
    let Twins { of_call, unmatched } = twins(&calls, seen);
    let Holders { mut runs, left } = holders(places, id, &calls, &of_call, &shown);
    let torn = losses::take_shared(&calls, &mut runs, &lost_after, |run| places.starts_in(id, run));
    let (last, end, reached) = (runs.last().cloned().flatten(), end(&calls, &logged), reached(&calls, &logged));

    let mut shares = LogShares::new();
    for (run, since) in left {
        let share = shares.entry(Some(run)).or_default();
        (share.lacks, share.left_at) = (Reason::EndUntold.into(), since);
    }
    for run in torn {
        shares.entry(Some(run)).or_default().lack(Reason::TornBetween);
    }
    for (key, call) in unmatched {
        let run = places.of_logged(id, &call.runs, call.time, None);
        shares.entry(run).or_default().unlogged.push((key, call));
    }
    keep_unlogged(&mut shares, &unshown(&calls, &of_call, &runs), end);
    add_calls(&mut shares, calls, runs, of_call);
    // What a fork's counter began with is known from its own log alone.
    let has_baseline = !is_forked || !logged.is_empty();
    hold_against(&mut shares, shown, &logged, &recorded, everywhere, has_baseline);
    if let Some(run) = last.filter(|run| places.of_footer(id, reached, end) != Some(run)) {
        lack_what_followed(&mut shares, run, end);
    }
    if is_floor {
        shares.entry(None).or_default();
    }
    logged.extend(recorded);
    for share in shares.values_mut() {
        share.is_floor |= is_floor;
        share.know_footers(&logged);
        share.reached = reached;
    }
    shares
}

/// The shares where nothing but the log tells of the conversation: all of it is no run's.
fn unsplit(own: Own) -> LogShares {
    let mut shares = LogShares::new();
    if own.is_floor || !own.calls.is_empty() {
        let share = shares.entry(None).or_default();
        (share.calls, share.is_floor) = (own.calls, own.is_floor);
    }
    shares
}

/// When the latest of what the log tells happened.
fn end(calls: &[LogCall], logged: &[(Option<Time>, TokenUsage)]) -> Option<Time> {
    calls.last().and_then(LogCall::time).max(logged.last().and_then(|(time, _)| *time))
}

/// The largest blended total that the log tells of: its counter's, or else that of its calls.
fn reached(calls: &[LogCall], logged: &[(Option<Time>, TokenUsage)]) -> u64 {
    let read = logged.iter().map(|(_, total)| total.blended_tokens()).max();
    read.unwrap_or_else(|| calls.iter().map(LogCall::usage).sum::<TokenUsage>().blended_tokens())
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

/// Keeps of each share's calls that only a trace shows what adds to the log, which ends then.
fn keep_unlogged(shares: &mut LogShares, unshown: &BTreeMap<Option<RunId>, Vec<Unshown>>, end: Option<Time>) {
    for (run, share) in shares {
        share.end = end;
        share.keep_unlogged(unshown.get(run).map_or(&[][..], Vec::as_slice));
    }
}

/// Adds the log's calls to their runs' shares, with what traces tell of their parts.
fn add_calls(
    shares: &mut LogShares,
    calls: Vec<LogCall>,
    runs: Vec<Option<RunId>>,
    twins: Vec<Option<Box<CallFacts>>>,
) {
    for ((call, run), twin) in calls.into_iter().zip(runs).zip(twins) {
        let share = shares.entry(run).or_default();
        share.calls.push(call);
        share.timings.push(twin.and_then(|twin| twin.timing));
    }
}

/// A log that was copied while a run was at work, of a conversation that is known to have gone on, may lack what the
/// run did then: `last` made its last call. A counter in the run's output that agrees with the log tells that it
/// doesn't.
fn lack_what_followed(shares: &mut LogShares, last: RunId, end: Option<Time>) {
    let last = Some(last);
    let goes_on = |share: &LogShare| end.is_some() && share.unlogged.iter().any(|(_, call)| call.time > end);
    let is_known = shares.get(&last).is_some_and(|share| share.agrees == Some(true));
    if !is_known && shares.iter().any(|(run, share)| *run != last && goes_on(share)) {
        shares.entry(last).or_default().lack(Reason::StillStreaming);
    }
}
