//! Calls of which a record can't be counted, as it tells no usage or is torn. Another record of the same call may.

use super::place::Place;
use crate::event::{Id, Time};

/// Where such a record stands. Sorted by the call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UncountedCall {
    /// The id of the call's message, or what it begins with; `None` where nothing tells.
    pub key: Option<Id>,
    /// The sub-agent whose calls are meant; `None`: it is one call.
    pub agent: Option<Id>,
    /// When it was made.
    pub time: Option<Time>,
    /// Where the record stands.
    pub place: Place,
}
