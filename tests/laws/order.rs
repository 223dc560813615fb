//! However many threads and files there are, in whatever order, however often: the same numbers.

use forge_usage::fold::{Facts, settle};
use forge_usage::pipeline;
use forge_usage::source::{Discovered, Input, discover};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::forge;
use crate::kit::{Cut, Files, cases, difference, facts, folder, options, same, settled, sums, without_defects};
use crate::world::{World, traced_world, world};

/// Everything that tells of a world, once in each way.
fn files(world: &World) -> Files {
    let mut files = world.streams();
    files.insert("kiln.md".to_owned(), world.ledger(usize::MAX).into_bytes());
    files.insert("kiln.log".to_owned(), world.loop_log().into_bytes());
    files.extend(world.trace().map(|trace| ("codex.log".to_owned(), trace.into_bytes())));
    files
}

/// The same files again under other names.
fn twice(files: &Files) -> Files {
    let copies = files.iter().map(|(name, bytes)| (format!("copies/{name}"), bytes.clone()));
    files.clone().into_iter().chain(copies).collect()
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn any_number_of_threads_gives_the_same(world in world(), chunk in 200..3000_usize) {
        let dir = folder(&twice(&files(&world)));
        let read = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let found = discover(&[dir.path().to_owned()]).expect("a folder");
            pool.install(|| pipeline::read(found, &options(chunk)).settle())
        };
        let one = read(1);
        for threads in 2..=4 {
            same!(difference(&one, &read(threads)), "{threads} threads");
        }
    }

    #[test]
    fn any_order_of_files_gives_the_same(world in world(), keys in proptest::collection::vec(any::<u32>(), 16)) {
        let dir = folder(&twice(&files(&world)));
        let found = discover(&[dir.path().to_owned()]).expect("a folder");
        let mut shuffled: Vec<(u32, Input)> =
            found.inputs.iter().cloned().enumerate().map(|(index, input)| (keys[index % 16] ^ index as u32, input)).collect();
        shuffled.sort();
        let shuffled = Discovered { inputs: shuffled.into_iter().map(|(_, input)| input).collect(), ..Discovered::default() };
        let read = |found| pipeline::read(found, &options(1 << 20)).settle();
        same!(difference(&read(found), &read(shuffled)), "shuffled");
    }

    #[test]
    fn a_copy_of_any_file_counts_once(world in world(), which in any::<Index>()) {
        let files = files(&world);
        let once = settled(&files, &options(1 << 20));
        let (name, bytes) = files.iter().nth(which.index(files.len())).expect("a file");
        let mut more = files.clone();
        more.insert(format!("copies/{name}"), bytes.clone());
        same!(without_defects(&once, &settled(&more, &options(1 << 20))), "{name} and its copy");
        same!(without_defects(&once, &settled(&twice(&files), &options(1 << 20))), "everything and its copy");
    }

    #[test]
    fn a_ledger_and_its_copy_are_one(world in world()) {
        let once = world.ledger_file();
        same!(difference(&settled(&once, &options(1 << 20)), &settled(&twice(&once), &options(1 << 20))), "copies");
    }

    #[test]
    fn a_ledger_cut_in_two_files_tells_what_the_whole_tells(world in world(), at in any::<Index>()) {
        let ledger = world.ledger(usize::MAX);
        let runs = world.runs();
        let at = forge::clock(runs[at.index(runs.len())].end);
        let (before, after) = ledger.split_at(ledger.find(&format!("## {at}Z")).expect("an entry"));
        let parts = Files::from([
            ("old.md".to_owned(), before.as_bytes().to_vec()),
            ("new.md".to_owned(), (forge::front("kiln") + after).into_bytes()),
        ]);
        same!(difference(&settled(&world.ledger_file(), &options(1 << 20)), &settled(&parts, &options(1 << 20))), "two files");
    }

    #[test]
    fn a_trace_beside_its_ledger_adds_nothing(world in traced_world()) {
        let ledger = world.ledger_file();
        let mut both = ledger.clone();
        both.insert("codex.log".to_owned(), world.trace().expect("a trace").into_bytes());
        let (alone, both) = (settled(&ledger, &options(1 << 20)), settled(&both, &options(1 << 20)));
        prop_assert_eq!(sums(&alone), sums(&both));
    }

    #[test]
    fn a_capture_of_an_output_beside_its_ledger_adds_nothing(world in traced_world(), which in any::<Index>()) {
        let ledger = world.ledger_file();
        let mut both = ledger.clone();
        let runs = world.runs();
        both.insert("tee.txt".to_owned(), runs[which.index(runs.len())].output.clone().into_bytes());
        let (alone, both) = (settled(&ledger, &options(1 << 20)), settled(&both, &options(1 << 20)));
        prop_assert_eq!(sums(&alone), sums(&both));
    }

    #[test]
    fn a_loop_log_beside_its_ledger_adds_nothing(world in world(), lines in 1..30_usize) {
        let log = Files::from([("kiln.log".to_owned(), world.loop_log().into_bytes())]);
        let mut both = log.clone();
        both.insert("kiln.md".to_owned(), world.ledger(lines).into_bytes());
        let (alone, both) = (settled(&log, &options(1 << 20)), settled(&both, &options(1 << 20)));
        prop_assert_eq!(sums(&alone), sums(&both), "ledger with {} lines of each output", lines);
    }
}

