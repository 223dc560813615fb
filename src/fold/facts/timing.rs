//! How long things took: a union of keyed facts, as with tokens.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::event::{Harness, Id, Request, RunId, StreamFailure, Time, ToolCall};

/// Identity of an attempt: its conversation, when it ended, and its number, where records tell these.
pub type RequestKey = (Id, Option<Time>, Option<u64>);

/// Identity of a broken stream: its conversation, and when it broke, where its record has a time.
pub type FailureKey = (Id, Option<Time>);

/// Identity of a tool call: its conversation, its id, and when it ended, where its record tells these.
pub type ToolKey = (Option<Id>, Option<Id>, Option<Time>);

/// Requests, broken streams and tool calls of any number of sources. Merging is associative and
/// commutative, and a fact given twice counts once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TimingFacts {
    /// Attempts to have a model's API answer.
    pub requests: FxHashMap<RequestKey, TimingFact<Request>>,
    /// Streams that broke off.
    pub failures: FxHashMap<FailureKey, TimingFact<StreamFailure>>,
    /// Tool calls.
    pub tools: FxHashMap<ToolKey, TimingFact<ToolCall>>,
}

/// A request, broken stream or tool call, who wrote it down, and the runs that show it.
#[derive(Debug, Clone, PartialEq)]
pub struct TimingFact<T> {
    /// What is known.
    pub fact: T,
    /// The harness that wrote it down; `None` where no record names it.
    pub harness: Option<Harness>,
    /// The runs whose outputs show it.
    pub runs: BTreeSet<RunId>,
}

impl<T> TimingFact<T> {
    pub(in crate::fold) fn new(fact: T, run: Option<RunId>, harness: Option<Harness>) -> TimingFact<T> {
        TimingFact { fact, harness, runs: run.into_iter().collect() }
    }
}

impl TimingFacts {
    /// Takes an attempt.
    pub(in crate::fold) fn request(&mut self, time: Option<Time>, request: TimingFact<Request>) {
        let key = (request.fact.conversation.clone(), time, request.fact.attempt);
        merge_into(&mut self.requests, key, request, |a, b| Request {
            conversation: a.conversation,
            model: a.model.max(b.model),
            duration_ms: a.duration_ms.max(b.duration_ms),
            status: a.status.max(b.status),
            attempt: a.attempt,
            failed: a.failed || b.failed,
            // A tail does not show what came before.
            is_retry: a.is_retry || b.is_retry,
        });
    }

    /// Takes a stream that broke off.
    pub(in crate::fold) fn failure(&mut self, time: Option<Time>, failure: TimingFact<StreamFailure>) {
        let key = (failure.fact.conversation.clone(), time);
        merge_into(&mut self.failures, key, failure, |a, b| StreamFailure {
            conversation: a.conversation,
            model: a.model.max(b.model),
        });
    }

    /// Takes a tool call.
    pub(in crate::fold) fn tool(&mut self, time: Option<Time>, tool: TimingFact<ToolCall>) {
        let key = (tool.fact.conversation.clone(), tool.fact.call_id.clone(), time);
        merge_into(&mut self.tools, key, tool, |a, b| ToolCall {
            conversation: a.conversation,
            model: a.model.max(b.model),
            call_id: a.call_id,
            name: a.name.max(b.name),
            duration_ms: a.duration_ms.max(b.duration_ms),
            success: a.success.max(b.success),
        });
    }

    /// The union of both.
    pub(super) fn merge(&mut self, other: TimingFacts) {
        for ((_, time, _), request) in other.requests {
            self.request(time, request);
        }
        for ((_, time), failure) in other.failures {
            self.failure(time, failure);
        }
        for ((_, _, time), tool) in other.tools {
            self.tool(time, tool);
        }
    }

    /// Drops tool calls that nothing names where another record of the same names them.
    pub(in crate::fold) fn drop_named_twins(&mut self) {
        if self.tools.keys().all(|(conversation, ..)| conversation.is_some()) {
            return;
        }
        let named = self.tools.keys().filter(|(conversation, ..)| conversation.is_some());
        let named: BTreeSet<Id> = named.filter_map(|(_, id, _)| id.clone()).collect();
        self.tools.retain(|(conversation, id, _), _| {
            conversation.is_some() || id.as_ref().is_none_or(|id| !named.contains(id))
        });
    }
}

fn merge_into<K: std::hash::Hash + Eq, T>(
    known: &mut FxHashMap<K, TimingFact<T>>,
    key: K,
    new: TimingFact<T>,
    merge: fn(T, T) -> T,
) {
    let merged = match known.remove(&key) {
        Some(mut old) => {
            old.runs.extend(new.runs);
            TimingFact { fact: merge(old.fact, new.fact), harness: old.harness.max(new.harness), runs: old.runs }
        }
        None => new,
    };
    known.insert(key, merged);
}
