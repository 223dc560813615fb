//! What the library says is what was used: never more than it, never less where all of it is told.

use std::collections::{BTreeMap, BTreeSet};

use forge_usage::event::{MAX_COUNT, TokenUsage};
use forge_usage::fold::{Quality, Settled};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::forge;
use crate::kit::{Cut, Files, Sum, cases, options, settled, settled_bytes, sums};
use crate::world::{Work, World, world};

/// The sums of the runs alone: what a counter grew by over two of them may be either's, and is neither's.
fn sums_of_runs(settled: &Settled) -> impl Iterator<Item = (String, Sum)> {
    let runs: BTreeSet<&str> = settled.owners.iter().filter_map(|owner| Some(&*owner.run.as_ref()?.id)).collect();
    let all = sums(settled).into_iter();
    all.filter(move |(id, _)| runs.contains(id.as_str()))
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn a_ledger_tells_what_was_used(world in world()) {
        let settled = settled_bytes(world.ledger(usize::MAX).as_bytes(), &Cut::Whole);
        prop_assert_eq!(sums(&settled), world.truth());
    }

    #[test]
    fn a_loop_log_tells_what_was_used(world in world()) {
        let settled = settled_bytes(world.loop_log().as_bytes(), &Cut::Whole);
        prop_assert_eq!(sums(&settled), world.truth());
    }

    #[test]
    fn a_trace_tells_what_was_used(world in world()) {
        let Some(trace) = world.trace() else { return Ok(()) };
        let runs = world.runs().into_iter().zip(&world.works);
        let traced = runs.filter(|(_, work)| matches!(work, Work::Codex { .. })).filter_map(|(run, _)| run.truth.usage);
        let truth = traced.fold(TokenUsage::default(), |sum, usage| sum.plus(&usage));
        let settled = settled_bytes(trace.as_bytes(), &Cut::Whole);
        let all = settled.rows.iter().filter_map(|row| row.usage).fold(TokenUsage::default(), |sum, usage| sum.plus(&usage));
        prop_assert_eq!(all, truth);
    }

    #[test]
    fn claude_streams_tell_what_was_used(world in world()) {
        let settled = settled(&world.streams(), &options(1 << 20));
        let truth: Vec<Sum> = world.runs().iter().filter(|run| run.harness == "claude").map(|run| run.truth).collect();
        prop_assert_eq!(sums(&settled).into_values().collect::<Vec<Sum>>(), truth);
    }

    #[test]
    fn what_all_files_tell_together_is_what_was_used(world in world()) {
        let mut files = world.streams();
        files.extend(world.ledger_file());
        files.insert("kiln.log".to_owned(), world.loop_log().into_bytes());
        files.extend(world.trace().map(|trace| ("codex.log".to_owned(), trace.into_bytes())));
        prop_assert_eq!(sums(&settled(&files, &options(1 << 20))), world.truth());
    }

    #[test]
    fn a_tail_never_tells_more_than_was_used(world in world(), lines in 1..40_usize) {
        let settled = settled_bytes(world.ledger(lines).as_bytes(), &Cut::Whole);
        let truth = world.truth();
        // Where nothing names the conversation, its footer counts the runs before too.
        for (run, sum) in sums_of_runs(&settled).filter(|(run, _)| !world.resumes(run)) {
            prop_assert!(is_within(&sum, &truth[&run]), "{} lines: {run}: {sum:?} of {:?}", lines, truth[&run]);
        }
    }

    #[test]
    fn a_ledger_cut_anywhere_never_tells_more(world in world(), cuts in proptest::collection::vec(any::<Index>(), 8)) {
        let ledger = world.ledger(usize::MAX);
        never_more(&world, &ledger, &cuts)?;
        never_more(&world, &world.loop_log(), &cuts)?;
    }
}

/// Whether no figure is larger than the whole's. Where the whole has no split, none is compared.
fn is_within(part: &Sum, whole: &Sum) -> bool {
    let split = part.usage.zip(whole.usage).is_none_or(|(part, whole)| !part.exceeds(&whole));
    split && part.blended.unwrap_or(0) <= whole.blended.unwrap_or(0)
}

fn never_more(world: &World, text: &str, cuts: &[Index]) -> Result<(), TestCaseError> {
    let truth = world.truth();
    for cut in cuts {
        let end = cut.index(text.len());
        for (run, sum) in sums(&settled_bytes(&text.as_bytes()[..end], &Cut::Whole)) {
            let whole = truth.get(&run).copied().unwrap_or_default();
            prop_assert!(is_within(&sum, &whole), "cut at {end}: {run}: {sum:?} of {whole:?}");
        }
    }
    Ok(())
}

