//! The usage of a message, or of a step of one.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::event::{Id, MAX_COUNT, STANDARD, TokenUsage};
use crate::parse::growth::Totals;
use crate::parse::json::{self, Count, Text, or_zero};
use crate::parse::lines::id;
use crate::parse::plain::Plain;

/// Where inference takes place that costs more (<https://platform.claude.com/docs/en/build-with-claude/data-residency>).
const DEAR_PLACE: &str = "us";

/// What it used: input excludes what was read from or written to the cache.
#[derive(Default, Deserialize)]
pub struct Usage<'a> {
    input_tokens: Option<Count>,
    cache_creation_input_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    pub(super) output_tokens: Option<Count>,
    output_tokens_details: Option<OutputDetails>,
    cache_creation: Option<CacheCreation>,
    #[serde(borrow, default)]
    service_tier: Text<'a>,
    #[serde(borrow, default)]
    speed: Text<'a>,
    #[serde(borrow, default)]
    inference_geo: Text<'a>,
    #[serde(borrow)]
    pub(super) iterations: Option<&'a RawValue>,
    total_tokens: Option<IgnoredAny>,
    thinking_tokens: Option<IgnoredAny>,
    factory_credits: Option<IgnoredAny>,
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
    pub(super) fn take(&mut self, json: &mut Plain<'a>) -> Option<()> {
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
    /// Whether it tells any count of tokens.
    pub fn counts(&self) -> bool {
        let counts =
            [self.input_tokens, self.output_tokens, self.cache_read_input_tokens, self.cache_creation_input_tokens];
        self.cache_creation.is_some() || counts.iter().any(Option::is_some)
    }

    /// Whether it tells what only harnesses count that aren't Anthropic's: Qwen Code a total, Factory droid thinking and
    /// credits.
    pub fn has_others_counts(&self) -> bool {
        [self.total_tokens, self.thinking_tokens, self.factory_credits].iter().any(Option::is_some)
    }

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

    /// What it says of the same message later on, where another model may have answered in place of one that declined.
    pub(super) fn totals(&self, fallback: Option<(Id, TokenUsage)>) -> Totals {
        let count = |count: Option<Count>| count.map(Count::get);
        Totals {
            uncached: count(self.input_tokens),
            cache_read: count(self.cache_read_input_tokens),
            cache_creation: count(self.cache_creation_input_tokens),
            output: count(self.output_tokens),
            reasoning: count(self.reasoning()),
            fallback,
        }
    }

    /// The tier that sets the price.
    pub fn tier(&self, before: Option<&Id>) -> Option<Id> {
        let asked = if self.speed.is("fast") { &self.speed } else { &self.service_tier };
        if !self.inference_geo.is(DEAR_PLACE) {
            return json::name(asked, before, id);
        }
        match asked.get().filter(|asked| !asked.is_empty() && *asked != STANDARD) {
            Some(asked) => id(&format!("{asked}-{DEAR_PLACE}")),
            None => json::name(&self.inference_geo, before, id),
        }
    }
}
