//! Usage as OpenAI splits it, in Codex's JSON.

use serde::Deserialize;

use super::json::{Count, or_zero};
use crate::event::TokenUsage;

/// Counts: input includes what is read from and written to the cache, output includes reasoning. `total_tokens` is
/// derived, and sometimes an estimate: it is not read.
#[derive(Deserialize)]
pub struct Usage {
    input_tokens: Option<Count>,
    cached_input_tokens: Option<Count>,
    cache_write_input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    reasoning_output_tokens: Option<Count>,
}

impl Usage {
    /// The same as tokens, whose reasoning is `None` where it isn't told.
    pub fn told_tokens(&self) -> TokenUsage {
        let tokens = self.tokens();
        let reasoning = tokens.reasoning_output_tokens.filter(|_| self.reasoning_output_tokens.is_some());
        TokenUsage { reasoning_output_tokens: reasoning, ..tokens }
    }

    /// The same as tokens; what isn't told is none.
    pub fn tokens(&self) -> TokenUsage {
        TokenUsage {
            input_tokens: or_zero(self.input_tokens),
            cache_read_input_tokens: or_zero(self.cached_input_tokens),
            cache_creation_input_tokens: or_zero(self.cache_write_input_tokens),
            cache_creation_1h_input_tokens: 0,
            output_tokens: or_zero(self.output_tokens),
            reasoning_output_tokens: Some(or_zero(self.reasoning_output_tokens)),
        }
    }
}
