//! What calls don't tell of the tokens that they count, where a counter of the same tokens does.

use crate::event::TokenUsage;

/// Gives calls what they lack of the cache and reasoning counts of a counter that counts them and nothing else: older
/// records leave some out. The counter doesn't tell which call these are of: the first with room for them gets them.
pub(super) fn give_parts(mut calls: Vec<&mut TokenUsage>, counted: &TokenUsage) {
    let told: TokenUsage = calls.iter().map(|call| &**call).sum();
    if (told.input_tokens, told.output_tokens) != (counted.input_tokens, counted.output_tokens) {
        return;
    }
    let mut lacking = counted.minus(&told);
    for call in &mut calls {
        let room = call.uncached_input_tokens().saturating_sub(call.cache_creation_input_tokens);
        let read = room.min(lacking.cache_read_input_tokens);
        let written = (room - read).min(lacking.cache_creation_input_tokens);
        let reasoning = call.output_tokens.saturating_sub(call.reasoning_output_tokens.unwrap_or(0));
        let given = TokenUsage {
            cache_read_input_tokens: read,
            cache_creation_input_tokens: written,
            reasoning_output_tokens: lacking.reasoning_output_tokens.map(|lacking| lacking.min(reasoning)),
            ..TokenUsage::default()
        };
        **call = call.plus(&given);
        lacking = lacking.minus(&given);
    }
}

#[cfg(test)]
mod tests {
    use super::give_parts;
    use crate::event::TokenUsage;

    fn usage(input: u64, read: u64, written: u64, output: u64, reasoning: Option<u64>) -> TokenUsage {
        TokenUsage {
            input_tokens: input,
            cache_read_input_tokens: read,
            cache_creation_input_tokens: written,
            cache_creation_1h_input_tokens: 0,
            output_tokens: output,
            reasoning_output_tokens: reasoning,
        }
    }

    #[test]
    fn calls_get_what_the_counter_of_the_same_tokens_tells() {
        let (mut first, mut second) = (usage(10, 4, 0, 2, None), usage(20, 0, 0, 5, None));
        give_parts(vec![&mut first, &mut second], &usage(30, 12, 9, 7, Some(3)));
        assert_eq!(first, usage(10, 10, 0, 2, Some(2)));
        assert_eq!(second, usage(20, 2, 9, 5, Some(1)));
    }

    #[test]
    fn a_counter_of_more_than_the_calls_tells_nothing_of_their_parts() {
        let mut call = usage(10, 4, 0, 2, None);
        give_parts(vec![&mut call], &usage(30, 12, 9, 7, Some(3)));
        assert_eq!(call, usage(10, 4, 0, 2, None));
    }
}
