//! Which session fits a run best that it lies within.

use super::joined::IsHome;
use super::nearby::Nearby;
use super::session::{Lonely, Session};

/// How long after a run's start its session may begin.
const STARTUP_MS: i64 = 60_000;

/// How long a first answer usually takes: of a log that tells nothing before it, such a wait says nothing about whose it
/// is.
const ANSWER_MS: i64 = 60_000;

/// How long a first answer may take.
const LONGEST_ANSWER_MS: i64 = 300_000;

/// How much nearer than any other the one that is joined must be at least.
const CLEARANCE_MS: i64 = 1_500;

/// The same where only the ends tell sessions apart, as their beginnings are known too roughly.
const CLEARANCE_OF_ENDS_MS: i64 = 4_000;

/// How often pairs are looked for among what is left.
const ROUNDS: usize = 32;

/// A session that may be a run's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// Whether no footer confirms it.
    is_unconfirmed: bool,
    /// Milliseconds between the starts and between the ends of both.
    distance: i64,
    /// Whether the session begins too late to be joined with the run. It still counts: one that is farther away is even
    /// less the run's.
    is_late: bool,
    /// Whether somebody went on with the session after the run, or the run's end cuts it short.
    goes_on: bool,
    /// How many milliseconds nearer it must be than any other.
    clearance: i64,
}

impl Lonely<'_> {
    /// Whether a session begins so soon after the run's start that the run may have begun it.
    pub(super) fn may_begin(&self, session: &Session<'_>) -> bool {
        let longest = if session.starts_answered { LONGEST_ANSWER_MS } else { STARTUP_MS };
        self.is_at_work(session.start) && session.start.millis_since(self.start) <= longest
    }

    /// How well a session fits that begins within the run. What was done with it after the run is somebody else's, if
    /// no footer tells of it. `has_older`: the run may have gone on with a session that was there before; then one
    /// that begins late isn't its.
    fn fit(&self, session: &Session<'_>, has_older: bool) -> Option<Fit> {
        if !self.is_end_told && self.footers.is_empty() {
            return None;
        }
        let within = session.times.partition_point(|time| self.is_at_work(*time) || *time < self.start);
        let last = *session.times.get(within.checked_sub(1)?)?;
        let goes_on = within < session.times.len();
        let after = session.start.millis_since(self.start);
        let is_confirmed = session.totals.iter().any(|(_, blended)| self.footers.contains(blended));
        let is_late = !self.may_begin(session) || (after > ANSWER_MS && has_older);
        let is_like = if self.footers.is_empty() { !goes_on || !is_late } else { !goes_on && is_confirmed };
        if goes_on && session.is_whole {
            return None;
        }
        if !self.is_at_work(session.start) || !self.is_at_work(last) || !is_like {
            return None;
        }
        let (answer, clearance) = match session.starts_answered {
            true => (ANSWER_MS, CLEARANCE_OF_ENDS_MS),
            false => (0, CLEARANCE_MS),
        };
        let distance = after.abs().saturating_sub(answer).max(0).saturating_add(self.end.millis_since(last).abs());
        Some(Fit { is_unconfirmed: !is_confirmed, distance, is_late, goes_on, clearance })
    }
}

/// Runs and sessions that were paired, and runs that could not be.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pairs {
    pub(super) chosen: Vec<(usize, usize)>,
    pub(super) open: Vec<usize>,
}

/// Pairs each run with the session that fits it best, if it fits that session best; what is paired is out of the
/// others' way.
pub(super) fn pairs<'a>(
    lonely: &[Lonely<'a>],
    sessions: &[Session<'a>],
    nearby: &Nearby<'a>,
    is_home: IsHome<'_>,
) -> Pairs {
    let goes_on_in = |run: &Lonely<'a>| {
        let mut held = nearby.held(run).map(|(_, session)| &sessions[session]);
        held.any(|session| session.start < run.start && run.is_like(session, is_home))
    };
    // A run stands for its doubles.
    let is_first = |index: usize| lonely[index].first_double == index;
    let has_older: Vec<bool> =
        lonely.iter().enumerate().map(|(index, run)| is_first(index) && goes_on_in(run)).collect();
    let within = |index: usize| nearby.begun_in(&lonely[index]).filter(move |_| is_first(index));
    let fit = |index: usize, session: usize| {
        let (run, session) = (&lonely[index], &sessions[session]);
        let may_be_its = session.shown.is_empty() && run.is_like(session, is_home);
        may_be_its.then(|| run.fit(session, has_older[index])).flatten()
    };
    let pairs = paired(lonely.len(), sessions.len(), within, |index| lonely[index].has_doubles, fit);
    let is_open = |index: &usize| pairs.open.binary_search(&lonely[*index].first_double).is_ok();
    Pairs { open: (0..lonely.len()).filter(is_open).collect(), ..pairs }
}

