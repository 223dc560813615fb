//! The usual line of a stream, which is like the one before it but for its times and its kind.

use std::ops::Range;

use crate::event::{Id, Time};

/// Bytes of the time that a record begins with.
const TIME: usize = "2026-05-12T07:03:16.926349Z".len();

/// Bytes of an event's own time.
const STAMP: usize = "2026-05-12T07:03:16.926Z".len();

const BEFORE_STAMP: &[u8] = b" event.timestamp=";
const BEFORE_KIND: &[u8] = b" event.kind=";
const BEFORE_WAIT: &[u8] = b" duration_ms=";

/// What such lines share.
pub(super) struct Usual {
    /// From the record's time to the event's.
    head: Vec<u8>,
    /// From behind the event's kind to its duration.
    middle: Vec<u8>,
    pub(super) conversation: Id,
}

/// An event of a stream.
pub(super) struct Event<'a> {
    /// When its record was written.
    pub(super) recorded: Time,
    /// When it came.
    pub(super) time: Time,
    pub(super) kind: &'a str,
    /// Milliseconds since the event before it.
    pub(super) wait: Option<u64>,
}

impl Usual {
    /// Learns from the line of an event; `None` if it is no usual one.
    pub(super) fn learn(line: &[u8], conversation: &Id) -> Option<Usual> {
        let head = TIME..memchr::memmem::find(line, BEFORE_STAMP)? + BEFORE_STAMP.len();
        let kind = head.end + STAMP + BEFORE_KIND.len();
        let middle = kind + memchr::memchr(b' ', line.get(kind..)?)? + 1;
        let wait = middle + memchr::memmem::find(line.get(middle..)?, BEFORE_WAIT)? + BEFORE_WAIT.len();
        let copy = |range: Range<usize>| line.get(range).map(<[u8]>::to_vec);
        let usual = Usual { head: copy(head)?, middle: copy(middle..wait)?, conversation: conversation.clone() };
        usual.read(line).is_some().then_some(usual)
    }

    /// Reads a line that is like the one that was learned from.
    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Option<Event<'a>> {
        let (recorded, rest) = line.split_at_checked(TIME)?;
        let (stamp, rest) = rest.strip_prefix(self.head.as_slice())?.split_at_checked(STAMP)?;
        let rest = rest.strip_prefix(BEFORE_KIND)?;
        let (kind, rest) = rest.split_at(rest.iter().take_while(|byte| is_of_kind(**byte)).count());
        let wait = rest.strip_prefix(b" ")?.strip_prefix(self.middle.as_slice())?;
        if wait.is_empty() || wait.len() > 18 || !wait.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let text = |bytes| std::str::from_utf8(bytes).ok();
        Some(Event {
            recorded: Time::parse(text(recorded)?)?,
            time: Time::parse(text(stamp)?)?,
            kind: text(kind)?,
            wait: Some(text(wait)?.parse().ok()?),
        })
    }
}

fn is_of_kind(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_')
}
