//! Claude Code's `--output-format stream-json` (a record a line) and `json` (one object, or one
//! array of the same records).
//!
//! `modelUsage` and `total_cost_usd` of a `result` count everything the process did; `assistant`
//! records repeat for each content block and hold a placeholder for the output.

mod document;
mod record;
mod spread;

use serde_json::value::RawValue;

use crate::event::{Conversation, Defect, Fact, Id, Time};
use crate::parse::format::{Format, Hit, Lines, Shape};
use crate::parse::json::part;
use crate::parse::lines::{clean, id, lines, may_be_document, may_begin_with, model};
use crate::parse::mark::{Logged, Mark, MarkKind};
use crate::parse::marker;
use crate::parse::needles::Needle;
use record::{Assistant, Finish, Head, Init, RateLimit, RateLimitEvent, StreamEvent, calls};

/// Records, one a line.
pub(in crate::parse) static STREAM: Format = Format {
    name: "claude-stream-json",
    harness: Some(HARNESS),
    roots: &[],
    sniff: sniff_lines,
    shape: Shape::Lines(LINES),
};

/// One object or one array, over any number of lines.
pub(in crate::parse) static DOCUMENT: Format = Format {
    name: "claude-json",
    harness: Some(HARNESS),
    roots: &[],
    sniff: sniff_document,
    shape: Shape::Document(document::read),
};

const HARNESS: &str = "claude";

const LINES: Lines = Lines {
    harness: Some(HARNESS),
    needles: &[
        Needle::new("\"usage\"", "usag"),
        Needle::new("\"modelUsage\"", "delU"),
        Needle::new("\"init\"", "init"),
        Needle::new("\"rate_limit_event\"", "imit"),
        Needle::new(spread::KIND, "resu"),
        // Answers that are torn before their usage.
        Needle::new("{\"type\":\"assistant\"", "ista"),
        Needle::new("\"message_start\"", "_sta"),
    ],
    glance: None,
    read,
    named: None,
    time: None,
    torn_of: None,
};

fn sniff_lines(head: &[u8]) -> bool {
    lines(head).filter(|line| may_begin_with(line, b'{')).any(|line| {
        let line = clean(line);
        line.starts_with('{') && value(&line).and_then(part::<Head>).is_ok_and(|head| head.is_of_stream())
    })
}

/// A document starts with an array of records, or with a result that runs over several lines.
fn sniff_document(head: &[u8]) -> bool {
    if !may_be_document(head) {
        return false;
    }
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let is_array = text.starts_with('[');
    let object = if is_array { text[1..].trim_start() } else { text };
    let known = ["\"system\"", "\"assistant\"", "\"user\"", "\"result\""];
    // A first line that goes on beyond the head is a record's, not a document's, as is one that was torn, before others.
    let is_line = !is_array
        && (!text.contains('\n')
            || sniff_lines(head)
            || lines(text.as_bytes())
                .next()
                .is_some_and(|line| value(&clean(line)).and_then(part::<&RawValue>).is_ok()));
    !is_line && object.starts_with('{') && first_value(object, "type").is_some_and(|value| known.contains(&value))
}

/// The first value of `key` in JSON text that may be cut.
fn first_value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("\"{key}\""))?;
    let value = after.trim_start().strip_prefix(':')?.trim_start();
    let end = value.find([',', '}', '\n', '\r'])?;
    Some(value[..end].trim_end())
}

/// The JSON value that a line holds. One of forge's own lines may follow it when the output was
/// unterminated.
fn value(line: &str) -> Result<&str, Defect> {
    let line = line.trim_end();
    // Nearly always the line is the value; whether it is one is seen when it is read.
    if line.ends_with(['}', ']']) {
        return Ok(line);
    }
    let value = marker::without(line).trim_end();
    if value.ends_with(['}', ']']) { Ok(value) } else { Err(Defect::Torn) }
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let line = hit.line();
    let mark = |kind| hit.mark(Some(HARNESS), kind);
    let understood = if line.starts_with("[{") {
        let records = value(&line).and_then(part::<Vec<&RawValue>>);
        records.map(|records| records.into_iter().for_each(|record| understand(record.get(), &mark, marks)))
    } else if line.starts_with('{') {
        value(&line).map(|record| understand(record, &mark, marks))
    } else {
        spread::result(hit).iter().for_each(|result| understand(result, &mark, marks));
        Ok(())
    };
    if let Err(defect) = understood {
        marks.push(mark(MarkKind::Fact(Fact::Defect(defect))));
    }
}

