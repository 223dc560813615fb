//! Small writers of what forge, Codex and Claude write. Everything in it is made up.

use std::fmt::Write;

use crate::shapes::{self, ClaudeResult, Entry, OTEL, anthropic, fence};
pub use crate::shapes::{Buckets, Counts, run_id};

/// Seconds since 2026-05-12T07:00:00Z.
pub type Second = u32;

/// Seconds from one run to the next.
pub const PACE: Second = 1800;

/// A time of day as the writers put it, without fraction and zone.
pub fn clock(second: Second) -> String {
    let (day, rest) = (11 + (7 * 3600 + second) / 86_400, (7 * 3600 + second) % 86_400);
    // Months of 31 days: nothing of ours is dated after the 30th of June.
    let (month, day) = (5 + day / 31, 1 + day % 31);
    format!("2026-{month:02}-{day:02}T{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

/// A version 7 UUID that was made at this second.
pub fn conversation(second: Second, n: usize) -> String {
    // 2026-05-12T07:00:00Z
    shapes::uuid(1_778_569_200_000 + u64::from(second) * 1000, n)
}

/// A version 4 UUID.
pub fn session(n: usize) -> String {
    format!("{n:08x}-1f4e-4b6a-a0c7-3de91b5e8842")
}

pub fn front(name: &str) -> String {
    shapes::front(name, "/srv/kiln", "2026-05-12T06:00:00Z")
}

/// A ledger's entry; without output there is no fence.
pub fn entry(name: &str, n: usize, harness: Option<&str>, start: Second, end: Second, output: &str) -> String {
    let (finish, start) = (format!("{}Z", clock(end)), format!("{}Z", clock(start)));
    let (run_id, profile) = (run_id(n), format!("p{}", n % 3));
    let fence = if output.trim().is_empty() { String::new() } else { fence(output) };
    let entry =
        Entry { name, run_id: &run_id, status: "success", profile: &profile, harness, start: &start, finish: &finish };
    entry.with(&fence)
}

pub fn marker(second: Second, message: &str) -> String {
    format!("[{}Z] {message}\n", clock(second))
}

pub fn starts(second: Second, n: usize) -> String {
    marker(second, &format!("run {} start (profile=p{})", run_id(n), n % 3))
}

/// What all events of a conversation share.
fn shared(conversation: &str) -> String {
    format!(
        "conversation.id={conversation} app.version=0.98.0 user.account_id=\"acct-invented\" \
         user.email=\"kim@example.test\" model=gpt-5.3-codex"
    )
}

fn event(second: Second, name: &str, conversation: &str, fields: &str) -> String {
    shapes::event(&clock(second), OTEL, name, &shared(conversation), fields)
}

/// Where newer versions of Codex write each event once more.
const TWINS: [&str; 2] = ["codex_otel.log_only", "codex_otel.trace_safe"];

/// The records of a completed call: one without counts, one or two (`twin`) with.
pub fn completed(second: Second, conversation: &str, counts: Counts, twin: bool) -> String {
    let counted: &[&str] = if twin { &TWINS } else { &[OTEL] };
    shapes::completed(&clock(second), &shared(conversation), counts, counted)
}

pub fn begins(second: Second, conversation: &str) -> String {
    event(second, "codex.conversation_starts", conversation, "context_window=258400")
}

/// A sign of life: an answer is streaming.
pub fn delta(second: Second, conversation: &str) -> String {
    event(second, "codex.sse_event", conversation, "event.kind=response.output_text.delta duration_ms=3")
}

/// A record that names its conversation and nothing else.
pub fn request(second: Second, conversation: &str) -> String {
    event(second, "codex.api_request", conversation, "duration_ms=40 http.response.status_code=200 attempt=0")
}

/// A tool's result, with its output as it is.
pub fn tool_result(second: Second, conversation: &str, output: &str) -> String {
    shapes::tool_result(&clock(second), &shared(conversation), "\"ls\"", output, "")
}

/// A prompt that is not redacted; newer versions write what all events share behind it.
pub fn prompt(second: Second, conversation: &str, text: &str, is_newer: bool) -> String {
    let (time, length) = (clock(second), text.chars().count());
    let told = format!("prompt_length={length} prompt={text}");
    if !is_newer {
        return event(second, "codex.user_prompt", conversation, &told);
    }
    format!(
        "{time}.000130Z  INFO session_loop{{thread_id={conversation}}}: {}: event.name=\"codex.user_prompt\" {told} \
         event.timestamp={time}.000Z conversation.id={conversation} app.version=0.131.0 model=gpt-5.3-codex\n",
        TWINS[0]
    )
}

/// A reading of the conversation's counter.
pub fn counter(second: Second, total: Counts, last: Counts) -> String {
    let limits = "Some(RateLimitSnapshot { primary: Some(RateLimitWindow { used_percent: 3.0, window_minutes: \
                  Some(300), resets_at: Some(1778580000) }), secondary: None })";
    shapes::counter(&clock(second), total, last, limits)
}

/// What a Codex session log begins with.
pub fn session_meta(second: Second, conversation: &str) -> String {
    let time = clock(second);
    format!(
        "{{\"timestamp\":\"{time}.000Z\",\"type\":\"session_meta\",\"payload\":{{\"id\":\"{conversation}\",\
         \"timestamp\":\"{time}.000Z\",\"cwd\":\"/srv/kiln\",\"cli_version\":\"0.98.0\",\"source\":\"exec\"}}}}\n"
    )
}

/// What a turn in it begins with.
pub fn turn_context(second: Second, turn: &str) -> String {
    format!(
        "{{\"timestamp\":\"{}.000Z\",\"type\":\"turn_context\",\"payload\":{{\"turn_id\":\"{turn}\",\
         \"model\":\"gpt-5.3-codex\"}}}}\n",
        clock(second)
    )
}

fn json_usage([input, cached, output, reasoning]: Counts) -> String {
    format!(
        "{{\"input_tokens\":{input},\"cached_input_tokens\":{cached},\"output_tokens\":{output},\
         \"reasoning_output_tokens\":{reasoning}}}"
    )
}

/// A reading of the counter in it.
pub fn token_count(second: Second, total: Counts, last: Counts) -> String {
    format!(
        "{{\"timestamp\":\"{}.480Z\",\"type\":\"event_msg\",\"payload\":{{\"type\":\"token_count\",\"info\":{{\
         \"total_token_usage\":{},\"last_token_usage\":{}}}}}}}\n",
        clock(second),
        json_usage(total),
        json_usage(last)
    )
}

/// What `codex exec --json` prints of a turn at the end of which the thread's counter reads so.
pub fn capture(thread: &str, total: Counts) -> String {
    format!(
        "{{\"type\":\"thread.started\",\"thread_id\":\"{thread}\"}}\n{{\"type\":\"turn.started\"}}\n\
         {{\"type\":\"turn.completed\",\"usage\":{}}}\n",
        json_usage(total)
    )
}

/// What plain `codex exec` prints first.
pub fn header(conversation: &str) -> String {
    format!(
        "OpenAI Codex v0.98.0\n--------\nworkdir: /srv/kiln\nmodel: gpt-5.3-codex\nprovider: openai\n\
         session id: {conversation}\n--------\nuser\nGo on.\n"
    )
}

/// What it prints last.
pub fn footer(blended: u64) -> String {
    shapes::footer(&grouped(blended), "Done.")
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub const CLAUDE_MODEL: &str = "claude-sonnet-4-5-20250929";

pub fn init(session: &str) -> String {
    format!(
        "{{\"type\":\"system\",\"subtype\":\"init\",\"cwd\":\"/srv/kiln\",\"session_id\":\"{session}\",\
         \"model\":\"{CLAUDE_MODEL}\",\"claude_code_version\":\"2.1.150\"}}\n"
    )
}

/// A message's record; with several blocks it comes several times.
pub fn assistant(session: &str, message: &str, buckets: Buckets, text: &str) -> String {
    format!(
        "{{\"type\":\"assistant\",\"message\":{{\"model\":\"{CLAUDE_MODEL}\",\"id\":\"{message}\",\
         \"content\":[{{\"type\":\"text\",\"text\":{}}}],\"usage\":{}}},\"parent_tool_use_id\":null,\
         \"session_id\":\"{session}\"}}\n",
        quoted(text),
        anthropic(buckets)
    )
}

/// A process's result: what it used by model, and its latest query in all. Older ones tell no models.
pub fn result(session: &str, uuid: &str, total: Buckets, query: Buckets, cents: u64, models: bool) -> String {
    let cost_usd = &format!("{}.{:02}", cents / 100, cents % 100);
    let by_model = models.then_some((CLAUDE_MODEL, total));
    ClaudeResult { session, uuid: Some(uuid), text: "Done.", cost_usd, query, by_model }.line()
}

/// A JSON string.
pub fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                json.push('\\');
                json.push(c);
            }
            c if c.is_control() => {
                let _ = write!(json, "\\u{:04x}", c as u32);
            }
            c => json.push(c),
        }
    }
    json + "\""
}
