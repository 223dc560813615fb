//! What is reported of a message while it streams, and of the steps that its totals leave out.

use crate::event::{Call, CallKey, Id, MAX_COUNT, TokenUsage};

/// A later report of a streaming message.
#[derive(Debug, Clone, PartialEq)]
pub enum Growth {
    /// What its totals are by now.
    Totals(Totals),
    /// A step that they leave out.
    Step(Step),
}

/// A message's usage as Anthropic splits it. `None`: unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Input that is neither read from nor written to the cache.
    pub uncached: Option<u64>,
    /// Input read from the cache.
    pub cache_read: Option<u64>,
    /// Input written to the cache.
    pub cache_creation: Option<u64>,
    /// Output so far.
    pub output: Option<u64>,
    /// Reasoning so far; part of the output.
    pub reasoning: Option<u64>,
    /// The model that answered in place of one that declined, and what its last step used: the totals are its own alone.
    pub fallback: Option<(Id, TokenUsage)>,
}

/// A step of a message that its totals leave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its place among such steps.
    pub nth: usize,
    /// Its model; `None`: the message's.
    pub model: Option<Id>,
    /// Its service tier; `None`: the message's.
    pub service_tier: Option<Id>,
    /// Its tokens.
    pub usage: TokenUsage,
}

impl Growth {
    /// The call that it tells of, where `own` is the message's, which grows by it.
    pub fn call(self, own: &mut Call) -> Option<Call> {
        let totals = match self {
            Growth::Totals(totals) => totals,
            Growth::Step(step) => return step.call(own),
        };
        match &totals.fallback {
            Some((by, usage)) if own.model.as_ref() != Some(by) => {
                own.usage = totals.over(usage);
                own.model = Some(by.clone());
            }
            _ => own.usage = totals.over(&own.usage),
        }
        own.is_final = true;
        Some(own.clone())
    }
}

impl Totals {
    /// The message's usage, given what was known before. Counts only grow.
    pub fn over(&self, earlier: &TokenUsage) -> TokenUsage {
        let cached = earlier.cache_read_input_tokens.saturating_add(earlier.cache_creation_input_tokens);
        let larger = |now: Option<u64>, then: u64| now.unwrap_or(0).max(then);
        let uncached = larger(self.uncached, earlier.input_tokens.saturating_sub(cached));
        let cache_read = larger(self.cache_read, earlier.cache_read_input_tokens);
        let cache_creation = larger(self.cache_creation, earlier.cache_creation_input_tokens);
        let output = larger(self.output, earlier.output_tokens);
        TokenUsage {
            input_tokens: uncached.saturating_add(cache_read).saturating_add(cache_creation).min(MAX_COUNT),
            cache_read_input_tokens: cache_read,
            cache_creation_input_tokens: cache_creation,
            output_tokens: output,
            reasoning_output_tokens: self.reasoning.max(earlier.reasoning_output_tokens).map(|count| count.min(output)),
            ..*earlier
        }
    }
}

impl Step {
    /// Its call, where `own` is the message's.
    pub fn call(self, own: &Call) -> Option<Call> {
        let CallKey::Message(key) = &own.key else { return None };
        Some(Call {
            key: CallKey::of_step(key, self.nth),
            model: self.model.or_else(|| own.model.clone()),
            service_tier: self.service_tier.or_else(|| own.service_tier.clone()),
            usage: self.usage,
            ..own.clone()
        })
    }
}