/// Pairs runs with sessions by their places: `within` tells for each run which sessions may be its own, `fit` how well
/// one of them fits. What fits a run that has doubles fits those as well, so it is none's. There may be as many fits as
/// runs times sessions: none is kept but the best.
fn paired<I: Iterator<Item = usize>>(
    runs: usize,
    sessions: usize,
    within: impl Fn(usize) -> I,
    has_doubles: impl Fn(usize) -> bool,
    fit: impl Fn(usize, usize) -> Option<Fit>,
) -> Pairs {
    let mut of_runs = vec![Best::default(); runs];
    let mut of_sessions = vec![Best::default(); sessions];
    let mut chosen = Vec::new();
    for _ in 0..ROUNDS {
        for (run, of_run) in of_runs.iter_mut().enumerate() {
            for session in within(run) {
                let of_session = &mut of_sessions[session];
                let is_asked = of_run.is_unknown || of_session.is_unknown;
                if of_run.is_paired || of_session.is_paired || !is_asked {
                    continue;
                }
                if let Some(fit) = fit(run, session) {
                    of_run.learn(fit, session);
                    of_session.learn(fit, run);
                    if has_doubles(run) {
                        of_session.learn(fit, run);
                    }
                }
            }
        }
        of_runs.iter_mut().chain(&mut of_sessions).for_each(|best| best.is_unknown = false);
        let mutual = |(run, best): (usize, &Best)| {
            let (fit, session) = best.clear().filter(|(fit, _)| !fit.is_late)?;
            let of_session = &of_sessions[session];
            // That a run's end cuts a session short is no likeness, where another run may have held all of it.
            let is_cut_short = fit.goes_on && of_session.whole.is_some();
            (!is_cut_short && of_session.clear() == Some((fit, run))).then_some((run, session))
        };
        let new: Vec<(usize, usize)> = of_runs.iter().enumerate().filter_map(mutual).collect();
        if new.is_empty() {
            break;
        }
        for (run, session) in &new {
            of_runs[*run] = Best::PAIRED;
            of_sessions[*session] = Best::PAIRED;
        }
        of_runs.iter_mut().for_each(|best| best.forget(|session| of_sessions[session].is_paired));
        of_sessions.iter_mut().for_each(|best| best.forget(|run| of_runs[run].is_paired));
        chosen.extend(new);
    }
    let is_left = |run: usize, session: usize| {
        !of_sessions[session].is_paired && fit(run, session).is_some_and(|fit| !fit.is_late)
    };
    let is_open = |run: &usize| !of_runs[*run].is_paired && within(*run).any(|session| is_left(*run, session));
    Pairs { open: (0..runs).filter(is_open).collect(), chosen }
}

/// The two best fits of a run (or a session), each with the place of the session (or run) that it is with.
#[derive(Debug, Clone)]
struct Best {
    two: [Option<(Fit, usize)>; 2],
    /// Any with which the session neither begins late nor goes on after the run.
    whole: Option<usize>,
    /// Whether the best fits must be looked for.
    is_unknown: bool,
    is_paired: bool,
}

impl Default for Best {
    fn default() -> Best {
        Best { two: [None; 2], whole: None, is_unknown: true, is_paired: false }
    }
}

impl Best {
    const PAIRED: Best = Best { two: [None; 2], whole: None, is_unknown: false, is_paired: true };

