//! What a counter grew by within each run.

use std::collections::BTreeSet;

use super::{LoggedUpTo, shares};
use crate::event::{Time, TokenUsage};
use crate::fold::accounts::bounds::Bounds;
use crate::fold::{Place, Reading};

fn reading(second: i64, input: u64, run: Option<&str>) -> Reading {
    let total = TokenUsage { input_tokens: input, ..TokenUsage::default() };
    let time = Time::from_millis(second * 1000);
    let place = Place { source: "s".into(), offset: 0 };
    let run = run.map(Into::into);
    Reading { stamp: time, time, place, total, last: None, run, model: None, is_doubtful: false }
}

/// The output and the reasoning of a run, of readings that tell them at each second.
fn thinking(readings: &[(u64, Option<u64>, &str)], run: &str) -> (u64, Option<u64>) {
    thinking_behind(None, readings, run)
}

/// The same behind a session log in which the counter read so much last.
fn thinking_behind(
    logged: Option<(u64, Option<u64>)>,
    readings: &[(u64, Option<u64>, &str)],
    run: &str,
) -> (u64, Option<u64>) {
    let logged = logged.map(|(output_tokens, reasoning_output_tokens)| {
        let total = TokenUsage { output_tokens, reasoning_output_tokens, ..TokenUsage::default() };
        LoggedUpTo { total, time: Time::from_millis(0), runs: BTreeSet::new(), open: None }
    });
    let at = |(second, (output_tokens, reasoning_output_tokens, run)): (i64, &(u64, Option<u64>, &str))| {
        let total = TokenUsage {
            output_tokens: *output_tokens,
            reasoning_output_tokens: *reasoning_output_tokens,
            ..TokenUsage::default()
        };
        Reading { total, ..reading(second, 0, Some(run)) }
    };
    let readings = (1..).zip(readings).map(at).collect();
    let shares = shares(readings, &[], |run| Bounds { starts_in: &**run == "a", ..Bounds::default() }, logged.as_ref());
    let usage: TokenUsage = shares[&Some(run.into())].by_model.values().map(|(usage, _)| usage).sum();
    (usage.output_tokens, usage.reasoning_output_tokens)
}

#[test]
fn reasoning_that_grew_while_runs_did_not_tell_it_is_unknown() {
    let readings = [(10, Some(4), "a"), (30, None, "b"), (40, Some(19), "c"), (50, Some(20), "c")];
    assert_eq!(thinking(&readings, "a"), (10, Some(4)));
    assert_eq!(thinking(&readings, "b"), (20, None));
    // The 15 may be of either: what the second reading tells is its own.
    assert_eq!(thinking(&readings[..3], "c"), (10, None));
    assert_eq!(thinking(&readings, "c"), (20, Some(1)));
    assert_eq!(thinking(&[(30, None, "a"), (40, Some(19), "b")], "b"), (10, None));
}

#[test]
fn reasoning_that_one_run_tells_in_the_end_is_its_own() {
    assert_eq!(thinking(&[(30, None, "a"), (40, Some(19), "a")], "a"), (40, Some(19)));
    // Some versions write zero where they don't tell it.
    assert_eq!(thinking(&[(10, Some(4), "a"), (30, Some(0), "b")], "b"), (20, None));
}

#[test]
fn reasoning_goes_on_from_what_a_session_log_tells() {
    assert_eq!(thinking_behind(Some((0, None)), &[(2, Some(1), "a")], "a"), (2, Some(1)));
    assert_eq!(thinking_behind(Some((10, Some(4))), &[(30, Some(19), "b")], "b"), (20, Some(15)));
    assert_eq!(thinking_behind(Some((10, None)), &[(30, Some(19), "b")], "b"), (20, None));
}

fn input(readings: Vec<Reading>, run: Option<&str>, starts: bool) -> (u64, bool) {
    let shares = shares(readings, &[], |_| Bounds { starts_in: starts, begins_in: starts, ..Bounds::default() }, None);
    let share = &shares[&run.map(Into::into)];
    (share.by_model.values().map(|(usage, _)| usage.input_tokens).sum(), share.is_floor)
}

#[test]
fn a_resumed_run_gets_the_growth_over_the_run_before() {
    let readings = vec![reading(1, 100, Some("a")), reading(2, 180, Some("b")), reading(3, 200, Some("b"))];
    assert_eq!(input(readings.clone(), Some("a"), true), (100, false));
    assert_eq!(input(readings, Some("b"), false), (100, false));
}

#[test]
fn without_the_run_before_only_visible_growth_is_a_runs_own() {
    assert_eq!(input(vec![reading(1, 180, Some("b")), reading(2, 200, Some("b"))], Some("b"), false), (20, true));
}

#[test]
fn what_a_counter_had_before_it_was_set_to_zero_is_lost() {
    assert_eq!(input(vec![reading(1, 0, Some("b")), reading(2, 20, Some("b"))], Some("b"), true), (20, true));
    assert_eq!(input(vec![reading(1, 0, None), reading(2, 20, None)], None, true), (20, false));
}

#[test]
fn a_falling_counter_began_anew() {
    assert_eq!(input(vec![reading(1, 100, None), reading(2, 30, None)], None, true), (130, false));
}

fn called(second: i64, input: u64, last: u64, run: Option<&str>) -> Reading {
    Reading { last: Some(TokenUsage { input_tokens: last, ..TokenUsage::default() }), ..reading(second, input, run) }
}

#[test]
fn each_of_several_processes_counts_from_the_reading_that_it_went_on_from() {
    let readings =
        [(1, 100, 100), (2, 250, 150), (3, 450, 200), (4, 260, 10), (5, 500, 50), (6, 500, 50), (7, 450, 200)];
    let readings = |run| readings.iter().map(|(second, total, last)| called(*second, *total, *last, run)).collect();
    assert_eq!(input(readings(None), None, true), (510, false));
    assert_eq!(input(readings(Some("a")), Some("a"), true), (510, false));
}

#[test]
fn a_counter_that_was_lowered_counts_its_latest_call_unless_a_run_may_have_begun_it_anew() {
    let readings = |run| vec![called(1, 100, 100, run), called(2, 60, 10, run)];
    assert_eq!(input(readings(None), None, true), (110, true));
    assert_eq!(input(readings(Some("a")), Some("a"), true), (160, false));
}

#[test]
fn readings_without_a_time_are_ordered_by_their_place() {
    let at = |input, source: &str| {
        let place = Place { source: source.into(), offset: 0 };
        Reading { stamp: None, time: None, place, ..reading(0, input, None) }
    };
    let readings = vec![at(80, "c-10"), at(160, "c-11"), at(100, "c-1"), at(250, "c-2"), at(250, "copy/c-2")];
    assert_eq!(input(readings, None, true), (410, false));
}

#[test]
fn a_reading_without_a_time_comes_after_those_that_it_does_not_fall_below() {
    let untimed = |input| Reading { stamp: None, time: None, ..reading(0, input, None) };
    let readings = vec![untimed(110), reading(1, 45, None), reading(2, 200, None)];
    assert_eq!(input(readings, None, true), (200, false));
    assert_eq!(input(vec![untimed(110), reading(1, 45, None)], None, true), (110, false));
}

#[test]
fn order_and_repetition_of_readings_do_not_matter() {
    let readings = vec![reading(2, 30, None), reading(1, 10, None), reading(2, 30, None), reading(3, 30, None)];
    assert_eq!(input(readings, None, true), (30, false));
}
