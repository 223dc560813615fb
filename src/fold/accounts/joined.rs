//! The runs of conversations that no output names.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::account::LeftAt;
use super::places::Places;
use super::worked::Worked;
use crate::event::{Id, RunId, Time};
use crate::fold::facts::{Conversations, main_of};

impl Places {
    /// The conversations that sub-agents worked for whose session logs were joined with runs.
    pub(super) fn spawners(&self, conversations: &Conversations) -> FxHashMap<Id, Id> {
        let joined = self.joined.runs.keys().chain(self.joined.children.keys());
        joined.filter_map(|id| Some((id.clone(), main_of(conversations, id)?.clone()))).collect()
    }

    /// What a sub-agent did that was spawned after somebody had gone on with a run's conversation is not the run's.
    /// `left` tells since when that is, for each run of it.
    pub(super) fn leave_to_others(&mut self, id: &Id, left: &LeftAt) {
        let made = Time::of_uuid(id);
        let left = left.iter().filter(|(_, since)| made >= Some(**since)).filter_map(|(run, _)| run.as_ref());
        let left: FxHashSet<&RunId> = left.collect();
        if let Some(runs) = self.joined.runs.get_mut(id) {
            runs.retain(|run| !left.contains(run));
        }
        let Some(shown) = self.shown.get_mut(id).filter(|shown| left.iter().any(|run| shown.contains_key(*run))) else {
            return;
        };
        let shown = Arc::make_mut(shown);
        shown.retain(|run, _| !left.contains(run));
        if let Some(known) = self.worked.get_mut(id) {
            *known = Arc::new(Worked::of(shown, &self.at_work));
        }
        if shown.is_empty() {
            self.shown.remove(id);
        }
    }

    /// The runs that a conversation's log was taken for, as no output names it, by their ids.
    pub(super) fn joined_runs(&self, id: &Id) -> impl Iterator<Item = &RunId> {
        let of_child = self.joined.children.get(id).and(self.shown.get(id));
        let of_child = of_child.into_iter().flat_map(|runs| runs.keys());
        self.joined.runs.get(id).into_iter().flatten().chain(of_child)
    }

    /// Whether a conversation's log was taken for a run's, as no output names it.
    pub(super) fn is_joined(&self, id: &Id, run: &RunId) -> bool {
        let is_in = |child: &Id| self.shown.get(child).is_some_and(|runs| runs.contains_key(run));
        self.joined.runs.get(id).is_some_and(|runs| runs.contains(run))
            || (self.joined.children.contains_key(id) && is_in(id))
    }
}
