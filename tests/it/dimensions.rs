//! What session logs tell besides numbers: who asked whom, for what, where.

use serde_json::{Value, json};

use crate::support::{Workdir, fixtures};

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

#[test]
fn a_host_is_a_name_and_no_text() {
    let out = Workdir::new().run(&["report", "--host", "my laptop", &case(SUB_AGENTS)]);
    assert_eq!(out.code, 2);
    assert!(out.stderr.contains("give a name of letters"), "{}", out.stderr);
}
