//! What a record tells: a session, or a call of one.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::keys::{COMPACTION, begun_at, key_beside, key_of};
use super::lost::Lost;
use super::session::session;
use super::steps::Steps;
use super::tokens::{Reading, Tokens};
use crate::event::{Call, CallKey, Conversation, Fact, Id, Time, Uncounted};
use crate::parse::json::{Text, part, price};
use crate::parse::lines::{id, model as name_of_model};

/// What newer versions write where nobody chose a variant.
const NO_VARIANT: &str = "default";

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
    /// Where newer versions name the folder.
    #[serde(borrow)]
    location: Option<&'a RawValue>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    role: Text<'a>,
    /// What newer versions call it.
    #[serde(borrow, default)]
    r#type: Text<'a>,
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
    /// Why its model stopped, as the provider says.
    #[serde(borrow, default)]
    finish: Text<'a>,
    /// What went wrong.
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    /// How the model was told to answer: how hard to think.
    #[serde(borrow, default)]
    variant: Text<'a>,
}

#[derive(Deserialize)]
struct Location<'a> {
    #[serde(borrow, default)]
    directory: Text<'a>,
}

#[derive(Deserialize)]
struct Model<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default, rename = "modelID")]
    model: Text<'a>,
    #[serde(borrow, default)]
    variant: Text<'a>,
}

/// Milliseconds since 1970.
#[derive(Default, Deserialize)]
struct Times {
    created: Option<i64>,
    completed: Option<i64>,
}

/// What a row tells of a message beside its record.
pub(super) struct Row<'a> {
    /// `None`: the record tells.
    pub(super) message: Option<&'a str>,
    pub(super) session: &'a str,
    /// What it is; `None`: the record tells.
    pub(super) kind: Option<Kind>,
    pub(super) created: Option<i64>,
}

/// What a message is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Answer,
    /// What a model made of the messages before it, where they had become too many.
    Compaction,
    /// Nothing that a model was asked for.
    Other,
}

impl Kind {
    /// The kind of a message of this type.
    pub(super) fn of(name: Option<&str>) -> Kind {
        match name {
            Some("assistant") => Kind::Answer,
            Some("compaction") => Kind::Compaction,
            _ => Kind::Other,
        }
    }
}

/// What a record tells.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) fact: Fact,
    /// Of which conversation.
    pub(super) conversation: Option<Id>,
    /// When: a call's time is when it was answered, as far as that is told.
    pub(super) time: Option<Time>,
    /// Whether its counts can be read in two ways.
    pub(super) has_two_readings: bool,
}

impl Found {
    pub(super) fn new(fact: Fact, conversation: Option<Id>, time: Option<Time>) -> Found {
        Found { fact, conversation, time, has_two_readings: false }
    }
}

