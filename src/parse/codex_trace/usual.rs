//! The fields of `codex_otel` events in the form that nearly all have, taken apart by position rather than one by one.
//! What it tells is what the long way tells; `None` says nothing about a record.

use super::head::{Event, word};
use super::otel::{Counts, Otel, ends_text};
use crate::parse::codex_otel::{
    CACHE_WRITE, CACHED, COMPLETED, INPUT, OUTPUT, REASONING, STREAMED, TOOL_RESULT, TOTAL,
};
use crate::parse::digits::digits;
use crate::parse::marker;
use crate::parse::seen::{Common, Seen};
use crate::parse::tracing;

/// The fields of an event's own that follow the common ones: a completed call's, a tool result's.
const OWN: [&str; 2] = [INPUT, "tool_name"];

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
    let time = Some(event.time()?);
    let mut otel = Otel { time, conversation: Some(event.conversation), model: Some(model), ..Otel::default() };
    match (event.name, event.kind) {
        (name, kind) if name == STREAMED.as_bytes() && kind == COMPLETED.as_bytes() => {
            (otel.name, otel.kind) = (STREAMED, COMPLETED);
            let mut rest = rest;
            // In the order in which they stand.
            otel.counts = Counts {
                input: count(&mut rest, INPUT),
                output: count(&mut rest, OUTPUT),
                cached: count(&mut rest, CACHED),
                reasoning: count(&mut rest, REASONING),
                cache_write: count(&mut rest, CACHE_WRITE),
                total: count(&mut rest, TOTAL),
            };
            (otel.counts.input.is_some() && rest.is_empty()).then_some(otel)
        }
        (name, b"") if name == TOOL_RESULT.as_bytes() => {
            let (_, rest) = word(rest.strip_prefix(b" tool_name=")?);
            let (_, rest) = word(rest.strip_prefix(b" call_id=")?);
            let text = rest.strip_prefix(b" arguments=")?;
            // Under colours there may be more in it.
            let is_plain = memchr::memchr(0x1b, text).is_none() && !matches!(text.last(), None | Some(b'\r'));
            let text = std::str::from_utf8(text).ok().filter(|_| is_plain)?;
            Some(Otel { name: TOOL_RESULT, has_text: true, is_whole: ends_text(marker::without(text)), ..otel })
        }
        _ => None,
    }
}

/// The value of a field that is there, if it is digits and nothing else.
fn count<'a>(rest: &mut &'a [u8], name: &str) -> Option<&'a [u8]> {
    let value = rest.strip_prefix(b" ")?.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
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

    use super::{learn, otel};
    use crate::parse::codex_trace::head::{Head, head};
    use crate::parse::codex_trace::otel::{Counts, Otel};
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
        fn a_trace_line_means_the_same_by_the_short_way_and_by_the_long_one(
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
                    let counts = if long.has_text { Counts::default() } else { long.counts };
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
}
