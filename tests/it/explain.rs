//! `explain`: where the numbers of one run come from.

use serde_json::Value;

use crate::support::{Workdir, fixtures, json_of, sample};
use crate::writers::{CALL, Entry, completed, counter, exact, footer, front};

fn verdicts(explanation: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let witnesses = explanation["witnesses"].as_array().expect("a list");
    witnesses.iter().map(|witness| (text(&witness["kind"]), text(&witness["verdict"]))).collect()
}

fn pair(kind: &str, verdict: &str) -> (String, String) {
    (kind.to_owned(), verdict.to_owned())
}

#[test]
fn the_parts_of_a_run_add_up_to_its_row() {
    let work = Workdir::new();
    let runs = work.runs(&[&sample()]);
    assert!(runs.len() > 5);
    for run in runs {
        let id = run["run_id"].as_str().expect("an id");
        let explanation = work.explain(&[id, &sample()]);
        let owner = &explanation["owners"][0];
        for (key, value) in owner["run"].as_object().expect("a row") {
            assert_eq!(value, &run[key], "{key} of {id}");
        }
        for key in ["input_tokens", "output_tokens", "total_tokens", "blended_tokens"] {
            let parts = owner["parts"].as_array().expect("a list").iter().filter_map(|part| part[key].as_i64());
            let sum = parts.fold(None, |sum: Option<i64>, part| Some(sum.unwrap_or(0) + part));
            assert_eq!(sum, run[key].as_i64(), "{key} of {id}");
        }
        assert!(!owner["reasons"].as_array().expect("a list").is_empty(), "{id}");
    }
}

#[test]
fn each_witness_says_what_became_of_it_and_where_it_stands() {
    let work = Workdir::new();
    let ledger = front("night") + &Entry::new(0).with(&exact(0, CALL));
    work.write("night.md", &ledger);
    let explanation = work.explain(&["--slowest", "night.md"]);
    let told = verdicts(&explanation);
    assert_eq!(told[0], pair("run", "success"));
    assert!(told.contains(&pair("call", "counted")), "{told:?}");
    // How long a stream took of which one event is known, nobody knows.
    assert!(told.contains(&pair("stream", "1 event")), "{told:?}");
    assert!(told.contains(&pair("counter", "taken")), "{told:?}");
    assert!(told.contains(&pair("footer", "agrees")), "{told:?}");
    for witness in explanation["witnesses"].as_array().expect("a list") {
        assert_eq!(witness["source"], "night.md");
        let offset = usize::try_from(witness["offset"].as_u64().expect("an offset")).expect("small");
        assert!(offset == 0 || ledger.as_bytes()[offset - 1] == b'\n', "{witness}");
    }
}

#[test]
fn a_cut_tail_says_what_is_missing_and_what_would_fill_it() {
    let work = Workdir::new();
    work.write("night.md", front("night") + &Entry::new(0).with(&completed(0, 1, CALL)));
    let explanation = work.explain(&["--slowest", "night.md"]);
    let reason = &explanation["owners"][0]["reasons"][0];
    assert_eq!(reason["code"], "no-beginning");
    assert!(reason["remedy"].as_str().expect("a remedy").contains("session log"), "{reason}");
    let text = work.run(&["explain", "--slowest", "night.md"]).stdout;
    assert!(text.contains("Usage is partial: the beginning of the conversation is cut off"), "{text}");
    assert!(text.contains("More would be known from"), "{text}");
}

#[test]
fn a_footer_that_contradicts_is_shown() {
    let work = Workdir::new();
    let output = counter(0, 1, CALL, CALL) + &footer("999,999", "Done.");
    work.write("night.md", front("night") + &Entry::new(0).with(&output));
    let explanation = work.explain(&["--slowest", "night.md"]);
    assert!(verdicts(&explanation).contains(&pair("footer", "contradicts")), "{explanation}");
    assert_eq!(explanation["owners"][0]["run"]["reconciled"], "mismatch");
}

