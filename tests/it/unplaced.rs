//! What tells no time or no model, what could not be read, and what no run tells: never a part of what is fine.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Workdir, column, document, warning_codes};
use crate::writers::{Entry, claude_result, exact, footer, front};

const SESSION: &str = "0197c536-2a64-7f0e-9d54-1f0a6b7c8d9e";

/// A capture of Claude that cost $12.50, and tells no time.
fn captured() -> Workdir {
    let work = Workdir::new();
    work.write("execution.json", claude_result(SESSION, 10, 5, 12.5));
    work
}

/// A conversation's session log with a call of 1,000 input and 100 output tokens.
fn rollout(id: &str, day: &str) -> String {
    let usage = json!({ "input_tokens": 1000, "cached_input_tokens": 0, "output_tokens": 100,
        "reasoning_output_tokens": 0, "total_tokens": 1100 });
    [
        ("session_meta", json!({ "id": id, "timestamp": format!("{day}T10:00:00.000Z"), "cwd": "/srv/paint" })),
        ("turn_context", json!({ "cwd": "/srv/paint", "model": "gpt-5.3-codex" })),
        (
            "event_msg",
            json!({ "type": "token_count", "rate_limits": null,
                "info": { "total_token_usage": usage, "last_token_usage": usage, "model_context_window": 258_400 } }),
        ),
    ]
    .iter()
    .map(|(kind, payload)| {
        json!({ "timestamp": format!("{day}T10:00:09.000Z"), "type": kind, "payload": payload }).to_string() + "\n"
    })
    .collect()
}

/// The exit code of a check, and its verdict.
fn judged(work: &Workdir, args: &[&str]) -> (i32, Value) {
    let outcome = work.run(&[&["check", "--json", "--tz", "UTC"], args].concat());
    (outcome.code, document(&outcome))
}

fn group<'a>(verdict: &'a Value, at: usize, keys: &[&str]) -> Vec<&'a Value> {
    let group = &verdict["limits"][0]["groups"][at];
    keys.iter().map(|key| group.get(*key).unwrap_or_else(|| panic!("no {key} in {verdict}"))).collect()
}

#[test]
fn usage_without_a_time_may_lie_in_any_window() {
    let work = captured();
    let keys = ["state", "used", "at_most", "is_floor", "unplaced", "unplaced_runs"];
    for window in [&["--since", "31d"][..], &["--until", "2020-01-01"], &["--since", "31d", "--per", "day"]] {
        let args = [&["--max-cost", "5", "execution.json"], window].concat();
        let (code, doubted) = judged(&work, &args);
        assert_eq!(group(&doubted, 0, &keys), ["unproven", "", "12.5", "true", "12.5", "1"].map(value).each_ref());
        assert_eq!((code, &doubted["complete"], &doubted["cost_usd"]), (0, &json!(false), &Value::Null));
        assert!(warning_codes(&doubted).contains(&"undated-usage".to_owned()), "{doubted}");
        assert_eq!(judged(&work, &[&args[..], &["--on-unknown", "fail"]].concat()).0, 1);
    }
    // All of it would be within: proven, and yet no cost that is known.
    let (code, within) = judged(&work, &["--max-cost", "50", "--since", "31d", "execution.json"]);
    assert_eq!((code, &within["state"], &within["complete"]), (0, &json!("ok"), &json!(false)));
    // Without a window nothing is in doubt.
    let (code, all) = judged(&work, &["--max-cost", "5", "execution.json"]);
    assert_eq!((code, &all["state"], &all["complete"]), (1, &json!("exceeded"), &json!(true)));
}

fn value(text: &str) -> Value {
    match text {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
    }
}

#[test]
fn a_report_of_a_window_names_the_usage_that_tells_no_time() {
    let work = captured();
    let text = work.run(&["report", "--since", "2020-01-01", "execution.json"]).stdout;
    assert!(text.contains("15 tokens of no known time may lie in the window") && !text.contains("Widen"), "{text}");
    work.write("rollout.jsonl", rollout(SESSION, "2026-10-05"));
    work.write("ledgers/night.md", front("night") + &Entry::new(0).with(&exact(0, (1000, 0, 100, 0))));
    for window in [&["--since", "2026-01-01"][..], &["--last", "3"]] {
        let report = work.report(&[&["--by", "day", "execution.json", "ledgers"], window].concat());
        assert_eq!(warning_codes(&report), ["undated-usage"]);
        let totals = &report["totals"];
        assert_eq!((&totals["total_tokens"], &totals["complete"]), (&json!(1100), &json!(false)));
        assert_eq!(totals["cost_usd"], Value::Null);
    }
    // A run's time is that of all its records.
    let run = Entry { harness: "claude", ..Entry::new(1) }.with(&claude_result(SESSION, 10, 5, 12.5));
    work.write("claude.md", front("night") + &run);
    let report = work.report(&["--since", "2026-01-01", "claude.md"]);
    assert_eq!((warning_codes(&report), &report["totals"]["cost_usd"]), (vec![], &json!(12.5)));
}

