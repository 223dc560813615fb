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
    /// The part of the output that is reasoning, where the provider tells it.
    reasoning: Option<Count>,
    #[serde(borrow)]
    cost: Option<&'a RawValue>,
    /// How often a model was asked; sub-agents' sums alone tell it.
    pub(super) turns: Option<Count>,
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
        TokenUsage {
            input_tokens: input.saturating_add(read).saturating_add(written).min(MAX_COUNT),
            cache_read_input_tokens: read,
            cache_creation_input_tokens: written,
            cache_creation_1h_input_tokens: or_zero(self.cache_write_1h).min(written),
            output_tokens: output,
            reasoning_output_tokens: self.reasoning.map(|count| count.get().min(output)),
        }
    }
}
