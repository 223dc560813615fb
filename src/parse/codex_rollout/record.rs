//! The records of a rollout that matter, and their fields that are used. Unknown ones are ignored.

use memchr::memmem;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::header::Meta;
use super::token_count;
use crate::event::{Defect, Needs, Time};
use crate::parse::json::{Text, part};
use crate::parse::lines::{id, model};
use crate::parse::mark::{Header, LogRecord, Mark, MarkKind, Response};
use crate::parse::openai::Usage;
use crate::parse::seen::Seen;

/// A record in its envelope.
#[derive(Deserialize)]
pub(super) struct Line<'a> {
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default)]
    r#type: Text<'a>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
pub(super) struct Context<'a> {
    #[serde(borrow, default)]
    pub(super) turn_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) model: Text<'a>,
    #[serde(borrow, default)]
    pub(super) effort: Text<'a>,
    #[serde(borrow, default)]
    pub(super) service_tier: Text<'a>,
}

/// What any `event_msg` may hold that matters.
#[derive(Default, Deserialize)]
pub(super) struct EventMsg<'a> {
    #[serde(borrow, default)]
    pub(super) r#type: Text<'a>,
    #[serde(borrow, default)]
    pub(super) turn_id: Text<'a>,
    #[serde(borrow)]
    pub(super) info: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) rate_limits: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) thread_id: Text<'a>,
    #[serde(borrow)]
    pub(super) thread_settings: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) service_tier: Text<'a>,
    #[serde(default, rename = "last_agent_message", deserialize_with = "is_filled")]
    pub(super) is_answered: Option<bool>,
}

/// The settings of a conversation, all of them: one that isn't there isn't set.
#[derive(Deserialize)]
struct ThreadSettings<'a> {
    #[serde(borrow, default)]
    model: Text<'a>,
    #[serde(borrow, default)]
    reasoning_effort: Text<'a>,
    #[serde(borrow, default)]
    service_tier: Text<'a>,
}

/// What any item of the conversation may hold that matters.
#[derive(Default, Deserialize)]
pub(super) struct Item<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
    #[serde(borrow, default)]
    role: Text<'a>,
}

#[derive(Default, Deserialize)]
pub(super) struct UsageRecord<'a> {
    #[serde(borrow, default)]
    pub(super) thread_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) turn_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) response_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) model: Text<'a>,
    #[serde(borrow, default)]
    pub(super) service_tier: Text<'a>,
    pub(super) usage: Option<Usage>,
    pub(super) thread_token_usage: Option<Usage>,
}

/// The history of a conversation, as it was replaced by a summary.
#[derive(Deserialize)]
pub(super) struct Compacted<'a> {
    #[serde(borrow, default)]
    compaction_response_id: Text<'a>,
    #[serde(borrow)]
    replacement_history: Option<&'a RawValue>,
    #[serde(borrow)]
    latest_token_usage_record: Option<&'a RawValue>,
}

/// Whether a text stands there, and not an empty one.
fn is_filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let text = Text::deserialize(deserializer)?;
    Ok(Some(text.get().is_some_and(|text| !text.is_empty())))
}

