//! `export`: every table in every format.

use forge_usage::table::TABLES;
use serde_json::Value;

use crate::support::{Workdir, fixtures, sample};

fn rows(dir: &Workdir, table: &str, args: &[&str]) -> Vec<Value> {
    rows_of(dir, &sample(), table, args)
}

fn rows_of(dir: &Workdir, input: &str, table: &str, args: &[&str]) -> Vec<Value> {
    let outcome = dir.run(&[&["export", table, input, "--jsonl", "--tz", "UTC"], args].concat());
    assert_eq!(outcome.code, 0, "export {table} {args:?}: {}", outcome.stderr);
    outcome.stdout.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

fn sum(rows: &[Value], column: &str) -> i64 {
    rows.iter().filter_map(|row| row[column].as_i64()).sum()
}

#[test]
fn a_group_by_over_usage_is_the_report() {
    let dir = Workdir::new();
    let usage = rows(&dir, "usage", &[]);
    let report = dir.report(&[&sample(), "--by", "model"]);
    for row in report["rows"].as_array().expect("rows") {
        let of_model: Vec<Value> = usage.iter().filter(|usage| usage["model"] == row["model"]).cloned().collect();
        for column in ["input_tokens", "output_tokens", "total_tokens", "blended_tokens"] {
            assert_eq!(sum(&of_model, column), row[column].as_i64().unwrap_or(0), "{column} of {}", row["model"]);
        }
        let calls = of_model.iter().filter(|usage| usage["source"] == "call").count() as i64;
        assert_eq!(calls, row["calls"].as_i64().unwrap_or(0), "calls of {}", row["model"]);
    }
}

#[test]
fn runs_and_conversations_add_up_to_the_totals() {
    let dir = Workdir::new();
    let totals = &dir.report(&[&sample()])["totals"];
    for table in ["usage", "runs"] {
        assert_eq!(sum(&rows(&dir, table, &[]), "total_tokens"), totals["total_tokens"].as_i64().expect("a sum"));
    }
    let with_tokens = |row: &Value| !row["blended_tokens"].is_null();
    let conversations = rows(&dir, "conversations", &[]);
    let known = conversations.iter().filter(|row| with_tokens(row)).count() as i64;
    assert_eq!(known, totals["conversations"].as_i64().expect("a count"));
}

#[test]
fn calls_are_the_calls_of_usage() {
    let dir = Workdir::new();
    let of = |table: &str, is_call: fn(&Value) -> bool| -> Vec<String> {
        let rows = rows(&dir, table, &[]);
        rows.iter().filter(|row| is_call(row)).map(|row| row["key"].to_string()).collect()
    };
    assert_eq!(of("calls", |row| row["is_counted"] == true), of("usage", |row| row["source"] == "call"));
}

#[test]
fn every_row_of_an_export_has_a_key_of_its_own() {
    let dir = Workdir::new();
    for (table, key) in [("usage", "key"), ("calls", "key"), ("runs", "run_id"), ("conversations", "conversation_id")] {
        let mut keys: Vec<String> = rows(&dir, table, &[]).iter().map(|row| row[key].to_string()).collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count, "{table}");
        assert!(!keys.contains(&"null".to_owned()), "{table}");
    }
}

#[test]
fn every_table_is_in_the_order_of_time() {
    let dir = Workdir::new();
    for (table, time) in
        [("usage", "time"), ("calls", "time"), ("runs", "started_at"), ("conversations", "first_seen_at")]
    {
        let rows = rows(&dir, table, &[]);
        let times: Vec<Option<&str>> =
            rows.iter().map(|row| row[time].as_str().map(|time| time.trim_end_matches('Z'))).collect();
        assert!(times.is_sorted_by_key(|time| (time.is_none(), *time)), "{table}: {times:?}");
    }
}

#[test]
fn filters_and_windows_choose_rows_as_in_a_report() {
    let dir = Workdir::new();
    let args = ["--where", "loop=rust-*", "--since", "2026-11-19", "--until", "2026-11-19"];
    let report = dir.report(&[&[sample().as_str()], &args[..]].concat());
    assert_eq!(
        sum(&rows(&dir, "usage", &args), "total_tokens"),
        report["totals"]["total_tokens"].as_i64().expect("sum")
    );
    assert_eq!(rows(&dir, "runs", &args).len() as i64, report["totals"]["runs"].as_i64().expect("a count"));
}

