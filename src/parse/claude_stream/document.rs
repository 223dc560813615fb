//! One object or one array of records, over any number of lines.

use std::cell::Cell;
use std::io::{BufRead, Read};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{HARNESS, understand};
use crate::event::{Defect, Fact};
use crate::parse::format::{Mark, MarkKind};

/// The largest record that is held.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Reads objects and arrays of records to the end, holding one record at a time.
pub(super) fn read(input: &mut dyn BufRead, emit: &mut dyn FnMut(Mark)) -> std::io::Result<()> {
    let budget = Cell::new(LARGEST);
    let mut position = 0;
    let mut take = |json: Box<RawValue>| {
        budget.set(LARGEST);
        let mut marks = Vec::new();
        let mark = |kind| document_mark(position, kind);
        if let Err(defect) = understand(json.get(), &mark, &mut marks) {
            marks.push(mark(MarkKind::Fact(Fact::Defect(defect))));
        }
        marks.into_iter().for_each(&mut *emit);
        position += 1;
    };
    while let Some(first) = skip_to_value(input)? {
        let mut json = serde_json::Deserializer::from_reader(Budgeted { input: &mut *input, budget: &budget });
        let read = if first == b'[' {
            Each(&mut take).deserialize(&mut json)
        } else {
            Box::<RawValue>::deserialize(&mut json).map(&mut take)
        };
        match read {
            Ok(()) => {}
            Err(error) if error.is_io() && budget.get() > 0 => return Err(error.into()),
            Err(_) => {
                let defect = if budget.get() == 0 { Defect::LineTooLong } else { Defect::Torn };
                emit(document_mark(position, MarkKind::Fact(Fact::Defect(defect))));
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Ends a record that is larger than any harness writes.
struct Budgeted<'a> {
    input: &'a mut dyn BufRead,
    budget: &'a Cell<u64>,
}

impl Read for Budgeted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let allowed = usize::try_from(self.budget.get()).unwrap_or(usize::MAX).min(buffer.len());
        if allowed == 0 {
            return Err(std::io::Error::other("a record is too large"));
        }
        let read = self.input.read(&mut buffer[..allowed])?;
        self.budget.set(self.budget.get() - read as u64);
        Ok(read)
    }
}

/// In a document the offset is the record's position in it.
fn document_mark(position: u64, kind: MarkKind) -> Mark {
    Mark { offset: position, harness: Some(HARNESS), time: None, conversation: None, kind }
}

/// Passes a byte order mark and white space over; gives the first byte of a value, if there is one.
fn skip_to_value(input: &mut dyn BufRead) -> std::io::Result<Option<u8>> {
    loop {
        let buffer = input.fill_buf()?;
        let is_blank = |byte: &&u8| byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf);
        let blank = buffer.iter().take_while(is_blank).count();
        let (first, is_over) = (buffer.get(blank).copied(), buffer.is_empty());
        input.consume(blank);
        if first.is_some() || is_over {
            return Ok(first);
        }
    }
}

/// Hands each element of an array on.
struct Each<'a>(&'a mut dyn FnMut(Box<RawValue>));

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
            self.0(record);
        }
        Ok(())
    }
}
