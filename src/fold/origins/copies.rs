//! Whose a call is that several conversations show: resuming or forking one copies its history.

use std::collections::BTreeSet;
use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::results::makers_by_results;
use crate::event::{CallKey, Id, Time};
use crate::fold::facts::{CallFacts, Calls, Conversations};

/// Calls that more conversations show than this are held against each one's own calls alone: time stays linear.
const MOST_COMPARED: usize = 64;

/// Which conversations show the same calls.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// Conversations that show calls together, and when the first and the last such call was made.
    sets: FxHashMap<BTreeSet<Id>, (Time, Time)>,
    /// For such a set, the conversation that an output shows making one of its calls.
    seen: FxHashMap<BTreeSet<Id>, Id>,
    shown: FxHashMap<Id, ShownCalls>,
    /// When requests of such conversations failed.
    failed: FxHashMap<Id, BTreeSet<Time>>,
}

/// How many calls a conversation shows, and since when they are its own.
#[derive(Debug, Default)]
struct ShownCalls {
    /// When the first of the calls was made that no other conversation shows.
    own_since: Option<Time>,
    /// How many calls it shows.
    calls: usize,
}

impl Copies {
    /// Learns of a call that these conversations show.
    pub(super) fn share(&mut self, ids: BTreeSet<Id>, time: Option<Time>) {
        let time = time.unwrap_or(Time::MAX);
        for id in &ids {
            self.shown.entry(id.clone()).or_default().calls += 1;
        }
        match self.sets.entry(ids) {
            Entry::Occupied(mut known) => {
                let (first, last) = known.get_mut();
                (*first, *last) = (time.min(*first), time.max(*last));
            }
            Entry::Vacant(free) => {
                free.insert((time, time));
            }
        }
    }

    /// Learns which of the conversations that show a call was seen making it.
    pub(super) fn made_by(&mut self, ids: &BTreeSet<Id>, maker: Id) {
        let known = self.seen.entry(ids.clone()).or_insert_with(|| maker.clone());
        if maker < *known {
            *known = maker;
        }
    }

    /// Whether one of the conversations that show a call is known to have made it.
    pub(super) fn is_seen(&self, ids: &BTreeSet<Id>) -> bool {
        self.seen.contains_key(ids)
    }

    /// Learns of a call that no other conversation shows; all shared ones must be known.
    pub(super) fn own(&mut self, id: &Id, time: Option<Time>) {
        let Some(shown) = self.shown.get_mut(id) else { return };
        let time = time.unwrap_or(Time::MAX);
        shown.calls += 1;
        shown.own_since = Some(shown.own_since.map_or(time, |since| since.min(time)));
    }

    /// Learns when requests of a conversation failed: it went on with one as with a call.
    pub(super) fn fail(&mut self, id: &Id, times: &BTreeSet<Time>) {
        if !times.is_empty() && self.has(id) {
            self.failed.insert(id.clone(), times.clone());
        }
    }

    /// Whether all of them show that a request failed then.
    fn all_failed(&self, ids: &BTreeSet<Id>, time: Time) -> bool {
        ids.iter().all(|id| self.failed.get(id).is_some_and(|times| times.contains(&time)))
    }

    /// Whether a conversation shows a call that others show, too.
    pub(super) fn has(&self, id: &Id) -> bool {
        self.shown.contains_key(id)
    }

