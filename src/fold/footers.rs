//! Blended totals that harnesses print at the end of plain output.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::conversation::ConversationFacts;
use super::facts::RunFacts;
use super::owner::Reconciled;
use super::weighed::Weighed;
use crate::event::{Id, Run, RunId, Time};

/// Blended totals at the end of an output: candidates, as agents can print one too.
pub(super) struct Footers {
    pub(super) all: BTreeSet<u64>,
    /// Those of which nothing says that they may be quoted.
    pub(super) sure: BTreeSet<u64>,
    /// The run's own part of the largest.
    pub(super) share: Option<u64>,
    pub(super) conversation: Option<Id>,
    /// The model the conversation was configured with.
    pub(super) model: Option<Id>,
}

impl Footers {
    /// Whether the witnesses agree. `is_tail`: only calls were seen that come to less than the footer, as in a tail.
    pub(super) fn reconciled(&self, weighed: &[Weighed], confirmed: bool, is_tail: bool) -> Option<Reconciled> {
        let witnesses: usize = weighed.iter().map(|weighed| 1 + usize::from(weighed.agrees.is_some())).sum();
        let agree = weighed.iter().all(|weighed| weighed.agrees != Some(false));
        match (witnesses, self.all.is_empty()) {
            (0, true) => None,
            (0, false) => Some(Reconciled::Single),
            (1, true) => Some(Reconciled::Single),
            (_, true) if agree => Some(Reconciled::Ok),
            (_, false) if agree && (confirmed || is_tail && self.all.len() == 1) => Some(Reconciled::Ok),
            _ => Some(Reconciled::Mismatch),
        }
    }
}

/// Footers of an output that names one conversation, and no other, are that one's.
pub(super) fn name_footers(
    runs: &mut FxHashMap<RunId, Box<RunFacts>>,
    conversations: &FxHashMap<Id, Box<ConversationFacts>>,
) {
    let mut named: FxHashMap<&RunId, Option<&Id>> = FxHashMap::default();
    for (id, facts) in conversations {
        for run in facts.naming() {
            named.entry(run).and_modify(|known| *known = None).or_insert(Some(id));
        }
    }
    for (run, id) in named {
        if let (Some(facts), Some(id)) = (runs.get_mut(run), id) {
            let footers = std::mem::take(&mut facts.footers);
            facts.footers =
                footers.into_iter().map(|(of, blended)| (of.or_else(|| Some(id.clone())), blended)).collect();
        }
    }
}

/// Footers of the runs before, by conversation: a footer counts the whole conversation.
pub(super) struct PreviousFooters(FxHashMap<Id, Vec<(Option<Time>, RunId, u64)>>);

impl PreviousFooters {
    pub(super) fn new(runs: &FxHashMap<RunId, Box<RunFacts>>) -> PreviousFooters {
        let mut by_conversation: FxHashMap<Id, Vec<(Option<Time>, RunId, u64)>> = FxHashMap::default();
        for (id, run) in runs {
            for (conversation, blended) in &run.footers {
                if let Some(conversation) = conversation {
                    let footers = by_conversation.entry(conversation.clone()).or_default();
                    // The smallest, so that a forged one takes nothing from a later run.
                    match footers.last_mut().filter(|(_, known, _)| known == id) {
                        Some((_, _, known)) => *known = (*known).min(*blended),
                        None => footers.push((run.started_at(), id.clone(), *blended)),
                    }
                }
            }
        }
        for footers in by_conversation.values_mut() {
            footers.sort();
        }
        PreviousFooters(by_conversation)
    }

    /// A run's own part of a footer; `None` if the conversation is older than the run and its
    /// earlier part is not known.
    pub(super) fn share(&self, run: &Run, conversation: Option<&Id>, blended: u64) -> Option<u64> {
        let Some(conversation) = conversation else { return Some(blended) };
        let this = (run.started_at, &run.id);
        let footers = self.0.get(conversation).map_or(&[][..], Vec::as_slice);
        let before = footers.partition_point(|(start, id, _)| (*start, id) < this);
        let earlier = before.checked_sub(1).and_then(|last| footers.get(last));
        let is_older = Time::of_uuid(conversation).zip(run.started_at).is_some_and(|(made, start)| made < start);
        match earlier {
            Some((_, _, then)) => Some(blended.checked_sub(*then).unwrap_or(blended)),
            None => (!is_older).then_some(blended),
        }
    }
}
