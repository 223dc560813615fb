//! Factory droid's sessions: `<id>.settings.json` counts what the session used so far, `<id>.jsonl` beside it tells
//! where it worked, and when.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::{self, Layout, Piece};
use super::format::{FileName, Format, Hit, Home, Lines, Root, Shape};
use super::json::{Count, Text, or_zero, part};
use super::lines::{clean, id, lines, may_be_call, model, path};
use super::mark::{LogRecord, Mark, MarkKind};
use super::needles::Needle;
use crate::event::{Conversation, Counter, Defect, Fact, Id, MAX_COUNT, ModelUsage, Scope, Time, TokenUsage};

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

const ROOT: Root = Root {
    homes: &[Home::Variable("FACTORY_HOME_OVERRIDE", ".factory"), Home::User(".factory*")],
    logs: &["sessions"],
    endings: &[".settings.json", ".jsonl"],
};

const HARNESS: &str = "droid";
const SUFFIX: &str = ".settings.json";
const BACKUP: &str = ".bak";
const START: &str = "\"session_start\"";
const ANSWER: &str = "\"assistant\"";
/// Stands for whatever model droid's router chooses.
const ROUTED: &str = "auto";
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
    /// What droid's router chose, where it is asked to choose.
    #[serde(borrow)]
    effective_factory_router_model: Option<&'a RawValue>,
    token_usage: Option<Tokens>,
    /// The same, and what the sessions used that this one spawned.
    inclusive_token_usage: Option<Tokens>,
    /// What each of those used, with those that it spawned.
    #[serde(borrow, rename = "childInclusiveTokenUsageBySessionId")]
    of_children: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Choice<'a> {
    #[serde(borrow, default)]
    model_id: Text<'a>,
}

type Children = BTreeMap<String, Tokens>;

/// What a session used of its own.
enum Own {
    /// This much.
    Told(TokenUsage),
    /// This much, if it spawned none.
    WithChildren(TokenUsage),
    /// The file doesn't tell.
    Untold,
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
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow, default)]
    role: Text<'a>,
    /// The model that wrote it, in versions of 2026.
    #[serde(borrow, default)]
    model_id: Text<'a>,
}

fn sniff_settings(head: &[u8]) -> bool {
    let Some(start) = document::start_of(head) else { return false };
    let has = |key: &str| start.contains(&format!("\"{key}\""));
    start.starts_with('{') && (has("tokenUsage") || has("inclusiveTokenUsage") || has("providerLock"))
}

fn sniff_session(head: &[u8]) -> bool {
    lines(head)
        .take(8)
        .any(|line| part::<Entry<'_>>(clean(line).trim()).is_ok_and(|entry| entry.r#type.is("session_start")))
}

fn read_settings(file: FileName<'_>, input: &mut dyn BufRead, emit: &mut dyn FnMut(Mark)) -> std::io::Result<()> {
    // An older reading may be kept beside the latest one.
    let name = file.name.strip_suffix(BACKUP).unwrap_or(file.name);
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
        let model = settings.model();
        let own = settings.own();
        let usage = match own {
            Own::Told(usage) | Own::WithChildren(usage) => Some(usage),
            Own::Untold => None,
        };
        // A provider that was asked without any count of it used an unknown amount.
        let is_answered = usage.is_none() && (time.is_some() || settings.inclusive_token_usage.is_some());
        if let Some(session) = session.clone().filter(|_| is_answered || usage.is_some()) {
            let (model, counts_children) = (model.clone(), matches!(own, Own::WithChildren(_)));
            let conversation = Conversation::new(session);
            let conversation = Conversation { begins: true, model, is_answered, counts_children, ..conversation };
            emit(mark(Fact::Conversation(Box::new(conversation)), time));
        }
        for child in settings.children() {
            // How much it used, without those that it spawned in turn, its own file tells.
            let named = Conversation::new(child.clone());
            let named = Conversation { parent: session.clone(), is_subagent: true, is_answered: true, ..named };
            emit(mark(Fact::Conversation(Box::new(named)), None).of(Some(child)));
        }
        let Some(usage) = usage else { return };
        if usage.reasoning_output_tokens.is_some_and(|thinking| thinking > 0) {
            emit(document::defect_aside(0, Defect::TwoReadings));
        }
        let total = vec![ModelUsage { model, usage, cost: None, service_tier: None }];
        let conversation = session.clone();
        let counter = Counter {
            conversation,
            scope: Scope::Conversation,
            key: None,
            total,
            last: None,
            cost: None,
            leaves_agents: None,
        };
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
            let by = message.model_id.get().filter(|name| is_answer && *name != ROUTED).and_then(model);
            marks.push(mark(MarkKind::Logged(LogRecord::Message { is_answer, by })).at(time));
        }
    }
}

impl Settings<'_> {
    /// The model that the session asks, as far as that is told.
    fn model(&self) -> Option<Id> {
        let choice = self.effective_factory_router_model.filter(|_| self.model.is(ROUTED));
        let chosen = choice.and_then(|choice| part::<Choice<'_>>(choice.get()).ok()?.model_id.get().and_then(model));
        chosen.or_else(|| self.model.get().and_then(model))
    }

    /// What the session used of its own: its children have files of their own.
    fn own(&self) -> Own {
        let inclusive = match (&self.token_usage, &self.inclusive_token_usage) {
            (Some(own), _) => return Own::Told(usage(own.buckets())),
            (None, Some(inclusive)) => inclusive.buckets(),
            (None, None) => return Own::Untold,
        };
        let Some(children) = self.of_children.filter(|children| children.get() != "null") else {
            return Own::WithChildren(usage(inclusive));
        };
        let Ok(children) = part::<Children>(children.get()) else { return Own::Untold };
        let mut own = inclusive;
        for child in children.values().map(Tokens::buckets) {
            for (left, used) in own.iter_mut().zip(child) {
                let Some(rest) = left.checked_sub(used) else { return Own::Untold };
                *left = rest;
            }
        }
        Own::Told(usage(own))
    }

    /// The sessions that it spawned and that used something.
    fn children(&self) -> Vec<Id> {
        let children = self.of_children.and_then(|children| part::<Children>(children.get()).ok()).unwrap_or_default();
        let used = children.into_iter().filter(|(_, tokens)| tokens.buckets().into_iter().any(|count| count > 0));
        used.filter_map(|(child, _)| id(&child)).collect()
    }
}

impl Tokens {
    /// Input, output, cache writes, cache reads and thinking. They are disjoint, but that thinking may be part of the
    /// output.
    fn buckets(&self) -> [u64; 5] {
        [
            self.input_tokens,
            self.output_tokens,
            self.cache_creation_tokens,
            self.cache_read_tokens,
            self.thinking_tokens,
        ]
        .map(or_zero)
    }
}

/// Whether thinking is part of the output is told nowhere: of both readings this is the larger.
fn usage([input, output, written, read, thinking]: [u64; 5]) -> TokenUsage {
    TokenUsage {
        input_tokens: input.saturating_add(read).saturating_add(written).min(MAX_COUNT),
        cache_read_input_tokens: read,
        cache_creation_input_tokens: written,
        output_tokens: output.saturating_add(thinking).min(MAX_COUNT),
        reasoning_output_tokens: Some(thinking),
        ..TokenUsage::default()
    }
}
