//! Runs without a conversation, and sessions without a run.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::joined::IsHome;
use crate::event::{Id, RunId, Time};
use crate::fold::facts::{
    AtWork, Calls, ConversationFacts, Conversations, Hosts, LogEnd, Runs, SECOND_MS, ShowingRuns,
};

/// A run without a conversation.
pub(super) struct Lonely<'a> {
    pub(super) id: &'a RunId,
    pub(super) harness: &'a str,
    pub(super) repo: Option<&'a str>,
    pub(super) profile: Option<&'a str>,
    /// The place of its profile among those of all these runs.
    pub(super) nth_profile: usize,
    pub(super) hosts: &'a Hosts,
    pub(super) start: Time,
    pub(super) end: Time,
    /// Whether `end` is when it ended. Else it is when it was over at the latest, and time alone joins it with nothing.
    pub(super) is_end_told: bool,
    pub(super) footers: BTreeSet<u64>,
    /// The place of the first run that differs from this one by its id alone; its own if there is none before it.
    pub(super) first_double: usize,
    /// Whether there is any. What may be one's may be the other's.
    pub(super) has_doubles: bool,
}

/// A conversation with its session log.
pub(super) struct Session<'a> {
    pub(super) id: &'a Id,
    pub(super) harness: &'a str,
    pub(super) repo: Option<&'a str>,
    pub(super) logs: &'a BTreeMap<Id, LogEnd>,
    pub(super) hosts: &'a Hosts,
    /// When its calls were answered, in order.
    pub(super) times: Vec<Time>,
    /// When it began.
    pub(super) start: Time,
    /// Whether `start` is when the first call was answered, as nothing tells of an earlier time.
    pub(super) starts_answered: bool,
    /// Whether its counter alone tells what it used, so that runs can't share it.
    pub(super) is_whole: bool,
    /// From when to when runs were at work whose outputs name it, in order: what it did then is theirs.
    pub(super) shown: Vec<(Time, Time)>,
    /// Blended totals that a footer may repeat, and when they stood.
    pub(super) totals: Vec<(Time, u64)>,
    /// Which of the first profiles of [`lonely`] runs may have their home where its logs are, a bit each: every run may
    /// ask it of every session.
    pub(super) homes: u64,
}

/// Runs whose outputs name no conversation.
pub(super) fn lonely<'a>(runs: &'a Runs, shown: &ShowingRuns) -> Vec<Lonely<'a>> {
    let named = shown.iter().filter(|(id, _)| !id.is_anonymous()).flat_map(|(_, runs)| runs.keys());
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
            nth_profile: 0,
            hosts: &facts.hosts,
            start: run.started_at?,
            end: facts.ended_at()?,
            is_end_told: facts.is_end_told(),
            footers: facts.footers.iter().map(|(_, blended)| *blended).collect(),
            first_double: 0,
            has_doubles: false,
        })
    });
    let mut lonely: Vec<Lonely> = lonely.collect();
    lonely.sort_by_key(|run| (run.start, run.id));
    let mut profiles: FxHashMap<&str, usize> = FxHashMap::default();
    for run in &mut lonely {
        let next = profiles.len();
        run.nth_profile = run.profile.map_or(0, |profile| *profiles.entry(profile).or_insert(next));
    }
    find_doubles(&mut lonely);
    lonely
}

