//! How far a conversation had come when each run of it ended: there the next run's share of a total begins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::account::Accounts;
use super::bounds::Before;
use crate::event::{Id, Run, RunId, Time};
use crate::fold::facts::{Hosts, RunFacts, Runs, Showing, ShowingRuns, once_for_shared};
use crate::fold::rows::Work;

/// The conversations that went on in several runs.
#[derive(Debug, Default)]
pub(in crate::fold) struct Ends(FxHashMap<Id, Succession>);

/// The runs of a conversation, one after the other, and what tells how far it had come at their ends.
#[derive(Debug)]
struct Succession {
    order: Arc<Order>,
    /// What may be the conversation's blended total at the ends of runs, by their places, in order: several where
    /// footers differ and nothing confirms one of them. Nothing tells it of the others.
    totals: BTreeMap<usize, Vec<u64>>,
    /// The places of runs that follow silence, of which a session log tells what they began with.
    heard: BTreeSet<usize>,
}

/// The runs of a conversation, or of several that share theirs.
#[derive(Debug)]
struct Order {
    runs: Vec<Ordered>,
    /// Where each stands.
    places: FxHashMap<RunId, usize>,
    /// What all of them worked for; `None` if not for the same.
    work: Option<Work>,
}

/// A run of a conversation.
#[derive(Debug)]
struct Ordered {
    start: Option<Time>,
    run: RunId,
    /// Whether a run before it may have held the conversation, too, and tells of nothing.
    follows_silence: bool,
}

impl Ends {
    /// `shown` are the runs of each conversation.
    pub(super) fn new(runs: &Runs, shown: &ShowingRuns) -> Ends {
        let silent = Silent::of(runs, shown);
        let several = shown.iter().filter(|(id, of)| of.len() > 1 && !id.is_anonymous());
        let orders = once_for_shared(several, |of| Arc::new(Order::new(runs, of, &silent)));
        let mut ends = Ends(orders.map(|(id, order)| (id.clone(), Succession::of(order))).collect());
        for (run, facts) in runs {
            for (id, blended) in &facts.footers {
                let Some(succession) = id.as_ref().and_then(|id| ends.0.get_mut(id)) else { continue };
                if let Some(place) = succession.order.places.get(run) {
                    succession.totals.entry(*place).or_default().push(*blended);
                }
            }
        }
        ends
    }

    /// Learns what counters read last. Of footers that tell more, the smallest: a forged one takes nothing from a later run.
    /// What a session log tells that a run began with goes before all of it.
    pub(in crate::fold) fn learn(&mut self, accounts: &Accounts) {
        for ((run, id), account) in accounts {
            let (Some(run), Some(total)) = (run, account.last_total()) else { continue };
            let Some((succession, place)) = self.place(id, run) else { continue };
            let read = total.blended_tokens();
            let known = succession.totals.entry(place).or_default();
            *known = vec![known.iter().copied().find(|footer| *footer >= read).unwrap_or(read)];
        }
        self.learn_began(accounts);
    }

    /// Learns what session logs tell that the counter read when a run began.
    fn learn_began(&mut self, accounts: &Accounts) {
        for ((run, id), account) in accounts {
            let (Some(run), Some(began)) = (run, account.began_at) else { continue };
            let Some((succession, place)) = self.place(id, run) else { continue };
            if let Some(last) = place.checked_sub(1) {
                succession.totals.insert(last, vec![began.blended_tokens()]);
                // A run that is silent may have done something behind the log's end.
                if account.log_share.is_some() {
                    succession.heard.insert(place);
                }
            }
        }
    }

    /// Learns of a run which of its footers its other witnesses confirm.
    pub(in crate::fold) fn confirm(&mut self, conversation: &Id, run: &RunId, total: u64) {
        let Some((succession, place)) = self.place(conversation, run) else { return };
        let known = succession.totals.get_mut(&place);
        if let Some(known) = known.filter(|known| known.contains(&total)) {
            *known = vec![total];
        }
    }

    /// Where a run stands among those of a conversation.
    fn place(&mut self, conversation: &Id, run: &RunId) -> Option<(&mut Succession, usize)> {
        let succession = self.0.get_mut(conversation)?;
        let place = *succession.order.places.get(run)?;
        Some((succession, place))
    }

    /// What all runs of a conversation worked for; `None` if not for the same.
    pub(in crate::fold) fn work(&self, conversation: &Id) -> Option<Work> {
        self.0.get(conversation)?.order.work.clone()
    }

