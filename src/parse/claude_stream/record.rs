//! The fields of Claude's records that we use, and what they mean. Unknown fields are ignored.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::aliases::without_aliases;
use crate::event::{Billing, Call, Counter, Id, MIXED, ModelUsage, STANDARD, Scope, TokenUsage};
use crate::parse::anthropic::{self, Message, Usage};
use crate::parse::json::{Count, Text, money, or_zero, part};
use crate::parse::lines::{id, model};

/// What every record has; the rest is read when the kind is known.
#[derive(Deserialize)]
pub(super) struct Head {
    pub(super) r#type: Option<String>,
    pub(super) subtype: Option<String>,
    pub(super) session_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Init {
    pub(super) model: Option<String>,
    /// Where the API key came from; `none` for who logged in with a subscription, or with a cloud's account.
    #[serde(rename = "apiKeySource")]
    api_key_source: Option<String>,
    #[serde(rename = "claude_code_version")]
    pub(super) version: Option<String>,
    qwen_code_version: Option<IgnoredAny>,
    uuid: Option<IgnoredAny>,
    tools: Option<IgnoredAny>,
    mcp_servers: Option<IgnoredAny>,
    reasoning_effort: Option<IgnoredAny>,
}

impl Init {
    /// Whether another harness wrote it. Qwen Code (0.14 to 0.25) tells its own version. Factory droid (0.235) names its
    /// tools, mostly with how hard its model shall think, and neither MCP servers, as all versions of Claude Code do, nor
    /// the record; so may what was cut down by hand: `None`.
    pub(super) fn is_others(&self) -> Option<bool> {
        let may_be_droids = self.tools.is_some()
            && self.mcp_servers.is_none()
            && self.uuid.is_none()
            && self.version.is_none()
            && self.api_key_source.is_none();
        match may_be_droids {
            _ if self.qwen_code_version.is_some() => Some(true),
            true => self.reasoning_effort.map(|_| true),
            false => Some(false),
        }
    }

