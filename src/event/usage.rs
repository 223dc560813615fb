//! Tokens of one call or one counter reading.

use std::iter::Sum;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// The largest count we believe: what a signed 64-bit column holds. Sums stop there.
pub const MAX_COUNT: u64 = i64::MAX as u64;

/// The service tier of what asks for none.
pub const STANDARD: &str = "standard";

/// Stands for the service tier of calls that were not all paid for at the same one, or of which nobody tells.
pub const MIXED: &str = "mixed";

/// Tokens that one call consumed, or that a counter had reached, as the harness reported them.
///
/// Names follow the OpenTelemetry GenAI conventions. `input_tokens` includes cache reads and cache
/// writes, `output_tokens` includes reasoning: parsers whose logs exclude them add them before
/// building this value. `None` means the log was silent, which is not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenUsage {
    /// All prompt tokens, cache reads and cache writes included.
    #[serde(deserialize_with = "count")]
    pub input_tokens: u64,
    /// Prompt tokens read from the cache; part of `input_tokens`.
    #[serde(deserialize_with = "count")]
    pub cache_read_input_tokens: u64,
    /// Prompt tokens written to the cache; part of `input_tokens`, disjoint from the reads.
    #[serde(deserialize_with = "count")]
    pub cache_creation_input_tokens: u64,
    /// The part of the cache writes that is kept for an hour; the rest is kept for five minutes.
    #[serde(default, deserialize_with = "count", skip_serializing_if = "is_zero")]
    pub cache_creation_1h_input_tokens: u64,
    /// Answer tokens, reasoning included.
    #[serde(deserialize_with = "count")]
    pub output_tokens: u64,
    /// Reasoning tokens; part of `output_tokens`. `None` where the harness doesn't tell them apart.
    #[serde(default, deserialize_with = "maybe_count", skip_serializing_if = "Option::is_none")]
    pub reasoning_output_tokens: Option<u64>,
}

/// Reads a written count; one beyond [`MAX_COUNT`] is none.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let count = u64::deserialize(deserializer)?;
    if count > MAX_COUNT { Err(D::Error::custom("a count beyond 64 bits with a sign")) } else { Ok(count) }
}

