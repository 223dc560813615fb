//! What a line is, told by how it begins, as Codex writes it: nearly all do. `None` says nothing about a line.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::event::Time;
use crate::parse::blocks::{Found, end_or_needle};
use crate::parse::digits::number;
use crate::parse::format::Seems;
use crate::parse::mark::LogRecord;

/// How far into a line its kind stands.
pub(super) const BEGINNING: usize = 256;

/// How long a time is, as written.
const TIME: usize = "2026-05-12T07:03:16.926Z".len();

/// What every line begins with.
const START: &[u8; 14] = b"{\"timestamp\":\"";

/// What may follow it, from 0.154 on: the number of the record, whose digits stand here.
const ORDINAL: &[u8] = b",\"ordinal\":";

/// What follows the time in a line that holds an item of the conversation.
const ITEM: &[u8] = b",\"type\":\"response_item\",\"payload\":{";

/// What follows it in a line that tells of an event.
pub(super) const EVENT: &[u8] = b",\"type\":\"event_msg\",\"payload\":{\"type\":\"";

/// How items begin that a model made: a message, or a tool that is called.
const ANSWERS: [&[u8]; 4] = [
    b"\"type\":\"message\",\"role\":\"assistant\"",
    b"\"type\":\"function_call\"",
    b"\"type\":\"custom_tool_call\"",
    b"\"type\":\"local_shell_call\"",
];

/// How messages begin in versions that write their ids, and what follows these in a model's.
const NAMED: [&[u8]; 2] = [b"\"type\":\"message\",\"id\":\"", b"\",\"role\":\"assistant\""];

/// The events that matter, and begin as few others do.
const EVENTS: [&[u8]; 6] =
    [COUNT, b"task_started\"", b"task_complete\"", b"turn_started\"", b"turn_complete\"", b"thread_settings_applied\""];

/// The other ones that do.
const OF_REVIEWS: [&[u8]; 2] = [b"entered_review_mode\"", b"exited_review_mode\""];

/// The one that reads the counter.
pub(super) const COUNT: &[u8] = b"token_count\"";

/// What follows the time in a line that tells of a response.
const RECORD: &[u8] = b",\"type\":\"token_usage_record\"";

/// What follows the time in the other lines of which each is read.
const HEADERS: [&[u8]; 2] = [b",\"type\":\"turn_context\",\"payload\":{", b",\"type\":\"session_meta\",\"payload\":{"];

static NEXT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(START));

/// Passes items of the conversation over, as nearly all bytes are, unless a model made them, and events that tell
/// nothing: within a line that was torn, the next one starts. Others are told by what they begin with.
pub(super) fn glance(text: &[u8], start: usize) -> Option<Seems> {
    let (time, rest) = timed(text.get(start..)?)?;
    // Bytes of a known number are compared many at a time.
    if time.iter().fold(false, |found, byte| found | (*byte == b'\n')) {
        return None;
    }
    let end = |rest: &[u8], length| text.len() - rest.len() + length;
    let noise = |rest| match end_or_needle::<14, 3>(rest, START)? {
        Found::End(length) => Some(Seems::Noise(end(rest, length))),
        Found::Needle(_) => None,
    };
    let record = |rest| Some(Seems::Record(end(rest, memchr::memchr(b'\n', rest)?)));
    if let Some(item) = rest.strip_prefix(ITEM) {
        return match noise(item) {
            Some(Seems::Noise(end)) if is_answer(item) => Some(Seems::Record(end)),
            seems => seems,
        };
    }
    if let Some(event) = rest.strip_prefix(EVENT) {
        return match event.first()? {
            // Nearly all that matter begin with it, damaged ones too.
            b't' if !EVENTS.iter().any(|of_note| event.starts_with(of_note)) => None,
            b't' => record(event),
            b'e' if OF_REVIEWS.iter().any(|of_note| event.starts_with(of_note)) => record(event),
            _ => noise(event),
        };
    }
    HEADERS.iter().chain(&[RECORD]).find_map(|header| rest.strip_prefix(*header)).and_then(record)
}

/// Whether a model made an item.
fn is_answer(item: &[u8]) -> bool {
    let is_named_answer = |named: &[u8]| {
        let id = &named[..named.len().min(BEGINNING)];
        memchr::memchr(b'"', id).is_some_and(|end| named[end..].starts_with(NAMED[1]))
    };
    ANSWERS.iter().any(|answer| item.starts_with(answer)) || item.strip_prefix(NAMED[0]).is_some_and(is_named_answer)
}

/// When a model made the item that a line holds; `None` for other lines. The item itself doesn't matter.
pub(super) fn answered(line: &[u8]) -> Option<Time> {
    let (time, rest) = timed(line)?;
    // In what was torn the next record may begin.
    rest.strip_prefix(ITEM).filter(|item| is_answer(item) && NEXT.find(item).is_none())?;
    Time::parse_usual(time)
}

/// Whether the line begins with a time and a kind.
pub(super) fn has_kind(line: &[u8]) -> bool {
    timed(line).is_some_and(|(time, rest)| !time.contains(&b'"') && rest.starts_with(b",\"type\":\""))
}

/// What a line was that is torn, if it began to tell of usage.
pub(super) fn torn_usage(line: &[u8]) -> Option<LogRecord> {
    let (_, rest) = timed(line)?;
    if rest.starts_with(RECORD) {
        return Some(LogRecord::Lost);
    }
    rest.strip_prefix(EVENT)?.starts_with(COUNT).then_some(LogRecord::TornReading)
}

/// The time of a line, as written, and what follows it and the record's number.
#[inline]
pub(super) fn timed(line: &[u8]) -> Option<(&[u8; TIME], &[u8])> {
    let (time, rest) = line.strip_prefix(START)?.split_first_chunk()?;
    let rest = rest.strip_prefix(b"\"")?;
    let numbered = rest.strip_prefix(ORDINAL).and_then(number);
    Some((time, numbered.map_or(rest, |(_, rest)| rest)))
}
