//! What Codex traces say of time: the `codex_otel` events of requests, streams and tools.
//!
//! Every line of a trace is looked at, which costs: only those who ask for times pay it.

mod fields;
mod tool;
mod usual;

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::event::{Id, Time};
use crate::parse::chunk::Chunk;
use crate::parse::codex_otel::{
    self, BEGAN, DECIDED, FIRST_TOKEN, PROMPTED, REQUESTED, REQUESTED_BY_WEBSOCKET, STREAMED, STREAMED_BY_WEBSOCKET,
    TOOL_RESULT,
};
use crate::parse::codex_trace::head::HARNESS;
use crate::parse::codex_trace::named::span_thread;
use crate::parse::codex_trace::prompt;
use crate::parse::format::LOOK;
use crate::parse::lines::{clean, id, model};
use crate::parse::mark::{Mark, MarkKind};
use crate::parse::marker;
use crate::parse::timing::{Sign, Stretch, Timing, TraceLog};
use crate::parse::tracing::{self, Record};
use fields::{Fields, number};
use tool::{behind_arguments, end_of_output};
use usual::{Event, Usual};

/// How many streams may run side by side before those that are under way are handed on in parts.
const SIDE_BY_SIDE: usize = 16;

static TARGET: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(codex_otel::TARGET));

/// Reads a chunk's own lines; see [`crate::parse::format::ReadTiming`].
pub(in crate::parse) fn read(chunk: &Chunk<'_>, parting: &[u64], marks: &mut Vec<Mark>) {
    let mut scan = Scan { chunk, streams: Vec::new(), usual: None, marks };
    let own = &chunk.text[..chunk.end];
    // What a prompt quotes ends where its text does.
    let mut parting: Vec<u64> = parting.iter().copied().chain(prompt::ends_in(chunk)).collect();
    parting.sort_unstable();
    let (mut at, mut parting) = (chunk.start, parting.into_iter().peekable());
    while at < own.len() {
        let end = memchr::memchr(b'\n', &own[at..]).map_or(own.len(), |newline| at + newline);
        let offset = chunk.base + at as u64;
        let parts = |parting: &u64| *parting <= offset;
        let is_parted = parting.next_if(parts).is_some();
        while parting.next_if(parts).is_some() {}
        if is_parted {
            scan.hand_on();
        }
        if TARGET.find(&own[at..end]).is_some() {
            scan.line(at, end);
        }
        if is_parted {
            scan.hand_on();
        }
        at = end + 1;
    }
    scan.hand_on();
}

/// A stream's events so far, in this chunk.
struct Open {
    offset: u64,
    conversation: Id,
    log: TraceLog,
    recorded: Time,
    stretch: Stretch,
}

struct Scan<'a> {
    chunk: &'a Chunk<'a>,
    streams: Vec<Open>,
    /// What the latest event's line shares with most that follow, and its log.
    usual: Option<(Usual, TraceLog)>,
    marks: &'a mut Vec<Mark>,
}