#[test]
fn any_unique_beginning_of_an_id_will_do() {
    let work = Workdir::new();
    let runs = work.runs(&[&sample()]);
    let id = runs[0]["run_id"].as_str().expect("an id");
    assert_eq!(work.explain(&[&id[..13], &sample()])["id"], id);
    let conversations = work.report(&["--by", "conversation", &sample()]);
    let named = conversations["rows"].as_array().expect("rows").iter().find_map(|row| row["conversation_id"].as_str());
    let conversation = named.expect("a conversation");
    let explanation = work.explain(&[conversation, &sample()]);
    assert_eq!((&explanation["kind"], &explanation["id"]), (&"conversation".into(), &conversation.into()));
}

#[test]
fn a_conversation_that_left_no_usage_is_known_all_the_same() {
    let work = Workdir::new();
    let case = fixtures().join("codex-rollout/asked-and-never-answered/input");
    let case = case.to_str().expect("UTF-8");
    let conversations = work.run(&["export", "conversations", "--format", "jsonl", case]).stdout;
    let row: Value = serde_json::from_str(conversations.lines().next().expect("a row")).expect("JSON");
    let id = row["conversation_id"].as_str().expect("an id");
    for start in [id, &id[..13]] {
        let text = work.run(&["explain", start, case]);
        assert_eq!((text.code, text.stderr.as_str()), (0, ""));
        assert!(text.stdout.starts_with(&format!("conversation {id} · left no usage of its own\n")), "{}", text.stdout);
    }
    assert_eq!(work.explain(&[id, case])["owners"], serde_json::json!([]));
}

#[test]
fn what_a_reviewers_counter_goes_on_from_is_said_to_be_anothers() {
    let work = Workdir::new();
    let first_call = |case: &str| {
        let input = fixtures().join("codex-rollout").join(case).join("input");
        let explanation = work.explain(&["019e1b05-6940", input.to_str().expect("UTF-8")]);
        verdicts(&explanation).into_iter().find(|(kind, _)| kind == "call").expect("a call").1
    };
    let restored = first_call("a-reviewer-that-restores-a-counter-of-nobody-named");
    assert_eq!(restored, "copied from another conversation");
    let repeated = first_call("a-reviewer-whose-first-turn-restores-a-counter");
    assert_eq!(repeated, "not counted: may be copied from another conversation");
    assert_eq!(first_call("a-reviewer-that-begins-at-zero"), "counted");
}

