//! Claude Code's `--output-format stream-json` (a record a line) and `json` (one object, or one
//! array of the same records).
//!
//! `modelUsage` and `total_cost_usd` of a `result` count everything the process did; `assistant`
//! records repeat for each content block and hold a placeholder for the output.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::format::{Format, Growth, Hit, Lines, Mark, MarkKind, Shape};
use super::lines::{clean, lines};
use crate::event::{
    Call, CallKey, Conversation, Counter, Defect, Fact, Id, MAX_COUNT, ModelUsage, Quota, Scope, Time, TokenUsage, Usd,
};

/// Records, one a line.
pub(super) static STREAM: Format =
    Format { name: "claude-stream-json", harness: Some(HARNESS), sniff: sniff_lines, shape: Shape::Lines(LINES) };

/// One object or one array, over any number of lines.
pub(super) static DOCUMENT: Format = Format {
    name: "claude-json",
    harness: Some(HARNESS),
    sniff: sniff_document,
    shape: Shape::Document(read_document),
};

const HARNESS: &str = "claude";

const LINES: Lines = Lines {
    harness: Some(HARNESS),
    needles: &["\"usage\"", "\"modelUsage\"", "\"init\"", "\"rate_limit_event\""],
    is_noise: None,
    read,
    last_named: None,
    time: None,
};

/// A model name that marks a message that no model wrote.
const SYNTHETIC: &str = "<synthetic>";

/// What every record has; the rest is read when the kind is known.
#[derive(Deserialize)]
struct Head {
    r#type: Option<String>,
    subtype: Option<String>,
    session_id: Option<String>,
}

#[derive(Deserialize)]
struct Init {
    model: Option<String>,
}

