//! What a source tells of conversations that nothing names.

use super::state::SourceFold;
use crate::event::{Counter, Id, ModelUsage, RunId, Scope, Time};
use crate::fold::facts::{Reading, add_footer};

impl SourceFold {
    /// A session's counter that tells its model stands alone: where nothing names the session, it is its source's own.
    pub(super) fn name_counter(&mut self, counter: &mut Counter, run: &Option<RunId>) {
        let [ModelUsage { model: Some(model), .. }] = counter.total.as_slice() else { return };
        if counter.scope == Scope::Conversation && counter.conversation.is_none() {
            let id = self.unnamed();
            let stream = self.streams.entry((run.clone(), Some(id.clone()))).or_default();
            stream.model = Some(model.clone());
            self.facts.conversations.entry(id.clone()).or_default().begins.insert(run.clone());
            counter.conversation = Some(id);
        }
    }

    /// What nothing names is its source's own: the conversation whose counter nothing names either; else the only one
    /// that the source names, if it may be that one's; else one more.
    pub(super) fn name_footers(&mut self) {
        if self.unnamed_footers.is_empty() {
            return;
        }
        let unnamed_stream = self.streams.get(&(None, None)).filter(|stream| !stream.anonymous.is_empty());
        let own = unnamed_stream.map_or_else(|| self.unnamed(), |stream| anonymous_id(&stream.anonymous));
        let sole = self.sole().filter(|_| unnamed_stream.is_none());
        for (harness, blended) in std::mem::take(&mut self.unnamed_footers) {
            let of_sole = sole.as_ref().filter(|(_, used)| blended >= *used);
            let id = of_sole.map_or_else(|| own.clone(), |(id, _)| id.clone());
            self.facts.conversation(id.clone(), harness);
            add_footer(&mut self.facts.footers, id, blended);
        }
    }

    /// An id for what the source tells of a conversation that nothing names. Another machine's source may have its name.
    pub(super) fn unnamed(&self) -> Id {
        match &self.host {
            Some(host) => Id::anonymous(format_args!("{host} {}", self.name)),
            None => Id::anonymous(&self.name),
        }
    }

    /// The only conversation that the source names, and what its calls come to: its footer tells no less. `None` if it has
    /// a footer, as a session ends once.
    fn sole(&self) -> Option<(Id, u64)> {
        let mut ids = self.facts.conversations.keys();
        let id = ids.next().filter(|_| ids.next().is_none())?;
        if self.facts.footers.iter().any(|(of, _)| of == id) {
            return None;
        }
        let calls = self.facts.calls.values().filter(|call| call.conversation.as_ref() == Some(id));
        let used = calls.fold(0, |sum: u64, call| sum.saturating_add(call.usage.blended_tokens()));
        Some((id.clone(), used))
    }
}

/// An id for a conversation that nothing named: its last reading, which a tail, a copy and the whole
/// log share.
pub(super) fn anonymous_id(readings: &[Reading]) -> Id {
    let last = readings.last();
    let time = last.and_then(|last| last.stamp).map_or(0, Time::micros);
    Id::anonymous(format_args!("{time} {:?}", last.map(|last| last.total)))
}
