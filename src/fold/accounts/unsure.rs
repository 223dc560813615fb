//! Whose a counter's growth is that lies over runs which left no reading of it.

use super::account::Account;
use super::share::{Share, Unsure};
use crate::event::TokenUsage;

impl Account {
    /// Takes what the counter grew by that is not the run's for certain, in two parts.
    pub(super) fn take_unsure(&mut self) -> [Option<Unsure>; 2] {
        let between = self.share.as_mut().and_then(|share| share.between.take());
        [self.settle_unsure(), between]
    }

    /// Takes growth as the run's own as far as its calls prove it. Gives what stays open and no blended total parts: it
    /// is this run's or earlier ones', and nothing tells whose.
    fn settle_unsure(&mut self) -> Option<Unsure> {
        let share = self.share.as_mut()?;
        let unsure = share.unsure.take()?;
        let covered: TokenUsage = self.calls.values().filter(|call| call.is_covered).map(|call| &call.usage).sum();
        let sure: TokenUsage = share.by_model.values().map(|(usage, _)| usage).sum();
        let shown = covered.minus(&sure);
        let is_all = unsure.usage.is_some_and(|usage| !shown.exceeds(&usage) && !usage.exceeds(&shown));
        let blended = unsure.blended.map(|blended| blended.saturating_add(sure.blended_tokens()));
        // Every call has output: where the blended totals are the same, no call is missing.
        if is_all || (!covered.is_zero() && blended == Some(covered.blended_tokens())) {
            share.is_floor = false;
            share.grow(shown, unsure);
            return None;
        }
        if blended.is_some() {
            share.unsure = Some(Unsure { blended, ..unsure });
            return None;
        }
        let usage = unsure.usage?.minus(&shown);
        (!usage.is_zero()).then_some(Unsure { usage: Some(usage), ..unsure })
    }

    /// Adds growth that runs used together, or somebody between them, none of whose parts is known.
    pub(super) fn add_unsure(&mut self, unsure: Unsure) {
        let Some(usage) = unsure.usage else { return };
        match &mut self.log_share {
            Some(share) => share.unsure.push((usage, unsure)),
            None => {
                let share = self.share.get_or_insert_default();
                share.is_of_others |= !unsure.is_of_runs;
                share.grow(usage, unsure);
            }
        }
    }

    /// Whether it is nothing but what runs used together.
    pub(in crate::fold) fn is_shared(&self) -> bool {
        let is_of_runs = |share: &Share| share.total.is_zero() && !share.by_model.is_empty() && !share.is_of_others;
        let tells_calls = !self.calls.is_empty() || !self.messages.is_empty() || !self.results.is_empty();
        self.share.as_ref().is_some_and(is_of_runs) && !tells_calls && self.log_share.is_none()
    }

    /// The blended tokens that its counter tells of, where it tells no more.
    pub(in crate::fold) fn counted_blended(&self) -> Option<u64> {
        self.share.as_ref().filter(|share| !share.is_doubtful)?.unsure.as_ref()?.blended
    }

    /// What its counter read last.
    pub(super) fn last_total(&self) -> Option<&TokenUsage> {
        let read = self.share.as_ref().map(|share| &share.total);
        read.or_else(|| self.log_share.as_ref()?.read.as_ref())
    }
}

impl Share {
    fn grow(&mut self, more: TokenUsage, at: Unsure) {
        let (usage, time) = self.by_model.entry(at.model).or_default();
        (*usage, *time) = (usage.plus(&more), at.time.max(*time));
    }
}
