//! A run's output that one source shows to where it breaks off, as a loop log that was copied while the run was at work,
//! and another one from later on to its end. It is one output: what the second counts there, it counts of the first, too.

use super::account::Account;
use crate::fold::facts::{ResultFacts, is_growth};

impl Account {
    /// Marks what stands before the break as counted by the results behind it.
    pub(super) fn unite_cut_outputs(&mut self) {
        let (before, behind): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.results).into_iter().partition(|result| result.is_cut_off);
        let goes_on = !behind.is_empty();
        // A query's usage leaves its sub-agents out.
        let is_of_all = behind.iter().all(ResultFacts::names_models);
        let before = before.into_iter().filter_map(|result| result.before(&behind));
        self.results = before.chain(behind.iter().cloned()).collect();
        let is_paid = self.is_paid();
        let cut_off = self.calls.values_mut().filter(|call| goes_on && call.is_cut_off && !call.is_covered);
        for call in cut_off {
            call.is_covered = is_of_all || !call.is_subagent;
            call.is_paid |= is_paid;
        }
    }
}

impl ResultFacts {
    /// What it tells beside later results of its run, one of which may be of the same process: that has grown since, or
    /// its cost has, where it counts a query alone. `None`: nothing.
    fn before(self, later: &[ResultFacts]) -> Option<ResultFacts> {
        let goes_on = |later: &ResultFacts| match later.names_models() {
            true => is_growth(&self.total, &later.total),
            false => self.cost <= later.cost,
        };
        let goes_on = later.iter().filter(|later| later.names_models() == self.names_models()).any(goes_on);
        if goes_on && self.names_models() {
            return None;
        }
        Some(ResultFacts { has_later_cost: self.has_later_cost || goes_on, ..self })
    }
}
