//! Documents of JSON, read from front to back, one record in memory at a time.

use std::cell::Cell;
use std::io::{BufRead, Read};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::mark::{Mark, MarkKind};
use crate::event::{Defect, Fact};

/// The largest record that is held.
const LARGEST: u64 = 16 * 1024 * 1024;

/// How much of a value that can't be read is shown.
const BEGINNING: usize = 4 * 1024;

/// How much is held at once.
const HELD: usize = 64 * 1024;

/// How much may be read again, as lines of their own, beside as much as was read since.
const MOST_AGAIN: usize = 16 * 1024 * 1024;

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
                // The end of a document ends its last line.
                if error.is_eof() {
                    source.beginning.push(b'\n');
                }
                take(Piece::Defect(defect, &source.beginning));
                if is_first || !source.skip_line()? {
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

/// The input, and what is known of the value that is being read.
struct Source<'a> {
    input: &'a mut dyn BufRead,
    /// Bytes that the record may still have.
    budget: &'a Cell<u64>,
    /// Bytes that were read, and how many of them were handed on: serde asks for one at a time.
    held: Vec<u8>,
    at: usize,
    /// Whether the value goes on behind a line end.
    crossed: bool,
    /// Whether it follows another one: then it may be a line's.
    is_apart: bool,
    /// What it goes on with there, if so.
    after: Vec<u8>,
    /// How much of that may be read again: where every line is torn, all that follows would be, for each.
    again: usize,
    /// How the value begins.
    beginning: Vec<u8>,
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let budget = self.budget.get();
        let Some(room) = buffer.first_mut().filter(|_| budget > 0) else {
            return Err(std::io::Error::other("a record is too large"));
        };
        if self.at == self.held.len() && !self.fill()? {
            return Ok(0);
        }
        let byte = self.held[self.at];
        *room = byte;
        self.at += 1;
        self.budget.set(budget - 1);
        if self.beginning.len() < BEGINNING {
            self.beginning.push(byte);
        }
        if self.is_apart {
            if self.crossed && self.after.len() < self.again {
                self.after.push(byte);
            }
            self.crossed |= byte == b'\n';
        }
        Ok(1)
    }
}

impl Source<'_> {
    fn new<'a>(input: &'a mut dyn BufRead, budget: &'a Cell<u64>) -> Source<'a> {
        let (held, after, beginning) = Default::default();
        Source { input, budget, held, at: 0, crossed: false, is_apart: false, after, again: MOST_AGAIN, beginning }
    }

    /// Holds what comes next; false at the end, where what was held last stays.
    fn fill(&mut self) -> std::io::Result<bool> {
        let buffer = self.input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        buffer[..buffer.len().min(HELD)].clone_into(&mut self.held);
        self.at = 0;
        self.input.consume(self.held.len());
        self.again = MOST_AGAIN.min(self.again + self.held.len());
        Ok(true)
    }

    /// Begins a value.
    fn begin(&mut self, is_apart: bool) {
        (self.is_apart, self.crossed) = (is_apart, false);
        self.after.clear();
        self.beginning.clear();
    }

    /// Passes a byte order mark and white space over; gives the first byte of a value, if there is one.
    fn next_value(&mut self) -> std::io::Result<Option<u8>> {
        let is_blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf);
        loop {
            self.at += self.held[self.at..].iter().take_while(|byte| is_blank(byte)).count();
            let first = self.held.get(self.at).copied();
            if first.is_some() || !self.fill()? {
                return Ok(first);
            }
        }
    }

    /// Passes the rest of a torn line over; false at the end.
    fn skip_line(&mut self) -> std::io::Result<bool> {
        // The next line's beginning shows that this one is torn, whatever was made of it.
        let is_whole = self.after.len() < self.again;
        if is_whole && matches!(self.after.trim_ascii_start().first(), Some(b'{' | b'[')) {
            self.again -= self.after.len();
            self.held.splice(..self.at, self.after.drain(..));
            self.at = 0;
            return Ok(true);
        }
        if self.at.checked_sub(1).is_some_and(|last| self.held[last] == b'\n') {
            return Ok(true);
        }
        loop {
            let rest = &self.held[self.at..];
            let newline = memchr::memchr(b'\n', rest);
            self.at += newline.map_or(rest.len(), |newline| newline + 1);
            if newline.is_some() {
                return Ok(true);
            }
            if !self.fill()? {
                return Ok(false);
            }
        }
    }
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
