//! `--sessions`: which logs are found, and that nothing else of a home is read.

use serde_json::Value;

use crate::support::{Workdir, json_of, warning_codes};
use crate::writers::{Entry, front};

/// A session of one call with this many output tokens.
fn claude(session: &str, output: u32) -> String {
    format!(
        r#"{{"type":"assistant","sessionId":"{session}","isSidechain":false,"cwd":"/srv/meadow","message":{{"id":"msg_{session}","model":"claude-sonnet-4-5","stop_reason":"end_turn","usage":{{"input_tokens":1,"output_tokens":{output}}}}},"timestamp":"2026-03-02T08:00:05Z"}}"#
    ) + "\n"
}

fn pi(session: &str, output: u32) -> String {
    [
        format!(r#"{{"type":"session","id":"{session}","timestamp":"2026-03-02T08:00:00Z","cwd":"/srv/meadow"}}"#),
        format!(
            r#"{{"type":"message","id":"{session}","timestamp":"2026-03-02T08:00:05Z","message":{{"role":"assistant","model":"m","usage":{{"input":1,"output":{output},"cacheRead":0,"cacheWrite":0}}}}}}"#
        ),
    ]
    .join("\n")
}

fn opencode(session: &str, output: u32) -> String {
    format!(
        r#"{{"id":"msg_{session}","sessionID":"{session}","role":"assistant","modelID":"m","time":{{"created":1772438400000,"completed":1772438401000}},"tokens":{{"input":1,"output":{output},"cache":{{"read":0,"write":0}}}}}}"#
    )
}

fn outputs(report: &Value) -> Option<u64> {
    report["totals"]["output_tokens"].as_u64()
}

#[test]
fn every_home_is_found_and_nothing_but_its_logs_is_read() {
    let work = Workdir::new();
    for (home, output) in [(".claude", 1), (".claude-2", 2), (".config/claude", 4)] {
        work.write(
            &format!("../home/{home}/projects/-srv-meadow/s{output}.jsonl"),
            claude(&format!("s{output}"), output),
        );
        work.write(&format!("../home/{home}/backup/s9.jsonl"), claude("s9", 1000));
        work.write(&format!("../home/{home}/projects/-srv-meadow/notes.md"), claude("s8", 1000));
    }
    work.write("../home/.pi/agent/sessions/--srv--/a.jsonl", pi("p", 8));
    work.write("../home/.local/share/opencode/storage/message/ses_a/msg_ses_a.json", opencode("ses_a", 16));
    work.write("../home/projects/s9.jsonl", claude("s9", 1000));
    let report = work.report(&["--sessions", "auto"]);
    assert_eq!(outputs(&report), Some(31));
    assert_eq!(report["sources"]["files"], 5);
    assert_eq!(report["sources"]["skipped"], serde_json::json!([]));
}

#[test]
fn variables_name_more_homes() {
    let work = Workdir::new();
    work.write("claude-a/projects/p/s1.jsonl", claude("s1", 1));
    work.write("claude-b/projects/p/s2.jsonl", claude("s2", 2));
    work.write("pi/sessions/p/a.jsonl", pi("p", 4));
    work.write("data/opencode/storage/message/ses_a/m.json", opencode("ses_a", 8));
    let both = format!("{},{}", work.path("claude-a").display(), work.path("claude-b").display());
    let output = work
        .command(&["report", "--json", "--sessions", "auto"])
        .envs([("CLAUDE_CONFIG_DIR", both.into()), ("XDG_DATA_HOME", work.path("data").into_os_string())])
        .env("PI_CODING_AGENT_DIR", work.path("pi"))
        .output()
        .expect("the binary runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(outputs(&report), Some(15));
}

#[test]
fn the_users_file_names_homes_of_profiles() {
    let work = Workdir::new();
    work.write(".forge/usage.toml", "[profiles.cc7]\nhome = \"~/elsewhere\"\n");
    work.write("../home/elsewhere/projects/p/s1.jsonl", claude("s1", 1));
    work.write("../home/elsewhere/secrets/s2.jsonl", claude("s2", 1000));
    assert_eq!(outputs(&work.report(&["--sessions", "auto"])), Some(1));
}

#[test]
fn a_home_a_folder_and_a_file_may_be_named() {
    let work = Workdir::new();
    work.write("home-2/projects/p/s1.jsonl", claude("s1", 1));
    work.write("home-2/backup/s9.jsonl", claude("s9", 1000));
    work.write("logs/s2.jsonl", claude("s2", 2));
    work.write("s3.jsonl", claude("s3", 4));
    let args = ["--sessions", "home-2", "--sessions", "logs", "--sessions", "s3.jsonl"];
    assert_eq!(outputs(&work.report(&args)), Some(7));
    let outcome = work.run(&["report", "--sessions", "no-such-home"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("no-such-home"), "{}", outcome.stderr);
}

#[test]
fn without_a_ledger_the_session_logs_are_read_and_beside_one_only_if_asked_for() {
    let work = Workdir::new();
    work.write("../home/.claude/projects/p/s1.jsonl", claude("s1", 1));
    assert_eq!(outputs(&work.report(&[])), Some(1));
    work.mkdir(".forge/ledgers");
    let beside = work.run(&["report", "--json", "--allow-empty"]);
    assert_eq!(outputs(&json_of(&beside, &[])), None);
    assert_eq!(outputs(&work.report(&["--sessions", "auto"])), Some(1));
}

#[test]
fn no_log_at_all_is_an_error_that_says_where_it_looked() {
    let work = Workdir::new();
    let outcome = work.run(&["report"]);
    assert_eq!(outcome.code, 2);
    for place in [".forge/ledgers", "home/.claude*", "home/.local/share/opencode", "home/.codex*"] {
        assert!(outcome.stderr.contains(place), "{place}: {}", outcome.stderr);
    }
}

#[cfg(unix)]
#[test]
fn links_within_a_home_lead_nowhere() {
    let work = Workdir::new();
    work.write("elsewhere/s9.jsonl", claude("s9", 1000));
    work.write("../home/.claude/projects/p/s1.jsonl", claude("s1", 1));
    std::os::unix::fs::symlink(work.path("elsewhere"), work.path("../home/.claude/projects/q")).expect("a link");
    std::os::unix::fs::symlink(work.path("../home/.claude"), work.path("../home/.claude-3")).expect("a link");
    let report = work.report(&["--sessions", "auto"]);
    assert_eq!((outputs(&report), &report["sources"]["files"]), (Some(1), &serde_json::json!(1)));
}

/// The row of a run of forty minutes that names no session, and the warnings.
fn run_beside(sessions: &[(String, Value)]) -> (Value, Vec<String>) {
    let work = Workdir::new();
    let (start, finish) = ("2026-03-02T08:00:00Z".to_owned(), "2026-03-02T08:40:00Z".to_owned());
    let run = Entry { harness: "opencode", start, finish, ..Entry::new(0) };
    work.write("ledgers/night.md", front("night") + &run.with("Only words."));
    for (path, record) in sessions {
        work.write(&format!("storage/{path}.json"), record.to_string());
    }
    let row = work.runs(&["ledgers", "storage"])[0].clone();
    (row, warning_codes(&work.report(&["ledgers", "storage"])))
}

/// Whether such a run is joined with one, and the warnings.
fn joined(sessions: &[(String, Value)]) -> (Value, Vec<String>) {
    let (row, codes) = run_beside(sessions);
    (row["source"].clone(), codes)
}

/// So many minutes after the run's start.
fn minute(minute: i64) -> i64 {
    1_772_438_400_000 + minute * 60_000
}

/// An answer so many minutes after the run's start.
fn answer(session: &str, at: i64) -> (String, Value) {
    let tokens = serde_json::json!({"input": 7, "output": 1, "cache": {"read": 0, "write": 0}});
    let (id, created) = (format!("msg_{session}_{at}"), minute(at));
    let record = serde_json::json!({"id": id, "sessionID": session, "role": "assistant",
        "modelID": "claude-sonnet-4-5", "time": {"created": created, "completed": created + 3000}, "tokens": tokens});
    (format!("message/{session}/{id}"), record)
}

/// A session that began so many minutes after the run's start.
fn session(id: &str, at: i64) -> (String, Value) {
    let record = serde_json::json!({"id": id, "projectID": "p", "directory": "/srv/paint",
        "time": {"created": minute(at)}});
    (format!("session/p/{id}"), record)
}

fn by_time() -> (Value, Vec<String>) {
    (Value::String("session-by-time".to_owned()), vec![])
}

fn ambiguous() -> (Value, Vec<String>) {
    (Value::Null, vec!["ambiguous-session".to_owned()])
}

#[test]
fn a_late_answer_is_a_runs_unless_its_session_is_known_to_begin_late() {
    assert_eq!(joined(&[answer("ses_a", 10)]), by_time());
    // Then it is another's; there are no two that fit.
    assert_eq!(joined(&[answer("ses_a", 10), session("ses_a", 9)]), (Value::Null, vec![]));
    assert_eq!(joined(&[answer("ses_a", 10), answer("ses_b", 12)]), ambiguous());
}

#[test]
fn a_session_that_a_run_began_or_went_on_with_is_its_though_somebody_goes_on_with_it_later() {
    let own = [session("ses_a", 1), answer("ses_a", 2), answer("ses_a", 20)];
    assert_eq!(joined(&own), by_time());
    let later = answer("ses_a", 300);
    assert_eq!(joined(&[&own[..], std::slice::from_ref(&later)].concat()), by_time());
    let earlier = [session("ses_a", -300), answer("ses_a", -299)];
    assert_eq!(joined(&[&earlier[..], &own[1..]].concat()), by_time());
}

#[test]
fn a_session_that_somebody_is_at_work_with_before_and_after_a_run_may_be_theirs_all_along() {
    let all: Vec<(String, Value)> = [-10, 5, 20, 50].map(|at| answer("ses_a", at)).into();
    assert_eq!(joined(&all), ambiguous());
}

#[test]
fn a_session_that_goes_on_after_the_run_is_its_rather_than_a_shorter_one_within() {
    let own = [0, 1, 39, 90].map(|at| if at == 0 { session("ses_a", at) } else { answer("ses_a", at) });
    let other = [4, 5, 15, 16].map(|at| if at == 4 { session("ses_b", at) } else { answer("ses_b", at) });
    let (row, codes) = run_beside(&[own, other].concat());
    // Two calls of eight tokens.
    assert_eq!((&row["source"], &row["total_tokens"], codes), (&"session-by-time".into(), &16.into(), vec![]));
}
