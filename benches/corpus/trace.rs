//! Codex trace logs: `RUST_LOG` text as version 0.98 writes it.

use std::fmt::Arguments;
use std::io::{self, Write};

use chrono::SecondsFormat;
use uuid::Uuid;

use super::random::Random;
use super::text;
use super::{Clock, Counted, Tokens, Totals};

const MODELS: &[&str] = &["gpt-5.3-codex", "gpt-5.2-codex"];
const CONTEXT_WINDOW: u64 = 258_400;
const COMPACT_LIMIT: u64 = 244_800;

/// Writes conversations one after another until `bytes` are reached; the last one ends early, but
/// ends as the others do.
pub fn write_trace(out: impl Write, seed: u64, bytes: u64) -> io::Result<Totals> {
    let mut out = Counted::new(out);
    let mut random = Random::new(seed);
    let mut clock = Clock::new();
    let (mut conversations, mut calls) = (0, 0);
    let mut totals = Totals::default();
    while out.written < bytes {
        let planned = random.between(3, 40);
        let mut conversation = Conversation::start(&mut out, &mut random, &mut clock)?;
        while conversation.calls + 1 < planned && conversation.written() < bytes {
            conversation.tool_call()?;
        }
        conversation.final_call()?;
        conversations += 1;
        calls += conversation.calls;
        totals.add(conversation.total);
        clock.advance_ms(random.between(60_000, 1_200_000));
    }
    out.flush()?;
    totals.conversations = Some(conversations);
    totals.calls = Some(calls);
    Ok(totals)
}

/// One conversation while it is written.
pub struct Conversation<'a, W> {
    out: &'a mut Counted<W>,
    random: &'a mut Random,
    clock: &'a mut Clock,
    id: Uuid,
    /// The fields that every `codex_otel` event of this conversation shares.
    common: String,
    /// Tokens of the next prompt.
    context: u64,
    /// Tokens of the previous prompt; the next one finds most of them in the cache.
    previous: u64,
    /// Model responses so far.
    pub calls: u64,
    /// Tokens so far.
    pub total: Tokens,
}

impl<'a, W: Write> Conversation<'a, W> {
    /// Opens a conversation whose id is made now, a little before its first record.
    pub fn start(out: &'a mut Counted<W>, random: &'a mut Random, clock: &'a mut Clock) -> io::Result<Self> {
        let id = random.uuid_at(clock.unix_ms());
        let model = random.pick(MODELS);
        let common = format!(
            "conversation.id={id} app.version=0.98.0 auth_mode=\"Chatgpt\" \
             user.account_id=\"5eed0000-0000-4000-8000-00000000beef\" \
             user.email=\"builder@example.test\" terminal.type=ExampleTerm/1.2.3 \
             model={model} slug={model}"
        );
        let context = random.between(7_000, 12_000);
        let (calls, total) = (0, Tokens::default());
        let mut conversation = Conversation { out, random, clock, id, common, context, previous: 0, calls, total };
        conversation.opening()?;
        Ok(conversation)
    }

    /// Bytes written by all that share this conversation's writer.
    pub fn written(&self) -> u64 {
        self.out.written
    }

    /// A call that ends in a tool's use, and the tool's result.
    pub fn tool_call(&mut self) -> io::Result<()> {
        let call_id = format!("call_{}", self.random.hex(24));
        self.request()?;
        self.reasoning()?;
        self.arguments()?;
        self.completed()?;
        self.otel(
            "codex.tool_decision",
            format_args!("tool_name=shell_command call_id={call_id} decision=\"approved\" source=\"Config\""),
        )?;
        self.tool_result(&call_id)
    }

    /// The last call: an answer instead of a tool, and the shutdown. Returns the answer.
    pub fn final_call(&mut self) -> io::Result<String> {
        let answer = text::message(self.random);
        self.request()?;
        self.reasoning()?;
        self.answer(&answer)?;
        self.completed()?;
        self.debug(format_args!("TurnComplete(TurnCompleteEvent {{ last_agent_message: Some({answer:?}) }})"))?;
        self.core("codex_core::codex: Submission sub=Submission { id: \"1\", op: Shutdown }")?;
        self.core("codex_core::codex: Agent loop exited")?;
        self.debug(format_args!("ShutdownComplete"))?;
        Ok(answer)
    }

