//! A session log is split among those who used its conversation: its calls find their runs, and what a run's output or
//! a trace shows of the same conversation is held against them.

use std::collections::{BTreeMap, BTreeSet};

use super::bounds::Bounds;
use super::growth::Uncovered;
use super::held::{Holding, LoggedCounter, LoggedReadings, hold_against};
use super::holders::{Holders, holders};
use super::log_share::{LogShare, LogShares, Unshown};
use super::losses;
use super::places::Places;
use super::split::SplitLog;
use super::twins::{Twins, since, twins};
use crate::event::{CallKey, Id, RunId, Time, TokenUsage};
use crate::fold::facts::{CallFacts, LogCall, Reading};
use crate::fold::origins::Own;
use crate::fold::rows::Reason;

/// Gives each call of a conversation to the run it belongs to.
///
/// `over` is when the latest of its turns ended that the log tells the end of, `seen` are the calls that traces show of
/// it, `shown` what its counter read in outputs. `bounds` tells what is known of each run.
pub(super) fn log_shares<'a>(
    places: &Places,
    (id, over): (&Id, Option<Time>),
    own: Own,
    shown: Vec<Reading>,
    seen: Vec<(CallKey, Box<CallFacts>)>,
    everywhere: &LoggedReadings,
    bounds: impl Fn(&RunId) -> Bounds<'a>,
) -> SplitLog {
    if shown.is_empty() && seen.is_empty() && !places.is_shown_by_a_run(id) {
        return SplitLog { logged: unsplit(own), ..SplitLog::default() };
    }
    let Own { mut calls, readings: mut logged, recorded, lost_after, floor, is_forked } = own;
    losses::fill(&mut calls, &mut logged, &lost_after, &shown);
    let Twins { of_call, unmatched } = twins(&calls, seen);
    let Holders { mut runs, left } = holders(places, id, &calls, &of_call, &shown);
    let torn = losses::take_shared(&calls, &mut runs, &lost_after, |run| places.starts_in(id, run));
    let (last, end, reached) = (runs.last().cloned().flatten(), end(&calls, &logged), reached(&calls, &logged));
    let mut split = SplitLog::default();
    let holding: BTreeSet<Option<RunId>> = runs.iter().cloned().collect();
    let is_empty = calls.is_empty() && logged.is_empty();
    let began_later =
        |run: &RunId| end.is_some() && places.start_of(run) > end && !holding.contains(&Some(run.clone()));
    let is_behind = |run: &RunId| is_empty || began_later(run);
    split.began_at = began_at(&calls, &runs, &logged, !is_forked);
    let next = next_calls(&calls, &runs);

    lack_ends(&mut split.logged, left, torn);
    let run_of = |call: &CallFacts| places.of_logged(id, &call.runs, call.time, None);
    let uncovered = add_unmatched(&mut split, unmatched, run_of, is_behind, end);
    keep_unlogged(&mut split.logged, &unshown(&calls, &of_call, &runs), end);
    add_calls(&mut split.logged, calls, runs, of_call);
    // What a fork's counter began with is known from its own log alone.
    let has_baseline = !is_forked || !logged.is_empty();
    let log = LoggedCounter { logged: &logged, recorded: &recorded, everywhere, has_baseline, end };
    let is_ended = |run: &RunId| {
        let is_footer = places.of_footer(id, reached, end) == Some(run) || places.has_nameless_footer(run, reached);
        is_footer || (over.is_some() && over >= end)
    };
    let open = last.filter(|run| !is_ended(run));
    if open.is_none() {
        // What the log ends with is all that came before the next run.
        let total = recorded.last().or(logged.last()).map(|(_, total)| *total);
        split.began_at.extend(places.first_of(id, end, is_behind).cloned().zip(total));
    }
    let holding = Holding { runs: holding.clone(), open: open.clone() };
    hold_against(&mut split, shown, &log, holding, &uncovered, is_behind, bounds);
    if let Some(run) = open {
        // A turn of a run that ended well did so, too, and the log tells it of others.
        let is_open = over.is_some() && places.is_success(&run);
        let goes_on = is_open || !split.behind.is_empty() || places.ends_beyond(id, reached, &run);
        lack_what_followed(&mut split.logged, run, goes_on, end);
    }
    if floor.is_some() {
        split.logged.entry(None).or_default();
    }
    logged.extend(recorded);
    for (run, share) in &mut split.logged {
        share.floor = floor.or(share.floor);
        share.know_footers(&logged, next.get(run).copied());
        share.reached = reached;
    }
    split
}

