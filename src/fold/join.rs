//! Runs whose output names no conversation find the session log of theirs: by harness, folder, home and time.
//!
//! A session that lies within a run, and begins not long after its start, may be the run's. Where several may be, the
//! one whose ends are nearest to the run's is, if any other is at least twice as far away, for the run and for the
//! session alike. Of a log that tells nothing before its first answer, the beginning is known to a minute only. A footer in the run's output must be the session's total; one that is goes before all distances.
//! What stays open is joined with nothing.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::conversation::ConversationFacts;
use super::cuts::LogEnd;
use super::facts::{CallFacts, RunFacts};
use super::source::is_anonymous;
use crate::event::{CallKey, Id, RunId, Time};

/// How long after a run's start its session may begin: some logs tell no time before the first answer.
const STARTUP_MS: i64 = 300_000;

/// forge's times are whole seconds: a run that ends within a second is written down as its beginning.
const SECOND_MS: i64 = 1_000;

/// How long a first answer may take: of a log that tells nothing before it, such a wait says nothing about whose it is.
const ANSWER_MS: i64 = 60_000;

/// How much nearer than any other the one that is joined must be at least.
const CLEARANCE_MS: i64 = 1_500;

/// The same where only the ends tell them apart.
const CLEARANCE_OF_ENDS_MS: i64 = 4_000;

/// How often pairs are looked for among what is left.
const ROUNDS: usize = 32;

/// Sub-agents of sub-agents, at most.
const GENERATIONS: usize = 16;

/// Whether a source may stand in the home of a profile.
pub type IsHome<'a> = &'a dyn Fn(&str, &str) -> bool;

/// What was joined.
#[derive(Debug, Default)]
pub(super) struct Joined {
    /// The runs of each conversation that no output names.
    pub(super) runs: FxHashMap<Id, BTreeSet<RunId>>,
    /// Runs that several sessions fit equally.
    pub(super) ambiguous: BTreeSet<RunId>,
}

/// A run without a conversation.
struct Lonely<'a> {
    id: &'a RunId,
    harness: &'a str,
    repo: Option<&'a str>,
    profile: Option<&'a str>,
    start: Time,
    end: Time,
    footers: BTreeSet<u64>,
}

/// A conversation that no output names, with its session log.
struct Session<'a> {
    id: &'a Id,
    harness: &'a str,
    repo: Option<&'a str>,
    logs: &'a BTreeMap<Id, LogEnd>,
    /// When its calls were answered, in order.
    times: Vec<Time>,
    /// When it began.
    start: Time,
    /// Whether that is when the first call was answered: nothing tells of an earlier time.
    starts_answered: bool,
    /// Blended totals that a footer may repeat.
    blended: Vec<u64>,
}

/// A session that may be a run's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// Whether no footer confirms it.
    is_unconfirmed: bool,
    /// Milliseconds between the starts and between the ends of both.
    distance: i64,
    /// Whether the session begins so late that it can't be the run's; another's it is all the less.
    is_late: bool,
    /// How many milliseconds nearer it must be than any other.
    clearance: i64,
}

/// Joins what can be joined. `shown` are the conversations that outputs name, with their runs.
pub(super) fn join<'a>(
    runs: &'a FxHashMap<RunId, Box<RunFacts>>,
    conversations: &'a FxHashMap<Id, Box<ConversationFacts>>,
    calls: &'a FxHashMap<CallKey, Box<CallFacts>>,
    shown: &FxHashMap<Id, BTreeMap<RunId, usize>>,
    is_home: IsHome<'_>,
) -> Joined {
    let lonely = lonely(runs, shown);
    let mut joined = Joined::default();
    if !lonely.is_empty() {
        let sessions = sessions(conversations, calls, shown);
        let fits = fits(&lonely, &sessions, is_home);
        let pairs = pairs(fits, lonely.len(), sessions.len());
        for (run, session) in &pairs.chosen {
            joined.runs.entry(sessions[*session].id.clone()).or_default().insert(lonely[*run].id.clone());
        }
        joined.ambiguous = pairs.open.iter().map(|run| lonely[*run].id.clone()).collect();
        resumed(&lonely, &sessions, &pairs, is_home, &mut joined);
    }
    with_children(conversations, shown, &mut joined);
    joined
}

