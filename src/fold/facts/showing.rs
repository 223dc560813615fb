//! Which runs show each conversation.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::event::{Id, RunId};

/// The runs that show a conversation, and how many of its calls.
pub(in crate::fold) type Showing = BTreeMap<RunId, usize>;

/// The runs of each conversation. All sub-agents of one share its own: thousands of them may have as many runs.
pub(in crate::fold) type ShowingRuns = FxHashMap<Id, Arc<Showing>>;

/// Makes something of the runs of each conversation, once where conversations share them.
pub(in crate::fold) fn once_for_shared<'a, T: Clone>(
    conversations: impl Iterator<Item = (&'a Id, &'a Arc<Showing>)>,
    mut make: impl FnMut(&Showing) -> T,
) -> impl Iterator<Item = (&'a Id, T)> {
    let mut made: FxHashMap<*const Showing, T> = FxHashMap::default();
    conversations.map(move |(id, runs)| (id, made.entry(Arc::as_ptr(runs)).or_insert_with(|| make(runs)).clone()))
}
