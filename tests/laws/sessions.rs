//! Session logs: whatever was forked, copied, resumed or torn, every call counts once.

use std::collections::BTreeMap;

use forge_usage::event::{Id, TokenUsage};
use forge_usage::fold::{Facts, Quality, Settled, Taken, settle};
use forge_usage::parse;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::forge::Counts;
use crate::kit::{Cut, Files, cases, difference, facts, limits, options, same, settled, sums};
use crate::threads::home;
use crate::world::{traced_world, world};

/// The calls of every conversation: how many, and their sum.
type Calls = BTreeMap<String, (usize, TokenUsage)>;

fn calls(settled: &Settled) -> Calls {
    let mut calls = Calls::new();
    for row in settled.rows.iter().filter(|row| row.call.is_some()) {
        let id = row.conversation.as_ref().expect("a conversation").to_string();
        let known = calls.entry(id).or_default();
        *known = (known.0 + 1, known.1.plus(&row.usage.expect("a call's tokens")));
    }
    calls
}

fn truth(calls: &BTreeMap<String, Vec<Counts>>) -> Calls {
    let sum = |calls: &Vec<Counts>| {
        calls.iter().fold(TokenUsage::default(), |sum, [input, cached, output, reasoning]| {
            sum.plus(&TokenUsage {
                input_tokens: *input,
                cache_read_input_tokens: *cached,
                output_tokens: *output,
                reasoning_output_tokens: Some(*reasoning),
                ..TokenUsage::default()
            })
        })
    };
    calls.iter().map(|(id, calls)| (id.clone(), (calls.len(), sum(calls)))).collect()
}

/// The files in another order, each cut in its own way.
fn shuffled(files: &Files, keys: &[u32], cut: &Cut) -> Settled {
    let mut order: Vec<(u32, &String)> =
        files.keys().enumerate().map(|(n, name)| (keys[n % keys.len()] ^ n as u32, name)).collect();
    order.sort();
    let merge = |all: Facts, (_, name): (u32, &String)| all.merge(facts(name, &files[name], cut));
    settle(order.into_iter().fold(Facts::default(), merge))
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn rollouts_tell_every_call_once(home in home()) {
        let written = home.write();
        prop_assert_eq!(calls(&settled(&written.files, &options(1 << 20))), truth(&written.truth));
    }

    #[test]
    fn rollouts_in_any_order_and_cut_anywhere_tell_the_same(
        home in home(),
        keys in proptest::collection::vec(any::<u32>(), 8),
        chunk in 300..4000_usize,
    ) {
        let written = home.write();
        let whole = settled(&written.files, &options(1 << 20));
        same!(difference(&whole, &shuffled(&written.files, &keys, &Cut::Parts(limits(chunk)))), "shuffled");
    }

    #[test]
    fn archived_and_torn_copies_add_nothing(
        home in home(),
        copies in proptest::collection::vec((any::<Index>(), 0..=100_usize), 1..6),
        keys in proptest::collection::vec(any::<u32>(), 8),
    ) {
        let written = home.write();
        let mut files = written.files.clone();
        for (n, (which, percent)) in copies.iter().enumerate() {
            let (_, bytes) = written.files.iter().nth(which.index(written.files.len())).expect("a file");
            let kept = bytes.len() * percent / 100;
            // A line that is torn at once may seem to be of another format.
            if parse::detect(&bytes[..kept]).is_some_and(|format| format.name == "codex-rollout") {
                files.insert(format!("archived_sessions/rollout-{n}.jsonl"), bytes[..kept].to_vec());
            }
        }
        prop_assert_eq!(calls(&shuffled(&files, &keys, &Cut::Whole)), truth(&written.truth));
    }

    #[test]
    fn a_missing_file_never_makes_the_others_tell_more(home in home(), which in any::<Index>()) {
        let mut written = home.write();
        let name = written.files.keys().nth(which.index(written.files.len())).expect("a file").clone();
        written.files.remove(&name);
        let told = calls(&settled(&written.files, &options(1 << 20)));
        prop_assert!(is_within(&told, &truth(&written.truth)), "{:?} of {:?}", told, written.truth);
    }

    #[test]
    fn a_torn_end_costs_at_most_itself(home in home(), which in any::<Index>(), at in any::<Index>()) {
        let mut written = home.write();
        // Without times in the turns' ids, a copy is told by the log that it was copied from.
        let first = if home.has_untimed_turns() { written.files.len() - 1 } else { 0 };
        let which = first + which.index(written.files.len() - first);
        let name = written.names[which].clone();
        let bytes = written.files[&name].clone();
        let kept = at.index(bytes.len());
        written.files.insert(name, bytes[..kept].to_vec());
        let told = calls(&settled(&written.files, &options(1 << 20)));
        prop_assert!(is_within(&told, &truth(&written.truth)), "{:?} of {:?}", told, written.truth);
    }

    #[test]
    fn a_ledgers_tails_and_the_session_logs_tell_what_was_used(world in traced_world(), lines in 1..40_usize, has_trace in any::<bool>()) {
        let mut files = world.rollouts();
        files.insert("kiln.md".to_owned(), world.ledger(lines).into_bytes());
        if has_trace {
            files.extend(world.trace().map(|trace| ("codex.log".to_owned(), trace.into_bytes())));
        }
        let settled = settled(&files, &options(1 << 20));
        // A tail that names its conversation is joined with the log, and then nothing is missing.
        let joined = settled.owners.iter().filter(|owner| owner.taken == Some(Taken::Session));
        let (sums, truth) = (sums(&settled), world.truth());
        for owner in joined {
            prop_assert_eq!(owner.quality, Quality::Exact);
            let Some(run) = &owner.run else { continue };
            prop_assert_eq!(sums[&*run.id], truth[&*run.id], "{}", run.id);
        }
        let all = settled.rows.iter().filter_map(|row| row.usage).fold(TokenUsage::default(), |sum, usage| sum.plus(&usage));
        let used = truth.values().filter_map(|sum| sum.usage).fold(TokenUsage::default(), |sum, usage| sum.plus(&usage));
        prop_assert_eq!(all, used);
        prop_assert_eq!(&settled.mismatches, &Vec::<Id>::new());
    }

    #[test]
    fn a_loop_log_beside_the_session_logs_tells_what_was_used(world in world()) {
        let mut files = world.rollouts();
        files.extend(world.streams());
        files.insert("kiln.log".to_owned(), world.loop_log().into_bytes());
        prop_assert_eq!(sums(&settled(&files, &options(1 << 20))), world.truth());
    }
}

/// Whether nothing tells more than was used.
fn is_within(told: &Calls, truth: &Calls) -> bool {
    told.iter()
        .all(|(id, (calls, usage))| truth.get(id).is_some_and(|(most, all)| calls <= most && !usage.exceeds(all)))
}