/// Runs whose outputs name no conversation.
fn lonely<'a>(
    runs: &'a FxHashMap<RunId, Box<RunFacts>>,
    shown: &FxHashMap<Id, BTreeMap<RunId, usize>>,
) -> Vec<Lonely<'a>> {
    let named = shown.iter().filter(|(id, _)| !is_anonymous(id)).flat_map(|(_, runs)| runs.keys());
    let named: FxHashSet<&RunId> = named.collect();
    let lonely = runs.iter().filter(|(id, _)| !named.contains(id)).filter_map(|(id, facts)| {
        let run = facts.ledger.as_ref().or(facts.log.as_ref())?;
        let harness = run.harness.as_deref().or(facts.harness.as_deref())?;
        let is_named = facts.footers.iter().any(|(conversation, _)| conversation.is_some());
        (!is_named).then_some(Lonely {
            id,
            harness,
            repo: run.repo.as_deref(),
            profile: run.profile.as_deref(),
            start: run.started_at?,
            end: run.finished_at?,
            footers: facts.footers.iter().map(|(_, blended)| *blended).collect(),
        })
    });
    let mut lonely: Vec<Lonely> = lonely.collect();
    lonely.sort_by_key(|run| (run.start, run.id));
    lonely
}

/// Sessions that no output names, by their beginning.
fn sessions<'a>(
    conversations: &'a FxHashMap<Id, Box<ConversationFacts>>,
    calls: &'a FxHashMap<CallKey, Box<CallFacts>>,
    shown: &FxHashMap<Id, BTreeMap<RunId, usize>>,
) -> Vec<Session<'a>> {
    let mut by_conversation: FxHashMap<&Id, (Vec<Time>, u64)> = FxHashMap::default();
    for call in calls.values().filter(|call| call.is_logged && !call.is_captured) {
        let (Some(id), Some(time)) = (&call.conversation, call.time) else { continue };
        let (times, blended) = by_conversation.entry(id).or_default();
        times.push(time);
        *blended = blended.saturating_add(call.usage.blended_tokens());
    }
    let is_free = |id: &Id, facts: &ConversationFacts| {
        !facts.logs.is_empty() && !facts.is_subagent && !is_anonymous(id) && !shown.contains_key(id)
    };
    let free = conversations.iter().filter(|(id, facts)| is_free(id, facts));
    let sessions = free.filter_map(|(id, facts)| {
        let (mut times, blended) = by_conversation.remove(id).unwrap_or_default();
        times.extend(facts.messages.times());
        let mut blended = vec![blended.saturating_add(facts.messages.blended_tokens())];
        let made = Time::of_uuid(id);
        for (time, total) in facts.log.own_readings(made) {
            times.push(time);
            blended.push(total);
        }
        times.sort_unstable();
        let first = *times.first()?;
        let written = facts.repo.as_ref().map(|(time, _)| *time);
        let start = made.into_iter().chain(written).chain([first]).min().unwrap_or(first);
        Some(Session {
            id,
            harness: facts.harness.as_deref()?,
            repo: facts.repo.as_ref().map(|(_, repo)| &**repo),
            logs: &facts.logs,
            times,
            start,
            starts_answered: start == first,
            blended,
        })
    });
    let mut sessions: Vec<Session> = sessions.collect();
    sessions.sort_by_key(|session| (session.start, session.id));
    sessions
}

impl Lonely<'_> {
    /// Whether a session may be of this run's harness, folder and home.
    fn is_like(&self, session: &Session<'_>, is_home: IsHome<'_>) -> bool {
        let is_in_folder = match (self.repo, session.repo) {
            (Some(run), Some(session)) => is_within(session, run),
            _ => true,
        };
        let is_at_home = self.profile.is_none_or(|profile| session.logs.keys().any(|source| is_home(profile, source)));
        self.harness == session.harness && is_in_folder && is_at_home
    }

    fn is_at_work(&self, time: Time) -> bool {
        self.start <= time && time.millis_since(self.end) < SECOND_MS
    }

    /// How well a session fits that lies within the run.
    fn fit(&self, session: &Session<'_>) -> Option<Fit> {
        let last = *session.times.last()?;
        let is_within = self.is_at_work(session.start) && self.is_at_work(last);
        let after = session.start.millis_since(self.start);
        let is_confirmed = session.blended.iter().any(|blended| self.footers.contains(blended));
        if !is_within || (!self.footers.is_empty() && !is_confirmed) {
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

/// Whether `path` is `folder` or in it.
fn is_within(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches(['/', '\\']);
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '\\']))
}