/// Notes whose end nothing tells (`left`: since when calls may be somebody else's), and who may lack a torn call.
fn lack_ends(
    shares: &mut LogShares,
    left: impl IntoIterator<Item = (RunId, Option<Time>)>,
    torn: impl IntoIterator<Item = RunId>,
) {
    for (run, since) in left {
        let share = shares.entry(Some(run)).or_default();
        (share.lacks, share.left_at) = (Reason::EndUntold.into(), since);
    }
    for run in torn {
        shares.entry(Some(run)).or_default().lack(Reason::TornBetween);
    }
}

/// Adds the calls that traces alone show to the shares of their runs. Gives those behind the log's end that no reading of
/// their own run counts.
fn add_unmatched(
    split: &mut SplitLog,
    unmatched: Vec<(CallKey, Box<CallFacts>)>,
    run_of: impl Fn(&CallFacts) -> Option<RunId>,
    is_behind: impl Fn(&RunId) -> bool,
    end: Option<Time>,
) -> Vec<Uncovered> {
    let mut uncovered = Vec::new();
    for (key, call) in unmatched {
        let run = run_of(&call);
        if let Some(time) = call.time.filter(|time| !call.is_covered && Some(*time) > end) {
            uncovered.push(Uncovered { time, run: run.clone(), usage: call.usage });
        }
        match run {
            Some(run) if is_behind(&run) => split.behind.entry(run).or_default().calls.push((key, call)),
            run => split.logged.entry(run).or_default().unlogged.push((key, call)),
        }
    }
    uncovered
}

/// The shares where nothing but the log tells of the conversation: all of it is no run's.
fn unsplit(own: Own) -> LogShares {
    let mut shares = LogShares::new();
    if own.floor.is_some() || !own.calls.is_empty() {
        let share = shares.entry(None).or_default();
        (share.calls, share.floor) = (own.calls, own.floor);
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

/// A log that was copied while a run was at work, of a conversation that is known to have gone on, may lack what the run
/// did then: `last` made its last call. A counter in the run's output that agrees with the log tells that it doesn't.
fn lack_what_followed(shares: &mut LogShares, last: RunId, goes_on: bool, end: Option<Time>) {
    let last = Some(last);
    let shows_more = |share: &LogShare| end.is_some() && share.unlogged.iter().any(|(_, call)| call.time > end);
    let is_known = shares.get(&last).is_some_and(LogShare::tells_its_end);
    if !is_known && (goes_on || shares.iter().any(|(run, share)| *run != last && shows_more(share))) {
        shares.entry(last).or_default().lack(Reason::StillStreaming);
    }
}

/// What the counter had read before each run's first call. `is_from_zero`: before the first of all it was at zero.
fn began_at(
    calls: &[LogCall],
    runs: &[Option<RunId>],
    logged: &[(Option<Time>, TokenUsage)],
    is_from_zero: bool,
) -> BTreeMap<RunId, TokenUsage> {
    let mut began = BTreeMap::new();
    for (call, run) in calls.iter().zip(runs) {
        let Some(run) = run.as_ref().filter(|run| !began.contains_key(*run)) else { continue };
        let before = logged.partition_point(|(time, _)| *time < call.time()).checked_sub(1);
        let total = before.and_then(|before| logged.get(before)).map(|(_, total)| *total);
        began.extend(total.or(is_from_zero.then(TokenUsage::default)).map(|total| (run.clone(), total)));
    }
    began
}

/// When the call was answered that follows each one's last; none of those that made the last of all.
fn next_calls(calls: &[LogCall], runs: &[Option<RunId>]) -> BTreeMap<Option<RunId>, Option<Time>> {
    let mut next = BTreeMap::new();
    for (run, after) in runs.iter().zip(calls.iter().skip(1)) {
        next.insert(run.clone(), after.time());
    }
    if let Some(last) = runs.last() {
        next.remove(last);
    }
    next
}
