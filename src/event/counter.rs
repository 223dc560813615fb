//! Readings of counters: what was used so far, rather than by one call.

use serde::{Deserialize, Serialize};

use super::usage::count;
use super::{Id, Time, TokenUsage, Usd};

/// Since when a process's counter may go on from what earlier processes of its session counted: 18 September 2026, the
/// day of Claude Code 2.1.277, whose changelog tells it.
pub const RESTORED_SINCE: Time = Time::from_micros(1_789_689_600_000_000);

/// A reading of a cumulative counter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counter {
    /// The conversation it counts; `None` where the source names none.
    #[serde(rename = "conversation_id", default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Id>,
    /// What is counted and since when.
    pub scope: Scope,
    /// Who it is: two records with the same key are the same reading. `None`: time and value are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Id>,
    /// The counter's value, by model where the harness tells them apart.
    pub total: Vec<ModelUsage>,
    /// The latest call in it, where told; of a process, what its latest query used without sub-agents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<TokenUsage>,
    /// What the harness itself says all of it costs.
    #[serde(rename = "cost_pico_usd", default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Usd>,
    /// Whether sub-agents of its process were still at work when it was read; `None` where nothing tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves_agents: Option<bool>,
}

impl Counter {
    /// Its value, all models together.
    pub fn tokens(&self) -> TokenUsage {
        self.total.iter().map(|model| &model.usage).sum()
    }
}

/// A process leaves one conversation for a new one, and counts on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset {
    /// The conversation that it leaves.
    #[serde(rename = "conversation_id")]
    pub conversation: Id,
    /// The new one.
    #[serde(rename = "next_conversation_id")]
    pub next: Id,
}

/// What a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole conversation, over all its runs: a run's share is the growth (Codex).
    Conversation,
    /// One process of the harness: a falling value is a new process (Claude). What earlier processes of the session
    /// counted may be in it, see [`RESTORED_SINCE`].
    Process,
    /// One query of a process, sub-agents left out; its cost is the process's (older Claude).
    Query,
}

/// A model's part of a counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ModelUsage {
    /// The model, without the size of its window; `None` where the counter doesn't tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Id>,
    /// Tokens so far.
    pub usage: TokenUsage,
    /// What the harness itself says they cost.
    #[serde(rename = "cost_pico_usd", default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Usd>,
    /// The provider's service tier, where told; [`MIXED`](super::MIXED) where that may hold for a part of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<Id>,
}

impl ModelUsage {
    /// Adds another part of the same model; of its cost is known what both tell.
    pub fn add(&mut self, other: &ModelUsage) {
        self.usage = self.usage.plus(&other.usage);
        self.cost = self.cost.zip(other.cost).map(|(own, other)| own + other);
    }
}

/// The blended total at the end of plain output: a candidate, as agents can print one too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Footer {
    /// The conversation, where the output named it.
    #[serde(rename = "conversation_id", default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Id>,
    /// Uncached input and output of the conversation.
    #[serde(deserialize_with = "count")]
    pub blended_tokens: u64,
}