#[derive(Deserialize)]
struct Assistant {
    message: Option<Message>,
    parent_tool_use_id: Option<String>,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
struct StreamEvent {
    event: Option<MessageEvent>,
    parent_tool_use_id: Option<String>,
}

#[derive(Deserialize)]
struct MessageEvent {
    r#type: Option<String>,
    message: Option<Message>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Message {
    id: Option<String>,
    model: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Finish {
    uuid: Option<String>,
    usage: Option<Usage>,
    #[serde(rename = "modelUsage")]
    model_usage: Option<BTreeMap<String, ModelCounts>>,
    total_cost_usd: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct RateLimitEvent {
    rate_limit_info: Option<RateLimit>,
}

/// Anthropic's usage: input excludes what was read from or written to the cache.
#[derive(Deserialize)]
struct Usage {
    input_tokens: Option<Count>,
    cache_creation_input_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    cache_creation: Option<CacheCreation>,
    service_tier: Option<String>,
}

#[derive(Deserialize)]
struct CacheCreation {
    ephemeral_1h_input_tokens: Option<Count>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModelCounts {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_creation_input_tokens: Option<Count>,
    #[serde(rename = "costUSD")]
    cost_usd: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RateLimit {
    resets_at: Option<i64>,
    rate_limit_type: Option<String>,
    utilization: Option<f64>,
}

/// A count that a signed 64-bit column holds.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
struct Count(u64);

impl TryFrom<u64> for Count {
    type Error = &'static str;

    fn try_from(count: u64) -> Result<Count, Self::Error> {
        if count <= MAX_COUNT { Ok(Count(count)) } else { Err("beyond 64 bits") }
    }
}

fn or_zero(count: Option<Count>) -> u64 {
    count.map_or(0, |count| count.0)
}

/// The one place where cache tokens, which Anthropic counts beside input, become part of it.
fn anthropic_usage(input: u64, cache_read: u64, cache_creation: u64, one_hour: u64, output: u64) -> TokenUsage {
    TokenUsage {
        input_tokens: input.saturating_add(cache_read).saturating_add(cache_creation).min(MAX_COUNT),
        cache_read_input_tokens: cache_read,
        cache_creation_input_tokens: cache_creation,
        cache_creation_1h_input_tokens: one_hour.min(cache_creation),
        output_tokens: output,
        reasoning_output_tokens: None,
    }
}

impl Usage {
    fn tokens(&self) -> TokenUsage {
        let one_hour = self.cache_creation.as_ref().map_or(0, |cache| or_zero(cache.ephemeral_1h_input_tokens));
        let [input, read, creation, output] = [
            self.input_tokens,
            self.cache_read_input_tokens,
            self.cache_creation_input_tokens,
            self.output_tokens,
        ]
        .map(or_zero);
        anthropic_usage(input, read, creation, one_hour, output)
    }

    /// What a later report of the same message says; what it leaves out holds.
    fn growth(&self) -> Growth {
        let count = |count: Option<Count>| count.map(|count| count.0);
        Growth {
            uncached: count(self.input_tokens),
            cache_read: count(self.cache_read_input_tokens),
            cache_creation: count(self.cache_creation_input_tokens),
            output: count(self.output_tokens),
        }
    }
}

fn sniff_lines(head: &[u8]) -> bool {
    lines(head).take(50).any(|line| {
        let line = clean(line);
        line.starts_with('{') && value(&line).and_then(part::<Head>).is_ok_and(|head| head.is_of_stream())
    })
}

/// A document starts with an array of records, or with a result that runs over several lines.
fn sniff_document(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let is_array = text.starts_with('[');
    let object = if is_array { text[1..].trim_start() } else { text };
    let known = ["\"system\"", "\"assistant\"", "\"user\"", "\"result\""];
    let is_line = !is_array && lines(text.as_bytes()).next().is_some_and(|line| value(&clean(line)).is_ok());
    !is_line && object.starts_with('{') && first_value(object, "type").is_some_and(|value| known.contains(&value))
}

/// The first value of `key` in JSON text that may be cut.
fn first_value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("\"{key}\""))?;
    let value = after.trim_start().strip_prefix(':')?.trim_start();
    let end = value.find([',', '}', '\n', '\r'])?;
    Some(value[..end].trim_end())
}

impl Head {
    fn is_of_stream(&self) -> bool {
        let known = ["system", "assistant", "user", "result", "stream_event", "rate_limit_event"];
        self.session_id.is_some() && self.r#type.as_deref().is_some_and(|kind| known.contains(&kind))
    }
}

/// The JSON value that a line holds. One of forge's own lines may follow unterminated output.
fn value(line: &str) -> Result<&str, Defect> {
    let mut values = serde_json::Deserializer::from_str(line).into_iter::<&RawValue>();
    let value = values.next().ok_or(Defect::Torn)?.map_err(|_| Defect::Torn)?;
    let rest = line.get(values.byte_offset()..).unwrap_or("").trim();
    if rest.is_empty() || rest.starts_with("[2") { Ok(value.get()) } else { Err(Defect::Torn) }
}

/// Reads one kind of record. Whole JSON that doesn't fit holds a count that is none.
fn part<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Defect> {
    serde_json::from_str(json).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Defect::OutOfRange,
        _ => Defect::Torn,
    })
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let line = hit.line();
    let mark = |kind| hit.mark(Some(HARNESS), kind);
    let read = if line.starts_with("[{") {
        value(&line).and_then(part::<Vec<&RawValue>>).and_then(|records| {
            records.into_iter().try_for_each(|record| understand(record.get(), &mark, marks))
        })
    } else if line.starts_with('{') {
        value(&line).and_then(|record| understand(record, &mark, marks))
    } else {
        Ok(())
    };
    if let Err(defect) = read {
        marks.push(mark(MarkKind::Fact(Fact::Defect(defect))));
    }
}

/// Says what one record means; a record without a session is something else's.
fn understand(json: &str, mark: &impl Fn(MarkKind) -> Mark, marks: &mut Vec<Mark>) -> Result<(), Defect> {
    let Ok(head) = part::<Head>(json) else { return Ok(()) };
    let Some(session) = head.session_id.as_deref().map(Id::from) else { return Ok(()) };
    let mut add = |kind, time| marks.push(mark(kind).at(time).of(Some(session.clone())));
    match (head.r#type.as_deref(), head.subtype.as_deref()) {
        (Some("system"), Some("init")) => {
            let model = part::<Init>(json)?.model.as_deref().map(Id::from);
            // Only a result tells that nothing is missing: calls show a placeholder for their output.
            add(MarkKind::Fact(Fact::Conversation(Conversation { id: session.clone(), model, begins: false })), None);
        }
        (Some("assistant"), _) => {
            let record: Assistant = part(json)?;
            let time = record.timestamp.as_deref().and_then(Time::parse);
            let call = record.message.and_then(|message| message.call(&session, record.parent_tool_use_id.is_some()));
            if let Some(call) = call {
                add(MarkKind::Fact(Fact::Call(Box::new(call))), time);
            }
        }
        (Some("stream_event"), _) => {
            let record: StreamEvent = part(json)?;
            let stream: Id = format!("{session} {}", record.parent_tool_use_id.as_deref().unwrap_or("")).into();
            let Some(event) = record.event else { return Ok(()) };
            match (event.r#type.as_deref(), event.message, event.usage) {
                (Some("message_start"), Some(message), _) => {
                    if let Some(call) = message.call(&session, record.parent_tool_use_id.is_some()) {
                        add(MarkKind::MessageStart(stream, Box::new(call)), None);
                    }
                }
                (Some("message_delta"), _, Some(usage)) => {
                    add(MarkKind::MessageDelta(stream, usage.growth()), None);
                }
                _ => {}
            }
        }
        (Some("result"), _) => {
            let counter = part::<Finish>(json)?.counter(session.clone());
            if !counter.total.is_empty() || counter.cost.is_some() {
                add(MarkKind::Fact(Fact::Counter(Box::new(counter))), None);
            }
        }
        (Some("rate_limit_event"), _) => {
            let quota = part::<RateLimitEvent>(json)?.rate_limit_info.and_then(RateLimit::quota);
            if let Some(quota) = quota {
                add(MarkKind::Fact(Fact::Quota(quota)), None);
            }
        }
        _ => {}
    }
    Ok(())
}

impl Message {
    fn call(&self, session: &Id, is_subagent: bool) -> Option<Call> {
        let usage = self.usage.as_ref()?;
        let model = self.model.as_deref().filter(|model| *model != SYNTHETIC)?;
        Some(Call {
            key: CallKey::Message(self.id.as_deref()?.into()),
            conversation: Some(session.clone()),
            model: Some(model.into()),
            service_tier: usage.service_tier.as_deref().map(Id::from),
            is_subagent,
            usage: usage.tokens(),
            is_final: false,
        })
    }
}

fn money(raw: Option<&RawValue>) -> Option<Usd> {
    raw.and_then(|raw| Usd::parse(raw.get()))
}

impl Finish {
    fn counter(self, session: Id) -> Counter {
        let cost = money(self.total_cost_usd.as_deref());
        let by_model = self.model_usage.unwrap_or_default().into_iter();
        let mut total: Vec<ModelUsage> = by_model.map(|(model, counts)| counts.of(model.into())).collect();
        if total.is_empty() {
            // Older versions: `usage` is all there is.
            total.extend(self.usage.map(|usage| ModelUsage { model: None, usage: usage.tokens(), cost }));
        }
        let key = self.uuid.map(Id::from);
        Counter { conversation: Some(session), scope: Scope::Process, key, total, last: None, cost }
    }
}

impl ModelCounts {
    fn of(self, model: Id) -> ModelUsage {
        let [input, read, creation, output] = [
            self.input_tokens,
            self.cache_read_input_tokens,
            self.cache_creation_input_tokens,
            self.output_tokens,
        ]
        .map(or_zero);
        let usage = anthropic_usage(input, read, creation, 0, output);
        ModelUsage { model: Some(model), usage, cost: money(self.cost_usd.as_deref()) }
    }
}

impl RateLimit {
    fn quota(self) -> Option<Quota> {
        let window_minutes = match self.rate_limit_type.as_deref() {
            Some("five_hour") => Some(300),
            Some(kind) if kind.starts_with("seven_day") => Some(10_080),
            _ => None,
        };
        let used_percent = self.utilization.filter(|share| share.is_finite())? * 100.0;
        Some(Quota {
            window_minutes,
            used_percent,
            resets_at: self.resets_at.and_then(|seconds| Time::from_millis(seconds.checked_mul(1000)?)),
        })
    }
}

/// Reads one object, or an array record by record, holding one at a time.
fn read_document(input: &mut dyn BufRead, emit: &mut dyn FnMut(Mark)) -> std::io::Result<()> {
    skip_to_value(input)?;
    let is_array = input.fill_buf()?.first() == Some(&b'[');
    let mut position = 0;
    let mut take = |json: Box<RawValue>| {
        let mut marks = Vec::new();
        let mark = |kind| document_mark(position, kind);
        if let Err(defect) = understand(json.get(), &mark, &mut marks) {
            marks.push(mark(MarkKind::Fact(Fact::Defect(defect))));
        }
        marks.into_iter().for_each(&mut *emit);
        position += 1;
    };
    let mut json = serde_json::Deserializer::from_reader(input);
    let read = if is_array {
        Each(&mut take).deserialize(&mut json)
    } else {
        Box::<RawValue>::deserialize(&mut json).map(&mut take)
    };
    match read {
        Err(error) if error.is_io() => Err(error.into()),
        Err(_) => {
            emit(document_mark(position, MarkKind::Fact(Fact::Defect(Defect::Torn))));
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// In a document the offset is the record's position in it.
fn document_mark(position: u64, kind: MarkKind) -> Mark {
    Mark { offset: position, harness: Some(HARNESS), time: None, conversation: None, kind }
}

/// Passes a byte order mark and white space over.
fn skip_to_value(input: &mut dyn BufRead) -> std::io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let blank = buffer.iter().take_while(|byte| byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf)).count();
        let done = blank < buffer.len() || buffer.is_empty();
        input.consume(blank);
        if done {
            return Ok(());
        }
    }
}

/// Hands each element of an array on.
struct Each<'a>(&'a mut dyn FnMut(Box<RawValue>));

impl<'de> DeserializeSeed<'de> for Each<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Each<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(record) = elements.next_element::<Box<RawValue>>()? {
            self.0(record);
        }
        Ok(())
    }
}
