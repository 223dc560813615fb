//! Lines of which a trace is full and that tell nothing of usage.

use std::ops::Range;

const TIME: usize = "2026-05-12T07:03:16.926349Z ".len();
const STREAMED: &[u8; 85] = b" INFO codex_otel::traces::otel_manager: event.name=\"codex.sse_event\" event.timestamp=";
const STAMP: usize = "2026-05-12T07:03:16.926Z".len();
const KIND: &[u8] = b" event.kind=response.";
const WAITED: &[u8] = b" duration_ms=";
const DEBUG: &[u8] = b"DEBUG codex_exec: Received event: Event { id: ";

/// The longest id of a Debug event, quotes included.
const LONGEST_ID: usize = 48;

/// Where the line that starts at `start` ends, if it is an event of a stream that isn't complete, or a piece of an
/// answer, whole as its writer wrote it: it names no count, and no tool's output ends in it.
///
/// `like` is the part of an earlier such line that its like have in common: what repeats it is compared, which is
/// faster than to look for the line's end.
pub(super) fn noise(text: &[u8], start: usize, like: &mut Range<usize>) -> Option<usize> {
    let line = text.get(start..)?;
    let time = line.first_chunk()?;
    if !time[0].is_ascii_digit() || time[TIME - 2] != b'Z' || holds_line_end(time) {
        return None;
    }
    match time[TIME] {
        b' ' => streamed(text, start + TIME, like),
        b'D' => piece(&line[TIME..]).map(|length| start + TIME + length),
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
    let is_end = || memchr::memmem::find(common, b"mcp_server_origin").is_some();
    if kind.starts_with(b"completed") || !common.ends_with(WAITED) || is_end() {
        return None;
    }
    *like = from..from + common.len();
    Some(like.end)
}

/// A piece of an answer as a Debug event.
fn piece(record: &[u8]) -> Option<usize> {
    let event = record.strip_prefix(DEBUG)?;
    let message = match event.strip_prefix(b"\"0\", msg: Agent") {
        Some(message) => message,
        None => {
            let id = event.iter().take(LONGEST_ID).position(|byte| matches!(byte, b',' | b'\n'))?;
            event[id..].strip_prefix(b", msg: Agent")?
        }
    };
    let end = record.len() - message.len();
    let end = end + memchr::memchr(b'\n', message)?;
    record[..end].ends_with(b" }").then_some(end)
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
