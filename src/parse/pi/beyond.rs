//! What pi-subagents notes beyond each sub-agent's sum (seen in 2026): `totalChildUsage`, the sum of all, which may be there
//! alone; `totalCost`, which holds what these spawned in turn; and `children` of each, with the same.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::message::Tell;
use super::sub_agent::uncounted;
use super::usage::Usage;
use crate::event::{AgentLog, AgentLogName, Call, CallKey, Fact, Id, Time, TokenUsage};
use crate::parse::json::{Count, or_zero, part};
use crate::parse::lines::key;
use crate::parse::mark::{LogRecord, MarkKind};

/// What several sub-agents told.
#[derive(Default)]
pub(super) struct Several {
    /// All that they used, whoever tells it.
    pub(super) usage: TokenUsage,
    /// The session log of each.
    pub(super) logs: Vec<Option<AgentLogName>>,
    /// The model that they were to ask, if it is one.
    pub(super) model: Option<Id>,
}

impl Several {
    /// Tells that all of them used this much, which is more than they told.
    pub(super) fn tell_excess(&self, all: &TokenUsage, name: &str, time: Option<Time>, tell: Tell<'_>) {
        let logs: Option<Vec<&AgentLogName>> = self.logs.iter().map(Option::as_ref).collect();
        let Some(logs) = logs.filter(|logs| !logs.is_empty() && self.usage.is_zero()) else {
            return tell(uncounted(key(name)), time);
        };
        // Each one's session tells its part, which isn't known where they are several.
        let usage = if logs.len() == 1 { *all } else { TokenUsage::default() };
        for (place, log) in logs.into_iter().enumerate() {
            let own = key(&format!("{name} {place}"));
            tell(MarkKind::Logged(LogRecord::SubAgent(own, AgentLog { name: log.clone(), usage })), time);
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Beyond<'a> {
    #[serde(borrow)]
    total_child_usage: Option<&'a RawValue>,
    #[serde(borrow)]
    total_cost: Option<&'a RawValue>,
    #[serde(borrow, default)]
    results: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Parent<'a> {
    #[serde(borrow)]
    children: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Child<'a> {
    #[serde(borrow)]
    total_cost: Option<&'a RawValue>,
}

/// Tokens beside a cost: whether input holds what the cache gave isn't told.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Total {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
}

impl<'a> Beyond<'a> {
    /// What a tool's details hold; nothing where they are another tool's.
    pub(super) fn of(details: &'a str) -> Beyond<'a> {
        part(details).unwrap_or_default()
    }

    /// Tells what was used beyond what each sub-agent told.
    pub(super) fn tell(&self, told: &Several, name: &str, time: Option<Time>, tell: Tell<'_>) {
        let name = format!("{name} beyond");
        let sum = self.total_child_usage.and_then(|sum| part::<Usage<'_>>(sum.get()).ok());
        let all = sum.as_ref().map_or(told.usage, Usage::tokens);
        if all.exceeds(&told.usage) {
            let has_logs = told.logs.iter().any(Option::is_some);
            match &sum {
                Some(sum) if !has_logs && told.usage.is_zero() => tell(call(sum, told, &name), time),
                _ => told.tell_excess(&all, &name, time, tell),
            }
        }
        let whole = told.usage.plus(&self.of_children());
        let is_above =
            |more: &TokenUsage| more.input_tokens > all.input_tokens || more.output_tokens > all.output_tokens;
        if is_above(&whole) || total(self.total_cost).is_some_and(|total| is_above(&total)) {
            tell(uncounted(key(&format!("{name} children"))), time);
        }
    }

    /// What they spawned in turn.
    fn of_children(&self) -> TokenUsage {
        let parents = self.results.iter().filter_map(|result| part::<Parent<'_>>(result.get()).ok());
        let children = parents.flat_map(|parent| parent.children);
        let costs = children.filter_map(|child| part::<Child<'_>>(child.get()).ok()?.total_cost);
        costs.filter_map(|cost| total(Some(cost))).sum()
    }
}

fn total(cost: Option<&RawValue>) -> Option<TokenUsage> {
    let Total { input_tokens, output_tokens } = part(cost?.get()).ok()?;
    let [input_tokens, output_tokens] = [input_tokens, output_tokens].map(or_zero);
    Some(TokenUsage { input_tokens, output_tokens, ..TokenUsage::default() })
}

/// The sum as a call.
fn call(sum: &Usage<'_>, told: &Several, name: &str) -> MarkKind {
    let call = Call {
        model: told.model.clone(),
        is_subagent: true,
        is_logged: true,
        cost: sum.cost(),
        ..Call::new(CallKey::Message(key(name)), sum.tokens())
    };
    MarkKind::Fact(Fact::Call(Box::new(call)))
}