#[test]
fn a_limit_keeps_the_first_rows() {
    let dir = Workdir::new();
    let traced = fixtures().display().to_string();
    for table in TABLES.map(|table| table.name) {
        let all = rows_of(&dir, &traced, table, &[]);
        assert_eq!(rows_of(&dir, &traced, table, &["--limit", "2"]), all[..2], "{table}");
    }
}

#[test]
fn the_suffix_of_the_output_tells_the_format() {
    let dir = Workdir::new();
    for (name, start) in
        [("x.csv", "run_id,"), ("x.jsonl", "{\""), ("x.ndjson", "{\""), ("x.json", "[{"), ("x", "run_id,")]
    {
        let outcome = dir.run(&["export", "runs", &sample(), "-o", name]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{name}: {}", outcome.stderr);
        assert!(std::fs::read_to_string(dir.path(name)).expect("a file").starts_with(start), "{name}");
    }
    for name in ["x.parquet", "x.PQ"] {
        assert_eq!(dir.run(&["export", "runs", &sample(), "-o", name]).code, 0);
        let bytes = std::fs::read(dir.path(name)).expect("a file");
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "{name}");
    }
}

#[test]
fn a_short_flag_is_the_format_of_its_name() {
    let dir = Workdir::new();
    for name in ["csv", "jsonl", "json"] {
        let long = dir.run(&["export", "runs", &sample(), "--format", name]);
        assert_eq!(dir.run(&["export", "runs", &sample(), &format!("--{name}")]).stdout, long.stdout, "{name}");
    }
}

#[test]
fn bad_input_is_told_before_anything_is_read() {
    let dir = Workdir::new();
    for (args, says) in [
        (&["nothing"][..], "unknown table \"nothing\"; known: usage, runs"),
        (&["usagee"][..], "unknown table \"usagee\"; did you mean usage?"),
        (&["runs", "--format", "xml"], "unknown export format \"xml\"; known: csv, parquet, jsonl, json"),
        (&["runs", "-o", "x.xml"], "no export format has the suffix .xml"),
        (&["runs", "--csv", "--json"], "cannot be used with"),
        (&["runs", "--csv", "--format", "json"], "cannot be used with"),
        (&["runs", "--limit", "0"], "invalid value '0'"),
        (&["runs", "--where", "nope=1"], "unknown dimension"),
    ] {
        let outcome = dir.run(&[&["export"], args].concat());
        assert_eq!(outcome.code, 2, "{args:?}");
        assert!(outcome.stderr.contains(says), "{args:?}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{args:?}");
    }
}

#[test]
fn a_flag_that_could_change_nothing_is_refused() {
    let dir = Workdir::new();
    let costs = "leave --cost-mode and --service-tier out";
    let json_schema = "the schema of the policy is a JSON Schema";
    for (args, message) in [
        (&["export", "tools", "--cost-mode", "computed"][..], costs),
        (&["export", "quota", "--service-tier", "flex"], costs),
        (&["export", "events", "--cost-mode", "reported"], costs),
        (&["schema", "policy", "--format", "text"], json_schema),
        (&["schema", "policy", "-o", "policy.md"], json_schema),
        (&["prices", "--verbose"], "unexpected argument"),
    ] {
        let outcome = dir.run(args);
        assert_eq!(outcome.code, 2, "{args:?}");
        assert!(outcome.stderr.contains(message) && outcome.stdout.is_empty(), "{args:?}: {outcome:?}");
    }
}

#[test]
fn nothing_found_gives_a_table_without_rows() {
    let dir = Workdir::new();
    dir.mkdir("empty");
    for table in TABLES.map(|table| table.name) {
        let csv = dir.run(&["export", table, "empty", "--allow-empty"]);
        assert_eq!((csv.code, csv.stdout.lines().count()), (0, 1), "{table}: {}", csv.stderr);
        assert_eq!(dir.run(&["export", table, "empty", "--allow-empty", "--jsonl"]).stdout, "");
        assert_eq!(dir.run(&["export", table, "empty", "--allow-empty", "--json"]).stdout, "[]\n");
    }
}

