//! What a source tells of conversations that nothing names.

use super::SourceFold;
use crate::event::{Counter, Id, ModelUsage, RunId, Scope, Time};
use crate::fold::conversation::Reading;
use crate::fold::footers::add_footer;

impl SourceFold {
    /// A session's counter that tells its model stands alone: where nothing names the session, it is its source's own.
    pub(super) fn name_counter(&mut self, counter: &mut Counter, run: &Option<RunId>) {
        let [ModelUsage { model: Some(model), .. }] = counter.total.as_slice() else { return };
        if counter.scope == Scope::Conversation && counter.conversation.is_none() {
            let id = unnamed(&self.name);
            let stream = self.streams.entry((run.clone(), Some(id.clone()))).or_default();
            stream.model = Some(model.clone());
            self.facts.conversations.entry(id.clone()).or_default().begins.insert(run.clone());
            counter.conversation = Some(id);
        }
    }

    /// What nothing names is its source's own: the conversation whose counter nothing names either, or one more.
    pub(super) fn name_footers(&mut self) {
        let unnamed_stream = self.streams.get(&(None, None)).filter(|stream| !stream.anonymous.is_empty());
        let id = unnamed_stream.map_or_else(|| unnamed(&self.name), |stream| anonymous_id(&stream.anonymous));
        for (harness, blended) in std::mem::take(&mut self.unnamed_footers) {
            let facts = self.facts.conversations.entry(id.clone()).or_default();
            facts.harness = facts.harness.take().max(harness);
            add_footer(&mut self.facts.footers, id.clone(), blended);
        }
    }
}

/// An id for what a source tells of a conversation that nothing names.
pub(super) fn unnamed(source: &Id) -> Id {
    format!("\0{source}").into()
}

/// An id for a conversation that nothing named: its last reading, which a tail, a copy and the whole
/// log share.
pub(super) fn anonymous_id(readings: &[Reading]) -> Id {
    let last = readings.last();
    let time = last.and_then(|last| last.stamp).map_or(0, Time::micros);
    format!("\0{time} {:?}", last.map(|last| last.total)).into()
}

/// Whether a conversation's id was made up because nothing named it.
pub(in crate::fold) fn is_anonymous(id: &str) -> bool {
    id.starts_with('\0')
}