    /// How the account pays. A cloud's models have other names than Anthropic's own.
    pub(super) fn billing(&self) -> Option<Billing> {
        let is_anthropics =
            self.model.as_deref().is_some_and(|model| model.starts_with("claude-") && !model.contains('@'));
        match self.api_key_source.as_deref()? {
            "none" | "oauth" => is_anthropics.then_some(Billing::Subscription),
            "ANTHROPIC_API_KEY" | "apiKeyHelper" | "user" | "project" | "org" | "temporary" | "/login managed key" => {
                Some(Billing::Api)
            }
            _ => None,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Assistant<'a> {
    #[serde(borrow)]
    pub(super) message: Option<Message<'a>>,
    pub(super) parent_tool_use_id: Option<String>,
    pub(super) timestamp: Option<String>,
    #[serde(borrow, default)]
    uuid: Text<'a>,
}

impl Assistant<'_> {
    /// Whether another harness wrote it: Qwen Code (0.14 to 0.25) calls a message as it calls the record, and counts
    /// cache reads as a part of the input. Claude Code's messages have the provider's ids.
    pub(super) fn is_others(&self) -> bool {
        self.message.as_ref().is_some_and(|message| message.is_called(&self.uuid))
    }
}

#[derive(Deserialize)]
pub(super) struct StreamEvent<'a> {
    #[serde(borrow)]
    pub(super) event: Option<MessageEvent<'a>>,
    pub(super) parent_tool_use_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct MessageEvent<'a> {
    pub(super) r#type: Option<String>,
    #[serde(borrow)]
    pub(super) message: Option<Message<'a>>,
    #[serde(borrow)]
    pub(super) usage: Option<Usage<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Finish<'a> {
    uuid: Option<String>,
    #[serde(borrow)]
    pub(super) usage: Option<Usage<'a>>,
    #[serde(rename = "modelUsage")]
    model_usage: Option<BTreeMap<String, ModelCounts>>,
    total_cost_usd: Option<Box<RawValue>>,
    /// The same in versions before 1.0.
    cost_usd: Option<IgnoredAny>,
    #[serde(borrow)]
    subagent_stats: Option<&'a RawValue>,
}

/// A task in the background went on, or is done.
#[derive(Deserialize)]
pub(super) struct Task {
    usage: Option<TaskUsage>,
}

#[derive(Deserialize)]
struct TaskUsage {
    total_tokens: Option<Count>,
}

impl Task {
    /// Whether it used something: commands in the background don't.
    pub(super) fn has_used(&self) -> bool {
        self.usage.as_ref().and_then(|usage| usage.total_tokens).is_some_and(|tokens| tokens.get() > 0)
    }
}

/// The process leaves its conversation for a new one (`/clear`, 2.1.222), and its counters go on.
#[derive(Deserialize)]
pub(super) struct Renamed {
    pub(super) new_conversation_id: Option<String>,
}

/// What became of the process's sub-agents by a result (2.1.280).
#[derive(Deserialize)]
struct AgentStats {
    spawned: Option<Count>,
    completed: Option<Count>,
    failed: Option<Count>,
    /// By who killed them.
    killed: Option<BTreeMap<String, Count>>,
}

impl AgentStats {
    /// Whether some were still at work; `None` where it doesn't tell.
    fn are_at_work(&self) -> Option<bool> {
        let killed = self.killed.iter().flat_map(BTreeMap::values);
        let over = [self.completed?, self.failed?].into_iter().chain(killed.copied());
        let over = over.fold(0_u64, |sum, count| sum.saturating_add(count.get()));
        Some(self.spawned?.get() > over)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ModelCounts {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    cache_read_input_tokens: Option<Count>,
    cache_creation_input_tokens: Option<Count>,
    thinking_tokens: Option<Count>,
    #[serde(rename = "costUSD")]
    cost_usd: Option<Box<RawValue>>,
    /// The model that the name stands for, without its date.
    canonical_model: Option<Box<RawValue>>,
    /// By which prices the cost was reckoned: `list`, or `unknown` for a model that the harness knows none of; `None` in
    /// older versions.
    cost_basis: Option<Box<RawValue>>,
}

/// The calls of a record; only a result tells that an output is whole. `task` is the tool call that a sub-agent made
/// them for.
pub(super) fn calls(message: &Message<'_>, session: &Id, task: Option<&str>) -> impl Iterator<Item = Box<Call>> {
    message.calls(&[], None).map(move |mut call| {
        call.conversation = Some(session.clone());
        (call.is_subagent, call.is_final) = (task.is_some(), false);
        call.agent = task.and_then(id);
        call
    })
}

impl Finish<'_> {
    /// Whether another harness wrote it. Since it counts tokens, Claude Code tells what they cost, or by which models
    /// they were used; Qwen Code (0.14 to 0.25), Factory droid (0.235) and cursor-agent do neither, and count otherwise.
    pub(super) fn is_others(&self) -> bool {
        let tells_cost = self.total_cost_usd.is_some() || self.cost_usd.is_some();
        let Some(usage) = self.usage.as_ref().filter(|_| !tells_cost) else { return false };
        self.model_usage.is_none() || usage.has_others_counts()
    }

    pub(super) fn counter(self, session: Id) -> Counter {
        let by_name = without_aliases(self.model_usage.unwrap_or_default(), ModelCounts::canonical);
        let stats = self.subagent_stats.and_then(|stats| part::<AgentStats>(stats.get()).ok());
        let leaves_agents = stats.and_then(|stats| stats.are_at_work());
        let is_guessed = by_name.iter().any(|(_, counts)| counts.is_guessed());
        let cost = money(self.total_cost_usd.as_deref()).filter(|_| !is_guessed);
        let tier = self.usage.as_ref().and_then(|usage| usage.tier(None));
        let main = self.usage.filter(Usage::counts).map(|usage| usage.tokens());
        let mut by_model: BTreeMap<Option<Id>, ModelUsage> = BTreeMap::new();
        for (name, counts) in by_name {
            let part = counts.of(model(&name));
            match by_model.entry(part.model.clone()) {
                Entry::Occupied(mut known) => known.get_mut().add(&part),
                Entry::Vacant(free) => {
                    free.insert(part);
                }
            }
        }
        let mut total: Vec<ModelUsage> = by_model.into_values().collect();
        let mut scope = Scope::Process;
        if total.is_empty() {
            // Older versions: `usage` is all there is.
            total.extend(main.map(|usage| ModelUsage { model: None, usage, cost: None, service_tier: None }));
            scope = Scope::Query;
        }
        // The models' counters don't say how long cache writes are kept; where one model did it all, `usage` does.
        if let (Scope::Process, [model], Some(usage)) = (scope, &mut total[..], &main) {
            if usage.cache_creation_input_tokens == model.usage.cache_creation_input_tokens {
                model.usage.cache_creation_1h_input_tokens = usage.cache_creation_1h_input_tokens;
            }
            // The first versions that tell reasoning tell it there alone.
            let reasoning = &mut model.usage.reasoning_output_tokens;
            if usage.output_tokens == model.usage.output_tokens && reasoning.is_none() {
                *reasoning = usage.reasoning_output_tokens;
            }
        }
        if let (Some(tier), Some(usage)) = (tier, &main) {
            mark_tier(&mut total, &tier, usage);
        }
        let key = self.uuid.as_deref().and_then(id);
        let last = main.filter(|_| scope == Scope::Process);
        Counter { conversation: Some(session), scope, key, total, last, cost, leaves_agents }
    }
}

/// Says at which tier was paid for what the main loop used: that of the model that used just as much, else of any; where
/// all that is recorded is the usual one, of all.
fn mark_tier(total: &mut [ModelUsage], tier: &Id, main: &TokenUsage) {
    let is_mains = |model: &&mut ModelUsage| !model.usage.exceeds(main) && !model.usage.fell_below(main);
    match total.iter_mut().find(is_mains) {
        Some(model) => model.service_tier = Some(tier.clone()),
        None => {
            let tier = if tier.as_str() == STANDARD { tier.clone() } else { MIXED.into() };
            total.iter_mut().for_each(|model| model.service_tier = Some(tier.clone()));
        }
    }
}

impl ModelCounts {
    /// Whether the harness took other models' prices, as it knows none of this one.
    fn is_guessed(&self) -> bool {
        self.cost_basis.as_ref().is_some_and(|basis| basis.get() == "\"unknown\"")
    }

    /// The model that its name stands for, without a date.
    fn canonical(&self) -> Option<&str> {
        self.canonical_model.as_ref()?.get().strip_prefix('"')?.strip_suffix('"')
    }

    fn of(self, model: Option<Id>) -> ModelUsage {
        let [input, read, creation, output] =
            [self.input_tokens, self.cache_read_input_tokens, self.cache_creation_input_tokens, self.output_tokens]
                .map(or_zero);
        let cost = money(self.cost_usd.as_deref()).filter(|_| !self.is_guessed());
        let usage = anthropic::usage(input, [read, creation, 0], output, self.thinking_tokens);
        ModelUsage { model, usage, cost, service_tier: None }
    }
}

impl Head {
    pub(super) fn is_of_stream(&self) -> bool {
        let known = ["system", "assistant", "user", "result", "stream_event", "rate_limit_event"];
        self.session_id.is_some() && self.r#type.as_deref().is_some_and(|kind| known.contains(&kind))
    }
}
