//! One call at a time, from lines to times.

use super::tool::behind_arguments;
use crate::event::{CallTiming, Fact, FirstToken, Since, Stream};
use crate::parse::tests::events;

const ID: &str = "019e1aff-00a0-7587-9a49-0557627756d2";

/// A record at this millisecond after 07:03.
fn otel(ms: u32, name: &str, rest: &str) -> String {
    let time = format!("2026-05-12T07:03:{:02}.{:03}", ms / 1000, ms % 1000);
    format!(
        "{time}456Z  INFO codex_otel::traces::otel_manager: event.name=\"codex.{name}\" event.timestamp={time}Z \
         conversation.id={ID} model=gpt-5.3-codex {rest}\n"
    )
}

fn sse(ms: u32, kind: &str, wait: u32) -> String {
    otel(ms, "sse_event", &format!("event.kind=response.{kind} duration_ms={wait}"))
}

fn counts(ms: u32) -> String {
    otel(ms, "sse_event", "event.kind=response.completed input_token_count=9 output_token_count=2 tool_token_count=11")
}

fn request(ms: u32, took: u32, status: u16, attempt: u32) -> String {
    otel(ms, "api_request", &format!("duration_ms={took} http.response.status_code={status} attempt={attempt}"))
}

fn calls(text: &str) -> Vec<CallTiming> {
    let found = events(text).into_iter().filter_map(|event| match event.fact {
        Fact::CallTiming(timing) => Some(*timing),
        _ => None,
    });
    found.collect()
}

#[test]
fn a_whole_call_tells_all_of_its_times() {
    let text = request(1000, 400, 200, 0)
        + &sse(1010, "created", 10)
        + &sse(1700, "output_text.delta", 690)
        + &sse(1750, "output_text.delta", 50)
        + &sse(2000, "completed", 250)
        + &counts(2001);
    let call = &calls(&text)[0];
    assert_eq!(call.first_token, Some(FirstToken { since: Since::Request, ms: 1100 }));
    let stream = Stream { events: 4, duration_ms: 990, longest_stall_ms: Some(690), is_floor: false };
    assert_eq!(call.stream, Some(stream));
    assert_eq!(call.request.and_then(|request| request.duration_ms), Some(400));
}

#[test]
fn what_a_cut_head_hides_is_blank_or_a_floor() {
    let text = sse(1700, "output_text.delta", 690) + &sse(2000, "completed", 250) + &counts(2001);
    let call = &calls(&text)[0];
    assert_eq!((call.first_token, call.request, call.attempts), (None, None, None));
    let stream = Stream { events: 2, duration_ms: 300, longest_stall_ms: Some(250), is_floor: true };
    assert_eq!(call.stream, Some(stream));
}

#[test]
fn a_request_that_failed_is_not_the_one_that_an_answer_came_to() {
    let answer = sse(1900, "created", 10) + &sse(2700, "output_text.delta", 690) + &counts(3001);
    let call = &calls(&(request(1000, 900, 503, 0) + &sse(1010, "failed", 10) + &answer))[0];
    assert_eq!((call.first_token, call.request, call.attempts), (None, None, None));
    let call = &calls(&(request(1000, 900, 503, 0) + &request(1800, 400, 200, 1) + &answer))[0];
    assert_eq!(call.request.and_then(|request| request.status), Some(200));
}

#[test]
fn attempts_that_fail_count_until_the_one_that_is_answered() {
    let text = otel(500, "user_prompt", "prompt_length=4 prompt=[REDACTED]")
        + &request(1000, 400, 503, 0)
        + &request(2000, 300, 200, 1)
        + &otel(2500, "sse_event", "event.kind=response.failed duration_ms=1 error.message=stream closed")
        + &request(3000, 200, 200, 0)
        + &sse(3010, "created", 10)
        + &sse(3020, "completed", 10)
        + &counts(3021);
    let call = &calls(&text)[0];
    assert_eq!(call.attempts, Some(3));
    let retries = events(&text).into_iter().filter(|event| match &event.fact {
        Fact::Request(request) => request.is_retry,
        _ => false,
    });
    assert_eq!(retries.count(), 2);
    assert_eq!(events(&text).iter().filter(|event| matches!(event.fact, Fact::StreamFailure(_))).count(), 1);
}

#[test]
fn a_tools_time_stands_behind_its_arguments() {
    let told = " duration_ms=12 success=true output=ok";
    for arguments in [r#"{"a":"} duration_ms=9 success=false output= \" {"}"#, r#""x \" y""#, "free text", ""] {
        assert_eq!(behind_arguments(&format!("{arguments}{told}")), Some((12, Some(true))), "{arguments}");
    }
    // Text that imitates what follows it leaves two readings.
    assert_eq!(behind_arguments(&format!("free duration_ms=9 success=false output=x{told}")), None);
    assert_eq!(behind_arguments("{\"torn\": "), None);
}

#[test]
fn a_tools_output_forges_no_times() {
    let quoted = request(1500, 9, 500, 3) + &sse(1600, "created", 9) + &sse(1700, "output_text.delta", 8000);
    let output = format!("tool_name=shell call_id=c1 arguments={{}} duration_ms=7 success=true output={quoted}");
    let text = otel(900, "conversation_starts", "context_window=1")
        + &request(1000, 400, 200, 0)
        + &sse(1010, "created", 10)
        + &sse(1100, "completed", 90)
        + &counts(1101)
        + otel(2000, "tool_result", &output).trim_end()
        + " mcp_server= mcp_server_origin=\n"
        + &request(2500, 100, 200, 0)
        + &sse(2510, "created", 10)
        + &sse(2520, "completed", 10)
        + &counts(2521);
    let longest: Vec<_> =
        calls(&text).iter().map(|call| call.stream.and_then(|stream| stream.longest_stall_ms)).collect();
    assert_eq!(longest, [Some(90), Some(10)]);
    assert_eq!(events(&text).iter().filter(|event| matches!(event.fact, Fact::Request(_))).count(), 2);
}
