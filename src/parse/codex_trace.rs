//! Codex traces: the text that `RUST_LOG` makes Codex write, in `~/.codex/log` or on its output.
//!
//! What counts are the `response.completed` events of `codex_otel` that carry counts, and the
//! `TokenCount` Debug events of `codex_exec`. Tool results run over many lines and end with
//! `mcp_server=… mcp_server_origin=…`; what they hold is content.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::debug::{self, Value};
use super::format::{Format, Hit, Lines, Mark, MarkKind, Named, Shape, count};
use super::lines::{clean, id, lines, lines_backwards, model, without_marker};
use super::tracing::{self, Record};
use crate::event::{
    Call, CallKey, Conversation, Counter, Defect, Fact, Id, ModelUsage, Quota, Scope, Time, TokenUsage,
};

/// See the module.
pub(super) static FORMAT: Format =
    Format { name: "codex-trace", harness: Some(HARNESS), sniff, shape: Shape::Lines(LINES) };

const HARNESS: &str = "codex";

const LINES: Lines = Lines {
    harness: Some(HARNESS),
    // The codex_otel events that matter, the Debug event, a tool result's head and its end. Their
    // first bytes are rare in the other lines, of which there are thousands.
    needles: &["input_token_count", "TokenCount(", ".tool_result", "n_starts", "mcp_server_origin"],
    is_noise: Some(is_noise),
    read,
    last_named: Some(last_named),
    time: Some(|line| tracing::record(line).map(|record| record.time)),
};

/// A trace has a record among its first lines; the first may be cut.
fn sniff(head: &[u8]) -> bool {
    lines(head).any(|line| {
        let line = clean(line);
        tracing::starts_record(&line)
            && tracing::record(&line).is_some_and(|record| record.target.starts_with("codex_"))
    })
}

/// Whether a line is a piece of an answer that streams, whole as its writer wrote it: it names no
/// count, and no tool's output ends in it.
fn is_noise(line: &[u8]) -> bool {
    const TIME: usize = "2026-05-12T07:03:16.926349Z ".len();
    let Some((time, record)) = line.split_at_checked(TIME) else { return false };
    if time[TIME - 2] != b'Z' || !time[0].is_ascii_digit() {
        return false;
    }
    let last_word = |line: &[u8]| memchr::memrchr(b' ', line).map_or(0, |space| space + 1);
    if let Some(event) = record.strip_prefix(b"DEBUG codex_exec: Received event: Event { id: ") {
        let message = memchr::memchr(b',', event).and_then(|comma| event.get(comma..)?.strip_prefix(b", msg: Agent"));
        return message.is_some() && &event[last_word(event)..] == b"}";
    }
    let Some(event) = record.strip_prefix(b" INFO codex_otel::traces::otel_manager: event.name=\"codex.sse_event\"")
    else {
        return false;
    };
    const STAMP: usize = " event.timestamp=2026-05-12T07:03:16.926Z".len();
    let kind = event.get(STAMP..).and_then(|event| event.strip_prefix(b" event.kind=response."));
    let is_delta =
        kind.is_some_and(|kind| memchr::memchr(b' ', kind).is_some_and(|end| kind[..end].ends_with(b"delta")));
    is_delta && event[last_word(event)..].starts_with(b"duration_ms=")
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let line = hit.line();
    let mark = |kind| hit.mark(Some(HARNESS), kind);
    match tracing::record(without_marker(&line)) {
        Some(record) if record.target.starts_with("codex_otel") => {
            read_otel(&record, hit.is_unterminated(), mark, marks)
        }
        Some(record) => read_debug(&record, mark, marks),
        None if closes_tool_result(&line) && !is_message_text(hit.before()) => marks.push(mark(MarkKind::Close)),
        None => {}
    }
}

