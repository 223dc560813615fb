//! Every time in a trace is known: what is told is the truth, a floor, or blank.

use forge_usage::event::{CallTiming, FirstToken, Needs};
use forge_usage::fold::{Settled, settle};
use forge_usage::pipeline::Options;
use proptest::prelude::*;

use crate::clockwork::{Told, Truth, threads, trace};
use crate::damage::damaged;
use crate::forge;
use crate::kit::{Cut, Files, cases, difference, facts, folder, options, same, settled_bytes, settled_in};
use crate::world::world;

fn timing(settled: &Settled, truth: &Truth) -> Option<Box<CallTiming>> {
    let is_its = |conversation: &str, input| conversation == truth.conversation && input == truth.input_tokens;
    let row = settled.rows.iter().find(|row| {
        row.usage.is_some_and(|usage| is_its(row.conversation.as_deref().unwrap_or(""), usage.input_tokens))
    })?;
    row.timing
}

/// Everything a whole trace tells.
fn is_true(settled: &Settled, told: &Told) -> Result<(), TestCaseError> {
    for truth in &told.calls {
        let found = timing(settled, truth).ok_or_else(|| TestCaseError::fail(format!("{truth:?} is missing")))?;
        prop_assert_eq!(found.request, truth.request, "{:?}", truth);
        prop_assert_eq!(found.attempts, truth.attempts, "{:?}", truth);
        prop_assert_eq!(found.first_token, truth.first_token, "{:?}", truth);
        prop_assert_eq!(found.stream, Some(truth.stream), "{:?}", truth);
    }
    prop_assert_eq!(settled.rows.iter().filter(|row| row.call.is_some()).count(), told.calls.len());
    let requests = settled.requests.iter().map(|request| &request.fact);
    let mut requests: Vec<_> = requests.map(|fact| (fact.duration_ms, fact.failed, fact.is_retry)).collect();
    let mut wanted = told.requests.clone();
    requests.sort_unstable();
    wanted.sort_unstable();
    prop_assert_eq!(requests, wanted);
    prop_assert_eq!(settled.failures.len(), told.broken_streams);
    let tools = settled.tools.iter().map(|tool| &tool.fact);
    let id = |id: &Option<forge_usage::event::Id>| id.as_deref().unwrap_or("").to_owned();
    let mut tools: Vec<_> = tools.map(|fact| (id(&fact.call_id), fact.duration_ms, fact.success)).collect();
    let mut wanted = told.tools.clone();
    tools.sort_unstable();
    wanted.sort_unstable();
    prop_assert_eq!(tools, wanted);
    Ok(())
}

/// What a tail tells of a call.
fn is_cautious(found: &CallTiming, truth: &Truth) -> Result<(), TestCaseError> {
    prop_assert!(found.request.is_none() || found.request == truth.request, "{:?} {:?}", found, truth);
    prop_assert!(found.attempts.is_none() || found.attempts == truth.attempts, "{:?} {:?}", found, truth);
    let token: Option<FirstToken> = found.first_token;
    // Where the request's start was cut off, what the turn tells of itself is left.
    let is_told = token == truth.first_token || token == truth.of_turn;
    prop_assert!(token.is_none() || is_told, "{:?} {:?}", found, truth);
    let Some(stream) = found.stream else { return Ok(()) };
    if stream.is_floor {
        prop_assert!(stream.events <= truth.stream.events && stream.duration_ms <= truth.stream.duration_ms);
        prop_assert!(stream.longest_stall_ms <= truth.stream.longest_stall_ms, "{:?} {:?}", found, truth);
    } else {
        prop_assert_eq!(stream, truth.stream);
    }
    Ok(())
}

