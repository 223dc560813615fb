//! Runs that name no session find theirs by time, and rather none than another's.

use serde_json::Value;

use crate::support::{Workdir, warning_codes};
use crate::writers::{Entry, front, run_id};

/// The rows of runs that name no session, which began and ended so many minutes after eight, each of a loop of its own,
/// and the warnings.
fn runs_beside(runs: &[(u32, u32)], sessions: &[(String, Value)]) -> (Vec<Value>, Vec<String>) {
    let work = Workdir::new();
    for (n, (start, finish)) in (0..).zip(runs) {
        let at = |minute: &u32| format!("2026-03-02T08:{minute:02}:00Z");
        let (name, start, finish) = (&*format!("night{n}"), at(start), at(finish));
        let run = Entry { name, harness: "opencode", start, finish, ..Entry::new(n) };
        work.write(&format!("ledgers/{name}.md"), front(name) + &run.with("Only words."));
    }
    for (path, record) in sessions {
        work.write(&format!("storage/{path}.json"), record.to_string());
    }
    let rows = work.runs(&["ledgers", "storage"]);
    let of = |n: u32| rows.iter().find(|row| row["run_id"] == run_id(n).as_str()).expect("a row").clone();
    ((0..).zip(runs).map(|(n, _)| of(n)).collect(), warning_codes(&work.report(&["ledgers", "storage"])))
}

