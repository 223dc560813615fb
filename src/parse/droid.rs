//! Factory droid's sessions: `<id>.settings.json` counts what the session used so far, `<id>.jsonl` beside it tells
//! where it worked, and when.

use std::io::BufRead;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::{self, Layout, Piece};
use super::format::{Format, Hit, Home, Lines, Root, Shape};
use super::json::{Count, Text, or_zero, part};
use super::lines::{clean, id, lines, may_be_call, may_be_document, model, path};
use super::mark::{LogRecord, Mark, MarkKind};
use super::needles::Needle;
use crate::event::{Conversation, Counter, Defect, Fact, MAX_COUNT, ModelUsage, Scope, Time, TokenUsage};

/// The counter of a session, which its file's name names.
pub(super) static SETTINGS: Format = Format {
    name: "droid-settings",
    harness: Some(HARNESS),
    roots: &[ROOT],
    sniff: sniff_settings,
    shape: Shape::Document(read_settings),
};

/// Its messages.
pub(super) static SESSION: Format = Format {
    name: "droid-session",
    harness: Some(HARNESS),
    roots: &[ROOT],
    sniff: sniff_session,
    shape: Shape::Records(LINES),
};

const ROOT: Root =
    Root { homes: &[Home::User(".factory*")], logs: &["sessions"], endings: &[".settings.json", ".jsonl"] };

const HARNESS: &str = "droid";
const SUFFIX: &str = ".settings.json";
const START: &str = "\"session_start\"";
const ANSWER: &str = "\"assistant\"";
const QUESTION: &str = "\"user\"";

const LINES: Lines = Lines::new(
    Some(HARNESS),
    &[Needle::new(START, "_sta"), Needle::new(ANSWER, "ssis"), Needle::new(QUESTION, "user")],
    read_entry,
);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings<'a> {
    #[serde(borrow, default)]
    model: Text<'a>,
    /// When the session asked a provider for the first time: the only time the file tells.
    #[serde(borrow, default)]
    provider_lock_timestamp: Text<'a>,
    token_usage: Option<Tokens>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tokens {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    cache_creation_tokens: Option<Count>,
    cache_read_tokens: Option<Count>,
    thinking_tokens: Option<Count>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default)]
    cwd: Text<'a>,
    /// The session that spawned this one.
    #[serde(borrow, default, rename = "callingSessionId")]
    caller: Text<'a>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    role: Text<'a>,
}

fn sniff_settings(head: &[u8]) -> bool {
    if !may_be_document(head) {
        return false;
    }
    let head = String::from_utf8_lossy(head);
    let start = head.trim_start_matches('\u{feff}').trim_start();
    let has = |key: &str| start.contains(&format!("\"{key}\""));
    start.starts_with('{') && (has("tokenUsage") || has("providerLock"))
}

fn sniff_session(head: &[u8]) -> bool {
    lines(head)
        .take(8)
        .any(|line| part::<Entry<'_>>(clean(line).trim()).is_ok_and(|entry| entry.r#type.is("session_start")))
}

fn read_settings(name: &str, input: &mut dyn BufRead, emit: &mut dyn FnMut(Mark)) -> std::io::Result<()> {
    let session = name.strip_suffix(SUFFIX).and_then(id);
    document::read(input, Layout::Records, &mut |piece| {
        let settings = match piece {
            Piece::Record(json) => part::<Settings<'_>>(json),
            Piece::Defect(defect, _) => Err(defect),
            Piece::Member(..) | Piece::End => return,
        };
        let mark = |fact, time| document::mark(0, HARNESS, MarkKind::Fact(fact)).at(time).of(session.clone());
        let settings = match settings {
            Ok(settings) => settings,
            Err(defect) => return emit(mark(Fact::Defect(defect), None)),
        };
        let time = settings.provider_lock_timestamp.get().and_then(Time::parse);
        let model = settings.model.get().and_then(model);
        // A provider that was asked without any count of it used an unknown amount.
        let is_answered = settings.token_usage.is_none() && time.is_some();
        if let Some(session) = session.clone().filter(|_| is_answered || settings.token_usage.is_some()) {
            let model = model.clone();
            let conversation = Conversation { begins: true, model, is_answered, ..Conversation::new(session) };
            emit(mark(Fact::Conversation(Box::new(conversation)), time));
        }
        let Some(tokens) = settings.token_usage else { return };
        if or_zero(tokens.thinking_tokens) > 0 {
            emit(document::defect_aside(0, Defect::TwoReadings));
        }
        let total = vec![ModelUsage { model, usage: tokens.usage(), cost: None, service_tier: None }];
        let conversation = session.clone();
        let counter = Counter { conversation, scope: Scope::Conversation, key: None, total, last: None, cost: None };
        emit(mark(Fact::Counter(Box::new(counter)), time));
    })
}

fn read_entry(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let line = hit.line();
    let mark = |kind| hit.mark(Some(HARNESS), kind);
    let Ok(entry) = part::<Entry<'_>>(line.trim()) else {
        marks.push(mark(MarkKind::Fact(Fact::Defect(Defect::Torn))));
        if may_be_call(line.as_bytes()) {
            marks.push(mark(MarkKind::Logged(LogRecord::Lost)));
        }
        return;
    };
    if let (true, Some(session)) = (entry.r#type.is("session_start"), entry.id.get().and_then(id)) {
        let repo = entry.cwd.get().and_then(path);
        let parent = entry.caller.get().and_then(id);
        let is_subagent = parent.is_some();
        let conversation = Conversation { repo, parent, is_subagent, ..Conversation::new(session.clone()) };
        marks.push(mark(MarkKind::Fact(Fact::Conversation(Box::new(conversation)))).of(Some(session)));
    }
    let message = entry.message.and_then(|message| part::<Message<'_>>(message.get()).ok());
    if let Some(message) = message.filter(|_| entry.r#type.is("message")) {
        let time = entry.timestamp.get().and_then(Time::parse);
        let is_answer = message.role.is("assistant");
        if is_answer || message.role.is("user") {
            marks.push(mark(MarkKind::Logged(LogRecord::Message(is_answer))).at(time));
        }
    }
}

impl Tokens {
    /// The buckets are disjoint. Whether thinking is part of the output is told nowhere: of both readings this is
    /// the larger.
    fn usage(&self) -> TokenUsage {
        let [input, output, written, read, thinking] = [
            self.input_tokens,
            self.output_tokens,
            self.cache_creation_tokens,
            self.cache_read_tokens,
            self.thinking_tokens,
        ]
        .map(or_zero);
        TokenUsage {
            input_tokens: input.saturating_add(read).saturating_add(written).min(MAX_COUNT),
            cache_read_input_tokens: read,
            cache_creation_input_tokens: written,
            output_tokens: output.saturating_add(thinking).min(MAX_COUNT),
            reasoning_output_tokens: Some(thinking),
            ..TokenUsage::default()
        }
    }
}