/// Each group's key, state and upper bound.
fn groups(work: &Workdir, key: &str, args: &[&str]) -> Vec<String> {
    let verdict = judged(work, args).1;
    let groups = verdict["limits"][0]["groups"].as_array().expect("groups");
    let told = groups.iter().map(|group| format!("{} {} {}", group[key], group["state"], group["at_most"]));
    BTreeSet::from_iter(told).into_iter().collect()
}

#[test]
fn a_day_may_hold_what_is_of_no_known_day() {
    let work = captured();
    work.write("ledgers/night.md", front("night") + &Entry::new(0).with(&exact(0, (1000, 0, 100, 0))));
    let check =
        |limit: &str| groups(&work, "day", &["--max-tokens", limit, "--per", "day", "execution.json", "ledgers"]);
    let dated = |state: &str| format!("\"2026-10-05\" \"{state}\" 1115");
    assert_eq!(check("1110"), [dated("unproven"), "null \"ok\" 15".to_owned()]);
    assert_eq!(check("1400"), [dated("ok"), "null \"ok\" 15".to_owned()]);
    assert_eq!(check("1000")[0], dated("exceeded"));
}

#[test]
fn a_model_may_hold_what_is_of_no_known_model() {
    let work = Workdir::new();
    let entries = Entry::new(0).with(&exact(0, (1000, 0, 100, 0))) + &Entry::new(1).with(&footer("5,267", "Done."));
    work.write("night.md", front("night") + &entries);
    let check = |limit: &str| groups(&work, "model", &["--max-blended-tokens", limit, "--per", "model", "night.md"]);
    // 1,000 + 100 of the model, 5,267 of whichever.
    let named = |state: &str| format!("\"gpt-5.3-codex\" \"{state}\" 6367");
    assert_eq!(check("6000"), [named("unproven"), "null \"warn\" 5267".to_owned()]);
    assert_eq!(check("7000"), [named("ok"), "null \"ok\" 5267".to_owned()]);
    assert_eq!(check("1000")[0], named("exceeded"));
}

