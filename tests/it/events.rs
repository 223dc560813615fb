//! `events`: the stream as an output and as an input.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::shapes;
use crate::support::{Workdir, fixtures, json_of, sample};
use crate::writers::{CALL, Entry, exact};

const REPORT: [&str; 6] = ["report", "--json", "--tz", "UTC", "--by", "run,model,day"];

/// A report without what describes the reading.
fn told(outcome: &crate::support::Outcome) -> Value {
    let mut report = json_of(outcome, &REPORT);
    report.as_object_mut().expect("an object").remove("sources");
    report
}

#[test]
fn every_fixture_reports_the_same_from_its_events() {
    let work = Workdir::new();
    let subfolders = |path: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path());
        entries.filter(|path| path.is_dir()).collect()
    };
    for path in subfolders(&fixtures()).iter().flat_map(|kind| subfolders(kind)) {
        let path = path.to_str().expect("UTF-8");
        let events = work.run(&["events", "--allow-empty", path]);
        let direct = work.run(&[&REPORT[..], &["--allow-empty", path]].concat());
        let through = work.run_with(&[&REPORT[..], &["--allow-empty", "-"]].concat(), events.stdout.as_bytes());
        assert_eq!(told(&direct), told(&through), "{path}");
        assert_eq!(direct.code, through.code, "{path}");
    }
}

#[test]
fn each_line_has_a_version_an_origin_and_a_kind() {
    let work = Workdir::new();
    let outcome = work.run(&["events", &sample()]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let mut kinds = std::collections::BTreeSet::new();
    for line in outcome.stdout.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(event["schema_version"], 1, "{line}");
        assert!(event["source"].is_string() && event["offset"].is_u64(), "{line}");
        kinds.insert(event["kind"].as_str().expect("a kind").to_owned());
    }
    for kind in ["source", "run", "call", "counter"] {
        assert!(kinds.contains(kind), "no {kind} among {kinds:?}");
    }
}

#[test]
fn a_torn_line_costs_only_itself() {
    let work = Workdir::new();
    let path = fixtures().join("sample/ledgers");
    let events = work.run(&["events", path.to_str().expect("UTF-8")]).stdout;
    let whole = work.run_with(&["report", "--json", "-"], events.as_bytes());
    let torn = work.run_with(&["report", "--json", "-"], format!("{events}{{\"schema_version\":1,\"sou").as_bytes());
    let (whole, torn) = (json_of(&whole, &[]), json_of(&torn, &[]));
    assert_eq!(whole["rows"], torn["rows"]);
    let codes = crate::support::warning_codes(&torn);
    assert!(codes.contains(&"torn-record".to_owned()), "{codes:?}");
}

/// The events of a case of session logs.
fn events_of(work: &Workdir, case: &str) -> String {
    let path = fixtures().join(case).join("input");
    work.run(&["events", path.to_str().expect("UTF-8")]).stdout
}

/// Conversations that are exact and partial, whether all is complete, and warnings.
fn known(report: &Value) -> (u64, u64, bool, Vec<String>) {
    let of = |quality: &str| report["totals"]["runs_by_quality"][quality].as_u64().expect("a number");
    let is_complete = report["totals"]["complete"].as_bool().expect("a flag");
    (of("exact"), of("partial"), is_complete, crate::support::warning_codes(report))
}

const LOGS: [&str; 3] = [
    "claude-session/equal-numbers-of-two-messages-are-two-calls",
    "codex-rollout/model-switch-over-midnight",
    "pi-session/buckets-are-disjoint",
];

#[test]
fn a_session_log_whose_events_are_cut_is_a_floor() {
    for case in LOGS {
        let work = Workdir::new();
        let events = events_of(&work, case);
        assert_eq!(known(&work.report_of(&events)), (1, 0, true, Vec::new()), "{case}");
        let starts: Vec<usize> = events.match_indices("\n{").map(|(at, _)| at + 1).collect();
        let first = events.find("\"kind\":\"call\"").expect("a call");
        let between: Vec<usize> = starts.into_iter().filter(|start| *start > first).collect();
        assert!(between.len() > 1, "{case}");
        for at in between {
            let cut = work.report_of(&events[..at]);
            assert_eq!(known(&cut), (0, 1, false, vec!["truncated-input".to_owned()]), "{case}: {at}");
            let torn = work.report_of(&events[..at - 30]);
            let codes = vec!["torn-record".to_owned(), "truncated-input".to_owned()];
            // Where its only call is torn, nothing is known of what it used.
            let (exact, _, is_complete, told) = known(&torn);
            assert_eq!((exact, is_complete, told), (0, false, codes), "{case}: {at}");
        }
        // A cut stream that is written down again tells the same.
        let cut = &events[..first];
        let again = work.run_with(&["events", "-"], cut.as_bytes()).stdout;
        let (once, twice) = (work.report_of(cut), work.report_of(&again));
        assert_eq!((&once["totals"], &once["warnings"]), (&twice["totals"], &twice["warnings"]), "{case}");
    }
}