/// The same of one run of forty minutes.
fn run_beside(sessions: &[(String, Value)]) -> (Value, Vec<String>) {
    let (mut rows, codes) = runs_beside(&[(0, 40)], sessions);
    (rows.remove(0), codes)
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

#[test]
fn a_run_that_a_longer_one_outlasts_gets_no_session_that_goes_on_while_that_is_at_work() {
    // One loop's run took five minutes, the other one's twenty: only that can have held the session to its end.
    let session = [session("ses_a", 0), answer("ses_a", 4), answer("ses_a", 12)];
    let (rows, codes) = runs_beside(&[(0, 5), (0, 20)], &session);
    assert_eq!(rows.iter().map(|row| &row["quality"]).collect::<Vec<_>>(), ["unknown", "unknown"]);
    assert_eq!(codes, ["ambiguous-session"]);
    // Alone, the short one is gone on with by somebody.
    let (rows, codes) = runs_beside(&[(0, 5)], &session);
    assert_eq!((&rows[0]["source"], &rows[0]["total_tokens"], codes), (&"session-by-time".into(), &8.into(), vec![]));
}

#[test]
fn a_session_that_begins_late_in_a_run_is_no_likelier_its_than_one_that_it_may_have_gone_on_with() {
    let first = [session("ses_a", 0), answer("ses_a", 1), answer("ses_a", 4)];
    let resumed = [answer("ses_a", 6), answer("ses_a", 9)];
    let runs = [(0, 5), (5, 10)];
    let (rows, codes) = runs_beside(&runs, &[&first[..], &resumed].concat());
    assert_eq!((&rows[1]["source"], &rows[1]["total_tokens"], codes), (&"session-by-time".into(), &16.into(), vec![]));
    // Somebody opened another one three minutes later, whose log tells when that was, or doesn't.
    for late in [vec![session("ses_b", 8), answer("ses_b", 9)], vec![answer("ses_b", 8), answer("ses_b", 9)]] {
        let (rows, codes) = runs_beside(&runs, &[&first[..], &resumed, &late].concat());
        assert_eq!((&rows[0]["total_tokens"], &rows[1]["quality"]), (&16.into(), &"unknown".into()));
        assert_eq!(codes, ["ambiguous-session"]);
    }
}

#[test]
fn a_session_that_somebody_began_minutes_after_a_run_is_not_that_runs() {
    let (rows, codes) = runs_beside(&[(0, 40)], &[session("ses_a", 3), answer("ses_a", 4)]);
    assert_eq!((&rows[0]["quality"], codes), (&"unknown".into(), vec![]));
}

/// A Claude run of ten minutes in /srv/paint that names no session, beside session logs: its row, and the conversations'.
fn claude_run_beside(logs: &[(&str, &[String])]) -> (Value, Vec<Value>) {
    let work = Workdir::new();
    let (start, finish) = ("2026-03-02T08:00:00Z".to_owned(), "2026-03-02T08:10:00Z".to_owned());
    let run = Entry { profile: "cc1", harness: "claude", start, finish, ..Entry::new(0) };
    work.write("ledgers/night.md", front("night") + &run.with("Only words."));
    for (path, lines) in logs {
        work.write(&format!("projects/{path}.jsonl"), lines.concat());
    }
    let report = work.report(&["--by", "conversation", "ledgers", "projects"]);
    (work.runs(&["ledgers", "projects"])[0].clone(), report["rows"].as_array().expect("rows").clone())
}

/// An answer in a Claude log, so many seconds after the run's start; `more` are other fields of its record.
fn said(session: &str, folder: &str, second: u32, more: &str) -> String {
    let (minute, second, id) = (second / 60, second % 60, format!("{session}-{second}"));
    format!(
        r#"{{"cwd":"{folder}","sessionId":"{session}","type":"assistant","message":{{"id":"msg_{id}","model":"claude-sonnet-4-5","role":"assistant","stop_reason":"end_turn","usage":{{"input_tokens":7,"output_tokens":1}}}},"uuid":"{id}","timestamp":"2026-03-02T08:{minute:02}:{second:02}.000Z"{more}}}"#
    ) + "\n"
}

#[test]
fn copies_in_a_forks_log_are_no_log_of_the_one_it_was_forked_from() {
    // The parent's own log is gone, so nothing tells its folder; the run's session is in its own.
    let forked = r#","isSidechain":false,"forkedFrom":{"sessionId":"s-a","messageUuid":"u"}"#;
    let fork = [said("s-b", "/srv/other", 5, forked), said("s-b", "/srv/other", 700, r#","isSidechain":false"#)];
    let own = [said("s-c", "/srv/paint", 20, r#","isSidechain":false"#)];
    let (run, _) = claude_run_beside(&[("-srv-other/s-b", &fork)]);
    assert_eq!(run["quality"], "unknown");
    let (run, _) = claude_run_beside(&[("-srv-other/s-b", &fork), ("-srv-paint/s-c", &own)]);
    assert_eq!((&run["quality"], &run["total_tokens"]), (&"exact".into(), &8.into()));
}

#[test]
fn where_the_log_of_a_session_is_gone_what_its_sub_agents_used_is_a_floor_and_no_runs() {
    let agent = [said("s-a", "/srv/paint", 10, r#","isSidechain":true,"agentId":"a1""#)];
    let (run, conversations) = claude_run_beside(&[("-srv-paint/s-a/subagents/agent-a1", &agent)]);
    assert_eq!(run["quality"], "unknown");
    let floor = conversations.iter().find(|row| row["conversation_id"] == "s-a").expect("its row");
    assert_eq!((&floor["total_tokens"], &floor["complete"]), (&8.into(), &false.into()));
    let own = [said("s-a", "/srv/paint", 8, r#","isSidechain":false"#)];
    let all: [(&str, &[String]); 2] = [("-srv-paint/s-a", &own), ("-srv-paint/s-a/subagents/agent-a1", &agent)];
    let (run, _) = claude_run_beside(&all);
    assert_eq!((&run["quality"], &run["total_tokens"]), (&"exact".into(), &16.into()));
}

#[test]
fn each_of_seventy_profiles_finds_its_session_in_its_own_home_and_none_in_another() {
    let work = Workdir::new();
    let (start, finish) = ("2026-03-02T08:00:00Z", "2026-03-02T08:10:00Z");
    // All are at work at once in one folder: nothing but its home tells whose a session is.
    let runs = (1..=70).map(|n| {
        let (start, finish, profile) = (start.to_owned(), finish.to_owned(), format!("cc{n}"));
        Entry { profile: &profile, harness: "claude", start, finish, ..Entry::new(n) }.with("Only words.")
    });
    work.write("ledgers/night.md", front("night") + &runs.collect::<String>());
    // The session of the last but two lies in nobody's home.
    let home = |n: u32| if n == 68 { 168 } else { n };
    for n in 1..=70 {
        let session = format!("s-{n}");
        let log = [20, 500].map(|second| said(&session, "/srv/paint", second, r#","isSidechain":false"#));
        work.write(&format!("homes/.claude-{}/projects/-srv-paint/{session}.jsonl", home(n)), log.concat());
    }
    let report = work.report(&["--by", "run,conversation", "--where", "run=*", "ledgers", "homes"]);
    let rows = report["rows"].as_array().expect("rows").iter();
    let mut found: Vec<(&Value, &Value, &Value)> =
        rows.map(|row| (&row["run_id"], &row["conversation_id"], &row["total_tokens"])).collect();
    found.sort_by_key(|(run, ..)| run.as_str());
    let expected = (1..=70).map(|n| match n {
        68 => (run_id(n).into(), Value::Null, Value::Null),
        n => (run_id(n).into(), format!("s-{n}").into(), 16.into()),
    });
    let mut expected: Vec<(Value, Value, Value)> = expected.collect();
    expected.sort_by(|(a, ..), (b, ..)| a.as_str().cmp(&b.as_str()));
    assert_eq!(found, expected.iter().map(|(run, session, used)| (run, session, used)).collect::<Vec<_>>());
}

/// The source of each run's figures and the warnings, where each folder was read on a machine of its name; `None`: on
/// one that nobody named.
fn read_on(work: &Workdir, folders: &[(&str, Option<&str>)]) -> (Vec<Value>, Vec<String>) {
    let paths: Vec<String> = folders.iter().map(|(folder, _)| format!("{folder}.jsonl")).collect();
    for ((folder, host), path) in folders.iter().zip(&paths) {
        let mut args = vec!["events", folder, "-o", path];
        args.extend(host.iter().flat_map(|host| ["--host", host]));
        let out = work.run(&args);
        assert_eq!(out.code, 0, "{}", out.stderr);
    }
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let sources = work.runs(&paths).iter().map(|row| row["source"].clone()).collect();
    (sources, warning_codes(&work.report(&paths)))
}

/// A run of so many minutes, of a loop of that name, which names no session.
fn write_run(work: &Workdir, folder: &str, n: u32, minutes: u32) {
    let (start, finish) = ("2026-03-02T08:00:00Z".to_owned(), format!("2026-03-02T08:{minutes:02}:00Z"));
    let run = Entry { name: "night", harness: "opencode", start, finish, ..Entry::new(n) };
    work.write(&format!("{folder}/night.md"), front("night") + &run.with("Only words."));
}

fn write_session(work: &Workdir, folder: &str, id: &str, answers: &[i64]) {
    let records = answers.iter().map(|at| answer(id, *at)).chain([session(id, 0)]);
    for (path, record) in records {
        work.write(&format!("{folder}/storage/{path}.json"), record.to_string());
    }
}

#[test]
fn a_run_takes_no_session_of_another_machine() {
    let work = Workdir::new();
    write_run(&work, "ledger", 1, 5);
    write_session(&work, "logs", "ses_1", &[1, 4]);
    let sources = |ledger, logs| read_on(&work, &[("ledger", ledger), ("logs", logs)]).0;
    assert_eq!(sources(Some("alpha"), Some("alpha")), ["session-by-time"]);
    assert_eq!(sources(None, None), ["session-by-time"]);
    assert_eq!(sources(Some("alpha"), Some("beta")), [Value::Null]);
    // Nothing tells that the machine without a name is alpha.
    assert_eq!(sources(Some("alpha"), None), [Value::Null]);
    assert_eq!(sources(None, Some("alpha")), [Value::Null]);
}

#[test]
fn a_ledger_that_was_copied_finds_the_sessions_of_either_machine() {
    let work = Workdir::new();
    for folder in ["here", "copy"] {
        write_run(&work, folder, 1, 5);
    }
    write_session(&work, "logs", "ses_1", &[1, 4]);
    let folders = [("here", Some("alpha")), ("copy", Some("beta")), ("logs", Some("alpha"))];
    assert_eq!(read_on(&work, &folders).0, ["session-by-time"]);
}

#[test]
fn the_same_loop_on_two_machines_is_as_exact_as_on_each() {
    let work = Workdir::new();
    for (n, folder, answers) in [(1, "alpha", &[1, 3][..]), (2, "beta", &[2])] {
        write_run(&work, folder, n, 5);
        write_session(&work, folder, &format!("ses_{n}"), answers);
    }
    let (sources, codes) = read_on(&work, &[("alpha", Some("alpha")), ("beta", Some("beta"))]);
    assert_eq!(sources, ["session-by-time", "session-by-time"]);
    assert!(codes.is_empty(), "{codes:?}");
    // Read as one machine, nothing tells which session is whose.
    let (sources, codes) = read_on(&work, &[("alpha", Some("alpha")), ("beta", Some("alpha"))]);
    assert_eq!(sources, [Value::Null, Value::Null]);
    assert_eq!(codes, ["ambiguous-session"]);
}

#[test]
fn what_nothing_names_is_another_on_another_machine() {
    let work = Workdir::new();
    // Both are read at the same path.
    for (host, used) in [("alpha", "1,120"), ("beta", "2,120")] {
        work.write("out.log", format!("codex\nDone.\ntokens used\n{used}\nDone.\n"));
        let out = work.run(&["events", "out.log", "--host", host, "-o", &format!("{host}.jsonl")]);
        assert_eq!(out.code, 0, "{}", out.stderr);
    }
    assert_eq!(work.report(&["alpha.jsonl", "beta.jsonl"])["totals"]["blended_tokens"], 3240);
}
