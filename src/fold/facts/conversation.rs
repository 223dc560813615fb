//! What is known of a conversation.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::hosts::Hosts;
use super::log::SessionLog;
use super::log_end::{Cut, LogEnd};
use super::messages::Messages;
use super::place::Place;
use super::result::{ResultFacts, ResultKey};
use super::uncounted::UncountedCall;
use crate::event::{Billing, Conversation, Harness, Id, RunId, Time, TokenUsage};

/// Conversations by their id.
pub type Conversations = FxHashMap<Id, Box<ConversationFacts>>;

/// What is known of a conversation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConversationFacts {
    /// The harness that held it; `None` where no record names one.
    pub harness: Option<Harness>,
    /// The machines that its sources come from.
    pub hosts: Hosts,
    /// The model it was configured with, of several the last by name; `None` where no record tells.
    pub model: Option<Id>,
    /// The runs (`None`: no run, but a bare log) that show its first records, or from which nothing can have been cut
    /// off.
    pub begins: BTreeSet<Option<RunId>>,
    /// The runs whose outputs name it, though its first records are not in view.
    pub named_by: BTreeSet<RunId>,
    /// Answers that were still streaming, or turns that were open, where a source's part of a run's output (`None`: of
    /// a bare log) ends: when, if a record tells a time, and where that stands.
    pub unfinished: BTreeMap<Option<RunId>, BTreeSet<(Option<Time>, Place)>>,
    /// Those of `unfinished` of bare logs that have no whole call and several torn ones, the last of which is meant.
    pub torn_apart: BTreeSet<(Place, Cut)>,
    /// Its sub-agents of which calls are known, as far as its logs name them.
    pub agents: BTreeSet<Id>,
    /// The tool calls that such sub-agents worked for, as captures name them.
    pub tasks: BTreeSet<Id>,
    /// The records that its calls have beside their keys: digests, as they are many and few are asked for.
    pub records: FxHashSet<u64>,
    /// Calls of which a record can't be counted.
    pub uncounted: BTreeSet<UncountedCall>,
    /// Whether a call is known that none of its sub-agents made, be it a copy.
    pub has_own_calls: bool,
    /// Readings of its cumulative counter.
    pub readings: Vec<Reading>,
    /// Readings of its processes' counters.
    pub results: FxHashMap<ResultKey, ResultFacts>,
    /// When it began, as its session log tells; `None` without such a record.
    pub began: Option<Time>,
    /// The folder it began in, and when the record of that was written, [`Time::MAX`] if that tells no time; `None`
    /// where no record tells the folder.
    pub repo: Option<(Time, Id)>,
    /// The branch that was checked out then, and when that was written, as for `repo`; `None` where no record tells.
    pub branch: Option<(Time, Id)>,
    /// The harness's version then, and when that was written, as for `repo`; `None` where no record tells.
    pub version: Option<(Time, Id)>,
    /// The conversation it was forked from, or that spawned it; `None` where no record names one.
    pub parent: Option<Id>,
    /// Whether a sub-agent holds it.
    pub is_subagent: bool,
    /// Whether a log of it is no sub-agent's: then those of sub-agents share its id.
    pub is_main: bool,
    /// How the harness's account pays; `None` where no record tells.
    pub billing: Option<Billing>,
    /// Whether some of its processes restored what earlier ones counted, as versions in its records tell; `None` where
    /// none tells.
    pub restores_counter: Option<bool>,
    /// What the harness counted of all that it used; `None` where no record tells.
    pub counted: Option<TokenUsage>,
    /// Whether its counter counts what its sub-agents used, too, if it had any.
    pub counts_children: bool,
    /// Whether a session log that holds its counter or its responses is among the sources: then every call of it is
    /// known.
    pub has_counter_log: bool,
    /// The sources that are its session logs, by their names.
    pub logs: BTreeMap<Id, LogEnd>,
    /// The sources outside of runs that show results of its processes, by their names, and where those stand.
    pub captures: BTreeMap<Id, BTreeSet<u64>>,
    /// Where sources end with a process that begins.
    pub open_captures: BTreeSet<Place>,
    /// When the latest turn ended that its session logs tell the end of.
    pub turn_over: Option<Time>,
    /// Whether a model answered in it.
    pub is_answered: bool,
    /// When messages were written of which nothing but its counter tells the usage, each once, in order.
    pub active: Vec<Time>,
    /// The models that wrote such messages; `None` among them: one that its record doesn't name.
    pub writers: BTreeSet<Option<Id>>,
    /// When requests of it failed.
    pub failures: BTreeSet<Time>,
    /// The calls of its session log, by reading or response.
    pub log: SessionLog,
    /// The calls of its session logs, by message.
    pub messages: Messages,
}

/// A reading of a conversation's counter.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// When it was made, as its record says; `None` where that has no time.
    pub stamp: Option<Time>,
    /// The same, but never before the reading that precedes it in its source; `None` where no reading up to it has one.
    pub time: Option<Time>,
    /// Where it stands, which orders readings that tell no time.
    pub place: Place,
    /// The counter's value.
    pub total: TokenUsage,
    /// What the latest call used that it counts; `None` where its record doesn't tell.
    pub last: Option<TokenUsage>,
    /// The run whose output shows it; `None` in a bare log.
    pub run: Option<RunId>,
    /// The conversation's model then; `None` where nothing told it by then.
    pub model: Option<Id>,
    /// Whether it may be quoted.
    pub is_doubtful: bool,
}

