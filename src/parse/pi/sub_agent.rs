//! What a sub-agent came to: `{"messages": […], "usage": {…, "turns": 2}, …}`, as in pi's `examples/extensions/subagent`.
//! The sum holds what the messages tell one by one, where those are noted. oh-my-pi's own `task` notes `{"id": "Anna",
//! "usage": {…}}`: its session is `Anna.jsonl` in the folder that is called as the session's file (version 17).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::message::{Message, Tell};
use super::session_file::session_of;
use super::usage::Usage;
use crate::event::{AgentLog, AgentLogName, Call, CallKey, Fact, Id, Time, TokenUsage, Usd};
use crate::parse::json::{Text, part};
use crate::parse::lines::{id, key, model, uuid_at_end};
use crate::parse::mark::{LogRecord, MarkKind};

/// What a sub-agent came to.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SubAgent<'a> {
    /// What oh-my-pi calls it.
    #[serde(borrow, default)]
    id: Text<'a>,
    /// Where its definition was found.
    #[serde(borrow, default)]
    agent_source: Text<'a>,
    /// `-1`: it is at work.
    #[serde(borrow)]
    exit_code: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stop_reason: Text<'a>,
    /// The model it was to ask.
    #[serde(borrow, default)]
    pub(super) model: Text<'a>,
    /// The sum of what its answers used.
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    messages: Option<&'a RawValue>,
    /// Where its own session lies, if it keeps one.
    #[serde(borrow, default)]
    session_file: Text<'a>,
}

/// The key of what a sum holds beyond answers.
pub(super) fn rest_of(name: &str) -> Id {
    key(&format!("{name} rest"))
}

pub(super) fn uncounted(key: Id) -> MarkKind {
    MarkKind::Logged(LogRecord::Uncounted(Some(key)))
}

/// What the answers told.
#[derive(Default)]
struct Told<'a> {
    answers: u64,
    usage: TokenUsage,
    cost: Usd,
    /// The last one.
    latest: Option<Message<'a>>,
}

impl<'a> SubAgent<'a> {
    /// Tells what it used, and gives how much that is, whoever tells it.
    pub(super) fn tell(&self, name: &str, time: Option<Time>, tell: Tell<'_>) -> TokenUsage {
        let told = self.tell_answers(name, time, tell);
        let is_sum = |usage: &&RawValue| told.answers > 0 || usage.get().contains("\"turns\"") || self.is_named();
        let usage = self.usage.filter(is_sum).map(|usage| part::<Usage<'_>>(usage.get()));
        let Some(Ok(sum)) = usage else {
            if usage.is_some() {
                tell(uncounted(key(name)), time);
            }
            return told.usage;
        };
        let tokens = sum.tokens();
        let is_more = tokens.exceeds(&told.usage);
        let (is_less, is_elsewhere) = (tokens.fell_below(&told.usage), self.keeps_session());
        if is_more && !is_less && !is_elsewhere {
            tell(self.rest(&sum, &told, rest_of(name)), time);
        }
        // A sum with more than the answers that it is of, none of which are left out, is no sum of these.
        let is_other = told.answers > 0 && (is_less || sum.turns.is_none_or(|turns| turns.get() <= told.answers));
        let is_untold = tokens.is_zero() && told.usage.is_zero() && self.may_have_used(&told);
        if self.is_running() {
            tell(uncounted(key(name)), time);
        } else if is_untold || (is_more && (is_other || is_elsewhere)) {
            tell(self.untold(tokens.minus(&told.usage), rest_of(name), key(name)), time);
        }
        tokens
    }

    /// What stands for calls that its own session tells, under the first key, if it keeps one; under the other, if not.
    fn untold(&self, usage: TokenUsage, told: Id, lost: Id) -> MarkKind {
        match self.log() {
            Some(name) => MarkKind::Logged(LogRecord::SubAgent(told, AgentLog { name, usage })),
            None => uncounted(lost),
        }
    }

    /// The log of its session, where that is known by what the record says.
    pub(super) fn log(&self) -> Option<AgentLogName> {
        if self.is_named() {
            return self.id.get().and_then(id).map(AgentLogName::Named);
        }
        let session = session_of(self.session_file.get()?)?;
        uuid_at_end(&session).map(AgentLogName::Conversation)
    }

    /// Tells the answers that are noted one by one.
    fn tell_answers(&self, name: &str, time: Option<Time>, tell: Tell<'_>) -> Told<'a> {
        let messages = self.messages.and_then(|messages| part::<Vec<&RawValue>>(messages.get()).ok());
        let mut told = Told::default();
        for message in messages.unwrap_or_default() {
            if !message.get().contains("\"assistant\"") {
                continue;
            }
            let own = key(&format!("{name} {}", told.answers));
            let Ok(message) = part::<Message<'_>>(message.get()) else {
                tell(uncounted(own), time);
                continue;
            };
            if !message.role.is("assistant") {
                continue;
            }
            told.answers += 1;
            if let Some(usage) = &message.usage {
                told.usage = told.usage.plus(&usage.tokens());
                told.cost = told.cost + usage.cost().unwrap_or_default();
            }
            let when = message.time().filter(|when| time.is_none_or(|time| *when <= time)).or(time);
            let kind = message.answer(|_| own.clone());
            match kind {
                // Its session tells the same under another name.
                Some(MarkKind::Fact(Fact::Call(call))) if self.has_session() && !message.is_named() => {
                    tell(self.untold(call.usage, own.clone(), own), time);
                }
                Some(MarkKind::Fact(Fact::Call(call))) => {
                    let call = Call { is_subagent: true, ..*call };
                    tell(MarkKind::Fact(Fact::Call(Box::new(call))), when);
                }
                Some(kind) => tell(kind, when),
                None => {}
            }
            told.latest = Some(message);
        }
        told
    }

    /// What the sum holds beyond the answers that are noted.
    fn rest(&self, sum: &Usage<'_>, told: &Told<'_>, key: Id) -> MarkKind {
        let by = told.latest.as_ref().map_or(&self.model, Message::by);
        let cost = sum.cost().map(|cost| cost - told.cost).filter(|cost| *cost > Usd::ZERO);
        let call = Call {
            model: by.get().and_then(model),
            is_subagent: true,
            is_logged: true,
            cost,
            ..Call::new(CallKey::Message(key), sum.tokens().beyond(&told.usage))
        };
        MarkKind::Fact(Fact::Call(Box::new(call)))
    }

    fn has_session(&self) -> bool {
        self.session_file.get().is_some_and(|file| !file.is_empty())
    }

    /// Whether its own session tells what it used.
    pub(super) fn keeps_session(&self) -> bool {
        self.has_session() || self.is_named()
    }

    /// Whether it is one of oh-my-pi's, whose sessions are called as they are.
    fn is_named(&self) -> bool {
        let is_its = self.agent_source.get().is_some() && self.id.get().is_some();
        is_its && !self.has_session() && self.messages.is_none()
    }

    /// What stands for those of several that are still at work.
    fn is_running(&self) -> bool {
        self.exit_code.is_some_and(|code| code.get() == "-1")
    }

    /// Whether one that counts nothing may have used something: it was killed, or aborted. Where the request failed, or
    /// nobody knows such a sub-agent, no model answered.
    fn may_have_used(&self, told: &Told<'_>) -> bool {
        let is_over = self.exit_code.is_some() || self.stop_reason.get().is_some();
        let has_failed = told.answers > 0 && !self.stop_reason.is("aborted");
        is_over && !has_failed && !self.agent_source.is("unknown")
    }
}
