//! What outputs quote of the time before their runs.

use crate::event::Time;
use crate::fold::facts::{Calls, MARGIN_MS, RunFacts, Runs};

/// A call from well before a run is none of the run's: its output quotes it. Where no other run shows it, it counts
/// as a bare log's.
pub(super) fn unplace_quoted(calls: &mut Calls, runs: &Runs) {
    for call in calls.values_mut().filter(|call| !call.runs.is_empty()) {
        let Some(time) = call.time else { continue };
        call.runs.retain(|run| !runs.get(run).is_some_and(|run| began_well_after(run, time)));
        call.is_bare |= call.runs.is_empty() && !call.is_logged;
    }
}

/// Whether a run began well after a time. Of a run that ended before it began the clock was set back: nothing tells.
fn began_well_after(run: &RunFacts, time: Time) -> bool {
    let Some(start) = run.started_at() else { return false };
    run.ended_at().is_none_or(|end| end >= start) && start.millis_since(time) > MARGIN_MS
}
