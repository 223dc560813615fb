//! Makes up traces whose every duration is known, and writes them as Codex would.

use std::fmt::Write;

use forge_usage::event::{Answered, FirstToken, Since, Stream};
use proptest::collection::vec;
use proptest::prelude::*;

/// Milliseconds since 2026-05-12T07:00:00Z.
pub type Millis = u64;

/// Where a version of Codex writes its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// Once, what all events share before what is their own.
    Old,
    /// Twice, but for the events of streams; what all events share comes last.
    New,
}

#[derive(Debug, Clone)]
pub struct Call {
    /// Attempts that fail before the one that is answered: how long, and whether the stream broke instead.
    failed: Vec<(Millis, bool)>,
    request_ms: Millis,
    /// The wait for each event, and whether it is a delta; the first opens the stream.
    events: Vec<(Millis, bool)>,
    told_ms: Option<Millis>,
    output_tokens: u64,
    tool: Option<Tool>,
}

#[derive(Debug, Clone)]
pub struct Tool {
    ms: Millis,
    success: bool,
    arguments: Arguments,
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arguments {
    Json,
    /// JSON that quotes what follows arguments.
    Forged,
    Lines,
    /// Free text that quotes what follows arguments: nobody can tell which of both is meant.
    Doubtful,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    Line,
    Lines(u8),
    /// Another call's records.
    Records,
}

#[derive(Debug, Clone)]
pub struct Turn {
    /// The harness's word on the first token of the turn.
    token_ms: Option<Millis>,
    calls: Vec<Call>,
}

#[derive(Debug, Clone)]
pub struct Thread {
    start: Millis,
    writer: Writer,
    /// Whether the log's level hides requests.
    hides_requests: bool,
    turns: Vec<Turn>,
}

/// What is true of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    pub conversation: String,
    pub input_tokens: u64,
    pub request: Option<Answered>,
    pub attempts: Option<u64>,
    pub first_token: Option<FirstToken>,
    /// The first token of the turn that the call begins, since the turn's start.
    pub of_turn: Option<FirstToken>,
    pub stream: Stream,
}

/// A trace, and what is true of it.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Records, each with its time; a record may have several lines.
    pub records: Vec<(Millis, String)>,
    pub calls: Vec<Truth>,
    /// Time, whether it failed, whether it is a retry.
    pub requests: Vec<(Option<u64>, bool, bool)>,
    pub broken_streams: usize,
    /// Id, time and success.
    pub tools: Vec<(String, Option<u64>, Option<bool>)>,
}

fn tool() -> impl Strategy<Value = Tool> {
    let arguments = prop_oneof![
        4 => Just(Arguments::Json),
        1 => Just(Arguments::Forged),
        1 => Just(Arguments::Lines),
        1 => Just(Arguments::Doubtful)
    ];
    let output =
        prop_oneof![3 => Just(Output::Line), 2 => (1..9_u8).prop_map(Output::Lines), 1 => Just(Output::Records)];
    (0..90_000_u64, any::<bool>(), arguments, output).prop_map(|(ms, success, arguments, output)| Tool {
        ms,
        success,
        arguments,
        output,
    })
}

fn call() -> impl Strategy<Value = Call> {
    let failed = prop_oneof![4 => Just(Vec::new()), 1 => vec((1..9_000_u64, any::<bool>()), 1..4)];
    let events = vec((0..3_000_u64, any::<bool>()), 2..12);
    (
        failed,
        1..9_000_u64,
        events,
        proptest::option::weighted(0.3, 1..9_000_u64),
        1..3_000_u64,
        proptest::option::of(tool()),
    )
        .prop_map(|(failed, request_ms, mut events, told_ms, output_tokens, tool)| {
            let last = events.len() - 1;
            (events[0].1, events[last].1) = (false, false);
            Call { failed, request_ms, events, told_ms, output_tokens, tool }
        })
}

pub fn threads() -> impl Strategy<Value = Vec<Thread>> {
    let turn = (proptest::option::weighted(0.3, 1..9_000_u64), vec(call(), 1..4))
        .prop_map(|(token_ms, calls)| Turn { token_ms, calls });
    let writer = prop_oneof![Just(Writer::Old), Just(Writer::New)];
    let thread = (0..60_000_u64, writer, proptest::bool::weighted(0.2), vec(turn, 1..3))
        .prop_map(|(start, writer, hides_requests, turns)| Thread { start, writer, hides_requests, turns });
    vec(thread, 1..4)
}

/// The trace of threads that run side by side.
pub fn trace(threads: &[Thread]) -> Told {
    let mut told = Told::default();
    for (index, thread) in threads.iter().enumerate() {
        let mut clock = Clock { now: 1000 + thread.start, index, thread, told: &mut told };
        clock.run();
    }
    told.records.sort_by_key(|(time, _)| *time);
    told
}