/// A Codex log whose agent is told the same state of its limits three times, then another.
fn told_of_limits() -> String {
    let line = |second: u32, used: &str| {
        format!(
            "2026-05-12T07:03:{second:02}.057738Z DEBUG codex_exec: Received event: Event {{ id: \"0\", msg: \
             TokenCount(TokenCountEvent {{ info: None, rate_limits: Some(RateLimitSnapshot {{ limit_id: Some(\"codex\"), \
             primary: Some(RateLimitWindow {{ used_percent: {used}, window_minutes: Some(300), resets_at: \
             Some(1770897748) }}), secondary: None, credits: None, plan_type: Some(Plus) }}) }}) }}\n"
        )
    };
    [line(1, "3.0"), line(2, "3.0"), line(3, "3.0"), line(4, "4.5")].concat()
}

#[test]
fn quota_keeps_changes_and_the_last_sight_of_each_state() {
    let dir = Workdir::new();
    dir.write("a/codex.log", told_of_limits());
    // A copy of its end tells nothing new.
    let log = told_of_limits();
    dir.write("b/tail.log", &log[log.find('\n').expect("a line") + 1..]);
    let outcome = dir.run(&["export", "quota", "a", "b"]);
    let rows: Vec<&str> = outcome.stdout.lines().collect();
    let expected = [
        "time,run_id,conversation_id,loop,repo,profile,harness,limit,window_minutes,used_percent,resets_at,plan",
        "2026-05-12T07:03:01.057738Z,,,,,,codex,codex,300,3,2026-02-12T12:02:28Z,plus",
        "2026-05-12T07:03:03.057738Z,,,,,,codex,codex,300,3,2026-02-12T12:02:28Z,plus",
        "2026-05-12T07:03:04.057738Z,,,,,,codex,codex,300,4.5,2026-02-12T12:02:28Z,plus",
    ];
    assert_eq!(rows, expected, "{}", outcome.stderr);
}

