//! Calls of which a record tells no usage.

use serde::{Deserialize, Serialize};

use super::{Id, TokenUsage};

/// A record of a call that can't be counted: it tells no usage, or is torn. Another record of the call may tell it.
/// Or one of the calls of a sub-agent, whose own records may tell them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Uncounted {
    /// The conversation it belongs to.
    #[serde(rename = "conversation_id")]
    pub conversation: Id,
    /// The message's id as in [`CallKey::Message`](super::CallKey::Message), or what it begins with, up to [`GROWING`](super::GROWING), or [`Call::record`](super::Call::record).
    /// `None`: nothing tells, and no other record can be known to be of the same call. Of a sub-agent, the tool call that it worked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Id>,
    /// The sub-agent whose work the record tells of. `None`: it is of one call.
    #[serde(rename = "agent_id", default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Id>,
    /// The session log that tells what a sub-agent used, if it is in view. `None`: none is named.
    #[serde(rename = "agent_log", default, skip_serializing_if = "Option::is_none")]
    pub log: Option<AgentLog>,
    /// Of how many sub-agents the record tells, where `agent` names what they worked for together, and none of them; or,
    /// without `agent`, how many were still at work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_count: Option<u64>,
    /// Whether it is of the call that summed up what had been said: `key` is of that place then, and `agent` what the
    /// name of a sub-agent begins with that may tell it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_compaction: bool,
}

impl Uncounted {
    /// A record of one call, which has this key if any.
    pub fn call(conversation: Id, key: Option<Id>) -> Uncounted {
        Uncounted { conversation, key, agent: None, agent_count: None, is_compaction: false, log: None }
    }

    /// A record of what a sub-agent did, for this tool call if any.
    pub fn work(conversation: Id, agent: Id, tool_call: Option<Id>) -> Uncounted {
        Uncounted { agent: Some(agent), ..Uncounted::call(conversation, tool_call) }
    }
}

/// The session log of a sub-agent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AgentLog {
    /// Which one it is.
    pub name: AgentLogName,
    /// What the sub-agent used, and the log tells if it is whole: it may hold more.
    pub usage: TokenUsage,
}

/// What tells a sub-agent's session log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentLogName {
    /// That of this conversation.
    Conversation(Id),
    /// The file of this name, without its ending, in the folder that is called as the log that names it, or beside that.
    Named(Id),
}
