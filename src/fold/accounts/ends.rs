//! How far a conversation had come when each run of it ended: there the next run's share of a total begins.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::account::Accounts;
use super::bounds::Before;
use crate::event::{Id, Run, RunId, Time};
use crate::fold::facts::{Hosts, RunFacts, Runs, ShowingRuns};
use crate::fold::rows::Work;

/// The conversations that went on in several runs.
#[derive(Debug, Default)]
pub(in crate::fold) struct Ends(FxHashMap<Id, Succession>);

/// The runs of a conversation, one after the other.
#[derive(Debug, Default)]
struct Succession {
    /// In their order.
    ends: Vec<End>,
    /// Where each stands.
    places: FxHashMap<RunId, usize>,
    /// What all of them worked for; `None` if not for the same.
    work: Option<Work>,
}

/// A conversation at the end of one of its runs.
#[derive(Debug)]
struct End {
    start: Option<Time>,
    run: RunId,
    /// What may be the conversation's blended total, in order: several where footers differ and nothing confirms one of
    /// them, none where nothing tells it.
    totals: Vec<u64>,
    /// Whether a run before it may have held the conversation, too, and tells of nothing.
    follows_silence: bool,
}

impl Ends {
    /// `shown` are the runs of each conversation.
    pub(super) fn new(runs: &Runs, shown: &ShowingRuns) -> Ends {
        let silent = Silent::of(runs, shown);
        let several = shown.iter().filter(|(id, of)| of.len() > 1 && !id.is_anonymous());
        let ends = several.map(|(id, of)| {
            let end = |run: &RunId| {
                let facts = runs.get(run);
                let footers = facts.into_iter().flat_map(|facts| &facts.footers);
                let own = footers.filter(|(of, _)| of.as_ref() == Some(id)).map(|(_, blended)| *blended);
                let start = facts.and_then(|facts| facts.started_at());
                End { start, run: run.clone(), totals: own.collect(), follows_silence: false }
            };
            let mut ends: Vec<End> = of.keys().map(end).collect();
            ends.sort_by(|a, b| (a.start, &a.run).cmp(&(b.start, &b.run)));
            for next in 1..ends.len() {
                ends[next].follows_silence = silent.is_between(runs, &ends[next - 1], &ends[next]);
            }
            let places = ends.iter().enumerate().map(|(place, end)| (end.run.clone(), place)).collect();
            let mut works = ends.iter().map(|end| runs.get(&end.run).and_then(|facts| work_of(facts)));
            let first = works.next().flatten();
            let work = first.filter(|first| works.all(|work| work.as_ref() == Some(first)));
            (id.clone(), Succession { ends, places, work })
        });
        Ends(ends.collect())
    }

    /// Learns what counters read last. Of footers that tell more, the smallest: a forged one takes nothing from a later run.
    /// What a session log tells that a run began with goes before all of it.
    pub(in crate::fold) fn learn(&mut self, accounts: &Accounts) {
        for ((run, id), account) in accounts {
            let (Some(run), Some(total)) = (run, account.last_total()) else { continue };
            let Some(succession) = self.0.get_mut(id) else { continue };
            if let Some(end) = succession.places.get(run).and_then(|place| succession.ends.get_mut(*place)) {
                let read = total.blended_tokens();
                end.totals = vec![end.totals.iter().copied().find(|footer| *footer >= read).unwrap_or(read)];
            }
        }
        self.learn_began(accounts);
    }

    /// Learns what session logs tell that the counter read when a run began.
    fn learn_began(&mut self, accounts: &Accounts) {
        for ((run, id), account) in accounts {
            let (Some(run), Some(began)) = (run, account.began_at) else { continue };
            let Some(succession) = self.0.get_mut(id) else { continue };
            let Some(place) = succession.places.get(run).copied() else { continue };
            let (earlier, from) = succession.ends.split_at_mut(place);
            if let (Some(last), Some(this)) = (earlier.last_mut(), from.first_mut()) {
                last.totals = vec![began.blended_tokens()];
                // A run that is silent may have done something behind the log's end.
                this.follows_silence &= account.log_share.is_none();
            }
        }
    }

    /// Learns of a run which of its footers its other witnesses confirm.
    pub(in crate::fold) fn confirm(&mut self, conversation: &Id, run: &RunId, total: u64) {
        let Some(succession) = self.0.get_mut(conversation) else { return };
        let end = succession.places.get(run).and_then(|place| succession.ends.get_mut(*place));
        if let Some(end) = end.filter(|end| end.totals.contains(&total)) {
            end.totals = vec![total];
        }
    }

    /// What all runs of a conversation worked for; `None` if not for the same.
    pub(in crate::fold) fn work(&self, conversation: &Id) -> Option<Work> {
        self.0.get(conversation)?.work.clone()
    }

