//! Which calls of a session log are the conversation's own: not those that it copied from its ancestors' logs, and
//! those once that are recorded twice.

use rustc_hash::{FxHashMap, FxHashSet};

use super::originals::without_originals;
use super::unnamed::Unnamed;
use super::unrecorded::{RecordedTurn, add_unrecorded, is_by_response};
use crate::event::{Doubt, Id, Time, TokenUsage};
use crate::fold::facts::{ConversationFacts, Conversations, LogCall, SessionLog, ancestors};
use crate::fold::rows::Reason;

/// A conversation's own calls.
#[derive(Debug, Default)]
pub(in crate::fold) struct Own {
    /// In the order of their times.
    pub(in crate::fold) calls: Vec<LogCall>,
    /// What the conversation's counter read, over other calls too.
    pub(in crate::fold) readings: Vec<(Option<Time>, TokenUsage)>,
    /// What the counter came to with each response that is recorded behind its last reading, if it counts those: it
    /// leaves compactions out.
    pub(in crate::fold) recorded: Vec<(Option<Time>, TokenUsage)>,
    /// Readings behind which others may have been lost.
    pub(in crate::fold) lost_after: FxHashSet<TokenUsage>,
    /// Why more calls may be its own, which can't be told from copies; `None` if none may.
    pub(in crate::fold) floor: Option<Reason>,
    /// Whether its counter goes on from another conversation's.
    pub(in crate::fold) is_forked: bool,
}

/// Tells the conversations' own calls from copies, and from readings that repeat what was recorded by response.
/// `is_witnessed` says of which conversations an output tells, too.
pub(in crate::fold) fn take_own_calls(
    conversations: &mut Conversations,
    is_witnessed: impl Fn(&Id) -> bool,
) -> FxHashMap<Id, Own> {
    let without_originals = without_originals(conversations);
    let mut of_ancestors: FxHashMap<Id, Read> = FxHashMap::default();
    let in_doubt: Vec<Id> =
        conversations.iter().filter(|(_, facts)| facts.is_in_doubt()).map(|(id, _)| id.clone()).collect();
    let mut ancestors_of: FxHashMap<Id, Vec<Id>> = FxHashMap::default();
    for id in in_doubt {
        let upwards = ancestors(conversations, &id);
        for ancestor in &upwards {
            if let Some(facts) = conversations.get(ancestor).filter(|facts| facts.has_counter_log) {
                of_ancestors.entry(ancestor.clone()).or_insert_with(|| Read::of(facts));
            }
        }
        ancestors_of.insert(id, upwards);
    }
    // A fork's counter goes on from its parent's, which an output may show.
    let has_witness = |id: &Id, facts: &ConversationFacts| !facts.readings.is_empty() || is_witnessed(id);
    let forked = conversations.iter().filter(|(id, facts)| facts.parent.is_some() && has_witness(id, facts));
    let parents: FxHashSet<Id> = forked.filter_map(|(_, facts)| facts.parent.clone()).collect();
    let reviewed = reviewed_elsewhere(conversations);
    let with_log = conversations.iter_mut().filter(|(_, facts)| facts.has_counter_log);
    let own = with_log.map(|(id, facts)| {
        let upwards = ancestors_of.get(id).map_or(&[][..], Vec::as_slice);
        let ancestors: Vec<&Read> = upwards.iter().filter_map(|ancestor| of_ancestors.get(ancestor)).collect();
        let parent = upwards.first().and_then(|parent| of_ancestors.get(parent));
        let (has_parent, is_subagent) = (facts.parent.is_some(), facts.is_subagent);
        let lineage =
            Lineage { has_parent, is_subagent, began: facts.began, parent, ancestors: &ancestors, reviewed: &reviewed };
        let with_readings = has_witness(id, facts) || parents.contains(id);
        let mut own = own_calls(std::mem::take(&mut facts.log), &lineage, with_readings);
        own.floor = own.floor.or(without_originals.contains(id).then_some(Reason::PossibleCopies));
        (id.clone(), own)
    });
    own.collect()
}

/// What the counter in a session log read.
struct Read {
    /// Each with when it did so first, where that is known.
    readings: FxHashMap<TokenUsage, Option<Time>>,
    /// Readings behind which others may have been lost.
    lost_after: FxHashSet<TokenUsage>,
}

