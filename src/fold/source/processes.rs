//! What a process does beside counting: its sub-agents go on, and it leaves a conversation for a new one.

use super::state::{Record, SourceFold};
use crate::event::{Counter, Id, ModelUsage, Reset, Scope, TokenUsage, Usd};
use crate::fold::facts::is_growth;

impl SourceFold {
    /// A sub-agent was at work here. Behind a result it used what that one doesn't count, unless the result says itself
    /// what became of all sub-agents.
    pub(super) fn take_agent_at_work(&mut self, id: Id, record: Record) {
        let facts = self.facts.conversation(id.clone(), record.harness);
        let Some(stream) = self.streams.get(&(record.run, Some(id))).filter(|stream| stream.is_read) else { return };
        if let Some(result) = stream.results.last().and_then(|key| facts.results.get_mut(key)) {
            result.leaves_agents = result.leaves_agents.or(Some(true));
        }
    }

    /// The process leaves a conversation for a new one, and its counter goes on.
    pub(super) fn take_reset(&mut self, reset: Reset, record: Record) {
        let left = self.streams.entry((record.run.clone(), Some(reset.conversation))).or_default();
        let total = left.latest_total.clone().or_else(|| left.before_reset.clone());
        let counts_others = total.is_some() && !left.uncovered.is_empty() || left.counts_others;
        let next = self.streams.entry((record.run, Some(reset.next))).or_default();
        (next.before_reset, next.counts_others) = (total, counts_others);
    }

    /// Whether a reading counts calls of a conversation that its process left for this one, which no reading before did:
    /// how much of it is this one's own isn't known.
    pub(super) fn counts_others(&self, counter: &Counter, record: &Record) -> bool {
        let key = (record.run.clone(), counter.conversation.clone());
        counter.scope == Scope::Process && self.streams.get(&key).is_some_and(|stream| stream.counts_others)
    }

    /// Takes off a process's counter what it counted for the conversation before, if it has room for that. Whether
    /// anything is left.
    pub(super) fn take_off_before_reset(&mut self, counter: &mut Counter, record: &Record) -> bool {
        let key = (record.run.clone(), counter.conversation.clone());
        let Some(stream) = self.streams.get_mut(&key).filter(|_| counter.scope == Scope::Process) else { return true };
        // What has no room for the reading before it is another process's.
        let is_other = stream.latest_total.as_ref().is_some_and(|(latest, _)| !has_room(counter, latest));
        if is_other {
            stream.before_reset = None;
        }
        stream.latest_total = Some((counter.total.clone(), counter.cost));
        let Some((before, cost)) = stream.before_reset.as_ref().filter(|(before, _)| has_room(counter, before)) else {
            return true;
        };
        let own = counter.total.iter().map(|now| now.beyond(before.iter().find(|then| then.model == now.model)));
        let mut own: Vec<ModelUsage> = own.collect();
        own.retain(|model| !model.usage.is_zero() || model.cost.is_some_and(|cost| cost > Usd::ZERO));
        counter.total = own;
        counter.cost = counter.cost.zip(*cost).map(|(now, then)| now - then);
        !counter.total.is_empty()
    }
}

/// Whether a counter counts all of this, and its latest query beside it.
fn has_room(counter: &Counter, before: &[ModelUsage]) -> bool {
    let sum: TokenUsage = before.iter().map(|model| &model.usage).sum();
    let least = sum.plus(&counter.last.unwrap_or_default());
    is_growth(before, &counter.total) && !least.exceeds(&counter.tokens())
}
