//! Calls, as the records of a source tell them.

use super::state::{Record, SourceFold};
use crate::event::{Call, CallKey};
use crate::fold::facts::{CallFacts, LastCall, LogKey, digest};

impl SourceFold {
    /// Takes a call.
    pub(super) fn take_call(&mut self, mut call: Box<Call>, record: Record) {
        // What nothing names is its source's own.
        let conversation = call.conversation.get_or_insert_with(|| self.unnamed()).clone();
        let facts = match self.facts.conversations.get_mut(&conversation) {
            Some(facts) => facts,
            None => self.facts.conversations.entry(conversation.clone()).or_default(),
        };
        if facts.harness < record.harness {
            facts.harness.clone_from(&record.harness);
        }
        facts.has_own_calls |= !call.is_subagent;
        if call.is_logged && record.run.is_none() {
            let Record { time, offset, .. } = record;
            self.so_far.call(&call.key, LastCall { offset, time, usage: call.usage });
        }
        let agents = if call.is_logged { &mut facts.agents } else { &mut facts.tasks };
        if let Some(agent) = call.agent.take_if(|agent| !agents.contains(agent)) {
            agents.insert(agent);
        }
        if call.stands_alone && !facts.begins.contains(&record.run) {
            facts.begins.insert(record.run.clone());
        }
        if call.is_logged && record.run.is_none() && matches!(call.key, CallKey::Message(_)) {
            if !facts.logs.contains_key(&self.name) {
                facts.logs.entry(self.name.clone()).or_default();
            }
            facts.records.extend(call.record.as_deref().map(digest));
            let key = call.key.clone();
            if let Some(unpacked) = facts.messages.push(&key, seen(*call, record)) {
                self.facts.add_call(key, Box::new(unpacked));
            }
            return;
        }
        let stream = self.streams.entry((record.run.clone(), Some(conversation))).or_default();
        if call.is_logged {
            stream.note_log(&mut facts.logs, &self.name);
        }
        if let Some(key) = LogKey::of(&call.key) {
            facts.has_counter_log = true;
            facts.log.push(key, *call, record.time, &mut stream.context);
            return;
        }
        stream.open_since = None;
        if call.model.is_some() {
            stream.model.clone_from(&call.model);
        }
        let is_twin = stream.twin_to_come.take_if(|last| *last == call.usage).is_some();
        // No counter follows in a session log.
        if !is_twin && !call.is_logged {
            stream.uncovered.push(call.key.clone());
        }
        let key = call.key.clone();
        let is_beyond = stream.is_untimed && !is_twin;
        let is_doubtful = self.doubts.contains(record.offset);
        let facts = CallFacts { is_covered: is_twin, is_beyond, is_doubtful, ..seen(*call, record) };
        self.facts.add_call(key, Box::new(facts));
    }
}

/// What a record tells of a call.
fn seen(call: Call, record: Record) -> CallFacts {
    let Record { run, harness, time, .. } = record;
    let time = match &call.key {
        CallKey::Trace(_, time, _) => Some(*time),
        _ => time,
    };
    CallFacts {
        usage: call.usage,
        is_final: call.is_final,
        time,
        earliest: time,
        captured_in: call.conversation.clone().filter(|_| !call.is_logged),
        conversation: call.conversation,
        model: call.model,
        service_tier: call.service_tier,
        is_subagent: call.is_subagent,
        harness,
        timing: None,
        is_covered: false,
        is_beyond: false,
        is_doubtful: false,
        is_cut_off: false,
        is_bare: !call.is_logged && run.is_none(),
        is_logged: call.is_logged,
        branch: call.branch,
        effort: call.effort,
        cost: call.cost,
        is_paid: false,
        runs: run.into_iter().collect(),
    }
}
