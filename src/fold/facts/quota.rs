//! Readings of rate limits. A limit is an account's; what is known is which run and conversation it was told to.
//!
//! A harness repeats the state at every call. Of a state that stays the same only the first and the last reading are
//! kept, within a source and over all of them, so that memory grows with the changes.

use std::cmp::Ordering;

use rustc_hash::FxHashMap;

use crate::event::{Harness, Id, Quota, RunId, Time};

/// A reading of a rate limit.
#[derive(Debug, Clone, PartialEq)]
pub struct QuotaReading {
    /// When it was told; `None` where the record has no time.
    pub time: Option<Time>,
    /// The run it was told to; `None` in a bare log that belongs to no run.
    pub run: Option<RunId>,
    /// The machine that its source comes from; `None` where whoever read it named none.
    pub host: Option<Id>,
    /// The harness that was told; `None` where no record names it.
    pub harness: Option<Harness>,
    /// The state.
    pub quota: Quota,
}

/// Tells one window of one limit from others, as a conversation sees it: all of its runs hear of the same account. What
/// names none is told apart by its run, or its machine.
pub(in crate::fold) type Window = (Option<Id>, Option<RunId>, Option<Id>, Option<Id>, Option<u64>);

impl QuotaReading {
    pub(in crate::fold) fn window(&self) -> Window {
        let Quota { conversation, limit, window_minutes, .. } = &self.quota;
        let (run, host) = if conversation.is_some() { (None, None) } else { (self.run.clone(), self.host.clone()) };
        (conversation.clone(), run, host, limit.clone(), *window_minutes)
    }

    pub(in crate::fold) fn is_same_state(&self, other: &QuotaReading) -> bool {
        self.quota == other.quota && self.harness == other.harness
    }

    /// Which reading it is, whoever shows it.
    pub(in crate::fold) fn identity(&self) -> impl Ord {
        let Quota { conversation, limit, window_minutes, resets_at, plan, .. } = self.quota.clone();
        // The order of the bits is that of the numbers, as no share is below zero.
        let used = self.quota.used_percent.to_bits();
        (self.time, conversation, limit, window_minutes, used, resets_at, plan, self.harness.clone())
    }
}

/// Takes the readings of one source in their order.
#[derive(Debug, Default)]
pub(in crate::fold) struct QuotaFold {
    kept: Vec<QuotaReading>,
    /// The state of each window within each run: where its first reading is kept, and its latest one, unless that is the
    /// first. Runs in one source may overlap.
    current: FxHashMap<(Option<RunId>, Window), (usize, Option<QuotaReading>)>,
}

impl QuotaFold {
    pub(in crate::fold) fn apply(&mut self, reading: QuotaReading) {
        let window = (reading.run.clone(), reading.window());
        if let Some((first, last)) = self.current.get_mut(&window) {
            if self.kept.get(*first).is_some_and(|first| first.is_same_state(&reading)) {
                *last = Some(reading);
                return;
            }
            self.kept.extend(last.take());
        }
        self.current.insert(window, (self.kept.len(), None));
        self.kept.push(reading);
    }

    pub(in crate::fold) fn finish(self) -> Vec<QuotaReading> {
        let mut kept = self.kept;
        kept.extend(self.current.into_values().filter_map(|(_, last)| last));
        kept.sort_by(order);
        kept
    }
}

pub(in crate::fold) fn order(a: &QuotaReading, b: &QuotaReading) -> Ordering {
    a.identity().cmp(&b.identity()).then_with(|| a.run.cmp(&b.run))
}
