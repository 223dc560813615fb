//! Messages as Anthropic's API answers them: Claude's captures and session files hold them whole.

mod steps;

use std::iter;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::growth::{Growth, Step, Totals};
use super::json::{self, Count, Text, or_zero};
use super::lines::{id, key, model};
use super::plain::Plain;
use crate::event::{Call, CallKey, Id, MAX_COUNT, TokenUsage};
use steps::Steps;

/// A model name that marks a message that no model wrote.
const SYNTHETIC: &str = "<synthetic>";

/// The service tier of who asks for none.
const USUAL_TIER: &str = "standard";

/// Where inference takes place that costs more (<https://platform.claude.com/docs/en/build-with-claude/data-residency>).
const DEAR_PLACE: &str = "us";

/// A message that a model wrote.
#[derive(Default, Deserialize)]
pub struct Message<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    model: Text<'a>,
    /// `null` while it streams; some writers leave it out.
    #[serde(borrow, default = "Text::empty")]
    stop_reason: Text<'a>,
    #[serde(borrow)]
    usage: Option<Usage<'a>>,
}

/// Its usage: input excludes what was read from or written to the cache.
#[derive(Default, Deserialize)]
pub struct Usage<'a> {
    input_tokens: Option<Count>,
    cache_creation_input_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    output_tokens_details: Option<OutputDetails>,
    cache_creation: Option<CacheCreation>,
    #[serde(borrow, default)]
    service_tier: Text<'a>,
    #[serde(borrow, default)]
    speed: Text<'a>,
    #[serde(borrow, default)]
    inference_geo: Text<'a>,
    #[serde(borrow)]
    iterations: Option<&'a RawValue>,
}

/// A breakdown of the cache writes.
#[derive(Default, Deserialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Option<Count>,
    ephemeral_1h_input_tokens: Option<Count>,
}

/// A breakdown of the output, as the API gives it since summer 2026.
#[derive(Default, Deserialize)]
struct OutputDetails {
    thinking_tokens: Option<Count>,
}

/// The one place where cache tokens, which Anthropic counts beside input, become part of it. Reasoning is part of the
/// output already.
pub fn usage(input: u64, cache: [u64; 3], output: u64, reasoning: Option<Count>) -> TokenUsage {
    let [cache_read, cache_creation, one_hour] = cache;
    TokenUsage {
        input_tokens: input.saturating_add(cache_read).saturating_add(cache_creation).min(MAX_COUNT),
        cache_read_input_tokens: cache_read,
        cache_creation_input_tokens: cache_creation,
        cache_creation_1h_input_tokens: one_hour.min(cache_creation),
        output_tokens: output,
        reasoning_output_tokens: reasoning.map(|count| count.get().min(output)),
    }
}

impl<'a> Usage<'a> {
    fn take(&mut self, json: &mut Plain<'a>) -> Option<()> {
        let mut inference_geo = None;
        json.object(|key, json| match key {
            b"input_tokens" => json.count_into(&mut self.input_tokens),
            b"cache_creation_input_tokens" => json.count_into(&mut self.cache_creation_input_tokens),
            b"cache_read_input_tokens" => json.count_into(&mut self.cache_read_input_tokens),
            b"output_tokens" => json.count_into(&mut self.output_tokens),
            b"service_tier" => json.text_into(&mut self.service_tier),
            b"speed" => json.text_into(&mut self.speed),
            b"cache_creation" if self.cache_creation.is_none() => {
                self.cache_creation.insert(CacheCreation::default()).take(json)
            }
            b"output_tokens_details" if self.output_tokens_details.is_none() => {
                self.output_tokens_details.insert(OutputDetails::default()).take(json)
            }
            b"cache_creation" | b"output_tokens_details" => None,
            b"iterations" => json.json_into(&mut self.iterations),
            b"inference_geo" => json.text_or_null_into(&mut inference_geo),
            _ => json.pass_over(),
        })?;
        self.inference_geo = inference_geo.unwrap_or_default();
        Some(())
    }
}

impl CacheCreation {
    fn take(&mut self, json: &mut Plain<'_>) -> Option<()> {
        json.object(|key, json| match key {
            b"ephemeral_5m_input_tokens" => json.count_into(&mut self.ephemeral_5m_input_tokens),
            b"ephemeral_1h_input_tokens" => json.count_into(&mut self.ephemeral_1h_input_tokens),
            _ => json.pass_over(),
        })
    }
}

impl OutputDetails {
    fn take(&mut self, json: &mut Plain<'_>) -> Option<()> {
        json.object(|key, json| match key {
            b"thinking_tokens" => json.count_into(&mut self.thinking_tokens),
            _ => json.pass_over(),
        })
    }
}