    /// Which conversation made the calls that several show. The first of these that tells decides:
    ///
    /// 1. An output shows one of them making such a call, or a result of one of them comes to such calls.
    /// 2. A conversation whose parent shows the calls, too, copied them.
    /// 3. A conversation that began when the last of them had been answered copied them, unless all did.
    /// 4. The one that did nothing more made them: those that copied it went on.
    /// 5. The one that went on first, with a call that not all of them show, or a request that failed, made them. Of those
    ///    that went on at the same time, the next such step decides.
    /// 6. The one that shows fewest calls, then the first by id, so that there is one answer.
    ///
    /// `lineage` tells of a conversation its parent, and when it began.
    pub(super) fn origins(self, lineage: impl Fn(&Id) -> (Option<Id>, Option<Time>)) -> FxHashMap<BTreeSet<Id>, Id> {
        let mut sets_of: FxHashMap<&Id, Vec<(Time, &BTreeSet<Id>)>> = FxHashMap::default();
        for (ids, (first, _)) in &self.sets {
            ids.iter().for_each(|id| sets_of.entry(id).or_default().push((*first, ids)));
        }
        sets_of.values_mut().for_each(|sets| sets.sort_unstable());
        let went_on = |id: &Id, ids: &BTreeSet<Id>| {
            let sets = sets_of.get(id).filter(|_| ids.len() <= MOST_COMPARED).into_iter().flatten();
            let apart = sets.filter(|(_, with)| !with.is_superset(ids)).take(MOST_COMPARED);
            let own = self.shown.get(id).and_then(|shown| shown.own_since);
            let failed = self.failed.get(id).into_iter().flatten().copied();
            let failed = failed.filter(|time| !self.all_failed(ids, *time)).take(MOST_COMPARED);
            let mut times: Vec<Time> = apart.map(|(first, _)| *first).chain(own).chain(failed).collect();
            times.sort_unstable();
            times
        };
        let origin = |ids: &BTreeSet<Id>, last: Time| {
            let rank = |id: &&Id| {
                let (parent, began) = lineage(id);
                let is_copy = parent.is_some_and(|parent| ids.contains(&parent));
                let is_late = began.is_some_and(|began| began > last);
                (is_copy, is_late, went_on(id, ids), self.shown.get(*id).map(|shown| shown.calls), (*id).clone())
            };
            self.seen.get(ids).cloned().or_else(|| ids.iter().min_by_key(rank).cloned())
        };
        self.sets.iter().filter_map(|(ids, (_, last))| Some((ids.clone(), origin(ids, *last)?))).collect()
    }
}

/// Gives every copied call to the conversation that made it.
pub(super) fn attribute(calls: &mut Calls, shared: &FxHashMap<CallKey, BTreeSet<Id>>, conversations: &Conversations) {
    if shared.is_empty() {
        return;
    }
    let mut copies = Copies::default();
    for (key, ids) in shared {
        let call = calls.get(key);
        copies.share(ids.clone(), call.and_then(|call| call.time));
        if let Some(maker) = call.and_then(|call| call.made_by(ids)) {
            copies.made_by(ids, maker.clone());
        }
    }
    for (_, call) in calls.iter().filter(|(key, _)| !shared.contains_key(*key)) {
        if let Some(id) = &call.conversation {
            copies.own(id, call.time);
        }
    }
    for (ids, maker) in makers_by_results(calls, shared, conversations) {
        if !copies.is_seen(&ids) {
            copies.made_by(&ids, maker);
        }
    }
    conversations.iter().for_each(|(id, facts)| copies.fail(id, &facts.failures));
    let origins = copies.origins(|id| lineage(conversations, id));
    for (key, ids) in shared {
        if let (Some(call), Some(origin)) = (calls.get_mut(key), origins.get(ids)) {
            call.conversation = Some(call.made_by(ids).unwrap_or(origin).clone());
        }
    }
}

/// The conversation that one came from, and when it began, as far as that is known.
pub(super) fn lineage(conversations: &Conversations, id: &Id) -> (Option<Id>, Option<Time>) {
    conversations.get(id).map_or((None, None), |facts| (facts.parent.clone(), facts.began))
}