    fn opening(&mut self) -> io::Result<()> {
        self.wait(2_000, 40_000);
        self.otel(
            "codex.conversation_starts",
            format_args!(
                "provider_name=OpenAI reasoning_effort=\"high\" reasoning_summary=auto \
                 context_window={CONTEXT_WINDOW} auto_compact_token_limit={COMPACT_LIMIT} \
                 approval_policy=never sandbox_policy=danger-full-access mcp_servers=\"\""
            ),
        )?;
        let length = self.random.between(80, 9_000);
        self.otel("codex.user_prompt", format_args!("prompt_length={length} prompt=[REDACTED]"))?;
        let limits = self.rate_limits();
        self.debug(format_args!("TokenCount(TokenCountEvent {{ info: None, rate_limits: {limits} }})"))
    }

    fn request(&mut self) -> io::Result<()> {
        let waited_ms = self.wait(200_000, 2_500_000);
        self.otel(
            "codex.api_request",
            format_args!("duration_ms={waited_ms} http.response.status_code=200 attempt=0"),
        )?;
        self.sse("response.created")?;
        self.sse("response.in_progress")
    }

    fn reasoning(&mut self) -> io::Result<()> {
        self.sse("response.output_item.added")?;
        for _ in 0..self.random.between(10, 100) {
            let piece = text::piece(self.random);
            self.sse("response.reasoning_summary_text.delta")?;
            self.debug(format_args!("AgentReasoningDelta(AgentReasoningDeltaEvent {{ delta: {piece:?} }})"))?;
        }
        self.sse("response.output_item.done")
    }

    fn arguments(&mut self) -> io::Result<()> {
        self.sse("response.output_item.added")?;
        for _ in 0..self.random.between(10, 100) {
            self.sse("response.function_call_arguments.delta")?;
        }
        self.sse("response.function_call_arguments.done")?;
        self.sse("response.output_item.done")
    }

    fn answer(&mut self, answer: &str) -> io::Result<()> {
        let item = format!("msg_{}", self.random.hex(32));
        let id = self.id;
        self.sse("response.output_item.added")?;
        for _ in 0..self.random.between(10, 100) {
            let piece = text::piece(self.random);
            self.sse("response.output_text.delta")?;
            self.debug(format_args!(
                "AgentMessageContentDelta(AgentMessageContentDeltaEvent {{ thread_id: \"{id}\", \
                 turn_id: \"0\", item_id: \"{item}\", delta: {piece:?} }})"
            ))?;
            self.debug(format_args!("AgentMessageDelta(AgentMessageDeltaEvent {{ delta: {piece:?} }})"))?;
        }
        self.sse("response.output_text.done")?;
        self.sse("response.output_item.done")?;
        self.debug(format_args!("AgentMessage(AgentMessageEvent {{ message: {answer:?} }})"))
    }

    /// The same call told three times: generic, with counts, and as a reading of the counter.
    fn completed(&mut self) -> io::Result<()> {
        let call = self.usage();
        self.calls += 1;
        self.total += call;
        self.sse("response.completed")?;
        self.wait(50, 400);
        self.sse_with(
            "response.completed",
            format_args!(
                "input_token_count={} output_token_count={} cached_token_count={} \
                 reasoning_token_count={} tool_token_count={}",
                call.input,
                call.output,
                call.cache_read,
                call.reasoning,
                call.total()
            ),
        )?;
        self.core(&format!(
            "codex_core::codex: post sampling token usage turn_id=0 total_usage_tokens={} \
             estimated_token_count=Some({}) auto_compact_limit={COMPACT_LIMIT} \
             token_limit_reached=false needs_follow_up=false",
            call.total(),
            call.total() / 4 * 3
        ))?;
        self.token_count(call)
    }

    /// The next call's tokens: a prompt that grows with the conversation and is cached but for
    /// its end, in blocks of 128 as the provider does.
    fn usage(&mut self) -> Tokens {
        let output = self.random.between(40, 1_800);
        let call = Tokens {
            input: self.context,
            cache_read: self.previous / 128 * 128,
            output,
            reasoning: self.random.between(0, output / 2),
        };
        self.previous = call.input;
        self.context = call.total() + self.random.between(50, 4_000);
        call
    }

