//! `doctor`: what was found, and what of it was not understood.

use serde_json::{Value, json};

use crate::support::{Workdir, fixtures, json_of, sample};

/// A record of a Codex trace.
fn record(event: &str, more: &str) -> String {
    format!(
        "2026-05-12T07:03:16.926349Z  INFO codex_otel::traces::otel_manager: event.name=\"{event}\" \
         event.timestamp=2026-05-12T07:03:16.926Z app.version=0.99.0 {more}\n"
    )
}

fn examined(dir: &Workdir, args: &[&str]) -> Value {
    let outcome = dir.run(&[&["doctor", "--json"], args].concat());
    json_of(&outcome, args)
}

#[test]
fn files_are_counted_by_their_format() {
    let dir = Workdir::new();
    let found = examined(&dir, &[&sample()]);
    assert_eq!(found["formats"][0]["format"], "forge-ledger");
    assert_eq!(found["formats"][0]["files"], 6);
    assert_eq!(found["formats"][0]["bytes"], found["sources"]["bytes"]);
    assert_eq!(found["unknown"], json!([]));
}

#[test]
fn what_nobody_reads_is_told_by_name_and_version() {
    let dir = Workdir::new();
    dir.write("codex.log", [record("codex.dream", "a=1"), record("codex.dream", "dream_token_count=3")].concat());
    dir.write("notes.txt", "nothing of interest\n");
    let found = examined(&dir, &["."]);
    let unknown = json!([
        {"harness": "codex", "version": "0.99.0", "what": "event", "name": "codex.dream", "count": 2},
        {"harness": "codex", "version": "0.99.0", "what": "field", "name": "dream_token_count", "count": 1},
    ]);
    assert_eq!(found["unknown"], unknown);
    assert_eq!(found["versions"], json!([{"harness": "codex", "version": "0.99.0", "records": 2}]));
    assert_eq!(found["sources"]["skipped"][0]["reason"], "no known format");
}

#[test]
fn the_screen_tells_the_same() {
    let dir = Workdir::new();
    dir.write("codex.log", record("codex.dream", ""));
    dir.write("notes.txt", "nothing of interest\n");
    let outcome = dir.run(&["doctor", "."]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    for line in ["Looked in .", "Found", "Not understood", "Passed over", "./notes.txt: no known format"] {
        assert!(outcome.stdout.lines().any(|told| told == line), "{line}: {}", outcome.stdout);
    }
    assert!(outcome.stdout.contains("codex.dream"), "{}", outcome.stdout);
}

#[test]
fn standard_input_is_looked_at_too() {
    let dir = Workdir::new();
    let outcome = dir.run_with(&["doctor", "-", "--json"], record("codex.dream", "").as_bytes());
    assert_eq!(json_of(&outcome, &["-"])["unknown"][0]["name"], "codex.dream");
}

/// As a shell's `<(COMMAND)` is one.
#[cfg(unix)]
#[test]
fn a_pipe_with_a_path_is_looked_at_too_and_keeps_its_name() {
    let dir = Workdir::new();
    let pipe = "/dev/stdin";
    let outcome = dir.run_with(&["doctor", "--json", pipe], record("codex.dream", "").as_bytes());
    assert_eq!(json_of(&outcome, &[pipe])["unknown"][0]["name"], "codex.dream");
    let outcome = dir.run_with(&["doctor", "--json", "--allow-empty", pipe], b"nothing of interest\n");
    assert_eq!(json_of(&outcome, &[pipe])["sources"]["skipped"][0]["path"], pipe);
}

#[test]
fn no_text_of_an_agent_is_told_as_a_name() {
    let dir = Workdir::new();
    let secrets = ["OPEN SESAME my dear", "keep.out@example.test", "a\u{7}b", &"x".repeat(200)];
    let lines = secrets.map(|secret| record(secret, "")).concat();
    dir.write("codex.log", lines);
    let found = examined(&dir, &["codex.log"]);
    assert_eq!(found["unknown"], json!([]));
    assert_eq!(found["unknown_left_out"], 4);
}

#[test]
fn many_names_need_no_memory() {
    let dir = Workdir::new();
    dir.write("codex.log", (0..3000).map(|n| record(&format!("codex.dream{n}"), "")).collect::<String>());
    let found = examined(&dir, &["codex.log"]);
    assert_eq!(found["unknown"].as_array().expect("a list").len(), 1000);
    assert_eq!(found["unknown_left_out"], 2000);
}

#[test]
fn fixtures_hold_nothing_that_is_not_understood() {
    let dir = Workdir::new();
    let found = examined(&dir, &[&fixtures().display().to_string()]);
    assert_eq!(found["unknown"], json!([]));
}