/// Every session that may be a run's: places of both, and how well they fit.
fn fits(lonely: &[Lonely<'_>], sessions: &[Session<'_>], is_home: IsHome<'_>) -> Vec<(usize, usize, Fit)> {
    let mut fits = Vec::new();
    for (run, one) in lonely.iter().enumerate() {
        let first = sessions.partition_point(|session| session.start < one.start);
        for (offset, session) in sessions[first..].iter().enumerate() {
            if !one.is_at_work(session.start) {
                break;
            }
            if one.is_like(session, is_home)
                && let Some(fit) = one.fit(session)
            {
                fits.push((run, first + offset, fit));
            }
        }
    }
    fits
}

/// Runs and sessions that were paired, and runs that could not be.
struct Pairs {
    chosen: Vec<(usize, usize)>,
    open: Vec<usize>,
}

/// Pairs each run with the session that fits it best, if it fits that session best; what is paired is out of the
/// others' way.
fn pairs(mut fits: Vec<(usize, usize, Fit)>, runs: usize, sessions: usize) -> Pairs {
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

/// Sessions that go on in later runs: a run that fits none from its beginning may hold calls of one session alone,
/// which no other run that is like it may hold. So are sessions whose first answer came late and whose beginning
/// nothing tells.
fn resumed(lonely: &[Lonely<'_>], sessions: &[Session<'_>], pairs: &Pairs, is_home: IsHome<'_>, joined: &mut Joined) {
    let settled: FxHashSet<usize> =
        pairs.chosen.iter().map(|(run, _)| *run).chain(pairs.open.iter().copied()).collect();
    let mut calls: Vec<(Time, usize)> = Vec::new();
    for (index, session) in sessions.iter().enumerate() {
        calls.extend(session.times.iter().map(|time| (*time, index)));
    }
    calls.sort_unstable();
    let longest = lonely.iter().map(|run| run.end.micros().saturating_sub(run.start.micros())).max().unwrap_or(0);
    for (index, run) in
        lonely.iter().enumerate().filter(|(index, run)| !settled.contains(index) && run.footers.is_empty())
    {
        let from = calls.partition_point(|(time, _)| *time < run.start);
        let held = calls[from..].iter().take_while(|(time, _)| run.is_at_work(*time));
        let held: Vec<&(Time, usize)> = held.filter(|(_, session)| run.is_like(&sessions[*session], is_home)).collect();
        let Some((_, session)) = held.first() else { continue };
        let is_only = held.iter().all(|(_, other)| other == session);
        // Of a log that tells nothing before its first answer, a late one is no sign that it began late.
        let may_be_whole = sessions[*session].starts_answered && held.len() == sessions[*session].times.len();
        let may_be_its = sessions[*session].start < run.start || may_be_whole;
        let earliest = Time::from_micros(run.start.micros().saturating_sub(longest).saturating_sub(SECOND_MS * 1000));
        let around = lonely.partition_point(|other| other.start < earliest);
        let is_like = |other: &Lonely<'_>| other.is_like(&sessions[*session], is_home);
        let others = lonely[around..].iter().enumerate().map(|(offset, other)| (around + offset, other));
        let others = others.take_while(|(_, other)| other.start <= run.end);
        let is_contested = others
            .filter(|(place, other)| *place != index && is_like(other))
            .any(|(_, other)| held.iter().any(|(time, _)| other.is_at_work(*time)));
        if is_only && !is_contested && may_be_its {
            joined.runs.entry(sessions[*session].id.clone()).or_default().insert(run.id.clone());
        } else if !is_only || is_contested {
            joined.ambiguous.insert(run.id.clone());
        }
    }
}

/// What a sub-agent of its own conversation did belongs to the runs of the one that spawned it.
fn with_children(
    conversations: &FxHashMap<Id, Box<ConversationFacts>>,
    shown: &FxHashMap<Id, BTreeMap<RunId, usize>>,
    joined: &mut Joined,
) {
    let mut of_children: Vec<(Id, BTreeSet<RunId>)> = Vec::new();
    let children = conversations.iter().filter(|(id, facts)| facts.is_subagent && !shown.contains_key(*id));
    for (id, facts) in children {
        let mut above = facts.parent.as_ref();
        for _ in 0..GENERATIONS {
            let Some(parent) = above else { break };
            let shown = shown.get(parent).map(|runs| runs.keys().cloned().collect());
            if let Some(runs) = shown.or_else(|| joined.runs.get(parent).cloned()) {
                of_children.push((id.clone(), runs));
                break;
            }
            above = conversations.get(parent).and_then(|facts| facts.parent.as_ref());
        }
    }
    joined.runs.extend(of_children);
}
