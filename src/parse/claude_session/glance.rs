//! What a line seems to be before it is read: nearly none tells of usage.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::elsewhere;
use crate::parse::blocks::{Found, end_or_needle};
use crate::parse::format::Seems;

/// What every record of a call holds that tells what it used.
const USAGE: &[u8; 7] = b"\"usage\"";

/// So much of a record's beginning, and of its end, tells whether it is an answer's.
const HEAD: usize = 1024;
const TAIL: usize = 512;

/// What answers are, and nearly nothing else.
pub(super) static ASSISTANT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"assistant\""));

/// How records begin.
pub(super) static BEGINNING: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("{\"parentUuid\""));

/// Passes lines over that hold no usage, are whole and seem to be no answer's, and tells the others.
pub(super) fn glance(text: &[u8], start: usize) -> Option<Seems> {
    match end_or_needle::<7, 4>(text.get(start..)?, USAGE)? {
        Found::End(length) => {
            let line = &text[start..start + length];
            let is_record = is_open(line) || seems_answer(line) || elsewhere::may_tell(line);
            let seems = if is_record { Seems::Record } else { Seems::Noise };
            Some(seems(start + length))
        }
        Found::Needle(at) => Some(Seems::Record(start + at + memchr::memchr(b'\n', &text[start + at..])?)),
    }
}

/// Whether a record may be an answer's: that stands before its content or behind it, whatever the order of its keys.
fn seems_answer(line: &[u8]) -> bool {
    let (head, rest) = line.split_at(line.len().min(HEAD));
    let tail = &rest[rest.len().saturating_sub(TAIL)..];
    ASSISTANT.find(head).is_some() || ASSISTANT.find(tail).is_some() || is_appended(head)
}

/// Whether a record was appended to one that is torn so early that it doesn't tell what it is, or to blocks that were
/// never written.
pub(super) fn is_appended(line: &[u8]) -> bool {
    let head = &line[..line.len().min(HEAD)];
    // Such blocks are long: they reach beyond the head, or the record behind them begins in it.
    let is_hole = head.len() == HEAD && head[HEAD - BEGINNING.needle().len() - 1] == 0;
    is_hole || head.get(1..).is_some_and(|rest| BEGINNING.find(rest).is_some())
}

/// Whether a record doesn't end where its line does.
pub(super) fn is_open(line: &[u8]) -> bool {
    !matches!(line, [] | [.., b'}'] | [.., b'}', b'\r'])
}
