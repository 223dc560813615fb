//! Sessions that went on in later runs.

use rustc_hash::{FxHashMap, FxHashSet};

use super::fit::Pairs;
use super::joined::{IsHome, Joined};
use super::nearby::Nearby;
use super::session::{Lonely, Session};
use crate::event::{Id, RunId, Time};
use crate::fold::facts::SECOND_MS;

/// Joins runs that no session within them fits: theirs may be one that others were at work with, too.
pub(super) fn resumed<'a>(
    lonely: &[Lonely<'a>],
    sessions: &[Session<'a>],
    nearby: &Nearby<'a>,
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
    by_time(&plain, nearby, is_home, joined);
}

/// Joins each run with the session that had come to what its footer says while it was at work, if that is one session
/// alone, and no other run's footer says the same.
///
/// `sessions` come with the run that began each, if one is known: what was done while that was at work is its own.
fn confirmed<'a, 'b: 'a>(
    runs: &[(usize, &'a Lonely<'b>)],
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
    let claims_of = |run: &'a Lonely<'b>| {
        let told = run.footers.iter().filter_map(|footer| by_total.get(footer)).flatten();
        told.filter(move |(time, session)| run.is_at_work(*time) && run.is_like(session, is_home))
    };
    let mut claims: FxHashMap<(&Id, Time), Only<&RunId>> = FxHashMap::default();
    // What a run claims, its doubles claim as well.
    let mut claimed_by_doubles: FxHashSet<usize> = FxHashSet::default();
    for (index, run) in runs.iter().filter(|(index, run)| run.first_double == *index) {
        for (time, session) in claims_of(run) {
            let claim = claims.entry((session.id, *time)).or_default();
            claim.add(run.id);
            if run.has_doubles {
                *claim = Only::Several;
                claimed_by_doubles.insert(*index);
            }
        }
    }
    for (_, run) in runs {
        if run.has_doubles {
            if claimed_by_doubles.contains(&run.first_double) {
                joined.ambiguous.insert(run.id.clone());
            }
            continue;
        }
        let mut found: Only<&Id> = Only::None;
        for (time, session) in claims_of(run) {
            found.add(session.id);
            // No other run's footer says the same.
            if claims.get(&(session.id, *time)).is_some_and(|claim| *claim == Only::Several) {
                found = Only::Several;
            }
            if found == Only::Several {
                break;
            }
        }
        match found {
            Only::None => {}
            Only::One(session) => {
                joined.runs.entry(session.clone()).or_default().insert(run.id.clone());
            }
            Only::Several => {
                joined.ambiguous.insert(run.id.clone());
            }
        }
    }
}

/// What was found, if it is one thing alone.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Only<T> {
    #[default]
    None,
    One(T),
    Several,
}

impl<T: Copy + PartialEq> Only<T> {
    fn add(&mut self, found: T) {
        *self = match *self {
            Only::None => Only::One(found),
            Only::One(known) if known == found => Only::One(known),
            Only::One(_) | Only::Several => Only::Several,
        };
    }
}

/// Joins runs with sessions that go on in later runs, or after one: a run that holds calls of one session alone, which
/// no other run like it may hold. The session must have been there before, or have begun with the run, or its first
/// answer came late and nothing tells its beginning.
fn by_time<'a>(runs: &[(usize, &Lonely<'a>)], nearby: &Nearby<'a>, is_home: IsHome<'_>, joined: &mut Joined) {
    let others = Others { nearby, is_home, longest: nearby.longest() };
    let mut held_by_doubles: FxHashMap<usize, bool> = FxHashMap::default();
    for (index, run) in runs.iter().copied() {
        // A session may have thousands of calls in a row.
        let mut latest: Option<(usize, bool)> = None;
        let mut is_like = |session: usize| match latest {
            Some((known, is_like)) if known == session => is_like,
            _ => latest.insert((session, run.is_like(nearby.session(session), is_home))).1,
        };
        let held = nearby.held(run).filter(|(_, session)| is_like(*session));
        let mut held = held.filter(|(time, session)| !others.ended_then(run, *session, *time));
        if run.has_doubles {
            if *held_by_doubles.entry(run.first_double).or_insert_with(|| held.next().is_some()) {
                joined.ambiguous.insert(run.id.clone());
            }
            continue;
        }
        let (mut of, mut times) = (Only::None, Vec::new());
        for (time, session) in held {
            of.add(session);
            times.push(time);
            if of == Only::Several {
                break;
            }
        }
        let index_of = match of {
            Only::None => continue,
            Only::One(index) => index,
            Only::Several => {
                joined.ambiguous.insert(run.id.clone());
                continue;
            }
        };
        let session = nearby.session(index_of);
        // Of a log that tells nothing before its first answer, a late one is no sign that it began late.
        let may_be_whole = session.starts_answered && times.len() == session.times.len();
        let may_be_its = session.start < run.start || run.may_begin(session) || may_be_whole;
        let is_shared = session.is_whole && times.len() < session.times.len();
        if is_shared || others.may_hold((index, run), index_of, &times) || others.is_somebodys(run, index_of) {
            joined.ambiguous.insert(run.id.clone());
        } else if may_be_its {
            joined.runs.entry(session.id.clone()).or_default().insert(run.id.clone());
        }
    }
}

/// What else may have been at work with a session than one run.
struct Others<'r, 'a> {
    nearby: &'r Nearby<'a>,
    is_home: IsHome<'r>,
    /// How long the longest of all runs was at work, in microseconds.
    longest: i64,
}

impl<'a> Others<'_, 'a> {
    /// Runs of a session's harness, folder and home that may have been at work between two times, with their places.
    fn around(&self, session: usize, from: Time, to: Time) -> impl Iterator<Item = (usize, &'a Lonely<'a>)> {
        let earliest = from.micros().saturating_sub(self.longest).saturating_sub(SECOND_MS * 1000);
        let runs = self.nearby.runs(session, Time::from_micros(earliest), to);
        runs.filter(move |(_, run)| run.is_like(self.nearby.session(session), self.is_home))
    }

    /// Whether another run ended in the second in which this one began, and the answer came then: it is the former's.
    fn ended_then(&self, run: &Lonely<'_>, session: usize, time: Time) -> bool {
        !run.may_have_asked(time)
            && self.around(session, time, time).any(|(_, other)| other.is_at_work(time) && other.may_have_asked(time))
    }

    /// Whether another run than this one was at work when answers came that this one may hold.
    fn may_hold(&self, (index, run): (usize, &Lonely<'_>), session: usize, times: &[Time]) -> bool {
        let may_be_of = |other: &Lonely<'_>, time| other.may_have_asked(time) || !run.may_have_asked(time);
        let mut others = self.around(session, run.start, run.end).filter(|(place, _)| *place != index);
        others.any(|(_, other)| times.iter().any(|time| other.is_at_work(*time) && may_be_of(other, *time)))
    }

    /// Whether somebody is at work with the session: before and after the run, when no run was.
    fn is_somebodys(&self, run: &Lonely<'_>, index: usize) -> bool {
        let session = self.nearby.session(index);
        let by_hand = |time: &Time| {
            session.is_free(*time) && !self.around(index, *time, *time).any(|(_, other)| other.is_at_work(*time))
        };
        let (before, rest) = session.times.split_at(session.times.partition_point(|time| *time < run.start));
        let after = &rest[rest.partition_point(|time| run.is_at_work(*time))..];
        before.last().is_some_and(by_hand) && after.first().is_some_and(by_hand)
    }
}