/// The facts of every file of two worlds that share their runs' ids: they contradict each other.
fn all_facts(worlds: &[World], lines: usize) -> Vec<Facts> {
    let mut all = Vec::new();
    for world in worlds {
        let sources = [Some(world.ledger(lines)), Some(world.loop_log()), world.trace()];
        all.extend(sources.into_iter().flatten().map(|text| facts("source", text.as_bytes(), &Cut::Whole)));
        all.extend(world.streams().values().map(|bytes| facts("source", bytes, &Cut::Whole)));
    }
    all
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn merging_is_associative_and_commutative(a in world(), b in world(), lines in 1..20_usize, keys in proptest::collection::vec(any::<Index>(), 3)) {
        let all = all_facts(&[a, b], lines);
        let [x, y, z] = [0, 1, 2].map(|place| all[keys[place].index(all.len())].clone());
        let left = settle(x.clone().merge(y.clone()).merge(z.clone()));
        let right = settle(x.clone().merge(y.clone().merge(z.clone())));
        same!(difference(&left, &right), "(x y) z against x (y z)");
        let backwards = settle(z.merge(y).merge(x));
        same!(difference(&left, &backwards), "x y z against z y x");
    }

    #[test]
    fn nothing_merged_changes_nothing(world in world()) {
        for facts in all_facts(&[world], usize::MAX) {
            let alone = settle(facts.clone());
            same!(difference(&alone, &settle(facts.clone().merge(Facts::default()))), "with nothing");
            same!(difference(&alone, &settle(Facts::default().merge(facts))), "nothing with it");
        }
    }
}

#[test]
fn two_ledgers_and_a_loop_log_merge_in_any_grouping() {
    // The older copy was cut before the entry's times; forge's log line came a second later.
    let entry = forge::entry("kiln", 0, Some("codex"), 0, 120, "");
    let ledger = forge::front("kiln") + &entry;
    let cut = &ledger[..ledger.find("- started_at").expect("a start")];
    let log = forge::marker(0, "loop started") + &forge::starts(1, 0);
    let [a, b, c] = [cut, &log, &ledger].map(|text| facts("source", text.as_bytes(), &Cut::Whole));
    let left = settle(a.clone().merge(b.clone()).merge(c.clone()));
    let right = settle(a.merge(b.merge(c)));
    assert_eq!(difference(&left, &right), None);
}

#[test]
fn an_older_result_in_a_cut_tail_is_the_one_in_the_loop_log() {
    let session = forge::session(0);
    let result =
        forge::result(&session, "00000000-0000-4aaa-8bbb-000000000000", [10, 20, 30, 40], [10, 20, 30, 40], 5, false);
    let output = forge::init(&session) + &result;
    let log = forge::marker(0, "loop started") + &forge::starts(0, 0) + &output + &forge::marker(120, "pause for 30s");
    let ledger = forge::front("kiln") + &forge::entry("kiln", 0, Some("claude"), 0, 120, &result);
    let files = [("kiln.log".to_owned(), log.into_bytes()), ("kiln.md".to_owned(), ledger.into_bytes())];
    let both = sums(&settled(&Files::from(files), &options(1 << 20)));
    assert_eq!(both[&forge::run_id(0)].usage.map(|usage| usage.total_tokens()), Some(100));
}

#[test]
fn a_reading_that_nothing_names_in_a_tail_is_the_one_in_the_loop_log() {
    let id = forge::conversation(1, 0);
    let reading = forge::counter(10, [100, 0, 10, 0], [100, 0, 10, 0]);
    let output = forge::completed(10, &id, [100, 0, 10, 0], false) + &reading;
    let log = forge::marker(0, "loop started") + &forge::starts(0, 0) + &output + &forge::marker(120, "pause for 30s");
    let ledger = forge::front("kiln") + &forge::entry("kiln", 0, Some("codex"), 0, 120, &reading);
    let files = [("kiln.log".to_owned(), log.into_bytes()), ("kiln.md".to_owned(), ledger.into_bytes())];
    let both = sums(&settled(&Files::from(files), &options(1 << 20)));
    assert_eq!(both[&forge::run_id(0)].usage.map(|usage| usage.total_tokens()), Some(110));
}

#[test]
fn a_clock_that_is_set_back_counts_nothing_twice() {
    // The tail shows only the reading after the clock was set back.
    let own = forge::conversation(1, 0);
    let tail = forge::completed(10, &own, [50, 0, 5, 0], false) + &forge::counter(10, [150, 0, 15, 0], [50, 0, 5, 0]);
    let output = forge::begins(2, &own)
        + &forge::completed(60, &own, [100, 0, 10, 0], false)
        + &forge::counter(60, [100, 0, 10, 0], [100, 0, 10, 0])
        + &tail;
    let log = forge::marker(0, "loop started") + &forge::starts(0, 0) + &output + &forge::marker(120, "pause for 30s");
    let ledger = forge::front("kiln") + &forge::entry("kiln", 0, Some("codex"), 0, 120, &tail);
    let files = [("kiln.log".to_owned(), log.into_bytes()), ("kiln.md".to_owned(), ledger.into_bytes())];
    let both = sums(&settled(&Files::from(files), &options(1 << 20)));
    assert_eq!(both[&forge::run_id(0)].usage.map(|usage| usage.total_tokens()), Some(165));
}