/// The end of a tool result: `mcp_server=… mcp_server_origin=…`, which newer versions let the common
/// fields follow.
fn closes_tool_result(line: &str) -> bool {
    let Some(at) = memchr::memmem::rfind(line.as_bytes(), b" mcp_server_origin=") else { return false };
    let (before, origin) = (&line[..at], &line[at + " mcp_server_origin=".len()..]);
    let value = match origin.strip_prefix('"').and_then(|inner| inner.split_once('"')) {
        Some((_, after)) => after,
        None => origin.split_once(' ').map_or("", |(_, after)| after),
    };
    let is_last = value.is_empty() || value.trim_start().starts_with("event.timestamp=");
    is_last && memchr::memmem::rfind(before.as_bytes(), b"mcp_server=").is_some()
}

/// Whether the text after the latest record is a section of plain output: the message of an agent,
/// who may print anything, even the end of a tool result.
fn is_message_text(before: &[u8]) -> bool {
    for (_, line) in lines_backwards(before) {
        let line = clean(line);
        if matches!(&*line, "codex" | "exec" | "thinking" | "user" | "tokens used") {
            return true;
        }
        if tracing::starts_record(&line) {
            // A prompt runs on until the next record, too.
            return line.contains("event.name=\"codex.user_prompt\"");
        }
    }
    false
}

/// Fields of a `codex_otel` event that we use. Unknown ones are ignored, absent ones are not printed.
#[derive(Default)]
struct Otel<'a> {
    name: &'a str,
    kind: &'a str,
    time: Option<Time>,
    conversation: Option<&'a str>,
    model: Option<&'a str>,
    failed: bool,
    counts: [Option<&'a str>; 5],
    /// `tool_token_count`, which is misnamed: the call's input and output.
    total: Option<&'a str>,
    /// Whether free text begins: a tool's arguments or output, a prompt.
    has_text: bool,
    /// Whether that text ends on the same line.
    is_whole: bool,
}