/// Says what one record means, or what is wrong with it; a record without a session is something else's.
fn understand(json: &str, mark: &impl Fn(MarkKind) -> Mark, marks: &mut Vec<Mark>) {
    let (read, session) = match part::<Head>(json) {
        Ok(head) => {
            let Some(session) = head.session_id.as_deref().and_then(id) else { return };
            (say(json, &head, &session, mark, marks), Some(session))
        }
        Err(Defect::OutOfRange) => return,
        Err(defect) => (Err(defect), None),
    };
    if let Err(defect) = read {
        marks.push(mark(MarkKind::Fact(Fact::Defect(defect))).of(session));
    }
}

/// Says what a record of a session means.
fn say(
    json: &str,
    head: &Head,
    session: &Id,
    mark: &impl Fn(MarkKind) -> Mark,
    marks: &mut Vec<Mark>,
) -> Result<(), Defect> {
    let mut add = |kind, time| marks.push(mark(kind).at(time).of(Some(session.clone())));
    match (head.r#type.as_deref(), head.subtype.as_deref()) {
        (Some("system"), Some("init")) => {
            let init = part::<Init>(json)?;
            let model = init.model.as_deref().and_then(model);
            let billing = init.billing();
            // Only a result tells that nothing is missing: calls show a placeholder for their output.
            add(
                MarkKind::Fact(Fact::Conversation(Box::new(Conversation {
                    model,
                    billing,
                    ..Conversation::new(session.clone())
                }))),
                None,
            );
        }
        (Some("assistant"), _) => {
            let record: Assistant<'_> = part(json)?;
            let time = record.timestamp.as_deref().and_then(Time::parse);
            let is_subagent = record.parent_tool_use_id.is_some();
            let Some(message) = &record.message else { return Ok(()) };
            if message.is_uncounted() {
                add(MarkKind::Logged(Logged::Uncounted(message.key(&[]))), time);
            }
            for call in calls(message, session, is_subagent) {
                add(MarkKind::Fact(Fact::Call(call)), time);
            }
            if message.has_bad_step() {
                return Err(Defect::OutOfRange);
            }
        }
        (Some("stream_event"), _) => {
            let record: StreamEvent<'_> = part(json)?;
            let stream: Id = format!("{session} {}", record.parent_tool_use_id.as_deref().unwrap_or("")).into();
            let Some(event) = record.event else { return Ok(()) };
            match (event.r#type.as_deref(), event.message, event.usage) {
                (Some("message_start"), Some(message), _) => {
                    let is_subagent = record.parent_tool_use_id.is_some();
                    if let Some(call) = calls(&message, session, is_subagent).next() {
                        add(MarkKind::MessageStart(stream, call), None);
                    }
                }
                (Some("message_delta"), _, Some(usage)) => {
                    add(MarkKind::MessageDelta(stream, Box::new(usage.growth())), None);
                }
                _ => {}
            }
        }
        (Some("result"), _) => {
            let counter = part::<Finish<'_>>(json)?.counter(session.clone());
            if !counter.total.is_empty() || counter.cost.is_some() {
                add(MarkKind::Fact(Fact::Counter(Box::new(counter))), None);
            }
        }
        (Some("rate_limit_event"), _) => {
            let quota = part::<RateLimitEvent>(json)?.rate_limit_info.and_then(RateLimit::quota);
            if let Some(quota) = quota {
                add(MarkKind::Fact(Fact::Quota(Box::new(quota))), None);
            }
        }
        _ => {}
    }
    Ok(())
}
