//! The Debug text of events in the form that nearly all have, byte by byte: one blank where Debug puts one, and no
//! escapes. `None` says nothing about a text.

use super::head::word;
use crate::event::TokenUsage;
use crate::parse::digits::{digits, number};

/// How deep a value may be that is passed over.
const DEEPEST: usize = 8;

/// What follows `msg: ` in the Debug text of an event.
pub(super) fn message_of(body: &str) -> Option<&str> {
    let id = body.strip_prefix("Received event: Event { id: \"")?;
    let end = memchr::memchr(b'"', id.as_bytes())?;
    id.get(end + 1..)?.strip_prefix(", msg: ")
}

/// What is left of a text.
pub(super) struct DebugText<'a>(pub(super) &'a [u8]);

impl DebugText<'_> {
    /// Passes these bytes over.
    pub(super) fn skip(&mut self, literal: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    /// A number that 64 bits surely hold.
    fn count(&mut self) -> Option<u64> {
        let (number, rest) = number(self.0)?;
        self.0 = rest;
        Some(number)
    }

    fn field(&mut self, name: &[u8]) -> Option<u64> {
        self.skip(name)?;
        self.count()
    }

    /// Takes a `TokenUsage`.
    pub(super) fn usage(&mut self) -> Option<TokenUsage> {
        let usage = TokenUsage {
            input_tokens: self.field(b"TokenUsage { input_tokens: ")?,
            cache_read_input_tokens: self.field(b", cached_input_tokens: ")?,
            cache_creation_input_tokens: match self.skip(b", cache_write_input_tokens: ") {
                Some(()) => self.count()?,
                None => 0,
            },
            cache_creation_1h_input_tokens: 0,
            output_tokens: self.field(b", output_tokens: ")?,
            reasoning_output_tokens: Some(self.field(b", reasoning_output_tokens: ")?),
        };
        self.field(b", total_tokens: ")?;
        self.skip(b" }")?;
        Some(usage)
    }

    /// Passes a value over: a word, a plain string, a struct or a tuple.
    pub(super) fn value(&mut self) -> Option<()> {
        self.value_within(0)
    }

    fn value_within(&mut self, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        if self.skip(b"\"").is_some() {
            let end = memchr::memchr2(b'"', b'\\', self.0)?;
            let (text, rest) = self.0.split_at(end);
            self.0 = rest;
            return self.skip(b"\"").filter(|()| text.iter().all(|byte| (b' '..=b'~').contains(byte)));
        }
        self.word()?;
        if self.skip(b"(").is_some() {
            while self.value_within(depth + 1).is_some() {
                if self.skip(b", ").is_none() {
                    return self.skip(b")");
                }
            }
            return None;
        }
        if self.skip(b" { ").is_some() {
            loop {
                self.word()?;
                self.skip(b": ")?;
                self.value_within(depth + 1)?;
                if self.skip(b", ").is_none() {
                    return self.skip(b" }");
                }
            }
        }
        Some(())
    }

    fn word(&mut self) -> Option<()> {
        let (word, rest) = word(self.0);
        self.0 = rest;
        (!word.is_empty()).then_some(())
    }
}

/// Whether two texts are the same but for how many and which digits stand where both have some: then both are of the
/// same form.
pub(super) fn is_same_but_for_digits(mut a: &[u8], mut b: &[u8]) -> bool {
    while let (Some((some, a_rest)), Some((other, b_rest))) = (a.split_first_chunk(), b.split_first_chunk()) {
        let differing = u64::from_le_bytes(*some) ^ u64::from_le_bytes(*other);
        if differing == 0 {
            (a, b) = (a_rest, b_rest);
            continue;
        }
        let same = differing.trailing_zeros() as usize / 8;
        let (of_a, of_b) = (digits(&a[same..]), digits(&b[same..]));
        // One may have more digits than the other, but not none.
        let has_digit = same > 0 && a[same - 1].is_ascii_digit();
        if !has_digit && (of_a == 0 || of_b == 0) {
            return false;
        }
        (a, b) = (&a[same + of_a..], &b[same + of_b..]);
    }
    a == b
}
