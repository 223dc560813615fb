//! Which run each fact belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::ends::Ends;
use super::worked::Worked;
use crate::event::{Defect, Id, Run, RunId, Time, TokenUsage};
use crate::fold::facts::{AtWork, Calls, Conversations, Reading, RunFacts, Runs, ShowingRuns, once_for_shared};
use crate::fold::join::{IsHome, Joined, join};

/// Where facts belong that several runs show, or none.
pub(in crate::fold) struct Places {
    /// When each run was at work.
    pub(super) at_work: FxHashMap<RunId, AtWork>,
    /// Runs of which only a later time is known by which they were over, or none.
    endless: FxHashSet<RunId>,
    /// Runs in whose outputs a record is torn.
    torn: FxHashSet<RunId>,
    /// Runs whose harness ended well.
    succeeded: FxHashSet<RunId>,
    /// What harnesses counted in runs, at least.
    pub(super) counted: FxHashMap<RunId, TokenUsage>,
    /// Runs whose outputs loop logs hold from end to end.
    whole: FxHashSet<RunId>,
    /// The runs that show each conversation, and how many of its calls.
    pub(super) shown: ShowingRuns,
    /// When the runs of conversations that several show were at work.
    pub(super) worked: FxHashMap<Id, Arc<Worked>>,
    /// The blended totals that runs' outputs end with, by conversation.
    footers: FxHashMap<Id, BTreeMap<u64, RunId>>,
    /// The same of outputs that name no conversation.
    nameless_footers: FxHashSet<(RunId, u64)>,
    /// Conversations that no output names, with the runs that their session log was joined with.
    pub(super) joined: Joined,
    /// How far conversations had come when each run ended.
    pub(in crate::fold) ends: Ends,
}

impl Places {
    pub(in crate::fold) fn new(
        runs: &Runs,
        conversations: &Conversations,
        calls: &Calls,
        is_home: IsHome<'_>,
    ) -> Places {
        let at_work: FxHashMap<RunId, AtWork> = runs.iter().map(|(id, run)| (id.clone(), run.at_work())).collect();
        let endless = runs.iter().filter(|(_, run)| !run.is_end_told()).map(|(id, _)| id.clone()).collect();
        let is_torn = |run: &RunFacts| run.defects.contains_key(&Defect::Torn);
        let torn = runs.iter().filter(|(_, run)| is_torn(run)).map(|(id, _)| id.clone()).collect();
        let is_success = |run: &RunFacts| run.ledger.as_ref().is_some_and(Run::is_success);
        let succeeded = runs.iter().filter(|(_, run)| is_success(run)).map(|(id, _)| id.clone()).collect();
        let is_whole = |run: &RunFacts| run.log.is_some() && !run.is_open && !is_torn(run);
        let whole = runs.iter().filter(|(_, run)| is_whole(run)).map(|(id, _)| id.clone()).collect();
        let counted = runs.iter().filter_map(|(id, run)| Some((id.clone(), run.counted?))).collect();
        let mut shown: ShowingRuns = FxHashMap::default();
        for call in calls.values() {
            if let Some(conversation) = &call.conversation {
                for run in &call.runs {
                    let showing = Arc::make_mut(shown.entry(conversation.clone()).or_default());
                    *showing.entry(run.clone()).or_default() += 1;
                }
            }
        }
        for (id, conversation) in conversations {
            let readings = conversation.readings.iter().filter_map(|reading| reading.run.as_ref());
            let results = conversation.results.values().flat_map(|result| &result.runs);
            // A header alone joins a run with what other sources tell of the conversation.
            let begins = conversation.begins.iter().flatten();
            for run in readings.chain(results).chain(begins).chain(conversation.naming()) {
                Arc::make_mut(shown.entry(id.clone()).or_default()).entry(run.clone()).or_default();
            }
        }
        let mut footers: FxHashMap<Id, BTreeMap<u64, RunId>> = FxHashMap::default();
        for (run, facts) in runs {
            for (conversation, blended) in &facts.footers {
                if let Some(conversation) = conversation.clone() {
                    let known = footers.entry(conversation).or_default().entry(*blended).or_insert_with(|| run.clone());
                    *known = run.clone().min(known.clone());
                }
            }
        }
        let nameless = runs.iter().flat_map(|(run, facts)| facts.footers.iter().map(move |footer| (run, footer)));
        let nameless = nameless.filter(|(_, (conversation, _))| conversation.is_none());
        let nameless_footers = nameless.map(|(run, (_, blended))| (run.clone(), *blended)).collect();
        let joined = join(runs, conversations, calls, &shown, is_home);
        for (id, runs) in &joined.runs {
            let known = Arc::make_mut(shown.entry(id.clone()).or_default());
            known.extend(runs.iter().map(|run| (run.clone(), 0)));
        }
        shown.extend(joined.children.iter().map(|(id, runs)| (id.clone(), Arc::clone(runs))));
        let ends = Ends::new(runs, &shown);
        let several = shown.iter().filter(|(_, runs)| runs.len() > 1);
        let worked = once_for_shared(several, |runs| Arc::new(Worked::of(runs, &at_work)));
        let worked = worked.map(|(id, worked)| (id.clone(), worked)).collect();
        Places {
            at_work,
            endless,
            torn,
            succeeded,
            counted,
            whole,
            shown,
            worked,
            footers,
            nameless_footers,
            joined,
            ends,
        }
    }

