//! Calls of which one record can't be counted and another one is.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{GROWING, Id, Time};
use crate::fold::facts::{ConversationFacts, Facts, UncountedCall, digest, id_of};

impl Facts {
    /// Drops uncounted calls of which another record tells the usage, whatever source it stands in.
    pub(super) fn drop_counted(&mut self) {
        if self.conversations.values().all(|facts| facts.uncounted.is_empty()) {
            return;
        }
        let ids = self.calls.iter().filter_map(|(key, call)| Some((id_of(key)?, call.conversation.as_ref())));
        let unpacked: BTreeSet<(&str, Option<&Id>)> = ids.collect();
        for (id, facts) in &mut self.conversations {
            let (messages, records) = (&facts.messages, &facts.records);
            let is_unpacked = |key: &str| {
                let mut from = unpacked.range((key, None)..).take_while(|(known, _)| known.starts_with(key));
                match key.ends_with(GROWING) {
                    true => from.any(|(_, conversation)| *conversation == Some(id)),
                    false => from.next().is_some_and(|(known, _)| *known == key),
                }
            };
            let is_counted = |call: &UncountedCall| {
                let is_known = |key: &str| messages.has(key) || records.contains(&digest(key)) || is_unpacked(key);
                call.is_one() && call.key.as_deref().is_some_and(is_known)
            };
            facts.uncounted.retain(|call| !is_counted(call));
        }
        self.drop_logged_agents();
        self.drop_agents();
        self.drop_copied();
    }

    /// Drops uncounted calls of sub-agents of which calls are known, in whatever conversation: a fork's log repeats
    /// what its parent's sub-agents did. Where a log names none, any that made a call may be the one.
    fn drop_agents(&mut self) {
        let is_any = |facts: &ConversationFacts| !facts.uncounted.iter().all(UncountedCall::is_one);
        let lacking: BTreeSet<Id> =
            self.conversations.iter().filter(|(_, facts)| is_any(facts)).map(|(id, _)| id.clone()).collect();
        if lacking.is_empty() {
            return;
        }
        let named = self.conversations.values().flat_map(|facts| facts.agents.iter().chain(&facts.tasks));
        let known: BTreeSet<Id> = named.cloned().collect();
        let of_nameless = self.calls.values().filter(|call| call.is_subagent && call.is_logged);
        let of_nameless = of_nameless.filter_map(|call| call.conversation.as_ref());
        let of_nameless: BTreeSet<Id> = of_nameless.filter(|id| lacking.contains(*id)).cloned().collect();
        for id in &lacking {
            let Some(facts) = self.conversations.get_mut(id) else { continue };
            let has_calls = of_nameless.contains(id) || facts.messages.has_subagents();
            let is_nameless = facts.agents.is_empty() && has_calls;
            let (unnamed, summed_up) = (facts.agents_of_nobody(), facts.compactions_known());
            let at_work = facts.agents_known_at();
            let is_known = |call: &UncountedCall| {
                let mut names = call.agent.iter().chain(&call.key);
                match call {
                    UncountedCall { is_compaction: true, .. } => summed_up,
                    UncountedCall { agent: None, agent_count: Some(count), time, .. } => at_work(*time) >= *count,
                    UncountedCall { agent: None, .. } => false,
                    UncountedCall { agent_count: Some(count), key, .. } => {
                        is_nameless || *count <= unnamed || key.as_ref().is_some_and(|key| known.contains(key))
                    }
                    _ => is_nameless || names.any(|name| known.contains(name)),
                }
            };
            facts.uncounted.retain(|call| !is_known(call));
        }
    }

    /// Drops uncounted calls that a fork's log copied from its parent's: they are missed there.
    fn drop_copied(&mut self) {
        let parent = |facts: &ConversationFacts| facts.parent.as_ref().and_then(|id| self.conversations.get(id));
        let copied = |id: &Id, facts: &ConversationFacts| {
            let name = |call: &UncountedCall| call.key.clone().or_else(|| call.agent.clone());
            let missed: BTreeSet<Id> = parent(facts)?.uncounted.iter().filter_map(name).collect();
            let is_copy = |call: &&UncountedCall| name(call).is_some_and(|name| missed.contains(&name));
            let copied: BTreeSet<UncountedCall> = facts.uncounted.iter().filter(is_copy).cloned().collect();
            (!copied.is_empty()).then(|| (id.clone(), copied))
        };
        let lacking = self.conversations.iter().filter(|(_, facts)| !facts.uncounted.is_empty());
        let copied: Vec<(Id, BTreeSet<UncountedCall>)> = lacking.filter_map(|(id, facts)| copied(id, facts)).collect();
        for (id, calls) in copied {
            if let Some(facts) = self.conversations.get_mut(&id) {
                facts.uncounted.retain(|call| !calls.contains(call));
            }
        }
    }
}

impl ConversationFacts {
    /// How many of its sub-agents no record names that tells what one did: those of workflows are named nowhere. Names of
    /// the harness's own helpers are of two words.
    fn agents_of_nobody(&self) -> u64 {
        let named = self.uncounted.iter().filter(|call| call.agent_count.is_none());
        let named: BTreeSet<&Id> = named.filter_map(|call| call.agent.as_ref()).collect();
        let is_free = |agent: &&Id| !named.contains(agent) && !agent.contains('-');
        self.agents.iter().filter(is_free).count() as u64
    }

    /// How many sub-agents are known of those that were at work at a time: any of which calls are known may have been, and
    /// one that is done later was.
    fn agents_known_at(&self) -> impl Fn(Option<Time>) -> u64 + use<> {
        let known = self.agents.iter().filter(|agent| !agent.contains('-')).count() as u64;
        let mut done: BTreeMap<&Id, Time> = BTreeMap::new();
        for call in self.uncounted.iter().filter(|call| !call.is_compaction) {
            if let Some((agent, time)) =
                call.agent.as_ref().filter(|agent| !self.agents.contains(*agent)).zip(call.time)
            {
                let known = done.entry(agent).or_insert(time);
                *known = time.max(*known);
            }
        }
        let mut done: Vec<Time> = done.into_values().collect();
        done.sort_unstable();
        move |time| known + (done.len() - done.partition_point(|done| Some(*done) <= time)) as u64
    }

    /// Whether as many sub-agents are known to have summed up what had been said as its logs tell of.
    fn compactions_known(&self) -> bool {
        let mut told = self.uncounted.iter().filter(|call| call.is_compaction).peekable();
        let Some(name) = told.peek().and_then(|call| call.agent.clone()) else { return true };
        let known = self.agents.iter().filter(|agent| agent.starts_with(name.as_str())).count();
        // A copy tells of the same.
        let (named, unnamed): (Vec<_>, Vec<_>) = told.partition(|call| call.key.is_some());
        let named: BTreeSet<&Id> = named.into_iter().filter_map(|call| call.key.as_ref()).collect();
        named.len() + unnamed.len() <= known
    }
}
