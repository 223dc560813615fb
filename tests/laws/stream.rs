//! Written events are as good as the sources they were read from.

use std::ops::ControlFlow;

use forge_usage::event::{Event, Line};
use forge_usage::pipeline::{self, Options, Outcome};
use forge_usage::source::discover;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::damage::damaged;
use crate::kit::{Files, cases, difference, folder, options, same};
use crate::world::{World, world};

fn files(world: &World) -> Files {
    let mut files = world.streams();
    files.insert("kiln.md".to_owned(), world.ledger(12).into_bytes());
    files.insert("kiln.log".to_owned(), world.loop_log().into_bytes());
    files.insert("notes.txt".to_owned(), b"nothing that we know".to_vec());
    files.extend(world.trace().map(|trace| ("codex.log".to_owned(), trace.into_bytes())));
    files
}

fn read(dir: &TempDir, options: &Options) -> Outcome {
    pipeline::read(discover(&[dir.path().to_owned()]).expect("a folder"), options)
}

/// The lines of a folder's events.
fn written(dir: &TempDir, options: &Options) -> Vec<String> {
    let found = discover(&[dir.path().to_owned()]).expect("a folder");
    let mut lines = Vec::new();
    pipeline::events(&found, options, &mut |source: &str, event: Event| {
        lines.push(serde_json::to_string(&Line::new(source, event)).expect("JSON") + "\n");
        ControlFlow::Continue(())
    });
    lines
}

fn stored(lines: &[String]) -> TempDir {
    folder(&Files::from([("events.jsonl".to_owned(), lines.concat().into_bytes())]))
}

/// Reads the files, and their events, and compares.
fn check(files: &Files, chunk: usize) -> Result<(), TestCaseError> {
    let dir = folder(files);
    let lines = written(&dir, &options(chunk));
    let (sources, events) = (read(&dir, &options(chunk)), read(&stored(&lines), &options(1 << 20)));
    prop_assert_eq!(sources.files, events.files);
    prop_assert_eq!(&sources.skipped, &events.skipped);
    same!(difference(&sources.settle(), &events.settle()), "from events");
    Ok(())
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn events_tell_what_their_sources_tell(world in world(), chunk in 200..3000_usize) {
        check(&files(&world), chunk)?;
    }

    #[test]
    fn events_of_damaged_sources_tell_what_these_tell(world in world(), damage in damaged()) {
        let damaged = files(&world).into_iter().map(|(name, bytes)| (name, damage.apply(&bytes))).collect();
        check(&damaged, 1 << 20)?;
    }

    #[test]
    fn events_of_events_are_the_same_lines(world in world()) {
        let lines = written(&folder(&files(&world)), &options(1000));
        prop_assert_eq!(&written(&stored(&lines), &options(1000)), &lines);
    }

    #[test]
    fn a_damaged_stream_of_events_makes_nothing_panic(world in world(), damage in damaged()) {
        let lines = written(&folder(&files(&world)), &options(1000));
        let bytes = damage.apply(lines.concat().as_bytes());
        read(&folder(&Files::from([("events.jsonl".to_owned(), bytes)])), &options(1 << 20)).settle();
    }
}

#[test]
fn whoever_takes_events_may_stop_the_reading() {
    let log = crate::forge::starts(0, 0) + &crate::forge::completed(1, "x", [100, 0, 10, 0], false).repeat(3);
    let dir =
        folder(&Files::from([("a.log".to_owned(), log.clone().into_bytes()), ("b.log".to_owned(), log.into_bytes())]));
    let found = discover(&[dir.path().to_owned()]).expect("a folder");
    let mut taken = 0;
    pipeline::events(&found, &options(100), &mut |_, _| {
        taken += 1;
        if taken == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(taken, 3);
}