impl Told {
    pub fn text(&self) -> String {
        self.records.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// The last records.
    pub fn tail(&self, records: usize) -> String {
        let from = self.records.len().saturating_sub(records);
        self.records[from..].iter().map(|(_, text)| text.as_str()).collect()
    }
}

struct Clock<'a> {
    now: Millis,
    index: usize,
    thread: &'a Thread,
    told: &'a mut Told,
}

impl Clock<'_> {
    fn id(&self) -> String {
        // A version 7 UUID of the trace's first second.
        format!("019e1aff-00a0-7587-9a49-{:012x}", self.index)
    }

    fn stamp(&self) -> String {
        let (seconds, ms) = (self.now / 1000, self.now % 1000);
        let (hours, minutes, seconds) = (7 + seconds / 3600, seconds / 60 % 60, seconds % 60);
        format!("2026-05-12T{hours:02}:{minutes:02}:{seconds:02}.{ms:03}")
    }

    fn record(&self, target: &str, name: &str, fields: &str) -> String {
        let (stamp, id) = (self.stamp(), self.id());
        let shared = format!("event.timestamp={stamp}Z conversation.id={id} app.version=0.1 model=gpt-5.3-codex");
        let fields = fields.trim_end();
        match self.thread.writer {
            Writer::Old => format!("{stamp}130Z  INFO {target}: event.name=\"codex.{name}\" {shared} {fields}\n"),
            Writer::New => format!("{stamp}130Z  INFO {target}: event.name=\"codex.{name}\" {fields} {shared}\n"),
        }
    }

    fn write(&mut self, text: String) {
        self.told.records.push((self.now, text));
    }

    /// An event, as often as its writer writes it.
    fn event(&mut self, name: &str, fields: &str) {
        match self.thread.writer {
            Writer::Old => self.write(self.record("codex_otel::traces::otel_manager", name, fields)),
            Writer::New => {
                self.write(self.record("codex_otel.log_only", name, fields));
                self.write(self.record("codex_otel.trace_safe", name, fields));
            }
        }
    }

    fn sse(&mut self, kind: &str, wait: Millis) {
        self.now += wait;
        let target =
            if self.thread.writer == Writer::Old { "codex_otel::traces::otel_manager" } else { "codex_otel.log_only" };
        let fields = format!("event.kind=response.{kind} duration_ms={wait}");
        self.write(self.record(target, "sse_event", &fields));
    }

    fn request(&mut self, took: Millis, failed: bool, attempt: u64, is_retry: bool) {
        self.now += took;
        if self.thread.hides_requests {
            return;
        }
        let fields = if failed {
            format!("duration_ms={took} http.response.status_code=503 error.message=\"no room\" attempt={attempt}")
        } else {
            format!("duration_ms={took} http.response.status_code=200 attempt={attempt}")
        };
        self.event("api_request", &fields);
        self.told.requests.push((Some(took), failed, is_retry));
    }

    fn run(&mut self) {
        self.event("conversation_starts", "context_window=258400");
        for turn in &self.thread.turns {
            self.now += 5;
            let start = self.now;
            self.event("user_prompt", "prompt_length=3 prompt=[REDACTED]");
            for (index, call) in turn.calls.iter().enumerate() {
                self.call(call, (index == 0).then_some((start, turn.token_ms)));
            }
        }
    }

    fn call(&mut self, call: &Call, turn: Option<(Millis, Option<Millis>)>) {
        self.now += 1;
        let attempt = self.failures(call);
        self.request(call.request_ms, false, attempt, !call.failed.is_empty());
        let asked = self.now - call.request_ms;
        let (opened, first_delta) = self.stream(call, turn.and_then(|(_, ms)| ms));
        let streamed = self.now - opened;
        self.now += 1;
        let input = 1000 + self.told.calls.len() as u64;
        let told = call.told_ms.map_or(String::new(), |ms| format!(" ttft_ms={ms}"));
        let output = call.output_tokens;
        self.event(
            "sse_event",
            &format!(
                "event.kind=response.completed input_token_count={input} output_token_count={output} \
                 cached_token_count=0 reasoning_token_count=0 tool_token_count={}{told}",
                input + output
            ),
        );
        let token = |since, ms| Some(FirstToken { since, ms });
        let of_turn = turn.and_then(|(start, ms)| match (ms, first_delta) {
            (Some(ms), Some(_)) => token(Since::Turn, ms),
            (None, Some(delta)) => token(Since::Turn, delta - start),
            (_, None) => None,
        });
        let shows = !self.thread.hides_requests;
        let measured = first_delta.filter(|_| shows).and_then(|delta| token(Since::Request, delta - asked));
        self.told.calls.push(Truth {
            conversation: self.id(),
            input_tokens: input,
            request: shows.then_some(Answered { duration_ms: Some(call.request_ms), status: Some(200) }),
            attempts: shows.then_some(call.failed.len() as u64 + 1),
            first_token: call.told_ms.and_then(|ms| token(Since::Told, ms)).or(measured).or(of_turn),
            of_turn,
            stream: Stream {
                events: call.events.len() as u64,
                duration_ms: streamed,
                longest_stall_ms: call.events[1..].iter().map(|(wait, _)| *wait).max(),
                is_floor: false,
            },
        });
        if let Some(tool) = &call.tool {
            self.tool(tool);
        }
    }

    /// Writes the attempts that fail; gives the number of the next one.
    fn failures(&mut self, call: &Call) -> u64 {
        let mut attempt = 0;
        for (index, (took, breaks)) in call.failed.iter().enumerate() {
            self.request(*took, !breaks, attempt, index > 0);
            attempt = if *breaks { 0 } else { attempt + 1 };
            if *breaks {
                self.sse("created", 3);
                self.now += 1;
                self.event("sse_event", "event.kind=response.failed duration_ms=1 error.message=stream closed");
                self.told.broken_streams += 1;
            }
        }
        attempt
    }

    /// Writes the events of the stream, and the harness's word on the turn's first token behind the first delta; gives
    /// when it opened, and when the first delta came.
    fn stream(&mut self, call: &Call, token_ms: Option<Millis>) -> (Millis, Option<Millis>) {
        let (mut opened, mut first_delta) = (0, None);
        for (index, (wait, is_delta)) in call.events.iter().enumerate() {
            let kind = match index {
                0 => "created",
                index if index + 1 == call.events.len() => "completed",
                _ if *is_delta => "output_text.delta",
                _ => "output_item.added",
            };
            self.sse(kind, *wait);
            if index == 0 {
                opened = self.now;
            }
            if *is_delta && first_delta.is_none() {
                first_delta = Some(self.now);
                if let Some(ms) = token_ms {
                    self.event("turn_ttft", &format!("duration_ms={ms}"));
                }
            }
        }
        (opened, first_delta)
    }

    fn tool(&mut self, tool: &Tool) {
        self.now += tool.ms;
        let id = format!("call_{}_{}", self.index, self.told.tools.len());
        let arguments = match tool.arguments {
            Arguments::Json => "{\"command\":[\"ls\"]}".to_owned(),
            Arguments::Forged => "{\"command\":\" duration_ms=1 success=false output=} \\\" \"}".to_owned(),
            Arguments::Lines => "*** Begin Patch\n+a line\n*** End Patch".to_owned(),
            Arguments::Doubtful => "say duration_ms=1 success=false output=so".to_owned(),
        };
        let mut output = "Exit code: 0".to_owned();
        match tool.output {
            Output::Line => {}
            Output::Lines(count) => {
                for line in 0..count {
                    let _ = write!(output, "\nsrc/brick_{line}.rs: fired at 1200 degrees");
                }
            }
            Output::Records => {
                for (name, fields) in [
                    ("api_request", "duration_ms=77 http.response.status_code=500 attempt=4"),
                    ("sse_event", "event.kind=response.created duration_ms=77777"),
                    ("sse_event", "event.kind=response.output_text.delta duration_ms=77777"),
                    ("turn_ttft", "duration_ms=77777"),
                ] {
                    let _ = write!(output, "\n{}", self.record("codex_otel.log_only", name, fields).trim_end());
                }
            }
        }
        let (ms, success) = (tool.ms, tool.success);
        let fields = format!(
            "tool_name=shell call_id={id} arguments={arguments} duration_ms={ms} success={success} output={output} \
             mcp_server= mcp_server_origin="
        );
        let is_doubtful = tool.arguments == Arguments::Doubtful;
        match self.thread.writer {
            Writer::Old => self.write(self.record("codex_otel::traces::otel_manager", "tool_result", &fields)),
            Writer::New => {
                self.write(self.record("codex_otel.log_only", "tool_result", &fields));
                let safe = format!(
                    "tool_name=shell call_id={id} duration_ms={ms} success={success} arguments_length=9 output_length=9"
                );
                self.write(self.record("codex_otel.trace_safe", "tool_result", &safe));
            }
        }
        let is_known = !is_doubtful || self.thread.writer == Writer::New;
        self.told.tools.push((id, is_known.then_some(ms), is_known.then_some(success)));
    }
}
