//! What is told at a glance, or read as Codex writes it, is what the reader of any JSON tells.

use super::glance::{answered, glance};
use super::record::Line;
use super::usual::{reading, record};
use crate::event::Needs;
use crate::parse::format::Seems;
use crate::parse::mark::{LogRecord, Mark, MarkKind};
use crate::parse::seen::Seen;

const LINE: &str = r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":90,"cached_input_tokens":40,"output_tokens":7,"reasoning_output_tokens":3,"total_tokens":97},"last_token_usage":{"input_tokens":50,"cached_input_tokens":0,"output_tokens":0,"reasoning_output_tokens":0,"total_tokens":50},"model_context_window":258400},"rate_limits":{"primary":null,"plan_type":"pro"}}}"#;

fn mark(kind: MarkKind) -> Mark {
    Mark::new(0, None, kind)
}

/// The line with a record's number, as from 0.154 on.
fn numbered(line: &str) -> String {
    line.replacen("\",\"type\"", "\",\"ordinal\":120,\"type\"", 1)
}

fn slowly(line: &str) -> Option<LogRecord> {
    let mut marks = Vec::new();
    Line::read(line).ok()?.marks(Needs::USAGE, &Seen::default(), &mark, &mut marks).ok()?;
    marks.into_iter().find_map(|mark| match mark.kind {
        MarkKind::Logged(logged) => Some(logged),
        _ => None,
    })
}

#[test]
fn the_usual_line_is_read_as_any_json_is() {
    let without = LINE.replace(",\"plan_type\":\"pro\"", "").replace("258400", "null");
    for line in [LINE, &without, &numbered(LINE), &LINE.replace("{\"primary\":null,\"plan_type\":\"pro\"}", "null")] {
        assert_eq!(reading(line.as_bytes()).map(|(_, logged)| logged), slowly(line), "{line}");
        assert!(slowly(line).is_some());
    }
}

#[test]
fn an_item_is_passed_over_unless_another_record_follows_on_its_line() {
    let item =
        r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"response_item","payload":{"type":"message","x":"y"}}"#;
    let seems = |text: &str| glance(text.as_bytes(), 0);
    assert_eq!(seems(&format!("{item}\n{LINE}\n")), Some(Seems::Noise(item.len())));
    let (item_120, line_120) = (numbered(item), numbered(LINE));
    assert_eq!(seems(&format!("{item_120}\n{LINE}\n")), Some(Seems::Noise(item_120.len())));
    assert_eq!(seems(&format!("{line_120}\n")), Some(Seems::Record(line_120.len())));
    assert_eq!(seems(&format!("{}\n", item_120.replace("120", ""))), None);
    assert_eq!(seems(item), None);
    assert_eq!(seems(&format!("{}{LINE}\n", &item[..item.len() - 4])), None);
    assert_eq!(seems(&format!("{LINE}\n")), Some(Seems::Record(LINE.len())));
    let line = |kind: &str| format!("{}\n", LINE.replace("token_count", kind));
    let length = |kind| line(kind).len() - 1;
    assert_eq!(seems(&line("agent_message")), Some(Seems::Noise(length("agent_message"))));
    assert_eq!(seems(&line("task_complete")), Some(Seems::Record(length("task_complete"))));
    for kind in ["thread_settings_applied", "entered_review_mode", "exited_review_mode"] {
        assert_eq!(seems(&line(kind)), Some(Seems::Record(length(kind))));
    }
    assert_eq!((seems(&line("turn_diff")), seems(&line("token_cou"))), (None, None));
    for line in [item, LINE] {
        assert_eq!(seems(&format!("{}\n", line.replace("07:03:16", "07:03\n16"))), None);
    }
    let header = r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"turn_context","payload":{"model":"m"}}"#;
    assert_eq!(seems(&format!("{header}\n")), Some(Seems::Record(header.len())));
}