#[test]
fn events_that_span_a_runs_start_tell_the_same_however_they_are_cut() {
    let event = |second: u64, rest: &str| {
        format!(
            "2026-05-12T07:03:{second:02}.000000Z  INFO codex_otel::traces::otel_manager: event.name=\"codex.sse_event\" \
             event.timestamp=2026-05-12T07:03:{second:02}.000Z event.kind=response.{rest}\n"
        )
    };
    let conversation = "conversation.id=019e1adf-4a80-7b3c-8d11-000000000001 app.version=0.98.0 model=m-1";
    let log = [
        "[2026-05-12T07:03:10Z] run 01a06200-0000-7000-8000-0000000000a1 start (profile=codex1)\n".to_owned(),
        event(9, &format!("created {conversation} duration_ms=5")),
        event(11, &format!("output_text.delta {conversation} duration_ms=5")),
        event(12, &format!("completed {conversation} input_token_count=7 output_token_count=1 tool_token_count=8")),
    ];
    let text = log.concat();
    let whole = settled_bytes(text.as_bytes(), &Cut::Whole);
    assert!(whole.rows.iter().any(|row| row.timing.is_some()));
    for lines in 1..log.len() {
        let cut = settled_bytes(text.as_bytes(), &Cut::At(vec![log[..lines].concat().len() - 1]));
        assert_eq!(difference(&whole, &cut), None, "behind {lines} lines");
    }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn a_whole_trace_tells_every_time(threads in threads(), chunk in 1..5000_usize) {
        let told = trace(&threads);
        let text = told.text();
        let whole = settled_bytes(text.as_bytes(), &Cut::Whole);
        is_true(&whole, &told)?;
        let parts = settled_bytes(text.as_bytes(), &Cut::Parts(crate::kit::limits(chunk)));
        prop_assert_eq!(difference(&whole, &parts), None);
    }

    #[test]
    fn asking_for_times_changes_nothing_else(world in world(), damage in damaged(), chunk in 1..5000_usize) {
        let mut files = world.ledger_file();
        files.insert("kiln.log".to_owned(), damage.apply(world.loop_log().as_bytes()));
        files.extend(world.trace().map(|trace| ("codex.log".to_owned(), damage.apply(trace.as_bytes()))));
        // One folder: its name is that of conversations that nothing else names.
        let folder = folder(&files);
        let plain = settled_in(&folder, &Options { needs: Needs::USAGE, ..options(chunk) });
        let mut all = settled_in(&folder, &options(chunk));
        // Who has times alone comes behind all others.
        all.owners.truncate(plain.owners.len());
        for rows in [&mut all.rows, &mut all.outweighed] {
            rows.change(|_| true, |_, rows| rows.iter_mut().for_each(|row| row.timing = None));
        }
        (all.requests, all.failures, all.tools) = Default::default();
        all.quotas.clear();
        same!(difference(&plain, &all), "with times");
    }

    #[test]
    fn a_tail_tells_the_truth_or_a_floor_or_nothing(threads in threads(), records in 1..200_usize) {
        let told = trace(&threads);
        let settled = settled_bytes(told.tail(records).as_bytes(), &Cut::Whole);
        for truth in &told.calls {
            if let Some(found) = timing(&settled, truth) {
                is_cautious(&found, truth)?;
            }
        }
    }

    #[test]
    fn a_trace_beside_its_ledger_and_its_tail_counts_once(threads in threads(), records in 1..200_usize) {
        let told = trace(&threads);
        let ledger = |output: &str| {
            forge::front("kiln") + &forge::entry("kiln", 0, Some("codex"), 0, 7000, output)
        };
        let files = Files::from([
            ("a.md".to_owned(), ledger(&told.tail(records)).into_bytes()),
            ("b.log".to_owned(), told.text().into_bytes()),
            ("c.md".to_owned(), ledger(&told.text()).into_bytes()),
        ]);
        let read = |names: [&str; 3]| {
            let all = names.iter().map(|name| facts(name, &files[*name], &Cut::Whole));
            settle(all.reduce(|a, b| a.merge(b)).unwrap_or_default())
        };
        let settled = read(["a.md", "b.log", "c.md"]);
        is_true(&settled, &told)?;
        prop_assert!(settled.tools.iter().all(|tool| settled.owners[tool.owner].run.is_some()));
        for names in [["c.md", "a.md", "b.log"], ["b.log", "c.md", "a.md"]] {
            prop_assert_eq!(difference(&settled, &read(names)), None);
        }
    }
}
