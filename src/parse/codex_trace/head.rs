//! What a record in the form that nearly all have begins with: its time, and what it is. `None` says nothing about a
//! record.

use crate::event::Time;
use crate::parse::blocks::{BLOCK, no_words};
use crate::parse::codex_otel::TARGET;

/// Who writes traces.
pub(super) const HARNESS: &str = "codex";

const TIME: usize = "2026-05-12T07:03:16.926349Z ".len();
const STAMP: usize = "2026-05-12T07:03:16.926Z".len();
const EVENT: &[u8] = b" INFO codex_otel::traces::otel_manager: event.name=\"";
const DEBUG: &[u8] = b"DEBUG codex_exec: Received event: Event { id: \"";

/// What a record begins with.
#[derive(Debug, PartialEq)]
pub(super) enum Head<'a> {
    /// A `codex_otel` event.
    Event(Event<'a>),
    /// The message of a Debug event.
    Debug(&'a [u8]),
    /// A span that names its thread, around something else.
    Thread(&'a [u8]),
}

/// A `codex_otel` event, as far as all have the same fields.
#[derive(Debug, PartialEq)]
pub(super) struct Event<'a> {
    pub(super) name: &'a [u8],
    pub(super) kind: &'a [u8],
    /// When it happened, as written.
    stamp: &'a [u8; STAMP],
    pub(super) conversation: &'a [u8],
    /// The rest of the line.
    pub(super) rest: &'a [u8],
}

/// A record's time and head.
pub(super) fn head(line: &[u8]) -> Option<(Time, Head<'_>)> {
    let (time, record) = line.split_at_checked(TIME)?;
    let time = Time::parse_usual(time.strip_suffix(b" ")?)?;
    if let Some(event) = record.strip_prefix(EVENT) {
        return Some((time, Head::Event(event_of(event)?)));
    }
    if let Some(event) = record.strip_prefix(DEBUG) {
        return Some((time, Head::Debug(word(event).1.strip_prefix(b"\", msg: ")?)));
    }
    let (span, fields) = word(record.strip_prefix(b" INFO ")?);
    let (thread, rest) = word(fields.strip_prefix(b"{thread_id=")?);
    let target = rest.strip_prefix(b"}: ").filter(|_| !span.is_empty() && !thread.is_empty())?;
    let (target, rest) = word(target);
    // A path goes on after the first `::`.
    let is_path = rest.starts_with(b": ") || (rest.starts_with(b"::") && word(&rest[2..]).1.starts_with(b": "));
    (is_path && !target.starts_with(TARGET.as_bytes())).then_some((time, Head::Thread(thread)))
}

fn event_of(event: &[u8]) -> Option<Event<'_>> {
    let (name, rest) = word(event);
    let (stamp, rest) = rest.strip_prefix(b"\" event.timestamp=")?.split_first_chunk()?;
    if !is_plain(stamp) {
        return None;
    }
    let (kind, rest) = match rest.strip_prefix(b" event.kind=") {
        Some(kind) => word(kind),
        None => (&rest[..0], rest),
    };
    let (conversation, rest) = word(rest.strip_prefix(b" conversation.id=")?);
    let (key, value) = word(rest.strip_prefix(b" ")?);
    let is_key = value.starts_with(b"=") && key.first().is_some_and(u8::is_ascii_lowercase) && !key.contains(&b'-');
    let is_whole = is_key && !name.is_empty() && !conversation.is_empty();
    is_whole.then_some(Event { name, kind, stamp, conversation, rest })
}

impl Event<'_> {
    /// When it happened.
    pub(super) fn time(&self) -> Option<Time> {
        Time::parse_usual(self.stamp)
    }
}

/// Whether a stamp holds nothing but what times are written with. Bytes of a known number are looked at at once.
fn is_plain(stamp: &[u8; STAMP]) -> bool {
    stamp.iter().fold(true, |is_plain, byte| is_plain & matches!(byte, b'-'..=b':' | b'T' | b'Z'))
}

/// The bytes of words: neither quotes nor blanks, nor what colours begin with.
static IN_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'.' | b'_' | b'-');
        byte += 1;
    }
    table
};

/// The word that a text begins with, and what follows.
pub(super) fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let short = text.first_chunk().map(|block| no_words(block).trailing_zeros() as usize).filter(|end| *end < BLOCK);
    let slowly = || text.iter().position(|byte| !IN_WORD[usize::from(*byte)]).unwrap_or(text.len());
    text.split_at(short.unwrap_or_else(slowly))
}

#[cfg(test)]
mod tests {
    use super::{Head, head};

    #[test]
    fn a_span_tells_its_thread() {
        let line = b"2026-05-12T07:03:16.926349Z  INFO session_loop{thread_id=a-1}: codex_core::codex: post sampling";
        assert!(matches!(head(line), Some((_, Head::Thread(b"a-1")))));
    }
}
