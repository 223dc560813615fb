//! Lines of which a trace is full and that tell nothing of usage.

use std::ops::Range;

const TIME: usize = "2026-05-12T07:03:16.926349Z ".len();
const STREAMED: &[u8] = b" INFO codex_otel::traces::otel_manager: event.name=\"codex.sse_event\" event.timestamp=";
const STAMP: usize = "2026-05-12T07:03:16.926Z".len();
const KIND: &[u8] = b" event.kind=response.";
const WAITED: &[u8] = b" duration_ms=";
const DEBUG: &[u8] = b"DEBUG codex_exec: Received event: Event { id: ";

/// Where the kind of a stream's event begins, after the time.
const HEAD: usize = STREAMED.len() + STAMP + KIND.len();

/// The longest id of a Debug event, quotes included.
const LONGEST_ID: usize = 48;

/// Where the line that starts at `start` ends, if it is an event of a stream that isn't complete, or a piece of an
/// answer, whole as its writer wrote it: it names no count, and no tool's output ends in it.
///
/// `like` is the part of an earlier such line that its like have in common: what repeats it is compared, which is
/// faster than to look for the line's end.
pub(super) fn noise(text: &[u8], start: usize, like: &mut Range<usize>) -> Option<usize> {
    let (time, record) = text.get(start..)?.split_first_chunk::<TIME>()?;
    if !time[0].is_ascii_digit() || time[TIME - 2] != b'Z' || holds_line_end(time) {
        return None;
    }
    match record.first()? {
        b' ' => streamed(text, start + TIME, like),
        b'D' => piece(record).map(|length| start + TIME + length),
        _ => None,
    }
}

/// For few bytes of a known number, which are compared at once.
fn holds_line_end<const N: usize>(bytes: &[u8; N]) -> bool {
    bytes.iter().fold(false, |found, byte| found | (*byte == b'\n'))
}

/// An event of a stream: everything but its times, its kind and the wait for it is the same in all of a
/// conversation.
fn streamed(text: &[u8], start: usize, like: &mut Range<usize>) -> Option<usize> {
    let head = text.get(start..)?.first_chunk::<HEAD>()?;
    let (name, record) = head.split_at(STREAMED.len());
    let (stamp, kind) = record.split_first_chunk::<STAMP>()?;
    if name != STREAMED || kind != KIND || holds_line_end(stamp) {
        return None;
    }
    let from = start + HEAD;
    let same = text.get(like.clone())?;
    let waited = match text.get(from..from + same.len()) {
        Some(found) if found == same && !same.is_empty() => from + same.len(),
        _ => {
            let end = from + memchr::memchr(b'\n', &text[from..])?;
            let digits = text[from..end].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
            let common = &text[from..end - digits];
            if common.starts_with(b"completed") || !common.ends_with(WAITED) {
                return None;
            }
            *like = from..end - digits;
            end - digits
        }
    };
    let digits = text[waited..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    (digits > 0 && text.get(waited + digits) == Some(&b'\n')).then_some(waited + digits)
}

/// A piece of an answer as a Debug event.
fn piece(record: &[u8]) -> Option<usize> {
    let event = record.strip_prefix(DEBUG)?;
    let id = event.iter().take(LONGEST_ID).position(|byte| matches!(byte, b',' | b'\n'))?;
    let message = event[id..].strip_prefix(b", msg: Agent")?;
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
