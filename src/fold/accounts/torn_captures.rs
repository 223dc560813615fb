//! Captured calls beside results of captures in which records are torn.
//!
//! A result counts the calls of its process, those too whose records are torn in its own capture. A copy of that which ends
//! before the result may show them.

use super::account::Account;
use super::spans::{ByModel, Sum, Timeline, add, counted};
use crate::event::{Id, TokenUsage};
use crate::fold::facts::ResultFacts;

impl Account {
    /// Marks the calls of captures without a result that one beside torn records has room for as covered: it may count
    /// them. Tells whether there are any.
    pub(super) fn cover_torn(&mut self) -> bool {
        if !self.results.iter().any(|result| result.is_torn) {
            return false;
        }
        let names_models = self.results.iter().all(ResultFacts::names_models);
        let timeline = Timeline::new(&self.calls);
        let mut room: ByModel<'_, TokenUsage> = ByModel::new();
        for (model, counted) in self.results.iter().flat_map(counted) {
            let sum = room.entry(model.filter(|_| names_models)).or_default();
            *sum = sum.plus(&counted);
        }
        let mut known: ByModel<'_, Sum> = ByModel::new();
        add(&mut known, timeline.calls.iter().filter(|seen| seen.call.is_covered), names_models);
        for (model, sum) in &known {
            room.entry(*model).and_modify(|room| *room = room.minus(&sum.usage));
        }
        let fits = |model: Option<&Id>, usage: &TokenUsage| room.get(&model).is_some_and(|room| !usage.exceeds(room));
        let open = timeline.calls.iter().filter(|seen| {
            let call = seen.call;
            let is_open = call.captured_in.is_some() && !call.is_covered && !call.is_beyond;
            is_open && (names_models || seen.is_main) && fits(call.model.as_ref().filter(|_| names_models), &call.usage)
        });
        let open: Vec<_> = open.map(|seen| seen.key.clone()).collect();
        let is_any = !open.is_empty();
        for key in open {
            self.calls.entry(key).and_modify(|call| call.is_covered = true);
        }
        is_any
    }
}