/// A log or a capture that grew since its events were kept, under the same path.
#[test]
fn events_of_a_beginning_are_made_up_for_by_the_file_that_they_were_read_from() {
    let log = fixtures().join("claude-session/a-shorter-copy-that-is-torn-in-the-same-place/input/log");
    let log = std::fs::read_dir(log).expect("a folder").next().expect("a file").expect("an entry").path();
    // Its second line is the torn one.
    let log = std::fs::read_to_string(log)
        .expect("text")
        .lines()
        .filter(|line| line.ends_with('}'))
        .fold(String::new(), |text, line| text + line + "\n");
    const LOG: &str = "out/7a51c0de-0000-4000-8000-0000000000a1.jsonl";
    let session = "7a51c0de-0000-4000-8000-0000000000b2";
    let capture = format!(
        "{{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"{session}\",\"model\":\"claude-opus-4-6\"}}\n\
         {{\"type\":\"result\",\"subtype\":\"success\",\"session_id\":\"{session}\",\"uuid\":\"r-1\",\"total_cost_usd\":0.01,\
         \"usage\":{{\"input_tokens\":20,\"output_tokens\":4}},\"modelUsage\":{{\"claude-opus-4-6\":{{\"inputTokens\":20,\
         \"outputTokens\":4,\"cacheReadInputTokens\":0,\"cacheCreationInputTokens\":0,\"costUSD\":0.01}}}}}}\n"
    );
    let behind = |text: &str| text.find('\n').expect("a line") + 1;
    let (init, result) = capture.split_at(behind(&capture));
    let called = format!(
        "{init}{{\"type\":\"assistant\",\"message\":{{\"id\":\"msg_1\",\"role\":\"assistant\",\"model\":\"claude-opus-4-6\",\
         \"content\":[],\"usage\":{{\"input_tokens\":20,\"output_tokens\":4}}}},\"session_id\":\"{session}\"}}\n{result}"
    );
    let within_call = init.len() + 60;
    let within_result = called.len() - result.len() + 60;
    let cases = [(&log, 300), (&log, log.len() - 40), (&capture, init.len()), (&called, within_call)];
    for (text, early) in cases.into_iter().chain([(&called, within_result)]) {
        let work = Workdir::new();
        work.write(LOG, &text[..early]);
        let events = work.run(&["events", "out"]).stdout;
        work.write("history.jsonl", &events);
        assert!(!known(&work.report(&["--allow-empty", "history.jsonl"])).2 || early == init.len(), "{early}");
        work.write(LOG, text);
        let both = work.report(&["history.jsonl", "out"]);
        let (exact, partial, is_complete, _) = known(&both);
        assert_eq!((exact, partial, is_complete), (1, 0, true), "{early}");
        assert_eq!(both["totals"]["total_tokens"], work.report(&["out"])["totals"]["total_tokens"], "{early}");
        // Without the file they are what was known then.
        std::fs::remove_file(work.path(LOG)).expect("a file");
        assert_eq!(known(&work.report(&["--allow-empty", "history.jsonl", "out"])).0, 0, "{early}");
    }
}

#[test]
fn a_torn_line_within_the_events_makes_its_session_a_floor_and_no_other() {
    let work = Workdir::new();
    let [claude, rollout, pi] = LOGS.map(|case| events_of(&work, case));
    let torn = vec!["torn-record".to_owned()];
    for line in rollout.lines().filter(|line| line.contains("\"kind\":\"call\"")) {
        for left in [&line[..line.len() / 2], &line[line.len() / 2..], "\0\0\0"] {
            let events = format!("{claude}{}{pi}", rollout.replace(line, left));
            assert_eq!(known(&work.report_of(&events)), (2, 1, false, torn.clone()), "{left}");
        }
    }
    let quota = rollout.lines().find(|line| line.contains("\"kind\":\"quota\"")).expect("a reading");
    let events = rollout.replace(quota, &quota[..quota.len() - 9]);
    assert_eq!(known(&work.report_of(&events)), (1, 0, true, torn));
}