/// What a record tells; nothing where it is of no interest. Of a message that stands with its parts, these may tell more.
pub(super) fn understand(json: &str, row: Option<&Row<'_>>, steps: Option<&Steps>) -> Result<Option<Found>, Lost> {
    let record: Record<'_> = part(json).map_err(|defect| {
        let lost = Lost::torn(defect, json.as_bytes());
        let Some(row) = row else { return lost };
        let is_other = row.kind.map_or(lost.is_other, |kind| kind == Kind::Other);
        let message = row.message.and_then(id).or(lost.message.clone());
        Lost { session: id(row.session), message, created: lost.created.or(row.created), is_other, ..lost }
    })?;
    let times = record.times(row);
    let begun = times.created.and_then(Time::from_millis);
    if let (Some(_), Some(own)) = (record.project.get(), record.id.get().and_then(id)) {
        let parent = record.parent.get().and_then(id);
        let location = record.location.and_then(|location| part::<Location<'_>>(location.get()).ok());
        let directory = record.directory.get().or(location.as_ref().and_then(|location| location.directory.get()));
        let counted = record.tokens.filter(|_| location.is_some()).and_then(|tokens| part::<Tokens>(tokens.get()).ok());
        let counted = counted.map(|tokens| tokens.counted());
        let is_answered = counted.is_some_and(|counted| !counted.is_zero());
        let told = session(own.clone(), parent, directory, record.version.get());
        let conversation = Conversation { counted, is_answered, ..told };
        return Ok(Some(Found::new(Fact::Conversation(Box::new(conversation)), Some(own), begun)));
    }
    let named = record.role.get().or(record.r#type.get());
    let told = || Kind::of(named.filter(|_| record.message.get().is_none()));
    let kind = row.and_then(|row| row.kind).unwrap_or_else(told);
    if !matches!(kind, Kind::Answer | Kind::Compaction) {
        return Ok(None);
    }
    let holder = row.map(|row| row.session).or(record.session.get());
    let message = row.and_then(|row| row.message).or(record.id.get());
    let session = holder.and_then(id);
    let message_id = message.and_then(id);
    let lost = |defect| Lost {
        session: session.clone(),
        message: message_id.clone(),
        created: times.created,
        ..Lost::new(defect)
    };
    let tokens: Option<Tokens> = record.tokens.map(|tokens| part(tokens.get()).map_err(lost)).transpose()?;
    // Versions from 2 on count output without reasoning, and don't tell the total.
    let is_old = record.role.get().is_some();
    let reading = tokens.map(|tokens| tokens.reading(is_old)).unwrap_or_default();
    let own = reading.usage;
    let steps = steps.filter(|steps| !steps.reading.usage.is_zero() && !steps.reading.usage.fell_below(&own));
    let Reading { usage, has_two } = steps.map_or(reading, |steps| steps.reading);
    if usage.is_zero() {
        let may_use = kind == Kind::Answer && record.may_use(&times);
        let uncounted = session.filter(|_| may_use).map(|session| {
            let key = times.created.map(begun_at).or(message_id.clone());
            Fact::Uncounted(Box::new(Uncounted::call(session, key)))
        });
        return Ok(uncounted.map(|fact| Found::new(fact, holder.and_then(id), begun)));
    }
    let model = record.model();
    let (key, is_final) = match kind {
        Kind::Compaction => (key_beside(COMPACTION, None, &usage), true),
        // Copies without their parts have the same.
        _ => (
            key_of(model.as_deref(), (holder, message), (times.created, times.completed), &own),
            times.completed.is_some(),
        ),
    };
    let call = Call {
        conversation: session.clone(),
        model: model.as_deref().and_then(name_of_model),
        is_logged: true,
        stands_alone: true,
        record: message_id.clone(),
        is_final,
        cost: steps.and_then(|steps| steps.cost).or(price(record.cost)),
        effort: record.effort(),
        ..Call::new(CallKey::Message(key), usage)
    };
    let answered = times.completed.and_then(Time::from_millis);
    let found = Found::new(Fact::Call(Box::new(call)), session, answered.or(begun));
    Ok(Some(Found { has_two_readings: has_two, ..found }))
}

impl Record<'_> {
    /// When it was asked for and answered; a row may know the first.
    fn times(&self, row: Option<&Row<'_>>) -> Times {
        let times: Times = self.time.and_then(|time| part(time.get()).ok()).unwrap_or_default();
        Times { created: times.created.or(row.and_then(|row| row.created)), ..times }
    }

    /// Whether an answer that counts nothing used something: its model is still at work, or was when opencode was killed,
    /// or said that it was done. What was aborted is completed without that, and so is what no model was asked for.
    fn may_use(&self, times: &Times) -> bool {
        let has_failed = self.error.is_some_and(|error| error.get() != "null");
        let is_open = times.created.is_some() && times.completed.is_none() && self.finish.get().is_none();
        !has_failed && (is_open || self.finish.is("stop") || self.finish.is("length"))
    }

    /// How hard its model was told to think; `None` also where nobody chose.
    fn effort(&self) -> Option<Id> {
        let of_model = self.model_reference.and_then(|model| part::<Model<'_>>(model.get()).ok());
        let variant = self.variant.get().or(of_model.as_ref().and_then(|model| model.variant.get()))?;
        id(variant).filter(|variant| &**variant != NO_VARIANT)
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
