//! One object or one array of records, over any number of lines.

use std::io::BufRead;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{HARNESS, understand};
use crate::event::{Defect, Fact};
use crate::parse::format::{Mark, MarkKind};

/// Reads one object, or an array record by record, holding one at a time.
pub(super) fn read(input: &mut dyn BufRead, emit: &mut dyn FnMut(Mark)) -> std::io::Result<()> {
    skip_to_value(input)?;
    let is_array = input.fill_buf()?.first() == Some(&b'[');
    let mut position = 0;
    let mut take = |json: Box<RawValue>| {
        let mut marks = Vec::new();
        let mark = |kind| document_mark(position, kind);
        if let Err(defect) = understand(json.get(), &mark, &mut marks) {
            marks.push(mark(MarkKind::Fact(Fact::Defect(defect))));
        }
        marks.into_iter().for_each(&mut *emit);
        position += 1;
    };
    let mut json = serde_json::Deserializer::from_reader(input);
    let read = if is_array {
        Each(&mut take).deserialize(&mut json)
    } else {
        Box::<RawValue>::deserialize(&mut json).map(&mut take)
    };
    match read {
        Err(error) if error.is_io() => Err(error.into()),
        Err(_) => {
            emit(document_mark(position, MarkKind::Fact(Fact::Defect(Defect::Torn))));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// In a document the offset is the record's position in it.
fn document_mark(position: u64, kind: MarkKind) -> Mark {
    Mark { offset: position, harness: Some(HARNESS), time: None, conversation: None, kind }
}

/// Passes a byte order mark and white space over.
fn skip_to_value(input: &mut dyn BufRead) -> std::io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let blank =
            buffer.iter().take_while(|byte| byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf)).count();
        let done = blank < buffer.len() || buffer.is_empty();
        input.consume(blank);
        if done {
            return Ok(());
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
