//! The calls of a conversation's session logs by the provider's message id: there may be hundreds of thousands.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::call::CallFacts;
use super::packed_call::PackedCall;
use crate::event::{CallKey, GROWING, Id, Time};

/// The calls of one conversation. Merging is associative and commutative.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Messages {
    /// Sorted by id, each once, but for those that were just added.
    pub(in crate::fold) calls: Vec<PackedCall>,
}

impl Messages {
    /// Adds a call; gives it back if it doesn't fit.
    pub(in crate::fold) fn push(&mut self, key: &CallKey, call: CallFacts) -> Option<CallFacts> {
        match PackedCall::new(key, &call, self.calls.last()) {
            Some(packed) => {
                self.calls.push(packed);
                None
            }
            None => Some(call),
        }
    }

    /// Whether there are none.
    pub(in crate::fold) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Sorts the calls by id, and merges those of the same one. `conversation` is whose they are.
    pub(in crate::fold) fn sort(&mut self, conversation: &Id) {
        self.calls.sort_by(|a, b| a.id().cmp(b.id()));
        self.calls.dedup_by(|later, kept| {
            let is_same = later.id() == kept.id();
            if is_same {
                kept.merge(conversation, [(conversation, &*later)].into_iter());
            }
            is_same
        });
        self.drop_outgrown();
        self.calls.shrink_to_fit();
    }

    /// Drops what isn't final where the same call is known as it ended: ids sort those of the same beginning together.
    fn drop_outgrown(&mut self) {
        let is_same = |a: &PackedCall, b: &PackedCall| a.beginning().is_some() && a.beginning() == b.beginning();
        let finals = |calls: &[PackedCall]| calls.iter().any(|call| call.is_final);
        if self.calls.iter().all(|call| call.is_final || call.beginning().is_none()) {
            return;
        }
        let outgrown = self.calls.chunk_by(is_same).flat_map(|calls| {
            let is_known = finals(calls);
            calls.iter().map(move |call| is_known && !call.is_final)
        });
        let mut outgrown = Vec::from_iter(outgrown).into_iter();
        self.calls.retain(|_| outgrown.next() != Some(true));
    }

    /// Drops final calls that tell once more of another one that was answered before, or then and used less: a copy that
    /// lacks the total counts thinking twice.
    pub(in crate::fold) fn drop_rewritten(&mut self) {
        let is_same = |a: &PackedCall, b: &PackedCall| a.beginning().is_some() && a.beginning() == b.beginning();
        if self.calls.iter().all(|call| call.beginning().is_none()) {
            return;
        }
        let rewritten = self.calls.chunk_by(is_same).flat_map(|calls| {
            let finals = calls.iter().enumerate().filter(|(_, call)| call.is_final);
            let rank = |call: &PackedCall| (call.time().unwrap_or(Time::MAX), call.counts);
            let first = finals.min_by_key(|(_, call)| rank(call)).map(|(at, _)| at);
            calls.iter().enumerate().map(move |(at, call)| call.is_final && Some(at) != first)
        });
        let mut rewritten = Vec::from_iter(rewritten).into_iter();
        self.calls.retain(|_| rewritten.next() != Some(true));
    }

    /// The union of both, of the same conversation.
    pub(super) fn merge(&mut self, mut other: Messages, conversation: &Id) {
        let is_mixed = !self.is_empty() && !other.is_empty();
        self.calls.append(&mut other.calls);
        // Both are sorted, which the sort makes use of.
        if is_mixed {
            self.sort(conversation);
        }
    }

    /// When they were answered.
    pub(in crate::fold) fn times(&self) -> impl Iterator<Item = Time> + '_ {
        self.calls.iter().filter_map(PackedCall::time)
    }

    /// When the latest was answered that no sub-agent made; `None` without one of a known time.
    pub(in crate::fold) fn latest_own(&self) -> Option<Time> {
        let calls = self.calls.iter().filter(|call| !call.is_subagent());
        calls.filter_map(PackedCall::time).max()
    }

    /// The id of the one that was added last.
    pub(super) fn last(&self) -> Option<Id> {
        self.calls.last().map(|call| call.id.as_str().into())
    }

    /// When the one of this id was answered. They must be in order.
    pub(in crate::fold) fn time_of(&self, id: &str) -> Option<Time> {
        let at = self.calls.binary_search_by(|call| call.id().cmp(id.as_bytes())).ok()?;
        self.calls.get(at).and_then(PackedCall::time)
    }

    /// Whether a sub-agent made the one that was added last.
    pub(super) fn is_subagents(&self) -> bool {
        self.calls.last().is_some_and(|call| call.is_subagent())
    }

    /// Whether a sub-agent made one of them.
    pub(in crate::fold) fn has_subagents(&self) -> bool {
        self.calls.iter().any(|call| call.is_subagent())
    }

    /// The blended total of those that were answered at a known time.
    pub(in crate::fold) fn blended_tokens(&self) -> u64 {
        let dated = self.calls.iter().filter(|call| call.time().is_some());
        dated.fold(0, |sum, call| sum.saturating_add(call.blended_tokens()))
    }

    /// Whether one of these ids is among them.
    pub(in crate::fold) fn has_any_of(&self, ids: &FxHashSet<&str>) -> bool {
        let has = |call: &PackedCall| ids.contains(call.id.as_str());
        !ids.is_empty() && self.calls.iter().any(has)
    }

    /// Whether one of them has this id, or one that begins so, if it ends with [`GROWING`]. They must be in order.
    pub(in crate::fold) fn has(&self, id: &str) -> bool {
        let at = self.calls.partition_point(|call| call.id() < id.as_bytes());
        let is_meant = |known: &[u8]| match id.ends_with(GROWING) {
            true => known.starts_with(id.as_bytes()),
            false => known == id.as_bytes(),
        };
        self.calls.get(at).is_some_and(|call| is_meant(call.id()))
    }

    /// Whether the output count of one of them is not final.
    pub(in crate::fold) fn has_placeholder(&self) -> bool {
        self.calls.iter().any(|call| !call.is_final)
    }

    /// Unpacks them in the order of their keys.
    pub(in crate::fold) fn calls<'a>(
        &'a self,
        conversation: &'a Id,
    ) -> impl Iterator<Item = (CallKey, CallFacts)> + 'a {
        self.calls.iter().map(|packed| (packed.key(), packed.call(conversation)))
    }

    /// Hands them on, unpacked.
    pub(in crate::fold) fn unpack(self, conversation: &Id) -> BTreeMap<CallKey, Box<CallFacts>> {
        self.calls(conversation).map(|(key, call)| (key, Box::new(call))).collect()
    }
}
