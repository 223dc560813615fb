//! What is known of a source while its events are folded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::doubts::Doubts;
use crate::event::{CallKey, Harness, Id, ModelUsage, RunId, Time, TokenUsage, Usd};
use crate::fold::facts::{Facts, LogEnd, Place, QuotaFold, ReadSoFar, Reading, ResultKey, TimingFact, TurnContext};

/// Folds one source. Events must come in the order of the source.
#[derive(Debug)]
pub struct SourceFold {
    pub(super) name: Id,
    /// The machine it comes from.
    pub(super) host: Option<Id>,
    pub(super) facts: Facts,
    /// What the order of the records tells, for each conversation in each run.
    pub(super) streams: FxHashMap<(Option<RunId>, Option<Id>), Stream>,
    pub(super) quotas: QuotaFold,
    pub(super) doubts: Doubts,
    /// The run that the latest event was of.
    pub(super) latest_run: Option<RunId>,
    /// Where the source broke off.
    pub(super) broken_at: Option<u64>,
    /// What of it a copy may have whole.
    pub(super) so_far: ReadSoFar,
    /// Blended totals of no run and of no conversation that is named, with the harness that printed them.
    pub(super) unnamed_footers: BTreeSet<(Option<Harness>, u64)>,
}

/// A conversation's records in one run (or outside runs) of one source.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Whether it is known that the source is the conversation's session log.
    pub(super) is_noted: bool,
    /// Calls since the latest reading of a counter.
    pub(super) uncovered: Vec<CallKey>,
    /// The latest call of the latest reading, unless its record was seen before the reading.
    pub(super) twin_to_come: Option<TokenUsage>,
    /// The latest value of its counter.
    pub(super) total: Option<TokenUsage>,
    /// Whether the latest reading of its counter tells no time.
    pub(super) is_untimed: bool,
    /// The latest time at which its counter was read.
    pub(super) latest: Option<Time>,
    /// The model that was named last.
    pub(super) model: Option<Id>,
    /// The readings of the process that was read last, as far as none of them counts the others.
    pub(super) results: Vec<ResultKey>,
    /// What its process's counter read last, whoever was counted by it, and what that cost.
    pub(super) latest_total: Option<(Vec<ModelUsage>, Option<Usd>)>,
    /// What that read when the process left another conversation for this one.
    pub(super) before_reset: Option<(Vec<ModelUsage>, Option<Usd>)>,
    /// Whether calls of that one stood behind its last reading.
    pub(super) counts_others: bool,
    /// Whether nothing tells of another process since the latest reading.
    pub(super) is_read: bool,
    /// Calls of sub-agents that such readings leave out.
    pub(super) beside: Vec<CallKey>,
    /// What sub-agents of that process used.
    pub(super) by_agents: TokenUsage,
    /// Whether that process restored what earlier ones counted; `None` where nothing tells.
    pub(super) restores: Option<bool>,
    /// The first and the last message of that process's main loop, where all of them are in view.
    pub(super) shown: Option<(Id, Id)>,
    /// Whether the process was named when it began.
    pub(super) is_whole: bool,
    /// Where its process was named, if nothing of it followed. Calls that follow tell by themselves whether a result
    /// counts them.
    pub(super) open_since: Option<u64>,
    /// Readings of a conversation that nothing named.
    pub(super) anonymous: Vec<Reading>,
    /// The harness that told of those.
    pub(super) harness: Option<Harness>,
    /// What the latest call of a session log shared with others.
    pub(super) context: Arc<TurnContext>,
}

impl Stream {
    /// Notes once that the source is a session log of the conversation.
    pub(super) fn note_log(&mut self, logs: &mut BTreeMap<Id, LogEnd>, source: &Id) {
        if !std::mem::replace(&mut self.is_noted, true) {
            logs.entry(source.clone()).or_default();
        }
    }
}

impl SourceFold {
    /// `name` tells the source from others.
    pub fn new(name: &str) -> SourceFold {
        SourceFold {
            name: name.into(),
            host: None,
            facts: Facts::default(),
            streams: FxHashMap::default(),
            quotas: QuotaFold::default(),
            doubts: Doubts::default(),
            latest_run: None,
            broken_at: None,
            so_far: ReadSoFar::default(),
            unnamed_footers: BTreeSet::new(),
        }
    }

    /// Where something stands in the source.
    pub(super) fn place(&self, offset: u64) -> Place {
        Place { source: self.name.clone(), offset }
    }
}

/// What an event tells beside its fact.
pub(super) struct Record {
    pub(super) run: Option<RunId>,
    pub(super) harness: Option<Harness>,
    pub(super) time: Option<Time>,
    /// Where it stands in the source.
    pub(super) offset: u64,
}

impl Record {
    /// What it says of time, with who shows that.
    pub(super) fn shows<T>(self, fact: T) -> TimingFact<T> {
        TimingFact::new(fact, self.run, self.harness)
    }
}
