//! Which run each call of a session log belongs to.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::conversation::Reading;
use super::facts::CallFacts;
use super::log::LogCall;
use super::places::Places;
use crate::event::{Id, RunId, Time, TokenUsage};

/// The runs that hold a conversation.
#[derive(Debug, Default)]
pub(super) struct Holders {
    /// For each call its run; `None`: it is no run's.
    pub(super) runs: Vec<Option<RunId>>,
    /// Runs after which somebody may have gone on, as nothing tells when they ended.
    pub(super) left: BTreeSet<RunId>,
}

/// How long a run has held a conversation that nothing tells the end of: its harness takes one turn, and others may go
/// on with the conversation.
struct Tenure {
    /// The turn that it began with.
    turn: Option<Id>,
    /// The last call of that, or the last that its output shows.
    until: usize,
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
    let mut read_by: FxHashMap<TokenUsage, BTreeSet<RunId>> = FxHashMap::default();
    for reading in readings.iter().filter(|reading| reading.run.is_some()) {
        read_by.entry(reading.total).or_default().extend(reading.run.clone());
    }
    let mut holders = Holders::default();
    let mut tenures: FxHashMap<RunId, Tenure> = FxHashMap::default();
    for (at, (call, twin)) in calls.iter().zip(twins).enumerate() {
        let time = call.time();
        // A session that is resumed tells its counter again: what was read before a run is no call of that.
        let may_hold = |run: &&RunId| time.is_none() || places.start_of(run) <= time;
        let total = call.key.total();
        let by_reading = total.and_then(|total| read_by.get(&total)).into_iter().flatten().filter(may_hold);
        let mut shown_by: BTreeSet<RunId> = match twin {
            Some(twin) if !twin.runs.is_empty() => twin.runs.clone(),
            _ => by_reading.cloned().collect(),
        };
        if shown_by.is_empty() {
            let told = total.and_then(|total| places.of_footer(id, total.blended_tokens(), time));
            shown_by.extend(told.cloned());
        }
        let began = call.context.turn.as_deref().and_then(Time::of_uuid);
        let run = places.of_logged(id, &shown_by, time, began);
        if let Some(run) = run.as_ref().filter(|run| places.is_endless(run)) {
            let turn = call.context.turn.clone();
            let tenure = tenures.entry(run.clone()).or_insert(Tenure { turn, until: at });
            if !shown_by.is_empty() || tenure.turn == call.context.turn {
                tenure.until = at;
            }
        }
        holders.runs.push(run);
    }
    for (at, of) in holders.runs.iter_mut().enumerate() {
        let goes_on = |run: &RunId| tenures.get(run).is_some_and(|tenure| at > tenure.until);
        holders.left.extend(of.take_if(|run| goes_on(run)));
    }
    holders
}
