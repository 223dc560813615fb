//! Documents of JSON, read from front to back, one record in memory at a time.

mod source;

use std::borrow::Cow;
use std::cell::Cell;
use std::io::BufRead;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use self::source::Source;
use super::mark::{Mark, MarkKind};
use crate::event::{Defect, Fact};

/// The largest record that is held.
const LARGEST: u64 = 16 * 1024 * 1024;

/// What a document's objects are.
#[derive(Debug, Clone, Copy)]
pub enum Layout {
    /// Records, and so is every object of an array.
    Records,
    /// Wholes, whose member of the first name is an array of records; the members of the other names are
    /// given as they stand.
    Wholes(&'static str, &'static [&'static str]),
}

/// A piece of a document.
#[derive(Debug)]
pub enum Piece<'a> {
    /// A record: an object, or what an array holds.
    Record(&'a str),
    /// A member of an object.
    Member(&'static str, &'a str),
    /// The end of an object whose members were given.
    End,
    /// What can't be read, and nothing of what follows; of a document of lines, one line. With how the value begins.
    Defect(Defect, &'a [u8]),
}

/// What a document begins with, blanks and a byte order mark aside; `None` for what is none, which mostly need not be
/// decoded to be told.
pub fn start_of(head: &[u8]) -> Option<Cow<'_, str>> {
    fn start(text: &str) -> &str {
        text.trim_start_matches('\u{feff}').trim_start()
    }
    let may_be_document = matches!(head.trim_ascii_start().first(), Some(b'{' | b'[' | 0x0b | 0x80..));
    may_be_document.then(|| match String::from_utf8_lossy(head) {
        Cow::Borrowed(text) => Cow::Borrowed(start(text)),
        Cow::Owned(text) => Cow::Owned(start(&text).to_owned()),
    })
}

/// Reads values to the end. Where they stand on lines of their own, a torn one costs only itself.
pub fn read(input: &mut dyn BufRead, layout: Layout, take: &mut dyn FnMut(Piece<'_>)) -> std::io::Result<()> {
    let budget = Cell::new(LARGEST);
    let mut source = Source::new(input, &budget);
    let mut is_first = true;
    while let Some(first) = source.next_value()? {
        budget.set(LARGEST);
        source.begin(!is_first);
        let mut json = serde_json::Deserializer::from_reader(&mut source);
        let read = match (first, layout) {
            (b'[', _) => Each { take: &mut *take, budget: &budget }.deserialize(&mut json),
            (b'{', Layout::Wholes(records, names)) => {
                let members = Members { records, names, take: &mut *take, budget: &budget };
                members.deserialize(&mut json).map(|()| take(Piece::End))
            }
            _ => Box::<RawValue>::deserialize(&mut json).map(|record| take(Piece::Record(record.get()))),
        };
        match read {
            Ok(()) => is_first = false,
            Err(error) if error.is_io() && budget.get() > 0 => return Err(error.into()),
            Err(error) => {
                let defect = if budget.get() == 0 { Defect::LineTooLong } else { Defect::Torn };
                let has_next = !is_first && !error.is_eof() && (source.go_back() || source.skip_hole()?);
                // The end of a document ends its last line, and so does what follows on it.
                if error.is_eof() || has_next {
                    source.beginning.push(b'\n');
                }
                take(Piece::Defect(defect, &source.beginning));
                if is_first || !has_next && !source.skip_line()? {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// A mark in a document: the offset is the record's position in it.
pub fn mark(position: u64, harness: &'static str, kind: MarkKind) -> Mark {
    Mark::new(position, Some(harness), kind)
}

/// A mark of what can't be read, but was no record of usage.
pub fn defect_aside(position: u64, defect: Defect) -> Mark {
    Mark { harness: None, ..mark(position, "", MarkKind::Fact(Fact::Defect(defect))) }
}

/// Hands each element of an array on.
struct Each<'a> {
    take: &'a mut dyn FnMut(Piece<'_>),
    budget: &'a Cell<u64>,
}

impl<'de> DeserializeSeed<'de> for Each<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Each<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(record) = elements.next_element::<Box<RawValue>>()? {
            self.budget.set(LARGEST);
            (self.take)(Piece::Record(record.get()));
        }
        Ok(())
    }
}

/// Hands the members of these names on.
struct Members<'a> {
    records: &'static str,
    names: &'static [&'static str],
    take: &'a mut dyn FnMut(Piece<'_>),
    budget: &'a Cell<u64>,
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(key) = members.next_key::<String>()? {
            self.budget.set(LARGEST);
            if key == self.records {
                members.next_value_seed(Each { take: &mut *self.take, budget: self.budget })?;
            } else if let Some(name) = self.names.iter().find(|name| **name == key) {
                let value = members.next_value::<Box<RawValue>>()?;
                (self.take)(Piece::Member(name, value.get()));
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
