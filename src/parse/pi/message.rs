//! Messages: models' answers, and what tools gave back.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::usage::Usage;
use crate::event::{Call, Fact, Id, Time, TokenUsage};
use crate::parse::json::Text;
use crate::parse::lines::{id, key};
use crate::parse::mark::{LogRecord, MarkKind};

/// Takes what an entry means, and when that was.
pub(super) type Tell<'a> = &'a mut dyn FnMut(MarkKind, Option<Time>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) role: Text<'a>,
    #[serde(borrow, default)]
    pub(super) model: Text<'a>,
    /// The model that answered, where a router was asked.
    #[serde(borrow, default)]
    response_model: Text<'a>,
    #[serde(borrow, default)]
    response_id: Text<'a>,
    /// How hard it was told to think; older versions tell it before, in an entry of its own.
    #[serde(borrow, default)]
    thinking_level: Text<'a>,
    #[serde(borrow, default)]
    stop_reason: Text<'a>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) usage: Option<Usage<'a>>,
    /// Of a tool's result: the call that it is of, the tool, and what that noted.
    #[serde(borrow, default)]
    pub(super) tool_call_id: Text<'a>,
    #[serde(borrow, default)]
    tool_name: Text<'a>,
    #[serde(borrow)]
    pub(super) details: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// When it was written, as it stands there.
    pub(super) fn answered(&self) -> &str {
        self.timestamp.map_or("", RawValue::get)
    }

    /// The same as a time.
    pub(super) fn time(&self) -> Option<Time> {
        Time::from_millis(self.answered().parse().ok()?)
    }

    /// The model that answered.
    pub(super) fn by(&self) -> &Text<'a> {
        if self.response_model.get().is_some() { &self.response_model } else { &self.model }
    }

    /// Whether the provider names the response.
    pub(super) fn is_named(&self) -> bool {
        self.response_id.get().is_some_and(|id| !id.is_empty())
    }

    /// What a model's answer tells. Its key is the provider's id of the response, or else `own`.
    pub(super) fn answer(&self, own: impl Fn(&TokenUsage) -> Id) -> Option<MarkKind> {
        let name = self.response_id.get().filter(|id| !id.is_empty());
        let key = |tokens: &TokenUsage| name.map_or_else(|| own(tokens), key);
        let Some(usage) = &self.usage else {
            let uncounted = || MarkKind::Logged(LogRecord::Uncounted(Some(key(&TokenUsage::default()))));
            return self.model.get().map(|_| uncounted());
        };
        let call =
            usage.call(key, self.by()).map(|call| Call { effort: self.thinking_level.get().and_then(id), ..call });
        match call {
            Some(call) => Some(MarkKind::Fact(Fact::Call(Box::new(call)))),
            // Some providers count nothing. What was aborted or failed is taken for no call.
            None if self.is_finished() && !self.is_echo() => {
                Some(MarkKind::Logged(LogRecord::Uncounted(Some(key(&TokenUsage::default())))))
            }
            None => None,
        }
    }

    /// Whether a model finished it, and said something.
    fn is_finished(&self) -> bool {
        let is_empty = self.content.is_none_or(|content| matches!(content.get(), "null" | "[]" | "\"\""));
        !is_empty && ["stop", "length", "toolUse"].iter().any(|reason| self.stop_reason.is(reason))
    }

    /// Whether OpenClaw wrote it, in the name of no model, to show what it had sent.
    fn is_echo(&self) -> bool {
        ["delivery-mirror", "gateway-injected"].iter().any(|name| self.model.is(name))
    }

    /// What a tool asked models for, where pi tells it.
    pub(super) fn by_tool(&self, own: impl Fn(&TokenUsage) -> Id) -> Option<Call> {
        let call = self.usage.as_ref()?.call(own, self.by())?;
        Some(Call { is_subagent: true, ..call })
    }

    /// Whether it says that a sub-agent was aborted, of which it says no more.
    pub(super) fn is_aborted_sub_agent(&self) -> bool {
        self.tool_name.is("subagent")
            && self.content.is_some_and(|content| content.get().contains("Subagent was aborted"))
    }
}
