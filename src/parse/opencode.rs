//! opencode's sessions: a JSON file each for a session and a message (`storage/{session,message}/**/*.json`), and
//! in newer versions rows of the same in `opencode.db`.
//!
//! `tokens.input` leaves the cache out, `output` leaves reasoning out. A message whose counts are all zero was
//! aborted. A forked session copies messages under new ids: a finished call's key is what it says, not its id. It names
//! no parent: a session that does is a sub-agent's.

use std::io::BufRead;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::{self, Layout, Piece};
use super::format::{Format, Place, Root, Rows, Shape};
use super::json::{Count, Text, or_zero, part, price};
use super::lines::{
    growing_key, id, id_in_torn, key, may_be_call, may_be_document, model as name_of_model, number_in_torn, path,
};
use super::mark::{Mark, MarkKind};
use crate::event::{Call, CallKey, Conversation, Defect, Fact, GROWING, Id, MAX_COUNT, Time, TokenUsage, Uncounted};

/// See the module.
pub(super) static FORMAT: Format =
    Format { name: "opencode", harness: Some(HARNESS), roots: &[ROOT], sniff, shape: Shape::Document(read) };

const ROOT: Root =
    Root { homes: &[Place::Data("opencode")], logs: &["storage/message", "storage/session"], endings: &[".json"] };

/// The same in a database.
pub(super) static DATABASE: Format = Format {
    name: "opencode-db",
    harness: Some(HARNESS),
    roots: &[DATABASES],
    sniff: |_| false,
    shape: Shape::Tables(&TABLES),
};

/// Sessions, messages, and messages as versions from 2 on write them.
const TABLES: [Rows; 3] = [
    Rows { table: "session", columns: &["id", "parent_id", "directory", "version", "time_created"], read: session_row },
    Rows { table: "message", columns: &["id", "session_id", "data"], read: message_row },
    Rows {
        table: "session_message",
        columns: &["id", "session_id", "data", "type", "time_created"],
        read: message_row,
    },
];

const DATABASES: Root = Root { homes: &[Place::Data("opencode")], logs: &["opencode*.db"], endings: &[".db"] };

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
    /// Newer versions.
    #[serde(borrow, rename = "model")]
    model_reference: Option<&'a RawValue>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cost: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Model<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default, rename = "modelID")]
    model: Text<'a>,
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
    if !may_be_document(head) {
        return false;
    }
    let head = String::from_utf8_lossy(head);
    let start = head.trim_start_matches('\u{feff}').trim_start();
    let has = |key: &str| start.contains(&format!("\"{key}\""));
    start.starts_with('{') && ((has("sessionID") && has("id")) || (has("projectID") && has("directory")))
}

fn read(_: &str, input: &mut dyn BufRead, emit: &mut dyn FnMut(Mark)) -> std::io::Result<()> {
    let mut position = 0;
    document::read(input, Layout::Records, &mut |piece| {
        let found = match piece {
            Piece::Record(json) => understand(json, None),
            Piece::Defect(defect, beginning) => Err(Lost::torn(defect, beginning)),
            Piece::Member(..) | Piece::End => Ok(None),
        };
        tell(found, position, emit);
        position += 1;
    })
}

fn session_row(values: &[Option<String>], position: u64, emit: &mut dyn FnMut(Mark)) {
    let [session, parent, directory, version, created] = values else { return };
    let Some(session) = session.as_deref().and_then(id) else { return };
    let conversation = Conversation {
        begins: true,
        repo: directory.as_deref().and_then(path),
        version: version.as_deref().and_then(id),
        is_subagent: parent.is_some(),
        parent: parent.as_deref().and_then(id),
        ..Conversation::new(session.clone())
    };
    let time = created.as_deref().and_then(|created| Time::from_millis(created.parse().ok()?));
    let mark = document::mark(position, HARNESS, MarkKind::Fact(Fact::Conversation(Box::new(conversation))));
    emit(mark.at(time).of(Some(session)));
}

fn message_row(values: &[Option<String>], position: u64, emit: &mut dyn FnMut(Mark)) {
    let [Some(message), Some(session), Some(data), more @ ..] = values else { return };
    let is_answer = more.first().map(|kind| kind.as_deref() == Some("assistant"));
    let created = more.get(1).and_then(|created| created.as_deref()?.parse().ok());
    tell(understand(data, Some(&Row { message, session, is_answer, created })), position, emit);
}

/// Hands on what a record tells. A message that can't be read makes its session a floor, unless a copy tells of it.
fn tell(found: Result<Option<Found>, Lost>, position: u64, emit: &mut dyn FnMut(Mark)) {
    let mark = |fact| document::mark(position, HARNESS, MarkKind::Fact(fact));
    match found {
        Ok(Some((fact, conversation, time))) => emit(mark(fact).at(time).of(conversation)),
        Ok(None) => {}
        Err(Lost { defect, session, created }) => {
            emit(mark(Fact::Defect(defect)));
            if let Some(session) = session {
                let key = created.map(|created| format!("{}{GROWING}", asked_for(created)).into());
                let uncounted = Fact::Uncounted(Box::new(Uncounted { conversation: session.clone(), key }));
                emit(mark(uncounted).at(created.and_then(Time::from_millis)).of(Some(session)));
            }
        }
    }
}