/// The same where the count may be missing.
pub(super) fn maybe_count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match Option::<u64>::deserialize(deserializer)? {
        Some(count) if count > MAX_COUNT => Err(D::Error::custom("a count beyond 64 bits with a sign")),
        count => Ok(count),
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl TokenUsage {
    /// Input and output, nothing else.
    pub fn total_tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens).min(MAX_COUNT)
    }

    /// Input that was not read from the cache.
    pub fn uncached_input_tokens(&self) -> u64 {
        self.input_tokens.saturating_sub(self.cache_read_input_tokens)
    }

    /// The number Codex prints as `tokens used`: uncached input and output.
    pub fn blended_tokens(&self) -> u64 {
        self.uncached_input_tokens().saturating_add(self.output_tokens).min(MAX_COUNT)
    }

    /// Whether nothing at all was used.
    pub fn is_zero(&self) -> bool {
        // It is asked of every row: one comparison, not five.
        self.components().into_iter().fold(0, |all, count| all | count) == 0
    }

    /// Whether any component is lower than in `earlier`: a counter that started anew. Reasoning that one of both doesn't
    /// tell is not compared.
    pub fn fell_below(&self, earlier: &TokenUsage) -> bool {
        let is_told = self.reasoning_output_tokens.is_some() && earlier.reasoning_output_tokens.is_some();
        let compared = if is_told { 5 } else { 4 };
        self.components().iter().zip(earlier.components()).take(compared).any(|(now, then)| *now < then)
    }

    /// Whether any component is higher than in `whole`, which therefore can't contain it.
    pub fn exceeds(&self, whole: &TokenUsage) -> bool {
        whole.fell_below(self)
    }

    /// A counter's reading with what its version doesn't tell, or not any more: a part of the input or the output can't
    /// fall to nothing since `earlier` while all else grows.
    pub fn with_untold(&self, earlier: &TokenUsage) -> TokenUsage {
        let grows = self.input_tokens >= earlier.input_tokens
            && self.cache_read_input_tokens >= earlier.cache_read_input_tokens
            && self.output_tokens >= earlier.output_tokens;
        let untold = |count: u64, earlier: u64| if count == 0 && grows { earlier } else { count };
        let reasoning = match (self.reasoning_output_tokens, earlier.reasoning_output_tokens) {
            (None, Some(earlier)) if grows => Some(earlier),
            (now, then) => now.map(|count| untold(count, then.unwrap_or(0))),
        };
        TokenUsage {
            cache_creation_input_tokens: untold(self.cache_creation_input_tokens, earlier.cache_creation_input_tokens),
            reasoning_output_tokens: reasoning,
            ..*self
        }
    }

    /// The sum, each component stopping at [`MAX_COUNT`]; reasoning is known if either side knows it.
    pub fn plus(&self, other: &TokenUsage) -> TokenUsage {
        self.zip(other, |a, b| a.saturating_add(b).min(MAX_COUNT))
    }

    /// What this has over `other`, component by component, never below zero; reasoning is known if this side knows it.
    pub fn minus(&self, other: &TokenUsage) -> TokenUsage {
        let more = self.zip(other, u64::saturating_sub);
        let reasoning = more.reasoning_output_tokens.filter(|_| self.reasoning_output_tokens.is_some());
        TokenUsage { reasoning_output_tokens: reasoning, ..more }
    }

    /// Whether both are the same, as far as both tell their reasoning.
    pub fn matches(&self, other: &TokenUsage) -> bool {
        let reasoning = match (self.reasoning_output_tokens, other.reasoning_output_tokens) {
            (Some(_), Some(_)) => self.reasoning_output_tokens,
            _ => other.reasoning_output_tokens,
        };
        TokenUsage { reasoning_output_tokens: reasoning, ..*self } == *other
    }

    /// As [`minus`](Self::minus), where what this has over `other` adds to it: the parts of an input that isn't larger
    /// are in it already.
    pub fn beyond(&self, other: &TokenUsage) -> TokenUsage {
        let more = self.minus(other);
        let read = more.cache_read_input_tokens.min(more.input_tokens);
        let written = more.cache_creation_input_tokens.min(more.input_tokens - read);
        TokenUsage {
            cache_read_input_tokens: read,
            cache_creation_input_tokens: written,
            cache_creation_1h_input_tokens: more.cache_creation_1h_input_tokens.min(written),
            reasoning_output_tokens: more.reasoning_output_tokens.map(|count| count.min(more.output_tokens)),
            ..more
        }
    }

    fn zip(&self, other: &TokenUsage, op: impl Fn(u64, u64) -> u64) -> TokenUsage {
        let reasoning = match (self.reasoning_output_tokens, other.reasoning_output_tokens) {
            (None, None) => None,
            (a, b) => Some(op(a.unwrap_or(0), b.unwrap_or(0))),
        };
        TokenUsage {
            input_tokens: op(self.input_tokens, other.input_tokens),
            cache_read_input_tokens: op(self.cache_read_input_tokens, other.cache_read_input_tokens),
            cache_creation_input_tokens: op(self.cache_creation_input_tokens, other.cache_creation_input_tokens),
            cache_creation_1h_input_tokens: op(
                self.cache_creation_1h_input_tokens,
                other.cache_creation_1h_input_tokens,
            ),
            output_tokens: op(self.output_tokens, other.output_tokens),
            reasoning_output_tokens: reasoning,
        }
    }

    fn components(&self) -> [u64; 5] {
        [
            self.input_tokens,
            self.cache_read_input_tokens,
            self.cache_creation_input_tokens,
            self.output_tokens,
            self.reasoning_output_tokens.unwrap_or(0),
        ]
    }
}

impl Sum for TokenUsage {
    fn sum<I: Iterator<Item = TokenUsage>>(usages: I) -> TokenUsage {
        usages.fold(TokenUsage::default(), |sum, usage| sum.plus(&usage))
    }
}

impl<'a> Sum<&'a TokenUsage> for TokenUsage {
    fn sum<I: Iterator<Item = &'a TokenUsage>>(usages: I) -> TokenUsage {
        usages.copied().sum()
    }
}