#[test]
fn the_counter_that_follows_makes_up_for_a_torn_call_and_the_one_before_does_not() {
    let work = Workdir::new();
    let trace = events_of(&work, "codex-trace/a-counter-makes-up-for-a-bad-count");
    let calls: Vec<&str> = trace.lines().filter(|line| line.contains("\"kind\":\"call\"")).collect();
    let torn = |call: &str, events: &str| events.replace(call, &call[..call.len() / 2]);
    let whole = work.report_of(&trace)["totals"]["total_tokens"].clone();
    for call in &calls {
        let report = work.report_of(&torn(call, &trace));
        assert_eq!((&report["totals"]["total_tokens"], known(&report).0), (&whole, 1), "{call}");
    }
    let last = trace.trim_end().rfind('\n').expect("several lines");
    let report = work.report_of(&torn(calls[calls.len() - 1], &trace[..=last]));
    assert_eq!((known(&report).0, known(&report).1), (0, 1));
}

#[test]
fn another_copy_of_a_torn_call_makes_up_for_it() {
    let work = Workdir::new();
    let claude = events_of(&work, LOGS[0]);
    let call = claude.lines().find(|line| line.contains("\"kind\":\"call\"")).expect("a call");
    work.write("torn.jsonl", claude.replace(call, &call[..call.len() - 9]));
    let log = fixtures().join(LOGS[0]).join("input");
    let report = work.report(&["torn.jsonl", log.to_str().expect("UTF-8")]);
    assert_eq!(known(&report), (1, 0, true, vec!["torn-record".to_owned()]));
}

#[test]
fn what_is_appended_to_a_torn_line_is_read() {
    let work = Workdir::new();
    let [claude, rollout, _] = LOGS.map(|case| events_of(&work, case));
    let events = format!("{}{rollout}", &claude[..claude.len() - 20]);
    let report = work.report_of(&events);
    let codes = vec!["torn-record".to_owned(), "truncated-input".to_owned()];
    assert_eq!(known(&report), (1, 1, false, codes));
    assert_eq!(report["sources"]["files"], 2);
}

#[test]
fn a_first_line_that_is_torn_costs_only_itself() {
    let work = Workdir::new();
    let [claude, rollout, _] = LOGS.map(|case| events_of(&work, case));
    for left in ["\"kind\":\"skipped\"}", "{\"schema_version\":1,\"sou"] {
        let report = work.report_of(&format!("{left}\n{claude}{rollout}"));
        assert_eq!(known(&report), (2, 0, true, vec!["torn-record".to_owned()]), "{left}");
        assert_eq!(report["sources"]["files"], 2);
    }
    // What stood before it may have been a call, whatever the torn line was.
    let last = rollout.rfind("\"kind\":\"quota\"").expect("a reading");
    let report = work.report_of(&rollout[last..]);
    assert_eq!(known(&report), (0, 0, false, vec!["torn-record".to_owned()]));
    let calls: Vec<usize> = rollout.match_indices("\"kind\":\"call\"").map(|(at, _)| at).collect();
    let before = rollout[..calls[1]].rfind("\"kind\":\"quota\"").expect("a reading");
    for from in [before, calls[0]] {
        let report = work.report_of(&rollout[from..]);
        assert_eq!(known(&report), (0, 1, false, vec!["torn-record".to_owned()]));
    }
}

#[test]
fn a_text_that_quotes_events_is_none() {
    let work = Workdir::new();
    let claude = events_of(&work, LOGS[0]);
    for first in ["# How events look", "```json", "{\"type\":\"note\"}", "[", "{"] {
        work.write("notes.md", format!("{first}\n{claude}"));
        let outcome = work.run(&["report", "notes.md"]);
        assert!(outcome.code == 2 && outcome.stderr.contains("no ledger, trace or session"), "{first}: {outcome:?}");
    }
}

#[test]
fn counts_beyond_64_bits_are_refused() {
    let work = Workdir::new();
    let line =
        r#"{"schema_version":1,"source":"x","offset":0,"run_id":"r","kind":"footer","data":{"blended_tokens":COUNT}}"#;
    let good = work.report_of(&line.replace("COUNT", "9223372036854775807"));
    assert_eq!(good["totals"]["blended_tokens"], 9_223_372_036_854_775_807_i64);
    let bad = work.report_of(&line.replace("COUNT", "9223372036854775808"));
    assert_eq!(crate::support::warning_codes(&bad), ["torn-record"]);
}

