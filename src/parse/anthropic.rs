//! Messages as Anthropic's API answers them: Claude's captures and session files hold them whole.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{self, Count, Text, or_zero, part};
use super::lines::{id, key, model};
use super::mark::Growth;
use super::plain::Plain;
use crate::event::{Call, CallKey, Defect, Id, MAX_COUNT, TokenUsage};

/// A model name that marks a message that no model wrote.
const SYNTHETIC: &str = "<synthetic>";

/// The service tier of who asks for none.
const USUAL_TIER: &str = "standard";

/// Where inference takes place that costs more (<https://platform.claude.com/docs/en/build-with-claude/data-residency>).
const DEAR_PLACE: &str = "us";

/// Steps of a message that its totals leave out: another model's advice, and a summary of what came before
/// (<https://platform.claude.com/docs/en/build-with-claude/compaction>).
const EXTRA_STEPS: [&str; 2] = ["advisor_message", "compaction"];

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

#[derive(Deserialize)]
struct Step<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
    #[serde(borrow, default)]
    model: Text<'a>,
}

/// The one place where cache tokens, which Anthropic counts beside input, become part of it.
pub fn usage(input: u64, cache_read: u64, cache_creation: u64, one_hour: u64, output: u64) -> TokenUsage {
    TokenUsage {
        input_tokens: input.saturating_add(cache_read).saturating_add(cache_creation).min(MAX_COUNT),
        cache_read_input_tokens: cache_read,
        cache_creation_input_tokens: cache_creation,
        cache_creation_1h_input_tokens: one_hour.min(cache_creation),
        output_tokens: output,
        reasoning_output_tokens: None,
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
            b"cache_creation" => None,
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

impl Usage<'_> {
    /// What was used.
    pub fn tokens(&self) -> TokenUsage {
        let parts = self.cache_creation.as_ref();
        let one_hour = parts.map_or(0, |parts| or_zero(parts.ephemeral_1h_input_tokens));
        let five_minutes = parts.map_or(0, |parts| or_zero(parts.ephemeral_5m_input_tokens));
        let [input, read, output] = [self.input_tokens, self.cache_read_input_tokens, self.output_tokens].map(or_zero);
        // The breakdown alone is as good as its sum.
        let creation = self.cache_creation_input_tokens.map_or(one_hour.saturating_add(five_minutes), Count::get);
        usage(input, read, creation, one_hour, output)
    }

    /// What a later report of the same message says; what it leaves out holds.
    pub fn growth(&self) -> Growth {
        let count = |count: Option<Count>| count.map(Count::get);
        Growth {
            uncached: count(self.input_tokens),
            cache_read: count(self.cache_read_input_tokens),
            cache_creation: count(self.cache_creation_input_tokens),
            output: count(self.output_tokens),
        }
    }

    /// The steps that the totals leave out, each with its model; or what is wrong with it.
    fn extra_steps(&self) -> Vec<Result<(Option<Id>, Usage<'_>), Defect>> {
        // Nearly no message has any.
        let is_extra = |text: &str| EXTRA_STEPS.iter().any(|extra| text.contains(extra));
        let Some(steps) = self.iterations.filter(|steps| is_extra(steps.get())) else { return Vec::new() };
        let steps: Vec<&RawValue> = part(steps.get()).unwrap_or_default();
        let extra = steps.into_iter().filter_map(|json| {
            let step: Step<'_> = part(json.get()).ok()?;
            let is_extra = EXTRA_STEPS.iter().any(|extra| step.r#type.is(extra));
            is_extra.then(|| Ok((step.model.get().and_then(model), part(json.get())?)))
        });
        extra.collect()
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
        let own = self.own_call(or_keys, before);
        let extra = own.as_ref().map(|own| self.extra_calls(own)).unwrap_or_default();
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
        self.usage.as_ref().is_some_and(|usage| usage.extra_steps().iter().any(Result::is_err))
    }

    fn own_call(&self, or_keys: &[&Text<'_>], before: Option<&Call>) -> Option<Box<Call>> {
        let usage = self.usage.as_ref().filter(|_| !self.is_synthetic())?;
        let name = self.name(or_keys)?;
        let own_key = match before.map(|call| &call.key) {
            Some(CallKey::Message(id)) if name.is(id) => id.clone(),
            _ => key(name.get()?),
        };
        Some(Box::new(Call {
            model: json::name(&self.model, before.and_then(|call| call.model.as_ref()), model),
            service_tier: usage.tier(before.and_then(|call| call.service_tier.as_ref())),
            is_final: self.stop_reason.bytes().is_some(),
            ..Call::new(CallKey::Message(own_key), usage.tokens())
        }))
    }

    /// The steps that the totals of its own call leave out.
    fn extra_calls(&self, own: &Call) -> Vec<Call> {
        let (Some(usage), CallKey::Message(own_key)) = (&self.usage, &own.key) else { return Vec::new() };
        let extra = usage.extra_steps().into_iter().enumerate().filter_map(|(index, step)| Some((index, step.ok()?)));
        let extra = extra.map(|(index, (by, usage))| Call {
            model: by.or_else(|| own.model.clone()),
            service_tier: usage.tier(None).or_else(|| own.service_tier.clone()),
            is_final: own.is_final,
            ..Call::new(CallKey::of_step(own_key, index), usage.tokens())
        });
        extra.collect()
    }
}
