//! Which run each call of a session log belongs to.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::places::Places;
use crate::event::{Id, RunId, Time, TokenUsage};
use crate::fold::facts::{CallFacts, LogCall, Reading};

/// How long after a run's start, or its conversation's, the turn begins that its harness takes. If the
/// first turn begins later, somebody went on with a conversation that had got no answer.
const FIRST_TURN_MS: i64 = 30_000;

/// The runs that hold a conversation.
#[derive(Debug)]
pub(super) struct Holders {
    /// For each call its run; `None`: it is no run's.
    pub(super) runs: Vec<Option<RunId>>,
    /// Runs after which somebody may have gone on, as nothing tells when they ended; and since when somebody did, if
    /// there are such calls.
    pub(super) left: BTreeMap<RunId, Option<Time>>,
}

/// How long a run has held a conversation that nothing tells the end of: its harness takes one turn, and others may go
/// on with the conversation.
#[derive(Debug, Default)]
struct Tenure {
    /// The turn that it began with, and the last call of that; `None` where no call is known to be of it.
    turn: Option<(Option<Id>, usize)>,
    /// The last call that its output shows.
    shown: Option<usize>,
}

impl Tenure {
    /// Whether the id of its turn tells when that began. A turn without such an id may be another process's.
    fn is_turn_told(&self) -> bool {
        self.turn.as_ref().is_none_or(|(turn, _)| began(turn).is_some())
    }

    /// Takes a call that was made while it held the conversation; `is_shown` if the run's output shows it.
    fn hold(&mut self, at: usize, call: &LogCall, is_shown: bool) {
        if let Some((_, last)) = self.turn.as_mut().filter(|(turn, _)| *turn == call.context.turn) {
            *last = at;
        }
        if is_shown {
            self.shown = Some(at);
        }
    }

    /// Its last call.
    fn until(&self) -> Option<usize> {
        let of_turn = self.turn.as_ref().map(|(_, last)| *last);
        if self.is_turn_told() { of_turn.max(self.shown) } else { self.shown.or(of_turn) }
    }
}

/// When a turn began, as its id tells.
fn began(turn: &Option<Id>) -> Option<Time> {
    turn.as_deref().and_then(Time::of_uuid)
}

/// Finds the runs of a conversation's calls. `twins` are the calls as traces show them, `readings` what its counter read
/// in outputs.
pub(super) fn holders(
    places: &Places,
    id: &Id,
    calls: &[LogCall],
    twins: &[Option<Box<CallFacts>>],
    readings: &[Reading],
) -> Holders {
    let read_by = read_by(readings);
    let mut runs = Vec::with_capacity(calls.len());
    let mut tenures: FxHashMap<RunId, Tenure> = FxHashMap::default();
    for (at, (call, twin)) in calls.iter().zip(twins).enumerate() {
        let shown_by = shown_by(places, id, call, twin.as_deref(), &read_by);
        let began = began(&call.context.turn);
        let run = places.of_logged(id, &shown_by, call.time(), began);
        if let Some(run) = run.as_ref().filter(|run| places.is_endless(run)) {
            let since = places.start_of(run).max(Time::of_uuid(id));
            let is_late = began.zip(since).is_some_and(|(began, since)| began.millis_since(since) > FIRST_TURN_MS);
            let tenure = tenures.entry(run.clone()).or_insert_with(|| Tenure {
                turn: (!is_late || !shown_by.is_empty()).then(|| (call.context.turn.clone(), at)),
                shown: None,
            });
            tenure.hold(at, call, !shown_by.is_empty());
        }
        runs.push(run);
    }
    leave(runs, &tenures, calls)
}

/// The runs whose outputs show each value of the counter.
fn read_by(readings: &[Reading]) -> FxHashMap<TokenUsage, BTreeSet<RunId>> {
    let mut read_by: FxHashMap<TokenUsage, BTreeSet<RunId>> = FxHashMap::default();
    for reading in readings.iter().filter(|reading| reading.run.is_some()) {
        read_by.entry(reading.total).or_default().extend(reading.run.clone());
    }
    read_by
}

/// The runs whose outputs show a call: by itself, or else by the counter behind it, or else by a footer.
fn shown_by(
    places: &Places,
    id: &Id,
    call: &LogCall,
    twin: Option<&CallFacts>,
    read_by: &FxHashMap<TokenUsage, BTreeSet<RunId>>,
) -> BTreeSet<RunId> {
    if let Some(twin) = twin.filter(|twin| !twin.runs.is_empty()) {
        return twin.runs.clone();
    }
    let (Some(total), time) = (call.key.total(), call.time()) else { return BTreeSet::new() };
    // A session that is resumed tells its counter again: what was read before a run is no call of that.
    let may_hold = |run: &&RunId| time.is_none() || places.start_of(run) <= time;
    let by_reading: BTreeSet<RunId> = read_by.get(&total).into_iter().flatten().filter(may_hold).cloned().collect();
    if by_reading.is_empty() {
        return places.of_footer(id, total.blended_tokens(), time).into_iter().cloned().collect();
    }
    by_reading
}

/// Takes from runs what somebody else did after them.
fn leave(mut runs: Vec<Option<RunId>>, tenures: &FxHashMap<RunId, Tenure>, calls: &[LogCall]) -> Holders {
    let unsure = tenures.iter().filter(|(_, tenure)| !tenure.is_turn_told() && tenure.shown.is_none());
    let mut left: BTreeMap<RunId, Option<Time>> = unsure.map(|(run, _)| (run.clone(), None)).collect();
    for (at, (of, call)) in runs.iter_mut().zip(calls).enumerate() {
        let until = of.as_ref().and_then(|run| tenures.get(run)).map(Tenure::until);
        if let Some(run) = of.take_if(|_| until.is_some_and(|until| Some(at) > until)) {
            let last = until.flatten().and_then(|until| calls.get(until)).and_then(LogCall::time);
            let since = began(&call.context.turn).or(last).or(call.time());
            let known = left.entry(run).or_default();
            *known = known.or(since);
        }
    }
    Holders { runs, left }
}
