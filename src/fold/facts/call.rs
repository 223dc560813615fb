//! What is known of a call.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::event::{CallKey, CallTiming, Harness, Id, RunId, Time, TokenUsage, Usd};

/// Model calls by their key.
pub type Calls = FxHashMap<CallKey, Box<CallFacts>>;

/// What is known of a call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallFacts {
    /// Its tokens.
    pub usage: TokenUsage,
    /// Whether the output count is final.
    pub is_final: bool,
    /// When it was answered; `None` where no record of it has a time.
    pub time: Option<Time>,
    /// When the first record of it was written that has a time: not all that tell more of it have one.
    pub earliest: Option<Time>,
    /// The conversation it belongs to; `None` where nothing names it.
    pub conversation: Option<Id>,
    /// The model that answered; `None` where no record names it.
    pub model: Option<Id>,
    /// The provider's service tier; `None` where no record tells.
    pub service_tier: Option<Id>,
    /// Whether a sub-agent made it.
    pub is_subagent: bool,
    /// The harness that made it; `None` where no record names it.
    pub harness: Option<Harness>,
    /// How long its parts took; `None` where no trace tells, or nobody asked.
    pub timing: Option<Box<CallTiming>>,
    /// Whether a later counter's reading includes it.
    pub is_covered: bool,
    /// Whether a source shows it behind a reading of the counter that tells no time: that one doesn't count it.
    pub is_beyond: bool,
    /// Whether it may be quoted, wherever it is shown.
    pub is_doubtful: bool,
    /// Whether a session log tells of it.
    pub is_logged: bool,
    /// The conversation in whose captured output it stands, which made it: copied history stands in logs only. `None`
    /// where no output shows it.
    pub captured_in: Option<Id>,
    /// Whether nothing but outputs of runs show it that break off behind it, before any counter.
    pub is_cut_off: bool,
    /// Whether a trace or a captured output shows it that is no run's.
    pub is_bare: bool,
    /// The branch that was checked out; `None` where no record tells.
    pub branch: Option<Id>,
    /// How much the model was asked to think; `None` where no record tells.
    pub effort: Option<Id>,
    /// What the harness says it costs; `None` where it doesn't.
    pub cost: Option<Usd>,
    /// Whether the cost that a later counter's reading reports includes it.
    pub is_paid: bool,
    /// The runs whose outputs show it.
    pub runs: BTreeSet<RunId>,
}

impl CallFacts {
    /// Of two records of one call, the one with the larger output counts, whole. Of equal ones it is the earlier, as
    /// copies may be dated anew.
    pub(super) fn merge(&mut self, other: CallFacts) {
        let rank = |call: &CallFacts| {
            let names = (call.model.clone(), call.conversation.clone(), call.service_tier.clone(), call.effort.clone());
            let more = (call.branch.clone(), call.cost, call.harness.clone());
            let time = (call.time.is_some(), Reverse(call.time));
            (call.usage.output_tokens, call.is_final, call.usage, time, names, more)
        };
        // A copy may tell no cost of what its original tells one of.
        let is_same = self.usage == other.usage;
        let cost = self.cost.max(other.cost).filter(|_| is_same);
        let is_covered = self.is_covered || other.is_covered;
        let is_beyond = self.is_beyond || other.is_beyond;
        let is_logged = self.is_logged || other.is_logged;
        // A session log doesn't tell whether an output breaks off: of two records, one of which is a log's, the other's
        // word counts.
        let is_cut_off = match (&self.captured_in, &other.captured_in) {
            (Some(_), Some(_)) => self.is_cut_off && other.is_cut_off,
            _ => self.is_cut_off || other.is_cut_off,
        };
        let captured_in = self.captured_in.take().max(other.captured_in.clone());
        let is_bare = self.is_bare || other.is_bare;
        let is_paid = self.is_paid || other.is_paid;
        let is_doubtful = self.is_doubtful && other.is_doubtful;
        // A sub-agent's records begin with its parent's.
        let is_subagent = self.is_subagent && other.is_subagent;
        let earliest = [self.earliest, other.earliest].into_iter().flatten().min();
        let timing = merged(self.timing.take(), other.timing.clone());
        let mut runs = std::mem::take(&mut self.runs);
        let mut other_runs = other.runs.clone();
        runs.append(&mut other_runs);
        if rank(&other) > rank(self) {
            *self = other;
        }
        (self.is_covered, self.is_subagent, self.runs, self.timing) = (is_covered, is_subagent, runs, timing);
        (self.is_logged, self.captured_in, self.is_bare) = (is_logged, captured_in, is_bare);
        (self.is_paid, self.is_beyond, self.is_doubtful) = (is_paid, is_beyond, is_doubtful);
        (self.is_cut_off, self.earliest) = (is_cut_off, earliest);
        self.cost = cost.or(self.cost);
    }

    /// Takes how long its parts took.
    pub(in crate::fold) fn add_timing(&mut self, timing: Box<CallTiming>) {
        self.timing = merged(self.timing.take(), Some(timing));
    }
}

fn merged(a: Option<Box<CallTiming>>, b: Option<Box<CallTiming>>) -> Option<Box<CallTiming>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(Box::new(a.merge(*b))),
        (a, b) => a.or(b),
    }
}
