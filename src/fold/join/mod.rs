//! Runs whose output names no conversation find the session log of theirs: by machine, harness, folder, home
//! and time.
//!
//! What may be joined:
//!
//! - A session that begins within a run, not long after its start, though somebody may go on with it later (`fit`).
//!   Of a log that tells nothing before its first answer, the beginning is known to a minute only.
//! - A session that was there before and goes on within the run, if no other run and nobody else was at work with it
//!   then, also one that other runs' outputs name (`resumed`).
//! - The session that came to just what a footer in the run's output says, before all others. A session that came to
//!   something else is not the run's.
//!
//! What decides between several: the session whose beginning and end are nearest to the run's, if every other one is at
//! least twice as far away, seen from the run and seen from the session. Where one run ends in the second in which the
//! next begins, an answer of that second is the former's: no answer comes so soon.
//!
//! What stays open is joined with nothing.

mod fit;
mod joined;
mod nearby;
mod resumed;
mod session;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use self::fit::pairs;
pub use self::joined::IsHome;
pub(in crate::fold) use self::joined::Joined;
use self::nearby::Nearby;
use self::resumed::resumed;
use self::session::{find_homes, lonely, sessions};
use crate::event::{Id, RunId, Time};
use crate::fold::facts::{Calls, Conversations, Runs, Showing, ShowingRuns, main_of, spawners};

/// Joins what can be joined. `shown` are the conversations that outputs name, with their runs.
pub(in crate::fold) fn join<'a>(
    runs: &'a Runs,
    conversations: &'a Conversations,
    calls: &'a Calls,
    shown: &ShowingRuns,
    is_home: IsHome<'_>,
) -> Joined {
    let lonely = lonely(runs, shown);
    let mut joined = Joined::default();
    if !lonely.is_empty() {
        let mut sessions = sessions(runs, conversations, calls, shown);
        find_homes(&mut sessions, &lonely, is_home);
        let nearby = Nearby::new(&lonely, &sessions);
        let pairs = pairs(&lonely, &sessions, &nearby, is_home);
        for (run, session) in &pairs.chosen {
            joined.runs.entry(sessions[*session].id.clone()).or_default().insert(lonely[*run].id.clone());
        }
        joined.ambiguous = pairs.open.iter().map(|run| lonely[*run].id.clone()).collect();
        resumed(&lonely, &sessions, &nearby, &pairs, is_home, &mut joined);
    }
    with_parents(runs, conversations, shown, &mut joined);
    with_children(conversations, shown, &mut joined);
    joined
}

/// An output whose beginning is cut off may show nothing but a sub-agent's conversation: the one that spawned it while
/// the run was at work is the run's, too, if no other run is known to have held it then.
fn with_parents(runs: &Runs, conversations: &Conversations, shown: &ShowingRuns, joined: &mut Joined) {
    let is_at_work = |run: &RunId, time: Time| {
        let at_work = runs.get(run).map(|facts| facts.at_work());
        at_work.is_some_and(|at_work| at_work.start.is_some() && at_work.holds(time))
    };
    let mut of_parents: Vec<(Id, RunId)> = Vec::new();
    for (id, of) in shown {
        let (Some(made), Some(main)) = (Time::of_uuid(id), main_of(conversations, id)) else { continue };
        let known = shown.get(main).into_iter().flat_map(|runs| runs.keys());
        let mut known = known.chain(joined.runs.get(main).into_iter().flatten());
        let has_counter_log = conversations.get(main).is_some_and(|facts| facts.has_counter_log);
        if has_counter_log && !known.any(|run| is_at_work(run, made)) {
            of_parents.extend(of.keys().filter(|run| is_at_work(run, made)).map(|run| (main.clone(), run.clone())));
        }
    }
    for (main, run) in of_parents {
        joined.runs.entry(main).or_default().insert(run);
    }
}

/// What a sub-agent of its own conversation did belongs to the runs of the one that spawned it.
fn with_children(conversations: &Conversations, shown: &ShowingRuns, joined: &mut Joined) {
    let mut of_spawners: FxHashMap<&Id, Arc<Showing>> = FxHashMap::default();
    for id in conversations.keys().filter(|id| !shown.contains_key(*id)) {
        let has_runs = |id: &&Id| shown.contains_key(*id) || joined.runs.contains_key(*id);
        let Some(spawner) = spawners(conversations, id).find(has_runs) else { continue };
        let runs = || {
            let shown = shown.get(spawner).into_iter().flat_map(|runs| runs.keys());
            let joined = joined.runs.get(spawner).into_iter().flatten();
            Arc::new(shown.chain(joined).map(|run| (run.clone(), 0)).collect())
        };
        let runs = of_spawners.entry(spawner).or_insert_with(runs);
        joined.children.insert(id.clone(), Arc::clone(runs));
    }
    joined.runs.retain(|id, _| !joined.children.contains_key(id));
}