impl<'a> Otel<'a> {
    /// The first of each field counts, and none after a field of free text, which may look like any.
    fn read(body: &'a str) -> Otel<'a> {
        let mut otel = Otel::default();
        for field in tracing::fields(body) {
            let value = field.value;
            match field.key {
                "arguments" | "output" | "prompt" => {
                    otel.has_text = true;
                    otel.is_whole = closes_tool_result(body) || (body.contains(" output=\"") && body.ends_with('"'));
                    break;
                }
                "event.name" if otel.name.is_empty() => otel.name = value,
                "event.kind" if otel.kind.is_empty() => otel.kind = value,
                "event.timestamp" => otel.time = otel.time.or_else(|| Time::parse(value)),
                "conversation.id" => otel.conversation = otel.conversation.or(Some(value)),
                "model" => otel.model = otel.model.or(Some(value)),
                "error.message" => otel.failed = true,
                "input_token_count" => otel.counts[0] = otel.counts[0].or(Some(value)),
                "cached_token_count" => otel.counts[1] = otel.counts[1].or(Some(value)),
                "cache_write_token_count" => otel.counts[2] = otel.counts[2].or(Some(value)),
                "output_token_count" => otel.counts[3] = otel.counts[3].or(Some(value)),
                "reasoning_token_count" => otel.counts[4] = otel.counts[4].or(Some(value)),
                "tool_token_count" => otel.total = otel.total.or(Some(value)),
                _ => {}
            }
        }
        otel
    }

    /// Whether a line that nothing ends may have lost digits: its total doesn't vouch for its counts.
    fn is_torn(&self, at_end: bool) -> bool {
        let vouched = self.usage().and_then(Result::ok).map(|usage| usage.total_tokens().to_string());
        at_end && self.counts[0].is_some() && vouched.as_deref() != self.total
    }

    /// The counts of a completed call; nothing if the record has none.
    fn usage(&self) -> Option<Result<TokenUsage, Defect>> {
        let input = self.counts[0]?;
        Some((|| {
            let optional = |text: Option<&str>| text.map(count).transpose();
            Ok(TokenUsage {
                input_tokens: count(input)?,
                cache_read_input_tokens: optional(self.counts[1])?.unwrap_or(0),
                cache_creation_input_tokens: optional(self.counts[2])?.unwrap_or(0),
                cache_creation_1h_input_tokens: 0,
                output_tokens: optional(self.counts[3])?.unwrap_or(0),
                reasoning_output_tokens: Some(optional(self.counts[4])?.unwrap_or(0)),
            })
        })())
    }
}

fn read_otel(record: &Record<'_>, at_end: bool, mark: impl Fn(MarkKind) -> Mark, marks: &mut Vec<Mark>) {
    let otel = Otel::read(record.body);
    let conversation: Option<Id> = otel.conversation.and_then(id);
    let time = otel.time.or(Some(record.time));
    let mut add = |kind| marks.push(mark(kind).at(Some(record.time)).of(conversation.clone()));
    match (otel.name, otel.kind) {
        ("codex.sse_event", "response.completed") if !otel.failed && otel.is_torn(at_end) => {
            add(MarkKind::Fact(Fact::Defect(Defect::Torn)));
        }
        ("codex.sse_event", "response.completed") if !otel.failed => match (otel.usage(), &conversation, time) {
            (Some(Ok(usage)), Some(id), Some(time)) => add(MarkKind::Fact(Fact::Call(Box::new(Call {
                conversation: Some(id.clone()),
                model: otel.model.and_then(model),
                ..Call::new(CallKey::Trace(id.clone(), time, usage), usage)
            })))),
            (Some(Err(defect)), ..) => add(MarkKind::Fact(Fact::Defect(defect))),
            (Some(Ok(_)), ..) => add(MarkKind::Fact(Fact::Defect(Defect::Torn))),
            (None, ..) => {}
        },
        ("codex.conversation_starts", _) => {
            if let Some(id) = &conversation {
                let model = otel.model.and_then(model);
                add(MarkKind::Fact(Fact::Conversation(Conversation {
                    model,
                    begins: true,
                    ..Conversation::new(id.clone())
                })));
            }
        }
        ("codex.tool_result", _) if otel.has_text => {
            add(MarkKind::Open);
            if otel.is_whole {
                add(MarkKind::Close);
            }
        }
        _ => {}
    }
}

/// `codex_exec: Received event: Event { id: …, msg: TokenCount(TokenCountEvent { … }) }`.
fn read_debug(record: &Record<'_>, mark: impl Fn(MarkKind) -> Mark, marks: &mut Vec<Mark>) {
    // Only the writer's own position counts: the same words inside a string are content.
    let Some(message) = message_of(record.body).filter(|message| message.starts_with("TokenCount(")) else { return };
    let conversation = span_thread(record.spans).and_then(id);
    let mut add = |fact| marks.push(mark(MarkKind::Fact(fact)).at(Some(record.time)).of(conversation.clone()));
    let value = debug::value(message).filter(|(_, rest)| rest.trim() == "}").map(|(value, _)| value);
    let Some(Value::Tuple("TokenCount", values)) = value else { return add(Fact::Defect(Defect::Torn)) };
    let Some(token_count) = values.first() else { return add(Fact::Defect(Defect::Torn)) };
    if let Some(info) = token_count.field("info").and_then(Value::some) {
        match counter(info, &conversation) {
            Ok(counter) => add(Fact::Counter(Box::new(counter))),
            Err(defect) => add(Fact::Defect(defect)),
        }
    }
    let Some(limits) = token_count.field("rate_limits").and_then(Value::some) else { return };
    let name = |field: &str| limits.field(field)?.some()?.text().and_then(id);
    let limit = name("limit_name").or_else(|| name("limit_id"));
    // An enum's variant here, in lower case elsewhere.
    let plan = name("plan_type").map(|plan| plan.to_ascii_lowercase().into());
    for window in ["primary", "secondary"].into_iter().filter_map(|name| limits.field(name)?.some()) {
        if let Some(quota) = quota(window) {
            add(Fact::Quota(Quota { limit: limit.clone(), plan: plan.clone(), ..quota }));
        }
    }
}

/// What follows `msg: ` in the Debug text of an event.
fn message_of(body: &str) -> Option<&str> {
    let id = body.strip_prefix("Received event: Event { id: \"")?;
    let end = memchr::memchr(b'"', id.as_bytes())?;
    id.get(end + 1..)?.strip_prefix(", msg: ")
}

fn counter(info: &Value<'_>, conversation: &Option<Id>) -> Result<Counter, Defect> {
    let usage_of = |name: &str| info.field(name).map(usage).transpose();
    let usage = usage_of("total_token_usage")?.ok_or(Defect::Torn)?;
    Ok(Counter {
        conversation: conversation.clone(),
        scope: Scope::Conversation,
        key: None,
        total: vec![ModelUsage { model: None, usage, cost: None }],
        last: usage_of("last_token_usage")?,
        cost: None,
    })
}

/// A `TokenUsage` value. `total_tokens` is derived, and sometimes an estimate: it is not read.
fn usage(value: &Value<'_>) -> Result<TokenUsage, Defect> {
    let field = |name: &str| value.field(name).and_then(Value::text).map(count).transpose();
    Ok(TokenUsage {
        input_tokens: field("input_tokens")?.ok_or(Defect::Torn)?,
        cache_read_input_tokens: field("cached_input_tokens")?.unwrap_or(0),
        cache_creation_input_tokens: field("cache_write_input_tokens")?.unwrap_or(0),
        cache_creation_1h_input_tokens: 0,
        output_tokens: field("output_tokens")?.unwrap_or(0),
        reasoning_output_tokens: Some(field("reasoning_output_tokens")?.unwrap_or(0)),
    })
}

fn quota(window: &Value<'_>) -> Option<Quota> {
    let text = |name: &str| window.field(name)?.some()?.text();
    let seconds = text("resets_at").and_then(|seconds| seconds.parse::<i64>().ok());
    Some(Quota {
        window_minutes: text("window_minutes").and_then(|minutes| minutes.parse().ok()),
        used_percent: text("used_percent")?.parse::<f64>().ok().filter(|percent| percent.is_finite())?,
        resets_at: seconds.and_then(|seconds| Time::from_millis(seconds.checked_mul(1000)?)),
        ..Quota::default()
    })
}

fn span_thread(spans: &str) -> Option<&str> {
    if spans.is_empty() {
        return None;
    }
    let (_, after) = spans.split_once("thread_id=").or_else(|| spans.split_once("thread.id="))?;
    let end = after.find([' ', '}']).unwrap_or(after.len());
    Some(after[..end].trim_matches('"')).filter(|id| !id.is_empty())
}

/// What a line holds that may name a conversation.
static NAMING: LazyLock<[Finder<'static>; 4]> =
    LazyLock::new(|| ["conversation.id", "thread_id=", "thread.id=", "SessionConfigured("].map(Finder::new));

/// The last record that names a conversation: a `codex_otel` event, a span's thread, or the
/// `SessionConfigured` event.
fn last_named(text: &[u8]) -> Option<Named> {
    let names = |line: &[u8]| NAMING.iter().any(|needle| needle.find(line).is_some());
    lines_backwards(text).filter(|(_, line)| names(line)).find_map(|(at, line)| {
        let line = clean(line);
        let (conversation, time, in_flight) = named_by(&line)?;
        Some(Named { at, conversation: id(conversation)?, time: Some(time), in_flight })
    })
}

fn named_by(line: &str) -> Option<(&str, Time, bool)> {
    let record = tracing::record(line)?;
    if record.target.starts_with("codex_otel") {
        let otel = Otel::read(record.body);
        let streams = otel.name == "codex.sse_event"
            && !otel.failed
            && !matches!(otel.kind, "response.completed" | "response.failed" | "response.incomplete");
        return Some((otel.conversation?, record.time, streams));
    }
    if let Some(thread) = span_thread(record.spans) {
        return Some((thread, record.time, false));
    }
    let (_, configured) =
        record.body.strip_prefix("Received event: Event { ")?.split_once("msg: SessionConfigured(")?;
    let (_, after) = configured.split_once("session_id: ").or_else(|| configured.split_once("thread_id: "))?;
    let id = after.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).find(|word| word.len() == 36)?;
    Some((id, record.time, false))
}
