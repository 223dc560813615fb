//! How pi counts tokens: in buckets that share nothing.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::event::{Call, CallKey, Id, MAX_COUNT, TokenUsage, Usd};
use crate::parse::json::{Count, Text, or_zero, part, price};
use crate::parse::lines::model;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Usage<'a> {
    input: Option<Count>,
    output: Option<Count>,
    cache_read: Option<Count>,
    cache_write: Option<Count>,
    /// The part of the cache writes that is kept for an hour, where the provider tells it.
    #[serde(rename = "cacheWrite1h")]
    cache_write_1h: Option<Count>,
    /// The cache writes by how long they are kept, as oh-my-pi tells them.
    cttl: Option<Lifetimes>,
    /// The part of the output that is reasoning, where the provider tells it; oh-my-pi calls it the second.
    reasoning: Option<Count>,
    reasoning_tokens: Option<Count>,
    /// What the provider's own orchestration of the request used beside it, as oh-my-pi tells it: it is paid for.
    orchestration: Option<Orchestration>,
    #[serde(borrow)]
    cost: Option<&'a RawValue>,
    /// How often a model was asked; sub-agents' sums alone tell it.
    pub(super) turns: Option<Count>,
}

#[derive(Clone, Copy, Deserialize)]
struct Lifetimes {
    ephemeral1h: Option<Count>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Orchestration {
    input: Option<Count>,
    cache_read: Option<Count>,
    output: Option<Count>,
}

#[derive(Deserialize)]
struct Cost<'a> {
    #[serde(borrow)]
    total: Option<&'a RawValue>,
}

impl Usage<'_> {
    /// The call; `None` where nothing is counted.
    pub(super) fn call(&self, key: impl Fn(&TokenUsage) -> Id, by: &Text<'_>) -> Option<Call> {
        let tokens = self.tokens();
        let call = Call {
            model: by.get().and_then(model),
            is_logged: true,
            cost: self.cost(),
            ..Call::new(CallKey::Message(key(&tokens)), tokens)
        };
        (!tokens.is_zero()).then_some(call)
    }

    /// What pi says it costs: sub-agents' sums are a number, all others have their parts beside them.
    pub(super) fn cost(&self) -> Option<Usd> {
        let cost = self.cost?;
        part::<Cost<'_>>(cost.get()).map_or_else(|_| price(Some(cost)), |cost| price(cost.total))
    }

    pub(super) fn tokens(&self) -> TokenUsage {
        let [input, output, read, written] = [self.input, self.output, self.cache_read, self.cache_write].map(or_zero);
        let kept = self.cache_write_1h.or(self.cttl.and_then(|lifetimes| lifetimes.ephemeral1h));
        let own = TokenUsage {
            input_tokens: input.saturating_add(read).saturating_add(written).min(MAX_COUNT),
            cache_read_input_tokens: read,
            cache_creation_input_tokens: written,
            cache_creation_1h_input_tokens: or_zero(kept).min(written),
            output_tokens: output,
            reasoning_output_tokens: self.reasoning.or(self.reasoning_tokens).map(|count| count.get().min(output)),
        };
        self.orchestration.map_or(own, |beside| own.plus(&beside.tokens()))
    }
}

impl Orchestration {
    fn tokens(self) -> TokenUsage {
        let [input, read, output] = [self.input, self.cache_read, self.output].map(or_zero);
        TokenUsage {
            input_tokens: input.saturating_add(read).min(MAX_COUNT),
            cache_read_input_tokens: read,
            output_tokens: output,
            ..TokenUsage::default()
        }
    }
}
