//! Calls of which one record can't be counted and another one is.

use std::collections::BTreeSet;

use crate::event::{GROWING, Id};
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
                call.agent.is_none() && call.key.as_deref().is_some_and(is_known)
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
        let is_any = |facts: &ConversationFacts| facts.uncounted.iter().any(|call| call.agent.is_some());
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
            let is_known = |call: &UncountedCall| {
                let mut names = call.agent.iter().chain(&call.key);
                call.agent.is_some() && (is_nameless || names.any(|name| known.contains(name)))
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