    /// Runs whose session log nothing tells for certain.
    pub(in crate::fold) fn ambiguous(&self) -> impl Iterator<Item = &RunId> {
        self.joined.ambiguous.iter()
    }

    /// The one run a fact belongs to; `None`: nothing tells which.
    ///
    /// - The only run whose output shows it.
    /// - Of several, in this order: one that was at work then, in which the conversation began, that shows most calls
    ///   of it, that began first.
    /// - If none shows it, the one that shows the conversation and was at work then. Where a run ended in the second
    ///   in which the next one began, an answer is the former's: none comes so soon.
    pub(in crate::fold) fn of<'a>(
        &self,
        conversation: &Id,
        shown_by: &'a BTreeSet<RunId>,
        time: Option<Time>,
    ) -> Option<RunId> {
        let all = self.shown.get(conversation);
        if shown_by.len() == 1 {
            return shown_by.first().cloned();
        }
        if shown_by.is_empty() {
            let may_have_asked =
                |run: &&RunId| time.zip(self.at_work.get(*run)).is_none_or(|(time, run)| run.may_have_asked(time));
            let at_work = || self.at_work_on(conversation, time);
            return only(at_work()).or_else(|| only(at_work().filter(may_have_asked))).cloned();
        }
        let made = Time::of_uuid(conversation);
        let rank = |run: &'a RunId| {
            let calls = all.and_then(|all| all.get(run)).copied().unwrap_or(0);
            let start = self.start_of(run);
            let is_own = made.zip(start).is_some_and(|(made, start)| made >= start);
            (self.is_at_work(run, time), is_own, calls, std::cmp::Reverse((start, run)))
        };
        shown_by.iter().max_by_key(|run| rank(run)).cloned()
    }

    /// The one run that a call of a session log belongs to: the one whose output shows it, else the latest of
    /// those that show the conversation and were at work then, if the call's turn `began` in it.
    pub(super) fn of_logged(
        &self,
        conversation: &Id,
        shown_by: &BTreeSet<RunId>,
        time: Option<Time>,
        began: Option<Time>,
    ) -> Option<RunId> {
        if !shown_by.is_empty() {
            return self.of(conversation, shown_by, time);
        }
        let at_work = time.into_iter().flat_map(|time| self.at_work_on(conversation, Some(time)));
        let is_begun = |start: Option<Time>| began.is_none_or(|began| start <= Some(began));
        let rank = |run: &&RunId| (is_begun(self.start_of(run)), self.start_of(run), (*run).clone());
        at_work.max_by_key(rank).cloned()
    }

    /// The runs that show a conversation and were at work then; all that show it, where no time is told.
    fn at_work_on(&self, conversation: &Id, time: Option<Time>) -> impl Iterator<Item = &RunId> {
        let found = time.zip(self.worked.get(conversation)).map(|(time, worked)| worked.at(time));
        let asked = if found.is_none() { self.shown.get(conversation) } else { None };
        let asked = asked.into_iter().flat_map(|runs| runs.keys()).filter(move |run| self.is_at_work(run, time));
        found.into_iter().flatten().chain(asked)
    }

    /// The run at work then whose output ends with this blended total of the conversation.
    pub(super) fn of_footer(&self, conversation: &Id, blended: u64, time: Option<Time>) -> Option<&RunId> {
        let run = self.footers.get(conversation)?.get(&blended)?;
        Some(run).filter(|run| time.is_some() && self.is_at_work(run, time))
    }

    /// Whether a run's output ends with this blended total, and names no conversation.
    pub(super) fn has_nameless_footer(&self, run: &RunId, blended: u64) -> bool {
        self.nameless_footers.contains(&(run.clone(), blended))
    }

    /// The first of the runs of a conversation that are meant, none of which began before `since`.
    pub(super) fn first_of(
        &self,
        conversation: &Id,
        since: Option<Time>,
        is_meant: impl Fn(&RunId) -> bool,
    ) -> Option<&RunId> {
        if let Some(worked) = self.worked.get(conversation) {
            return worked.since(since).find(|run| is_meant(run));
        }
        let runs = self.shown.get(conversation)?.keys().filter(|run| is_meant(run));
        runs.min_by_key(|run| (self.start_of(run), (*run).clone()))
    }

    /// Whether the output of another run than this one ends with more than this blended total of the conversation.
    pub(super) fn ends_beyond(&self, conversation: &Id, blended: u64, run: &RunId) -> bool {
        let beyond =
            self.footers.get(conversation).into_iter().flat_map(|told| told.range(blended.saturating_add(1)..));
        beyond.map(|(_, of)| of).any(|of| of != run)
    }

    /// Whether nothing tells when a run ended.
    pub(super) fn is_endless(&self, run: &RunId) -> bool {
        self.endless.contains(run)
    }

    /// Whether a record of its output is torn.
    pub(super) fn is_torn(&self, run: &RunId) -> bool {
        self.torn.contains(run)
    }

    /// Whether its harness ended well, so that its turn did.
    pub(super) fn is_success(&self, run: &RunId) -> bool {
        self.succeeded.contains(run)
    }

    /// Whether its output is known from end to end, with every record in it.
    pub(super) fn is_whole(&self, run: &RunId) -> bool {
        self.whole.contains(run)
    }

    /// When a run began.
    pub(super) fn start_of(&self, run: &RunId) -> Option<Time> {
        self.at_work.get(run).and_then(|run| run.start)
    }

    /// The runs that show each conversation, or for which its session log is taken.
    pub(in crate::fold) fn shown(&self) -> &ShowingRuns {
        &self.shown
    }

    /// Whether any run shows the conversation.
    pub(in crate::fold) fn is_shown_by_a_run(&self, conversation: &Id) -> bool {
        self.shown.contains_key(conversation)
    }

    /// Whether a run was at work at a time; any run, where none is told.
    pub(super) fn is_at_work(&self, run: &RunId, time: Option<Time>) -> bool {
        self.at_work.get(run).is_some_and(|run| time.is_none_or(|time| run.holds(time)))
    }

    /// Whether a conversation began within a run: its id holds the time it was made.
    pub(super) fn starts_in(&self, conversation: &Id, run: &RunId) -> bool {
        let start = self.start_of(run);
        Time::of_uuid(conversation).zip(start).is_some_and(|(made, start)| made >= start)
    }

    /// Gives each reading of a conversation's counter to one run.
    pub(super) fn place_readings(&self, id: &Id, readings: &mut [Reading]) {
        // Of a conversation that no run shows, none is a run's.
        if !self.is_shown_by_a_run(id) && readings.iter().all(|reading| reading.run.is_none()) {
            return;
        }
        let mut shown_by: BTreeMap<(Option<Time>, TokenUsage), BTreeSet<RunId>> = BTreeMap::new();
        for reading in &*readings {
            shown_by.entry((reading.stamp, reading.total)).or_default().extend(reading.run.clone());
        }
        let own = readings.iter().filter(|reading| reading.run.is_some()).map(|reading| reading.total.total_tokens());
        let own = own.max();
        let mut placed: FxHashMap<(Option<Time>, TokenUsage, Option<Time>), Option<RunId>> = FxHashMap::default();
        for reading in readings {
            let runs = shown_by.get(&(reading.stamp, reading.total));
            let of = placed.entry((reading.stamp, reading.total, reading.time));
            reading.run = of.or_insert_with(|| runs.and_then(|runs| self.of(id, runs, reading.time))).clone();
            // A process tells its counter at its end, and tells no time: that is a run's if its own output ends with
            // the same, or with a later one of a conversation that began in it.
            if reading.time.is_none() && runs.is_some_and(BTreeSet::is_empty) {
                let total = reading.total.total_tokens();
                let is_within = own.is_some_and(|own| total < own);
                let is_of = |run: &RunId| own == Some(total) || is_within && self.starts_in(id, run);
                let told = self.footers.get(id).and_then(|told| told.get(&reading.total.blended_tokens())).cloned();
                reading.run = told.or_else(|| reading.run.take().filter(is_of));
            }
        }
    }
}

/// The only one there is.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next();
    first.filter(|_| all.next().is_none())
}
