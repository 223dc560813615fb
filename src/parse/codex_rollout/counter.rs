//! How far a conversation's counter has come, and by what it grew from one reading to the next.

//! How far a conversation's counter has come, and by what it grew from one reading to the next.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::event::TokenUsage;
use crate::parse::latest::Latest;

/// A conversation's counter.
#[derive(Debug, Default)]
pub(super) struct Counter {
    /// How often it began anew.
    epoch: u32,
    /// The latest of all epochs, those of a review's counter too.
    last_epoch: u32,
    /// Its latest reading.
    latest: TokenUsage,
    /// The digests of what it read, each with its epoch.
    read: FxHashMap<u64, u32>,
    /// The conversation's own counter, while that of a review is read: a reviewer counts from zero, and until about
    /// 0.78 Codex wrote what that read into the log of the conversation that asked for the review, too.
    aside: Option<Box<Counter>>,
    /// The counter of the review that is over.
    reviewed: Option<Box<Counter>>,
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
    /// Whether a compaction lowered it to what is neither the latest call alone nor that beside an earlier reading: of
    /// what it holds beyond that call, nothing tells what it was.
    pub(super) is_lowered: bool,
}

impl Counter {
    /// Takes the next reading; `None` if the counter stands still. One that fell began anew, unless the history was
    /// compacted since the reading before, which lowers counters (`may_be_lowered`).
    pub(super) fn read(&mut self, total: TokenUsage, latest: Latest, may_be_lowered: bool) -> Option<Step> {
        let whole = total.with_untold(&self.latest);
        if !whole.fell_below(&self.latest) && !self.latest.fell_below(&whole) {
            return None;
        }
        if let Some(step) = self.branch(total, latest) {
            return Some(step);
        }
        // A counter that began anew may by now be higher than before: then it holds the latest call alone.
        let is_first = latest == Latest::All && !self.latest.is_zero();
        let total = if is_first { total } else { whole };
        let is_anew = is_first || total.fell_below(&self.latest);
        if is_anew {
            self.last_epoch = self.last_epoch.saturating_add(1);
            self.epoch = self.last_epoch;
            self.latest = TokenUsage::default();
        }
        let before = std::mem::replace(&mut self.latest, total);
        self.read.insert(digest(&total), self.epoch);
        let is_one_call = latest.is_growth(&before, &total);
        let is_first = self.epoch == 0 && before.is_zero();
        let lowered = latest.before(&total).filter(|left| is_anew && may_be_lowered && !left.is_zero());
        let unread = latest.unread(&before, &total).filter(|_| lowered.is_none());
        let growth = total.minus(&lowered.unwrap_or(before));
        let is_lowered = lowered.is_some();
        Some(Step { epoch: self.epoch, total, growth, is_one_call, unread, is_first, is_lowered })
    }

    /// A reading that goes on from an earlier one than the latest, by one call: several processes may write to one
    /// log, each with a counter of its own that went on from what the log read when it began.
    fn branch(&mut self, total: TokenUsage, latest: Latest) -> Option<Step> {
        if latest.is_growth(&self.latest, &total) {
            return None;
        }
        let before = latest.before(&total)?;
        let epoch = *self.read.get(&digest(&before))?;
        (self.epoch, self.latest) = (epoch, total);
        self.read.insert(digest(&total), epoch);
        let growth = total.minus(&before);
        Some(Step { epoch, total, growth, is_one_call: true, unread: None, is_first: false, is_lowered: false })
    }

    /// Whether a reading repeats the one before it, or goes on from there by one call.
    pub(super) fn is_next(&self, total: &TokenUsage, latest: Latest) -> bool {
        *total == self.latest || latest.is_growth(&self.latest, total)
    }

    /// Whether it read anything.
    pub(super) fn is_read(&self) -> bool {
        !self.read.is_empty()
    }

    /// A review begins: its counter is another one.
    pub(super) fn enter_review(&mut self) {
        if self.aside.is_some() {
            return;
        }
        let own = std::mem::take(self);
        self.last_epoch = own.last_epoch.saturating_add(1);
        self.epoch = self.last_epoch;
        self.aside = Some(Box::new(own));
    }

    /// A review is over: the conversation's own counter is read again.
    pub(super) fn exit_review(&mut self) {
        if let Some(own) = self.aside.take() {
            let last_epoch = self.last_epoch;
            let reviewed = std::mem::replace(self, Counter { last_epoch, ..*own });
            self.reviewed = Some(Box::new(reviewed));
        }
    }

