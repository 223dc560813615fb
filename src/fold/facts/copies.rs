//! Which calls that can't be read in one copy of a log another one has whole.
//!
//! A torn record may have lost bytes: behind the first one, places in a log are not those of its copies. There the calls
//! tell how far a copy goes.

use rustc_hash::FxHashMap;

use super::log_end::{Cut, Stretch};
use crate::event::{Time, TokenUsage};

/// How far the copies of a log are whole, each at its best.
#[derive(Debug, Default)]
pub(super) struct Copies {
    end: u64,
    calls: u64,
    latest: Option<Time>,
    /// How far they go behind their last call, by when that was made and what it used.
    behind: FxHashMap<(Time, TokenUsage), u64>,
}

impl Copies {
    /// Adds what is whole of a copy.
    pub(super) fn add(&mut self, whole: &Stretch) {
        self.end = self.end.max(whole.end);
        self.calls = self.calls.max(whole.calls);
        self.latest = self.latest.max(whole.latest);
        if let Some((call, length)) = behind(whole) {
            let known = self.behind.entry(call).or_default();
            *known = length.max(*known);
        }
    }

    /// Whether one is whole beyond this place.
    pub(super) fn reach_beyond(&self, offset: u64) -> bool {
        self.end > offset
    }

    /// Whether one has this call whole, and so all before it.
    pub(super) fn have(&self, cut: &Cut) -> bool {
        let before = &cut.before;
        let is_alone = cut.tears_since_call == 1;
        // Nothing before it is shorter than it was.
        let is_placed = cut.tears == 1 && self.reach_beyond(before.end);
        let is_counted = self.calls > cut.calls;
        let is_followed = cut.next > before.latest && self.latest >= cut.next;
        // The next call of the log is this one, or comes after it.
        let is_later = is_alone && before.latest.is_some() && self.latest > before.latest;
        let is_behind = || {
            let (call, length) = behind(before).filter(|_| is_alone)?;
            self.behind.get(&call).map(|known| *known > length)
        };
        is_placed || is_counted || is_followed || is_later || is_behind() == Some(true)
    }
}

/// The last call, and how far it goes on from there; `None` without one of a known time.
fn behind(whole: &Stretch) -> Option<((Time, TokenUsage), u64)> {
    let last = whole.last?;
    Some(((last.time?, last.usage), whole.end.saturating_sub(last.offset)))
}

#[cfg(test)]
mod tests {
    use super::{Copies, Cut, Stretch};
    use crate::event::{Time, TokenUsage};
    use crate::fold::facts::log_end::LastCall;

    /// A beginning of a log that ends there, with so many calls, the last one at this place and of this second.
    fn upto(end: u64, calls: u64, offset: u64, second: i64) -> Stretch {
        let time = Some(Time::from_micros(second * 1_000_000));
        let last = Some(LastCall { offset, time, usage: TokenUsage::default() });
        Stretch { end, calls, last, latest: time }
    }

    /// A call that can't be read behind that, one of so many, all since the last call or none but itself.
    fn cut(before: Stretch, tears: u64, tears_since_call: u64) -> Cut {
        Cut { before, calls: before.calls + tears - 1, tears, tears_since_call, ..Cut::default() }
    }

    fn have(cut: &Cut, copy: Stretch) -> bool {
        let mut copies = Copies::default();
        copies.add(&copy);
        copies.have(cut)
    }

    #[test]
    fn the_first_torn_call_is_in_any_copy_that_is_whole_beyond_it() {
        let torn = cut(upto(500, 1, 100, 1), 1, 1);
        assert_eq!([500, 501].map(|end| have(&torn, upto(end, 1, 100, 1))), [false, true]);
    }

    #[test]
    fn a_later_one_is_in_a_copy_with_more_calls_than_may_stand_before_it() {
        // Two calls and a torn record stand before it, but nearer to the front than in the copies.
        let torn = cut(upto(600, 2, 300, 3), 2, 1);
        let untimed = |calls| Stretch { last: None, latest: None, ..upto(900, calls, 0, 0) };
        assert_eq!([3, 4].map(|calls| have(&torn, untimed(calls))), [false, true]);
    }

    #[test]
    fn a_later_one_is_in_a_copy_with_a_later_call() {
        let torn = cut(upto(600, 2, 300, 3), 2, 1);
        assert_eq!([3, 4].map(|second| have(&torn, upto(900, 2, 800, second))), [false, true]);
        // Of two that are torn behind the same call, that may be the first one; the call behind them tells of both.
        let two = cut(upto(600, 2, 300, 3), 3, 2);
        assert!(!have(&two, upto(900, 2, 800, 4)));
        let followed = Cut { is_followed: true, next: Some(Time::from_micros(5_000_000)), ..two };
        assert_eq!([4, 5].map(|second| have(&followed, upto(900, 2, 800, second))), [false, true]);
    }

    #[test]
    fn a_later_one_is_in_a_copy_that_goes_further_beyond_the_call_before_it() {
        let torn = cut(upto(600, 2, 300, 3), 2, 1);
        assert_eq!([1100, 1101].map(|end| have(&torn, upto(end, 2, 800, 3))), [false, true]);
    }
}
