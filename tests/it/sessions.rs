//! `--sessions`: which logs are found, and that nothing else of a home is read.

use serde_json::Value;

use crate::support::{Workdir, json_of};
use crate::writers::{Entry, front, ledger};

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
fn a_variable_names_the_very_folder_of_pis_logs() {
    let work = Workdir::new();
    work.write("../home/.pi/agent/sessions/p/a.jsonl", pi("p", 1));
    work.write("elsewhere/b.jsonl", pi("q", 2));
    work.write("../home/mine/c.jsonl", pi("r", 4));
    for (folder, sum) in [("elsewhere", 3), ("~/mine", 5), ("nowhere", 1), ("", 1)] {
        let mut command = work.command(&["report", "--json", "--sessions", "auto"]);
        let output = command.env("PI_CODING_AGENT_SESSION_DIR", folder).output().expect("the binary runs");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(outputs(&report), Some(sum), "{folder}");
    }
}

#[test]
fn variables_name_folders_of_logs_and_logs() {
    let work = Workdir::new();
    work.write("logs-of-pi/p/a.jsonl", pi("p", 4));
    work.write("logs-of-pi/p/notes.md", pi("q", 1000));
    let database = |path: &str, session: &str, output: u32| {
        let database = rusqlite::Connection::open(work.write(path, "")).expect("a database");
        let tables =
            "CREATE TABLE session (id TEXT, parent_id TEXT, directory TEXT, version TEXT, time_created INTEGER);
            CREATE TABLE message (id TEXT, session_id TEXT, data TEXT);";
        database.execute_batch(tables).expect("tables");
        let values = [session, session, &opencode(session, output)];
        database.execute("INSERT INTO message VALUES (?1, ?2, ?3)", values).expect("a message");
    };
    database("data/opencode/side.sqlite", "ses_a", 8);
    database("elsewhere/any-name", "ses_b", 16);
    database("data/opencode/other.sqlite", "ses_c", 1000);
    let elsewhere = work.path("elsewhere/any-name").display().to_string();
    let read = |databases: &str| {
        let output = work
            .command(&["report", "--json", "--sessions", "auto"])
            .env("XDG_DATA_HOME", work.path("data"))
            .envs([("PI_CODING_AGENT_SESSION_DIR", "logs-of-pi"), ("OPENCODE_DB", databases)])
            .output()
            .expect("the binary runs");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(report["sources"]["skipped"], serde_json::json!([]));
        outputs(&report)
    };
    assert_eq!(read("side.sqlite"), Some(12));
    assert_eq!(read(&elsewhere), Some(20));
    assert_eq!(read(":memory:"), Some(4));
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
fn a_profiles_home_holds_its_runs_logs_wherever_one_stands() {
    let work = Workdir::new();
    let run = Entry { profile: "cc7", harness: "claude", ..Entry::new(0) };
    work.write(".forge/ledgers/night.md", front("night") + &run.with("Only words."));
    work.mkdir("src");
    let log =
        claude("s1", 5).replace("2026-03-02T08:00:05", "2026-10-05T09:00:30").replace("/srv/meadow", "/srv/paint");
    work.write("homes/seven/projects/p/s1.jsonl", &log);
    work.write("../home/homes/seven/projects/p/s1.jsonl", &log);
    for home in ["homes/seven", "~/homes/seven"] {
        work.write(".forge/usage.toml", format!("[profiles.cc7]\nhome = \"{home}\"\n"));
        let joined = |args: &[&str]| {
            let runs = work.runs(&[args, &["--sessions", "auto"]].concat());
            runs.iter().map(|run| (run["source"].clone(), run["output_tokens"].clone())).collect::<Vec<_>>()
        };
        for args in [&[][..], &["-C", "src"], &["-C", "src", "--config", "../.forge/usage.toml"]] {
            assert_eq!(joined(args), [("session-by-time".into(), 5.into())], "{home} {args:?}");
        }
    }
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
fn beside_a_ledger_it_is_told_that_session_logs_were_not_read() {
    let work = Workdir::new();
    work.write("../home/.claude/projects/p/s1.jsonl", claude("s1", 1));
    let advice = "; session logs were not read: --sessions auto adds them\n";
    work.mkdir(".forge/ledgers");
    for command in ["daily", "doctor", "events"] {
        let outcome = work.run(&[command]);
        assert_eq!(outcome.code, 2, "{command}");
        assert!(outcome.stderr.starts_with("forge-usage: no ledger, trace or session found in "), "{}", outcome.stderr);
        assert!(outcome.stderr.ends_with(advice), "{command}: {}", outcome.stderr);
    }
    work.write(".forge/ledgers/night.md", ledger("night", 0..1));
    let outcome = work.run(&["explain", "s1"]);
    assert_eq!(outcome.code, 2);
    assert_eq!(outcome.stderr, format!("forge-usage: no run or conversation begins with s1{advice}"));
    assert_eq!(work.run(&["explain", "--sessions", "auto", "s1"]).code, 0);
    // Who says what to read needs no advice.
    for args in [&["--sessions", "auto", "s2"][..], &["s2", ".forge/ledgers"]] {
        let outcome = work.run(&[&["explain"], args].concat());
        assert_eq!(outcome.stderr, "forge-usage: no run or conversation begins with s2\n", "{args:?}");
    }
}

#[test]
fn the_first_line_counts_conversations_beside_runs() {
    let work = Workdir::new();
    work.write(".forge/ledgers/night.md", ledger("night", 0..2));
    work.write("../home/.claude/projects/p/s1.jsonl", claude("s1", 1));
    let head = |args: &[&str]| work.run(args).stdout.lines().next().unwrap_or_default().to_owned();
    assert!(head(&["report"]).starts_with("1 loop · 2 runs · 1 profile · "), "{}", head(&["report"]));
    for command in ["report", "latency"] {
        let head = head(&[command, "--sessions", "auto"]);
        assert!(head.starts_with("1 loop · 2 runs · 1 conversation · 1 profile · "), "{command}: {head}");
    }
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
