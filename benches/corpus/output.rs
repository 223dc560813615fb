//! What a harness left in a ledger entry: the last lines of one run, and what they tell.

use std::io;

use super::claude;
use super::random::Random;
use super::text;
use super::trace::Conversation;
use super::{Clock, Counted, Tokens};

/// Lines that forge keeps of a run by default.
const TAIL_LINES: usize = 60;

/// The output of one run as its ledger entry holds it.
pub struct Output {
    /// The entry's `harness`.
    pub harness: &'static str,
    /// The kept lines, trimmed.
    pub text: String,
    /// What they tell.
    pub usage: Usage,
}

/// What the kept lines tell of a run's usage.
pub enum Usage {
    /// All of it.
    Exact(Tokens),
    /// The footer's number only.
    Blended(u64),
    /// Nothing.
    Unknown,
}

/// One run: mostly plain Codex, some Claude streams and plain text, now and then a Codex trace.
pub fn one_run(random: &mut Random, clock: &mut Clock) -> io::Result<Output> {
    let run = match random.between(0, 9) {
        0 => codex_trace(random, clock)?,
        1..=4 => codex_plain(random, clock),
        5..=6 => claude_stream(random, clock),
        _ => plain_text(random, clock),
    };
    let text = tail(&run.text);
    Ok(Output { text, ..run })
}

/// Trace lines with the human output among them, as stdout and stderr mix.
fn codex_trace(random: &mut Random, clock: &mut Clock) -> io::Result<Output> {
    clock.advance_ms(random.between(200, 900));
    let planned = random.between(0, 3);
    let mut bytes = Counted::new(Vec::new());
    let mut conversation = Conversation::start(&mut bytes, random, clock)?;
    for _ in 0..planned {
        conversation.tool_call()?;
    }
    let answer = conversation.final_call()?;
    let tokens = conversation.total;
    let mut text = String::from_utf8(bytes.inner).map_err(io::Error::other)?;
    text.push_str(&footer(tokens.blended(), &answer));
    let usage = Usage::Exact(tokens);
    Ok(Output { harness: "codex", text, usage })
}

fn codex_plain(random: &mut Random, clock: &mut Clock) -> Output {
    let used = random.between(900, 300_000);
    let answer = text::message(random);
    let mut text = codex_header(random, clock);
    for _ in 0..random.between(1, 5) {
        let (command, lines) = (text::command(random), random.between(1, 30));
        let thought = text::words(random, 4);
        let output = text::tool_output(random, lines);
        text.push_str(&format!(
            "thinking\n**{thought}**\nexec\n/bin/sh -lc '{command}' in /srv/meadow succeeded in 31ms:\n{output}\n\n"
        ));
    }
    text.push_str(&format!("codex\n{answer}\n{}", footer(used, &answer)));
    clock.advance_ms(random.between(20_000, 900_000));
    let usage = Usage::Blended(used);
    Output { harness: "codex", text, usage }
}

fn codex_header(random: &mut Random, clock: &mut Clock) -> String {
    clock.advance_ms(random.between(100, 900));
    let id = random.uuid_at(clock.unix_ms());
    let prompt = text::words(random, 20);
    format!(
        "OpenAI Codex v0.98.0 (research preview)\n--------\nworkdir: /srv/meadow\n\
         model: gpt-5.3-codex\nprovider: openai\napproval: never\nsandbox: danger-full-access\n\
         reasoning effort: high\nreasoning summaries: auto\nsession id: {id}\n--------\n\
         user\n{prompt}\n\n"
    )
}

fn footer(blended: u64, answer: &str) -> String {
    format!("tokens used\n{}\n{answer}\n", grouped(blended))
}

/// The number with commas between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn plain_text(random: &mut Random, clock: &mut Clock) -> Output {
    let mut text = text::message(random);
    if random.one_in(4) {
        text.push_str("\n\n```rust\nfn lantern() {}\n```\n");
    }
    if random.one_in(10) {
        text.clear();
    }
    clock.advance_ms(random.between(20_000, 400_000));
    let harness = random.pick(&["claude", "opencode", "pi"]);
    Output { harness, text, usage: Usage::Unknown }
}

fn claude_stream(random: &mut Random, clock: &mut Clock) -> Output {
    let duration_ms = random.between(4_000, 400_000);
    clock.advance_ms(duration_ms);
    let (text, tokens) = claude::stream(random, duration_ms);
    let usage = Usage::Exact(tokens);
    Output { harness: "claude", text, usage }
}

/// The last lines, trimmed, as forge keeps them.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    let first = lines.len().saturating_sub(TAIL_LINES);
    lines[first..].join("\n").trim().to_owned()
}
