//! Which calls of a session log are the conversation's own: not those that it copied from its ancestors' logs, and
//! those once that are recorded twice.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::event::{Doubt, Id, Time, TokenUsage};
use crate::fold::facts::{ConversationFacts, Conversations, LogCall, LogKey, SessionLog, ancestors};

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
    /// Whether more calls may be its own, which can't be told from copies.
    pub(in crate::fold) is_floor: bool,
    /// Whether its counter goes on from another conversation's.
    pub(in crate::fold) is_forked: bool,
}

/// Tells the conversations' own calls from copies, and from readings that repeat what was recorded by response.
/// `is_witnessed` says of which conversations an output tells, too.
pub(in crate::fold) fn take_own_calls(
    conversations: &mut Conversations,
    is_witnessed: impl Fn(&Id) -> bool,
) -> FxHashMap<Id, Own> {
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
    let with_log = conversations.iter_mut().filter(|(_, facts)| facts.has_counter_log);
    let own = with_log.map(|(id, facts)| {
        let upwards = ancestors_of.get(id).map_or(&[][..], Vec::as_slice);
        let ancestors: Vec<&Read> = upwards.iter().filter_map(|ancestor| of_ancestors.get(ancestor)).collect();
        let parent = upwards.first().and_then(|parent| of_ancestors.get(parent));
        let lineage = Lineage { has_parent: facts.parent.is_some(), parent, ancestors: &ancestors };
        let with_readings = has_witness(id, facts) || parents.contains(id);
        let own = own_calls(std::mem::take(&mut facts.log), &lineage, with_readings);
        (id.clone(), own)
    });
    own.collect()
}

/// What the counter in a session log read.
struct Read {
    readings: FxHashSet<TokenUsage>,
    /// Readings behind which others may have been lost.
    lost_after: FxHashSet<TokenUsage>,
}

impl Read {
    fn of(facts: &ConversationFacts) -> Read {
        Read { readings: facts.log.readings().collect(), lost_after: facts.read_before_losses().collect() }
    }
}

/// Where a conversation comes from.
struct Lineage<'a> {
    has_parent: bool,
    /// Its parent's log, if that is among the sources. It has what the parent copied, too.
    parent: Option<&'a Read>,
    /// The logs of its ancestors.
    ancestors: &'a [&'a Read],
}

impl Lineage<'_> {
    fn is_copied(&self, total: &TokenUsage) -> bool {
        self.ancestors.iter().any(|log| log.readings.contains(total))
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
fn own_calls(log: SessionLog, lineage: &Lineage<'_>, with_readings: bool) -> Own {
    let mut sieve = Sieve::new(&log, lineage);
    let lost_after = if with_readings { log.lost_after } else { FxHashSet::default() };
    let mut own = Own { is_forked: lineage.has_parent, lost_after, ..Own::default() };
    let of_turn = log.calls.iter().filter(|call| is_by_response(call)).map(|call| call.context.turn.clone());
    let recorded: FxHashSet<Option<Id>> = of_turn.collect();
    let mut counted: FxHashMap<Option<Id>, Vec<LogCall>> = FxHashMap::default();
    own.calls = log.calls;
    let mut places = 0..;
    own.calls.retain(|call| {
        let total = call.key.total();
        if let Some(total) = total.filter(|_| with_readings) {
            own.readings.push((call.time(), total));
        }
        if !places.next().is_some_and(|at| sieve.keeps(at, call)) {
            return false;
        }
        let is_recorded = total.is_some() && recorded.contains(&call.context.turn);
        if is_recorded {
            counted.entry(call.context.turn.clone()).or_default().push(call.clone());
        }
        !is_recorded
    });
    own.is_floor = sieve.is_floor;
    // Where the counter wasn't read in turns of which responses tell, these tell all of them.
    if !counted.is_empty() {
        own.is_floor |= add_counted(&mut own.calls, counted);
    }
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

fn is_by_response(call: &LogCall) -> bool {
    matches!(call.key, LogKey::Response(_))
}

/// Holds a log's calls back that are copies, or may be.
struct Sieve<'a> {
    lineage: &'a Lineage<'a>,
    /// How many of the first calls were copied at least, and how many of those that follow may be.
    copied: usize,
    in_doubt: usize,
    /// Whether copies kept their times, by which they were told: then what is younger than the conversation is no copy.
    keeps_times: bool,
    /// Whether some that were held back may be the conversation's own.
    is_floor: bool,
}

impl<'a> Sieve<'a> {
    fn new(log: &SessionLog, lineage: &'a Lineage<'a>) -> Sieve<'a> {
        let (copied, in_doubt) = if lineage.has_parent { lineage.copied(log) } else { (0, 0) };
        let keeps_times = lineage.parent.is_none() && log.last_inherited() != TokenUsage::default();
        Sieve { lineage, copied, in_doubt, keeps_times, is_floor: false }
    }

    /// Whether the call at this place is the conversation's own.
    fn keeps(&mut self, at: usize, call: &LogCall) -> bool {
        if !self.lineage.has_parent {
            return true;
        }
        match (call.doubt, call.key.total()) {
            (Doubt::Child, total) => {
                // What no ancestor's log has is no copy, whatever it is.
                let is_known = total.is_none_or(|total| self.lineage.is_copied(&total));
                self.is_floor |= self.lineage.parent.is_some() && !is_known;
                false
            }
            (Doubt::Ancestor, Some(_)) if at < self.copied => false,
            // Such a call may be a copy of a lost one, or count lost ones that were copied before it.
            (Doubt::Ancestor, Some(_)) if at - self.copied < self.in_doubt => {
                self.is_floor = true;
                self.keeps_times && !call.may_be_several
            }
            _ => true,
        }
    }
}

