//! Calls that were written down twice: an upgrade copies them under the same ids, with other times.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::event::{CallKey, Id, Time, TokenUsage};
use crate::fold::facts::{Calls, Conversations, beginning, id_of};

/// When a call was answered, what it used, and its key.
type Told<'a> = (Time, TokenUsage, &'a CallKey);

/// Keeps of several final calls of a conversation that were asked for at the same time the one that was answered first, of
/// several of these the smallest. It must be known whose they are: forks copy either.
pub(super) fn drop_rewritten(calls: &mut Calls, conversations: &mut Conversations) {
    conversations.values_mut().for_each(|facts| facts.messages.drop_rewritten());
    let mut asked: FxHashMap<(&Id, &str), Vec<Told<'_>>> = FxHashMap::default();
    for (key, call) in calls.iter().filter(|(_, call)| call.is_final) {
        if let (Some(id), Some(beginning)) = (&call.conversation, id_of(key).and_then(beginning)) {
            asked.entry((id, beginning)).or_default().push((call.time.unwrap_or(Time::MAX), call.usage, key));
        }
    }
    let mut rewritten: FxHashSet<CallKey> = FxHashSet::default();
    for told in asked.values_mut().filter(|told| told.len() > 1) {
        told.sort_unstable_by(|a, b| b.cmp(a));
        told.pop();
        rewritten.extend(told.iter().map(|(_, _, key)| (*key).clone()));
    }
    if !rewritten.is_empty() {
        calls.retain(|key, _| !rewritten.contains(key));
    }
}
