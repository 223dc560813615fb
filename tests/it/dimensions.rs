//! What session logs tell besides numbers: who asked whom, for what, where.

use serde_json::{Value, json};

use crate::support::{Workdir, column, fixtures};

const SUB_AGENTS: &str = "codex-rollout/sub-agents-from-zero-and-with-their-parents-counter/input";

fn case(name: &str) -> String {
    fixtures().join(name).display().to_string()
}

fn exported(table: &str) -> Vec<Value> {
    let out = Workdir::new().run(&["export", table, &case(SUB_AGENTS), "--jsonl"]);
    out.stdout.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

fn picked(rows: &[Value], keys: &[&str]) -> Vec<Value> {
    rows.iter().map(|row| keys.iter().map(|key| row[*key].clone()).collect()).collect()
}

#[test]
fn conversations_tell_their_parent_place_version_and_how_they_pay() {
    let rows = exported("conversations");
    let keys = ["parent_conversation_id", "is_subagent", "repo", "branch", "harness_version", "billing"];
    let main = "019e1afc-4180-7a1b-9c2d-000000000001";
    let child = json!([main, true, "/srv/kiln", "glaze", "0.98.0", "subscription"]);
    let parent = json!([null, false, "/srv/kiln", "glaze", "0.98.0", "subscription"]);
    assert_eq!(picked(&rows, &keys), [parent, child.clone(), child.clone(), child]);
}

#[test]
fn reports_group_by_what_session_logs_tell() {
    let by = "parent,repo,branch,version,effort,billing,subagent";
    let report = Workdir::new().report(&[&case(SUB_AGENTS), "--by", by, "--sort", "is_subagent:asc"]);
    let rows = report["rows"].as_array().expect("rows");
    let keys = [
        "parent_conversation_id",
        "repo",
        "branch",
        "harness_version",
        "effort",
        "billing",
        "is_subagent",
        "conversations",
        "calls",
    ];
    let main = "019e1afc-4180-7a1b-9c2d-000000000001";
    let expected = [
        json!([null, "/srv/kiln", "glaze", "0.98.0", "high", "subscription", "false", 1, 2]),
        json!([main, "/srv/kiln", "glaze", "0.98.0", "high", "subscription", "true", 2, 3]),
    ];
    assert_eq!(picked(rows, &keys), expected);
}

#[test]
fn filters_look_at_what_session_logs_tell() {
    let work = Workdir::new();
    let calls = |filter: &str| work.report(&[&case(SUB_AGENTS), "--where", filter])["totals"]["calls"].clone();
    assert_eq!(calls("subagent=true"), 3);
    assert_eq!(calls("branch=gl*"), 5);
    assert_eq!(calls("effort=low"), Value::Null);
}

#[test]
fn every_call_tells_its_branch_and_effort() {
    let rows = exported("usage");
    assert_eq!(rows.len(), 5);
    assert!(picked(&rows, &["branch", "effort"]).iter().all(|row| *row == json!(["glaze", "high"])), "{rows:#?}");
}

#[test]
fn events_keep_the_host_that_they_were_read_on() {
    let work = Workdir::new();
    let ledger = case("sample/ledgers");
    for (host, path) in [("anvil", case(SUB_AGENTS)), ("forge-2", ledger)] {
        let out = work.run(&["events", &path, "--host", host, "-o", &format!("{host}.jsonl")]);
        assert_eq!(out.code, 0, "{}", out.stderr);
    }
    // A source that names its host keeps it, whatever the flag says.
    let report = work.report(&["anvil.jsonl", "forge-2.jsonl", "--host", "elsewhere", "--by", "host"]);
    let rows = report["rows"].as_array().expect("rows");
    let hosts: Vec<&Value> = rows.iter().map(|row| &row["host"]).collect();
    assert_eq!(hosts.len(), 2, "{hosts:?}");
    assert!(hosts.contains(&&json!("anvil")) && hosts.contains(&&json!("forge-2")), "{hosts:?}");
    let tagged = work.report(&[&case(SUB_AGENTS), "--host", "elsewhere", "--by", "host"]);
    assert_eq!(tagged["rows"][0]["host"], "elsewhere");
    let untagged = work.report(&[&case(SUB_AGENTS), "--by", "host"]);
    assert_eq!(untagged["rows"][0]["host"], Value::Null);
}

/// How many rows of a table of what was read on `anvil` pass a filter.
fn count_on_anvil(table: &str, path: &str, filter: &str) -> usize {
    let out = Workdir::new().run(&["export", table, path, "--jsonl", "--host", "anvil", "--where", filter]);
    assert_eq!(out.code, 0, "{}", out.stderr);
    out.stdout.lines().count()
}

#[test]
fn a_limits_state_is_of_the_owner_of_its_conversations_usage() {
    let log = case("codex-rollout/model-switch-over-midnight");
    for filter in ["host=anvil", "quality=exact", "billing=subscription"] {
        assert_eq!([count_on_anvil("usage", &log, filter), count_on_anvil("quota", &log, filter)], [2, 2], "{filter}");
    }
    for filter in ["host=", "quality=unknown", "billing="] {
        assert_eq!(count_on_anvil("quota", &log, filter), 0, "{filter}");
    }
}

#[test]
fn a_conversation_without_usage_is_of_the_run_that_names_it() {
    let path = case("forge-ledger/thread-started-and-killed/input/ledgers");
    let out = Workdir::new().run(&["export", "conversations", &path, "--jsonl", "--host", "anvil"]);
    let rows: Vec<Value> = out.stdout.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    assert_eq!(picked(&rows, &["host", "runs", "quality"]), [json!(["anvil", 1, "unknown"])]);
    assert!(rows[0]["repo"].is_string(), "{rows:#?}");
    assert_eq!(count_on_anvil("conversations", &path, "host=anvil"), 1);
    assert_eq!(count_on_anvil("conversations", &path, "loop=*"), 1);
    assert_eq!(count_on_anvil("conversations", &path, "host="), 0);
}

#[test]
fn a_host_is_a_name_and_no_text() {
    let out = Workdir::new().run(&["report", "--host", "my laptop", &case(SUB_AGENTS)]);
    assert_eq!(out.code, 2);
    assert!(out.stderr.contains("give a name of letters"), "{}", out.stderr);
}

#[test]
fn what_a_bare_output_tells_without_a_call_is_its_harnesss_too() {
    let work = Workdir::new();
    work.write(
        "out.log",
        "OpenAI Codex v0.98.0 (research preview)\n--------\nworkdir: /srv/kiln\nmodel: gpt-5.3-codex\nsession id: \
         019e1b10-5fa0-7c11-8a02-00000000f101\n--------\ncodex\nDone.\ntokens used\n5,000\n",
    );
    work.write(
        "counter.log",
        "2026-05-12T07:03:05.000500Z DEBUG codex_exec: Received event: Event { id: \"0\", msg: \
         TokenCount(TokenCountEvent { info: Some(TokenUsageInfo { total_token_usage: TokenUsage { input_tokens: 1000, \
         cached_input_tokens: 200, output_tokens: 10, reasoning_output_tokens: 3, total_tokens: 1010 }, \
         last_token_usage: TokenUsage { input_tokens: 1000, cached_input_tokens: 200, output_tokens: 10, \
         reasoning_output_tokens: 3, total_tokens: 1010 }, model_context_window: Some(258400) }), rate_limits: None }) \
         }\n",
    );
    for (file, blended) in [("out.log", 5000), ("counter.log", 810)] {
        let report = work.report(&["--where", "harness=codex", "--by", "harness", file]);
        assert_eq!(report["totals"]["blended_tokens"], blended, "{file}");
        assert_eq!(column(&report, "harness"), ["codex"], "{file}");
    }
}

#[test]
fn a_log_from_before_usage_was_written_down_is_of_the_day_that_its_header_tells() {
    let work = Workdir::new();
    let id = "0196ac24-1111-7768-98b6-ef525559620";
    for (name, git) in [("a", r#"{"branch":"main"}"#), ("b", "{}")] {
        let text =
            format!(r#"{{"id":"{id}{name}","timestamp":"2025-05-07T17:24:21.123Z","instructions":null,"git":{git}}}"#);
        work.write(&format!("sessions/{name}.jsonl"), text + "\n{\"record_type\":\"state\"}\n");
    }
    let report = |args: &[&str]| work.report(&[&["--by", "day", "--allow-empty", "sessions"], args].concat());
    assert_eq!(column(&report(&[]), "day"), ["2025-05-07"]);
    assert_eq!(column(&report(&["--until", "2025-06-01"]), "day"), ["2025-05-07"]);
    assert_eq!(column(&report(&["--since", "2026-11-01"]), "day"), [""; 0]);
}

#[test]
fn a_session_of_droid_that_another_one_called_is_its_sub_agent() {
    let work = Workdir::new();
    let session = |id: &str, caller: &str| {
        let start = format!(r#"{{"type":"session_start","id":"{id}","version":2,"cwd":"/srv/meadow"{caller}}}"#);
        let message =
            r#"{"type":"message","id":"m1","timestamp":"2026-11-24T08:00:09.000Z","message":{"role":"assistant"}}"#;
        work.write(&format!("{id}.jsonl"), format!("{start}\n{message}\n"));
        let usage = r#""tokenUsage":{"inputTokens":50,"outputTokens":5}"#;
        let lock = r#""providerLock":"anthropic","providerLockTimestamp":"2026-11-24T08:00:06.000Z""#;
        work.write(&format!("{id}.settings.json"), format!(r#"{{"model":"claude-haiku-4-5",{lock},{usage}}}"#));
    };
    let [main, worker] = ["11111111-1111-4000-8000-0000000000d1", "22222222-2222-4000-8000-0000000000d2"];
    session(main, "");
    session(worker, &format!(r#","callingSessionId":"{main}","callingToolUseId":"toolu_1""#));
    let report = work.report(&["--by", "subagent,parent", "--sort", "is_subagent", "."]);
    let rows: Vec<String> = report["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| format!("{} {} {}", row["is_subagent"], row["parent_conversation_id"], row["total_tokens"]))
        .collect();
    assert_eq!(rows, ["\"false\" null 55".to_owned(), format!("\"true\" \"{main}\" 55")]);
}

#[test]
fn claude_tells_the_effort_of_a_turn_before_that_of_the_session() {
    let work = Workdir::new();
    let line = |id: &str, effort: &str| {
        format!(
            r#"{{"parentUuid":null,"isSidechain":false,"message":{{"model":"claude-opus-4-8","id":"{id}","type":"message","role":"assistant","content":[],"stop_reason":"end_turn","usage":{{"input_tokens":7,"output_tokens":1}}}},"requestId":"{id}","type":"assistant",{effort}"uuid":"{id}","timestamp":"2026-09-18T08:00:05Z","cwd":"/srv/paint","sessionId":"s","version":"2.1.267"}}"#
        ) + "\n"
    };
    let efforts = [r#""effort":"high","#, r#""effort":"high","perTurnEffort":"low","#, ""];
    let log: String = ["a", "b", "c"].iter().zip(efforts).map(|(id, effort)| line(id, effort)).collect();
    work.write("s.jsonl", log);
    let report = work.report(&["s.jsonl", "--by", "effort", "--sort", "effort:asc"]);
    assert_eq!(column(&report, "effort"), [json!("high"), json!("low"), Value::Null]);
    assert_eq!(column(&report, "calls"), [1, 1, 1]);
}