impl Read {
    fn of(facts: &ConversationFacts) -> Read {
        let inherited = facts.log.readings().map(|total| (total, None));
        let mut readings: FxHashMap<TokenUsage, Option<Time>> = inherited.collect();
        for (total, time) in facts.log.dated_readings() {
            let known = readings.entry(total).or_default();
            *known = [*known, time].into_iter().flatten().min();
        }
        Read { readings, lost_after: facts.read_before_losses().collect() }
    }
}

/// Where a conversation comes from.
struct Lineage<'a> {
    has_parent: bool,
    is_subagent: bool,
    /// When it began.
    began: Option<Time>,
    /// Its parent's log, if that is among the sources. It has what the parent copied, too.
    parent: Option<&'a Read>,
    /// The logs of its ancestors.
    ancestors: &'a [&'a Read],
    /// What reviewers' counters read that their own logs tell.
    reviewed: &'a FxHashSet<TokenUsage>,
}

/// What reviewers' counters read by the logs of those who asked for a review, as far as another log tells it too.
fn reviewed_elsewhere(conversations: &Conversations) -> FxHashSet<TokenUsage> {
    let totals = |is_reviewers: bool| {
        let calls = conversations.values().flat_map(|facts| &facts.log.calls);
        let calls = calls.filter(move |call| (call.doubt == Doubt::Reviewer) == is_reviewers);
        calls.filter_map(|call| call.key.total())
    };
    let asked: FxHashSet<TokenUsage> = totals(true).collect();
    if asked.is_empty() { asked } else { totals(false).filter(|total| asked.contains(total)).collect() }
}

impl Lineage<'_> {
    /// Whether a reading was an ancestor's first. What that one read later on nobody copied.
    fn is_copied(&self, total: &TokenUsage) -> bool {
        let is_later = |time: &Option<Time>| time.zip(self.began).is_some_and(|(time, began)| time > began);
        self.ancestors.iter().any(|log| log.readings.get(total).is_some_and(|time| !is_later(time)))
    }

    /// How many of the calls, in their order, were copied at least: copies come first, also those whose origin was
    /// lost. And how many of those that follow may be copies, too.
    fn copied(&self, log: &SessionLog) -> (usize, usize) {
        let is_copy =
            |call: &LogCall| call.doubt != Doubt::None && call.key.total().is_some_and(|total| self.is_copied(&total));
        let count = log.calls.iter().rposition(is_copy).map_or(0, |last| last + 1);
        let last = count.checked_sub(1).and_then(|last| log.calls.get(last)?.key.total());
        let last = last.unwrap_or_else(|| log.last_inherited());
        match self.parent {
            Some(parent) if !parent.lost_after.contains(&last) => (count, usize::from(log.lost_after.contains(&last))),
            _ => (count, usize::MAX),
        }
    }
}

/// A conversation's own calls, and what its counter read if that is asked for.
fn own_calls(mut log: SessionLog, lineage: &Lineage<'_>, with_readings: bool) -> Own {
    log.part();
    let mut sieve = Sieve::new(&log, lineage);
    // A record may be, before the counter's first reading.
    let may_hide_own = log.lost_after.contains(&log.last_inherited());
    let lost_after = if with_readings { log.lost_after } else { FxHashSet::default() };
    let mut own = Own { is_forked: sieve.is_forked(), lost_after, ..Own::default() };
    let of_turn = log.calls.iter().filter(|call| is_by_response(call)).map(|call| call.context.turn.clone());
    let recorded: FxHashSet<Option<Id>> = of_turn.collect();
    let mut turns: FxHashMap<Option<Id>, RecordedTurn> = FxHashMap::default();
    own.calls = log.calls;
    let mut places = 0..;
    own.calls.retain(|call| {
        let total = call.key.total();
        let is_reviewers = call.doubt == Doubt::Reviewer;
        if let Some(total) = total.filter(|_| with_readings && !is_reviewers) {
            own.readings.push((call.time(), total));
        }
        let is_recorded = total.is_some() && recorded.contains(&call.context.turn);
        let Some(at) = places.next() else { return false };
        let is_doubtful = is_recorded && sieve.may_be_copy(at, call);
        let is_elsewhere = is_reviewers && total.is_some_and(|total| lineage.reviewed.contains(&total));
        if is_elsewhere || !is_doubtful && !sieve.keeps(at, call) {
            return false;
        }
        if is_recorded {
            turns.entry(call.context.turn.clone()).or_default().count(call.clone(), is_doubtful);
        }
        !is_recorded
    });
    let mut is_floor = sieve.is_floor;
    // Nothing is uncounted or unrecorded where there is no reading.
    if !turns.is_empty() {
        is_floor |= add_unrecorded(&mut own.calls, turns, may_hide_own);
    }
    // No other log would tell.
    let why = if sieve.unnamed.count > 0 { Reason::UnnamedOrigin } else { Reason::PossibleCopies };
    own.floor = is_floor.then_some(why);
    own.calls.sort_by(|a, b| (a.time(), &a.key).cmp(&(b.time(), &b.key)));
    own.readings.sort();
    // What a fork's counter began with is known from its own log alone.
    if with_readings && (!own.is_forked || !own.readings.is_empty()) {
        let (read, mut total) = own.readings.last().copied().unwrap_or_default();
        for call in own.calls.iter().filter(|call| is_by_response(call) && call.time() > read) {
            total = total.plus(&call.usage());
            own.recorded.push((call.time(), total));
        }
    }
    own
}

