//! Lines of which a trace is full and that tell nothing of usage.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::parse::format::Seems;

const TIME: usize = "2026-05-12T07:03:16.926349Z ".len();
const STREAMED: &[u8; 85] = b" INFO codex_otel::traces::otel_manager: event.name=\"codex.sse_event\" event.timestamp=";
const EVENT: &[u8] = b" INFO codex_otel::traces::otel_manager: event.name=\"codex.";
const STAMP: usize = "2026-05-12T07:03:16.926Z".len();
const KIND: &[u8] = b" event.kind=response.";
const WAITED: &[u8] = b" duration_ms=";
const DEBUG: &[u8] = b"DEBUG codex_exec: Received event: Event { id: ";

/// The longest id of a Debug event, quotes included.
const LONGEST_ID: usize = 48;

static ORIGIN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("mcp_server_origin"));

/// Passes a line over if it is an event of a stream that isn't complete, a piece of an answer or the like, whole as
/// its writer wrote it: it names no count, and no tool's output ends in it.
///
/// `like` is the part of an earlier such line that its like have in common: what repeats it is compared, which is
/// faster than to look for the line's end.
pub(super) fn glance(text: &[u8], start: usize, like: &mut Range<usize>) -> Option<Seems> {
    noise(text, start, like).map(Seems::Noise)
}

fn noise(text: &[u8], start: usize, like: &mut Range<usize>) -> Option<usize> {
    let line = text.get(start..)?;
    let time = line.first_chunk()?;
    if !time[0].is_ascii_digit() || time[TIME - 2] != b'Z' || holds_line_end(time) {
        return None;
    }
    match time[TIME] {
        b' ' => streamed(text, start + TIME, like).or_else(|| other(&line[TIME..]).map(|length| start + TIME + length)),
        b'D' => debug(&line[TIME..]).map(|length| start + TIME + length),
        _ => None,
    }
}

/// For few bytes of a known number, which are compared at once.
#[inline(always)]
fn holds_line_end(bytes: &[u8; 32]) -> bool {
    let mut found = false;
    for byte in bytes {
        found |= *byte == b'\n';
    }
    found
}

/// An event of a stream: everything but its times and the wait for it is the same as in another of its kind.
fn streamed(text: &[u8], start: usize, like: &mut Range<usize>) -> Option<usize> {
    let (name, stamp) = text.get(start..)?.split_first_chunk()?;
    if name != STREAMED || holds_line_end(stamp.first_chunk()?) {
        return None;
    }
    let from = start + STREAMED.len() + STAMP;
    let length = like.len();
    let mut end = from + length;
    if length == 0 || text.get(from..end) != text.get(like.clone()) {
        end = like_no_other(text, from, like)?;
    }
    let waited = end;
    while text.get(end)?.is_ascii_digit() {
        end += 1;
    }
    (end > waited && text[end] == b'\n').then_some(end)
}

/// Where the wait stands in a record whose kind is at `from`; the next ones may be like it.
fn like_no_other(text: &[u8], from: usize, like: &mut Range<usize>) -> Option<usize> {
    let record = &text[from..];
    let record = &record[..memchr::memchr(b'\n', record)?];
    let digits = record.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let common = &record[..record.len() - digits];
    let kind = common.strip_prefix(KIND)?;
    if kind.starts_with(b"completed") || !common.ends_with(WAITED) || ORIGIN.find(common).is_some() {
        return None;
    }
    *like = from..from + common.len();
    Some(like.end)
}

/// A Debug event that is no reading of a counter.
fn debug(record: &[u8]) -> Option<usize> {
    let event = record.strip_prefix(DEBUG)?;
    let message = match event.strip_prefix(b"\"0\", msg: ") {
        Some(message) => message,
        None => {
            let id = event.iter().take(LONGEST_ID).position(|byte| matches!(byte, b',' | b'\n'))?;
            event[id..].strip_prefix(b", msg: ")?
        }
    };
    if message.starts_with(b"TokenCount(") {
        return None;
    }
    let end = record.len() - message.len();
    let end = end + memchr::memchr(b'\n', message)?;
    record[..end].ends_with(b" }").then_some(end)
}

