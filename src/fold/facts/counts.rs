//! Tokens in half the room: what calls use fits in 32 bits each, and so do most counters.

use std::cmp::Ordering;

use crate::event::TokenUsage;

/// Tokens of a call, or a counter's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Counts {
    /// What fits, and whether reasoning is told.
    Small([u32; 6], bool),
    /// What doesn't.
    Large(Box<TokenUsage>),
}

impl Counts {
    /// Packs tokens.
    pub fn new(usage: &TokenUsage) -> Counts {
        match small(usage) {
            Some(counts) => Counts::Small(counts, usage.reasoning_output_tokens.is_some()),
            None => Counts::Large(Box::new(*usage)),
        }
    }

    /// Unpacks them.
    pub fn tokens(&self) -> TokenUsage {
        match self {
            Counts::Small(counts, tells_reasoning) => tokens(counts, *tells_reasoning),
            Counts::Large(usage) => **usage,
        }
    }
}

impl Ord for Counts {
    fn cmp(&self, other: &Counts) -> Ordering {
        self.tokens().cmp(&other.tokens())
    }
}

impl PartialOrd for Counts {
    fn partial_cmp(&self, other: &Counts) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Input, cache reads, cache writes, those of them kept for an hour, output, reasoning; `None` if one is too large.
pub(in crate::fold) fn small(usage: &TokenUsage) -> Option<[u32; 6]> {
    let counts = [
        usage.input_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
        usage.cache_creation_1h_input_tokens,
        usage.output_tokens,
        usage.reasoning_output_tokens.unwrap_or(0),
    ];
    let mut packed = [0; 6];
    for (packed, count) in packed.iter_mut().zip(counts) {
        *packed = u32::try_from(count).ok()?;
    }
    Some(packed)
}

/// Unpacks what [`small`] packed.
pub(in crate::fold) fn tokens(counts: &[u32; 6], tells_reasoning: bool) -> TokenUsage {
    let [input, read, written, hour, output, reasoning] = counts.map(u64::from);
    TokenUsage {
        input_tokens: input,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: written,
        cache_creation_1h_input_tokens: hour,
        output_tokens: output,
        reasoning_output_tokens: tells_reasoning.then_some(reasoning),
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;
    use crate::event::{MAX_COUNT, TokenUsage};

    #[test]
    fn tokens_of_any_size_come_back_and_keep_their_order() {
        let large = [0, 1, u64::from(u32::MAX), u64::from(u32::MAX) + 1, MAX_COUNT];
        let all = large.iter().flat_map(|input| {
            let told = [None, Some(0), Some(*input)];
            told.map(|told| TokenUsage {
                input_tokens: *input,
                output_tokens: *input,
                reasoning_output_tokens: told,
                ..TokenUsage::default()
            })
        });
        let all: Vec<TokenUsage> = all.collect();
        for a in &all {
            assert_eq!(Counts::new(a).tokens(), *a);
            for b in &all {
                assert_eq!(Counts::new(a).cmp(&Counts::new(b)), a.cmp(b), "{a:?} {b:?}");
            }
        }
    }
}