impl Usage<'_> {
    /// What was used.
    pub fn tokens(&self) -> TokenUsage {
        let parts = self.cache_creation.as_ref();
        let one_hour = parts.map_or(0, |parts| or_zero(parts.ephemeral_1h_input_tokens));
        let five_minutes = parts.map_or(0, |parts| or_zero(parts.ephemeral_5m_input_tokens));
        let [input, read, output] = [self.input_tokens, self.cache_read_input_tokens, self.output_tokens].map(or_zero);
        // The breakdown alone is as good as its sum.
        let creation = self.cache_creation_input_tokens.map_or(one_hour.saturating_add(five_minutes), Count::get);
        usage(input, [read, creation, one_hour], output, self.reasoning())
    }

    fn reasoning(&self) -> Option<Count> {
        self.output_tokens_details.as_ref()?.thinking_tokens
    }

    /// What a later report of the same message says; what it leaves out holds.
    pub fn growth(&self) -> impl Iterator<Item = Growth> + use<> {
        let count = |count: Option<Count>| count.map(Count::get);
        let steps = self.steps();
        let totals = Totals {
            uncached: count(self.input_tokens),
            cache_read: count(self.cache_read_input_tokens),
            cache_creation: count(self.cache_creation_input_tokens),
            output: count(self.output_tokens),
            reasoning: count(self.reasoning()),
            fallback: steps.fallback().map(|(by, usage)| (by, usage.tokens())),
        };
        let extra: Vec<Step> = steps.extra().into_iter().flatten().collect();
        iter::once(Growth::Totals(totals)).chain(extra.into_iter().map(Growth::Step))
    }

    /// The steps that are more than a part of the totals.
    fn steps(&self) -> Steps<'_> {
        Steps::of(self.iterations)
    }

    /// The tier that sets the price, where that isn't the one of who asks for none.
    pub fn unusual_tier(&self) -> Option<Id> {
        self.tier(None).filter(|tier| tier.as_str() != USUAL_TIER)
    }

    /// The tier that sets the price.
    fn tier(&self, before: Option<&Id>) -> Option<Id> {
        let asked = if self.speed.is("fast") { &self.speed } else { &self.service_tier };
        if !self.inference_geo.is(DEAR_PLACE) {
            return json::name(asked, before, id);
        }
        match asked.get().filter(|asked| !asked.is_empty() && *asked != USUAL_TIER) {
            Some(asked) => id(&format!("{asked}-{DEAR_PLACE}")),
            None => json::name(&self.inference_geo, before, id),
        }
    }
}

impl<'a> Message<'a> {
    /// Takes what a message says that is written plainly, for one that says nothing yet.
    pub fn take(&mut self, json: &mut Plain<'a>) -> Option<()> {
        let mut stop_reason = None;
        json.object(|key, json| match key {
            b"id" => json.text_into(&mut self.id),
            b"model" => json.text_into(&mut self.model),
            b"stop_reason" => json.text_or_null_into(&mut stop_reason),
            b"usage" if self.usage.is_none() => self.usage.insert(Usage::default()).take(json),
            b"usage" => None,
            _ => json.pass_over(),
        })?;
        self.stop_reason = stop_reason.unwrap_or_else(Text::empty);
        Some(())
    }

    /// The calls that it tells of: its own, and those of steps that its totals leave out. None without usage,
    /// or if no model wrote it. The first of `or_keys` that is known names a message without an id; `before` is a call
    /// whose names may be shared.
    pub fn calls(&self, or_keys: &[&Text<'_>], before: Option<&Call>) -> impl Iterator<Item = Box<Call>> + use<> {
        let steps = self.usage.as_ref().map(Usage::steps).unwrap_or_default();
        let own = self.own_call(or_keys, before, &steps);
        let extra = own.iter().flat_map(|own| steps.extra().into_iter().flatten().filter_map(|step| step.call(own)));
        let extra: Vec<Call> = extra.collect();
        own.into_iter().chain(extra.into_iter().map(Box::new))
    }

    /// Whether a model wrote it and nothing tells what that used.
    pub fn is_uncounted(&self) -> bool {
        self.usage.is_none() && !self.is_synthetic() && self.model.bytes().is_some_and(|model| !model.is_empty())
    }

    /// Whether the harness wrote it in a model's place, as where a request failed.
    pub fn is_synthetic(&self) -> bool {
        self.model.is(SYNTHETIC)
    }

    /// What identifies the call that it answers: its id, or the first of `or_keys` that is known.
    pub fn key(&self, or_keys: &[&Text<'_>]) -> Option<Id> {
        self.name(or_keys)?.get().map(key)
    }

    fn name<'b>(&'b self, or_keys: &[&'b Text<'_>]) -> Option<&'b Text<'b>> {
        let has_id = self.id.bytes().is_some_and(|id| !id.is_empty());
        if has_id { Some(&self.id) } else { or_keys.iter().copied().find(|key| key.bytes().is_some()) }
    }

    /// Whether a step that its totals leave out can't be read.
    pub fn has_bad_step(&self) -> bool {
        self.usage.as_ref().is_some_and(|usage| usage.steps().extra().iter().any(Result::is_err))
    }

    fn own_call(&self, or_keys: &[&Text<'_>], before: Option<&Call>, steps: &Steps<'_>) -> Option<Box<Call>> {
        let usage = self.usage.as_ref().filter(|_| !self.is_synthetic())?;
        let name = self.name(or_keys)?;
        let own_key = match before.map(|call| &call.key) {
            Some(CallKey::Message(id)) if name.is(id) => id.clone(),
            _ => key(name.get()?),
        };
        // A message that was begun by a model which then declined may still name that one.
        let fallback = steps.fallback().map(|(by, _)| by);
        let asked = || json::name(&self.model, before.and_then(|call| call.model.as_ref()), model);
        Some(Box::new(Call {
            model: fallback.or_else(asked),
            service_tier: usage.tier(before.and_then(|call| call.service_tier.as_ref())),
            is_final: self.stop_reason.bytes().is_some(),
            ..Call::new(CallKey::Message(own_key), usage.tokens())
        }))
    }
}
