//! JSON as programs write it: no blanks, no escapes where they aren't needed. It is read in a third of the time, and
//! whatever looks otherwise is left to the reader of any JSON.

use memchr::memchr2;
use serde::Deserialize;
use serde_json::Deserializer;

use super::blocks::{BLOCK, has_controls, stops};
use super::digits::{digits, number};
use super::json::{Count, Text};

/// Blocks of the longest texts that are looked at block by block.
const SHORT: usize = 4;

/// How deep a value may be that is passed over.
const DEEPEST: u32 = 64;

/// What is left of a text. Whatever is taken from it, `None` says nothing but that it looks otherwise.
#[derive(Debug)]
pub struct Plain<'a> {
    rest: &'a [u8],
    whole: &'a [u8],
    /// The latest block of the whole that was looked at for quotes and backslashes, and where they are.
    block: usize,
    stops: u64,
}

impl<'a> Plain<'a> {
    /// Begins to read; `None` for a text with control characters.
    pub fn new(text: &'a [u8]) -> Option<Plain<'a>> {
        (!has_controls(text)).then_some(Plain { rest: text, whole: text, block: usize::MAX, stops: 0 })
    }

    /// Whether nothing is left.
    pub fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes an object, each of whose values `value` takes.
    pub fn object(&mut self, mut value: impl FnMut(&'a [u8], &mut Plain<'a>) -> Option<()>) -> Option<()> {
        self.byte(b'{')?;
        loop {
            let key = self.text()?;
            self.byte(b':')?;
            value(key, self)?;
            match self.rest.split_first()? {
                (b',', rest) => self.rest = rest,
                (b'}', rest) => {
                    self.rest = rest;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        let (_, rest) = self.rest.split_first().filter(|(first, _)| **first == byte)?;
        self.rest = rest;
        Some(())
    }

    /// How far the next quote or backslash is.
    fn stop(&mut self) -> Option<usize> {
        let at = self.whole.len() - self.rest.len();
        let block = at / BLOCK;
        let mut ahead = BLOCK - at % BLOCK;
        if let Some(stops) = self.stops_of(block) {
            let stops = stops >> (at % BLOCK);
            if stops != 0 {
                return Some(stops.trailing_zeros() as usize);
            }
            for block in block + 1..block + SHORT {
                match self.stops_of(block) {
                    Some(0) => ahead += BLOCK,
                    Some(stops) => return Some(ahead + stops.trailing_zeros() as usize),
                    None => break,
                }
            }
            return Some(ahead + memchr2(b'"', b'\\', &self.rest[ahead..])?);
        }
        memchr2(b'"', b'\\', self.rest)
    }

    /// Where a block holds quotes and backslashes; `None` for a part of one.
    fn stops_of(&mut self, block: usize) -> Option<u64> {
        if block != self.block {
            self.stops = stops(self.whole.get(block * BLOCK..)?.first_chunk()?);
            self.block = block;
        }
        Some(self.stops)
    }

    /// Takes a text without escapes.
    fn text(&mut self) -> Option<&'a [u8]> {
        self.byte(b'"')?;
        let (text, rest) = self.rest.split_at_checked(self.stop()?)?;
        self.rest = rest;
        self.byte(b'"')?;
        Some(text)
    }

    /// Takes a text for a field that has none yet.
    pub fn text_into(&mut self, field: &mut Text<'a>) -> Option<()> {
        if field.bytes().is_some() {
            return None;
        }
        *field = Text::of(self.text()?)?;
        Some(())
    }

    /// Takes a count for a field that has none yet.
    pub fn count_into(&mut self, field: &mut Option<Count>) -> Option<()> {
        self.fill(field, |json| {
            let (number, rest) = number(json.rest)?;
            json.rest = rest;
            Count::try_from(number).ok()
        })
    }

    /// Takes a value of any kind for a field that has none yet.
    pub fn json_into<T: Deserialize<'a>>(&mut self, field: &mut Option<T>) -> Option<()> {
        self.fill(field, |json| {
            let mut values = Deserializer::from_slice(json.rest).into_iter::<T>();
            let value = values.next()?.ok()?;
            json.rest = json.rest.get(values.byte_offset()..)?;
            Some(value)
        })
    }

    /// Takes a text or `null` for a field that has none yet.
    pub fn text_or_null_into(&mut self, field: &mut Option<Text<'a>>) -> Option<()> {
        self.fill(field, |json| match json.word(b"null") {
            Some(()) => Some(Text::default()),
            None => Text::of(json.text()?),
        })
    }

    /// Takes `true` or `false` for a field that has neither yet.
    pub fn flag_into(&mut self, field: &mut Option<bool>) -> Option<()> {
        self.fill(field, |json| Some(json.word(b"true").is_some() || json.word(b"false").map(|()| false)?))
    }

    /// Passes a text over for a field that has none yet: whether there is anything in it.
    pub fn is_filled_into(&mut self, field: &mut Option<bool>) -> Option<()> {
        self.fill(field, |json| {
            let is_filled = !json.rest.starts_with(b"\"\"");
            json.skip_text()?;
            Some(is_filled)
        })
    }

    #[inline]
    fn fill<T>(&mut self, field: &mut Option<T>, take: impl FnOnce(&mut Plain<'a>) -> Option<T>) -> Option<()> {
        if field.is_some() {
            return None;
        }
        *field = Some(take(self)?);
        Some(())
    }

    /// Passes a value over, whatever it holds.
    pub fn pass_over(&mut self) -> Option<()> {
        self.skip(DEEPEST)
    }

    fn skip(&mut self, deepest: u32) -> Option<()> {
        match self.rest.first()? {
            b'"' => self.skip_text(),
            b'{' => self.skip_all(b'}', deepest, |json, deepest| {
                json.skip_text()?;
                json.byte(b':')?;
                json.skip(deepest)
            }),
            b'[' => self.skip_all(b']', deepest, Plain::skip),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.skip_number(),
        }
    }

    fn skip_all(&mut self, end: u8, deepest: u32, each: impl Fn(&mut Self, u32) -> Option<()>) -> Option<()> {
        let deepest = deepest.checked_sub(1)?;
        self.rest = self.rest.get(1..)?;
        if self.rest.first() == Some(&end) {
            return self.byte(end);
        }
        loop {
            each(self, deepest)?;
            if self.byte(b',').is_none() {
                return self.byte(end);
            }
        }
    }

    fn skip_text(&mut self) -> Option<()> {
        self.byte(b'"')?;
        loop {
            let (stop, rest) = self.rest.get(self.stop()?..)?.split_first()?;
            self.rest = rest;
            if *stop == b'"' {
                return Some(());
            }
            let length = match rest.first()? {
                b'u' if rest.get(1..5)?.iter().all(u8::is_ascii_hexdigit) => 5,
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 1,
                _ => return None,
            };
            self.rest = &rest[length..];
        }
    }

    fn skip_number(&mut self) -> Option<()> {
        let number = self.rest.strip_prefix(b"-").unwrap_or(self.rest);
        let mut rest = behind_digits(number)?;
        // Zeros before a number are no JSON.
        if number.len() - rest.len() > 1 && number.starts_with(b"0") {
            return None;
        }
        if let Some(fraction) = rest.strip_prefix(b".") {
            rest = behind_digits(fraction)?;
        }
        if let Some((b'e' | b'E', exponent)) = rest.split_first() {
            let sign = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-"));
            rest = behind_digits(sign.unwrap_or(exponent))?;
        }
        self.rest = rest;
        Some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }
}

/// What follows the digits that a text begins with, at least one.
fn behind_digits(text: &[u8]) -> Option<&[u8]> {
    let (digits, rest) = text.split_at(digits(text));
    (!digits.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests;
