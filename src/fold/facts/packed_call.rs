//! A call that bears the provider's message id, packed.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHasher;

use super::call::CallFacts;
use super::compact::{MaybeTime, MaybeUsd, ShortId};
use super::counts::{small, tokens};
use crate::event::{CallKey, GROWING, Harness, Id, Time};

/// How long the rest of an id is that grows.
const DIGEST: usize = 24;

/// One call. What nearly all calls of a session share stands in its context.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::fold) struct PackedCall {
    pub(super) id: ShortId,
    pub(super) is_final: bool,
    /// Input, cache reads, cache writes, those of them kept for an hour, output, reasoning.
    pub(super) counts: [u32; 6],
    time: MaybeTime,
    cost: MaybeUsd,
    context: Arc<CallContext>,
}

/// What calls share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct CallContext {
    model: Option<Id>,
    service_tier: Option<Id>,
    branch: Option<Id>,
    effort: Option<Id>,
    harness: Option<Harness>,
    is_subagent: bool,
    tells_reasoning: bool,
}

impl CallContext {
    fn of(call: &CallFacts, tells_reasoning: bool) -> CallContext {
        CallContext {
            model: call.model.clone(),
            service_tier: call.service_tier.clone(),
            branch: call.branch.clone(),
            effort: call.effort.clone(),
            harness: call.harness.clone(),
            is_subagent: call.is_subagent,
            tells_reasoning,
        }
    }

    fn is_of(&self, call: &CallFacts, tells_reasoning: bool) -> bool {
        let names = [&call.model, &call.service_tier, &call.branch, &call.effort];
        [&self.model, &self.service_tier, &self.branch, &self.effort] == names
            && self.harness == call.harness
            && (self.is_subagent, self.tells_reasoning) == (call.is_subagent, tells_reasoning)
    }
}

impl PackedCall {
    /// `None` for what doesn't fit, which is kept as it is.
    pub(super) fn new(key: &CallKey, call: &CallFacts, like: Option<&PackedCall>) -> Option<PackedCall> {
        let CallKey::Message(key) = key else { return None };
        let is_plain = call.is_logged && call.captured_in.is_none() && !call.is_covered && call.runs.is_empty();
        if !is_plain || call.timing.is_some() {
            return None;
        }
        let (id, time) = (ShortId::new(key)?, MaybeTime::new(call.time)?);
        let usage = &call.usage;
        let tells_reasoning = usage.reasoning_output_tokens.is_some();
        let shared = like.map(|like| &like.context).filter(|context| context.is_of(call, tells_reasoning)).cloned();
        let context = shared.unwrap_or_else(|| Arc::new(CallContext::of(call, tells_reasoning)));
        Some(PackedCall {
            id,
            is_final: call.is_final,
            counts: small(usage)?,
            time,
            cost: MaybeUsd::new(call.cost),
            context,
        })
    }

    pub(in crate::fold) fn time(&self) -> Option<Time> {
        self.time.get()
    }

    pub(in crate::fold) fn id(&self) -> &[u8] {
        self.id.as_bytes()
    }

    pub(super) fn is_subagent(&self) -> bool {
        self.context.is_subagent
    }

    pub(super) fn blended_tokens(&self) -> u64 {
        tokens(&self.counts, false).blended_tokens()
    }

    /// What its id begins with, where a record of the same call as it ends has an id that begins so, too.
    pub(super) fn beginning(&self) -> Option<&str> {
        beginning(self.id.as_str())
    }

    pub(super) fn key(&self) -> CallKey {
        CallKey::Message(self.id.as_str().into())
    }

    pub(super) fn call(&self, conversation: &Id) -> CallFacts {
        let CallContext { model, service_tier, branch, effort, harness, is_subagent, tells_reasoning } = &*self.context;
        CallFacts {
            usage: tokens(&self.counts, *tells_reasoning),
            is_final: self.is_final,
            earliest: self.time(),
            time: self.time(),
            conversation: Some(conversation.clone()),
            model: model.clone(),
            service_tier: service_tier.clone(),
            is_subagent: *is_subagent,
            harness: harness.clone(),
            timing: None,
            is_covered: false,
            is_beyond: false,
            is_doubtful: false,
            is_logged: true,
            captured_in: None,
            is_cut_off: false,
            is_bare: false,
            branch: branch.clone(),
            effort: effort.clone(),
            cost: self.cost.get(),
            is_paid: false,
            runs: BTreeSet::new(),
        }
    }

    /// Takes what other records of the same call tell, each with the conversation that holds it.
    pub(in crate::fold) fn merge<'a>(
        &mut self,
        conversation: &Id,
        others: impl Iterator<Item = (&'a Id, &'a PackedCall)>,
    ) {
        let mut call = self.call(conversation);
        others.for_each(|(id, other)| call.merge(other.call(id)));
        if let Some(merged) = PackedCall::new(&self.key(), &call, Some(self)) {
            *self = merged;
        }
    }

    pub(in crate::fold) fn hash(&self) -> u64 {
        use std::hash::Hasher;
        let mut hasher = FxHasher::default();
        hasher.write(self.id());
        hasher.finish()
    }
}

/// The provider's id of a call's message, where that identifies it.
pub(in crate::fold) fn id_of(key: &CallKey) -> Option<&str> {
    match key {
        CallKey::Message(id) => Some(id),
        _ => None,
    }
}

/// What a message's id begins with that grows: see [`GROWING`].
pub(in crate::fold) fn beginning(id: &str) -> Option<&str> {
    let (beginning, rest) = id.split_once(GROWING)?;
    (rest.len() == DIGEST && rest.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(beginning)
}
