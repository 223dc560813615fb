//! Events that this program wrote down: JSON Lines of [`crate::event::Line`].

use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;

use super::format::{Format, Shape};
use crate::event::{Defect, Event, Fact, Line, SCHEMA_VERSION};

/// What `forge-usage events` wrote: a JSON line for each event.
pub(super) static FORMAT: Format =
    Format { name: "events", harness: None, roots: &[], sniff, shape: Shape::Events(read) };

/// No event is longer.
const LONGEST: u64 = 16 * 1024 * 1024;

/// What some editors and shells put before a text.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// What every line has, whatever its version.
#[derive(serde::Deserialize)]
struct Stamp<'a> {
    schema_version: u32,
    #[serde(borrow, rename = "source")]
    _source: std::borrow::Cow<'a, str>,
    #[serde(borrow, rename = "kind")]
    _kind: std::borrow::Cow<'a, str>,
}

fn sniff(head: &[u8]) -> bool {
    let head = head.strip_prefix(BOM).unwrap_or(head);
    let first = head.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    first.is_some_and(|line| serde_json::from_slice::<Stamp>(line).is_ok())
}

/// Reads line by line. A line that is no event costs only itself; one of another version ends the reading, as
/// what follows could be misread.
fn read(input: &mut dyn BufRead, emit: &mut dyn FnMut(&str, Event) -> ControlFlow<()>) -> io::Result<()> {
    let (mut line, mut offset, mut source) = (Vec::new(), 0_u64, String::new());
    loop {
        line.clear();
        let length = (&mut *input).take(LONGEST).read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            return Ok(());
        }
        let text = line.strip_prefix(BOM).filter(|_| offset == 0).unwrap_or(&line);
        let found = event(text)?;
        let is_cut = length == LONGEST && !line.ends_with(b"\n");
        let flow = match found {
            None => ControlFlow::Continue(()),
            Some(Ok(found)) => {
                if *found.source != *source {
                    source = found.source.into_owned();
                }
                emit(&source, found.event)
            }
            Some(Err(defect)) => {
                let defect = if is_cut { Defect::LineTooLong } else { defect };
                emit(&source, Event { offset, run: None, harness: None, time: None, fact: Fact::Defect(defect) })
            }
        };
        if flow.is_break() {
            return Ok(());
        }
        let skipped = if is_cut { skip_line(input)? } else { 0 };
        offset += length + skipped;
    }
}

/// The event of a line; `None` for a blank one.
fn event(line: &[u8]) -> io::Result<Option<Result<Line<'_>, Defect>>> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    match serde_json::from_slice::<Line>(line) {
        Ok(line) if line.schema_version == SCHEMA_VERSION => return Ok(Some(Ok(line))),
        _ => {}
    }
    match serde_json::from_slice::<Stamp>(line) {
        Ok(stamp) if stamp.schema_version != SCHEMA_VERSION => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("events of schema version {}; this program reads version {SCHEMA_VERSION}", stamp.schema_version),
        )),
        _ => Ok(Some(Err(Defect::Torn))),
    }
}

/// Passes over the rest of a line; gives its length.
fn skip_line(input: &mut dyn BufRead) -> io::Result<u64> {
    let mut passed = 0;
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(passed);
        }
        let newline = memchr::memchr(b'\n', buffer);
        let length = newline.map_or(buffer.len(), |newline| newline + 1);
        input.consume(length);
        passed += length as u64;
        if newline.is_some() {
            return Ok(passed);
        }
    }
}
