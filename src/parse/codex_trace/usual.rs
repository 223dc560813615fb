//! Records in the form that nearly all have, taken apart by position rather than field by field. What it tells is
//! what the long way tells; `None` says nothing about a record.

use super::otel::{Otel, STREAMED, ends_text};
use crate::event::Time;
use crate::parse::blocks::{BLOCK, no_words};
use crate::parse::digits::digits;
use crate::parse::marker;
use crate::parse::seen::{Common, Seen};
use crate::parse::tracing;

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
    (is_path && !target.starts_with(b"codex_otel")).then_some((time, Head::Thread(thread)))
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

/// The fields of an event's own that follow the common ones: a completed call's, a tool result's.
const OWN: [&str; 2] = ["input_token_count", "tool_name"];

/// The counts of a completed call, as their places in [`Otel`].
const COUNTS: [(&[u8], usize); 5] = [
    (b" input_token_count=", 0),
    (b" output_token_count=", 3),
    (b" cached_token_count=", 1),
    (b" reasoning_token_count=", 4),
    (b" cache_write_token_count=", 2),
];

/// Learns the common fields of a record that was read the long way.
pub(super) fn learn(common: &mut Common, body: &str, conversation: &[u8]) {
    let place = |part: &[u8]| part.as_ptr().addr() - body.as_ptr().addr();
    let from = place(conversation) + conversation.len();
    let mut model = None;
    let mut last = None;
    for field in tracing::fields(body).skip_while(|field| field.key != "conversation.id").skip(1) {
        let start = place(field.value.as_bytes());
        let value = start..start + field.value.len();
        match field.key {
            key if OWN.contains(&key) => break,
            "model" if model.is_none() => model = Some(value.start - from..value.end - from),
            "event.name" | "event.kind" | "event.timestamp" | "error.message" => return,
            _ => {}
        }
        // A quote that isn't closed here might be closed further on.
        if !field.is_quoted && field.value.starts_with('"') {
            return;
        }
        last = Some((value.start, !field.is_quoted && word(field.value.as_bytes()).1.is_empty()));
    }
    let Some((to, true)) = last else { return };
    let text = body.as_bytes().get(from..to).filter(|text| !text.contains(&0x1b));
    let model = model.filter(|model| from + model.end < to);
    if let (Some(text), Some(model)) = (text, model) {
        *common = Common { text: text.to_vec(), model: Some(model) };
    }
}

/// Passes the common fields over: the model, and what follows them.
fn skip<'a>(common: &Common, rest: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let after = rest.strip_prefix(common.text.as_slice()).filter(|_| !common.text.is_empty())?;
    let model = rest.get(common.model.clone()?)?;
    let (last, after) = word(after);
    (!last.is_empty()).then_some((model, after))
}

/// The fields of a completed call or of a tool's result.
pub(super) fn otel<'a>(event: &Event<'a>, seen: &Seen) -> Option<Otel<'a>> {
    let (model, rest) = skip(&seen.common.borrow(), event.rest)?;
    let time = Some(Time::parse_usual(event.stamp)?);
    let mut otel = Otel { time, conversation: Some(event.conversation), model: Some(model), ..Otel::default() };
    match (event.name, event.kind) {
        (b"codex.sse_event", b"response.completed") => {
            (otel.name, otel.kind) = (STREAMED, "response.completed");
            let mut rest = rest;
            for (name, index) in COUNTS {
                otel.counts[index] = count(&mut rest, name);
            }
            otel.total = count(&mut rest, b" tool_token_count=");
            (otel.counts[0].is_some() && rest.is_empty()).then_some(otel)
        }
        (b"codex.tool_result", b"") => {
            let (_, rest) = word(rest.strip_prefix(b" tool_name=")?);
            let (_, rest) = word(rest.strip_prefix(b" call_id=")?);
            let text = rest.strip_prefix(b" arguments=")?;
            // Under colours there may be more in it.
            let is_plain = memchr::memchr(0x1b, text).is_none() && !matches!(text.last(), None | Some(b'\r'));
            let text = std::str::from_utf8(text).ok().filter(|_| is_plain)?;
            Some(Otel { name: "codex.tool_result", has_text: true, is_whole: ends_text(marker::without(text)), ..otel })
        }
        _ => None,
    }
}

