//! What is called exact is all that was used, whichever sources are there, in part or whole.

use forge_usage::fold::{Owner, Quality, Settled};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::kit::{Files, Sum, cases, options, settled, sums};
use crate::world::{World, traced_world, world};

/// Which sources are there, and what is left of them.
#[derive(Debug, Clone)]
struct Left {
    ledger: bool,
    loop_log: bool,
    trace: bool,
    sessions: bool,
    /// How many lines of each output the ledger keeps.
    lines: usize,
    /// Which file breaks off, and where.
    cut: Option<(Index, Index)>,
}

fn left() -> impl Strategy<Value = Left> {
    let lines = prop_oneof![1..40_usize, Just(usize::MAX)];
    let cut = proptest::option::of((any::<Index>(), any::<Index>()));
    (any::<[bool; 4]>(), lines, cut).prop_map(|([ledger, loop_log, trace, sessions], lines, cut)| Left {
        ledger,
        loop_log,
        trace,
        sessions,
        lines,
        cut,
    })
}

impl Left {
    fn files(&self, world: &World) -> Files {
        let mut files = Files::new();
        if self.ledger {
            files.insert("kiln.md".to_owned(), world.ledger(self.lines).into_bytes());
        }
        if self.loop_log {
            files.insert("kiln.log".to_owned(), world.loop_log().into_bytes());
        }
        if self.trace {
            files.extend(world.trace().map(|trace| ("codex.log".to_owned(), trace.into_bytes())));
        }
        if self.sessions {
            files.extend(world.rollouts());
        }
        if let (Some((which, at)), false) = (&self.cut, files.is_empty()) {
            let name = files.keys().nth(which.index(files.len())).expect("a file").clone();
            let bytes = files.get_mut(&name).expect("a file");
            bytes.truncate(at.index(bytes.len() + 1));
            // What others tell of runs that it lacks then would be the runs' before.
            if name.starts_with("kiln") {
                files.retain(|other, _| *other == name);
            }
        }
        files
    }
}

/// The runs, each with what it is said to have used.
fn runs(settled: &Settled) -> Vec<(String, &Owner, Sum)> {
    let sums = sums(settled);
    let run = |owner: &Owner| owner.run.as_ref().map(|run| run.id.to_string());
    let runs = settled.owners.iter().filter_map(|owner| Some((run(owner)?, owner)));
    runs.map(|(id, owner)| (id.clone(), owner, sums.get(&id).copied().unwrap_or_default())).collect()
}

/// Whether the ledger's part of a run's output tells of usage.
fn shows_usage(files: &Files, run: &str) -> bool {
    let ledger = files.get("kiln.md").map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
    ledger.split("\n## ").any(|entry| entry.contains(run) && entry.contains("_token"))
}

/// Whether a loop log breaks off behind a line that sums up a process, or within the next one: others may follow in
/// the same run.
fn ends_with_a_result(files: &Files) -> bool {
    let log = files.get("kiln.log").map(|bytes| String::from_utf8_lossy(bytes)).unwrap_or_default();
    let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().last().is_some_and(|line| line.contains("\"type\":\"result\""))
}

fn check(world: &World, left: &Left) -> Result<(), TestCaseError> {
    let files = left.files(world);
    if files.is_empty() {
        return Ok(());
    }
    let settled = settled(&files, &options(1 << 20));
    let truth = world.truth();
    for (id, owner, sum) in runs(&settled) {
        // A trace that breaks off between two lines looks like one that ends.
        if left.cut.is_some() && files.contains_key("codex.log") && !shows_usage(&files, &id) {
            continue;
        }
        // So does a loop log between a run's processes.
        if left.cut.is_some() && ends_with_a_result(&files) {
            continue;
        }
        let whole = truth[&id];
        match owner.quality {
            // Where a run before left nothing, its share of the counter is the next one's.
            Quality::Exact if world.resumes(&id) && left.lines < usize::MAX => {}
            Quality::Exact => prop_assert_eq!(sum, whole, "{} of {:?}", id, files.keys()),
            // Where nothing names the conversation, its footer counts the runs before too.
            Quality::Blended if !world.resumes(&id) && left.cut.is_none() => {
                prop_assert_eq!(sum.blended, whole.blended, "{} of {:?}", id, files.keys())
            }
            Quality::Blended | Quality::Partial | Quality::Unknown => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn what_is_called_exact_is_all_that_a_run_used(world in world(), left in left()) {
        check(&world, &left)?;
    }

    #[test]
    fn what_is_called_exact_is_all_that_a_traced_run_used(world in traced_world(), left in left()) {
        check(&world, &left)?;
    }
}