impl Scan<'_> {
    fn line(&mut self, start: usize, end: usize) {
        let offset = self.chunk.base + start as u64;
        let raw = &self.chunk.text[start..end];
        // A line that nothing ends may have lost the end of a number.
        let is_cut = end == self.chunk.text.len();
        if let Some((usual, log)) = self.usual.as_ref().filter(|_| !is_cut)
            && let Some(event) = usual.read(raw)
        {
            let (stream, log) = (usual.conversation.clone(), *log);
            return self.event(offset, &stream, log, event);
        }
        let line = clean(raw);
        let Some(record) = tracing::record(marker::without(&line)) else { return };
        if !record.target.starts_with(codex_otel::TARGET) {
            return;
        }
        let fields = Fields::read(record.body);
        let sign = match fields.name {
            TOOL_RESULT => return self.tool(start, end, &record, &fields),
            PROMPTED => Sign::Turn,
            BEGAN | DECIDED => Sign::Between,
            STREAMED if fields.has_counts && !fields.has_error => {
                Sign::Completed(None, fields.first_token.filter(|_| !is_cut).and_then(number))
            }
            _ if is_cut => return,
            STREAMED | STREAMED_BY_WEBSOCKET if fields.has_failed() => Sign::Failed,
            STREAMED | STREAMED_BY_WEBSOCKET => {
                let Some(conversation) = fields.conversation.and_then(id) else { return };
                let time = fields.time.unwrap_or(record.time);
                let event = Event { recorded: record.time, time, kind: fields.kind, wait: fields.duration() };
                let log = log(record.target);
                self.usual = Usual::learn(raw, &conversation).map(|usual| (usual, log));
                return self.event(offset, &conversation, log, event);
            }
            REQUESTED | REQUESTED_BY_WEBSOCKET => fields.request(),
            FIRST_TOKEN => match fields.duration() {
                Some(ms) => Sign::FirstToken(ms),
                None => return,
            },
            _ => return,
        };
        self.add(offset, &record, &fields, sign);
    }

    fn event(&mut self, offset: u64, conversation: &Id, log: TraceLog, event: Event<'_>) {
        let opens = event.kind == "response.created";
        let stretch = Stretch::of(event.time, event.wait, event.kind.ends_with(".delta"), opens);
        let known = self.streams.iter().position(|open| open.log == log && open.conversation == *conversation);
        match known {
            Some(known) if !opens => {
                let open = &mut self.streams[known];
                open.stretch = open.stretch.then(stretch);
            }
            _ => {
                if let Some(known) = known {
                    self.hand_one_on(known);
                }
                if self.streams.len() == SIDE_BY_SIDE {
                    self.hand_on();
                }
                let conversation = conversation.clone();
                self.streams.push(Open { offset, conversation, log, recorded: event.recorded, stretch });
            }
        }
    }

    fn tool(&mut self, start: usize, end: usize, record: &Record<'_>, fields: &Fields<'_>) {
        let text = clean(&self.chunk.text[start..(end + LOOK).min(self.chunk.text.len())]);
        let told = match fields.text {
            Some("arguments") => text.split_once(" arguments=").and_then(|(_, rest)| behind_arguments(rest)),
            _ => fields.duration().map(|ms| (ms, fields.success())),
        };
        let sign = Sign::Tool {
            call_id: fields.call_id.and_then(id),
            name: fields.tool.and_then(model),
            duration_ms: told.map(|(ms, _)| ms),
            success: told.and_then(|(_, success)| success),
        };
        // Newer versions write what all events share behind the output.
        let end = match (fields.text, fields.conversation) {
            (Some(_), None) => end_of_output(&text, record.time).unwrap_or_default(),
            _ => Fields::default(),
        };
        let shared = Fields {
            time: fields.time.or(end.time),
            conversation: fields.conversation.or_else(|| span_thread(record.spans)).or(end.conversation),
            model: fields.model.or(end.model),
            ..Fields::default()
        };
        self.add(self.chunk.base + start as u64, record, &shared, sign);
    }

    /// Adds what a line says, behind the stream's events that precede it.
    fn add(&mut self, offset: u64, record: &Record<'_>, fields: &Fields<'_>, sign: Sign) {
        let log = log(record.target);
        let conversation = fields.conversation.or_else(|| span_thread(record.spans)).and_then(id);
        let is_own = |open: &Open| open.log == log && Some(&open.conversation) == conversation.as_ref();
        if let Some(known) = self.streams.iter().position(is_own) {
            self.hand_one_on(known);
        }
        let timing = Timing {
            time: fields.time.unwrap_or(record.time),
            recorded: record.time,
            log,
            model: fields.model.and_then(model),
            sign,
        };
        self.mark(offset, conversation, timing);
    }

    fn hand_on(&mut self) {
        while !self.streams.is_empty() {
            self.hand_one_on(self.streams.len() - 1);
        }
    }

    fn hand_one_on(&mut self, index: usize) {
        let Open { offset, conversation, log, recorded, stretch } = self.streams.swap_remove(index);
        let timing = Timing { time: stretch.began(), recorded, log, model: None, sign: Sign::Events(stretch) };
        self.mark(offset, Some(conversation), timing);
    }

    /// Without a time of its own: what is a record for the tokens' sake must not depend on who asks for times.
    fn mark(&mut self, offset: u64, conversation: Option<Id>, timing: Timing) {
        let kind = MarkKind::Timing(Box::new(timing));
        self.marks.push(Mark { offset, harness: Some(HARNESS), time: None, conversation, kind });
    }
}

fn log(target: &str) -> TraceLog {
    if target == "codex_otel.trace_safe" { TraceLog::Safe } else { TraceLog::Main }
}

#[cfg(test)]
mod tests;
