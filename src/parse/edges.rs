//! What the edges of a chunk tell: when its first record was written, and how its source ends.

use serde::de::IgnoredAny;

use super::chunk::Chunk;
use super::format::Lines;
use super::json::part;
use super::lines::{clean, lines, lines_backwards, may_be_call, may_be_record, records};
use super::mark::{LogRecord, Mark, MarkKind};
use crate::event::{Defect, Fact, Time};

/// The time of the first record of any of these formats, which tells echoes in a bare log from its own records.
pub(super) fn began(chunk: &Chunk<'_>, parts: &[&'static Lines]) -> Option<Mark> {
    let clocks: Vec<fn(&str) -> Option<Time>> = parts.iter().filter_map(|part| part.time).collect();
    if clocks.is_empty() {
        return None;
    }
    let first = lines(chunk.own()).filter(|line| may_be_record(line)).find_map(|line| {
        let line = clean(line);
        clocks.iter().find_map(|clock| clock(&line))
    });
    Some(Mark::new(chunk.offset(chunk.start), None, MarkKind::Began).at(Some(first?)))
}

/// Whether the source ends with a fence, as whole ledgers do, or with a list behind one, as those of workflows may.
pub(super) fn fenced(chunk: &Chunk<'_>) -> Option<Mark> {
    let end = chunk.source_end()?;
    let is_last = |line: &&[u8]| {
        let line = line.trim_ascii();
        !line.is_empty() && !line.starts_with(b"- ") && !line.starts_with(b"### ")
    };
    let last = lines_backwards(chunk.text).map(|(_, line)| line).find(is_last)?;
    (clean(last).trim() == "```").then(|| Mark::new(end, None, MarkKind::Fenced))
}

/// Adds where the source ends, a log with a record on every line, and that its last record is torn.
pub(super) fn ended(chunk: &Chunk<'_>, parts: &[&'static Lines], marks: &mut Vec<Mark>) {
    let Some(end) = chunk.source_end() else { return };
    torn_end(chunk, parts, marks);
    marks.push(Mark::new(end, None, MarkKind::Logged(LogRecord::End)));
}

/// What the source ends with, if that is no whole record and wasn't told as one that is torn.
fn torn_end(chunk: &Chunk<'_>, parts: &[&'static Lines], marks: &mut Vec<Mark>) {
    let own = chunk.own();
    if own.is_empty() || own.ends_with(b"\n") {
        return;
    }
    let at = memchr::memrchr(b'\n', own).map_or(0, |newline| newline + 1);
    let line = clean(&own[at..]);
    // Blocks that were never written are zeros.
    let line = line.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    let offset = chunk.offset(chunk.start + at);
    let is_told = |mark: &Mark| mark.offset == offset && matches!(mark.kind, MarkKind::Fact(Fact::Defect(_)));
    if line.is_empty() || marks.iter().rev().any(is_told) || part::<IgnoredAny>(line).is_ok() {
        return;
    }
    let format = parts.first();
    for (at, record) in records(line.as_bytes(), format.and_then(|format| format.next)) {
        let mark = |kind| Mark::new(offset + at as u64, format.and_then(|format| format.harness), kind);
        marks.push(mark(MarkKind::Fact(Fact::Defect(Defect::Torn))));
        if may_be_call(record) {
            let conversation = format.and_then(|format| format.torn_of).and_then(|torn_of| torn_of(record));
            marks.push(mark(MarkKind::Logged(LogRecord::Lost)).of(conversation));
        }
    }
}
