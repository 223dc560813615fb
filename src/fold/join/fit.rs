//! Which session fits a run best that it lies within.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::IsHome;
use super::session::{Lonely, Session};

/// How long after a run's start its session may begin: some logs tell no time before the first answer.
const STARTUP_MS: i64 = 300_000;

/// How long a first answer may take: of a log that tells nothing before it, such a wait says nothing about whose it is.
const ANSWER_MS: i64 = 60_000;

/// How much nearer than any other the one that is joined must be at least.
const CLEARANCE_MS: i64 = 1_500;

/// The same where only the ends tell them apart.
const CLEARANCE_OF_ENDS_MS: i64 = 4_000;

/// How often pairs are looked for among what is left.
const ROUNDS: usize = 32;

/// A session that may be a run's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fit {
    /// Whether no footer confirms it.
    is_unconfirmed: bool,
    /// Milliseconds between the starts and between the ends of both.
    distance: i64,
    /// Whether the session begins so late that it can't be the run's; another's it is all the less.
    is_late: bool,
    /// How many milliseconds nearer it must be than any other.
    clearance: i64,
}

impl Lonely<'_> {
    /// Whether a session begins so soon after the run's start that the run may have begun it.
    pub(super) fn may_begin(&self, session: &Session<'_>) -> bool {
        self.is_at_work(session.start) && session.start.millis_since(self.start) <= STARTUP_MS
    }

    /// How well a session fits that begins within the run. What was done with it after the run is somebody else's, if
    /// no footer tells of it.
    fn fit(&self, session: &Session<'_>) -> Option<Fit> {
        if !self.is_end_told && self.footers.is_empty() {
            return None;
        }
        let within = session.times.partition_point(|time| self.is_at_work(*time) || *time < self.start);
        let last = *session.times.get(within.checked_sub(1)?)?;
        let goes_on = within < session.times.len();
        let after = session.start.millis_since(self.start);
        let is_confirmed = session.totals.iter().any(|(_, blended)| self.footers.contains(blended));
        let is_like = if self.footers.is_empty() { !goes_on || after <= STARTUP_MS } else { !goes_on && is_confirmed };
        if !self.is_at_work(session.start) || !self.is_at_work(last) || !is_like {
            return None;
        }
        let (answer, clearance) = match session.starts_answered {
            true => (ANSWER_MS, CLEARANCE_OF_ENDS_MS),
            false => (0, CLEARANCE_MS),
        };
        let distance = after.abs().saturating_sub(answer).max(0).saturating_add(self.end.millis_since(last).abs());
        Some(Fit { is_unconfirmed: !is_confirmed, distance, is_late: after > STARTUP_MS, clearance })
    }
}

/// Every session that may be a run's: places of both, and how well they fit.
pub(super) fn fits(lonely: &[Lonely<'_>], sessions: &[Session<'_>], is_home: IsHome<'_>) -> Vec<(usize, usize, Fit)> {
    let mut fits = Vec::new();
    for (run, one) in lonely.iter().enumerate() {
        let first = sessions.partition_point(|session| session.start < one.start);
        for (offset, session) in sessions[first..].iter().enumerate() {
            if !one.is_at_work(session.start) {
                break;
            }
            if session.shown.is_empty()
                && one.is_like(session, is_home)
                && let Some(fit) = one.fit(session)
            {
                fits.push((run, first + offset, fit));
            }
        }
    }
    fits
}

/// Runs and sessions that were paired, and runs that could not be.
pub(super) struct Pairs {
    pub(super) chosen: Vec<(usize, usize)>,
    pub(super) open: Vec<usize>,
}

/// Pairs each run with the session that fits it best, if it fits that session best; what is paired is out of the
/// others' way.
pub(super) fn pairs(mut fits: Vec<(usize, usize, Fit)>, runs: usize, sessions: usize) -> Pairs {
    let mut chosen = Vec::new();
    let mut rounds = 0;
    loop {
        rounds += 1;
        let best_of_runs = best(&fits, runs, |(run, ..)| *run);
        let best_of_sessions = best(&fits, sessions, |(_, session, _)| *session);
        let is_best = |(run, session, fit): &(usize, usize, Fit)| {
            !fit.is_late && best_of_runs[*run] == Some(*fit) && best_of_sessions[*session] == Some(*fit)
        };
        let new: Vec<(usize, usize)> =
            fits.iter().filter(|fit| is_best(fit)).map(|(run, session, _)| (*run, *session)).collect();
        if new.is_empty() || rounds > ROUNDS {
            let open = fits.iter().filter(|(.., fit)| !fit.is_late).map(|(run, ..)| *run);
            let open: BTreeSet<usize> = open.collect();
            return Pairs { chosen, open: open.into_iter().collect() };
        }
        let runs: FxHashSet<usize> = new.iter().map(|(run, _)| *run).collect();
        let sessions: FxHashSet<usize> = new.iter().map(|(_, session)| *session).collect();
        fits.retain(|(run, session, _)| !runs.contains(run) && !sessions.contains(session));
        chosen.extend(new);
    }
}

/// The best fit of each, where it is better than any other by a clear margin.
fn best(fits: &[(usize, usize, Fit)], count: usize, of: impl Fn(&(usize, usize, Fit)) -> usize) -> Vec<Option<Fit>> {
    let mut two: Vec<[Option<Fit>; 2]> = vec![[None, None]; count];
    for fit in fits {
        let [first, second] = &mut two[of(fit)];
        if first.is_none_or(|first| fit.2 < first) {
            *second = first.replace(fit.2);
        } else if second.is_none_or(|second| fit.2 < second) {
            *second = Some(fit.2);
        }
    }
    let clear = two.into_iter().map(|[first, second]| {
        let first = first?;
        let is_clear = second.is_none_or(|second| {
            let clearance = first.clearance.max(second.clearance);
            let is_nearer =
                second.distance / 2 >= first.distance && second.distance.saturating_sub(first.distance) >= clearance;
            second.is_unconfirmed != first.is_unconfirmed || is_nearer
        });
        is_clear.then_some(first)
    });
    clear.collect()
}
