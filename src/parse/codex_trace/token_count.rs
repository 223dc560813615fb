//! `codex_exec: Received event: Event { id: …, msg: TokenCount(TokenCountEvent { … }) }`: a reading of the
//! conversation's counter, of rate limits, or both.

use super::debug_text::{DebugText, is_same_but_for_digits, message_of};
use super::head::HARNESS;
use super::named::span_thread;
use crate::event::{Counter, Defect, Fact, Id, ModelUsage, Quota, Scope, Time, TokenUsage};
use crate::parse::debug::{self, Value};
use crate::parse::format::{Hit, count};
use crate::parse::lines::id;
use crate::parse::mark::{Mark, MarkKind};
use crate::parse::tracing::Record;

/// What one says.
#[derive(Debug, PartialEq)]
struct TokenCount {
    /// The counter; `None` in a notice of rate limits alone.
    info: Option<Result<Info, Defect>>,
    limits: Vec<Quota>,
}

/// A counter's value, and its latest call.
#[derive(Debug, PartialEq)]
struct Info {
    total: TokenUsage,
    last: Option<TokenUsage>,
}

/// Adds what the record means, if it is such an event.
pub(super) fn read(hit: &Hit<'_>, record: &Record<'_>, marks: &mut Vec<Mark>) {
    let Some(event) = record.body.strip_prefix("Received event: ") else { return };
    let conversation = || span_thread(record.spans).and_then(|id| hit.seen.id(id));
    // Only the writer's own position counts: the same words inside a string are content.
    let is_torn = || message_of(record.body).is_some_and(|message| message.starts_with("TokenCount("));
    match any(event) {
        Some(said) => add(hit, record.time, conversation().as_ref(), said, marks),
        None if is_torn() => {
            let torn = MarkKind::Fact(Fact::Defect(Defect::Torn));
            marks.push(hit.mark(Some(HARNESS), torn).at(Some(record.time)).of(conversation()));
        }
        None => {}
    }
}

/// Adds what such an event means if it has the form that nearly all have; tells whether it has.
pub(super) fn read_usual(hit: &Hit<'_>, time: Time, message: &[u8], marks: &mut Vec<Mark>) -> bool {
    if hit.needs.quota {
        return false;
    }
    let said = usual(message, &mut hit.seen.value.borrow_mut());
    let is_usual = said.is_some();
    if let Some(said) = said {
        add(hit, time, None, said, marks);
    }
    is_usual
}

fn add(hit: &Hit<'_>, time: Time, conversation: Option<&Id>, said: TokenCount, marks: &mut Vec<Mark>) {
    let mut add = |fact| {
        marks.push(hit.mark(Some(HARNESS), MarkKind::Fact(fact)).at(Some(time)).of(conversation.cloned()));
    };
    match said.info {
        Some(Ok(Info { total, last })) => add(Fact::Counter(Box::new(Counter {
            conversation: conversation.cloned(),
            scope: Scope::Conversation,
            key: None,
            total: vec![ModelUsage { model: None, usage: total, cost: None, service_tier: None }],
            last,
            cost: None,
            leaves_agents: None,
        }))),
        Some(Err(defect)) => add(Fact::Defect(defect)),
        None => {}
    }
    if hit.needs.quota {
        said.limits.into_iter().for_each(|quota| add(Fact::Quota(Box::new(quota))));
    }
}

/// What an event says, read by field names, as fields come and go; `None` if it is torn, or another event.
fn any(event: &str) -> Option<TokenCount> {
    let (event, _) = debug::value(event).filter(|(_, rest)| rest.trim().is_empty())?;
    let Some(Value::Tuple("TokenCount", values)) = event.field("msg") else { return None };
    let said = values.first()?;
    let limits = said.field("rate_limits").and_then(Value::some).map(limits).unwrap_or_default();
    Some(TokenCount { info: said.field("info").and_then(Value::some).map(info), limits })
}

fn limits(limits: &Value<'_>) -> Vec<Quota> {
    let name = |field: &str| limits.field(field)?.some()?.text().and_then(id);
    let limit = name("limit_name").or_else(|| name("limit_id"));
    // An enum's variant here, in lower case elsewhere.
    let plan = name("plan_type").map(|plan| plan.to_ascii_lowercase().into());
    let windows = ["primary", "secondary"].into_iter().filter_map(|name| limits.field(name)?.some());
    windows.filter_map(quota).map(|quota| Quota { limit: limit.clone(), plan: plan.clone(), ..quota }).collect()
}

