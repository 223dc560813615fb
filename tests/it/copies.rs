//! What `explain` says of records that are copies of another conversation's.

use serde_json::Value;

use crate::support::{Workdir, fixtures};

const FORK: &str = "019e1b05-6940-7a1b-9c2d-000000000002";

fn of_fork(case: &str) -> Value {
    explained("codex-rollout", case, FORK)
}

fn explained(harness: &str, case: &str, conversation: &str) -> Value {
    let input = fixtures().join(harness).join(case).join("input").display().to_string();
    Workdir::new().explain(&[conversation, &input])
}

/// The sizes and verdicts of the calls.
fn calls(explanation: &Value) -> Vec<(u64, &str)> {
    let witnesses = explanation["witnesses"].as_array().expect("a list").iter();
    let calls = witnesses.filter(|witness| witness["kind"] == "call");
    let told = |call: &'_ Value| call["total_tokens"].as_u64();
    calls.map(|call| (told(call).expect("a size"), call["verdict"].as_str().expect("text"))).collect()
}

fn reasons(explanation: &Value) -> Vec<&str> {
    let reasons = explanation["owners"][0]["reasons"].as_array().expect("a list").iter();
    reasons.map(|reason| reason["code"].as_str().expect("a word")).collect()
}

#[test]
fn what_a_fork_without_turn_ids_copied_is_called_a_copy() {
    let explanation = of_fork("fork-of-a-fork-without-turn-ids");
    let copied = "copied from another conversation";
    assert_eq!(calls(&explanation), [(1050, copied), (1360, copied), (1570, "counted")]);
    assert_eq!(reasons(&explanation), ["session-log"]);
}

#[test]
fn what_only_a_missing_log_could_tell_from_copies_is_called_undecided() {
    let explanation = of_fork("fork-whose-parent-is-missing-without-turn-ids");
    let verdicts: Vec<&str> = calls(&explanation).into_iter().map(|(_, verdict)| verdict).collect();
    assert!(!verdicts.is_empty());
    assert!(verdicts.iter().all(|verdict| *verdict == "not counted: may be copied from another conversation"));
    // A log whose calls can't be told from copies is no log that holds every call.
    assert_eq!(reasons(&explanation), ["possible-copies"]);
}

#[test]
fn where_a_log_names_nobody_no_other_log_is_asked_for() {
    let told = |case| {
        let reason = of_fork(case)["owners"][0]["reasons"][0].clone();
        (reason["code"].clone(), reason["remedy"].is_null())
    };
    assert_eq!(told("a-reviewer-whose-first-turn-restores-a-counter"), ("unnamed-origin".into(), true));
    // It would tell what a branch copied.
    assert_eq!(told("branch-whose-original-is-missing"), ("possible-copies".into(), false));
}

#[test]
fn what_a_fork_copied_under_new_ids_is_called_a_copy_and_counts_where_it_was_made() {
    let told = |session| explained("opencode", "a-fork-that-is-asked-before-its-origin-goes-on", session);
    let copied = "copied from another conversation";
    assert_eq!(calls(&told("ses_b")), [(1010, copied), (101, copied), (55, "counted")]);
    assert_eq!(calls(&told("ses_a")), [(1010, "counted"), (101, "counted"), (2020, "counted")]);
}