#[test]
fn a_ledger_cut_at_every_byte_never_tells_more() {
    let calls = vec![[15_000, 12_000, 400, 100], [16_000, 15_000, 700, 0]];
    let codex = |resumes, footer| Work::Codex {
        resumes,
        calls: calls.clone(),
        counter: true,
        footer,
        twin: false,
        chatter: 1,
        prints: crate::world::Prints::Markup,
    };
    let claude = Work::Claude {
        messages: vec![[3, 100, 50, 40], [5, 120, 10, 90]],
        blocks: 2,
        results: true,
        models: true,
        twice: true,
        text: "fired".to_owned(),
    };
    let world = World {
        works: vec![codex(false, true), claude, Work::Plain { blended: 5267, named: true }, codex(true, true)],
    };
    let (ledger, truth) = (world.ledger(usize::MAX), world.truth());
    for end in 0..ledger.len() {
        for (run, sum) in sums(&settled_bytes(&ledger.as_bytes()[..end], &Cut::Whole)) {
            assert!(is_within(&sum, &truth[&run]), "cut at {end}: {run}: {sum:?} of {:?}", truth[&run]);
        }
    }
}

#[test]
fn sums_beyond_64_bits_stop_and_do_not_wrap() {
    let conversation = forge::conversation(1, 0);
    let huge: String = (0..4)
        .map(|n| forge::completed(10 + n, &conversation, [u64::from(n) + (i64::MAX as u64) / 2, 0, 0, 0], false))
        .collect();
    let ledger = forge::front("kiln") + &forge::entry("kiln", 0, Some("codex"), 0, 120, &huge);
    let settled = settled_bytes(ledger.as_bytes(), &Cut::Whole);
    let sum = sums(&settled)[&forge::run_id(0)];
    assert_eq!(sum.usage.map(|usage| usage.total_tokens()), Some(MAX_COUNT));
}

#[test]
fn counts_that_are_none_cost_only_their_record() {
    let conversation = forge::conversation(1, 0);
    let good = forge::completed(20, &conversation, [100, 0, 10, 0], false);
    for bad in ["-5", "9223372036854775808", "99999999999999999999999", "1e3", "1.5", "0x10", ""] {
        let torn = forge::completed(10, &conversation, [777, 0, 1, 0], false)
            .replace("input_token_count=777", &format!("input_token_count={bad}"));
        let ledger = forge::front("kiln") + &forge::entry("kiln", 0, Some("codex"), 0, 120, &(torn + &good));
        let settled = settled_bytes(ledger.as_bytes(), &Cut::Whole);
        let sum = sums(&settled)[&forge::run_id(0)];
        assert_eq!(sum.usage.map(|usage| usage.total_tokens()), Some(110), "{bad}");
        assert_eq!(settled.defects.values().map(|(count, _)| count).sum::<u64>(), 1, "{bad}: {:?}", settled.defects);
    }
}

/// Three runs of one conversation, the second of which was killed after its call.
fn killed_between(tell: impl Fn(u32, [u64; 4], [u64; 4]) -> String) -> BTreeMap<String, Sum> {
    let id = forge::conversation(1, 0);
    let call = [100, 0, 10, 0];
    let output = |n: u32| {
        let second = n * forge::PACE + 10;
        let begins = if n == 0 { forge::begins(1, &id) } else { String::new() };
        let told = if n == 1 { String::new() } else { tell(second, call.map(|count| count * u64::from(n + 1)), call) };
        begins + &forge::completed(second, &id, call, false) + &told
    };
    let entry =
        |n: u32| forge::entry("kiln", n as usize, Some("codex"), n * forge::PACE, n * forge::PACE + 120, &output(n));
    let ledger = forge::front("kiln") + &(0..3).map(entry).collect::<String>();
    sums(&settled_bytes(ledger.as_bytes(), &Cut::Whole))
}

#[test]
fn a_counter_after_a_run_that_was_killed_counts_that_runs_calls_once() {
    let told = killed_between(forge::counter);
    assert_eq!(told.values().map(|sum| sum.blended.unwrap_or(0)).collect::<Vec<_>>(), [110, 110, 110]);
}

#[test]
fn a_reading_at_the_head_of_a_tail_that_names_its_conversation_later_counts_once() {
    let id = forge::conversation(1, 0);
    let call = [100, 0, 10, 0];
    let tail = forge::counter(10, call, call)
        + &forge::completed(20, &id, call, false)
        + &forge::counter(20, call.map(|count| 2 * count), call);
    let ledger = forge::front("kiln") + &forge::entry("kiln", 0, Some("codex"), 0, 120, &tail);
    let told = sums(&settled_bytes(ledger.as_bytes(), &Cut::Whole));
    assert_eq!(told[&forge::run_id(0)].usage.map(|usage| usage.total_tokens()), Some(220));
}

#[test]
fn an_entry_without_usage_is_unknown_and_blank() {
    let ledger = forge::front("kiln") + &forge::entry("kiln", 0, Some("droid"), 0, 120, "fired at 1200 degrees");
    let settled = settled(&Files::from([("kiln.md".to_owned(), ledger.into_bytes())]), &options(1 << 20));
    assert_eq!(settled.owners[0].quality, Quality::Unknown);
    assert_eq!(sums(&settled)[&forge::run_id(0)], Sum::default());
}
