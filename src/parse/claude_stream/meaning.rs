//! What a record means, wherever it stands.

use super::quota::{RateLimit, RateLimitEvent};
use super::record::{Assistant, Finish, Head, Init, Renamed, StreamEvent, Task, calls};
use crate::event::{Conversation, Defect, Fact, Id, Reset, Time, Usd};
use crate::parse::anthropic::growth;
use crate::parse::claude::restores_counter;
use crate::parse::json::part;
use crate::parse::lines::{id, model};
use crate::parse::mark::{LogRecord, Mark, MarkKind};

/// Says what one record means, or what is wrong with it; a record without a session is something else's.
pub(super) fn understand(json: &str, mark: &impl Fn(MarkKind) -> Mark, marks: &mut Vec<Mark>) {
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

/// Whether another harness wrote a record of a stream that has the shape of Claude's; `None` where the record doesn't
/// tell.
pub(in crate::parse) fn is_others(json: &str) -> Option<bool> {
    let head = part::<Head>(json).ok()?;
    // Factory droid's records of what was said, and of its end.
    if head.session_id.is_some() && matches!(head.r#type.as_deref(), Some("message" | "completion")) {
        return Some(true);
    }
    if !head.is_of_stream() {
        return None;
    }
    match (head.r#type.as_deref(), head.subtype.as_deref()) {
        (Some("system"), Some("init")) => part(json).ok().and_then(|init: Init| init.is_others()),
        (Some("assistant"), _) => part(json).ok().map(|answer: Assistant<'_>| answer.is_others()),
        (Some("result"), _) => part(json).ok().map(|finish: Finish<'_>| finish.is_others()),
        _ => None,
    }
}

/// Whether a record begins a process of Claude Code or of another harness, and doesn't tell which.
pub(super) fn may_be_others(json: &str) -> bool {
    let is_init = |head: Head| head.subtype.as_deref() == Some("init");
    part(json).is_ok_and(is_init) && part(json).is_ok_and(|init: Init| init.is_others().is_none())
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
            let init: Init = part(json)?;
            if init.is_others() != Some(true) {
                say_init(&init, session, &mut add);
            }
        }
        (Some("assistant"), _) => return say_message(&part(json)?, session, &mut add),
        (Some("stream_event"), _) => say_stream_event(part(json)?, session, &mut add),
        (Some("result"), _) => {
            let finish = part::<Finish<'_>>(json)?;
            if finish.is_others() {
                return Ok(());
            }
            let counter = finish.counter(session.clone());
            if counter.total.is_empty() && counter.cost.is_some_and(|cost| cost > Usd::ZERO) {
                // It costs something, so something was used.
                let conversation = Conversation { is_answered: true, ..Conversation::new(session.clone()) };
                add(MarkKind::Fact(Fact::Conversation(Box::new(conversation))), None);
                add(MarkKind::Logged(LogRecord::Uncounted(None)), None);
            } else if !counter.total.is_empty() || counter.cost.is_some() {
                add(MarkKind::Fact(Fact::Counter(Box::new(counter))), None);
            }
        }
        (Some("rate_limit_event"), _) => {
            let limit = part::<RateLimitEvent>(json)?.rate_limit_info;
            for quota in limit.map(RateLimit::quotas).unwrap_or_default() {
                add(MarkKind::Fact(Fact::Quota(Box::new(quota))), None);
            }
        }
        (Some("system"), Some("task_progress" | "task_notification"))
            if part::<Task>(json).is_ok_and(|task| task.has_used()) =>
        {
            add(MarkKind::Fact(Fact::AgentAtWork(session.clone())), None);
        }
        (Some("conversation_reset"), _) | (Some("system"), Some("conversation_reset")) => {
            if let Some(next) = part::<Renamed>(json)?.new_conversation_id.as_deref().and_then(id) {
                let reset = Reset { conversation: session.clone(), next };
                add(MarkKind::Fact(Fact::Reset(Box::new(reset))), None);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Says that a process begins.
fn say_init(init: &Init, session: &Id, add: &mut impl FnMut(MarkKind, Option<Time>)) {
    let model = init.model.as_deref().and_then(model);
    // Only a result tells that nothing is missing: calls show a placeholder for their output.
    let conversation = Conversation {
        model,
        version: init.version.as_deref().and_then(id),
        billing: init.billing(),
        restores_counter: init.version.as_deref().and_then(restores_counter),
        ..Conversation::new(session.clone())
    };
    add(MarkKind::Fact(Fact::Conversation(Box::new(conversation))), None);
}

/// Says what an answer, or a part of one, tells of its calls.
fn say_message(
    record: &Assistant<'_>,
    session: &Id,
    add: &mut impl FnMut(MarkKind, Option<Time>),
) -> Result<(), Defect> {
    if record.is_others() {
        return Ok(());
    }
    let time = record.timestamp.as_deref().and_then(Time::parse);
    let task = record.parent_tool_use_id.as_deref();
    let Some(message) = &record.message else { return Ok(()) };
    if message.is_uncounted() {
        add(MarkKind::Logged(LogRecord::Uncounted(message.key(&[]))), time);
    }
    for call in calls(message, session, task) {
        add(MarkKind::Fact(Fact::Call(call)), time);
    }
    if message.has_bad_step() { Err(Defect::OutOfRange) } else { Ok(()) }
}

/// Says what a piece of a streamed answer tells of its usage.
fn say_stream_event(record: StreamEvent<'_>, session: &Id, add: &mut impl FnMut(MarkKind, Option<Time>)) {
    let parent = record.parent_tool_use_id.as_deref();
    let stream: Id = format!("{session} {}", parent.unwrap_or("")).into();
    let Some(event) = record.event else { return };
    match (event.r#type.as_deref(), event.message, event.usage) {
        (Some("message_start"), Some(message), _) => {
            if let Some(call) = calls(&message, session, parent).next() {
                add(MarkKind::MessageStart(stream, call), None);
            }
        }
        (Some("message_delta"), _, Some(usage)) => {
            for report in growth(&usage) {
                add(MarkKind::MessageDelta(stream.clone(), Box::new(report)), None);
            }
        }
        _ => {}
    }
}