    /// What came before a run; `None` if it is the first that shows the conversation.
    pub(super) fn before(&self, conversation: &Id, run: &RunId) -> Option<Before<'_>> {
        let succession = self.0.get(conversation)?;
        let place = *succession.order.places.get(run)?;
        let last = place.checked_sub(1)?;
        let (told, follows_silence) = (succession.totals_of(last), succession.follows_silence(place));
        let totals = if follows_silence { &[][..] } else { told };
        Some(Before { run: &succession.order.runs.get(last)?.run, totals, told, follows_silence })
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
    pub(in crate::fold) fn over_silence(&self) -> BTreeMap<&Id, u64> {
        self.0.iter().filter_map(|(id, succession)| Some((id, succession.total_over_silence(id)?))).collect()
    }

    /// Which of these conversations each of their runs held: of several the last by its id.
    pub(in crate::fold) fn held<'a>(&'a self, conversations: &BTreeMap<&'a Id, u64>) -> FxHashMap<&'a RunId, &'a Id> {
        let mut held: FxHashMap<&RunId, &Id> = FxHashMap::default();
        let mut seen: FxHashSet<*const Order> = FxHashSet::default();
        for (id, succession) in conversations.keys().rev().filter_map(|id| Some((*id, self.0.get(*id)?))) {
            if seen.insert(Arc::as_ptr(&succession.order)) {
                succession.order.runs.iter().for_each(|ordered| _ = held.entry(&ordered.run).or_insert(id));
            }
        }
        held
    }
}

impl Succession {
    fn of(order: Arc<Order>) -> Succession {
        Succession { order, totals: BTreeMap::new(), heard: BTreeSet::new() }
    }

    /// What may be the conversation's blended total at the end of a run, in order.
    fn totals_of(&self, place: usize) -> &[u64] {
        self.totals.get(&place).map_or(&[], Vec::as_slice)
    }

    /// Whether a run before this one may have held the conversation, too, and tells of nothing.
    fn follows_silence(&self, place: usize) -> bool {
        self.order.runs.get(place).is_some_and(|run| run.follows_silence) && !self.heard.contains(&place)
    }

    /// What a conversation that began in the first of its runs had come to at the end of the last that tells it, if a
    /// run before one that tells it doesn't.
    fn total_over_silence(&self, conversation: &Id) -> Option<u64> {
        let made = Time::of_uuid(conversation)?;
        self.order.runs.first()?.start.filter(|start| *start <= made)?;
        let is_open = |place: &usize| {
            place.checked_sub(1).is_some_and(|last| self.totals_of(last).is_empty() || self.follows_silence(*place))
        };
        let is_any_open = self.totals.keys().any(is_open);
        is_any_open.then(|| self.totals.values().next_back()?.last().copied()).flatten()
    }
}

impl Order {
    fn new<'a>(runs: &'a Runs, of: &Showing, silent: &Silent<'a>) -> Order {
        let ordered = |run: &RunId| {
            let start = runs.get(run).and_then(|facts| facts.started_at());
            Ordered { start, run: run.clone(), follows_silence: false }
        };
        let mut ordered: Vec<Ordered> = of.keys().map(ordered).collect();
        ordered.sort_by(|a, b| (a.start, &a.run).cmp(&(b.start, &b.run)));
        for next in 1..ordered.len() {
            ordered[next].follows_silence = silent.is_between(runs, &ordered[next - 1], &ordered[next]);
        }
        let places = ordered.iter().enumerate().map(|(place, ordered)| (ordered.run.clone(), place)).collect();
        let mut works = ordered.iter().map(|ordered| runs.get(&ordered.run).and_then(|facts| work_of(facts)));
        let first = works.next().flatten();
        let work = first.filter(|first| works.all(|work| work.as_ref() == Some(first)));
        Order { runs: ordered, places, work }
    }
}

/// A loop and its folder, the account and the harness that worked for it.
type Loop<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Option<&'a str>);

/// When and on which machines runs began that name no conversation, by their loop: a footer at most tells of them.
struct Silent<'a>(FxHashMap<Loop<'a>, Vec<(Time, &'a Hosts)>>);

impl<'a> Silent<'a> {
    fn of(runs: &'a Runs, shown: &ShowingRuns) -> Silent<'a> {
        let mut seen: FxHashSet<*const Showing> = FxHashSet::default();
        let once = shown.values().filter(|runs| seen.insert(Arc::as_ptr(runs)));
        let tells: BTreeSet<&RunId> = once.flat_map(|runs| runs.keys()).collect();
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
    fn is_between(&self, runs: &'a Runs, earlier: &Ordered, later: &Ordered) -> bool {
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
