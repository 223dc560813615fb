//! Readings that name nobody and stand before anyone is named: a cut tail begins with one.

use crate::event::{Fact, Id, Time};
use crate::parse::mark::{Mark, MarkKind, SLACK_MS};

/// How many readings of a counter may wait for a conversation to be named, and twice as many of rate limits, which it
/// comes with. A log that names none needs no memory.
const MOST: usize = 64;

/// The readings that wait, in their order.
#[derive(Debug, Default)]
pub(super) struct Waiting(Vec<Mark>);

impl Waiting {
    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is room for another one; those of rate limits take none from those of counters.
    pub(super) fn has_room_for(&self, mark: &Mark) -> bool {
        let is_quota = |mark: &Mark| matches!(mark.kind, MarkKind::Fact(Fact::Quota(_)));
        let most = match mark.kind {
            MarkKind::Fact(Fact::Counter(_)) => MOST,
            MarkKind::Fact(Fact::Quota(_)) => 2 * MOST,
            _ => return false,
        };
        self.0.iter().filter(|known| is_quota(known) == is_quota(mark)).count() < most
    }

    /// Takes another one.
    pub(super) fn push(&mut self, mark: Mark) {
        self.0.push(mark);
    }

    /// Ends the wait: they belong to whom is named first, unless that conversation didn't exist then: the id may hold
    /// the time it was made.
    pub(super) fn end_with(&mut self, id: &Id) -> Vec<Mark> {
        let mut marks = self.end();
        if marks.is_empty() {
            return marks;
        }
        let made = Time::of_uuid(id);
        for mark in &mut marks {
            let is_before = made.zip(mark.time).is_some_and(|(made, time)| made.millis_since(time) > SLACK_MS);
            mark.conversation = Some(id.clone()).filter(|_| !is_before);
        }
        marks
    }

    /// Ends the wait, and nobody was named.
    pub(super) fn end(&mut self) -> Vec<Mark> {
        std::mem::take(&mut self.0)
    }
}
