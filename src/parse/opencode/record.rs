//! What a record tells: a session, or a call of one.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::event::{Call, CallKey, Conversation, Defect, Fact, GROWING, Id, MAX_COUNT, Time, TokenUsage};
use crate::parse::json::{Count, Text, or_zero, part, price};
use crate::parse::lines::{
    growing_key, id, id_in_torn, key, may_be_call, model as name_of_model, number_in_torn, path,
};

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

/// What a row tells of a message beside its record.
pub(super) struct Row<'a> {
    pub(super) message: &'a str,
    pub(super) session: &'a str,
    /// `None`: the record tells.
    pub(super) is_answer: Option<bool>,
    pub(super) created: Option<i64>,
}

/// What a record tells, of which conversation, and when: a call's time is when it was answered, as far as that is told.
pub(super) type Found = (Fact, Option<Id>, Option<Time>);

/// A record that can't be read.
pub(super) struct Lost {
    pub(super) defect: Defect,
    /// The session whose call it may tell of.
    pub(super) session: Option<Id>,
    /// When that was asked for, which every copy of the message tells.
    pub(super) created: Option<i64>,
}

impl Lost {
    /// One that begins so.
    pub(super) fn torn(defect: Defect, torn: &[u8]) -> Lost {
        Lost { defect, session: session_of_torn(torn), created: number_in_torn(torn, "created") }
    }

    /// What the key of that call begins with, finished or not.
    pub(super) fn key(&self) -> Option<Id> {
        self.created.map(|created| format!("{}{GROWING}", asked_for(created)).into())
    }
}

/// What a record tells; nothing where it is of no interest.
pub(super) fn understand(json: &str, row: Option<&Row<'_>>) -> Result<Option<Found>, Lost> {
    let record: Record<'_> = part(json).map_err(|defect| {
        let lost = Lost::torn(defect, json.as_bytes());
        let Some(row) = row else { return lost };
        let session = id(row.session).filter(|_| row.is_answer != Some(false));
        Lost { session, created: lost.created.or(row.created), ..lost }
    })?;
    let times = record.times(row);
    let begun = times.created.and_then(Time::from_millis);
    if let (Some(_), Some(id)) = (record.project.get(), record.id.get().and_then(id)) {
        let conversation = session(id.clone(), record.parent.get(), record.directory.get(), record.version.get());
        return Ok(Some((Fact::Conversation(Box::new(conversation)), Some(id), begun)));
    }
    let told = row.and_then(|row| row.is_answer);
    let is_answer = told.unwrap_or_else(|| record.role.is("assistant")) && record.message.get().is_none();
    let (true, Some(tokens)) = (is_answer, record.tokens) else { return Ok(None) };
    let own = row.map(|row| row.session).or(record.session.get());
    let message = row.map(|row| row.message).or(record.id.get());
    let session = own.and_then(id);
    let lost = |defect| Lost { defect, session: session.clone(), created: times.created };
    let tokens: Tokens = part(tokens.get()).map_err(lost)?;
    let usage = tokens.usage();
    if usage.is_zero() {
        return Ok(None);
    }
    let model = record.model();
    let key = key_of(model.as_deref(), (own, message), &times, &usage);
    let call = Call {
        conversation: session.clone(),
        model: model.as_deref().and_then(name_of_model),
        is_logged: true,
        stands_alone: true,
        is_final: times.completed.is_some(),
        cost: price(record.cost),
        ..Call::new(CallKey::Message(key), usage)
    };
    let answered = times.completed.and_then(Time::from_millis);
    Ok(Some((Fact::Call(Box::new(call)), session, answered.or(begun))))
}

/// A session as its record tells of it.
pub(super) fn session(own: Id, parent: Option<&str>, directory: Option<&str>, version: Option<&str>) -> Conversation {
    Conversation {
        begins: true,
        repo: directory.and_then(path),
        version: version.and_then(id),
        is_subagent: parent.is_some(),
        parent: parent.and_then(id),
        ..Conversation::new(own)
    }
}

/// The session of a torn record that may be an answer's.
fn session_of_torn(torn: &[u8]) -> Option<Id> {
    let is_other = ["messageID", "projectID"].iter().any(|name| id_in_torn(torn, name).is_some());
    (!is_other && may_be_call(torn)).then(|| id_in_torn(torn, "sessionID")).flatten()
}

impl Record<'_> {
    /// When it was asked for and answered; a row may know the first.
    fn times(&self, row: Option<&Row<'_>>) -> Times {
        let times: Times = self.time.and_then(|time| part(time.get()).ok()).unwrap_or_default();
        Times { created: times.created.or(row.and_then(|row| row.created)), ..times }
    }

    /// The name of the model that answered.
    fn model(&self) -> Option<String> {
        if let Some(model) = self.model.get() {
            return Some(model.to_owned());
        }
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
