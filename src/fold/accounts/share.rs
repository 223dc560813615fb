//! What a run used of a counter, and what a counter grew by over runs that left no reading of it.

use std::collections::BTreeMap;

use super::bounds::Before;
use crate::event::{Id, Time, TokenUsage};
use crate::fold::facts::{Place, Reading};

/// A run's (`None`: no run's) share of a conversation's counter.
#[derive(Debug, Clone, Default)]
pub(super) struct Share {
    /// Growth by the model that was at work then, and when it last grew.
    pub(super) by_model: BTreeMap<Option<Id>, (TokenUsage, Option<Time>)>,
    /// Whether what the counter had reached before the run is unknown, so that this is a floor.
    pub(super) is_floor: bool,
    /// Whether the first call that it counts is the one that the first visible reading tells.
    pub(super) starts_in_view: bool,
    /// The counter's last value.
    pub(super) total: TokenUsage,
    /// When it was read.
    pub(super) time: Option<Time>,
    /// Where its last reading stands, if that tells no time.
    pub(super) place: Option<Place>,
    /// Whether a reading that may be quoted tells it, and none that surely isn't counts as much.
    pub(super) is_doubtful: bool,
    /// Growth beside `by_model`, which may in part be that of earlier runs.
    pub(super) unsure: Option<Unsure>,
    /// What it grew by before the run's first call, since it was read last: nobody's, as far as anything tells.
    pub(super) between: Option<Unsure>,
    /// Whether it holds what somebody used between runs.
    pub(super) is_of_others: bool,
}

/// What a counter grew by over runs that left no reading of it.
#[derive(Debug, Clone)]
pub(super) struct Unsure {
    /// Its growth, as far as no calls of those runs are known; `None` where it wasn't read before them.
    pub(super) usage: Option<TokenUsage>,
    /// The model that was at work when it was read.
    pub(super) model: Option<Id>,
    /// When that was.
    pub(super) time: Option<Time>,
    /// The blended part of the run that read it; `None` where nothing tells.
    pub(super) blended: Option<u64>,
    /// Whether runs used it together, and nobody else.
    pub(super) is_of_runs: bool,
}

impl Share {
    /// A run's own part of a growth that may be in part a silent run's before it. `start` is what the counter read
    /// before both, with the calls that are known since.
    pub(super) fn growth_over(
        &mut self,
        before: Before<'_>,
        start: Option<TokenUsage>,
        mut growth: TokenUsage,
        reading: &Reading,
    ) -> TokenUsage {
        let seen = reading.last.map(|last| reading.total.minus(&last));
        let is_seen = start.zip(seen).is_some_and(|(start, seen)| start.matches(&seen));
        let is_told = |start: &TokenUsage| before.totals.contains(&start.blended_tokens());
        // A process that resumed tells again what the run before came to.
        if is_told(&reading.total) {
            self.is_floor = false;
            return TokenUsage::default();
        }
        let is_confirmed = start.is_some() && (is_seen || start.as_ref().is_some_and(is_told));
        if is_confirmed {
            return growth;
        }
        if let Some(seen) = seen.filter(is_told) {
            self.is_floor = false;
            return reading.total.minus(&seen);
        }
        let is_possible = |end: &u64| start.is_none_or(|start| start.blended_tokens() <= *end);
        let read = reading.total.blended_tokens();
        let blended = before.total_within(read).filter(is_possible).map(|end| read - end);
        // What the run before tells of beyond the reading before is in it, and it's that one's.
        let is_mixed = |start: &TokenUsage| before.told.last().is_some_and(|told| *told > start.blended_tokens());
        let own = std::mem::take(&mut growth);
        let usage = start.filter(|start| blended.is_some() || !is_mixed(start)).map(|_| own);
        self.is_floor = true;
        let (model, time) = (reading.model.clone(), reading.time);
        self.unsure = Some(Unsure { usage, model, time, blended, is_of_runs: true });
        growth
    }

    /// The same where the counter is known to have stood `before` more when the run began.
    pub(super) fn growth_since(&mut self, more: TokenUsage, over: Option<Before<'_>>, reading: &Reading) -> TokenUsage {
        // Some of it is what the run before tells of at its end.
        let is_told = over.is_some_and(|before| !before.told.is_empty());
        if !more.is_zero() && !is_told {
            let (model, time) = (reading.model.clone(), reading.time);
            self.between = Some(Unsure { usage: Some(more), model, time, blended: None, is_of_runs: over.is_some() });
        }
        reading.last.unwrap_or_default()
    }
}
