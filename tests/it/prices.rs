//! Money through the binary: what is priced, what stays a floor, what stays blank, and who says so.

use serde_json::Value;

use crate::support::{Workdir, column, fixtures, json_of, sample, warning_codes};

/// Claude's stream of one session: its calls, and a result if there is one.
struct Session {
    lines: Vec<String>,
}

const SESSION: &str = "3278fa19-a948-4d8b-aa5e-5792a2a6d43b";

impl Session {
    fn new(model: &str, key: &str) -> Session {
        Session {
            lines: vec![format!(
                r#"{{"type":"system","subtype":"init","session_id":"{SESSION}","model":"{model}","apiKeySource":"{key}"}}"#
            )],
        }
    }

    /// A call with its own time: fresh input, cache reads, writes for five minutes and an hour, output.
    fn call(mut self, id: &str, model: &str, time: &str, tokens: [u64; 5], tier: &str) -> Session {
        let [fresh, read, five, hour, output] = tokens;
        let written = five + hour;
        self.lines.push(format!(
            r#"{{"type":"assistant","timestamp":"{time}","session_id":"{SESSION}","parent_tool_use_id":null,"message":{{"id":"{id}","type":"message","role":"assistant","model":"{model}","stop_reason":"end_turn","content":[],"usage":{{"input_tokens":{fresh},"cache_read_input_tokens":{read},"cache_creation_input_tokens":{written},"cache_creation":{{"ephemeral_5m_input_tokens":{five},"ephemeral_1h_input_tokens":{hour}}},"output_tokens":{output},{tier}}}}}}}"#
        ));
        self
    }

    fn result(mut self, model: &str, tokens: [u64; 4], cost: &str) -> Session {
        let [fresh, read, written, output] = tokens;
        self.lines.push(format!(
            r#"{{"type":"result","subtype":"success","session_id":"{SESSION}","uuid":"4f170bf7-cd16-4fbe-a91a-f169cbcb06e6","total_cost_usd":{cost},"usage":{{"input_tokens":{fresh},"cache_read_input_tokens":{read},"cache_creation_input_tokens":{written},"output_tokens":{output}}},"modelUsage":{{"{model}":{{"inputTokens":{fresh},"outputTokens":{output},"cacheReadInputTokens":{read},"cacheCreationInputTokens":{written},"costUSD":{cost}}}}}}}"#
        ));
        self
    }

    fn in_folder(self, work: &Workdir) -> String {
        work.write("logs/run.jsonl", self.lines.join("\n") + "\n");
        "logs".to_owned()
    }
}

const STANDARD: &str = r#""service_tier":"standard""#;
const NOW: &str = "2026-11-20T12:00:00Z";

/// The five costs of a report's totals, as text.
fn costs(report: &Value) -> [String; 5] {
    ["cost_usd", "cost_reported_usd", "cost_computed_usd", "cost_low_usd", "cost_high_usd"]
        .map(|key| report["totals"][key].to_string())
}

#[test]
fn writes_for_an_hour_are_computed_at_their_own_price_and_the_reported_cost_stays() {
    let work = Workdir::new();
    let session = Session::new("claude-opus-4-6", "none")
        .call("msg_1", "claude-opus-4-6", NOW, [10, 100, 200, 800, 50], STANDARD)
        .result("claude-opus-4-6", [10, 100, 1_000, 50], "0.0076");
    let folder = session.in_folder(&work);
    // 10 × 5 + 100 × 0.5 + 200 × 6.25 + 800 × 10 + 50 × 25 against all writes at 6.25.
    let auto = costs(&work.report(&[&folder]));
    assert_eq!(auto, ["0.0076", "0.0076", "0.0106", "0.0076", "0.0076"]);
    let computed = costs(&work.report(&["--cost-mode", "computed", &folder]));
    assert_eq!(computed, ["0.0106", "0.0076", "0.0106", "0.0106", "0.0106"]);
    assert_eq!(costs(&work.report(&["--mode", "calculate", &folder])), computed);
    assert_eq!(costs(&work.report(&["--mode", "display", &folder])), auto);
}

