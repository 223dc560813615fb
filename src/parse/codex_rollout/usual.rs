//! Records as Codex writes them, byte by byte: nearly all there are. What looks otherwise is read as any JSON.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::glance::{COUNT, EVENT, timed};
use super::header::Meta;
use super::record::{Context, EventMsg, Payload, UsageRecord};
use crate::event::{Billing, Time, TokenUsage};
use crate::parse::digits::number;
use crate::parse::latest::Latest;
use crate::parse::mark::LogRecord;
use crate::parse::plain::Plain;

static PLAN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"plan_type\":\""));

/// The time and the payload of a record.
pub(super) fn record(line: &[u8]) -> Option<(Time, Payload<'_>)> {
    let (time, rest) = timed(line)?;
    let rest = rest.strip_prefix(b",\"type\":\"")?;
    let (kind, rest) = rest.split_at_checked(memchr::memchr(b'"', rest)?)?;
    let mut json = Plain::new(rest.strip_prefix(b"\",\"payload\":")?.strip_suffix(b"}")?)?;
    let payload = match kind {
        b"session_meta" => Payload::Meta(Meta::plain(&mut json)?),
        b"turn_context" => Payload::Context(Context::plain(&mut json)?),
        b"event_msg" => Payload::Event(EventMsg::plain(&mut json)?),
        b"token_usage_record" => Payload::Usage(UsageRecord::plain(&mut json)?),
        _ => return None,
    };
    let time = Time::parse_usual(time)?;
    json.is_over().then_some((time, payload))
}

impl<'a> Meta<'a> {
    fn plain(json: &mut Plain<'a>) -> Option<Meta<'a>> {
        let mut meta = Meta::default();
        json.object(|key, json| match key {
            b"id" => json.text_into(&mut meta.id),
            b"timestamp" => json.text_into(&mut meta.timestamp),
            b"cwd" => json.text_into(&mut meta.cwd),
            b"cli_version" => json.text_into(&mut meta.cli_version),
            b"git" => json.json_into(&mut meta.git),
            b"source" => json.json_into(&mut meta.source),
            b"thread_source" => json.text_into(&mut meta.thread_source),
            b"forked_from_id" => json.text_into(&mut meta.forked_from_id),
            b"parent_thread_id" => json.text_into(&mut meta.parent_thread_id),
            b"history_base" => json.json_into(&mut meta.history_base),
            _ => json.pass_over(),
        })?;
        Some(meta)
    }
}

impl<'a> Context<'a> {
    fn plain(json: &mut Plain<'a>) -> Option<Context<'a>> {
        let mut context = Context::default();
        json.object(|key, json| match key {
            b"turn_id" => json.text_into(&mut context.turn_id),
            b"model" => json.text_into(&mut context.model),
            b"effort" => json.text_into(&mut context.effort),
            b"service_tier" => json.text_into(&mut context.service_tier),
            _ => json.pass_over(),
        })?;
        Some(context)
    }
}

impl<'a> EventMsg<'a> {
    fn plain(json: &mut Plain<'a>) -> Option<EventMsg<'a>> {
        let mut event = EventMsg::default();
        json.object(|key, json| match key {
            b"type" => json.text_into(&mut event.r#type),
            b"turn_id" => json.text_into(&mut event.turn_id),
            b"info" => json.json_into(&mut event.info),
            b"rate_limits" => json.json_into(&mut event.rate_limits),
            b"thread_id" => json.text_into(&mut event.thread_id),
            b"thread_settings" => json.json_into(&mut event.thread_settings),
            b"service_tier" => json.text_into(&mut event.service_tier),
            b"last_agent_message" => json.is_filled_into(&mut event.is_answered),
            _ => json.pass_over(),
        })?;
        Some(event)
    }
}

impl<'a> UsageRecord<'a> {
    fn plain(json: &mut Plain<'a>) -> Option<UsageRecord<'a>> {
        let mut record = UsageRecord::default();
        json.object(|key, json| match key {
            b"thread_id" => json.text_into(&mut record.thread_id),
            b"turn_id" => json.text_into(&mut record.turn_id),
            b"response_id" => json.text_into(&mut record.response_id),
            b"model" => json.text_into(&mut record.model),
            b"service_tier" => json.text_into(&mut record.service_tier),
            b"usage" => json.json_into(&mut record.usage),
            b"thread_token_usage" => json.json_into(&mut record.thread_token_usage),
            _ => json.pass_over(),
        })?;
        Some(record)
    }
}

/// The time and the counter of a `token_count` line; `None` for any other, and for one that is written in another
/// way.
pub(super) fn reading(line: &[u8]) -> Option<(Time, LogRecord)> {
    let (time, rest) = timed(line)?;
    let rest = rest.strip_prefix(EVENT)?.strip_prefix(COUNT)?.strip_prefix(b",\"info\":{\"total_token_usage\":")?;
    let (total, rest) = usage(rest)?;
    let (last, rest) = usage(rest.strip_prefix(b",\"last_token_usage\":")?)?;
    let rest = rest.strip_prefix(b",\"model_context_window\":")?;
    let rest = rest.strip_prefix(b"null").or_else(|| number(rest).map(|(_, rest)| rest))?;
    let rest = rest.strip_prefix(b"},\"rate_limits\":")?;
    let is_limits = rest.starts_with(b"{") && rest.ends_with(b"}}}") || rest == b"null}}";
    let time = Time::parse_usual(time)?;
    let billing = PLAN.find(rest).map(|_| Billing::Subscription);
    is_limits.then_some((time, LogRecord::Reading { total, latest: Latest::of(Some(last), &total), billing }))
}

/// An object of counts in the order in which they are written, and what follows it. Some versions leave some out.
fn usage(text: &[u8]) -> Option<(TokenUsage, &[u8])> {
    let (input, rest) = number(text.strip_prefix(b"{\"input_tokens\":")?)?;
    let (cached, rest) = optional(rest, b",\"cached_input_tokens\":")?;
    let (written, rest) = optional(rest, b",\"cache_write_input_tokens\":")?;
    let (output, rest) = optional(rest, b",\"output_tokens\":")?;
    let (reasoning, rest) = optional(rest, b",\"reasoning_output_tokens\":")?;
    let (_, rest) = optional(rest, b",\"total_tokens\":")?;
    let usage = TokenUsage {
        input_tokens: input,
        cache_read_input_tokens: cached,
        cache_creation_input_tokens: written,
        cache_creation_1h_input_tokens: 0,
        output_tokens: output,
        reasoning_output_tokens: Some(reasoning),
    };
    Some((usage, rest.strip_prefix(b"}")?))
}

/// The number behind a key, or zero.
fn optional<'a, const N: usize>(text: &'a [u8], key: &[u8; N]) -> Option<(u64, &'a [u8])> {
    text.strip_prefix(key).map_or(Some((0, text)), number)
}
