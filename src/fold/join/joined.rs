//! What joining is given beside the facts, and what it gives.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::event::{Id, RunId};
use crate::fold::facts::ShowingRuns;

/// Whether a profile's home may hold a source: it is given the names of both.
pub type IsHome<'a> = &'a dyn Fn(&str, &str) -> bool;

/// What was joined.
#[derive(Debug, Default)]
pub(in crate::fold) struct Joined {
    /// The runs of each conversation that no output names.
    pub(in crate::fold) runs: FxHashMap<Id, BTreeSet<RunId>>,
    /// Those of the conversation that spawned it, for each sub-agent's that no output names.
    pub(in crate::fold) children: ShowingRuns,
    /// Runs that several sessions fit, or one that somebody was at work with before and after.
    pub(in crate::fold) ambiguous: BTreeSet<RunId>,
}
