//! Sub-agents whose calls a log doesn't tell, but names the session log that does.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::event::{AgentLog, AgentLogName, Id, TokenUsage, unpacked_name};
use crate::fold::facts::{ConversationFacts, Facts, UncountedCall};

impl Facts {
    /// Drops uncounted calls of sub-agents whose session log is in view and tells as much: there they count.
    pub(super) fn drop_logged_agents(&mut self) {
        let names = |facts: &ConversationFacts| facts.uncounted.iter().any(|call| call.log.is_some());
        if !self.conversations.values().any(|facts| names(facts)) {
            return;
        }
        let logs = self.conversations.iter().flat_map(|(id, facts)| facts.logs.keys().map(move |source| (source, id)));
        let logs: FxHashMap<&str, &Id> = logs.filter_map(|(source, id)| Some((stem(source)?, id))).collect();
        let of_log = |call: &UncountedCall, log: &AgentLog| match &log.name {
            AgentLogName::Conversation(id) => Some(id.clone()),
            AgentLogName::Named(name) => {
                let places = beside(stem(&call.place.source)?, name);
                places.iter().find_map(|place| logs.get(&**place)).map(|id| (*id).clone())
            }
        };
        let totals = self.logged_totals();
        let is_told = |call: &UncountedCall| {
            let log = call.log.as_ref()?;
            let total = totals.get(&of_log(call, log)?)?;
            Some(!log.usage.exceeds(total))
        };
        let calls = self.conversations.values().flat_map(|facts| &facts.uncounted);
        let told = calls.filter(|call| is_told(call) == Some(true)).filter_map(|call| call.key.clone());
        let told: FxHashSet<Id> = told.collect();
        // Other records of the same, in copies too, may name no log, or none that is there.
        for facts in self.conversations.values_mut() {
            facts.uncounted.retain(|call| call.key.as_ref().is_none_or(|key| !told.contains(key)));
        }
    }

    /// What session logs tell of the calls of each conversation.
    fn logged_totals(&self) -> FxHashMap<Id, TokenUsage> {
        let logged = self.conversations.iter().filter(|(_, facts)| !facts.logs.is_empty());
        let packed = logged.map(|(id, facts)| (id.clone(), facts.messages.calls(id).map(|(_, call)| call.usage).sum()));
        let mut totals: FxHashMap<Id, TokenUsage> = packed.collect();
        for call in self.calls.values().filter(|call| call.is_logged) {
            if let Some(total) = call.conversation.as_ref().and_then(|id| totals.get_mut(id)) {
                *total = total.plus(&call.usage);
            }
        }
        totals
    }
}

/// The path of a log without what its name ends with.
fn stem(source: &str) -> Option<&str> {
    unpacked_name(source).strip_suffix(".jsonl")
}

/// Where the log of a sub-agent of this name may lie: in the folder that is called as the log that names it, or beside
/// that.
fn beside(own: &str, name: &str) -> [String; 2] {
    let end = own.rfind(['/', '\\']);
    let (folder, separator) = end.map_or(("", "/"), |end| (&own[..=end], &own[end..=end]));
    [format!("{own}{separator}{name}"), format!("{folder}{name}")]
}
