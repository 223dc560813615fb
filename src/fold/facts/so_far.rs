//! What was read of a source so far, as far as copies of it may know what can't be read in it.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::log_end::{Cut, LastCall, Stretch};
use crate::event::CallKey;

/// So many records that can't be read are told apart: for one before them, the first of them stands.
const MOST: usize = 16;

/// What was read so far.
#[derive(Debug, Default)]
pub(in crate::fold) struct ReadSoFar {
    all: Stretch,
    /// How many calls it may be, each record that can't be read taken for one.
    at_most: u64,
    /// The call that the latest record is of: a message has several records.
    latest: Option<u64>,
    /// Whether something can't be read behind that.
    is_torn: bool,
    /// What stands before the first record that can't be read; `None` without one.
    whole: Option<Stretch>,
    tears: u64,
    tears_since_call: u64,
    /// The latest records that can't be read, in order.
    cuts: Vec<Cut>,
}

impl ReadSoFar {
    /// Takes the next call of a log.
    pub(in crate::fold) fn call(&mut self, key: &CallKey, call: LastCall) {
        let mut hasher = FxHasher::default();
        // The steps of a call stand in its record.
        key.step_of().as_ref().unwrap_or(key).hash(&mut hasher);
        let key = Some(hasher.finish());
        let is_new = self.latest != key;
        self.all.calls += u64::from(is_new);
        // What can't be read may have stood between two records of one message.
        self.at_most += u64::from(is_new || self.is_torn);
        (self.latest, self.is_torn) = (key, false);
        self.all.latest = self.all.latest.max(call.time);
        self.all.last = Some(call);
        self.tears_since_call = 0;
        for cut in self.cuts.iter_mut().rev().take_while(|cut| !cut.is_followed) {
            (cut.is_followed, cut.next) = (true, call.time);
        }
    }

    /// A record here can't be read.
    pub(in crate::fold) fn tear(&mut self, offset: u64) {
        let before = Stretch { end: offset, ..self.all };
        self.whole.get_or_insert(before);
        self.tears += 1;
        self.tears_since_call += 1;
        if self.cuts.len() == MOST {
            self.cuts.remove(0);
        }
        let (calls, tears, tears_since_call) = (self.at_most, self.tears, self.tears_since_call);
        self.cuts.push(Cut { before, calls, offset, tears, tears_since_call, ..Cut::default() });
        self.at_most += 1;
        self.is_torn = true;
    }

    /// The source breaks off here, be it within a record that was told before.
    pub(in crate::fold) fn break_off(&mut self, offset: u64) {
        match self.cuts.last_mut().filter(|cut| !cut.is_followed) {
            Some(cut) => cut.before.end = offset,
            None => self.tear(offset),
        }
    }

    /// Whether a record can't be read.
    pub(in crate::fold) fn is_torn(&self) -> bool {
        self.whole.is_some()
    }

    /// The log, if it ends here and is whole.
    pub(super) fn whole(&self, length: u64) -> Stretch {
        Stretch { end: length, ..self.all }
    }

    /// What stands before all that can't be read, and the call that can't be, which was told here.
    pub(super) fn cut(&self, offset: u64) -> (Stretch, Cut) {
        let before = Stretch { end: offset, ..self.all };
        let mut cuts = self.cuts.iter().rev();
        let known = cuts.find(|cut| cut.offset == offset || cut.before.end == offset);
        let (calls, tears, tears_since_call) = (self.at_most, self.tears + 1, self.tears_since_call + 1);
        let untold = || Cut { before, calls, tears, tears_since_call, ..Cut::default() };
        let cut = known.cloned().unwrap_or_else(untold);
        (self.whole.unwrap_or(before), Cut { offset, ..cut })
    }
}

#[cfg(test)]
mod tests {
    use super::{CallKey, LastCall, ReadSoFar};
    use crate::event::{Time, TokenUsage};

    fn call(so_far: &mut ReadSoFar, id: &str, offset: u64) {
        let time = Some(Time::from_micros(i64::try_from(offset).expect("a small number")));
        so_far.call(&CallKey::Message(id.into()), LastCall { offset, time, usage: TokenUsage::default() });
    }

    #[test]
    fn what_is_torn_is_taken_for_a_call_before_it_and_for_none_in_what_is_whole() {
        let mut so_far = ReadSoFar::default();
        // Two records of one message, with a step of it, and then the next one.
        [("a", 0), ("a:1", 0), ("a", 10), ("b", 20)].iter().for_each(|(id, offset)| call(&mut so_far, id, *offset));
        so_far.tear(30);
        call(&mut so_far, "b", 40);
        so_far.tear(50);
        let (whole, cut) = so_far.cut(50);
        assert_eq!((whole.end, whole.calls), (30, 2));
        assert_eq!((cut.before.end, cut.calls, cut.tears, cut.tears_since_call), (50, 4, 2, 1));
        assert!(!cut.is_followed);
        let whole = so_far.whole(60);
        assert_eq!((whole.end, whole.calls), (60, 2));
        // The first one is known by its place, too.
        let first = so_far.cut(30).1;
        assert_eq!((first.calls, first.tears, first.next.map(Time::micros)), (2, 1, Some(40)));
    }

    #[test]
    fn a_source_that_breaks_off_within_a_torn_record_lacks_no_more_than_that() {
        let mut so_far = ReadSoFar::default();
        call(&mut so_far, "a", 0);
        so_far.tear(10);
        so_far.break_off(15);
        let cut = so_far.cut(15).1;
        assert_eq!((cut.before.end, cut.tears, cut.offset), (15, 1, 15));
    }

    #[test]
    fn what_is_told_of_another_place_stands_behind_all() {
        let mut so_far = ReadSoFar::default();
        call(&mut so_far, "a", 0);
        so_far.tear(10);
        let cut = so_far.cut(99).1;
        assert_eq!((cut.before.end, cut.calls, cut.tears, cut.tears_since_call), (99, 2, 2, 2));
    }
}