/// Holds a log's calls back that are copies, or may be.
struct Sieve<'a> {
    lineage: &'a Lineage<'a>,
    /// How many of the first calls were copied at least, and how many of those that follow may be.
    copied: usize,
    in_doubt: usize,
    /// Whether its counter was read in copies that kept their times, by which they were told.
    has_inherited: bool,
    /// Whether one was the conversation's own for sure: what its counter read from there on is, too.
    has_own: bool,
    /// The first calls, if they are those of a conversation that nothing names.
    unnamed: Unnamed,
    /// Whether some that were held back may be the conversation's own.
    is_floor: bool,
}

impl<'a> Sieve<'a> {
    fn new(log: &SessionLog, lineage: &'a Lineage<'a>) -> Sieve<'a> {
        let (copied, in_doubt) = if lineage.has_parent { lineage.copied(log) } else { (0, 0) };
        let has_inherited = log.last_inherited() != TokenUsage::default();
        let unnamed = match lineage.is_subagent && !lineage.has_parent {
            true => Unnamed::of(log),
            false => Unnamed::default(),
        };
        Sieve { lineage, copied, in_doubt, has_inherited, has_own: false, unnamed, is_floor: false }
    }

    /// Whether the conversation's counter goes on from another one's.
    fn is_forked(&self) -> bool {
        self.lineage.has_parent || self.unnamed.count > 0
    }

    /// Whether the call at this place may be a copy of what was lost, or count what was copied before it and lost.
    fn may_be_copy(&self, at: usize, call: &LogCall) -> bool {
        if self.unnamed.has(at) {
            return self.unnamed.is_floor;
        }
        // What the counter had come to when it was first read may have been an ancestor's, though no log tells so.
        let is_unlinked = at == 0 && self.copied == 0 && call.may_be_several && !self.has_inherited;
        let is_in_doubt = || at.checked_sub(self.copied).is_some_and(|behind| behind < self.in_doubt);
        self.lineage.has_parent && call.doubt == Doubt::Ancestor && !self.has_own && (is_unlinked || is_in_doubt())
    }

    /// Whether the call at this place is the conversation's own.
    fn keeps(&mut self, at: usize, call: &LogCall) -> bool {
        if !self.lineage.has_parent {
            let is_own = !self.unnamed.has(at) || call.key.total().is_none();
            self.is_floor |= !is_own && self.unnamed.is_floor;
            return is_own;
        }
        match (call.doubt, call.key.total()) {
            (Doubt::Child, total) => {
                // What no ancestor's log has is no copy, whatever it is.
                let is_known = total.is_none_or(|total| self.lineage.is_copied(&total));
                self.is_floor |= self.lineage.parent.is_some() && !is_known;
                false
            }
            (Doubt::Ancestor, Some(_)) if at < self.copied => false,
            (Doubt::Ancestor, Some(_)) if self.may_be_copy(at, call) => {
                self.is_floor = true;
                // What is younger than the conversation is no copy, then.
                self.lineage.parent.is_none() && self.has_inherited && !call.may_be_several
            }
            (_, Some(_)) => {
                self.has_own = true;
                true
            }
            _ => true,
        }
    }
}

impl ConversationFacts {
    fn is_in_doubt(&self) -> bool {
        let has = |doubt| self.log.calls.iter().any(|call| call.doubt == doubt);
        // Where a turn of its own begins, what stands before it was copied.
        self.parent.is_some() && (has(Doubt::Ancestor) || (has(Doubt::Child) && !has(Doubt::None)))
    }
}