impl CallFacts {
    /// The one of these conversations that was seen making it.
    pub(super) fn made_by(&self, ids: &BTreeSet<Id>) -> Option<&Id> {
        self.captured_in.as_ref().filter(|id| ids.contains(*id))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Copies;
    use crate::event::{Id, Time};

    fn set(ids: &str) -> BTreeSet<Id> {
        ids.split(' ').map(Into::into).collect()
    }

    fn at(second: i64) -> Option<Time> {
        Time::from_millis(second * 1000)
    }

    #[test]
    fn the_origin_is_who_went_on_first_or_not_at_all() {
        let mut copies = Copies::default();
        // `a` went on with a call at 2, `b` at 3.
        copies.share(set("a b"), at(1));
        copies.own(&"a".into(), at(2));
        copies.own(&"b".into(), at(3));
        // `d` did not go on.
        copies.share(set("c d"), at(1));
        copies.own(&"c".into(), at(2));
        let origins = copies.origins(|_| (None, None));
        assert_eq!(origins[&set("a b")].as_str(), "a");
        assert_eq!(origins[&set("c d")].as_str(), "d");
    }

    #[test]
    fn a_copy_that_was_copied_went_on_too() {
        let mut copies = Copies::default();
        // All that `b` went on with was copied to `c`.
        copies.share(set("a b c"), at(1));
        copies.share(set("b c"), at(3));
        copies.own(&"a".into(), at(2));
        copies.own(&"c".into(), at(4));
        let origins = copies.origins(|_| (None, None));
        assert_eq!(origins[&set("a b c")].as_str(), "a");
        assert_eq!(origins[&set("b c")].as_str(), "b");
    }

    #[test]
    fn of_two_that_went_on_together_the_next_step_decides() {
        let mut copies = Copies::default();
        copies.share(set("a b c"), at(1));
        // `b` copied more of `a` than `c` did.
        copies.share(set("a b"), at(2));
        copies.own(&"a".into(), at(3));
        copies.own(&"a".into(), at(4));
        copies.own(&"b".into(), at(5));
        copies.own(&"c".into(), at(6));
        let origins = copies.origins(|_| (None, None));
        assert_eq!(origins[&set("a b c")].as_str(), "a");
        assert_eq!(origins[&set("a b")].as_str(), "a");
    }

    #[test]
    fn a_request_that_failed_is_a_step() {
        let mut copies = Copies::default();
        copies.share(set("a b"), at(1));
        copies.share(set("c d"), at(1));
        copies.own(&"d".into(), at(3));
        let failed = |second| at(second).into_iter().collect();
        copies.fail(&"a".into(), &failed(2));
        copies.fail(&"c".into(), &failed(4));
        let origins = copies.origins(|_| (None, None));
        assert_eq!(origins[&set("a b")].as_str(), "b");
        assert_eq!(origins[&set("c d")].as_str(), "d");
    }

    #[test]
    fn who_was_seen_making_one_made_what_was_copied_with_it() {
        let mut copies = Copies::default();
        // Nothing tells when `a` went on.
        copies.share(set("a b"), at(1));
        copies.made_by(&set("a b"), "a".into());
        copies.own(&"a".into(), None);
        copies.own(&"b".into(), at(2));
        let origins = copies.origins(|_| (None, None));
        assert_eq!(origins[&set("a b")].as_str(), "a");
    }

    #[test]
    fn who_names_its_parent_is_a_copy() {
        let mut copies = Copies::default();
        copies.share(set("a b"), at(1));
        copies.own(&"b".into(), at(2));
        let origins = copies.origins(|id| ((id.as_str() == "a").then(|| "b".into()), None));
        assert_eq!(origins[&set("a b")].as_str(), "b");
    }

    #[test]
    fn who_began_later_is_a_copy_unless_all_did() {
        let told = |began: fn(&Id) -> Option<Time>| {
            let mut copies = Copies::default();
            copies.share(set("a b"), at(1));
            copies.share(set("a b"), at(2));
            copies.own(&"a".into(), at(9));
            copies.own(&"b".into(), at(4));
            copies.origins(|id| (None, began(id)))[&set("a b")].to_string()
        };
        // `b` went on first.
        assert_eq!(told(|_| None), "b");
        assert_eq!(told(|id| at(if id.as_str() == "a" { 0 } else { 3 })), "a");
        // Nothing tells of `a`.
        assert_eq!(told(|id| at(3).filter(|_| id.as_str() == "b")), "a");
        assert_eq!(told(|_| at(3)), "b");
        // It was there when the last was answered.
        assert_eq!(told(|_| at(2)), "b");
        assert_eq!(told(|id| at(if id.as_str() == "a" { 0 } else { 2 })), "b");
    }
}