#[test]
fn a_window_of_more_minutes_than_64_bits_hold_tells_no_length() {
    let work = Workdir::new();
    let minutes = u64::MAX;
    let rollout = format!(
        r#"{{"timestamp":"2026-05-12T07:00:00.000Z","type":"session_meta","payload":{{"id":"019e1afc-4180-7a1b-9c2d-000000000001","cli_version":"0.98.0"}}}}
{{"timestamp":"2026-05-12T07:00:10.000Z","type":"event_msg","payload":{{"type":"token_count","info":null,"rate_limits":{{"primary":{{"used_percent":4.0,"window_minutes":{minutes}}}}}}}}}
"#
    );
    let trace = format!(
        "2026-05-12T07:00:10.000000Z DEBUG codex_exec: Received event: Event {{ id: \"0\", msg: TokenCount(TokenCountEvent \
         {{ info: None, rate_limits: Some(RateLimitSnapshot {{ primary: Some(RateLimitWindow {{ used_percent: 4.0, \
         window_minutes: Some({minutes}), resets_at: None }}), secondary: None, credits: None, plan_type: None }}) }}) }}\n"
    );
    for source in [rollout, trace] {
        let events = work.run_with(&["events", "-"], source.as_bytes());
        assert!(events.stdout.contains("\"used_percent\":4.0"), "{}", events.stdout);
        assert!(!events.stdout.contains("window_minutes"), "{}", events.stdout);
        let again = work.run_with(&["export", "quota", "--jsonl", "-"], events.stdout.as_bytes());
        assert!(again.stdout.contains("\"window_minutes\":null,\"used_percent\":4.0"), "{}", again.stdout);
    }
}

#[test]
fn events_of_another_version_are_not_misread() {
    let work = Workdir::new();
    let line = r#"{"schema_version":2,"source":"x","offset":0,"kind":"footer","data":{"tokens":1}}"#;
    let outcome = work.run_with(&["report", "-"], line.as_bytes());
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("schema version 2; this program reads version 1"), "{}", outcome.stderr);
}

#[test]
fn a_file_that_cannot_be_read_is_an_event_too() {
    let work = Workdir::new();
    work.write("logs/notes.txt", "nothing that we know");
    work.write("logs/night.md", std::fs::read(fixtures().join("sample/ledgers/docs-sweep.md")).expect("a sample"));
    let events = work.run(&["events", "logs"]);
    assert_eq!(events.code, 0, "{}", events.stderr);
    assert!(events.stdout.contains(r#""kind":"skipped","data":{"reason":"no known format","loss":"none"}"#));
    let report = json_of(&work.run_with(&["report", "--json", "-"], events.stdout.as_bytes()), &[]);
    assert_eq!(report["sources"]["skipped"][0]["path"], "logs/notes.txt");
}

#[test]
fn nothing_found_is_an_error_that_says_where() {
    let work = Workdir::new();
    work.mkdir("empty");
    let outcome = work.run(&["events", "empty"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("no ledger, trace or session found in empty"), "{}", outcome.stderr);
    assert_eq!(work.run(&["events", "--allow-empty", "empty"]).code, 0);
}

#[test]
fn a_byte_order_mark_before_the_first_event_changes_nothing() {
    let work = Workdir::new();
    let events = work.run(&["events", &sample()]).stdout;
    let plain = work.run_with(&["report", "--json", "-"], events.as_bytes());
    let marked = work.run_with(&["report", "--json", "-"], format!("\u{feff}{events}").as_bytes());
    let (plain, marked) = (json_of(&plain, &[]), json_of(&marked, &[]));
    assert_eq!((&plain["rows"], &plain["warnings"]), (&marked["rows"], &marked["warnings"]));
}

#[test]
fn every_line_has_data_but_that_of_an_open_run() {
    let work = Workdir::new();
    let case = fixtures().join("forge-loop-log/run-at-work/input");
    let outcome = work.run(&["events", case.to_str().expect("UTF-8")]);
    let lines: Vec<Value> = outcome.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let bare: Vec<&Value> = lines.iter().filter(|line| line.get("data").is_none()).collect();
    assert!(lines.len() > 2 && bare.len() == 1 && bare[0]["kind"] == "open_run", "{bare:?}");
}

#[test]
fn no_hidden_character_of_a_name_or_a_path_stands_in_the_stream_as_it_is() {
    let work = Workdir::new();
    let hidden = ['\u{7f}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{feff}'];
    let name: String = hidden.iter().collect();
    let path = format!("a{name}.md");
    let front = shapes::front("night", &format!("/srv/{name}"), "2026-10-05T08:00:00Z");
    work.write(&path, front + &Entry::new(0).with(&exact(0, CALL)));
    for command in [&["events"][..], &["export", "events"]] {
        let stream = work.run(&[command, &[&path]].concat()).stdout;
        assert!(!stream.contains(hidden), "{command:?}: {stream:?}");
        assert!(stream.contains(r"\u007f\u009b\u202e\u2066\ufeff"), "{command:?}: {stream}");
        // It is the same text for who reads it.
        let line: Value = serde_json::from_str(stream.lines().next().expect("a line")).expect("JSON");
        assert_eq!(line["source"], path);
    }
}
