//! The conversations that sources name.

use std::sync::Arc;

use crate::event::{Billing, Harness, Id, RunId, Time};
use crate::fold::facts::ConversationFacts;

/// A conversation that a source names, whether it left usage behind or not.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedConversation {
    /// The harness's own id.
    pub id: Id,
    /// The harness that held it; `None` where no record names one.
    pub harness: Option<Harness>,
    /// The machine that its sources come from; `None` where whoever read them named none.
    pub host: Option<Id>,
    /// The runs that it is known to be part of, whether they left usage of it or not, by their ids. Sub-agents of one
    /// conversation share them.
    pub runs: Arc<[RunId]>,
    /// The model it was configured with; `None` where no record tells.
    pub model: Option<Id>,
    /// The models that used what its counter tells, where they are several and nothing tells how much each of them did.
    pub models: Vec<Id>,
    /// The conversation it was forked from, or whose sub-agent held it; `None` where no record names one.
    pub parent: Option<Id>,
    /// Whether a sub-agent held it.
    pub is_subagent: bool,
    /// Whether a session log that holds its counter or its responses is among the sources: then every call of it is
    /// known.
    pub has_counter_log: bool,
    /// The folder it began in; `None` where no record tells.
    pub repo: Option<Id>,
    /// The branch that was checked out then; `None` where no record tells.
    pub branch: Option<Id>,
    /// The harness's version then; `None` where no record tells.
    pub version: Option<Id>,
    /// How the harness's account pays; `None` where no record tells.
    pub billing: Option<Billing>,
    /// When it began; `None` where no record of that has a time.
    pub began: Option<Time>,
    /// When the last of its messages was written whose usage its counter alone tells; `None` where there are none.
    pub active_until: Option<Time>,
}

impl NamedConversation {
    pub(in crate::fold) fn new(id: &Id, facts: &ConversationFacts) -> NamedConversation {
        let name = |dated: &Option<(Time, Id)>| dated.as_ref().map(|(_, name)| name.clone());
        NamedConversation {
            id: id.clone(),
            harness: facts.harness.clone(),
            host: facts.hosts.name().cloned(),
            runs: Arc::default(),
            model: facts.model.clone(),
            models: Some(facts.counted_models(facts.model.clone()))
                .filter(|models| !facts.writers.is_empty() && models.len() > 1)
                .map(Vec::from_iter)
                .unwrap_or_default(),
            parent: facts.parent.clone(),
            is_subagent: facts.is_subagent,
            has_counter_log: facts.has_counter_log,
            repo: name(&facts.repo),
            branch: name(&facts.branch),
            version: name(&facts.version),
            billing: facts.billing,
            began: facts.started_at(),
            active_until: facts.active.last().copied(),
        }
    }

    /// The one of an id among all, which stand in the order of their ids.
    pub fn of<'a>(all: &'a [NamedConversation], id: &Id) -> Option<&'a NamedConversation> {
        all.get(all.binary_search_by(|named| named.id.cmp(id)).ok()?)
    }
}
