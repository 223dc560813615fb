//! JSON as programs write it: no blanks, no escapes where they aren't needed. It is read in a third of the time, and
//! whatever looks otherwise is left to the reader of any JSON.

use memchr::memchr2;
use serde::Deserialize;
use serde_json::Deserializer;

use super::blocks::{BLOCK, has_controls, stops};
use super::json::{Count, Text};

/// The longest number that fits in any case.
const DIGITS: usize = 18;

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
        if field.is_some() {
            return None;
        }
        let (number, rest) = number(self.rest)?;
        *field = Some(Count::try_from(number).ok()?);
        self.rest = rest;
        Some(())
    }

    /// Takes a value of any kind for a field that has none yet.
    pub fn json_into<T: Deserialize<'a>>(&mut self, field: &mut Option<T>) -> Option<()> {
        if field.is_some() {
            return None;
        }
        *field = Some(self.json()?);
        Some(())
    }

    fn json<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let mut values = Deserializer::from_slice(self.rest).into_iter::<T>();
        let value = values.next()?.ok()?;
        self.rest = self.rest.get(values.byte_offset()..)?;
        Some(value)
    }

    /// Takes a text or `null` for a field that has none yet.
    pub fn text_or_null_into(&mut self, field: &mut Option<Text<'a>>) -> Option<()> {
        if field.is_some() {
            return None;
        }
        let mut text = Text::default();
        if self.word(b"null").is_none() {
            self.text_into(&mut text)?;
        }
        *field = Some(text);
        Some(())
    }

    /// Takes `true` or `false` for a field that has neither yet.
    pub fn flag_into(&mut self, field: &mut Option<bool>) -> Option<()> {
        if field.is_some() {
            return None;
        }
        *field = Some(self.word(b"true").is_some() || self.word(b"false").map(|()| false)?);
        Some(())
    }

    /// Passes a text over for a field that has none yet: whether there is anything in it.
    pub fn is_filled_into(&mut self, field: &mut Option<bool>) -> Option<()> {
        if field.is_some() {
            return None;
        }
        *field = Some(!self.rest.starts_with(b"\"\""));
        self.skip_text()
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
        let mut rest = self.rest.strip_prefix(b"-").unwrap_or(self.rest);
        let is_zero = rest.first() == Some(&b'0');
        if digits(&mut rest)? > 1 && is_zero {
            return None;
        }
        if let Some(fraction) = rest.strip_prefix(b".") {
            rest = fraction;
            digits(&mut rest)?;
        }
        if let Some((b'e' | b'E', exponent)) = rest.split_first() {
            rest = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
            digits(&mut rest)?;
        }
        self.rest = rest;
        Some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }
}

/// A whole number, and what follows it; `None` for one of more than 18 digits, too.
pub fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (value, length) = text.first_chunk().and_then(short_number).or_else(|| long_number(text))?;
    // Zeros before a number are no JSON.
    (length == 1 || text.first() != Some(&b'0')).then(|| (value, &text[length..]))
}

/// A number of less than eight digits and its length, worked out at once: how long numbers are can't be foreseen.
fn short_number(text: &[u8; 8]) -> Option<(u64, usize)> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let digits = u64::from_le_bytes(*text) ^ (ONES * 0x30);
    // The highest bit of each byte that is no digit.
    let others = (digits | ((digits & (ONES * 0x7f)) + ONES * 0x76)) & (ONES * 0x80);
    let bits = others.trailing_zeros() & !7;
    if bits == 0 || bits == u64::BITS {
        return None;
    }
    let digits = digits << (u64::BITS - bits);
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let value = (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff;
    Some((value, bits as usize / 8))
}

/// Any number of up to 18 digits, and its length.
fn long_number(text: &[u8]) -> Option<(u64, usize)> {
    let (mut value, mut length) = (0_u64, 0);
    for digit in text.iter().take(DIGITS + 1).map(|byte| byte.wrapping_sub(b'0')).take_while(|digit| *digit < 10) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        length += 1;
    }
    (1..=DIGITS).contains(&length).then_some((value, length))
}

/// Takes the digits that a text begins with, at least one; how many they were.
fn digits(rest: &mut &[u8]) -> Option<usize> {
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    *rest = rest.get(length..)?;
    Some(length).filter(|length| *length > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::{Plain, number};

    const PARTS: &[&str] = &[
        "{", "}", "[", "]", ",", ":", "\"a\"", "\"", "\\n", "\\u00e9", "\\u00", "\\x", "é", "0", "12", "-", ".5",
        "e+1", "E", "true", "null", "fals", "\"k\":", "[]", "{}", "\"\"", "1",
    ];

    proptest! {
        #[test]
        fn what_is_passed_over_is_json(parts in proptest::collection::vec(proptest::sample::select(PARTS), 1..14)) {
            let text = parts.concat();
            let mut plain = Plain::new(text.as_bytes()).expect("no control characters");
            let passed = plain.pass_over().filter(|()| plain.is_over()).is_some();
            prop_assert_eq!(passed, serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{}", text);
        }
    }

    proptest! {
        #[test]
        fn long_texts_end_where_any_reader_says(
            texts in proptest::collection::vec("[a-z é\"\\\\]{0,40}|[a-z]{0,400}", 1..12),
            at in 0..2000_usize,
            damage in proptest::sample::select(&["\"", "\\", ",", "]", "x"][..]),
        ) {
            let whole = serde_json::to_string(&texts).expect("JSON");
            let mut damaged = whole.clone();
            if let Some(from) = (at..whole.len()).find(|from| whole.is_char_boundary(*from)) {
                damaged.insert_str(from, damage);
            }
            for text in [whole, damaged] {
                let mut plain = Plain::new(text.as_bytes()).expect("no control characters");
                let passed = plain.pass_over().filter(|()| plain.is_over()).is_some();
                prop_assert_eq!(passed, serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{}", text);
            }
        }

        #[test]
        fn a_number_is_what_its_digits_say(text in "[0-9]{0,20}[ -~é]{0,9}") {
            let length = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let is_number = (1..=18).contains(&length) && (length == 1 || !text.starts_with('0'));
            let found = is_number.then(|| (text[..length].parse().expect("digits"), &text.as_bytes()[length..]));
            prop_assert_eq!(number(text.as_bytes()), found);
        }
    }

    #[test]
    fn every_kind_of_value_is_passed_over() {
        let text = r#"{"a":[1,-2.5e-3,0,{}],"b":"\"\u00e9\n","c":{"d":[true,false,null,[]]}}"#;
        let mut plain = Plain::new(text.as_bytes()).expect("no control characters");
        assert!(plain.pass_over().is_some() && plain.is_over());
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert!(Plain::new(deep.as_bytes()).expect("no control characters").pass_over().is_none());
    }
}
