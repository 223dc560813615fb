//! Documents of JSON, read from front to back, one record in memory at a time.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
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
    let state = State::default();
    let mut is_first = true;
    while let Some(first) = next_value(input, &state)? {
        state.budget.set(LARGEST);
        state.crossed.set(false);
        state.is_apart.set(!is_first);
        state.after.borrow_mut().clear();
        state.beginning.borrow_mut().clear();
        let mut json = serde_json::Deserializer::from_reader(Budgeted { input: &mut *input, state: &state });
        let read = match (first, layout) {
            (b'[', _) => Each { take: &mut *take, state: &state }.deserialize(&mut json),
            (b'{', Layout::Wholes(records, names)) => {
                let members = Members { records, names, take: &mut *take, state: &state };
                members.deserialize(&mut json).map(|()| take(Piece::End))
            }
            _ => Box::<RawValue>::deserialize(&mut json).map(|record| take(Piece::Record(record.get()))),
        };
        match read {
            Ok(()) => is_first = false,
            Err(error) if error.is_io() && state.budget.get() > 0 => return Err(error.into()),
            Err(error) => {
                let defect = if state.budget.get() == 0 { Defect::LineTooLong } else { Defect::Torn };
                // The end of a document ends its last line.
                if error.is_eof() {
                    state.beginning.borrow_mut().push(b'\n');
                }
                take(Piece::Defect(defect, &state.beginning.borrow()));
                if is_first || !skip_line(input, &state)? {
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

/// What is known of the value that is being read.
#[derive(Default)]
struct State {
    /// Bytes that the record may still have.
    budget: Cell<u64>,
    /// The latest byte that was read.
    last: Cell<u8>,
    /// Whether it goes on behind a line end.
    crossed: Cell<bool>,
    /// Whether it follows another one: then it may be a line's.
    is_apart: Cell<bool>,
    /// What it goes on with there, if so.
    after: RefCell<Vec<u8>>,
    /// Bytes that were read too much.
    back: RefCell<VecDeque<u8>>,
    /// How the value begins.
    beginning: RefCell<Vec<u8>>,
}

/// Ends a record that is larger than any harness writes.
struct Budgeted<'a> {
    input: &'a mut dyn BufRead,
    state: &'a State,
}

impl Read for Budgeted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let budget = &self.state.budget;
        let allowed = usize::try_from(budget.get()).unwrap_or(usize::MAX).min(buffer.len());
        if allowed == 0 {
            return Err(std::io::Error::other("a record is too large"));
        }
        let back = self.state.back.borrow_mut().pop_front();
        let read = match back {
            Some(back) => {
                buffer[0] = back;
                1
            }
            None => self.input.read(&mut buffer[..allowed])?,
        };
        budget.set(budget.get() - read as u64);
        let mut beginning = self.state.beginning.borrow_mut();
        let room = BEGINNING.saturating_sub(beginning.len());
        beginning.extend_from_slice(&buffer[..read.min(room)]);
        for byte in &buffer[..read] {
            self.state.last.set(*byte);
            if self.state.is_apart.get() && self.state.crossed.get() {
                self.state.after.borrow_mut().push(*byte);
            }
            self.state.crossed.set(self.state.crossed.get() || *byte == b'\n');
        }
        Ok(read)
    }
}

/// Passes a byte order mark and white space over; gives the first byte of a value, if there is one.
fn next_value(input: &mut dyn BufRead, state: &State) -> std::io::Result<Option<u8>> {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf);
    {
        let mut back = state.back.borrow_mut();
        while back.pop_front_if(|byte| is_blank(byte)).is_some() {}
        if let Some(first) = back.front() {
            return Ok(Some(*first));
        }
    }
    loop {
        let buffer = input.fill_buf()?;
        let blank = buffer.iter().take_while(|byte| is_blank(byte)).count();
        let (first, is_over) = (buffer.get(blank).copied(), buffer.is_empty());
        input.consume(blank);
        if first.is_some() || is_over {
            return Ok(first);
        }
    }
}

/// Passes the rest of a torn line over; false at the end.
fn skip_line(input: &mut dyn BufRead, state: &State) -> std::io::Result<bool> {
    // The next line's beginning shows that this one is torn, whatever was made of it.
    let after = std::mem::take(&mut *state.after.borrow_mut());
    if matches!(after.trim_ascii_start().first(), Some(b'{' | b'[')) {
        let mut back = state.back.borrow_mut();
        after.into_iter().rev().for_each(|byte| back.push_front(byte));
        return Ok(true);
    }
    if state.last.get() == b'\n' {
        return Ok(true);
    }
    {
        let mut back = state.back.borrow_mut();
        while let Some(byte) = back.pop_front() {
            if byte == b'\n' {
                return Ok(true);
            }
        }
    }
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(false);
        }
        let newline = memchr::memchr(b'\n', buffer);
        let passed = newline.map_or(buffer.len(), |newline| newline + 1);
        input.consume(passed);
        if newline.is_some() {
            return Ok(true);
        }
    }
}

/// Hands each element of an array on.
struct Each<'a> {
    take: &'a mut dyn FnMut(Piece<'_>),
    state: &'a State,
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
            self.state.budget.set(LARGEST);
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
    state: &'a State,
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
            self.state.budget.set(LARGEST);
            if key == self.records {
                members.next_value_seed(Each { take: &mut *self.take, state: self.state })?;
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
