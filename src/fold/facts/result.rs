//! What a process of a conversation counted by its end: a reading of a counter of its own.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::event::{Counter, Id, ModelUsage, RunId, Time, TokenUsage, Usd};

/// Identity of a process's reading: the record's own key, if it has one, and what it counts by model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResultKey(pub Option<Id>, pub Vec<ModelUsage>);

impl ResultKey {
    /// The key leaves service tiers out, as event files of older versions do: both tell the same reading.
    pub(in crate::fold) fn of(counter: &Counter) -> ResultKey {
        let total = counter.total.iter().map(|model| ModelUsage { service_tier: None, ..model.clone() });
        ResultKey(counter.key.clone(), total.collect())
    }
}

/// A reading of a process's counter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResultFacts {
    /// The counter's value, by model.
    pub total: Vec<ModelUsage>,
    /// The model that was at work in the main loop then; `None` where nothing told it by then.
    pub model: Option<Id>,
    /// Whether several models were at work in the main loop, so that it names none of them.
    pub is_of_several: bool,
    /// What the harness says all of it costs; `None` where it doesn't.
    pub cost: Option<Usd>,
    /// When the process told it; `None` where its record has no time.
    pub time: Option<Time>,
    /// Whether a later reading of the same process is known, which counts instead.
    pub is_superseded: bool,
    /// Whether a later reading's cost includes this one's.
    pub has_later_cost: bool,
    /// Whether nothing but outputs of runs show it that break off behind it.
    pub is_cut_off: bool,
    /// Whether every capture that shows it lacks records before it, as torn ones tell, or a query that used more than
    /// the calls that are shown.
    pub is_torn: bool,
    /// What the latest query used in its main loop; `None` where the record doesn't tell.
    pub query: Option<TokenUsage>,
    /// The first and the last message of the process's main loop, where all of them up to the result are in view; else
    /// `None`.
    pub shown: Option<(Id, Id)>,
    /// What its process's sub-agents used, as far as an output shows it.
    pub by_agents: TokenUsage,
    /// Whether its process restored what earlier ones of the session counted; `None` where nothing tells.
    pub restores: Option<bool>,
    /// Whether its process used more than it tells.
    pub is_floor: bool,
    /// Whether sub-agents of its process were still at work, whose usage no later result tells; `None` where nothing says.
    pub leaves_agents: Option<bool>,
    /// The runs whose outputs show it.
    pub runs: BTreeSet<RunId>,
}

impl ResultFacts {
    /// Whether it tells what each model used, sub-agents included; else it counts the main loop of a query.
    pub(in crate::fold) fn names_models(&self) -> bool {
        self.total.iter().all(|total| total.model.is_some())
    }

    /// Takes what another record of the same result tells.
    pub(super) fn merge(&mut self, other: ResultFacts) {
        if self.total < other.total {
            self.total = other.total;
        }
        self.model = self.model.take().max(other.model);
        self.cost = self.cost.max(other.cost);
        self.is_superseded |= other.is_superseded;
        self.has_later_cost |= other.has_later_cost;
        self.is_cut_off &= other.is_cut_off;
        self.is_torn &= other.is_torn;
        self.is_of_several |= other.is_of_several;
        self.query = self.query.max(other.query);
        self.shown = self.shown.take().max(other.shown);
        self.time = self.time.max(other.time);
        self.by_agents = self.by_agents.max(other.by_agents);
        self.restores = self.restores.max(other.restores);
        self.leaves_agents = self.leaves_agents.max(other.leaves_agents);
        self.runs.extend(other.runs);
    }
}

/// Whether every model of an earlier reading of a process is still there in a later one, and none fell.
pub(in crate::fold) fn is_growth(earlier: &[ModelUsage], later: &[ModelUsage]) -> bool {
    let later: FxHashMap<&Option<Id>, &TokenUsage> = later.iter().map(|now| (&now.model, &now.usage)).collect();
    earlier.iter().all(|then| later.get(&then.model).is_some_and(|now| !now.fell_below(&then.usage)))
}
