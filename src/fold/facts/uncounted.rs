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
    /// The session log that tells what a sub-agent used.
    pub log: Option<AgentLog>,
    /// When it was made; `None` where the record has no time.
    pub time: Option<Time>,
    /// Where the record stands.
    pub place: Place,
}

/// Tells records from one another by their ids: the same in every reading.
pub(in crate::fold) fn digest(record: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    record.hash(&mut hasher);
    hasher.finish()
}
