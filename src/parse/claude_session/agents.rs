//! Sub-agents: their records stand in files of their own, older ones in their parent's log, where records of progress
//! repeat some. What the parent's log tells when one is done names it, and is a witness that it used something. Its
//! `usage` is that of the sub-agent's latest call alone, without that one's id, so it can't be counted.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::record::Record;
use crate::event::{Id, Uncounted};
use crate::parse::json::{Count, Text, part};
use crate::parse::lines::id;

/// A sub-agent's record, as its parent's log shows it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Progress<'a> {
    #[serde(borrow)]
    message: Option<Record<'a>>,
    #[serde(borrow, default)]
    agent_id: Text<'a>,
}

/// What a tool did, if that is a sub-agent's work.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Work<'a> {
    #[serde(borrow, default)]
    agent_id: Text<'a>,
    total_tokens: Option<Count>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

/// A record that holds what tools answered.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    message: Option<Content<'a>>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, default)]
    tool_use_id: Text<'a>,
}

/// The tool call that a record answers: captures name a sub-agent by the one that it worked for.
fn answered(line: &[u8]) -> Option<Id> {
    let answer = part::<Answer<'_>>(std::str::from_utf8(line).ok()?).ok()?;
    let blocks = part::<Vec<Block<'_>>>(answer.message?.content?.get()).ok()?;
    blocks.iter().find_map(|block| block.tool_use_id.get()).and_then(id)
}

impl<'a> Record<'a> {
    /// It, or the sub-agent's record that it shows, which leaves out what both share.
    pub(super) fn shown(self) -> Option<Record<'a>> {
        if !self.r#type.is("progress") {
            return Some(self);
        }
        let progress = part::<Progress<'a>>(self.data?.get()).ok()?;
        let shown = progress.message?;
        Some(Record {
            r#type: shown.r#type,
            message: shown.message,
            request_id: shown.request_id,
            uuid: shown.uuid,
            timestamp: shown.timestamp,
            is_sidechain: shown.is_sidechain.or(Some(true)),
            agent_id: progress.agent_id,
            tool_use_result: None,
            cost: shown.cost,
            ..self
        })
    }
}

impl Record<'_> {
    /// The sub-agent whose work it tells of, in its parent's log. `line` is where it stands.
    pub(super) fn told(&self, line: &[u8], conversation: &Id) -> Option<Uncounted> {
        let work = part::<Work<'_>>(self.tool_use_result?.get()).ok()?;
        work.usage.filter(|_| work.total_tokens.is_some_and(|total| total.get() > 0))?;
        let agent = work.agent_id.get().and_then(id)?;
        Some(Uncounted::work(conversation.clone(), agent, answered(line)))
    }
}