/// The value of a field that is there, if it is digits and nothing else.
fn count<'a>(rest: &mut &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let value = rest.strip_prefix(name)?;
    let (digits, after) = value.split_at(digits(value));
    if digits.is_empty() || !matches!(after.first(), None | Some(b' ')) {
        return None;
    }
    *rest = after;
    Some(digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Head, head, learn, otel};
    use crate::parse::codex_trace::otel::Otel;
    use crate::parse::lines::clean;
    use crate::parse::marker;
    use crate::parse::seen::Seen;
    use crate::parse::tracing;

    const COMMON: &str = "conversation.id=a-1 app.version=0.98.0 auth_mode=\"Chatgpt\" user.email=\"kim@example.test\" \
                          model=m-1 slug=m-1";

    fn line(name: &str, own: &str) -> String {
        format!(
            "2026-05-12T07:03:16.926349Z  INFO codex_otel::traces::otel_manager: event.name=\"{name}\" \
             event.timestamp=2026-05-12T07:03:16.926Z {own}"
        )
    }

    fn lines() -> [String; 5] {
        let completed = "codex.sse_event";
        [
            line(
                completed,
                &format!(
                    "event.kind=response.completed {COMMON} input_token_count=7 output_token_count=1 cached_token_count=2 reasoning_token_count=0 tool_token_count=8"
                ),
            ),
            line(completed, &format!("event.kind=response.completed {COMMON} input_token_count=7 tool_token_count=7")),
            line(
                "codex.tool_result",
                &format!("{COMMON} tool_name=shell call_id=c-1 arguments={{\"command\":\"ls\"}} output=a b"),
            ),
            line(
                "codex.tool_result",
                &format!("{COMMON} tool_name=shell call_id=c-1 arguments={{}} output=a mcp_server= mcp_server_origin="),
            ),
            line("codex.tool_result", &format!("{COMMON} tool_name=shell call_id=c-1 arguments={{}} output=\"a\"")),
        ]
    }

    const NEW: &[&str] = &[
        "",
        " ",
        "=",
        "\"",
        "\u{1b}[0m",
        "é",
        "-",
        "x",
        " error.message=",
        " model=b",
        "output=",
        "9",
        ")",
        "\r",
        " input_token_count=",
        "conversation.id=b ",
        " mcp_server_origin=",
        "[2026-05-12T07:04:00Z] kill requested",
    ];

    proptest! {
        #[test]
        fn the_short_way_tells_what_the_long_one_does(
            changes in proptest::collection::vec(
                (0..5_usize, 0..420_usize, 0..12_usize, proptest::sample::select(NEW), any::<bool>()), 1..6),
        ) {
            let seen = Seen::default();
            for (which, at, length, new, changed) in changes {
                let mut line = lines()[which].clone();
                if changed {
                    let at = line.floor_char_boundary(at.min(line.len()));
                    let end = line.floor_char_boundary((at + length).min(line.len()));
                    line.replace_range(at..end, new);
                }
                let text = clean(line.as_bytes());
                let record = tracing::record(marker::without(&text));
                let short = match head(line.as_bytes()) {
                    Some((time, Head::Event(event))) => otel(&event, &seen).map(|otel| (time, otel)),
                    _ => None,
                };
                if let Some((time, otel)) = short {
                    let record = record.expect("a record");
                    prop_assert_eq!(time, record.time);
                    let long = Otel::read(record.body);
                    // A result's own fields have no meaning here, nor how a conversation is paid.
                    let counts = if long.has_text { [None; 5] } else { long.counts };
                    let long = Otel { counts, auth_mode: None, ..long };
                    prop_assert_eq!(otel, long, "{}", line);
                } else if let Some(record) = record {
                    let otel = Otel::read(record.body);
                    if let Some(id) = otel.conversation {
                        learn(&mut seen.common.borrow_mut(), record.body, id);
                    }
                }
            }
        }
    }

    #[test]
    fn the_usual_form_takes_the_short_way() {
        let seen = Seen::default();
        for line in lines() {
            let record = tracing::record(&line).expect("a record");
            let id = Otel::read(record.body).conversation.expect("an id");
            learn(&mut seen.common.borrow_mut(), record.body, id);
            let Some((_, Head::Event(event))) = head(line.as_bytes()) else { panic!("{line}") };
            let long = Otel { auth_mode: None, ..Otel::read(record.body) };
            assert_eq!(otel(&event, &seen), Some(long), "{line}");
        }
    }

    #[test]
    fn a_span_tells_its_thread() {
        let line = b"2026-05-12T07:03:16.926349Z  INFO session_loop{thread_id=a-1}: codex_core::codex: post sampling";
        assert!(matches!(head(line), Some((_, Head::Thread(b"a-1")))));
    }
}
