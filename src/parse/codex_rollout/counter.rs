//! How far a conversation's counter has come, and by what it grew from one reading to the next.

use crate::event::TokenUsage;
use crate::parse::mark::Latest;

/// A conversation's counter.
#[derive(Debug, Default)]
pub(super) struct Counter {
    /// How often it began anew.
    epoch: u32,
    /// Its latest reading.
    latest: TokenUsage,
}

/// What a reading says beyond the one before it.
#[derive(Debug)]
pub(super) struct Step {
    /// How often the counter began anew.
    pub(super) epoch: u32,
    /// What it holds.
    pub(super) total: TokenUsage,
    /// What of that is new.
    pub(super) growth: TokenUsage,
    /// Whether the latest call alone is that.
    pub(super) is_one_call: bool,
    /// What it held before the latest call, where that is more than it had read: a reading is not in view.
    pub(super) unread: Option<TokenUsage>,
    /// Whether it had read nothing: it may have begun with an ancestor's total.
    pub(super) is_first: bool,
}

impl Counter {
    /// Takes the next reading; `None` if the counter stands still.
    pub(super) fn read(&mut self, total: TokenUsage, latest: Latest) -> Option<Step> {
        let whole = total.with_untold(&self.latest);
        if !whole.fell_below(&self.latest) && !self.latest.fell_below(&whole) {
            return None;
        }
        // A counter that began anew may by now be higher than before: then it holds the latest call alone.
        let is_first = latest == Latest::All && !self.latest.is_zero();
        let total = if is_first { total } else { whole };
        if is_first || total.fell_below(&self.latest) {
            self.epoch = self.epoch.saturating_add(1);
            self.latest = TokenUsage::default();
        }
        let before = std::mem::replace(&mut self.latest, total);
        let is_one_call = latest.is_growth(&before, &total);
        let unread = latest.unread(&before, &total);
        let is_first = self.epoch == 0 && before.is_zero();
        Some(Step { epoch: self.epoch, total, growth: total.minus(&before), is_one_call, unread, is_first })
    }

    /// Whether a reading repeats the one before it, or goes on from there by one call.
    pub(super) fn is_next(&self, total: &TokenUsage, latest: Latest) -> bool {
        *total == self.latest || latest.is_growth(&self.latest, total)
    }
}
