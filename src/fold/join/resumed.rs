//! Sessions that went on in later runs.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::fit::Pairs;
use super::joined::{IsHome, Joined};
use super::session::{Lonely, SECOND_MS, Session};
use crate::event::{Id, RunId, Time};

/// Sessions that are not one run's alone.
pub(super) fn resumed(
    lonely: &[Lonely<'_>],
    sessions: &[Session<'_>],
    pairs: &Pairs,
    is_home: IsHome<'_>,
    joined: &mut Joined,
) {
    let settled = pairs.chosen.iter().map(|(run, _)| *run).chain(pairs.open.iter().copied());
    let settled: FxHashSet<usize> = settled.collect();
    let taken: FxHashMap<usize, &Lonely<'_>> =
        pairs.chosen.iter().filter_map(|(run, session)| Some((*session, lonely.get(*run)?))).collect();
    let left = lonely.iter().enumerate().filter(|(index, _)| !settled.contains(index));
    let (mut plain, confirming): (Vec<_>, Vec<_>) = left.partition(|(_, run)| run.footers.is_empty());
    plain.retain(|(_, run)| run.is_end_told);
    let sessions_of = sessions.iter().enumerate().map(|(index, session)| (session, taken.get(&index).copied()));
    confirmed(&confirming, sessions_of, is_home, joined);
    by_time(&plain, lonely, sessions, is_home, joined);
}

/// Runs whose footer is what one session alone had come to while they were at work, which no other run's footer is too.
/// `sessions` come with the run that began each, if one is known: what was done while that was at work is its own.
fn confirmed<'a, 'b: 'a>(
    runs: &[(usize, &Lonely<'_>)],
    sessions: impl Iterator<Item = (&'a Session<'b>, Option<&'a Lonely<'b>>)>,
    is_home: IsHome<'_>,
    joined: &mut Joined,
) {
    let mut by_total: FxHashMap<u64, Vec<(Time, &Session<'_>)>> = FxHashMap::default();
    for (session, first) in sessions {
        let is_left = |time: Time| session.is_free(time) && first.is_none_or(|first| !first.is_at_work(time));
        for (time, blended) in session.totals.iter().filter(|(time, _)| is_left(*time)) {
            by_total.entry(*blended).or_default().push((*time, session));
        }
    }
    let mut claims: BTreeMap<(&Id, Time), Vec<&RunId>> = BTreeMap::new();
    for (_, run) in runs {
        let told = run.footers.iter().filter_map(|footer| by_total.get(footer)).flatten();
        for (time, session) in told.filter(|(time, session)| run.is_at_work(*time) && run.is_like(session, is_home)) {
            claims.entry((session.id, *time)).or_default().push(run.id);
        }
    }
    let mut sessions_of: BTreeMap<&RunId, BTreeSet<&Id>> = BTreeMap::new();
    let mut contested: BTreeSet<&RunId> = BTreeSet::new();
    for ((session, _), runs) in &claims {
        for run in runs {
            sessions_of.entry(run).or_default().insert(session);
            if runs.iter().any(|other| other != run) {
                contested.insert(run);
            }
        }
    }
    for (run, sessions) in sessions_of {
        match sessions.first() {
            Some(session) if sessions.len() == 1 && !contested.contains(run) => {
                joined.runs.entry((*session).clone()).or_default().insert(run.clone());
            }
            _ => {
                joined.ambiguous.insert(run.clone());
            }
        }
    }
}

/// Sessions that go on in later runs, or after one: a run that fits none that lies within it may hold calls of one
/// session alone, which no other run that is like it may hold, if that was there before or began with the run. So are
/// sessions whose first answer came late and whose beginning nothing tells.
fn by_time(
    runs: &[(usize, &Lonely<'_>)],
    lonely: &[Lonely<'_>],
    sessions: &[Session<'_>],
    is_home: IsHome<'_>,
    joined: &mut Joined,
) {
    let mut calls: Vec<(Time, usize)> = Vec::new();
    for (index, session) in sessions.iter().enumerate() {
        let free = session.times.iter().filter(|time| session.is_free(**time));
        calls.extend(free.map(|time| (*time, index)));
    }
    calls.sort_unstable();
    let longest = lonely.iter().map(|run| run.end.micros().saturating_sub(run.start.micros())).max().unwrap_or(0);
    // Runs that may have been at work between two times, by their places.
    let around = |from: Time, to: Time| {
        let earliest = Time::from_micros(from.micros().saturating_sub(longest).saturating_sub(SECOND_MS * 1000));
        let first = lonely.partition_point(|other| other.start < earliest);
        let others = lonely[first..].iter().enumerate().map(move |(offset, other)| (first + offset, other));
        others.take_while(move |(_, other)| other.start <= to)
    };
    for (index, run) in runs.iter().copied() {
        let from = calls.partition_point(|(time, _)| *time < run.start);
        let held = calls[from..].iter().take_while(|(time, _)| run.is_at_work(*time));
        let held = held.filter(|(_, session)| run.is_like(&sessions[*session], is_home));
        // Whose runs end in the second in which this one begins, theirs are the answers of that second.
        let is_anothers = |(time, session): &&(Time, usize)| {
            let mut others = around(*time, *time).filter(|(_, other)| other.is_like(&sessions[*session], is_home));
            !run.may_have_asked(*time)
                && others.any(|(_, other)| other.is_at_work(*time) && other.may_have_asked(*time))
        };
        let held: Vec<&(Time, usize)> = held.filter(|call| !is_anothers(call)).collect();
        let Some((_, place)) = held.first() else { continue };
        let session = &sessions[*place];
        let is_only = held.iter().all(|(_, other)| other == place);
        // Of a log that tells nothing before its first answer, a late one is no sign that it began late.
        let may_be_whole = session.starts_answered && held.len() == session.times.len();
        let may_be_its = session.start < run.start || run.may_begin(session) || may_be_whole;
        let is_like = |other: &Lonely<'_>| other.is_like(session, is_home);
        let may_be_of = |other: &Lonely<'_>, time| other.may_have_asked(time) || !run.may_have_asked(time);
        let is_contested = around(run.start, run.end)
            .filter(|(place, other)| *place != index && is_like(other))
            .any(|(_, other)| held.iter().any(|(time, _)| other.is_at_work(*time) && may_be_of(other, *time)));
        // Somebody is at work with it: before and after the run, when no other run was.
        let by_hand = |time: &Time| {
            let mut runs = around(*time, *time).filter(|(_, other)| is_like(other));
            session.is_free(*time) && !runs.any(|(_, other)| other.is_at_work(*time))
        };
        let (before, rest) = session.times.split_at(session.times.partition_point(|time| *time < run.start));
        let after = &rest[rest.partition_point(|time| run.is_at_work(*time))..];
        let is_anothers = before.last().is_some_and(by_hand) && after.first().is_some_and(by_hand);
        let is_shared = session.is_whole && held.len() < session.times.len();
        if is_only && !is_contested && !is_anothers && !is_shared && may_be_its {
            joined.runs.entry(session.id.clone()).or_default().insert(run.id.clone());
        } else if !is_only || is_contested || is_anothers || is_shared {
            joined.ambiguous.insert(run.id.clone());
        }
    }
}