fn find_doubles(lonely: &mut [Lonely<'_>]) {
    let mut first: FxHashMap<_, usize> = FxHashMap::default();
    let mut doubles: Vec<(usize, usize)> = Vec::new();
    for (index, run) in lonely.iter().enumerate() {
        let Lonely { harness, repo, profile, hosts, start, end, is_end_told, footers, .. } = run;
        let key = (harness, repo, profile, hosts, start, end, is_end_told, footers);
        doubles.push((index, *first.entry(key).or_insert(index)));
    }
    for (index, first) in doubles {
        lonely[index].first_double = first;
        lonely[index].has_doubles |= first != index;
        lonely[first].has_doubles |= first != index;
    }
}

/// Tells the sessions which profiles of these runs may have their home where they are.
pub(super) fn find_homes(sessions: &mut [Session<'_>], lonely: &[Lonely<'_>], is_home: IsHome<'_>) {
    let mut profiles: Vec<(&str, u64)> = Vec::new();
    for run in lonely {
        if let Some((profile, bit)) = run.profile.zip(run.bit_of_profile())
            && run.nth_profile == profiles.len()
        {
            profiles.push((profile, bit));
        }
    }
    for session in sessions {
        let may_hold = |profile: &str| session.logs.keys().any(|source| is_home(profile, source));
        session.homes = profiles.iter().filter(|(profile, _)| may_hold(profile)).map(|(_, bit)| bit).sum();
    }
}

/// Sessions, by their beginning.
pub(super) fn sessions<'a>(
    runs: &Runs,
    conversations: &'a Conversations,
    calls: &'a Calls,
    shown: &ShowingRuns,
) -> Vec<Session<'a>> {
    let mut by_conversation: FxHashMap<&Id, (Vec<Time>, u64)> = FxHashMap::default();
    for call in calls.values().filter(|call| call.is_logged && call.captured_in.is_none()) {
        let (Some(id), Some(time)) = (&call.conversation, call.time) else { continue };
        let (times, blended) = by_conversation.entry(id).or_default();
        times.push(time);
        *blended = blended.saturating_add(call.usage.blended_tokens());
    }
    let has_log = |id: &Id, facts: &ConversationFacts| {
        let is_its = !facts.logs.is_empty() && !facts.is_subagent && !id.is_anonymous();
        // No log of its own: one of another conversation that copied its calls, and those of its sub-agents.
        is_its && facts.begins.contains(&None) && (facts.has_own_calls || facts.messages.is_empty())
    };
    let window = |run: &RunId| {
        let facts = runs.get(run)?;
        Some((facts.started_at().unwrap_or(Time::from_micros(i64::MIN)), facts.ended_at().unwrap_or(Time::MAX)))
    };
    let with_log = conversations.iter().filter(|(id, facts)| has_log(id, facts));
    let sessions = with_log.filter_map(|(id, facts)| {
        let (mut times, blended) = by_conversation.remove(id).unwrap_or_default();
        times.extend(facts.messages.times());
        let blended = blended.saturating_add(facts.messages.blended_tokens());
        let is_whole = times.is_empty() && facts.is_counted_whole();
        times.extend(facts.active.iter().filter(|_| is_whole));
        let made = Time::of_uuid(id);
        let mut totals: Vec<(Time, u64)> = facts.log.own_readings(made, facts.parent.is_some()).collect();
        times.extend(totals.iter().map(|(time, _)| *time));
        times.sort_unstable();
        let (first, last) = (*times.first()?, *times.last()?);
        if !is_whole {
            totals.push((last, blended));
        }
        let start = made.into_iter().chain(facts.started_at()).chain([first]).min().unwrap_or(first);
        Some(Session {
            id,
            harness: facts.harness.as_deref()?,
            repo: facts.repo.as_ref().map(|(_, repo)| &**repo),
            logs: &facts.logs,
            hosts: &facts.hosts,
            times,
            start,
            starts_answered: start == first && !is_whole,
            is_whole,
            shown: merged(shown.get(id).into_iter().flat_map(|runs| runs.keys().filter_map(window)).collect()),
            totals,
            homes: 0,
        })
    });
    let mut sessions: Vec<Session> = sessions.collect();
    sessions.sort_by_key(|session| (session.start, session.id));
    sessions
}

/// When answers came that no run is known to hold, and in which session, in order.
pub(super) fn calls(sessions: &[Session<'_>]) -> Vec<(Time, usize)> {
    let mut calls: Vec<(Time, usize)> = Vec::new();
    for (index, session) in sessions.iter().enumerate() {
        let free = session.times.iter().filter(|time| session.is_free(**time));
        calls.extend(free.map(|time| (*time, index)));
    }
    calls.sort_unstable();
    calls
}

/// Spans of time in order, those that overlap as one.
fn merged(mut spans: Vec<(Time, Time)>) -> Vec<(Time, Time)> {
    spans.sort_unstable();
    spans.dedup_by(|later, kept| {
        let overlaps = later.0 <= kept.1;
        if overlaps {
            kept.1 = kept.1.max(later.1);
        }
        overlaps
    });
    spans
}

impl Session<'_> {
    /// Whether no run whose output names it was at work then.
    pub(super) fn is_free(&self, time: Time) -> bool {
        let next = self.shown.partition_point(|(start, _)| *start <= time);
        let latest = next.checked_sub(1).and_then(|latest| self.shown.get(latest));
        latest.is_none_or(|(_, end)| time.millis_since(*end) >= SECOND_MS)
    }
}

impl Lonely<'_> {
    /// Whether a session may be of this run's machine, harness, folder and home.
    pub(super) fn is_like(&self, session: &Session<'_>, is_home: IsHome<'_>) -> bool {
        let is_in_folder = || match (self.repo, session.repo) {
            (Some(run), Some(session)) => is_within(session, run),
            _ => true,
        };
        self.harness == session.harness
            && is_in_folder()
            && self.hosts.meets(session.hosts)
            && self.is_at_home(session, is_home)
    }

    fn is_at_home(&self, session: &Session<'_>, is_home: IsHome<'_>) -> bool {
        let Some(profile) = self.profile else { return true };
        let may_hold = || session.logs.keys().any(|source| is_home(profile, source));
        self.bit_of_profile().map_or_else(may_hold, |bit| session.homes & bit != 0)
    }

    /// Its profile in [`Session::homes`]; `None` for one of those that have no place there.
    fn bit_of_profile(&self) -> Option<u64> {
        1_u64.checked_shl(u32::try_from(self.nth_profile).ok()?)
    }

    /// Whether it was at work then.
    pub(super) fn is_at_work(&self, time: Time) -> bool {
        self.at_work().holds(time)
    }

    /// Whether it began early enough before an answer of this time to have asked for it.
    pub(super) fn may_have_asked(&self, time: Time) -> bool {
        self.at_work().may_have_asked(time)
    }

    fn at_work(&self) -> AtWork {
        AtWork { start: Some(self.start), end: Some(self.end) }
    }
}

/// A folder's path without a separator at its end.
pub(super) fn trimmed(folder: &str) -> &str {
    folder.trim_end_matches(['/', '\\'])
}

/// Whether `path` is `folder` or in it.
fn is_within(path: &str, folder: &str) -> bool {
    let folder = trimmed(folder);
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '\\']))
}
