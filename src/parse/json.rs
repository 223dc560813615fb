//! Fields of JSON records: borrowed where they can be, and lenient where they are no counts.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;

use crate::event::{Defect, Id, MAX_COUNT, Usd};

/// Reads one kind of record. Whole JSON that doesn't fit holds a count that is none.
pub fn part<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Defect> {
    serde_json::from_str(json).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Defect::OutOfRange,
        _ => Defect::Torn,
    })
}

/// A text, or nothing where something else stands.
#[derive(Debug, Default)]
pub struct Text<'a>(Option<Said<'a>>);

/// A text as it is read.
#[derive(Debug)]
enum Said<'a> {
    Text(Cow<'a, str>),
    /// Bytes that are a text, as they are all of ASCII.
    Ascii(&'a [u8]),
}

impl<'a> Text<'a> {
    /// An empty text.
    pub fn empty() -> Text<'a> {
        Text(Some(Said::Ascii(b"")))
    }

    /// The text that these bytes are; `None` if they are none.
    pub fn of(bytes: &'a [u8]) -> Option<Text<'a>> {
        // Most texts are compared, if anything: that needs no more than their bytes.
        let said = match bytes.is_ascii() {
            true => Said::Ascii(bytes),
            false => Said::Text(Cow::Borrowed(std::str::from_utf8(bytes).ok()?)),
        };
        Some(Text(Some(said)))
    }
}

impl Text<'_> {
    /// The text.
    pub fn get(&self) -> Option<&str> {
        match self.0.as_ref()? {
            Said::Text(text) => Some(text),
            Said::Ascii(bytes) => std::str::from_utf8(bytes).ok(),
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self.0.as_ref()? {
            Said::Text(text) => Some(text.as_bytes()),
            Said::Ascii(bytes) => Some(bytes),
        }
    }

    /// Whether it is this text.
    pub fn is(&self, text: &str) -> bool {
        self.bytes() == Some(text.as_bytes())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text<'a>, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Said::Text(Cow::Borrowed(text)))))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Some(Said::Text(Cow::Owned(text.to_owned())))))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Text<'de>, E> {
        Ok(Text(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Text<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Text<'de>, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }
}

/// A name made from a text, shared with that of the record before where they are the same: they nearly always are.
pub fn name(text: &Text<'_>, before: Option<&Id>, make: fn(&str) -> Option<Id>) -> Option<Id> {
    let bytes = text.bytes()?;
    before.filter(|before| before.as_bytes() == bytes).cloned().or_else(|| make(text.get()?))
}

/// A count that a signed 64-bit column holds.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
pub struct Count(u64);

impl Count {
    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Count {
    type Error = &'static str;

    fn try_from(count: u64) -> Result<Count, Self::Error> {
        if count <= MAX_COUNT { Ok(Count(count)) } else { Err("beyond 64 bits") }
    }
}

/// A count, or zero where a record leaves it out.
pub fn or_zero(count: Option<Count>) -> u64 {
    count.map_or(0, Count::get)
}

/// An amount of dollars, without a detour through a double.
pub fn money(raw: Option<&RawValue>) -> Option<Usd> {
    raw.and_then(|raw| Usd::parse(raw.get()))
}

/// What a harness says that a call with usage costs. It writes zero where it knows no price.
pub fn price(raw: Option<&RawValue>) -> Option<Usd> {
    money(raw).filter(|cost| *cost > Usd::ZERO)
}

#[cfg(test)]
mod tests {
    use super::{Text, part};

    #[test]
    fn what_is_no_text_is_left_out() {
        for json in ["null", "true", "1", "-1.5", "[[1],2]", "{\"a\":{\"b\":[]}}"] {
            assert_eq!(part::<Text<'_>>(json).expect("JSON").get(), None, "{json}");
        }
        assert!(part::<Text<'_>>("\"a\\nb\"").expect("JSON").is("a\nb"));
    }
}