/// What a row tells of a message beside its record.
struct Row<'a> {
    message: &'a str,
    session: &'a str,
    /// `None`: the record tells.
    is_answer: Option<bool>,
    created: Option<i64>,
}

/// What a record tells, of which conversation, and when.
type Found = (Fact, Option<Id>, Option<Time>);

/// A record that can't be read.
struct Lost {
    defect: Defect,
    /// The session whose call it may tell of.
    session: Option<Id>,
    /// When that was asked for, which every copy of the message tells.
    created: Option<i64>,
}

impl Lost {
    fn torn(defect: Defect, torn: &[u8]) -> Lost {
        Lost { defect, session: session_of_torn(torn), created: number_in_torn(torn, "created") }
    }
}

fn understand(json: &str, row: Option<&Row<'_>>) -> Result<Option<Found>, Lost> {
    let record: Record<'_> = part(json).map_err(|defect| {
        let lost = Lost::torn(defect, json.as_bytes());
        let Some(row) = row else { return lost };
        let session = id(row.session).filter(|_| row.is_answer != Some(false));
        Lost { session, created: lost.created.or(row.created), ..lost }
    })?;
    let mut times: Times = record.time.and_then(|time| part(time.get()).ok()).unwrap_or_default();
    times.created = times.created.or(row.and_then(|row| row.created));
    let time = times.created.and_then(Time::from_millis);
    if let (Some(_), Some(session)) = (record.project.get(), record.id.get().and_then(id)) {
        let conversation = Conversation {
            begins: true,
            repo: record.directory.get().and_then(path),
            version: record.version.get().and_then(id),
            is_subagent: record.parent.get().is_some(),
            parent: record.parent.get().and_then(id),
            ..Conversation::new(session.clone())
        };
        return Ok(Some((Fact::Conversation(Box::new(conversation)), Some(session), time)));
    }
    let told = row.and_then(|row| row.is_answer);
    let is_answer = told.unwrap_or_else(|| record.role.is("assistant")) && record.message.get().is_none();
    let (true, Some(tokens)) = (is_answer, record.tokens) else { return Ok(None) };
    let names = (row.map(|row| row.session).or(record.session.get()), row.map(|row| row.message).or(record.id.get()));
    let session = names.0.and_then(id);
    let lost = |defect| Lost { defect, session: session.clone(), created: times.created };
    let tokens: Tokens = part(tokens.get()).map_err(lost)?;
    let usage = tokens.usage();
    if usage.is_zero() {
        return Ok(None);
    }
    let model = record.model.get().map(str::to_owned).or_else(|| record.model_of());
    let key = key_of(model.as_deref(), names, &times, &usage);
    let call = Call {
        conversation: session.clone(),
        model: model.as_deref().and_then(name_of_model),
        is_logged: true,
        stands_alone: true,
        is_final: times.completed.is_some(),
        cost: price(record.cost),
        ..Call::new(CallKey::Message(key), usage)
    };
    Ok(Some((Fact::Call(Box::new(call)), session, time)))
}

/// The session of a torn record that may be an answer's.
fn session_of_torn(torn: &[u8]) -> Option<Id> {
    let is_other = ["messageID", "projectID"].iter().any(|name| id_in_torn(torn, name).is_some());
    (!is_other && may_be_call(torn)).then(|| id_in_torn(torn, "sessionID")).flatten()
}

impl Record<'_> {
    fn model_of(&self) -> Option<String> {
        let model: Model<'_> = part(self.model_reference?.get()).ok()?;
        model.id.get().or(model.model.get()).map(str::to_owned)
    }
}

/// A finished call's key: what it says, as a fork gives it another id. Before that, its session and id. Both begin with
/// when it was asked for: of what a session asked for then, what isn't finished gives way.
fn key_of(model: Option<&str>, names: (Option<&str>, Option<&str>), times: &Times, usage: &TokenUsage) -> Id {
    let own = format!("{} {}", names.0.unwrap_or(""), names.1.unwrap_or(""));
    let Some(created) = times.created else { return key(&own) };
    let rest = times.completed.map_or(own, |completed| {
        let TokenUsage { input_tokens, cache_read_input_tokens, output_tokens, .. } = usage;
        let model = model.unwrap_or("");
        format!("{created} {completed} {model} {input_tokens} {cache_read_input_tokens} {output_tokens}")
    });
    growing_key(&asked_for(created), &rest)
}

/// What keys begin with.
fn asked_for(created: i64) -> String {
    format!("{created:x}")
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
