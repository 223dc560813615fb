//! Calls of which a record can't be counted, as it tells no usage or is torn. Another record of the same call may.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::place::Place;
use crate::event::{AgentLog, Id, Time};

/// A call of which a record can't be counted, and where that stands. Their order is that of the calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UncountedCall {
    /// The id of the call's message, or what it begins with, or that of its record; `None` where nothing tells.
    pub key: Option<Id>,
    /// The sub-agent whose calls are meant; `None`: it is one call.
    pub agent: Option<Id>,
    /// The session log that tells what a sub-agent used; `None`: none is named.
    pub log: Option<AgentLog>,
    /// How many sub-agents are meant, where `agent` names none of them; those that were still at work, if that is `None`.
    /// `None`: `agent` names the one, if any is meant.
    pub agent_count: Option<u64>,
    /// Whether it is the call that summed up what had been said, which sub-agents tell whose names begin with `agent`.
    pub is_compaction: bool,
    /// When it was made; `None` where the record has no time.
    pub time: Option<Time>,
    /// Where the record stands.
    pub place: Place,
}

impl UncountedCall {
    /// Whether it is one call, which any other record of it may tell.
    pub(in crate::fold) fn is_one(&self) -> bool {
        self.agent.is_none() && self.agent_count.is_none() && self.log.is_none()
    }

    /// Whether sub-agents made it.
    pub(in crate::fold) fn is_of_agents(&self) -> bool {
        !self.is_one() && !self.is_compaction
    }
}

/// Tells records from one another by their ids: the same in every reading.
pub(in crate::fold) fn digest(record: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    record.hash(&mut hasher);
    hasher.finish()
}
