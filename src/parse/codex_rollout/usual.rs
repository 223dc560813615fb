//! Records as Codex writes them, byte by byte: nearly all there are. What looks otherwise is read as any JSON.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::record::{EventMsg, Meta, Payload, TurnContext};
use crate::event::{Billing, Time, TokenUsage};
use crate::parse::blocks::{Found, end_or_needle};
use crate::parse::digits::number;
use crate::parse::format::Seems;
use crate::parse::mark::{Latest, Logged};
use crate::parse::plain::Plain;

const TIME: usize = "2026-05-12T07:03:16.926Z".len();

/// What every line begins with.
const START: &[u8; 14] = b"{\"timestamp\":\"";

/// What follows the time in a line that holds an item of the conversation.
const ITEM: &[u8] = b"\",\"type\":\"response_item\",\"payload\":{";

/// What follows it in a line that tells of an event.
const EVENT: &[u8] = b"\",\"type\":\"event_msg\",\"payload\":{\"type\":\"";

/// How items begin that a model made: a message, or a tool that is called.
const ANSWERS: [&[u8]; 4] = [
    b"\"type\":\"message\",\"role\":\"assistant\"",
    b"\"type\":\"function_call\"",
    b"\"type\":\"custom_tool_call\"",
    b"\"type\":\"local_shell_call\"",
];

/// The events that matter.
const EVENTS: [&[u8]; 5] = [COUNT, b"task_started\"", b"task_complete\"", b"turn_started\"", b"turn_complete\""];

/// The one that reads the counter.
const COUNT: &[u8] = b"token_count\"";

/// What follows the time in a line that tells of a response.
const RECORD: &[u8] = b"\",\"type\":\"token_usage_record\"";

/// What follows the time in the other lines of which each is read.
const HEADERS: [&[u8]; 2] =
    [b"\",\"type\":\"turn_context\",\"payload\":{", b"\",\"type\":\"session_meta\",\"payload\":{"];

static NEXT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(START));

static PLAN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"plan_type\":\""));

/// Passes items of the conversation over, as nearly all bytes are, unless a model made them, and events that tell
/// nothing: within a line that was torn, the next one starts. Others are told by what they begin with.
pub(super) fn glance(text: &[u8], start: usize) -> Option<Seems> {
    let (time, rest) = text.get(start..)?.strip_prefix(START)?.split_first_chunk::<TIME>()?;
    // Bytes of a known number are compared many at a time.
    if time.iter().fold(false, |found, byte| found | (*byte == b'\n')) {
        return None;
    }
    let end = |rest: &[u8], length| text.len() - rest.len() + length;
    let noise = |rest| match end_or_needle::<14, 3>(rest, START)? {
        Found::End(length) => Some(Seems::Noise(end(rest, length))),
        Found::Needle(_) => None,
    };
    let record = |rest| Some(Seems::Record(end(rest, memchr::memchr(b'\n', rest)?)));
    if let Some(item) = rest.strip_prefix(ITEM) {
        return match noise(item) {
            Some(Seems::Noise(end)) if is_answer(item) => Some(Seems::Record(end)),
            seems => seems,
        };
    }
    if let Some(event) = rest.strip_prefix(EVENT) {
        return match event.first()? {
            // All that matter begin with it, damaged ones too.
            b't' if !EVENTS.iter().any(|of_note| event.starts_with(of_note)) => None,
            b't' => record(event),
            _ => noise(event),
        };
    }
    HEADERS.iter().find_map(|header| rest.strip_prefix(*header)).and_then(record)
}

fn is_answer(item: &[u8]) -> bool {
    ANSWERS.iter().any(|answer| item.starts_with(answer))
}

/// When a model made the item that a line holds; `None` for other lines. The item itself doesn't matter.
pub(super) fn answered(line: &[u8]) -> Option<Time> {
    let (time, rest) = line.strip_prefix(START)?.split_at_checked(TIME)?;
    // In what was torn the next record may begin.
    rest.strip_prefix(ITEM).filter(|item| is_answer(item) && NEXT.find(item).is_none())?;
    Time::parse_usual(time)
}

/// Whether the line begins with a time and a kind.
pub(super) fn has_kind(line: &[u8]) -> bool {
    let halves = line.strip_prefix(START).and_then(|rest| rest.split_at_checked(TIME));
    halves.is_some_and(|(time, rest)| !time.contains(&b'"') && rest.starts_with(b"\",\"type\":\""))
}

/// What a line was that is torn, if it began to tell of usage.
pub(super) fn torn_usage(line: &[u8]) -> Option<Logged> {
    let (_, rest) = line.strip_prefix(START)?.split_at_checked(TIME)?;
    if rest.starts_with(RECORD) {
        return Some(Logged::Lost);
    }
    rest.strip_prefix(EVENT)?.starts_with(COUNT).then_some(Logged::TornReading)
}