    fn learn(&mut self, fit: Fit, with: usize) {
        if !self.is_unknown {
            return;
        }
        self.whole = self.whole.or((!fit.goes_on && !fit.is_late).then_some(with));
        let [first, second] = &mut self.two;
        if first.is_none_or(|(first, _)| fit < first) {
            *second = first.replace((fit, with));
        } else if second.is_none_or(|(second, _)| fit < second) {
            *second = Some((fit, with));
        }
    }

    /// Forgets them all if one of them has been paired with another: the next best must be looked for.
    fn forget(&mut self, is_paired: impl Fn(usize) -> bool) {
        if self.two.iter().flatten().map(|(_, with)| *with).chain(self.whole).any(is_paired) {
            *self = Best::default();
        }
    }

    /// The best one, if it is better than any other by a clear margin.
    fn clear(&self) -> Option<(Fit, usize)> {
        let (first, with) = self.two[0]?;
        let is_clear = self.two[1].is_none_or(|(second, _)| {
            let clearance = first.clearance.max(second.clearance);
            let is_nearer =
                second.distance / 2 >= first.distance && second.distance.saturating_sub(first.distance) >= clearance;
            second.is_unconfirmed != first.is_unconfirmed || is_nearer
        });
        is_clear.then_some((first, with))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Best, CLEARANCE_MS, CLEARANCE_OF_ENDS_MS, Fit, Pairs, ROUNDS, paired};

    /// The same with every fit at hand.
    fn by_all_fits(mut fits: Vec<(usize, usize, Fit)>) -> Pairs {
        let mut pairs = Pairs::default();
        for _ in 0..ROUNDS {
            let best = |is_its: &dyn Fn(&(usize, usize, Fit)) -> bool| {
                let mut best = Best::default();
                fits.iter().filter(|fit| is_its(fit)).for_each(|(.., fit)| best.learn(*fit, 0));
                best.clear().map(|(fit, _)| fit)
            };
            let is_new = |(run, session, fit): &&(usize, usize, Fit)| {
                let two = [best(&|other| other.0 == *run), best(&|other| other.1 == *session)];
                let is_whole = |other: &(usize, usize, Fit)| !other.2.goes_on && !other.2.is_late;
                let is_cut_short = fit.goes_on && fits.iter().any(|other| other.1 == *session && is_whole(other));
                !fit.is_late && !is_cut_short && two == [Some(*fit); 2]
            };
            let new: Vec<(usize, usize)> =
                fits.iter().filter(is_new).map(|(run, session, _)| (*run, *session)).collect();
            fits.retain(|(run, session, _)| !new.iter().any(|(r, s)| r == run || s == session));
            pairs.chosen.extend(new);
        }
        let open: BTreeSet<usize> = fits.iter().filter(|(.., fit)| !fit.is_late).map(|(run, ..)| *run).collect();
        Pairs { open: open.into_iter().collect(), ..pairs }
    }

    #[test]
    fn the_best_two_pair_as_all_do() {
        let mut state = 5_u64;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut chosen = 0;
        for _ in 0..500 {
            let (runs, sessions) = (random(12) as usize, random(12) as usize);
            let within: Vec<_> = (0..runs).map(|_| random(4) as usize..sessions.max(4)).collect();
            let spread = [4, 100, 2_000][random(3) as usize];
            let mut fits = Vec::new();
            for (run, within) in within.iter().enumerate() {
                for session in within.clone().filter(|session| *session < sessions) {
                    let fit = Fit {
                        is_unconfirmed: random(3) > 0,
                        distance: (random(spread) * random(spread)) as i64,
                        is_late: random(5) == 0,
                        goes_on: random(3) == 0,
                        clearance: [CLEARANCE_MS, CLEARANCE_OF_ENDS_MS][random(2) as usize],
                    };
                    if random(4) > 0 {
                        fits.push((run, session, fit));
                    }
                }
            }
            let within = |run: usize| within[run].start.min(sessions)..sessions;
            let fit = |run, session| fits.iter().find(|fit| (fit.0, fit.1) == (run, session)).map(|(.., fit)| *fit);
            let pairs = paired(runs, sessions, within, |_| false, fit);
            chosen += pairs.chosen.len();
            assert_eq!(pairs, by_all_fits(fits.clone()));
        }
        assert!(chosen > 300, "{chosen}");
    }
}
