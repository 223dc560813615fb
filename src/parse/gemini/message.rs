//! A chat's messages, as they are recorded, and what is left of torn ones.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::event::{Id, MAX_COUNT, Time, TokenUsage};
use crate::parse::json::{Count, Text, or_zero, part};
use crate::parse::lines::{id, id_in_torn};

#[derive(Default, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) r#type: Text<'a>,
    #[serde(borrow, default)]
    pub(super) timestamp: Text<'a>,
    #[serde(borrow, default)]
    pub(super) model: Text<'a>,
    pub(super) tokens: Option<Tokens>,
    #[serde(borrow, default, rename = "toolCalls")]
    pub(super) tool_calls: Option<&'a RawValue>,
}

/// A tool's call that a sub-agent worked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Work<'a> {
    #[serde(borrow, default)]
    agent_id: Text<'a>,
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
}

impl Work<'_> {
    /// The sub-agent, if one worked.
    pub(super) fn agent(&self) -> Option<Id> {
        self.agent_id.get().and_then(id)
    }

    /// Whether it surely used something: one that was cancelled may not have asked any model yet.
    pub(super) fn is_done(&self) -> bool {
        !self.status.is("cancelled")
    }

    pub(super) fn time(&self) -> Option<Time> {
        self.timestamp.get().and_then(Time::parse)
    }
}

#[derive(Clone, Copy, Deserialize)]
pub(super) struct Tokens {
    input: Option<Count>,
    output: Option<Count>,
    cached: Option<Count>,
    thoughts: Option<Count>,
    tool: Option<Count>,
    total: Option<Count>,
}

/// Changed members of the chat.
#[derive(Deserialize)]
pub(super) struct Changes<'a> {
    #[serde(borrow, default)]
    pub(super) messages: Vec<&'a RawValue>,
}

impl Tokens {
    pub(super) fn usage(self) -> TokenUsage {
        let [input, output, cached, thoughts, tool] =
            [self.input, self.output, self.cached, self.thoughts, self.tool].map(or_zero);
        let answered = output.saturating_add(thoughts).min(MAX_COUNT);
        // The total tells whether the input already includes what tools were asked with.
        let includes_tool = self.total.is_some_and(|total| total.get() == input.saturating_add(answered));
        let input = if includes_tool { input } else { input.saturating_add(tool).min(MAX_COUNT) };
        TokenUsage {
            input_tokens: input,
            cache_read_input_tokens: cached.min(input),
            output_tokens: answered,
            reasoning_output_tokens: Some(thoughts),
            ..TokenUsage::default()
        }
    }
}

/// The work for a message's tool calls, if sub-agents did some.
pub(super) fn work(calls: &str) -> Vec<Work<'_>> {
    // Nearly no call has one.
    if !calls.contains("\"agentId\"") {
        return Vec::new();
    }
    let calls: Vec<&RawValue> = part(calls).unwrap_or_default();
    calls.into_iter().filter_map(|call| part(call.get()).ok()).collect()
}

/// How many messages a line holds the beginning of: behind a name, a torn one may have the next one as its value.
pub(super) fn messages(torn: &[u8]) -> usize {
    let line = torn.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let has_time = |id: usize| {
        let value =
            line.get(id + 5..)?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
        let rest = value.get(memchr::memchr(b'"', value)? + 1..)?.trim_ascii_start().strip_prefix(b",")?;
        Some(rest.trim_ascii_start().starts_with(b"\"timestamp\""))
    };
    let next = memchr::memmem::find_iter(line, b"{\"id\"").filter(|at| *at > 0 && has_time(*at) == Some(true));
    1 + next.count()
}

/// Whether what is torn is a line of a person's message, and nothing else stands on it.
pub(super) fn is_question(torn: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'\n', torn) else { return false };
    let line = &torn[..end];
    let has = |text: &[u8]| memchr::memmem::find(line, text).is_some();
    let is_other = has(b"\"gemini\"") || has(b"\"sessionId\"") || has(b"\"$set\"");
    !is_other && id_in_torn(line, "type").as_deref() == Some("user")
}
