//! Calls of which a record can't be counted, as it tells no usage or is torn. Another record of the same call may.

use super::place::Place;
use crate::event::{Id, Time};

/// A call of which a record can't be counted, and where that stands. Their order is that of the calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UncountedCall {
    /// The id of the call's message, or what it begins with; `None` where nothing tells.
    pub key: Option<Id>,
    /// The sub-agent whose calls are meant; `None`: it is one call.
    pub agent: Option<Id>,
    /// When it was made; `None` where the record has no time.
    pub time: Option<Time>,
    /// Where the record stands.
    pub place: Place,
}
