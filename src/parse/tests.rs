//! One source at a time, from text to events.

use super::{Chunk, FileName, SourceReader, detect, read_document};
use crate::event::{Event, Fact, Needs, Time};

/// Reads a text in one chunk.
pub(super) fn events(text: &str) -> Vec<Event> {
    let head = text.as_bytes();
    let format = detect(head).expect("a known format");
    let mut events = Vec::new();
    let now = Time::parse("2026-11-22T12:00:00Z").expect("a time");
    match SourceReader::new(format, "", head, now, Needs::ALL) {
        Some(mut reading) => {
            let marks = reading.scan(&Chunk { text: head, start: 0, end: head.len(), base: 0 });
            reading.push(marks, &mut |event| events.push(event));
            reading.finish(&mut |event| events.push(event));
        }
        None => read_document(format, FileName::default(), &mut { head }, Needs::ALL, &mut |event| events.push(event))
            .expect("in memory"),
    }
    events
}

const COUNTER: &str = "2026-05-12T07:03:17.057738Z DEBUG codex_exec: Received event: Event { id: \"0\", msg: \
    TokenCount(TokenCountEvent { info: None, rate_limits: Some(RateLimitSnapshot { primary: Some(RateLimitWindow { \
    used_percent: 0.0, window_minutes: Some(300), resets_at: Some(1770897748) }), secondary: Some(RateLimitWindow { \
    used_percent: 17.0, window_minutes: Some(10080), resets_at: None }), credits: None, plan_type: None }) }) }\n";

#[test]
fn a_reading_tells_the_state_of_both_rate_limits() {
    let quotas: Vec<_> = events(COUNTER)
        .into_iter()
        .filter_map(|event| match event.fact {
            Fact::Quota(quota) => Some((quota.window_minutes, quota.used_percent, quota.resets_at)),
            _ => None,
        })
        .collect();
    let resets_at = Time::from_millis(1_770_897_748_000);
    assert_eq!(quotas, [(Some(300), 0.0, resets_at), (Some(10_080), 17.0, None)]);
}

#[test]
fn a_rate_limit_notice_is_no_reading_of_tokens() {
    assert!(!events(COUNTER).iter().any(|event| matches!(event.fact, Fact::Counter(_))));
}

#[test]
fn an_array_of_records_is_read_like_its_lines() {
    let records = [
        r#"{"type":"system","subtype":"init","session_id":"s","model":"m"}"#,
        r#"{"type":"assistant","message":{"id":"msg_1","model":"m","usage":{"input_tokens":3,"output_tokens":1}},"session_id":"s"}"#,
        r#"{"type":"result","session_id":"s","total_cost_usd":0.5,"usage":{"input_tokens":3,"output_tokens":9}}"#,
    ];
    let facts = |text: &str| events(text).into_iter().map(|event| event.fact).collect::<Vec<_>>();
    let lines = facts(&(records.join("\n") + "\n"));
    assert_eq!(lines.len(), 3);
    assert_eq!(facts(&format!("[{}]", records.join(","))), lines);
    assert_eq!(facts(&format!("[\n  {}\n]\n", records.join(",\n  "))), lines);
}
