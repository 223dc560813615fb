//! Which conversation a line names, for records that name none.

use super::configured::conversation_of;
use super::head::{Head, head, word};
use super::otel::{Otel, has_failed, is_over};
use crate::event::Time;
use crate::parse::codex_otel::{STREAMED, TARGET};
use crate::parse::format::Mention;
use crate::parse::lines::{clean, may_be_record};
use crate::parse::seen::Seen;
use crate::parse::tracing;

/// Who is named by a `codex_otel` event, a span's thread, or the `SessionConfigured` event.
pub(super) fn named(line: &[u8], seen: &Seen) -> Option<Mention> {
    if !may_be_record(line) {
        return None;
    }
    match glance(line) {
        Glance::Nobody => None,
        Glance::Named(conversation, time, in_flight) => {
            Some(Mention { conversation: seen.id_of(conversation)?, time: Some(time), in_flight })
        }
        Glance::Unsure => any(line, seen),
    }
}

fn any(line: &[u8], seen: &Seen) -> Option<Mention> {
    let line = clean(line);
    let (conversation, time, in_flight) = named_by(&line)?;
    Some(Mention { conversation: seen.id_of(conversation)?, time: Some(time), in_flight })
}

fn named_by(line: &str) -> Option<(&[u8], Time, bool)> {
    let record = tracing::record(line)?;
    if record.target.starts_with(TARGET) {
        let otel = Otel::naming(record.body);
        return Some((otel.conversation?, record.time, otel.is_in_flight()));
    }
    if let Some(thread) = span_thread(record.spans) {
        return Some((thread.as_bytes(), record.time, false));
    }
    Some((conversation_of(record.body)?.as_bytes(), record.time, false))
}

/// The thread that a record's spans name.
pub(super) fn span_thread(spans: &str) -> Option<&str> {
    if spans.is_empty() {
        return None;
    }
    let (_, after) = spans.split_once("thread_id=").or_else(|| spans.split_once("thread.id="))?;
    let end = after.find([' ', '}']).unwrap_or(after.len());
    Some(after[..end].trim_matches('"')).filter(|id| !id.is_empty())
}

/// What the first glance at a line says.
#[derive(Debug, PartialEq)]
enum Glance<'a> {
    Nobody,
    Named(&'a [u8], Time, bool),
    /// It has not the form that nearly all have.
    Unsure,
}

/// Looks at no more of a record than its head, which tells all that matters of nearly all.
fn glance(line: &[u8]) -> Glance<'_> {
    let Some((time, head)) = head(line) else { return Glance::Unsure };
    match head {
        Head::Thread(thread) => Glance::Named(thread, time, false),
        Head::Debug(message) => {
            let (kind, rest) = word(message);
            let is_other = kind != b"SessionConfigured" && matches!(rest.first(), Some(b'(' | b' '));
            if is_other { Glance::Nobody } else { Glance::Unsure }
        }
        Head::Event(event) => {
            let in_flight = event.name == STREAMED.as_bytes() && !is_over(event.kind);
            // Only here the rest of the line has a say, and colours may hide what it says.
            if in_flight && (memchr::memchr(0x1b, event.rest).is_some() || has_failed(event.rest)) {
                return Glance::Unsure;
            }
            Glance::Named(event.conversation, time, in_flight)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Glance, any, glance};
    use crate::event::Id;
    use crate::parse::format::Mention;
    use crate::parse::seen::Seen;

    const LINES: [&str; 6] = [
        "2026-05-12T07:03:16.926349Z  INFO session_loop{thread_id=a-1}: codex_core::codex: post sampling n=1",
        "2026-05-12T07:03:16.926349Z  INFO codex_otel::traces::otel_manager: event.name=\"codex.sse_event\" \
         event.timestamp=2026-05-12T07:03:16.926Z event.kind=response.output_text.delta conversation.id=a-1 \
         app.version=0.98.0 model=m duration_ms=3 note=error",
        "2026-05-12T07:03:16.926349Z  INFO codex_otel::traces::otel_manager: event.name=\"codex.sse_event\" \
         event.timestamp=2026-05-12T07:03:16.926Z event.kind=response.failed conversation.id=a-1 \
         error.message=no app.version=0.98.0",
        "2026-05-12T07:03:16.926349Z  INFO codex_otel::traces::otel_manager: event.name=\"codex.api_request\" \
         event.timestamp=2026-05-12T07:03:16.926Z conversation.id=a-1 app.version=0.98.0 attempt=0",
        "2026-05-12T07:03:16.926349Z DEBUG codex_exec: Received event: Event { id: \"0\", msg: Warning(W { \
         text: \"msg: SessionConfigured(S { session_id: 019e1adf-4a80-7b3c-8d11-000000000000 })\" }) }",
        "2026-05-12T07:03:16.926349Z DEBUG codex_exec: Received event: Event { id: \"0\", msg: \
         SessionConfigured(S { session_id: 019e1adf-4a80-7b3c-8d11-000000000000 }) }",
    ];

    const NEW: &[&str] =
        &["", " ", "=", "\"", "\u{1b}[0m", "é", "-", "x", " error.message=", "conversation.id=b ", "prompt=", "9", ":"];

    fn glanced(line: &str) -> Option<Option<Mention>> {
        match glance(line.as_bytes()) {
            Glance::Unsure => None,
            Glance::Nobody => Some(None),
            Glance::Named(id, time, in_flight) => {
                let id = Id::from(std::str::from_utf8(id).expect("ASCII"));
                Some(Some(Mention { conversation: id, time: Some(time), in_flight }))
            }
        }
    }

    proptest! {
        #[test]
        fn a_glance_tells_what_the_whole_line_does(
            which in 0..LINES.len(),
            changes in proptest::collection::vec((0..300_usize, 0..12_usize, proptest::sample::select(NEW)), 0..3),
        ) {
            let mut line = LINES[which].to_owned();
            for (at, length, new) in changes {
                let at = line.floor_char_boundary(at.min(line.len()));
                let end = line.floor_char_boundary((at + length).min(line.len()));
                line.replace_range(at..end, new);
            }
            if let Some(glanced) = glanced(&line) {
                prop_assert_eq!(glanced, any(line.as_bytes(), &Seen::default()), "{}", line);
            }
        }
    }

    #[test]
    fn a_glance_is_enough_for_nearly_all() {
        let sure = LINES.map(|line| glanced(line).is_some());
        assert_eq!(sure, [true, true, true, true, true, false]);
    }

    #[test]
    fn only_the_event_itself_names_its_session() {
        let named = LINES.map(|line| any(line.as_bytes(), &Seen::default()).is_some());
        assert_eq!(named, [true, true, true, true, false, true]);
    }
}
