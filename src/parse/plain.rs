//! JSON as programs write it: no blanks, no escapes where they aren't needed. It is read in a third of the time, and
//! whatever looks otherwise is left to the reader of any JSON.

use memchr::memchr2;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Deserializer;

use super::json::{Count, Text};

/// The longest number that fits in any case.
const DIGITS: usize = 18;

/// What is left of a text. Whatever is taken from it, `None` says nothing but that it looks otherwise.
#[derive(Debug)]
pub struct Plain<'a>(&'a [u8]);

impl<'a> Plain<'a> {
    /// Begins to read; `None` for a text with control characters.
    pub fn new(text: &'a [u8]) -> Option<Plain<'a>> {
        let has_controls = text.iter().fold(false, |has, byte| has | (*byte < 0x20));
        (!has_controls).then_some(Plain(text))
    }

    /// Whether nothing is left.
    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes an object, each of whose values `value` takes.
    pub fn object(&mut self, mut value: impl FnMut(&'a [u8], &mut Plain<'a>) -> Option<()>) -> Option<()> {
        self.byte(b'{')?;
        loop {
            let key = self.text()?;
            self.byte(b':')?;
            value(key, self)?;
            match self.0.split_first()? {
                (b',', rest) => self.0 = rest,
                (b'}', rest) => {
                    self.0 = rest;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        (*first == byte).then_some(())
    }

    /// Takes a text without escapes.
    fn text(&mut self) -> Option<&'a [u8]> {
        self.byte(b'"')?;
        let (text, rest) = self.0.split_at_checked(memchr2(b'"', b'\\', self.0)?)?;
        self.0 = rest;
        self.byte(b'"')?;
        Some(text)
    }

    /// Takes a text for a field that has none yet.
    pub fn text_into(&mut self, field: &mut Text<'a>) -> Option<()> {
        if field.get().is_some() {
            return None;
        }
        *field = Text::from(std::str::from_utf8(self.text()?).ok()?);
        Some(())
    }

    /// Takes a count for a field that has none yet.
    pub fn count_into(&mut self, field: &mut Option<Count>) -> Option<()> {
        let length = self.0.iter().take(DIGITS + 1).take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(length)?;
        // Zeros before a number are no JSON.
        let is_number = (1..=DIGITS).contains(&length) && (length == 1 || digits.first() != Some(&b'0'));
        if !is_number || field.is_some() {
            return None;
        }
        let number = digits.iter().fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'));
        *field = Some(Count::try_from(number).ok()?);
        self.0 = rest;
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
        let mut values = Deserializer::from_slice(self.0).into_iter::<T>();
        let value = values.next()?.ok()?;
        self.0 = self.0.get(values.byte_offset()..)?;
        Some(value)
    }

    /// Passes a value over.
    pub fn pass_over(&mut self) -> Option<()> {
        if let Some(rest) = self.0.strip_prefix(b"null") {
            self.0 = rest;
            return Some(());
        }
        let all = self.0;
        if self.text().is_none() {
            self.0 = all;
            self.json::<IgnoredAny>()?;
        }
        Some(())
    }
}