#[test]
fn an_item_that_a_model_made_is_told_at_a_glance() {
    let item = |payload: &str| {
        format!(r#"{{"timestamp":"2026-05-12T07:03:16.926Z","type":"response_item","payload":{{{payload},"x":1}}}}"#)
    };
    for payload in [
        r#""type":"message","role":"assistant""#,
        r#""type":"message","id":"msg_1","role":"assistant""#,
        r#""type":"function_call""#,
        r#""type":"custom_tool_call""#,
        r#""type":"local_shell_call""#,
    ] {
        let line = item(payload);
        assert_eq!(glance(format!("{line}\n").as_bytes(), 0), Some(Seems::Record(line.len())), "{line}");
        assert!(answered(line.as_bytes()).is_some(), "{line}");
        assert_eq!(slowly(&line), Some(LogRecord::Answered), "{line}");
    }
    let named = r#""type":"message","id":"msg_1","role":"user""#;
    for payload in
        [named, r#""type":"message","role":"user""#, r#""type":"function_call_output""#, r#""type":"reasoning""#]
    {
        let line = item(payload);
        assert_eq!(glance(format!("{line}\n").as_bytes(), 0), Some(Seems::Noise(line.len())), "{line}");
        assert_eq!((answered(line.as_bytes()), slowly(&line)), (None, None), "{line}");
    }
}

#[test]
fn an_envelope_by_position_says_what_any_does() {
    let records = [
        LINE,
        r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"turn_context","payload":{"turn_id":"t-1","model":"gpt-5.5","effort":"high","text":"\"model\":\"x\""}}"#,
        r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"turn_context","payload":{"turn_id":"t-1","model":"gpt-5.5","service_tier":"flex"}}"#,
        r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"event_msg","payload":{"turn_id":"t-1","type":"task_started"}}"#,
        r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"event_msg","payload":{"type":"thread_settings_applied","thread_id":"c-1","thread_settings":{"model":"gpt-5.5","service_tier":"priority"}}}"#,
        r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"token_usage_record","payload":{"thread_id":"c-1","turn_id":"t-1","response_id":"r-1","usage":{"input_tokens":9,"output_tokens":1},"thread_token_usage":{"input_tokens":20,"output_tokens":2}}}"#,
        r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"event_msg","payload":{"type":"task_complete","last_agent_message":"Done.\n\"So\""}}"#,
        r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"session_meta","payload":{"id":"c-1","cwd":"/srv","source":{"subagent":"review"},"git":{"branch":"main"},"base_instructions":{"text":"a \"b\"\n"}}}"#,
    ];
    let numbered = records.map(numbered);
    for line in records.into_iter().chain(numbered.iter().map(String::as_str)) {
        let (time, payload) = record(line.as_bytes()).expect("as it is written");
        let (mut quick, mut slow) = (Vec::new(), Vec::new());
        let seen = Seen::default();
        payload.marks(Some(time), Needs::ALL, &seen, &mark, &mut quick).expect("a record");
        Line::read(line).and_then(|line| line.marks(Needs::ALL, &seen, &mark, &mut slow)).expect("a record");
        assert_eq!(quick, slow, "{line}");
        assert!(!quick.is_empty(), "{line}");
    }
    let others = [
        LINE.replace("{\"timestamp\"", "{ \"timestamp\""),
        LINE.replace("event_msg", "event\\u005fmsg"),
        LINE.replace("2026-05", "2026-55"),
        LINE.replace("\"payload\":{", "\"more\":1,\"payload\":{"),
        format!("{LINE} "),
        LINE.replace("event_msg", "response_item"),
        LINE.replace("\"info\":{", "\"info\":null,\"info\":{"),
        LINE.replace("pro\"}}}", "pro\"}}"),
    ];
    for line in others {
        assert!(record(line.as_bytes()).is_none(), "{line}");
    }
}

#[test]
fn what_is_written_otherwise_is_left_to_the_json_reader() {
    let others = [
        LINE.replace("\":90", "\": 90"),
        LINE.replace(":90,", ":-90,"),
        LINE.replace(":90,", ":9.0,"),
        LINE.replace(":90,", ":090,"),
        LINE.replace(":90,", ":9000000000000000000,"),
        LINE[..LINE.len() - 1].to_owned(),
        format!("{LINE} "),
        LINE.replace("input_tokens\":90", "other_tokens\":90"),
    ];
    for line in others {
        assert_eq!(reading(line.as_bytes()), None, "{line}");
    }
}