    /// The conversation reviews by itself, as before there were reviewers (about 0.53): a turn of its own tells so.
    pub(super) fn review_itself(&mut self) {
        if self.aside.is_some() {
            self.exit_review();
            self.reviewed = None;
        }
    }

    /// Whether a review's counter is read. A process that was killed wrote no end of its review: then the
    /// conversation's own counter goes on.
    pub(super) fn is_of_review(&mut self, total: &TokenUsage, latest: Latest) -> bool {
        if self.aside.as_ref().is_some_and(|own| !self.is_next(total, latest) && own.is_next(total, latest)) {
            self.exit_review();
        }
        // It was the conversation's own all the while if that goes on from there.
        if self.aside.is_none()
            && let Some(reviewed) = self.reviewed.take()
            && !self.is_next(total, latest)
            && reviewed.is_next(total, latest)
        {
            (self.epoch, self.latest) = (reviewed.epoch, reviewed.latest);
            self.read.extend(reviewed.read);
        }
        self.aside.is_some()
    }
}

/// Tells readings from one another.
fn digest(total: &TokenUsage) -> u64 {
    FxBuildHasher.hash_one(TokenUsage { reasoning_output_tokens: total.reasoning_output_tokens.or(Some(0)), ..*total })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Counter;
    use crate::event::TokenUsage;
    use crate::parse::latest::Latest;

    fn tokens(input_tokens: u64) -> TokenUsage {
        TokenUsage { input_tokens, output_tokens: 1, reasoning_output_tokens: Some(0), ..TokenUsage::default() }
    }

    /// What a counter says that one more call of this size has brought to this.
    fn read(counter: &mut Counter, total: &TokenUsage, last: &TokenUsage) -> u64 {
        let step = counter.read(*total, Latest::of(Some(*last), total), false);
        step.filter(|step| !step.is_lowered).map_or(0, |step| step.growth.input_tokens)
    }

    proptest! {
        #[test]
        fn processes_that_write_to_one_log_count_their_own_calls(
            before in proptest::collection::vec(1..1000_u64, 1..5),
            calls in proptest::collection::vec((0..3_usize, 1_u64 << 20..1 << 40, any::<bool>()), 0..20),
        ) {
            let (mut counter, mut total, mut grown) = (Counter::default(), TokenUsage::default(), 0);
            for size in &before {
                total = total.plus(&tokens(*size));
                grown += read(&mut counter, &total, &tokens(*size));
            }
            // Each goes on from what the log read when it began.
            let mut processes = [total; 3];
            for (process, size, is_told_again) in &calls {
                let (total, last) = (&mut processes[*process], tokens(*size));
                *total = total.plus(&last);
                grown += read(&mut counter, total, &last);
                if *is_told_again {
                    prop_assert_eq!(read(&mut counter, total, &last), 0);
                }
            }
            let sizes = before.iter().chain(calls.iter().map(|(_, size, _)| size));
            prop_assert_eq!(grown, sizes.sum::<u64>());
        }
    }

    #[test]
    fn a_review_is_counted_from_zero_and_the_own_counter_goes_on_behind_it() {
        let mut counter = Counter::default();
        assert_eq!(read(&mut counter, &tokens(500), &tokens(500)), 500);
        counter.enter_review();
        assert!(counter.is_of_review(&tokens(30), Latest::All));
        assert_eq!(read(&mut counter, &tokens(30), &tokens(30)), 30);
        counter.exit_review();
        let (total, last) = (tokens(500).plus(&tokens(20)), tokens(20));
        assert!(!counter.is_of_review(&total, Latest::Part(Some(last))));
        assert_eq!(read(&mut counter, &total, &last), 20);
    }

    #[test]
    fn a_review_that_nothing_ends_is_over_where_the_own_counter_goes_on() {
        let mut counter = Counter::default();
        read(&mut counter, &tokens(500), &tokens(500));
        counter.enter_review();
        read(&mut counter, &tokens(30), &tokens(30));
        let (total, last) = (tokens(500).plus(&tokens(20)), tokens(20));
        assert!(!counter.is_of_review(&total, Latest::Part(Some(last))));
        assert_eq!(read(&mut counter, &total, &last), 20);
    }
}
