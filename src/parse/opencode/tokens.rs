//! How opencode counts tokens: input leaves the cache out, output leaves reasoning out, but for old versions.

use serde::Deserialize;

use crate::event::{MAX_COUNT, TokenUsage};
use crate::parse::json::{Count, or_zero};

#[derive(Deserialize)]
pub(super) struct Tokens {
    input: Option<Count>,
    output: Option<Count>,
    reasoning: Option<Count>,
    cache: Option<Cache>,
    /// Newer versions only.
    total: Option<Count>,
}

#[derive(Deserialize)]
struct Cache {
    read: Option<Count>,
    write: Option<Count>,
}

/// What counts tell.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading {
    pub(super) usage: TokenUsage,
    /// Whether it is the larger of two readings.
    pub(super) has_two: bool,
}

impl Tokens {
    /// What it tells of a call, where output leaves reasoning out.
    pub(super) fn usage(&self) -> TokenUsage {
        self.reading(false).usage
    }

    /// What it tells of a call. `is_old`: it may be of a version that wrote down what its provider said (until spring of
    /// 2026, as opencode's pull request 21047 tells): OpenAI includes reasoning in output, Google doesn't.
    pub(super) fn reading(&self, is_old: bool) -> Reading {
        let [output, reasoning] = [self.output, self.reasoning].map(or_zero);
        let usage = self.counted();
        // The total, which newer ones of these tell, tells which.
        let includes = self.total.is_some_and(|total| total.get() == usage.input_tokens.saturating_add(output));
        let usage = TokenUsage {
            output_tokens: if includes { output } else { output.saturating_add(reasoning).min(MAX_COUNT) },
            reasoning_output_tokens: Some(reasoning),
            ..usage
        };
        Reading { usage, has_two: is_old && self.total.is_none() && (1..=output).contains(&reasoning) }
    }

    /// It as a session's counter: whether output includes reasoning, that doesn't tell.
    pub(super) fn counted(&self) -> TokenUsage {
        let cached = |count: fn(&Cache) -> Option<Count>| self.cache.as_ref().map_or(0, |cache| or_zero(count(cache)));
        counted([self.input, self.output].map(or_zero), [cached(|cache| cache.read), cached(|cache| cache.write)])
    }
}

/// What a session's counter tells for certain: of output, that it was no less.
pub(super) fn counted([input, output]: [u64; 2], [read, written]: [u64; 2]) -> TokenUsage {
    TokenUsage {
        input_tokens: input.saturating_add(read).saturating_add(written).min(MAX_COUNT),
        cache_read_input_tokens: read,
        cache_creation_input_tokens: written,
        output_tokens: output,
        ..TokenUsage::default()
    }
}
