//! The records of a rollout that matter, and their fields that are used. Unknown ones are ignored.

use memchr::memmem;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{NOT_A_RECORD, usual};
use crate::event::{Billing, Conversation, Defect, Fact, Id, Quota, Time};
use crate::parse::json::{Text, part};
use crate::parse::lines::{branch, clean, id, lines, model, path};
use crate::parse::mark::{Header, Latest, Logged, Mark, MarkKind, Response};
use crate::parse::needs::Needs;
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

/// The first line of logs that have no envelope, from before usage was written down.
#[derive(Deserialize)]
pub(super) struct OldHeader<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow)]
    r#type: Option<&'a RawValue>,
    #[serde(borrow)]
    instructions: Option<&'a RawValue>,
    #[serde(borrow)]
    git: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
pub(super) struct Meta<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) timestamp: Text<'a>,
    #[serde(borrow, default)]
    pub(super) cwd: Text<'a>,
    #[serde(borrow, default)]
    pub(super) cli_version: Text<'a>,
    #[serde(borrow)]
    pub(super) git: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) source: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) thread_source: Text<'a>,
    #[serde(borrow, default)]
    pub(super) forked_from_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) parent_thread_id: Text<'a>,
}

#[derive(Deserialize)]
struct Git<'a> {
    #[serde(borrow, default)]
    branch: Text<'a>,
}

/// `{"subagent": {"thread_spawn": {"parent_thread_id": …}}}`, or `{"subagent": "review"}`.
#[derive(Deserialize)]
struct Source<'a> {
    #[serde(borrow)]
    subagent: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Subagent<'a> {
    #[serde(borrow)]
    thread_spawn: Option<Spawn<'a>>,
}

#[derive(Deserialize)]
struct Spawn<'a> {
    #[serde(borrow, default)]
    parent_thread_id: Text<'a>,
}

#[derive(Default, Deserialize)]
pub(super) struct TurnContext<'a> {
    #[serde(borrow, default)]
    pub(super) turn_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) model: Text<'a>,
    #[serde(borrow, default)]
    pub(super) effort: Text<'a>,
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
    #[serde(default, rename = "last_agent_message", deserialize_with = "is_filled")]
    pub(super) is_answered: Option<bool>,
}

/// What any item of the conversation may hold that matters.
#[derive(Default, Deserialize)]
pub(super) struct Item<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
    #[serde(borrow, default)]
    role: Text<'a>,
}

#[derive(Deserialize)]
struct Info {
    total_token_usage: Option<Usage>,
    last_token_usage: Option<Usage>,
}

#[derive(Deserialize)]
struct RateLimits<'a> {
    primary: Option<Window>,
    secondary: Option<Window>,
    #[serde(borrow, default)]
    limit_id: Text<'a>,
    #[serde(borrow, default)]
    limit_name: Text<'a>,
    #[serde(borrow, default)]
    plan_type: Text<'a>,
}

#[derive(Deserialize)]
struct Window {
    used_percent: Option<f64>,
    window_minutes: Option<u64>,
    resets_at: Option<i64>,
}

#[derive(Default, Deserialize)]
pub(super) struct UsageRecord<'a> {
    #[serde(borrow, default)]
    thread_id: Text<'a>,
    #[serde(borrow, default)]
    turn_id: Text<'a>,
    #[serde(borrow, default)]
    response_id: Text<'a>,
    #[serde(borrow, default)]
    model: Text<'a>,
    usage: Option<Usage>,
}

/// Whether a text stands there, and not an empty one.
fn is_filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let text = Text::deserialize(deserializer)?;
    Ok(Some(text.get().is_some_and(|text| !text.is_empty())))
}

fn id_of(text: &Text<'_>) -> Option<Id> {
    text.get().and_then(id)
}

