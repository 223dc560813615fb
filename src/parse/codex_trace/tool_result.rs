//! The end of a tool's output, which is content up to there.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::head::head;
use crate::parse::codex_otel;
use crate::parse::lines::{clean, lines_backwards, may_be_record};
use crate::parse::tracing;

/// What the last field of a tool result begins with.
pub(super) const END: &str = " mcp_server_origin=";

static SERVER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("mcp_server="));
static ORIGIN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(END));
static PROMPT: LazyLock<Finder<'static>> = LazyLock::new(|| codex_otel::finder(codex_otel::PROMPTED));

/// The end of a tool result: `mcp_server=… mcp_server_origin=…`, which newer versions let the common
/// fields follow.
pub(super) fn closes_tool_result(line: &str) -> bool {
    // Forwards is much faster, and mostly there is none.
    let Some(mut at) = ORIGIN.find(line.as_bytes()) else { return false };
    while let Some(next) = ORIGIN.find(&line.as_bytes()[at + 1..]) {
        at += 1 + next;
    }
    let (before, origin) = (&line[..at], &line[at + END.len()..]);
    let value = match origin.strip_prefix('"').and_then(|inner| inner.split_once('"')) {
        Some((_, after)) => after,
        None => origin.split_once(' ').map_or("", |(_, after)| after),
    };
    let is_last = value.is_empty() || value.trim_start().starts_with("event.timestamp=");
    is_last && SERVER.find(before.as_bytes()).is_some()
}

/// Where an agent's message may stand, or a prompt's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    /// Where records may follow.
    Between,
    /// Below a footer, which ends a process.
    BelowFooter,
}

/// Which message the text after the latest record may be, if it has a section of plain output: an agent may print
/// anything, even the end of a tool result.
pub(super) fn message_text(before: &[u8]) -> Option<Message> {
    let mut message = None;
    let is_prompt = |line: &[u8]| PROMPT.find(line).map(|_| Message::Between);
    for (_, line) in lines_backwards(before) {
        // What it may become is told by its first byte; outputs have many lines.
        if !may_be_record(line) && (!matches!(line.first(), Some(b'c' | b'e' | b't' | b'u')) || !may_be_word(line)) {
            continue;
        }
        // A prompt runs on until the next record, too.
        if head(line).is_some() && memchr::memchr(0x1b, line).is_none() {
            return message.or_else(|| is_prompt(line));
        }
        let line = clean(line);
        if line == FOOTER {
            return Some(Message::BelowFooter);
        }
        if WORDS.contains(&&*line) {
            message = Some(Message::Between);
        } else if tracing::starts_record(&line) {
            return message.or_else(|| is_prompt(line.as_bytes()));
        }
    }
    message
}

const FOOTER: &str = "tokens used";

/// What stands above a section of plain output.
pub(super) const WORDS: [&str; 5] = ["codex", "exec", "thinking", "user", FOOTER];

/// Whether a line may be one of them, as it is or under colours.
fn may_be_word(line: &[u8]) -> bool {
    line.len() <= "tokens used\r".len() || memchr::memchr(0x1b, line).is_some()
}