#[test]
fn an_old_conversation_without_usage_lies_where_it_began() {
    let work = Workdir::new();
    let answered = json!({ "timestamp": "2026-01-05T10:00:09.000Z", "type": "response_item", "payload":
        { "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "Done." }] } });
    let whole = rollout(SESSION, "2026-01-05");
    let head: Vec<&str> = whole.lines().take(2).collect();
    work.write("old.jsonl", format!("{}\n{answered}\n", head.join("\n")));
    work.write("new.jsonl", rollout("01a0618f-a900-76b8-96b2-73ff34fce19d", "2026-10-05"));
    let check = |since| judged(&work, &["--max-tokens", "5K", "--since", since, "old.jsonl", "new.jsonl"]).1;
    assert_eq!(check("2026-10-01")["state"], "ok");
    assert_eq!(check("2026-01-01")["state"], "unproven");
}

#[test]
fn usage_of_an_unknown_model_may_be_of_the_model_asked_for() {
    let work = Workdir::new();
    let entries = Entry::new(0).with(&exact(0, (1000, 0, 100, 0))) + &Entry::new(1).with(&footer("5,267", "Done."));
    work.write("night.md", front("night") + &entries);
    let args = ["--max-cost", "1", "night.md"];
    assert_eq!(judged(&work, &args).1["state"], "unproven");
    let model = judged(&work, &[&args[..], &["--where", "model=gpt-*"]].concat()).1;
    assert_eq!((&model["state"], &model["complete"]), (&json!("unproven"), &json!(false)));
    assert_eq!(warning_codes(&model), ["unplaced-model"]);
    let report = work.report(&["--where", "model=gpt-*", "night.md"]);
    assert_eq!((column(&report, "complete"), column(&report, "total_tokens")), (vec![json!(false)], vec![json!(1100)]));
    // What has no model by a filter is no model's.
    let nameless = work.report(&["--where", "model=", "night.md"]);
    assert_eq!(column(&nameless, "blended_tokens"), [5267]);
}

#[test]
fn input_that_could_not_be_read_proves_nothing() {
    let work = Workdir::new();
    work.write("ledgers/night.md", front("night") + &Entry::new(0).with(&exact(0, (1000, 0, 100, 0))));
    work.write("ledgers/day.md.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03 torn");
    let check = |args: &[&str]| judged(&work, &[&["ledgers"], args].concat());
    let (code, doubted) = check(&["--max-tokens", "5K"]);
    assert_eq!((code, &doubted["state"], &doubted["complete"]), (0, &json!("unproven"), &json!(false)));
    assert_eq!(doubted["cost_usd"], Value::Null);
    assert_eq!(check(&["--max-tokens", "5K", "--on-unknown", "fail"]).0, 1);
    assert_eq!(check(&["--max-tokens", "5K", "--where", "loop=day"]).1["state"], "unproven");
    assert_eq!(check(&["--max-tokens", "1K"]).1["state"], "exceeded");
    assert_eq!(check(&["--max-tokens", "5K", "--on-unknown", "ignore"]).1["state"], "ok");
    let text = work.run(&["report", "ledgers"]).stdout;
    assert!(text.contains("Measured 1 run of what could be read."), "{text}");
    work.write("base.json", work.run(&["report", "--json", "--by", "loop", "ledgers/night.md"]).stdout);
    let compared = check(&["--baseline", "base.json", "--min-runs", "1"]);
    assert_eq!((compared.0, &compared.1["state"]), (0, &json!("unproven")));
}

#[test]
fn session_logs_alone_tell_no_run_time() {
    let work = Workdir::new();
    work.write("rollout.jsonl", rollout(SESSION, "2026-10-05"));
    for limit in [["--max-run-time", "30m"], ["--max-failed-runs", "3"]] {
        let (_, verdict) = judged(&work, &[&limit[..], &["rollout.jsonl"]].concat());
        assert_eq!(group(&verdict, 0, &["state", "used"]), [&json!("unproven"), &Value::Null], "{limit:?}");
    }
}

#[test]
fn without_a_run_that_succeeded_none_has_a_price() {
    let work = Workdir::new();
    let entry = Entry { harness: "claude", status: "error", ..Entry::new(0) };
    work.write("night.md", front("night") + &entry.with(&claude_result(SESSION, 10, 5, 2.0)));
    let check = |limit| work.run(&["check", "--max-cost-per-successful-run", limit, "night.md"]).stdout;
    let within = check("5");
    assert!(within.contains("UNPROVEN") && within.contains("\n            no run succeeded\n"), "{within}");
    let beyond = check("1");
    assert!(beyond.contains("FAIL") && beyond.contains("a floor: no run succeeded; the truth"), "{beyond}");
}

#[test]
fn floors_are_sorted_by_what_is_known() {
    let work = Workdir::new();
    let run = |n: u32, name, output: &str| Entry { name, harness: "claude", ..Entry::new(n) }.with(output);
    let result = |cost| claude_result(&format!("{cost:08}-2a64-4f0e-9d54-1f0a6b7c8d9e"), 10, 5, f64::from(cost));
    for (n, (name, cost, is_whole)) in [("ant", 1_u32, true), ("bee", 2, false), ("cat", 3, true)].iter().enumerate() {
        let n = n as u32 * 2;
        let silent = if *is_whole { String::new() } else { run(n + 1, name, "Done.") };
        work.write(&format!("ledgers/{name}.md"), front(name) + &run(n, name, &result(*cost)) + &silent);
    }
    let names = |sort| column(&work.report(&["--sort", sort, "ledgers"]), "loop");
    assert_eq!(names("cost_usd"), ["cat", "bee", "ant"]);
    assert_eq!(names("cost_usd:asc"), ["ant", "bee", "cat"]);
}

#[test]
fn the_latest_days_of_session_logs_need_no_word_of_days() {
    let work = Workdir::new();
    work.write("a.jsonl", rollout(SESSION, "2026-10-05"));
    work.write("b.jsonl", rollout("01a0618f-a900-76b8-96b2-73ff34fce19d", "2026-10-06"));
    assert_eq!(column(&work.report(&["--last", "1", "a.jsonl", "b.jsonl"]), "day"), ["2026-10-06"]);
    work.write("night.md", front("night") + &Entry::new(0).with("Done."));
    let outcome = work.run(&["report", "--last", "1", "night.md"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("--last counts periods: add --by"), "{outcome:?}");
}

/// A conversation's session log of Claude Code, with a call of 100 input and 10 output tokens.
fn transcript(id: &str) -> String {
    let message = json!({ "id": "msg_1", "role": "assistant", "model": "claude-sonnet-4-5", "type": "message",
        "stop_reason": "end_turn", "content": [{ "type": "text", "text": "ok" }],
        "usage": { "input_tokens": 100, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "output_tokens": 10 } });
    let line = json!({ "type": "assistant", "uuid": "a1", "sessionId": id, "cwd": "/srv/paint", "version": "2.1.0",
        "timestamp": "2026-10-05T10:00:05.000Z", "requestId": "req_1", "message": message });
    format!("{line}\n")
}

/// What Claude says of all that a conversation used, without a time.
fn result(id: &str, input: u32, output: u32) -> String {
    let usage = json!({ "input_tokens": input, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "output_tokens": output });
    let haiku = json!({ "claude-haiku-4-5": { "inputTokens": input, "outputTokens": output, "costUSD": 0,
        "cacheReadInputTokens": 0, "cacheCreationInputTokens": 0 } });
    let models = if input > 0 { haiku } else { json!({}) };
    let line = json!({ "type": "result", "subtype": "success", "is_error": false, "session_id": id,
        "total_cost_usd": 0, "duration_ms": 10, "num_turns": 0, "usage": usage, "modelUsage": models });
    format!("{line}\n")
}

const CLAUDE: &str = "7a51c0de-0000-4000-8000-000000000001";

#[test]
fn no_usage_of_no_known_time_makes_no_floor() {
    let work = Workdir::new();
    work.write("session.jsonl", transcript(CLAUDE));
    work.write("err.json", result("7a51c0de-0000-4000-8000-000000000009", 0, 0));
    let args = ["--since", "2026-01-01", "session.jsonl", "err.json"];
    let report = work.report(&[&["--by", "day"], &args[..]].concat());
    assert_eq!(warning_codes(&report), Vec::<String>::new());
    assert_eq!((&report["totals"]["complete"], &report["totals"]["cost_usd"]), (&json!(true), &json!(0.00045)));
    let (_, within) = judged(&work, &[&["--max-cost", "1"], &args[..]].concat());
    assert_eq!((&within["state"], &within["complete"]), (&json!("ok"), &json!(true)));
    let (_, by_day) = judged(&work, &["--max-tokens", "110", "--per", "day", "session.jsonl", "err.json"]);
    let keys = ["day", "used", "is_floor", "runs", "unknown_runs"];
    assert_eq!(group(&by_day, 0, &keys), ["2026-10-05", "110", "false", "1", "0"].map(value).each_ref());
}

#[test]
fn a_conversation_of_which_a_part_tells_no_time_is_one() {
    let work = Workdir::new();
    work.write("session.jsonl", transcript(CLAUDE));
    work.write("run.jsonl", result(CLAUDE, 400, 5));
    let keys = ["state", "used", "at_most", "runs", "unknown_runs", "unplaced_runs"];
    for window in
        [&["--since", "2026-01-01"][..], &["--per", "conversation", "--since", "2026-01-01"], &["--per", "day"]]
    {
        let args = [&["--max-tokens", "450", "--max-unknown", "50%", "session.jsonl", "run.jsonl"], window].concat();
        let doubted = judged(&work, &args).1;
        let one = ["unproven", "110", "515", "1", "1", "1"].map(value);
        assert_eq!(group(&doubted, 0, &keys), one.each_ref(), "{window:?}");
    }
}

#[test]
fn a_day_without_a_run_has_none_that_failed() {
    let work = Workdir::new();
    work.write("session.jsonl", rollout(SESSION, "2026-10-09"));
    work.write("night.md", front("night") + &Entry { status: "error", ..Entry::new(0) }.with("Done."));
    for limit in [["--max-run-time", "5h"], ["--max-failed-runs", "3"]] {
        for per in [&["--per", "day"][..], &["--per", "loop"], &["--per", "repo"], &["--since", "2026-10-09"]] {
            let verdict = judged(&work, &[&limit[..], per, &["session.jsonl", "night.md"]].concat()).1;
            assert_eq!(verdict["state"], "ok", "{limit:?} {per:?} {verdict}");
        }
    }
}

#[test]
fn the_totals_stand_below_one_row_where_they_are_floors() {
    let work = Workdir::new();
    let entries = Entry::new(0).with(&exact(0, (1000, 0, 100, 0))) + &Entry::new(1).with(&footer("5,267", "Done."));
    work.write("night.md", front("night") + &entries);
    let floors = |by| work.run(&["report", "--by", by, "--where", "model=gpt-*", "night.md"]).stdout;
    assert!(floors("model").contains('≥'), "{}", floors("model"));
    work.write("sure.md", front("night") + &Entry::new(0).with(&exact(0, (1000, 0, 100, 0))));
    let sure = work.run(&["report", "--by", "model", "sure.md"]).stdout;
    assert!(!sure.contains("1 model"), "{sure}");
}