#[test]
fn an_id_of_nothing_and_one_of_several_are_told_apart() {
    let work = Workdir::new();
    let nothing = work.run(&["explain", "zzzz", &sample()]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (2, ""));
    assert!(nothing.stderr.contains("no run or conversation begins with zzzz"), "{}", nothing.stderr);
    work.write(
        "night.md",
        front("night") + &Entry::new(0).with(&exact(0, CALL)) + &Entry::new(1).with(&exact(1, CALL)),
    );
    let runs = work.runs(&["night.md"]);
    let first = runs[0]["run_id"].as_str().expect("an id");
    let second = runs[1]["run_id"].as_str().expect("an id");
    let shared: String = first.chars().zip(second.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    if !shared.is_empty() {
        let several = work.run(&["explain", &shared, "night.md"]);
        assert_eq!(several.code, 2);
        assert!(several.stderr.contains(first) && several.stderr.contains(second), "{}", several.stderr);
    }
    assert_eq!(work.run(&["explain"]).code, 2);
}

/// As a shell's `<(COMMAND)` is one.
#[cfg(unix)]
#[test]
fn what_comes_through_a_pipe_with_a_path_is_explained_as_a_file_is() {
    let work = Workdir::new();
    let log = exact(0, CALL);
    // People see the name that they gave, without the folder.
    work.write("stdin", &log);
    let file = work.run(&["explain", "--costliest", "stdin"]);
    let pipe = work.run_with(&["explain", "--costliest", "/dev/stdin"], log.as_bytes());
    assert_eq!(pipe.stdout, file.stdout);
    assert!(pipe.stdout.contains(" stdin:"), "{pipe:?}");
}

#[test]
fn events_on_standard_input_explain_as_their_sources_do() {
    let work = Workdir::new();
    let events = work.run(&["events", &sample()]).stdout;
    let direct = work.run(&["explain", "--slowest", "--json", &sample()]);
    let through = work.run_with(&["explain", "--slowest", "--json", "-"], events.as_bytes());
    assert_eq!(json_of(&direct, &[]), json_of(&through, &[]));
}

#[test]
fn the_costliest_run_is_the_one_with_the_largest_known_cost() {
    let work = Workdir::new();
    let runs = work.runs(&[&sample()]);
    let cost = |run: &&Value| (run["cost_low_usd"].as_f64().unwrap_or(-1.0) * 1e9) as i64;
    let costliest = runs.iter().max_by_key(cost).expect("a run");
    assert_eq!(work.explain(&["--costliest", &sample()])["id"], costliest["run_id"]);
    work.write("night.md", front("night") + &Entry::new(0).with(""));
    let outcome = work.run(&["explain", "--costliest", "night.md"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("nothing has a cost that is known"), "{}", outcome.stderr);
}

/// A harness that reports this cost for 1,000 uncached tokens in and 100 out: $0.0045 at list prices.
fn reporting(cost: &str) -> String {
    let id = "0a8b32dc-a8da-4ef7-a760-a01501b8474a";
    let usage =
        r#"{"input_tokens":1000,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":100}"#;
    let model = r#"{"claude-sonnet-4-5-20250929":{"inputTokens":1000,"outputTokens":100,"cacheReadInputTokens":0,"cacheCreationInputTokens":0}}"#;
    [
        format!(r#"{{"type":"system","subtype":"init","session_id":"{id}","model":"claude-sonnet-4-5-20250929"}}"#),
        format!(
            r#"{{"type":"result","subtype":"success","session_id":"{id}","total_cost_usd":{cost},"usage":{usage},"modelUsage":{model}}}"#
        ),
    ]
    .join("\n")
}

#[test]
fn a_reported_cost_is_held_against_the_list_prices() {
    let work = Workdir::new();
    for (cost, sentence, difference) in [
        ("0.005", "The harness reports a cost of $0.005; list prices give $0.0045, $0.0005 less (10%).", -0.0005),
        ("0.003", "The harness reports a cost of $0.003; list prices give $0.0045, $0.0015 more (50%).", 0.0015),
        ("0.0045", "The harness reports a cost of $0.0045; list prices give the same.", 0.0),
    ] {
        work.write("out.jsonl", reporting(cost));
        let outcome = work.run(&["explain", "0a8b32dc", "out.jsonl"]);
        assert!(outcome.stdout.lines().any(|line| line == sentence), "{}", outcome.stdout);
        let owner = &work.explain(&["0a8b32dc", "out.jsonl"])["owners"][0];
        assert_eq!(owner["cost_difference_usd"].as_f64(), Some(difference), "{owner}");
    }
}

#[test]
fn a_reported_cost_is_held_against_prices_of_the_users_own() {
    let work = Workdir::new();
    work.write("out.jsonl", reporting("0.005"));
    work.write("usage.toml", "[prices.\"claude-sonnet-4-5-20250929\"]\ninput = 6\noutput = 30\n");
    let outcome = work.run(&["explain", "0a8b32dc", "out.jsonl", "--config", "usage.toml"]);
    let sentence = "The harness reports a cost of $0.005; prices of your own give $0.009, $0.004 more (80%).";
    assert!(outcome.stdout.lines().any(|line| line == sentence), "{}{}", outcome.stdout, outcome.stderr);
}

#[test]
fn a_cost_that_nobody_reports_is_told_from_list_prices_alone() {
    let work = Workdir::new();
    let ledger = front("night") + &Entry::new(0).with(&exact(0, CALL));
    work.write("night.md", &ledger);
    let outcome = work.run(&["explain", "--slowest", "night.md"]);
    assert!(outcome.stdout.contains("\nBy list prices it costs $"), "{}", outcome.stdout);
    assert_eq!(work.explain(&["--slowest", "night.md"])["owners"][0]["cost_difference_usd"], Value::Null);
}

#[test]
fn cache_writes_that_are_kept_for_an_hour_are_named_as_the_cause() {
    let work = Workdir::new();
    let id = "0a8b32dc-a8da-4ef7-a760-a01501b8474a";
    // $1 a million in, $1.25 written for five minutes, $2 for an hour, $5 out: 0.001 + 0.0025 or 0.004 + 0.0005.
    let session = |hour: u32| {
        format!(
            r#"{{"type":"assistant","sessionId":"{id}","isSidechain":false,"message":{{"id":"msg_1","model":"claude-haiku-4-5","stop_reason":"end_turn","usage":{{"input_tokens":1000,"cache_creation_input_tokens":2000,"cache_creation":{{"ephemeral_5m_input_tokens":{},"ephemeral_1h_input_tokens":{hour}}},"output_tokens":100}}}},"timestamp":"2026-05-02T08:00:05Z"}}"#,
            2000 - hour
        )
    };
    let told = |work: &Workdir| {
        let text = work.run(&["explain", id, "."]).stdout;
        let owner = work.explain(&[id, "."])["owners"][0].clone();
        (text, owner["run"]["cost_computed_usd"].as_f64(), owner["cost_without_hour_writes_usd"].as_f64())
    };
    work.write("s.jsonl", session(2000));
    let (text, computed, without) = told(&work);
    assert_eq!((computed, without), (Some(0.0055), Some(0.004)));
    let cause = "2,000 tokens of its cache writes were kept for an hour; were they not, list prices would give $0.004.";
    assert!(text.lines().any(|line| line == cause), "{text}");
    work.write("s.jsonl", session(0));
    let (text, computed, without) = told(&work);
    assert_eq!((computed, without), (Some(0.004), None));
    assert!(!text.contains("hour"), "{text}");
}

#[test]
fn what_nobody_splits_is_priced_as_if_none_were_kept_for_an_hour() {
    let work = Workdir::new();
    let id = "0a8b32dc-a8da-4ef7-a760-a01501b8474a";
    let model = r#"{"claude-haiku-4-5":{"inputTokens":1000,"outputTokens":100,"cacheReadInputTokens":0,"cacheCreationInputTokens":2000,"costUSD":0.004}}"#;
    let result = format!(
        r#"{{"type":"result","subtype":"success","session_id":"{id}","total_cost_usd":0.004,"modelUsage":{model}}}"#
    );
    work.write("out.jsonl", format!("{{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"{id}\"}}\n{result}"));
    let text = work.run(&["explain", id, "out.jsonl"]).stdout;
    let cause = "Nobody tells how many of its cache writes were kept for an hour; if none was, list prices give $0.004, \
                 as the harness reports.";
    assert!(text.lines().any(|line| line == cause), "{text}");
}

#[test]
fn a_run_that_is_at_work_is_not_said_to_be_told_whole() {
    let input = fixtures().join("forge-loop-log/run-at-work/input");
    let told = Workdir::new().run(&["explain", "--costliest", input.to_str().expect("a UTF-8 path")]).stdout;
    let reasons = told.lines().find(|line| line.starts_with("Usage is partial: ")).unwrap_or_default();
    assert!(reasons.contains("ends within the run's output") && !reasons.contains("tells all of it"), "{told}");
}

/// Five runs of a minute, and one of a quarter of an hour with this id.
fn slow(id: &str) -> String {
    let quick = |n: u32| Entry::new(n).with("Done.");
    let long = Entry { finish: "2026-10-05T11:45:00Z".to_owned(), run_id: id.to_owned(), ..Entry::new(5) };
    front("night") + &(0..5).map(quick).collect::<String>() + &long.with("Done.")
}

#[cfg(unix)]
#[test]
fn the_command_that_is_offered_works_as_it_stands() {
    let work = Workdir::new();
    let id = crate::writers::run_id(5);
    for path in ["it's/a ledger.md", "plain/ledger.md", ".forge/ledgers/night.md"] {
        work.write(path, slow(&id));
    }
    work.write("usage.toml", "");
    let program = assert_cmd::cargo::cargo_bin!("forge-usage");
    for args in [
        &["report"][..],
        &["latency", "plain"],
        &["report", "it's/a ledger.md"],
        &["report", "-C", "it's", "a ledger.md"],
        &["report", "--sessions", "plain", "--config", "usage.toml"],
    ] {
        let shown = work.run(args).stdout;
        let offered = shown.split_once("→ forge-usage ").unwrap_or_else(|| panic!("{args:?}: {shown}")).1;
        let offered = format!("\"$0\" {}", offered.lines().next().expect("a line"));
        let mut shell = std::process::Command::new("sh");
        shell.current_dir(work.root()).arg("-c").arg(&offered).arg(program).env("HOME", work.root());
        let output = shell.output().expect("a shell");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.starts_with(&format!("run {id} · ")), "{offered}: {said}{output:?}");
    }
}

#[test]
fn no_command_is_offered_that_would_not_work() {
    let work = Workdir::new();
    let shown = work.run_with(&["report", "-"], slow(&crate::writers::run_id(5)).as_bytes()).stdout;
    assert!(shown.contains("Slowest: 00000005 ") && !shown.contains('→'), "{shown}");
    #[cfg(unix)]
    {
        let shown = work.run_with(&["report", "/dev/stdin"], slow(&crate::writers::run_id(5)).as_bytes()).stdout;
        assert!(shown.contains("Slowest: 00000005 ") && !shown.contains('→'), "{shown}");
    }
    // An id that stands in a ledger is not for a shell.
    work.write("night.md", slow("x;reboot"));
    let shown = work.run(&["report", "night.md"]).stdout;
    assert!(!shown.contains("explain x;"), "{shown}");
}

#[test]
fn a_run_is_slow_against_the_median_that_columns_tell() {
    let work = Workdir::new();
    let minutes = [1, 1, 1, 6, 6, 15];
    let runs = (0..).zip(minutes).map(|(n, minutes)| {
        let entry = Entry::new(n);
        let finish = entry.start.replace(":00:00Z", &format!(":{minutes:02}:00Z"));
        let finish = finish.replace(":30:00Z", &format!(":{:02}:00Z", 30 + minutes));
        Entry { finish, ..entry }.with(&exact(n, CALL))
    });
    work.write("night.md", front("night") + &runs.collect::<String>());
    assert_eq!(work.report(&["night.md"])["totals"]["median_duration_ms"], 210_000);
    let shown = work.run(&["report", "night.md"]).stdout;
    assert!(shown.contains("Slowest: 00000005 night, 4.3× its loop's median"), "{shown}");
}

#[test]
fn the_offered_beginning_of_an_id_is_that_of_no_other_run() {
    let work = Workdir::new();
    // Ids hold times: those of the same milliseconds begin alike.
    let id = |n: u32| format!("0199aaaa-bbbb-7ccc-8ddd-{n:012x}");
    let ledger = |name, runs: std::ops::Range<u32>| {
        let runs = runs.map(|n| {
            let finish = Entry::new(n).start.replace(":00Z", if n == 5 { ":59Z" } else { ":01Z" });
            Entry { name, run_id: id(n), finish, ..Entry::new(n) }.with(&exact(n, CALL))
        });
        front(name) + &runs.collect::<String>()
    };
    work.write("night.md", ledger("night", 0..6));
    let command = format!("forge-usage explain {} night.md", id(5));
    let shown = work.run(&["report", "night.md"]).stdout;
    assert!(shown.contains(&format!("Slowest: {} night, 59.0× its loop's median → {command}\n", id(5))), "{shown}");
    // It is as long as it takes, and no longer.
    let alike =
        ledger("night", 0..6).replace("0199aaaa-bbbb-7ccc-8ddd-000000000005", "0199aaaa-bbbb-7fff-8ddd-000000000005");
    work.write("night.md", alike);
    let shown = work.run(&["report", "night.md"]).stdout;
    assert!(shown.contains("→ forge-usage explain 0199aaaa-bbbb-7fff night.md\n"), "{shown}");
}