#[test]
fn a_long_prompt_makes_its_own_call_dearer_and_no_other() {
    let work = Workdir::new();
    let session = Session::new("claude-opus-4-6", "none")
        .call("msg_1", "claude-opus-4-6", "2026-03-20T10:00:00Z", [1, 199_999, 0, 0, 100], STANDARD)
        .call("msg_2", "claude-opus-4-6", "2026-03-20T10:01:00Z", [2, 199_999, 0, 0, 100], STANDARD)
        .call("msg_3", "claude-opus-4-6", "2026-04-20T10:00:00Z", [2, 199_999, 0, 0, 100], STANDARD);
    let folder = session.in_folder(&work);
    let report = work.report(&["--by", "month", &folder]);
    // March: 1 × 5 + 199,999 × 0.5 + 100 × 25, and all of it at the long prompt's prices; from April there are none.
    assert_eq!(
        column(&report, "cost_low_usd").iter().map(Value::to_string).collect::<Vec<_>>(),
        ["0.3062735", "0.1025095"]
    );
    // A session that was cut off costs that or more.
    assert_eq!(costs(&report), ["null", "null", "null", "0.408783", "null"]);
}

#[test]
fn the_service_tier_is_the_recorded_one_else_the_one_that_is_asked_for() {
    let work = Workdir::new();
    let session = Session::new("claude-opus-4-8", "none")
        .call(
            "msg_1",
            "claude-opus-4-8",
            NOW,
            [1_000_000 / 10, 0, 0, 0, 0],
            r#""service_tier":"standard","speed":"fast""#,
        )
        .call("msg_2", "claude-opus-4-8", NOW, [1_000_000 / 10, 0, 0, 0, 0], r#""service_tier":null"#);
    let folder = session.in_folder(&work);
    assert_eq!(costs(&work.report(&[&folder]))[3], "1.5");
    assert_eq!(costs(&work.report(&["--service-tier", "batch", &folder]))[3], "1.25");
    let refused = work.run(&["report", "--service-tier", "fats", &folder]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("fast"), "{}", refused.stderr);
}

#[test]
fn inference_in_the_us_alone_costs_more() {
    let work = Workdir::new();
    let (model, hundred_thousand) = ("claude-opus-4-8", [100_000, 0, 0, 0, 0]);
    let session = Session::new(model, "none")
        .call("msg_1", model, NOW, hundred_thousand, r#""service_tier":"standard","inference_geo":"global""#)
        .call("msg_2", model, NOW, hundred_thousand, r#""service_tier":"standard","inference_geo":"us""#)
        .call("msg_3", model, NOW, hundred_thousand, r#""inference_geo":"us","speed":"fast""#)
        .call("msg_4", model, NOW, hundred_thousand, r#""service_tier":"standard","inference_geo":null"#);
    let folder = session.in_folder(&work);
    let report = work.report(&["--by", "service_tier", "--sort", "service_tier", &folder]);
    assert_eq!(column(&report, "service_tier"), ["fast-us", "standard", "us"]);
    let low: Vec<String> = column(&report, "cost_low_usd").iter().map(Value::to_string).collect();
    assert_eq!(low, ["1.1", "1", "0.55"]);
}

#[test]
fn an_own_price_of_short_writes_is_that_of_long_ones_too() {
    let work = Workdir::new();
    let session = Session::new("acme-2", "none").call("msg_1", "acme-2", NOW, [0, 0, 100_000, 100_000, 0], STANDARD);
    let folder = session.in_folder(&work);
    work.write(".forge/usage.toml", "[prices.\"acme-2\"]\ninput = 1\noutput = 10\ncache_write_5m = 2\n");
    let report = work.report(&[&folder]);
    assert_eq!(costs(&report)[3], "0.4");
    assert!(!warning_codes(&report).contains(&"unpriced-tokens".to_owned()));
}

#[test]
fn an_unknown_model_is_named_with_its_tokens_and_stays_blank() {
    let work = Workdir::new();
    let session = Session::new("claude-opus-4-6", "none")
        .call("msg_1", "claude-opus-99", NOW, [100, 0, 0, 0, 23], STANDARD)
        .call("msg_2", "claude-opus-4-6", NOW, [1_000, 0, 0, 0, 0], STANDARD);
    let folder = session.in_folder(&work);
    let report = work.report(&["--by", "model", &folder]);
    let warning =
        report["warnings"].as_array().unwrap().iter().find(|warning| warning["code"] == "unknown-model").unwrap();
    assert_eq!(
        warning["message"],
        "no price is known for claude-opus-99; 123 tokens have no computed cost; tell it in .forge/usage.toml: [prices.\"claude-opus-99\"]"
    );
    let low: Vec<String> = column(&report, "cost_low_usd").iter().map(Value::to_string).collect();
    assert_eq!(low, ["0.005", "null"]);
    assert_eq!(costs(&report)[3], "0.005");
    // The user may know it.
    work.write(".forge/usage.toml", "[prices.\"claude-opus-99\"]\ninput = 1\noutput = 10\n");
    let report = work.report(&[&folder]);
    assert!(!warning_codes(&report).contains(&"unknown-model".to_owned()));
    assert_eq!(costs(&report)[3], "0.00533");
}

#[test]
fn reported_costs_are_shared_out_among_days_and_add_up() {
    let work = Workdir::new();
    let session = Session::new("claude-opus-4-6", "none")
        .call("msg_1", "claude-opus-4-6", "2026-11-19T23:00:00Z", [300, 0, 0, 0, 0], STANDARD)
        .call("msg_2", "claude-opus-4-6", "2026-11-20T01:00:00Z", [100, 0, 0, 0, 0], STANDARD)
        .result("claude-opus-4-6", [400, 0, 0, 0], "0.1");
    let folder = session.in_folder(&work);
    let report = work.report(&["--by", "day", &folder]);
    // A result that tells nothing beyond the calls has no row of its own.
    for (key, shares) in [("cost_usd", ["0.075", "0.025"]), ("cost_reported_usd", ["0.075", "0.025"])] {
        let by_day: Vec<String> = column(&report, key).iter().map(Value::to_string).collect();
        assert_eq!(by_day, shares, "{key}");
    }
    assert_eq!(costs(&report)[..2], ["0.1", "0.1"]);
    let computed = work.report(&["--cost-mode", "computed", "--since", "2026-11-20", &folder]);
    assert_eq!(costs(&computed)[..3], ["0.0005", "0.025", "0.0005"]);
}

#[test]
fn shares_of_a_cost_add_up_however_many_tokens_it_is_shared_by() {
    let work = Workdir::new();
    let most = i64::MAX as u64;
    let calls = (0..8).fold(Session::new("acme-2", "none"), |session, n| {
        session.call(&format!("msg_{n}"), "acme-2", NOW, [1, 0, 0, 0, most], STANDARD)
    });
    let folder = calls.result("acme-2", [8, 0, 0, most], "9223372.03").in_folder(&work);
    let report = work.report(&[&folder]);
    assert_eq!(costs(&report), ["9223372.03", "9223372.03", "null", "9223372.03", "9223372.03"]);
    let args = ["export", "usage", "--format", "json", &folder];
    let rows = json_of(&work.run(&args), &args);
    let shares: Vec<String> = rows.as_array().expect("rows").iter().map(|row| row["cost_usd"].to_string()).collect();
    assert_eq!(shares, ["1152921.50375"; 8]);
}

#[test]
fn the_text_marks_list_prices_and_whose_are_no_bill() {
    let work = Workdir::new();
    let sample = sample();
    let text = work.run(&["report", &sample]).stdout;
    assert!(text.contains(" COST*  "), "{text}");
    assert!(text.contains("\n* list prices of 2026-11-22\n"), "{text}");
    work.write(
        "own.toml",
        "[profiles.\"codex*\"]\nbilling = \"subscription\"\n[profiles.cc1]\nbilling = \"subscription\"\n",
    );
    let text = work.run(&["report", "--config", "own.toml", &sample]).stdout;
    assert!(text.contains("* list prices of 2026-11-22; cc1, codex* run on subscriptions: not a bill."), "{text}");
    let quiet = work.run(&["report", "-q", &sample]).stdout;
    assert!(!quiet.contains('*'), "{quiet}");
}

#[test]
fn an_early_price_is_told_only_where_it_was_taken() {
    let work = Workdir::new();
    // The book has this model since July.
    let early = || {
        let call = ("msg_1", "claude-opus-4-8", "2026-05-10T08:00:00Z", [1_000, 0, 0, 0, 0]);
        Session::new("claude-opus-4-8", "none").call(call.0, call.1, call.2, call.3, STANDARD)
    };
    let told = |mode: &str| warning_codes(&work.report(&["--cost-mode", mode, "logs"]));
    early().in_folder(&work);
    assert_eq!(["auto", "computed"].map(told), [["early-price"], ["early-price"]]);
    assert_eq!(told("reported"), [""; 0]);
    early().result("claude-opus-4-8", [1_000, 0, 0, 0], "0.01").in_folder(&work);
    assert_eq!(["auto", "reported"].map(told), [[""; 0], [""; 0]]);
    assert_eq!(told("computed"), ["early-price"]);
}

#[test]
fn who_asks_for_what_was_reported_alone_hears_of_no_price_that_lacks() {
    let work = Workdir::new();
    Session::new("claude-opus-4-6", "none")
        .call("msg_1", "claude-opus-99", NOW, [100, 0, 0, 0, 23], STANDARD)
        .call("msg_2", "gpt-5.3-codex", NOW, [100, 0, 0, 0, 23], r#""service_tier":"flex""#)
        .in_folder(&work);
    let told = |mode: &str| warning_codes(&work.report(&["--cost-mode", mode, "logs"]));
    assert_eq!(told("auto"), ["unknown-model", "unpriced-tokens"]);
    assert_eq!(told("reported"), [""; 0]);
}

#[test]
fn prices_of_the_users_file_are_called_so() {
    let work = Workdir::new();
    Session::new("acme-2", "none")
        .call("msg_1", "acme-2", NOW, [1_000, 0, 0, 0, 0], STANDARD)
        .call("msg_2", "claude-opus-4-6", NOW, [1_000, 0, 0, 0, 0], STANDARD)
        .in_folder(&work);
    let own = "[prices.acme-2]\ninput = 1\noutput = 10\n";
    let later = |day: &str| format!("{own}[prices.claude-opus-4-6]\nfrom = {day}\ninput = 1\noutput = 10\n");
    let cases = [
        (own.to_owned(), "* list prices of 2026-11-22, and prices of your own", "prices 2026-11-22 and your own"),
        (later("2026-11-20"), "* prices of your own", "prices of your own"),
        (later("2026-11-21"), "* list prices of 2026-11-22, and prices of your own", "prices 2026-11-22 and your own"),
    ];
    for (file, footnote, head) in cases {
        work.write(".forge/usage.toml", &file);
        let text = work.run(&["report", "logs"]).stdout;
        assert!(text.lines().any(|line| line == footnote), "{file}{text}");
        let text = work.run(&["check", "--max-cost", "5", "logs"]).stdout;
        assert_eq!(text.lines().next(), Some(head), "{file}{text}");
        let text = work.run(&["report", "--where", "model=claude*", "--cost-mode", "reported", "logs"]).stdout;
        assert!(!text.contains('*'), "{file}{text}");
    }
    let text = work.run(&["report", "--where", "model=claude*", "logs"]).stdout;
    assert!(text.contains("\n* list prices of 2026-11-22\n"), "{text}");
}

#[test]
fn costs_of_rows_runs_and_groups_add_up_to_the_totals() {
    let work = Workdir::new();
    let pico = |value: &Value| {
        let text = value.to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        format!("{whole}{fraction:0<12}").parse::<i128>().unwrap_or(0)
    };
    let all = fixtures().display().to_string();
    for mode in ["auto", "reported", "computed"] {
        let report = work.report(&["--cost-mode", mode, "--by", "model,day", &all]);
        let low = pico(&report["totals"]["cost_low_usd"]);
        assert!(low > 0);
        assert_eq!(column(&report, "cost_low_usd").iter().map(pico).sum::<i128>(), low, "{mode}");
        for by in ["loop", "harness,profile", "hour", "conversation"] {
            let other = work.report(&["--cost-mode", mode, "--by", by, &all]);
            assert_eq!(other["totals"]["cost_low_usd"], report["totals"]["cost_low_usd"], "{mode} {by}");
            assert_eq!(column(&other, "cost_low_usd").iter().map(pico).sum::<i128>(), low, "{mode} {by}");
        }
        let args = ["export", "usage", "--cost-mode", mode, "--format", "json", &all];
        let rows = json_of(&work.run(&args), &args);
        let rows = rows.as_array().expect("rows");
        assert_eq!(rows.iter().map(|row| pico(&row["cost_low_usd"])).sum::<i128>(), low, "{mode}");
        for row in rows {
            let (low, cost, high) = (&row["cost_low_usd"], &row["cost_usd"], &row["cost_high_usd"]);
            assert!(cost.is_null() || (cost == low && cost == high), "{row}");
            assert!(high.is_null() || pico(low) <= pico(high), "{row}");
        }
    }
}

#[test]
fn prices_of_a_model_say_which_entry_was_taken_and_why() {
    let work = Workdir::new();
    let outcome = work.run(&["prices", "openai/gpt-5.3-codex-2026-02-05"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let text = outcome.stdout;
    assert!(text.contains("the prices of gpt-5.3-codex (openai): "), "{text}");
    assert!(text.contains("without the date 20260205"), "{text}");
    assert!(text.contains("First known 2026-03-15"), "{text}");
    assert!(text.contains("$0.175"), "{text}");
    let args = ["prices", "--json", "gpt-5.3-codex"];
    let rows = json_of(&work.run(&args), &args);
    assert_eq!(rows[0]["input_usd_per_mtok"].to_string(), "1.75");
    assert_eq!((&rows[0]["model"], &rows[0]["why"]), (&Value::from("gpt-5.3-codex"), &Value::from("its own name")));
}

#[test]
fn a_models_prices_of_a_day_are_shown_at_every_tier() {
    let work = Workdir::new();
    let tiers = |day: &[&str]| {
        let args = [&["prices", "gpt-5.4", "--json"], day].concat();
        let rows = json_of(&work.run(&args), &args);
        let of = |row: &Value| (row["from"].to_string(), row["tier"].to_string(), row["above_tokens"].to_string());
        rows.as_array().expect("rows").iter().map(of).collect::<Vec<_>>()
    };
    let (all, day) = (tiers(&[]), tiers(&["--at", "2026-11-20"]));
    let held: Vec<_> = all.into_iter().filter(|(from, ..)| from == "\"2026-06-01\"").collect();
    assert!(held.iter().any(|(_, tier, above)| tier == "\"flex\"" && above == "272000"), "{held:?}");
    assert_eq!(day, held);
}

#[test]
fn prices_of_an_unknown_model_are_an_error_that_offers_the_nearest() {
    let work = Workdir::new();
    for (name, near) in [("gpt-5.3-codex-spark", "gpt-5.3-codex"), ("gemini-3-pro", "gemini-3-pro-preview")] {
        let outcome = work.run(&["prices", name]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{name}");
        assert!(outcome.stderr.contains(&format!("no price is known for {name:?}")), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(near), "{}", outcome.stderr);
    }
    let outcome = work.run(&["prices", "nope"]);
    assert!(outcome.code == 2 && !outcome.stderr.contains("did you mean"), "{}", outcome.stderr);
}

#[test]
fn prices_are_listed_by_a_glob_and_for_a_day() {
    let work = Workdir::new();
    let args = ["prices", "claude-opus-4-6*", "--json"];
    let rows = json_of(&work.run(&args), &args);
    let names: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["model"].as_str().unwrap()).collect();
    assert!(names.contains(&"claude-opus-4-6") && names.contains(&"vertex_ai/claude-opus-4-6"), "{names:?}");
    let steps = |day: &str| {
        let args = ["prices", "claude-opus-4-6", "--at", day, "--json"];
        let rows = json_of(&work.run(&args), &args);
        rows.as_array().unwrap().iter().filter(|row| row["tier"] == "standard").count()
    };
    assert_eq!((steps("2026-03-20"), steps("2026-11-20")), (2, 1));
    assert_eq!(work.run(&["prices", "nothing-*"]).code, 2);
    let bad = work.run(&["prices", "a[*"]);
    assert_eq!((bad.code, bad.stderr.matches("a[").count()), (2, 1), "{}", bad.stderr);
    let shown = work.run(&["prices", "claude-opus-4-6*"]).stdout;
    assert!(shown.ends_with("\n\nDollars for a million tokens; list prices of 2026-11-22.\n"), "{shown}");
    let at = work.run(&["prices", "claude-opus-4-6*", "--at", "2026-03-20"]).stdout;
    assert!(at.ends_with("list prices of 2026-03-20.\n"), "{at}");
    assert!(!work.run(&["prices", "claude-opus-4-6*", "-q"]).stdout.contains("Dollars"));
    work.write(".forge/usage.toml", "[prices.\"acme-2\"]\ninput = 1\noutput = 10\n");
    let own = work.run(&["prices", "acme-*"]).stdout;
    assert!(own.ends_with("list prices of 2026-11-22, and your own.\n"), "{own}");
    assert!(work.run(&["prices", "--format", "csv"]).stdout.lines().count() > 1_000);
}

#[test]
fn a_list_of_prices_has_every_tier_that_its_models_have() {
    let work = Workdir::new();
    let tiers = |args: &[&str]| {
        let rows = json_of(&work.run(&[&["prices", "--json"], args].concat()), args);
        let rows = rows.as_array().expect("rows").iter().filter(|row| row["model"] == "gpt-5.4");
        rows.map(|row| (row["tier"].to_string(), row["above_tokens"].to_string())).collect::<Vec<_>>()
    };
    let one = tiers(&["gpt-5.4", "--at", "2026-11-20"]);
    assert!(one.iter().any(|(tier, _)| tier == "\"flex\""), "{one:?}");
    assert_eq!(tiers(&["gpt-5.4*", "--at", "2026-11-20"]), one);
    assert_eq!(tiers(&["--at", "2026-11-20"]), one);
}
