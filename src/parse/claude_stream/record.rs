//! The fields of Claude's records that we use, and what they mean. Unknown fields are ignored.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::event::{Call, CallKey, Counter, Id, MAX_COUNT, ModelUsage, Quota, Scope, Time, TokenUsage, Usd};
use crate::parse::format::Growth;
use crate::parse::lines::{id, model};

/// A model name that marks a message that no model wrote.
const SYNTHETIC: &str = "<synthetic>";

/// What every record has; the rest is read when the kind is known.
#[derive(Deserialize)]
pub(super) struct Head {
    pub(super) r#type: Option<String>,
    pub(super) subtype: Option<String>,
    pub(super) session_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Init {
    pub(super) model: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Assistant {
    pub(super) message: Option<Message>,
    pub(super) parent_tool_use_id: Option<String>,
    pub(super) timestamp: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct StreamEvent {
    pub(super) event: Option<MessageEvent>,
    pub(super) parent_tool_use_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct MessageEvent {
    pub(super) r#type: Option<String>,
    pub(super) message: Option<Message>,
    pub(super) usage: Option<Usage>,
}

#[derive(Deserialize)]
pub(super) struct Message {
    id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) usage: Option<Usage>,
}

#[derive(Deserialize)]
pub(super) struct Finish {
    uuid: Option<String>,
    pub(super) usage: Option<Usage>,
    #[serde(rename = "modelUsage")]
    model_usage: Option<BTreeMap<String, ModelCounts>>,
    total_cost_usd: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
pub(super) struct RateLimitEvent {
    pub(super) rate_limit_info: Option<RateLimit>,
}

/// Anthropic's usage: input excludes what was read from or written to the cache.
#[derive(Deserialize)]
pub(super) struct Usage {
    input_tokens: Option<Count>,
    cache_creation_input_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    cache_creation: Option<CacheCreation>,
    service_tier: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct CacheCreation {
    ephemeral_1h_input_tokens: Option<Count>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ModelCounts {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_creation_input_tokens: Option<Count>,
    #[serde(rename = "costUSD")]
    cost_usd: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RateLimit {
    resets_at: Option<i64>,
    rate_limit_type: Option<String>,
    utilization: Option<f64>,
}

/// A count that a signed 64-bit column holds.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct Count(u64);

impl TryFrom<u64> for Count {
    type Error = &'static str;

    fn try_from(count: u64) -> Result<Count, Self::Error> {
        if count <= MAX_COUNT { Ok(Count(count)) } else { Err("beyond 64 bits") }
    }
}

fn or_zero(count: Option<Count>) -> u64 {
    count.map_or(0, |count| count.0)
}

/// The one place where cache tokens, which Anthropic counts beside input, become part of it.
fn anthropic_usage(input: u64, cache_read: u64, cache_creation: u64, one_hour: u64, output: u64) -> TokenUsage {
    TokenUsage {
        input_tokens: input.saturating_add(cache_read).saturating_add(cache_creation).min(MAX_COUNT),
        cache_read_input_tokens: cache_read,
        cache_creation_input_tokens: cache_creation,
        cache_creation_1h_input_tokens: one_hour.min(cache_creation),
        output_tokens: output,
        reasoning_output_tokens: None,
    }
}

impl Usage {
    fn tokens(&self) -> TokenUsage {
        let one_hour = self.cache_creation.as_ref().map_or(0, |cache| or_zero(cache.ephemeral_1h_input_tokens));
        let [input, read, creation, output] =
            [self.input_tokens, self.cache_read_input_tokens, self.cache_creation_input_tokens, self.output_tokens]
                .map(or_zero);
        anthropic_usage(input, read, creation, one_hour, output)
    }

    /// What a later report of the same message says; what it leaves out holds.
    pub(super) fn growth(&self) -> Growth {
        let count = |count: Option<Count>| count.map(|count| count.0);
        Growth {
            uncached: count(self.input_tokens),
            cache_read: count(self.cache_read_input_tokens),
            cache_creation: count(self.cache_creation_input_tokens),
            output: count(self.output_tokens),
        }
    }
}

impl Message {
    pub(super) fn call(&self, session: &Id, is_subagent: bool) -> Option<Call> {
        let usage = self.usage.as_ref()?;
        let model = self.model.as_deref().filter(|model| *model != SYNTHETIC).and_then(model)?;
        Some(Call {
            key: CallKey::Message(id(self.id.as_deref()?)?),
            conversation: Some(session.clone()),
            model: Some(model),
            service_tier: usage.service_tier.as_deref().and_then(id),
            is_subagent,
            usage: usage.tokens(),
            is_final: false,
        })
    }
}

fn money(raw: Option<&RawValue>) -> Option<Usd> {
    raw.and_then(|raw| Usd::parse(raw.get()))
}

impl Finish {
    pub(super) fn counter(self, session: Id) -> Counter {
        let cost = money(self.total_cost_usd.as_deref());
        let by_model = self.model_usage.unwrap_or_default().into_iter();
        let mut total: Vec<ModelUsage> = by_model.map(|(name, counts)| counts.of(model(&name))).collect();
        let mut scope = Scope::Process;
        if total.is_empty() {
            // Older versions: `usage` is all there is.
            total.extend(self.usage.map(|usage| ModelUsage { model: None, usage: usage.tokens(), cost: None }));
            scope = Scope::Query;
        }
        let key = self.uuid.as_deref().and_then(id);
        Counter { conversation: Some(session), scope, key, total, last: None, cost }
    }
}

impl ModelCounts {
    fn of(self, model: Option<Id>) -> ModelUsage {
        let [input, read, creation, output] =
            [self.input_tokens, self.cache_read_input_tokens, self.cache_creation_input_tokens, self.output_tokens]
                .map(or_zero);
        let usage = anthropic_usage(input, read, creation, 0, output);
        ModelUsage { model, usage, cost: money(self.cost_usd.as_deref()) }
    }
}

impl RateLimit {
    pub(super) fn quota(self) -> Option<Quota> {
        let window_minutes = match self.rate_limit_type.as_deref() {
            Some("five_hour") => Some(300),
            Some(kind) if kind.starts_with("seven_day") => Some(10_080),
            _ => None,
        };
        let used_percent = self.utilization.filter(|share| share.is_finite())? * 100.0;
        Some(Quota {
            window_minutes,
            used_percent,
            resets_at: self.resets_at.and_then(|seconds| Time::from_millis(seconds.checked_mul(1000)?)),
        })
    }
}

impl Head {
    pub(super) fn is_of_stream(&self) -> bool {
        let known = ["system", "assistant", "user", "result", "stream_event", "rate_limit_event"];
        self.session_id.is_some() && self.r#type.as_deref().is_some_and(|kind| known.contains(&kind))
    }
}
