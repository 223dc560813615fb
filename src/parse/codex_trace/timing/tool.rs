//! A tool's record: its head, the model's arguments, what it was like, the tool's output, and its end.

use super::fields::{Fields, number};
use crate::event::Time;
use crate::parse::codex_trace::tool_result::END;
use crate::parse::tracing;

/// The longest that a record's two clocks may be apart, in milliseconds.
const APART: i64 = 1000;

/// What follows a tool's arguments, which are the model's text: how long it ran, and whether it succeeded.
///
/// Arguments that are JSON or quoted have an end. Behind any others the one place that can be meant counts;
/// of several nobody can tell which the harness wrote.
pub(super) fn behind_arguments(text: &str) -> Option<(u64, Option<bool>)> {
    let end = match text.as_bytes().first() {
        Some(b'{' | b'[') => end_of_json(text),
        Some(b'"') => end_of_string(text),
        _ => None,
    };
    if let Some(told) = end.and_then(|end| told_at(text.get(end..)?)) {
        return Some(told);
    }
    let own = records_apart(text);
    let mut places =
        memchr::memmem::find_iter(own.as_bytes(), b" duration_ms=").filter_map(|at| told_at(own.get(at..)?));
    places.next().filter(|_| places.next().is_none())
}

/// ` duration_ms=… success=… output=` at the start of a text.
fn told_at(text: &str) -> Option<(u64, Option<bool>)> {
    let text = text.strip_prefix(" duration_ms=")?;
    let (ms, text) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    let text = text.strip_prefix(" success=")?;
    let (success, text) = text.split_at(text.bytes().take_while(u8::is_ascii_alphabetic).count());
    text.strip_prefix(" output=")?;
    Some((number(ms)?, success.parse().ok()))
}

/// The text until the next record.
fn records_apart(text: &str) -> &str {
    let mut starts = memchr::memchr_iter(b'\n', text.as_bytes());
    let next = starts.find(|newline| tracing::starts_record(&text[newline + 1..]));
    next.map_or(text, |newline| &text[..newline])
}

/// Where a JSON object or list that a text starts with ends.
fn end_of_json(text: &str) -> Option<usize> {
    let (mut depth, mut at, bytes) = (0_u32, 0, text.as_bytes());
    loop {
        match bytes.get(at)? {
            b'"' => at += end_of_string(text.get(at..)?)? - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Where a string that a text starts with ends.
fn end_of_string(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// What newer versions write behind a tool's output. An output may hold the end of another one; its time
/// gives it away.
pub(super) fn end_of_output(text: &str, recorded: Time) -> Option<Fields<'_>> {
    text.split('\n').find_map(|line| {
        let at = memchr::memmem::rfind(line.as_bytes(), END.as_bytes())?;
        let shared = Fields::read(&line[at + END.len()..]);
        shared.time.filter(|time| time.millis_since(recorded).abs() <= APART).map(|_| shared)
    })
}
