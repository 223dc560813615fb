//! How much of a counter's growth was reasoning, where not every reading tells it.

use std::collections::BTreeSet;

use crate::event::{RunId, TokenUsage};

/// The reasoning that a counter counts, as far as that is told: not every version does.
#[derive(Debug, Default)]
pub(super) struct Reasoning {
    /// What it was when it was told last; `None` where it wasn't.
    told: Option<u64>,
    /// The runs that read the counter since then without it.
    untold_by: BTreeSet<Option<RunId>>,
}

impl Reasoning {
    /// The counter stands at `total`; nothing is known of reasoning unless that tells it, or has no output.
    pub(super) fn at(total: &TokenUsage) -> Reasoning {
        let none = (total.output_tokens == 0).then_some(0);
        Reasoning { told: total.reasoning_output_tokens.or(none), untold_by: BTreeSet::new() }
    }

    /// Takes what a reading tells of it, and gives its growth, if all of it is the run's. The reading's growth since the
    /// one before it `is_any`.
    pub(super) fn read(&mut self, run: &Option<RunId>, told: Option<u64>, is_any: bool) -> Option<u64> {
        let Some(told) = told else {
            if is_any {
                self.untold_by.insert(run.clone());
            }
            return None;
        };
        let is_of_run = self.untold_by.iter().all(|by| by == run);
        let before = self.told.replace(told).filter(|_| is_of_run);
        self.untold_by.clear();
        before.map(|before| told.saturating_sub(before))
    }

    /// The counter stands at zero.
    pub(super) fn restart(&mut self) {
        *self = Reasoning::at(&TokenUsage::default());
    }
}