/// Adds what the counter counted in turns of which responses' own records tell, as far as those don't tell it. Gives
/// whether it may be too little.
fn add_counted(calls: &mut Vec<LogCall>, counted: FxHashMap<Option<Id>, Vec<LogCall>>) -> bool {
    let mut turns: FxHashMap<Option<Id>, Turn> = FxHashMap::default();
    for call in calls.iter().filter(|call| is_by_response(call)) {
        let turn = turns.entry(call.context.turn.clone()).or_default();
        turn.begin(call.time());
        *turn.responses.entry(call.usage()).or_default() += 1;
    }
    for (turn, counted) in counted {
        let turn = turns.entry(turn).or_default();
        counted.iter().for_each(|call| turn.begin(call.time()));
        turn.counted = counted;
    }
    let mut turns: Vec<(Option<Id>, Turn)> = turns.into_iter().collect();
    turns.sort_by(|a, b| (a.1.began, &a.0).cmp(&(b.1.began, &b.0)));
    let mut uncounted = TokenUsage::default();
    turns.into_iter().fold(false, |is_floor, (_, turn)| turn.add_unrecorded(calls, &mut uncounted) || is_floor)
}

/// A turn with responses' own records.
#[derive(Debug, Default)]
struct Turn {
    /// When the first of what follows was written.
    began: Option<Time>,
    /// How many responses of each size their records tell of.
    responses: FxHashMap<TokenUsage, usize>,
    /// What the counter counted in it.
    counted: Vec<LogCall>,
}

impl Turn {
    fn begin(&mut self, time: Option<Time>) {
        self.began = [self.began, time].into_iter().flatten().min();
    }

    /// Adds what the counter counted of which no response tells, as its record was torn. `uncounted` is what responses
    /// of earlier turns used and the counter hadn't counted by then, as its reading was torn. Gives whether the counter
    /// may leave some out, as it does compactions: then what is added may be too little.
    fn add_unrecorded(self, calls: &mut Vec<LogCall>, uncounted: &mut TokenUsage) -> bool {
        let Turn { mut responses, mut counted, .. } = self;
        counted.retain(|call| match responses.get_mut(&call.usage()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        let rest = responses.into_iter().flat_map(|(usage, count)| std::iter::repeat_n(usage, count));
        let rest: TokenUsage = rest.sum();
        if rest.is_zero() && uncounted.is_zero() {
            calls.append(&mut counted);
            return false;
        }
        // One reading may count several responses.
        let grown: TokenUsage = counted.iter().map(LogCall::usage).sum();
        let more = grown.minus(&rest);
        let unrecorded = more.minus(uncounted);
        *uncounted = uncounted.plus(&rest.minus(&grown)).minus(&more);
        let last = counted.into_iter().max_by(|a, b| a.key.cmp(&b.key)).filter(|_| !unrecorded.is_zero());
        calls.extend(last.map(|last| last.with_usage(&unrecorded)));
        !more.is_zero()
    }
}

impl ConversationFacts {
    fn is_in_doubt(&self) -> bool {
        let has = |doubt| self.log.calls.iter().any(|call| call.doubt == doubt);
        // Where a turn of its own begins, what stands before it was copied.
        self.parent.is_some() && (has(Doubt::Ancestor) || (has(Doubt::Child) && !has(Doubt::None)))
    }
}