/// A log with two readings of a limit; its fork copies it, dated anew, and has a reading of its own.
fn forked_with_limits(turn_ids: bool) -> [String; 2] {
    let [parent, fork] = ["019e1afc-4180-7a1b-9c2d-000000000001", "019e1b05-6940-7a1b-9c2d-000000000002"];
    let record = |time: &str, kind: &str, payload: &str| {
        format!(r#"{{"timestamp":"2026-05-12T{time}Z","type":"{kind}","payload":{{{payload}}}}}"#) + "\n"
    };
    let header = |time: &str, id: &str, more: &str| {
        record(time, "session_meta", &format!(r#""id":"{id}","timestamp":"2026-05-12T{time}Z"{more}"#))
    };
    let turn = |time: &str, id: &str| {
        let id = if turn_ids { format!(r#""turn_id":"{id}","#) } else { String::new() };
        record(time, "turn_context", &format!(r#"{id}"model":"gpt-5.3-codex""#))
    };
    let count = |time: &str, input: u32, used: u32| {
        let usage = format!(r#"{{"input_tokens":{input},"output_tokens":1}}"#);
        let window = format!(r#"{{"used_percent":{used},"window_minutes":300}}"#);
        let info = format!(r#""info":{{"total_token_usage":{usage}}},"rate_limits":{{"primary":{window}}}"#);
        record(time, "event_msg", &format!(r#""type":"token_count",{info}"#))
    };
    let (old, new) = ("019e1afc-4568-7a1b-9c2d-000000000065", "019e1b05-88a8-7a1b-9c2d-000000000066");
    let first =
        [header("07:00:00", parent, ""), turn("07:00:01", old), count("07:00:05", 100, 11), count("07:00:09", 200, 12)];
    let second = [
        header("07:10:00", fork, &format!(r#","forked_from_id":"{parent}""#)),
        header("07:10:00", parent, ""),
        turn("07:10:00.1", old),
        count("07:10:00.2", 100, 11),
        count("07:10:00.3", 200, 12),
        turn("07:10:08", new),
        count("07:10:09", 300, 13),
    ];
    [first.concat(), second.concat()]
}

#[test]
fn quota_leaves_out_what_a_fork_copied() {
    for turn_ids in [true, false] {
        let dir = Workdir::new();
        let [parent, fork] = forked_with_limits(turn_ids);
        dir.write("both/rollout-1.jsonl", parent);
        dir.write("both/rollout-2.jsonl", fork.clone());
        dir.write("one/rollout-2.jsonl", fork);
        let told = |folder: &str| {
            let table = dir.run(&["export", "quota", folder]).stdout;
            let rows = table.lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>());
            rows.map(|row| format!("{} {}", &row[0][11..19], row[9])).collect::<Vec<_>>()
        };
        assert_eq!(told("both"), ["07:00:05 11", "07:00:09 12", "07:10:09 13"], "with ids: {turn_ids}");
        // Without ids and without the log that it came from, any may be a copy.
        assert_eq!(told("one"), if turn_ids { vec!["07:10:09 13"] } else { vec![] }, "with ids: {turn_ids}");
    }
}

#[test]
fn quota_shows_the_rows_of_its_export() {
    let dir = Workdir::new();
    dir.write("a/codex.log", told_of_limits());
    let exported = dir.run(&["export", "quota", "a"]).stdout;
    assert_eq!(dir.run(&["quota", "a", "--format", "csv"]).stdout, exported);
    assert_eq!(dir.run(&["quota", "a", "--jsonl"]).stdout, dir.run(&["export", "quota", "a", "--jsonl"]).stdout);
    let late = dir.run(&["quota", "a", "--since", "2026-05-12T07:03:04Z", "--limit", "1", "--jsonl"]).stdout;
    assert!(late.lines().count() == 1 && late.contains("07:03:04.057738Z"), "{late}");
    let text = dir.run(&["quota", "a"]).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("TIME ") && lines[0].contains("USED %"), "{text}");
    assert!(lines.len() == 4 && lines[3].contains("4.5"), "{text}");
    let nothing = |args: &[&str]| dir.run(&[&["quota", "a"], args].concat()).stdout;
    assert_eq!(nothing(&["--where", "harness=claude"]), "Nothing matches --where harness=claude.\n");
    let window = "Nothing in this window: since Tue 1 Jan 2030 (UTC). Widen it with --since and --until.\n";
    assert_eq!(nothing(&["--since", "2030-01-01"]), window);
    let within = "Nothing in this window: since Tue 1 Jan 2030 06:30 (UTC). Widen it with --since and --until.\n";
    assert_eq!(nothing(&["--since", "2030-01-01T06:30:00Z"]), within);
    let untold = dir.run(&["quota", &crate::support::fixtures().join("pi-session").display().to_string()]).stdout;
    assert!(untold.starts_with("No reading of a rate limit.\n"), "{untold}");
}

#[test]
fn a_filter_for_what_no_row_of_a_table_tells_is_an_error() {
    let dir = Workdir::new();
    let input = crate::support::fixtures().join("codex-rollout").display().to_string();
    for args in [&["quota"][..], &["export", "quota"]] {
        for filter in ["model=gpt-*", "effort=high", "service_tier=flex"] {
            let outcome = dir.run(&[args, &[&input, "--where", filter]].concat());
            let key = filter.split('=').next().expect("a key");
            let said = format!("forge-usage: --where {filter} matches nothing: no row of quota tells a {key}\n");
            assert_eq!((outcome.code, outcome.stderr), (2, said), "{args:?}");
        }
        // Rows without a model are all there are.
        for filters in [&["model="][..], &["model=gpt-*", "model="], &["harness=codex"]] {
            let filters: Vec<&str> = filters.iter().flat_map(|filter| ["--where", *filter]).collect();
            assert_eq!(dir.run(&[args, &[&input], &filters[..]].concat()).code, 0, "{args:?} {filters:?}");
        }
    }
    assert_eq!(dir.run(&["export", "tools", &input, "--where", "effort=high"]).code, 2);
    assert_eq!(dir.run(&["export", "tools", &input, "--where", "model=gpt-*"]).code, 0);
}

#[test]
fn a_call_whose_output_is_a_placeholder_has_a_floor_of_its_cost_alone() {
    let dir = Workdir::new();
    let case = fixtures().join("claude-session/a-message-that-never-ended-is-a-floor/input");
    for table in ["calls", "usage"] {
        let rows = rows_of(&dir, case.to_str().expect("UTF-8"), table, &[]);
        let open: Vec<&Value> = rows.iter().filter(|row| row["cost_usd"].is_null()).collect();
        assert_eq!(open.len(), 1, "{table}: {rows:?}");
        for row in open {
            assert!(row["cost_low_usd"].as_f64() > Some(0.0), "{table}: {row}");
            assert!(row["cost_computed_usd"].is_null() && row["cost_high_usd"].is_null(), "{table}: {row}");
        }
    }
}