impl ConversationFacts {
    /// The runs whose outputs name it as the one they hold: a tail may hold nothing but what a sub-agent did.
    pub(in crate::fold) fn naming(&self) -> impl Iterator<Item = &RunId> {
        self.named_by.iter().filter(|_| !self.is_subagent)
    }

    /// When it began, where a record tells.
    pub(in crate::fold) fn started_at(&self) -> Option<Time> {
        let dated = [&self.repo, &self.branch, &self.version].into_iter().flatten().map(|(time, _)| *time);
        dated.filter(|time| *time != UNDATED).chain(self.began).min()
    }

    /// Whether something beside its session log tells of its usage.
    pub(in crate::fold) fn has_witness(&self) -> bool {
        let is_in_run = self.begins.iter().any(Option::is_some);
        is_in_run || !self.results.is_empty() || !self.readings.is_empty() || self.has_counter_log
    }

    pub(super) fn merge(&mut self, other: ConversationFacts, id: &Id) {
        self.messages.merge(other.messages, id);
        self.harness = self.harness.take().max(other.harness);
        self.hosts.merge(other.hosts);
        self.model = self.model.take().max(other.model);
        self.begins.extend(other.begins);
        self.named_by.extend(other.named_by);
        for (run, ends) in other.unfinished {
            self.unfinished.entry(run).or_default().extend(ends);
        }
        self.agents.extend(other.agents);
        self.tasks.extend(other.tasks);
        self.records.extend(other.records);
        self.uncounted.extend(other.uncounted);
        self.began = [self.began, other.began].into_iter().flatten().min();
        first(&mut self.repo, other.repo);
        first(&mut self.branch, other.branch);
        first(&mut self.version, other.version);
        self.parent = self.parent.take().max(other.parent);
        self.readings.extend(other.readings);
        for (key, result) in other.results {
            self.add_result(key, result);
        }
        self.billing = self.billing.max(other.billing);
        self.is_subagent |= other.is_subagent;
        self.is_main |= other.is_main;
        self.restores_counter = self.restores_counter.max(other.restores_counter);
        self.counted = self.counted.max(other.counted);
        self.counts_children |= other.counts_children;
        self.has_counter_log |= other.has_counter_log;
        self.has_own_calls |= other.has_own_calls;
        for (source, log) in other.logs {
            self.logs.entry(source).or_default().merge(log);
        }
        self.torn_apart.extend(other.torn_apart);
        for (source, results) in other.captures {
            self.captures.entry(source).or_default().extend(results);
        }
        self.open_captures.extend(other.open_captures);
        self.turn_over = self.turn_over.max(other.turn_over);
        self.is_answered |= other.is_answered;
        if !other.active.is_empty() {
            self.active.extend(other.active);
            self.sort_active();
        }
        self.writers.extend(other.writers);
        self.failures.extend(other.failures);
        self.log.merge(other.log);
    }

    /// Puts the times in order at which messages were written, each once.
    pub(in crate::fold) fn sort_active(&mut self) {
        self.active.sort_unstable();
        self.active.dedup();
    }

    /// Whether nothing but a counter tells what its messages used, so that runs can't share it.
    pub(in crate::fold) fn is_counted_whole(&self) -> bool {
        !self.active.is_empty() && !self.readings.is_empty() && self.messages.is_empty() && !self.has_counter_log
    }

    /// The models that may have used what its counter tells, which names one of them or none: that one alone, unless
    /// messages tell better.
    pub(in crate::fold) fn counted_models(&self, named: Option<Id>) -> BTreeSet<Id> {
        // A message that names no model may be of the one that the counter names.
        let unnamed = named.filter(|_| self.writers.is_empty() || self.writers.contains(&None));
        self.writers.iter().flatten().cloned().chain(unnamed).collect()
    }

    /// Adds that an answer was streaming at the end of a run's output.
    pub(in crate::fold) fn add_unfinished(&mut self, run: Option<RunId>, end: (Option<Time>, Place)) {
        self.unfinished.entry(run).or_default().insert(end);
    }

    /// Takes what a record tells of the conversation.
    pub(in crate::fold) fn learn(&mut self, found: &Conversation) {
        self.billing = self.billing.max(found.billing);
        self.is_subagent |= found.is_subagent;
        self.is_main |= found.is_main;
        self.restores_counter = self.restores_counter.max(found.restores_counter);
        self.counted = self.counted.max(found.counted);
        self.counts_children |= found.counts_children;
        self.has_counter_log |= found.is_logged;
        self.is_answered |= found.is_answered;
        if found.is_active && found.is_answered {
            self.writers.insert(found.written_by.clone());
        }
    }

    /// Adds a result, or what another record of it tells.
    pub(in crate::fold) fn add_result(&mut self, key: ResultKey, result: ResultFacts) {
        match self.results.entry(key) {
            Entry::Occupied(mut known) => known.get_mut().merge(result),
            Entry::Vacant(free) => {
                free.insert(result);
            }
        }
    }
}

/// Stands for the time of a record that has none: any record with a time counts as earlier.
pub(in crate::fold) const UNDATED: Time = Time::MAX;

/// Keeps of two names the one that was written down first.
pub(in crate::fold) fn first(known: &mut Option<(Time, Id)>, other: Option<(Time, Id)>) {
    if let Some(other) = other.filter(|other| known.as_ref().is_none_or(|known| other < known)) {
        *known = Some(other);
    }
}
