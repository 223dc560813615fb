//! `check`: every `fixtures/budget/<case>/verdict.json` held against the binary, and what its flags do.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cases::subset;
use crate::support::{Workdir, document, fixtures};
use crate::writers::{Entry, claude_result, exact, footer, front, run_id};

#[test]
fn every_case_is_judged_as_it_states() {
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(fixtures().join("budget")).expect("cases").map(|case| case.expect("a case").path()).collect();
    cases.sort();
    assert!(cases.len() >= 15, "only {} cases", cases.len());
    let failures: Vec<String> = cases.iter().flat_map(|case| held(case)).collect();
    assert!(failures.is_empty(), "{} differences\n{}", failures.len(), failures.join("\n"));
}

fn held(case: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(case.join("verdict.json")).expect("verdict.json");
    let want: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", case.display()));
    let (policy, input) = (case.join("usage.toml"), case.join("input"));
    let (policy, input) = (policy.to_str().expect("UTF-8"), input.to_str().expect("UTF-8"));
    let extra: Vec<&str> = want["args"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    // Without a zone of its own, a case is in UTC, as the environment says.
    let args = ["check", "--json", "--config", policy];
    let outcome = Workdir::new().run(&[&args[..], &extra, &[input]].concat());
    let mut differences = Vec::new();
    if want["exit"] != outcome.code {
        differences.push(format!("want exit {}, got {}: {}", want["exit"], outcome.code, outcome.stderr));
    }
    match serde_json::from_str(&outcome.stdout) {
        Ok(got) => subset("verdict", &want["verdict"], &got, &mut differences),
        Err(error) => differences.push(format!("{error}: {}", outcome.stdout)),
    }
    let name = case.file_name().unwrap_or_default().display().to_string();
    differences.into_iter().map(|difference| format!("{name}: {difference}")).collect()
}

/// Three runs of Claude that cost $1, $2 and $4, and one that left nothing.
fn priced() -> Workdir {
    let work = Workdir::new();
    let run = |n: u32, cost: f64| {
        let session = format!("{n:08x}-2a64-4f0e-9d54-1f0a6b7c8d9e");
        Entry { harness: "claude", profile: "cc1", ..Entry::new(n) }.with(&claude_result(&session, 1000, 100, cost))
    };
    let silent = Entry { harness: "claude", profile: "cc2", ..Entry::new(3) }.with("Done.");
    work.write(".forge/ledgers/night.md", front("night") + &run(0, 1.0) + &run(1, 2.0) + &run(2, 4.0) + &silent);
    work
}

/// The verdict, whatever its exit code.
fn states(verdict: &Value) -> Vec<&str> {
    let limits = verdict["limits"].as_array().expect("limits");
    limits.iter().map(|limit| limit["state"].as_str().expect("a state")).collect()
}

#[test]
fn the_exit_code_is_0_within_1_beyond_and_2_without_an_answer() {
    let work = priced();
    assert_eq!(work.run(&["check", "--max-cost", "10", "--where", "profile=cc1"]).code, 0);
    assert_eq!(work.run(&["check", "--max-cost", "5"]).code, 1);
    assert_eq!(work.run(&["check", "--max-cost", "5", "nowhere"]).code, 2);
    assert_eq!(work.run(&["check"]).code, 2);
    assert_eq!(work.run(&["check", "--max-cost", "10"]).code, 0);
    assert_eq!(work.run(&["check", "--max-cost", "10", "--on-unknown", "fail"]).code, 1);
    assert_eq!(work.run(&["check", "--max-cost", "10", "--on-unknown", "fail", "--max-unknown", "25%"]).code, 0);
    assert_eq!(work.run(&["check", "--max-cost", "10", "--fail-on-warn"]).code, 1);
}

#[test]
fn a_limit_can_hold_for_each_value_of_any_dimension() {
    let work = priced();
    for (per, groups) in [
        ("run", 4),
        ("conversation", 4),
        ("loop", 1),
        ("profile", 2),
        ("harness", 1),
        ("model", 2),
        ("repo", 1),
        ("hour", 2),
        ("day", 1),
        ("week", 1),
        ("month", 1),
        ("total", 1),
        ("profile,day", 2),
    ] {
        let outcome = work.run(&["check", "--json", "--tz", "UTC", "--max-cost", "100", "--per", per]);
        assert_eq!(outcome.code, 0, "{per}: {}", outcome.stderr);
        let verdict = document(&outcome);
        assert_eq!(verdict["limits"][0]["groups"].as_array().expect("groups").len(), groups, "{per}: {verdict}");
    }
}

#[test]
fn every_flag_limits_its_measure() {
    let work = priced();
    for (flag, limit, measure, used) in [
        ("--max-cost", "0.01", "cost_usd", json!(7)),
        ("--max-cost-per-successful-run", "0.01", "cost_per_successful_run_usd", json!(1.75)),
        ("--max-tokens", "1K", "total_tokens", json!(3300)),
        ("--max-total-tokens", "1K", "total_tokens", json!(3300)),
        ("--max-uncached-input-tokens", "1K", "uncached_input_tokens", json!(3000)),
        ("--max-output-tokens", "10", "output_tokens", json!(300)),
        ("--max-blended-tokens", "1K", "blended_tokens", json!(3300)),
        ("--max-run-time", "90s", "run_time", json!(240_000)),
        ("--max-runs", "1", "runs", json!(4)),
    ] {
        let outcome = work.run(&["check", "--json", flag, limit]);
        assert_eq!(outcome.code, 1, "{flag}: {}", outcome.stderr);
        let verdict = document(&outcome);
        assert_eq!(verdict["limits"][0]["measure"], measure);
        let got = &verdict["limits"][0]["groups"][0]["used"];
        assert_eq!(got.as_f64(), used.as_f64(), "{flag}");
    }
    let outcome = work.run(&["check", "--json", "--max-failed-runs", "0"]);
    assert_eq!((outcome.code, states(&document(&outcome))), (0, vec!["ok"]));
}

#[test]
fn a_window_and_filters_narrow_every_budget() {
    let work = priced();
    let args = ["check", "--json", "--tz", "UTC", "--max-cost", "3", "--per", "day"];
    let outcome =
        work.run(&[&args[..], &["--since", "2026-10-05T09:00:00Z", "--until", "2026-10-05T10:00:00Z"]].concat());
    let verdict = document(&outcome);
    assert_eq!(verdict["limits"][0]["groups"][0]["used"], 3);
    assert_eq!(verdict["since"], "2026-10-05T09:00:00Z");
    // The window, not the day, is what the rate is of.
    assert_eq!(verdict["limits"][0]["groups"][0]["pace"]["elapsed_ms"], 3_600_000);
    assert_eq!(outcome.code, 0);
    assert_eq!(work.run(&[&args[..], &["--since", "1h"]].concat()).code, 0, "an empty window breaks nothing");
}

#[test]
fn flags_are_a_budget_for_once_and_a_named_file_adds_its_own() {
    let work = priced();
    let policy = work.write(".forge/usage.toml", "[[budget]]\nname = \"tight\"\nmax_cost_usd = 1\n");
    assert_eq!(states(&document(&work.run(&["check", "--json"]))), ["exceeded"]);
    assert_eq!(states(&document(&work.run(&["check", "--json", "--max-runs", "9"]))), ["ok"]);
    let both = ["check", "--json", "--max-runs", "9", "--config", policy.to_str().expect("UTF-8")];
    assert_eq!(states(&document(&work.run(&both))), ["exceeded", "ok"]);
    let text = work.run(&["check"]);
    assert!(text.stdout.starts_with(".forge/usage.toml"), "{}", text.stdout);
}

#[test]
fn flags_that_are_no_limit_say_so() {
    let work = priced();
    for (args, said) in [
        (&["--max-tokens", "40m"][..], "--max-tokens: \"40m\": m is for minutes; write 40M for millions of tokens"),
        (&["--max-tokens", "40 apples"], "--max-tokens: \"40 apples\" is no number of tokens; write 500K, 40M or 1.5B"),
        (&["--max-cost", "5M"], "--max-cost: \"5M\" is no amount of dollars; write 5 or 12.50"),
        (&["--max-cost", "99999999"], "--max-cost: \"99999999\" is more than a limit can be, which is 9223372"),
        (&["--max-run-time", "2 hours"], "--max-run-time: \"2 hours\": unknown unit \"hours\"; did you mean h?"),
        (&["--max-cost", "5", "--per", "weak"], "--per: unknown dimension \"weak\"; did you mean week?"),
        (&["--max-cost", "5", "--per", "total,day"], "--per: \"total\" goes with no other dimension"),
        (&["--max-cost", "5", "--max-unknown", "20"], "--max-unknown: \"20\" is more than the whole; write \"20%\""),
        (&["--per", "day"], "--per is about limits: add one, such as --max-cost 5"),
        (&["--max-cost", "5", "--where", "quality=exakt"], "unknown quality \"exakt\"; did you mean exact?"),
        (
            &[],
            "no budget to check: there is no .forge/usage.toml here or in a folder above; give one, or a limit such as --max-cost 5",
        ),
    ] {
        let outcome = work.run(&[&["check"][..], args].concat());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{args:?}");
        assert_eq!(outcome.stderr, format!("forge-usage: {said}\n"));
    }
    let outcome = work.run(&["check", "--max-cost", "5", "--on-unknown", "fial"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("unknown word \"fial\"; did you mean fail?"), "{outcome:?}");
}

#[test]
fn a_mistake_in_the_policy_names_file_line_and_the_nearest_word() {
    let work = priced();
    for (policy, said) in [
        ("[[budget]]\nname = \"a\"\nmax_cost = 5\n", "3: unknown key \"max_cost\"; did you mean max_cost_usd?"),
        ("[[budgets]]\nname = \"a\"\n", "1: unknown key \"budgets\"; did you mean budget?"),
        ("[[budget]]\nmax_runs = 5\n", "1: a budget needs a name"),
        ("[[budget]]\nname = \"\"\nmax_runs = 5\n", "1: a budget needs a name"),
        ("\n\n[[budget]]\nname = \"a\"\n", "3: budget \"a\" has no limit; give one of max_cost_usd,"),
        (
            "[[budget]]\nname = \"a\"\nmax_total_tokens = \"40m\"\n",
            "3: max_total_tokens: \"40m\": m is for minutes; write 40M for millions of tokens",
        ),
        (
            "[[budget]]\nname = \"a\"\nmax_run_time = \"2 hours\"\n",
            "3: max_run_time: \"2 hours\": unknown unit \"hours\"; did you mean h?",
        ),
        ("[[budget]]\nname = \"a\"\nmax_run_time = 30\n", "3: max_run_time: \"30\" is no time span; write 90s,"),
        (
            "[[budget]]\nname = \"a\"\nmax_runs = 1\nper = \"dya\"\n",
            "4: per: unknown dimension \"dya\"; did you mean day?",
        ),
        ("[[budget]]\nname = \"a\"\nmax_runs = 1\nper = []\n", "4: per is empty"),
        ("[[budget]]\nname = \"a\"\nmax_runs = 1\nper = \"status\"\n", "4: per: unknown dimension \"status\"; "),
        ("[[budget]]\nname = \"a\"\nmax_runs = 1\nwhere = { loop = [] }\n", "4: loop is empty"),
        (
            "[[budget]]\nname = \"a\"\nmax_runs = 1\nwhere = { harnes = \"codex\" }\n",
            "4: unknown dimension \"harnes\"; did you mean harness?",
        ),
        ("[[budget]]\nname = \"a\"\nmax_runs = 1\nwhere = { loop = \"rust-[\" }\n", "4: bad glob \"rust-[\": "),
        (
            "[[budget]]\nname = \"a\"\nmax_runs = 1\nwhere = { quality = \"exakt\" }\n",
            "4: unknown quality \"exakt\"; did you mean exact?",
        ),
        (
            "[[budget]]\nname = \"a\"\nmax_runs = 1\nseverity = \"eror\"\n",
            "4: unknown word \"eror\"; did you mean error?",
        ),
        (
            "[[budget]]\nname = \"a\"\nmax_runs = 1\nwarn_at = 80\n",
            "4: warn_at: \"80\" is more than the whole; write \"80%\"",
        ),
        ("[[budget]]\nname = \"a\"\nmax_cost_usd = -5\n", "3: max_cost_usd: \"-5\" is no amount of dollars"),
        ("[[budget]]\nname = \"a\"\nmax_cost_usd = inf\n", "3: max_cost_usd must be a number, or a text with a unit"),
        ("[[budget]]\nname = \"a\"\nmax_runs = 1.5\n", "3: max_runs: \"1.5\" is no whole number; write 12"),
        ("[[budget]]\nname = \"a\"\nmax_runs = true\n", "3: max_runs must be a number, or a text with a unit"),
        (
            "[[budget]]\nname = \"a\"\nmax_runs = 1\n\n[[budget]]\nname = \"a\"\nmax_runs = 2\n",
            "5: two budgets are called \"a\"",
        ),
        ("[[budget]]\nname = \n", "2: "),
    ] {
        work.write("bad.toml", policy);
        let outcome = work.run(&["check", "--config", "bad.toml"]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{policy}");
        let want = format!("forge-usage: bad.toml:{said}");
        assert!(outcome.stderr.starts_with(&want), "want {want}, got {}", outcome.stderr);
    }
}

#[test]
fn a_mistake_in_a_budget_is_no_business_of_a_report() {
    let work = priced();
    work.write(".forge/usage.toml", "[[budget]]\nmax_cost = 5\n");
    assert_eq!(work.run(&["report"]).code, 0);
    assert_eq!(work.run(&["check"]).code, 2);
}

#[test]
fn nothing_found_is_an_error_unless_that_is_allowed() {
    let work = Workdir::new();
    let outcome = work.run(&["check", "--max-cost", "5"]);
    assert_eq!(outcome.code, 2);
    let outcome = work.run(&["check", "--max-cost", "5", "--allow-empty", "--json"]);
    assert_eq!((outcome.code, states(&document(&outcome))), (0, vec!["ok"]));
}

#[test]
fn what_is_broken_is_so_even_if_something_else_could_not_be_read() {
    let work = priced();
    let cut = work.write("cut.md.gz", [0x1f, 0x8b, 8, 0, 0, 0]);
    let cut = cut.to_str().expect("UTF-8");
    assert_eq!(work.run(&["check", "--max-cost", "5", ".forge/ledgers", cut]).code, 1);
    assert_eq!(work.run(&["check", "--max-cost", "50", ".forge/ledgers", cut]).code, 2);
}

#[test]
fn the_largest_contributors_are_named() {
    let work = priced();
    work.write(
        ".forge/ledgers/day.md",
        front("day") + &Entry { name: "day", ..Entry::new(9) }.with(&exact(9, (500, 0, 20, 0))),
    );
    let outcome = work.run(&["check", "--json", "--max-tokens", "1K", "--per", "total"]);
    let verdict = document(&outcome);
    let contributors = &verdict["limits"][0]["groups"][0]["contributors"];
    assert_eq!(contributors[0], json!({ "loop": "night", "used": 3300, "is_floor": true }));
    assert_eq!(contributors[1], json!({ "loop": "day", "used": 520, "is_floor": false }));
}

#[test]
fn the_current_day_has_a_rate_and_a_projection() {
    let work = Workdir::new();
    let now = chrono::Utc::now();
    let at = |seconds: i64| (now - chrono::TimeDelta::seconds(seconds)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let entry = Entry { start: at(2), finish: at(1), ..Entry::new(0) };
    work.write(".forge/ledgers/night.md", front("night") + &entry.with(&footer("1,000", "Done.")));
    let outcome = work.run(&["check", "--json", "--tz", "UTC", "--max-blended-tokens", "2B", "--per", "month"]);
    let verdict = document(&outcome);
    let pace = &verdict["limits"][0]["groups"][0]["pace"];
    assert!(pace["elapsed_ms"].as_i64() > Some(0), "{verdict}");
    assert!(pace["projected"].as_i64() >= Some(1000), "{verdict}");
}

#[test]
fn a_day_that_is_over_has_no_projection_whatever_it_is_a_day_of() {
    let work = priced();
    let at =
        |hours: i64| (chrono::Utc::now() - chrono::TimeDelta::hours(hours)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let entry = Entry { start: at(49), finish: at(48), ..Entry::new(0) };
    let file = work.write("past/night.md", front("night") + &entry.with(&footer("1,000", "Done.")));
    let file = file.to_str().expect("a path");
    let pace = |per: &str| {
        let args = ["check", "--json", "--tz", "UTC", "--max-blended-tokens", "1001", "--per", per, file];
        document(&work.run(&args))["limits"][0]["groups"][0]["pace"].clone()
    };
    let day = pace("day");
    assert_eq!((&day["elapsed_ms"], &day["projected"]), (&json!(86_400_000), &Value::Null));
    for per in ["day,week", "week,day", "month,day", "day,month", "month,week,day"] {
        assert_eq!(pace(per), day, "{per}");
    }
    let hour = pace("hour");
    assert_eq!(hour["elapsed_ms"], json!(3_600_000));
    for per in ["day,hour", "hour,day", "month,loop,hour"] {
        assert_eq!(pace(per), hour, "{per}");
    }
    work.write("usage.toml", "[[budget]]\nname = \"a\"\nper = [\"week\", \"day\"]\nmax_blended_tokens = 1001\n");
    let outcome = work.run(&["check", "--json", "--tz", "UTC", "--config", "usage.toml", file]);
    assert_eq!(document(&outcome)["limits"][0]["groups"][0]["pace"], day);
}

#[test]
fn a_few_runs_in_many_hours_are_no_rate_of_zero() {
    let work = Workdir::new();
    let start = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let entry = Entry { start: start.clone(), finish: start, ..Entry::new(0) };
    work.write(".forge/ledgers/night.md", front("night") + &entry.with(&footer("1,000", "Done.")));
    let args = ["check", "--tz", "UTC", "--max-runs", "1", "--per", "month", "-v"];
    let text = work.run(&args).stdout;
    let words: Vec<&str> = text.split_whitespace().collect();
    let rate = words.windows(3).find(|words| words[1..] == ["an", "hour:"]).unwrap_or_else(|| panic!("{text}"))[0];
    assert_ne!(rate, "0", "{text}");
    let verdict = document(&work.run(&[&args[..], &["--json"]].concat()));
    let rate = &verdict["limits"][0]["groups"][0]["pace"]["burn_per_hour"];
    assert!(rate.as_f64() > Some(0.0), "{verdict}");
}

#[test]
fn the_header_names_the_commit_of_the_policy() {
    let work = priced();
    work.write(".forge/usage.toml", "[[budget]]\nname = \"a\"\nmax_runs = 9\n");
    let git = |args: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.current_dir(work.root()).env("GIT_CONFIG_GLOBAL", "/dev/null").args(args);
        command.output().is_ok_and(|output| output.status.success())
    };
    let who = ["-c", "user.name=a", "-c", "user.email=a@example.test", "commit", "-qm", "a"];
    if !git(&["init", "-q"]) || !git(&["add", ".forge/usage.toml"]) || !git(&who) {
        return; // without git nothing is said
    }
    let told = document(&work.run(&["check", "--json"]));
    assert_eq!(told["policy"], ".forge/usage.toml");
    assert_eq!(told["policy_commit"].as_str().map(str::len), Some(7));
    assert_eq!(told["policy_changed"], false);
    work.write(".forge/usage.toml", "[[budget]]\nname = \"a\"\nmax_runs = 99\n");
    assert_eq!(document(&work.run(&["check", "--json"]))["policy_changed"], true);
    assert!(work.run(&["check"]).stdout.contains(" + changes"));
}

#[test]
fn ids_are_whole_in_json_and_short_on_the_screen() {
    let work = priced();
    let args = ["check", "--max-cost", "3", "--per", "run"];
    assert!(work.run(&args).stdout.contains("run 00000002  "));
    assert!(work.run(&[&args[..], &["--json"]].concat()).stdout.contains(&run_id(2)));
}

/// The schema of the user's file.
fn schema() -> Value {
    let outcome = Workdir::new().run(&["schema", "policy"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

/// The keys that the parser knows in a table that begins like this, as its message tells them.
fn known(head: &str) -> Vec<String> {
    let work = priced();
    work.write("a.toml", format!("{head}\nqqqqqqqq = 1\n"));
    let message = work.run(&["check", "--config", "a.toml"]).stderr;
    let known = message.split_once("known: ").unwrap_or_else(|| panic!("{message}")).1.trim();
    let mut known: Vec<String> = known.split(", ").map(str::to_owned).collect();
    known.sort();
    known
}

#[test]
fn the_schema_knows_the_keys_that_the_parser_knows() {
    let schema = schema();
    let keys = |pointer: &str| {
        let properties = schema.pointer(pointer).and_then(Value::as_object).unwrap_or_else(|| panic!("no {pointer}"));
        let mut keys: Vec<String> = properties.keys().cloned().collect();
        keys.sort();
        keys
    };
    for (head, pointer) in [
        ("", "/properties"),
        ("[[budget]]", "/properties/budget/items/properties"),
        ("[profiles.x]", "/properties/profiles/additionalProperties/properties"),
    ] {
        assert_eq!(keys(pointer), known(head), "{head}");
    }
    let mut dimensions = known("[[budget]]\nname = \"a\"\nmax_runs = 1\n[budget.where]");
    dimensions.extend(["run", "conversation", "parent", "subagent", "version"].map(str::to_owned));
    dimensions.sort();
    assert_eq!(keys("/properties/budget/items/properties/where/properties"), dimensions);
}

#[test]
fn the_schema_takes_what_the_parser_takes() {
    let schema = schema();
    let keys = &schema["properties"]["budget"]["items"]["properties"];
    let work = priced();
    for (key, value) in [
        ("per", "run_id"),
        ("per", "conversation_id"),
        ("max_cost_usd", "$1_000.50"),
        ("max_total_tokens", "1.5  M"),
        ("max_total_tokens", "1_000.000_5B"),
        ("max_run_time", " 1h  30 m 5s"),
        ("max_runs", "1_000"),
        ("warn_at", "12.5 %"),
        ("warn_at", "0.125"),
        ("max_unknown", "100.00%"),
    ] {
        work.write("a.toml", format!("[[budget]]\nname = \"a\"\nmax_failed_runs = 9\n{key} = \"{value}\"\n"));
        let outcome = work.run(&["check", "--config", "a.toml"]);
        assert_ne!(outcome.code, 2, "{key} = {value}: {}", outcome.stderr);
        assert!(takes(&keys[key], value), "{key} = {value}");
    }
    for value in ["150%", "101%", "100.5%", "1.5", "2", "%"] {
        work.write("a.toml", format!("[[budget]]\nname = \"a\"\nmax_failed_runs = 9\nwarn_at = \"{value}\"\n"));
        assert_eq!(work.run(&["check", "--config", "a.toml"]).code, 2, "{value}");
        assert!(!takes(&keys["warn_at"], value), "{value}");
    }
    for value in ["100%", "99.9%", "0%", "1", "1.0", "0.5", "007 %"] {
        assert!(takes(&keys["warn_at"], value), "{value}");
    }
    // One budget may be a table of its own.
    let budget = &schema["properties"]["budget"];
    assert_eq!(budget["type"], serde_json::json!(["array", "object"]));
    for key in ["properties", "required", "anyOf", "additionalProperties"] {
        assert_eq!(budget[key], budget["items"][key], "{key}");
    }
    work.write("a.toml", "[budget]\nname = \"a\"\nmax_runs = 99\n");
    assert_eq!(work.run(&["check", "--config", "a.toml"]).code, 0);
}

/// Whether a text fits the schema of a key.
fn takes(key: &Value, value: &str) -> bool {
    let forms = key["anyOf"].as_array().map_or(std::slice::from_ref(key), Vec::as_slice);
    let fits = |form: &Value| match (&form["enum"], form["pattern"].as_str()) {
        (Value::Array(words), _) => words.contains(&value.into()),
        (_, Some(pattern)) => regex::Regex::new(pattern).expect("a pattern").is_match(value),
        _ => false,
    };
    forms.iter().any(fits)
}

#[test]
fn the_parser_takes_what_the_schema_gives_as_examples() {
    let schema = schema();
    let keys = schema["properties"]["budget"]["items"]["properties"].as_object().expect("keys");
    let mut policy = "[[budget]]\n".to_owned();
    for (key, value) in keys {
        let example = match &value["examples"][0] {
            Value::Object(table) => {
                let pairs: Vec<String> = table.iter().map(|(key, value)| format!("{key} = {value}")).collect();
                format!("{{ {} }}", pairs.join(", "))
            }
            example => example.to_string(),
        };
        policy += &format!("{key} = {example}\n");
    }
    let work = priced();
    work.write("a.toml", &policy);
    let outcome = work.run(&["check", "--config", "a.toml"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{policy}");
    // What a policy says where it says nothing.
    let defaults = keys.iter().filter_map(|(key, value)| Some(format!("{key} = {}\n", value.get("default")?)));
    let policy = "[[budget]]\nname = \"a\"\nmax_runs = 5\n".to_owned() + &defaults.collect::<String>();
    work.write("b.toml", "[[budget]]\nname = \"a\"\nmax_runs = 5\n");
    work.write("a.toml", policy);
    let limits = |file: &str| document(&work.run(&["check", "--json", "--config", file]))["limits"].clone();
    assert_eq!(limits("a.toml"), limits("b.toml"));
}