/// The time and the payload of a record.
pub(super) fn record(line: &[u8]) -> Option<(Time, Payload<'_>)> {
    let (time, rest) = line.strip_prefix(START)?.split_at_checked(TIME)?;
    let rest = rest.strip_prefix(b"\",\"type\":\"")?;
    let (kind, rest) = rest.split_at_checked(memchr::memchr(b'"', rest)?)?;
    let mut json = Plain::new(rest.strip_prefix(b"\",\"payload\":")?.strip_suffix(b"}")?)?;
    let payload = match kind {
        b"session_meta" => Payload::Meta(Meta::plain(&mut json)?),
        b"turn_context" => Payload::Context(TurnContext::plain(&mut json)?),
        b"event_msg" => Payload::Event(EventMsg::plain(&mut json)?),
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
            _ => json.pass_over(),
        })?;
        Some(meta)
    }
}

impl<'a> TurnContext<'a> {
    fn plain(json: &mut Plain<'a>) -> Option<TurnContext<'a>> {
        let mut context = TurnContext::default();
        json.object(|key, json| match key {
            b"turn_id" => json.text_into(&mut context.turn_id),
            b"model" => json.text_into(&mut context.model),
            b"effort" => json.text_into(&mut context.effort),
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
            b"last_agent_message" => json.is_filled_into(&mut event.is_answered),
            _ => json.pass_over(),
        })?;
        Some(event)
    }
}

/// The time and the counter of a `token_count` line; `None` for any other, and for one that is written in another
/// way.
pub(super) fn reading(line: &[u8]) -> Option<(Time, Logged)> {
    let rest = line.strip_prefix(START)?;
    let (time, rest) = rest.split_at_checked(TIME)?;
    let rest = rest.strip_prefix(EVENT)?.strip_prefix(COUNT)?.strip_prefix(b",\"info\":{\"total_token_usage\":")?;
    let (total, rest) = usage(rest)?;
    let (last, rest) = usage(rest.strip_prefix(b",\"last_token_usage\":")?)?;
    let rest = rest.strip_prefix(b",\"model_context_window\":")?;
    let rest = rest.strip_prefix(b"null").or_else(|| number(rest).map(|(_, rest)| rest))?;
    let rest = rest.strip_prefix(b"},\"rate_limits\":")?;
    let is_limits = rest.starts_with(b"{") && rest.ends_with(b"}}}") || rest == b"null}}";
    let time = Time::parse_usual(time)?;
    let billing = PLAN.find(rest).map(|_| Billing::Subscription);
    is_limits.then_some((time, Logged::Reading { total, latest: Latest::of(Some(last), &total), billing }))
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

#[cfg(test)]
mod tests {
    use super::{answered, glance, reading, record};
    use crate::parse::codex_rollout::record::Line;
    use crate::parse::format::Seems;
    use crate::parse::mark::{Logged, Mark, MarkKind};
    use crate::parse::needs::Needs;
    use crate::parse::seen::Seen;

    const LINE: &str = r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":90,"cached_input_tokens":40,"output_tokens":7,"reasoning_output_tokens":3,"total_tokens":97},"last_token_usage":{"input_tokens":50,"cached_input_tokens":0,"output_tokens":0,"reasoning_output_tokens":0,"total_tokens":50},"model_context_window":258400},"rate_limits":{"primary":null,"plan_type":"pro"}}}"#;

    fn mark(kind: MarkKind) -> Mark {
        Mark::new(0, None, kind)
    }

    fn slowly(line: &str) -> Option<Logged> {
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
        for line in [LINE, &without, &LINE.replace("{\"primary\":null,\"plan_type\":\"pro\"}", "null")] {
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
        assert_eq!(seems(item), None);
        assert_eq!(seems(&format!("{}{LINE}\n", &item[..item.len() - 4])), None);
        assert_eq!(seems(&format!("{LINE}\n")), Some(Seems::Record(LINE.len())));
        let line = |kind: &str| format!("{}\n", LINE.replace("token_count", kind));
        let length = |kind| line(kind).len() - 1;
        assert_eq!(seems(&line("agent_message")), Some(Seems::Noise(length("agent_message"))));
        assert_eq!(seems(&line("task_complete")), Some(Seems::Record(length("task_complete"))));
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
            format!(
                r#"{{"timestamp":"2026-05-12T07:03:16.926Z","type":"response_item","payload":{{{payload},"x":1}}}}"#
            )
        };
        for payload in [
            r#""type":"message","role":"assistant""#,
            r#""type":"function_call""#,
            r#""type":"custom_tool_call""#,
            r#""type":"local_shell_call""#,
        ] {
            let line = item(payload);
            assert_eq!(glance(format!("{line}\n").as_bytes(), 0), Some(Seems::Record(line.len())), "{line}");
            assert!(answered(line.as_bytes()).is_some(), "{line}");
            assert_eq!(slowly(&line), Some(Logged::Answered), "{line}");
        }
        for payload in
            [r#""type":"message","role":"user""#, r#""type":"function_call_output""#, r#""type":"reasoning""#]
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
            r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"event_msg","payload":{"turn_id":"t-1","type":"task_started"}}"#,
            r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"event_msg","payload":{"type":"task_complete","last_agent_message":"Done.\n\"So\""}}"#,
            r#"{"timestamp":"2026-05-12T07:03:16.926Z","type":"session_meta","payload":{"id":"c-1","cwd":"/srv","source":{"subagent":"review"},"git":{"branch":"main"},"base_instructions":{"text":"a \"b\"\n"}}}"#,
        ];
        for line in records {
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
}