impl<'a> Line<'a> {
    /// Reads the envelope.
    pub(super) fn read(line: &'a str) -> Result<Line<'a>, Defect> {
        serde_json::from_str(line).map_err(|_| Defect::Torn)
    }

    /// Whether it is a record of a rollout.
    pub(super) fn is_known(&self) -> bool {
        let known = ["session_meta", "turn_context", "response_item", "event_msg", "compacted", "token_usage_record"];
        self.payload.is_some_and(|payload| payload.get().starts_with('{'))
            && self.r#type.get().is_some_and(|kind| known.contains(&kind))
    }

    /// Says what the record means.
    pub(super) fn marks(
        &self,
        needs: Needs,
        seen: &Seen,
        mark: &impl Fn(MarkKind) -> Mark,
        marks: &mut Vec<Mark>,
    ) -> Result<(), Defect> {
        let (Some(payload), Some(kind)) = (self.payload.map(RawValue::get), self.r#type.get()) else { return Ok(()) };
        Payload::read(kind, payload)?.map_or(Ok(()), |payload| payload.marks(self.time(), needs, seen, mark, marks))
    }

    /// When it was written.
    pub(super) fn time(&self) -> Option<Time> {
        self.timestamp.get().and_then(Time::parse)
    }
}

/// What a record holds, as far as it matters.
pub(super) enum Payload<'a> {
    Meta(Meta<'a>),
    Context(Context<'a>),
    Usage(UsageRecord<'a>),
    Event(EventMsg<'a>),
    Item(Item<'a>),
    Compacted(Compacted<'a>),
}

impl<'a> Payload<'a> {
    /// Reads any JSON; `None` for kinds that don't matter.
    fn read(kind: &str, json: &'a str) -> Result<Option<Payload<'a>>, Defect> {
        Ok(Some(match kind {
            "session_meta" => Payload::Meta(part(json)?),
            "turn_context" => Payload::Context(part(json)?),
            "token_usage_record" => Payload::Usage(part(json)?),
            "event_msg" => Payload::Event(part(json)?),
            "response_item" => Payload::Item(part(json)?),
            "compacted" => Payload::Compacted(part(json)?),
            _ => return Ok(None),
        }))
    }

    /// Says what the record means that was written at this time. Its ids may be those of the records `seen` before.
    pub(super) fn marks(
        &self,
        time: Option<Time>,
        needs: Needs,
        seen: &Seen,
        mark: &impl Fn(MarkKind) -> Mark,
        marks: &mut Vec<Mark>,
    ) -> Result<(), Defect> {
        let mut add = |kind| marks.push(mark(kind).at(time));
        let mut log = |logged| add(MarkKind::Logged(logged));
        match self {
            Payload::Meta(meta) => {
                let started_at = meta.timestamp.get().and_then(Time::parse);
                if let Some(conversation) = meta.conversation() {
                    let goes_on = meta.history_base.is_some_and(|base| base.get() != "null");
                    let is_fork = meta.forked_from_id.get().is_some();
                    log(LogRecord::Header(Box::new(Header { conversation, started_at, goes_on, is_fork })));
                }
            }
            Payload::Context(context) => {
                let model = context.model.get().and_then(|model| seen.model(model));
                let effort = context.effort.get().and_then(|effort| seen.id(effort));
                let turn = context.turn_id.get().and_then(|turn| seen.id(turn));
                log(LogRecord::Context { turn, model, effort });
                if let Some(tier) = context.service_tier.get().and_then(|tier| seen.id(tier)) {
                    log(LogRecord::ServiceTier(tier));
                }
            }
            Payload::Usage(record) => {
                if let Some(response) = record.response() {
                    log(LogRecord::Response(Box::new(response)));
                }
            }
            Payload::Compacted(compacted) => {
                if let Some(response) = compacted.latest_response() {
                    log(LogRecord::Repeated(Box::new(response)));
                }
                let response = compacted.compaction_response_id.get().and_then(id);
                log(LogRecord::Compacted { response, is_remote: compacted.is_remote() });
            }
            Payload::Event(event) => event.marks(needs, seen, &mut add)?,
            Payload::Item(item) if item.is_answer() => log(LogRecord::Answered),
            Payload::Item(_) => {}
        }
        Ok(())
    }
}

impl EventMsg<'_> {
    /// Says what the event means.
    fn marks(&self, needs: Needs, seen: &Seen, add: &mut impl FnMut(MarkKind)) -> Result<(), Defect> {
        let mut log = |logged| add(MarkKind::Logged(logged));
        match self.r#type.get() {
            Some("task_started" | "turn_started") => {
                log(LogRecord::Turn(self.turn_id.get().and_then(|turn| seen.id(turn))));
            }
            Some("entered_review_mode") => log(LogRecord::Review(true)),
            Some("exited_review_mode") => log(LogRecord::Review(false)),
            Some("task_complete" | "turn_complete") => log(LogRecord::TurnOver(self.is_answered == Some(true))),
            Some("token_count") => {
                if let Some(tier) = self.service_tier.get().and_then(|tier| seen.id(tier)) {
                    log(LogRecord::ServiceTier(tier));
                }
                token_count::read(self.info, self.rate_limits, needs, add)?;
            }
            Some("thread_settings_applied") => {
                if let Some(settings) = self.thread_settings {
                    let settings: ThreadSettings<'_> = part(settings.get())?;
                    let tier = settings.service_tier.get().and_then(|tier| seen.id(tier));
                    let model = settings.model.get().and_then(|model| seen.model(model));
                    let effort = settings.reasoning_effort.get().and_then(|effort| seen.id(effort));
                    let conversation = self.thread_id.get().and_then(id);
                    log(LogRecord::Settings { conversation, model, effort, tier });
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl UsageRecord<'_> {
    fn response(&self) -> Option<Response> {
        Some(Response {
            conversation: self.thread_id.get().and_then(id),
            turn: self.turn_id.get().and_then(id),
            response: self.response_id.get().and_then(id),
            model: self.model.get().and_then(model),
            service_tier: self.service_tier.get().and_then(id),
            usage: self.usage.as_ref()?.tokens(),
            thread: self.thread_token_usage.as_ref().map(Usage::tokens),
        })
    }
}

impl Compacted<'_> {
    fn latest_response(&self) -> Option<Response> {
        part::<Option<UsageRecord<'_>>>(self.latest_token_usage_record?.get()).ok()??.response()
    }

    /// Whether the provider wrote the summary, an item that was called otherwise in the first versions. In a text its
    /// quotes would be escaped.
    fn is_remote(&self) -> bool {
        let history = self.replacement_history.map_or("", RawValue::get).as_bytes();
        let kinds = ["\"compaction\"", "\"compaction_summary\"", "\"context_compaction\""];
        kinds.iter().any(|kind| memmem::find(history, format!("\"type\":{kind}").as_bytes()).is_some())
    }
}

impl Item<'_> {
    /// Whether a model made it.
    fn is_answer(&self) -> bool {
        match self.r#type.get() {
            Some("message") => self.role.is("assistant"),
            kind => matches!(kind, Some("function_call" | "custom_tool_call" | "local_shell_call")),
        }
    }
}