    /// What came before a run; `None` if it is the first that shows the conversation.
    pub(super) fn before(&self, conversation: &Id, run: &RunId) -> Option<Before<'_>> {
        let succession = self.0.get(conversation)?;
        let this = *succession.places.get(run)?;
        let (last, follows_silence) =
            (succession.ends.get(this.checked_sub(1)?)?, succession.ends.get(this)?.follows_silence);
        let totals = if follows_silence { &[][..] } else { &last.totals };
        Some(Before { run: &last.run, totals, told: &last.totals, follows_silence })
    }

    /// A run's own part of a footer, which counts the whole conversation; `None` if what came before isn't known.
    pub(in crate::fold) fn share(&self, run: &Run, conversation: Option<&Id>, blended: u64) -> Option<u64> {
        let Some(conversation) = conversation else { return Some(blended) };
        let before = self.before(conversation, &run.id);
        if let Some(before) = before.filter(|before| !before.totals.is_empty()) {
            return Some(blended - before.total_within(blended).unwrap_or(0));
        }
        let made = Time::of_uuid(conversation).zip(run.started_at);
        let is_older = made.map_or(before.is_some(), |(made, start)| made < start);
        (!is_older).then_some(blended)
    }

    /// Conversations that a run held which tells of nothing, before one that tells their total: with that total, which
    /// counts what no run is known to have used.
    pub(in crate::fold) fn over_silence(&self) -> impl Iterator<Item = (&Id, u64)> {
        self.0.iter().filter_map(|(id, succession)| Some((id, succession.total_over_silence(id)?)))
    }

    /// The runs of a conversation that went on in several.
    pub(in crate::fold) fn runs_of(&self, conversation: &Id) -> impl Iterator<Item = &RunId> {
        self.0.get(conversation).into_iter().flat_map(|succession| succession.places.keys())
    }
}

impl Succession {
    /// What a conversation that began in the first of its runs had come to at the end of the last that tells it, if a
    /// run before one that tells it doesn't.
    fn total_over_silence(&self, conversation: &Id) -> Option<u64> {
        let made = Time::of_uuid(conversation)?;
        self.ends.first()?.start.filter(|start| *start <= made)?;
        let is_open =
            |pair: &[End]| !pair[1].totals.is_empty() && (pair[0].totals.is_empty() || pair[1].follows_silence);
        self.ends
            .windows(2)
            .any(is_open)
            .then(|| self.ends.iter().rev().find_map(|end| end.totals.last().copied()))
            .flatten()
    }
}

/// A loop and its folder, the account and the harness that worked for it.
type Loop<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Option<&'a str>);

/// When and on which machines runs began that name no conversation, by their loop: a footer at most tells of them.
struct Silent<'a>(FxHashMap<Loop<'a>, Vec<(Time, &'a Hosts)>>);

impl<'a> Silent<'a> {
    fn of(runs: &'a Runs, shown: &ShowingRuns) -> Silent<'a> {
        let tells: BTreeSet<&RunId> = shown.values().flat_map(BTreeMap::keys).collect();
        let mut silent: FxHashMap<Loop<'a>, Vec<(Time, &Hosts)>> = FxHashMap::default();
        let is_nameless = |facts: &RunFacts| facts.footers.iter().all(|(of, _)| of.is_none());
        let mute = runs.iter().filter(|(id, facts)| is_nameless(facts) && !tells.contains(id));
        for (_, facts) in mute {
            if let (Some(of), Some(start)) = (loop_of(facts), facts.started_at()) {
                silent.entry(of).or_default().push((start, &facts.hosts));
            }
        }
        silent.values_mut().for_each(|starts| starts.sort_by_key(|(start, _)| *start));
        Silent(silent)
    }

    /// Whether such a run of the same loop began between two runs.
    fn is_between(&self, runs: &'a Runs, earlier: &End, later: &End) -> bool {
        let [Some(before), Some(after)] = [earlier, later].map(|end| runs.get(&end.run)) else { return false };
        let loops = [before, after].map(|facts| loop_of(facts));
        let starts = match loops {
            [Some(a), Some(b)] if a == b => self.0.get(&a),
            _ => None,
        };
        let (Some(starts), Some(from), Some(to)) = (starts, earlier.start, later.start) else { return false };
        let next = starts.partition_point(|(start, _)| *start < from);
        let mut between = starts[next..].iter().take_while(|(start, _)| *start < to);
        between.any(|(_, hosts)| hosts.meets(&before.hosts) || hosts.meets(&after.hosts))
    }
}

fn loop_of(facts: &RunFacts) -> Option<Loop<'_>> {
    let run = facts.ledger.as_ref()?;
    Some((run.loop_name.as_deref()?, run.repo.as_deref(), run.profile.as_deref(), run.harness.as_deref()))
}

fn work_of(facts: &RunFacts) -> Option<Work> {
    let Run { loop_name, repo, profile, .. } = facts.ledger.clone()?;
    Some(Work { loop_name, repo, profile })
}