fn info(info: &Value<'_>) -> Result<Info, Defect> {
    let usage_of = |name: &str| info.field(name).map(usage).transpose();
    Ok(Info { total: usage_of("total_token_usage")?.ok_or(Defect::Torn)?, last: usage_of("last_token_usage")? })
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
        window_minutes: text("window_minutes").and_then(|minutes| count(minutes).ok()),
        used_percent: text("used_percent")?.parse::<f64>().ok().filter(|percent| percent.is_finite())?,
        resets_at: seconds.and_then(Time::from_seconds),
        ..Quota::default()
    })
}

/// Reads the form that nearly all have, in a tenth of the time, and leaves the limits out, which mostly are the
/// latest ones again. `None` says nothing about the text.
fn usual(message: &[u8], latest: &mut Vec<u8>) -> Option<TokenCount> {
    let mut text = DebugText(message);
    text.skip(b"TokenCount(TokenCountEvent { info: ")?;
    let info = match text.skip(b"Some(TokenUsageInfo { total_token_usage: ") {
        Some(()) => {
            let total = text.usage()?;
            text.skip(b", last_token_usage: ")?;
            let last = Some(text.usage()?);
            text.skip(b", model_context_window: ")?;
            text.value()?;
            text.skip(b" })")?;
            Some(Ok(Info { total, last }))
        }
        None => text.skip(b"None").map(|()| None)?,
    };
    text.skip(b", rate_limits: ")?;
    let limits = text.0.strip_suffix(b" }) }")?;
    if !is_same_but_for_digits(limits, latest) {
        let mut value = DebugText(limits);
        value.value()?;
        if !value.0.is_empty() {
            return None;
        }
        limits.clone_into(latest);
    }
    Some(TokenCount { info, limits: Vec::new() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{any, usual};

    const USUAL: &str = "TokenCount(TokenCountEvent { info: Some(TokenUsageInfo { total_token_usage: TokenUsage { \
        input_tokens: 10, cached_input_tokens: 4, cache_write_input_tokens: 1, output_tokens: 3, \
        reasoning_output_tokens: 2, total_tokens: 13 }, last_token_usage: TokenUsage { input_tokens: 5, \
        cached_input_tokens: 0, output_tokens: 1, reasoning_output_tokens: 0, total_tokens: 6 }, \
        model_context_window: Some(258400) }), rate_limits: Some(RateLimitSnapshot { primary: \
        Some(RateLimitWindow { used_percent: 3.0, window_minutes: Some(300), resets_at: Some(1778580000) }), \
        secondary: None, credits: Some(Credits { balance: Some(\"12.5\"), unlimited: false }), plan_type: Some(Pro) }) }) }";

    fn long(message: &str) -> Option<super::TokenCount> {
        any(&format!("Event {{ id: \"0\", msg: {message}"))
    }

    #[test]
    fn the_outer_fields_come_in_any_order() {
        let message = USUAL.strip_suffix(" }").expect("the event's own end");
        for event in [
            format!("Event {{ msg: {message}, id: \"0\" }}"),
            format!("Event {{ id: \"0\", ts: Some(3), msg: {message} }}"),
        ] {
            assert_eq!(any(&event), long(USUAL), "{event}");
        }
        assert!(any(&format!("Event {{ note: {message}, msg: Warning(W) }}")).is_none());
    }

    const NEW: &[&str] =
        &["", " ", ", ", "(", ")", "{", " { ", " }", "}", "\"", "\\", "None", "..", ": ", "::", "9", "+", "é", "[]"];

    /// A piece of the text and what comes in its place.
    fn change() -> impl Strategy<Value = (usize, usize, &'static str)> {
        (0..USUAL.len(), 0..40_usize, proptest::sample::select(NEW))
    }

    proptest! {
        #[test]
        fn a_counter_reads_the_same_by_the_short_way_and_by_the_long_one(changes in proptest::collection::vec(change(), 0..3)) {
            let mut text = USUAL.to_owned();
            for (at, length, new) in changes {
                let at = text.floor_char_boundary(at.min(text.len()));
                let end = text.floor_char_boundary((at + length).min(text.len()));
                text.replace_range(at..end, new);
            }
            let mut latest = Vec::new();
            usual(USUAL.as_bytes(), &mut latest);
            if let Some(short) = usual(text.as_bytes(), &mut latest) {
                prop_assert_eq!(Some(short.info), long(&text).map(|long| long.info), "{}", text);
            }
        }
    }

    #[test]
    fn the_usual_form_takes_the_short_way() {
        let older = USUAL.replace(", cache_write_input_tokens: 1", "");
        let notice = "TokenCount(TokenCountEvent { info: None, rate_limits: None }) }";
        for text in [USUAL, &older, notice] {
            let (short, long) = (usual(text.as_bytes(), &mut Vec::new()), long(text));
            assert_eq!(short.map(|short| short.info), long.map(|long| long.info), "{text}");
            assert!(usual(text.as_bytes(), &mut Vec::new()).is_some());
        }
    }
}
