//! Which conversation a line names, for records that name none.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::otel::Otel;
use crate::event::Time;
use crate::parse::format::Named;
use crate::parse::ids::Ids;
use crate::parse::lines::{clean, may_be_record};
use crate::parse::tracing;

static CONFIGURED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("msg: SessionConfigured("));

/// Who is named by a `codex_otel` event, a span's thread, or the `SessionConfigured` event.
pub(super) fn named(line: &[u8], ids: &Ids) -> Option<Named> {
    if !may_be_record(line) {
        return None;
    }
    let line = clean(line);
    let (conversation, time, in_flight) = named_by(&line)?;
    Some(Named { conversation: ids.id(conversation)?, time: Some(time), in_flight })
}

fn named_by(line: &str) -> Option<(&str, Time, bool)> {
    let record = tracing::record(line)?;
    if record.target.starts_with("codex_otel") {
        let otel = Otel::naming(record.body);
        return Some((otel.conversation?, record.time, otel.is_in_flight()));
    }
    if let Some(thread) = span_thread(record.spans) {
        return Some((thread, record.time, false));
    }
    let event = record.body.strip_prefix("Received event: Event { ")?;
    let configured = &event[CONFIGURED.find(event.as_bytes())?..];
    let (_, after) = configured.split_once("session_id: ").or_else(|| configured.split_once("thread_id: "))?;
    let id = after.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).find(|word| word.len() == 36)?;
    Some((id, record.time, false))
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