/// A request, a decision on a tool: an event that tells no tokens and begins no tool's output.
fn other(record: &[u8]) -> Option<usize> {
    let event = record.strip_prefix(EVENT)?;
    let is_read = |name: &&[u8]| event.starts_with(name);
    if [b"sse_event".as_slice(), b"tool_result", b"conversation_starts"].iter().any(is_read) {
        return None;
    }
    let length = memchr::memchr(b'\n', event)?;
    let event = &event[..length];
    let is_usual = matches!(event.last(), Some(b'0'..=b'9' | b'"')) && ORIGIN.find(event).is_none();
    is_usual.then_some(EVENT.len() + length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::noise;

    const HEAD: &str = "2026-05-12T07:03:16.926349Z  INFO codex_otel::traces::otel_manager: event.name=\"codex.sse_event\" \
                        event.timestamp=2026-05-12T07:03:16.926Z event.kind=";
    const PIECE: &str = "2026-05-12T07:03:16.926349Z DEBUG codex_exec: Received event: Event { id: \"0\", msg: AgentMessageDelta(\"x\") }";

    fn is_noise(line: &str) -> bool {
        noise(format!("{line}\n").as_bytes(), 0, &mut (0..0)) == Some(line.len())
    }

    #[test]
    fn what_streams_is_passed_over_by_its_shape() {
        for kind in ["response.created", "response.output_text.delta"] {
            assert!(is_noise(&format!("{HEAD}{kind} conversation.id=x duration_ms=12")), "{kind}");
        }
        assert!(is_noise(PIECE));
        let head = HEAD.split_once("sse_event").expect("a name").0;
        assert!(is_noise(&format!("{head}api_request\" conversation.id=x attempt=0")));
        assert!(is_noise(&format!("{head}tool_decision\" conversation.id=x source=\"Config\"")));
    }

    #[test]
    fn what_may_count_or_end_a_tools_output_is_not() {
        let marker = "[2026-05-12T07:03:17Z] run 01a06200-0000-7000-8000-0000000000a1 start (profile=p1)";
        for rest in [
            "response.completed conversation.id=x duration_ms=12",
            "\"response.completed\" conversation.id=x duration_ms=12",
            "response.created conversation.id=x",
            "response.created duration_ms=",
            "response.created duration_ms=12 mcp_server= mcp_server_origin=",
            "response.created mcp_server= mcp_server_origin= event.timestamp=2026-05-12T07:03:16Z duration_ms=12",
            &format!("response.created duration_ms=12{marker}"),
        ] {
            assert!(!is_noise(&format!("{HEAD}{rest}")), "{rest}");
        }
        let head = HEAD.split_once("sse_event").expect("a name").0;
        for rest in [
            "tool_result\" conversation.id=x attempt=0",
            "api_request\" conversation.id=x mcp_server= mcp_server_origin=",
            "api_request\" conversation.id=x mcp_server= mcp_server_origin= event.timestamp=x attempt=0",
            &format!("api_request\" conversation.id=x attempt=0{marker}"),
        ] {
            assert!(!is_noise(&format!("{head}{rest}")), "{rest}");
        }
        assert!(!is_noise(&PIECE.replace("AgentMessageDelta(", "TokenCount(")));
    }

    proptest! {
        #[test]
        fn what_a_line_repeats_does_not_matter(
            lines in proptest::collection::vec((0..4_usize, 0..3_usize, 0..400_usize, "[0-9 \n]"), 1..12),
        ) {
            let mut text = String::new();
            for (kind, rest, at, damage) in lines {
                let kind = ["response.completed", "response.created", "response.done", "response.done"][kind];
                let rest = [" conversation.id=x duration_ms=12", " conversation.id=y duration_ms=7", " x"][rest];
                let mut line = if at % 5 == 0 { PIECE.to_owned() } else { format!("{HEAD}{kind}{rest}") };
                if at < line.len() {
                    line.replace_range(at..at + 1, &damage);
                }
                text += &(line + "\n");
            }
            let (mut like, mut start) = (0..0, 0);
            while start < text.len() {
                let end = start + text[start..].find('\n').expect("a line end");
                let alone = noise(&text.as_bytes()[..=end], start, &mut (0..0));
                prop_assert!(alone.is_none_or(|found| found == end));
                prop_assert_eq!(alone, noise(text.as_bytes(), start, &mut like));
                start = end + 1;
            }
        }
    }
}