    fn token_count(&mut self, last: Tokens) -> io::Result<()> {
        let (total, last) = (debug_usage(self.total), debug_usage(last));
        let limits = self.rate_limits();
        self.debug(format_args!(
            "TokenCount(TokenCountEvent {{ info: Some(TokenUsageInfo {{ total_token_usage: {total}, \
             last_token_usage: {last}, model_context_window: Some({CONTEXT_WINDOW}) }}), \
             rate_limits: {limits} }})"
        ))
    }

    /// A subscription's two windows; both fill as the hours go by.
    fn rate_limits(&self) -> String {
        let now = self.clock.unix_seconds();
        let (five_hours, week) = (5 * 3_600, 7 * 86_400);
        format!(
            "Some(RateLimitSnapshot {{ \
             primary: Some(RateLimitWindow {{ used_percent: {}.0, window_minutes: Some(300), resets_at: Some({}) }}), \
             secondary: Some(RateLimitWindow {{ used_percent: {}.0, window_minutes: Some(10080), resets_at: Some({}) }}), \
             credits: Some(CreditsSnapshot {{ has_credits: false, unlimited: false, balance: None }}), plan_type: None }})",
            now % five_hours * 100 / five_hours,
            now - now % five_hours + five_hours,
            now % week * 100 / week,
            now - now % week + week,
        )
    }

    fn tool_result(&mut self, call_id: &str) -> io::Result<()> {
        let command = text::command(self.random);
        let took_ms = self.wait(5_000, 9_000_000);
        let lines = match self.random.between(0, 3) {
            0 => 1,
            _ => self.random.between(2, 60),
        };
        let output = text::tool_output(self.random, lines);
        self.debug(format_args!(
            "ExecCommandEnd(ExecCommandEndEvent {{ call_id: \"{call_id}\", turn_id: \"0\", \
             stdout: {output:?}, stderr: \"\", exit_code: 0, duration: {took_ms}ms }})"
        ))?;
        self.otel(
            "codex.tool_result",
            format_args!(
                "tool_name=shell_command call_id={call_id} arguments={{\"command\":\"{command}\"}} \
                 duration_ms={took_ms} success=true output=Exit code: 0 {output} \
                 mcp_server= mcp_server_origin="
            ),
        )
    }

    /// Lets time pass; returns it in whole milliseconds.
    fn wait(&mut self, low_micros: u64, high_micros: u64) -> u64 {
        let micros = self.random.between(low_micros, high_micros);
        self.clock.advance_micros(micros);
        micros / 1_000
    }

    fn sse(&mut self, kind: &str) -> io::Result<()> {
        let waited_ms = self.wait(10, 60_000);
        self.sse_with(kind, format_args!("duration_ms={waited_ms}"))
    }

    fn sse_with(&mut self, kind: &str, fields: Arguments) -> io::Result<()> {
        self.event("codex.sse_event", format_args!("event.kind={kind} "), fields)
    }

    fn otel(&mut self, name: &str, fields: Arguments) -> io::Result<()> {
        self.wait(20, 900);
        self.event(name, format_args!(""), fields)
    }

    fn event(&mut self, name: &str, kind: Arguments, fields: Arguments) -> io::Result<()> {
        let micros = self.clock.format(SecondsFormat::Micros);
        let ms = self.clock.format(SecondsFormat::Millis);
        let common = &self.common;
        writeln!(
            self.out,
            "{micros}  INFO codex_otel::traces::otel_manager: event.name=\"{name}\" \
             event.timestamp={ms} {kind}{common} {fields}"
        )
    }

    fn debug(&mut self, message: Arguments) -> io::Result<()> {
        self.wait(4, 90);
        let micros = self.clock.format(SecondsFormat::Micros);
        writeln!(self.out, "{micros} DEBUG codex_exec: Received event: Event {{ id: \"0\", msg: {message} }}")
    }

    fn core(&mut self, message: &str) -> io::Result<()> {
        self.wait(4, 90);
        let micros = self.clock.format(SecondsFormat::Micros);
        let id = self.id;
        writeln!(self.out, "{micros}  INFO session_loop{{thread_id={id}}}: {message}")
    }
}

fn debug_usage(tokens: Tokens) -> String {
    format!(
        "TokenUsage {{ input_tokens: {}, cached_input_tokens: {}, output_tokens: {}, \
         reasoning_output_tokens: {}, total_tokens: {} }}",
        tokens.input,
        tokens.cache_read,
        tokens.output,
        tokens.reasoning,
        tokens.total()
    )
}