impl<'a> Line<'a> {
    /// Reads the envelope.
    pub(super) fn read(line: &'a str) -> Result<Line<'a>, Defect> {
        serde_json::from_str(line).map_err(|_| NOT_A_RECORD)
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
    Context(TurnContext<'a>),
    Usage(UsageRecord<'a>),
    Event(EventMsg<'a>),
    Item(Item<'a>),
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
                    log(Logged::Header(Box::new(Header { conversation, started_at })));
                }
            }
            Payload::Context(context) => {
                let model = context.model.get().and_then(|model| seen.model(model));
                let effort = context.effort.get().and_then(|effort| seen.id(effort));
                let turn = context.turn_id.get().and_then(|turn| seen.id(turn));
                log(Logged::Context { turn, model, effort });
            }
            Payload::Usage(record) => {
                let Some(usage) = &record.usage else { return Ok(()) };
                log(Logged::Response(Box::new(Response {
                    conversation: id_of(&record.thread_id),
                    turn: id_of(&record.turn_id),
                    response: id_of(&record.response_id),
                    model: record.model.get().and_then(model),
                    usage: usage.tokens(),
                })));
            }
            Payload::Event(event) => match event.r#type.get() {
                Some("task_started" | "turn_started") => {
                    log(Logged::Turn(event.turn_id.get().and_then(|turn| seen.id(turn))));
                }
                Some("task_complete" | "turn_complete") if event.is_answered == Some(true) => log(Logged::Answered),
                Some("token_count") => event.token_count(needs, &mut add)?,
                _ => {}
            },
            Payload::Item(item) if item.is_answer() => log(Logged::Answered),
            Payload::Item(_) => {}
        }
        Ok(())
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

impl EventMsg<'_> {
    fn token_count(&self, needs: Needs, add: &mut impl FnMut(MarkKind)) -> Result<(), Defect> {
        let limits = self.rate_limits.and_then(|limits| part::<Option<RateLimits<'_>>>(limits.get()).ok()).flatten();
        let plan = limits.as_ref().and_then(|limits| id_of(&limits.plan_type));
        let billing = plan.as_ref().map(|_| Billing::Subscription);
        let info: Option<Info> = self.info.map(|info| part(info.get())).transpose()?.flatten();
        let (total, last) = info.map_or((None, None), |info| (info.total_token_usage, info.last_token_usage));
        let last = last.map(|last| last.tokens());
        match total.map(|total| total.tokens()) {
            Some(total) => {
                let latest = Latest::of(last, &total);
                add(MarkKind::Logged(Logged::Reading { total, latest, billing }));
            }
            // Nothing tells whether it repeats what was told before: the next total has it, if there is one.
            None if last.is_some_and(|last| !last.is_zero()) => add(MarkKind::Logged(Logged::Lost)),
            // A notice of rate limits.
            None => {}
        }
        if !needs.quota {
            return Ok(());
        }
        let Some(limits) = limits else { return Ok(()) };
        let limit = id_of(&limits.limit_name).or_else(|| id_of(&limits.limit_id));
        for window in [limits.primary, limits.secondary].into_iter().flatten() {
            if let Some(quota) = window.quota() {
                let quota = Quota { limit: limit.clone(), plan: plan.clone(), ..quota };
                add(MarkKind::Fact(Fact::Quota(Box::new(quota))));
            }
        }
        Ok(())
    }
}

impl Window {
    fn quota(&self) -> Option<Quota> {
        Some(Quota {
            window_minutes: self.window_minutes,
            used_percent: self.used_percent.filter(|percent| percent.is_finite())?,
            resets_at: self.resets_at.and_then(|seconds| Time::from_millis(seconds.checked_mul(1000)?)),
            ..Quota::default()
        })
    }
}

impl Meta<'_> {
    fn conversation(&self) -> Option<Conversation> {
        let own = id_of(&self.id)?;
        let source = self.source.and_then(|source| part::<Source<'_>>(source.get()).ok());
        let subagent = source.as_ref().and_then(|source| source.subagent).filter(|subagent| subagent.get() != "null");
        let spawn = subagent.and_then(|subagent| part::<Subagent<'_>>(subagent.get()).ok()?.thread_spawn);
        let spawned_by = spawn.and_then(|spawn| id_of(&spawn.parent_thread_id));
        let parent = id_of(&self.forked_from_id).or(spawned_by).or_else(|| id_of(&self.parent_thread_id));
        let git = self.git.and_then(|git| part::<Git<'_>>(git.get()).ok());
        Some(Conversation {
            begins: true,
            repo: self.cwd.get().and_then(path),
            branch: git.and_then(|git| git.branch.get().and_then(branch)),
            version: id_of(&self.cli_version),
            parent: parent.filter(|parent| *parent != own),
            is_subagent: subagent.is_some() || self.thread_source.is("subagent"),
            is_logged: true,
            ..Conversation::new(own)
        })
    }
}

impl OldHeader<'_> {
    /// The conversation of a log that has no envelope.
    pub(super) fn read(head: &[u8]) -> Option<Conversation> {
        let line = lines(head).next()?;
        // Whatever names its kind is no such header, and other harnesses' logs begin with long lines, too.
        if usual::has_kind(line) {
            return None;
        }
        memmem::find(line, b"\"instructions\"").or_else(|| memmem::find(line, b"\"git\""))?;
        let line = clean(line);
        let header: OldHeader<'_> = serde_json::from_str(&line).ok()?;
        let is_old = header.r#type.is_none() && (header.instructions.is_some() || header.git.is_some());
        let own = header.id.get().filter(|_| is_old && header.timestamp.get().is_some()).and_then(id)?;
        let git = header.git.and_then(|git| part::<Git<'_>>(git.get()).ok());
        Some(Conversation {
            begins: true,
            branch: git.and_then(|git| git.branch.get().and_then(branch)),
            is_logged: true,
            is_answered: true,
            ..Conversation::new(own)
        })
    }
}
