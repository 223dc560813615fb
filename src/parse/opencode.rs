//! opencode's sessions: a JSON file each for a session and a message (`storage/{session,message}/**/*.json`), and
//! in newer versions rows of the same in `opencode.db`.
//!
//! `tokens.input` leaves the cache out, `output` leaves reasoning out. A message whose counts are all zero was
//! aborted. A forked session copies messages under new ids: a finished call's key is what it says, not its id.

use std::io::BufRead;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::{self, Layout, Piece};
use super::format::{Format, Mark, MarkKind, Place, Root, Shape};
use super::json::{Count, Text, or_zero, part, price};
use super::lines::{id, key, model, path};
use crate::event::{Call, CallKey, Conversation, Defect, Fact, Id, MAX_COUNT, Time, TokenUsage};

/// See the module.
pub(super) static FORMAT: Format =
    Format { name: "opencode", harness: Some(HARNESS), roots: &[ROOT], sniff, shape: Shape::Document(read) };

const ROOT: Root =
    Root { homes: &[Place::Data("opencode")], logs: &["storage/message", "storage/session"], endings: &[".json"] };

const HARNESS: &str = "opencode";

/// A message, a session or a part of a message.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default, rename = "sessionID")]
    session: Text<'a>,
    /// Parts have one, and repeat their message's usage.
    #[serde(borrow, default, rename = "messageID")]
    message: Text<'a>,
    /// Sessions have one.
    #[serde(borrow, default, rename = "projectID")]
    project: Text<'a>,
    #[serde(borrow, default, rename = "parentID")]
    parent: Text<'a>,
    #[serde(borrow, default)]
    directory: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    role: Text<'a>,
    #[serde(borrow, default, rename = "modelID")]
    model: Text<'a>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cost: Option<&'a RawValue>,
}

/// Milliseconds since 1970.
#[derive(Default, Deserialize)]
struct Times {
    created: Option<i64>,
    completed: Option<i64>,
}

#[derive(Deserialize)]
struct Tokens {
    input: Option<Count>,
    output: Option<Count>,
    reasoning: Option<Count>,
    cache: Option<Cache>,
    /// Newer versions only.
    total: Option<Count>,
}

#[derive(Deserialize)]
struct Cache {
    read: Option<Count>,
    write: Option<Count>,
}

fn sniff(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    let start = head.trim_start_matches('\u{feff}').trim_start();
    let has = |key: &str| start.contains(&format!("\"{key}\""));
    start.starts_with('{') && ((has("sessionID") && has("id")) || (has("projectID") && has("directory")))
}

fn read(_: &str, input: &mut dyn BufRead, emit: &mut dyn FnMut(Mark)) -> std::io::Result<()> {
    let mut position = 0;
    document::read(input, Layout::Records, &mut |piece| {
        let found = match piece {
            Piece::Record(json) => part::<Record<'_>>(json).and_then(|record| understand(&record)),
            Piece::Defect(defect) => Err(defect),
            Piece::Member(..) | Piece::End => Ok(None),
        };
        let mark = |fact| document::mark(position, HARNESS, MarkKind::Fact(fact));
        match found {
            Ok(Some((fact, conversation, time))) => emit(mark(fact).at(time).of(conversation)),
            Ok(None) => {}
            Err(defect) => emit(mark(Fact::Defect(defect))),
        }
        position += 1;
    })
}

/// What a record tells, of which conversation, and when.
type Found = (Fact, Option<Id>, Option<Time>);

fn understand(record: &Record<'_>) -> Result<Option<Found>, Defect> {
    let times: Times = record.time.and_then(|time| part(time.get()).ok()).unwrap_or_default();
    let time = times.created.and_then(Time::from_millis);
    if let (Some(_), Some(session)) = (record.project.get(), record.id.get().and_then(id)) {
        let conversation = Conversation {
            begins: true,
            repo: record.directory.get().and_then(path),
            version: record.version.get().and_then(id),
            parent: record.parent.get().and_then(id),
            ..Conversation::new(session.clone())
        };
        return Ok(Some((Fact::Conversation(conversation), Some(session), time)));
    }
    let is_answer = record.role.is("assistant") && record.message.get().is_none();
    let (true, Some(tokens)) = (is_answer, record.tokens) else { return Ok(None) };
    let usage = part::<Tokens>(tokens.get())?.usage();
    if usage.is_zero() {
        return Ok(None);
    }
    let session = record.session.get().and_then(id);
    let call = Call {
        conversation: session.clone(),
        model: record.model.get().and_then(model),
        is_logged: true,
        is_final: true,
        cost: price(record.cost),
        ..Call::new(CallKey::Message(record.key(&times, &usage)), usage)
    };
    Ok(Some((Fact::Call(Box::new(call)), session, time)))
}

impl Record<'_> {
    fn key(&self, times: &Times, usage: &TokenUsage) -> Id {
        let text = |text: &Text<'_>| text.get().unwrap_or("").to_owned();
        match (times.created, times.completed) {
            (Some(created), Some(completed)) => {
                let TokenUsage { input_tokens, cache_read_input_tokens, output_tokens, .. } = usage;
                let model = text(&self.model);
                key(&format!("{created} {completed} {model} {input_tokens} {cache_read_input_tokens} {output_tokens}"))
            }
            _ => key(&format!("{} {}", text(&self.session), text(&self.id))),
        }
    }
}

impl Tokens {
    fn usage(&self) -> TokenUsage {
        let [input, output, reasoning] = [self.input, self.output, self.reasoning].map(or_zero);
        let read = self.cache.as_ref().map_or(0, |cache| or_zero(cache.read));
        let written = self.cache.as_ref().map_or(0, |cache| or_zero(cache.write));
        let input = input.saturating_add(read).saturating_add(written).min(MAX_COUNT);
        // The total tells of a version whose output already includes reasoning.
        let includes = self.total.is_some_and(|total| total.get() == input.saturating_add(output));
        TokenUsage {
            input_tokens: input,
            cache_read_input_tokens: read,
            cache_creation_input_tokens: written,
            output_tokens: if includes { output } else { output.saturating_add(reasoning).min(MAX_COUNT) },
            reasoning_output_tokens: Some(reasoning),
            ..TokenUsage::default()
        }
    }
}
