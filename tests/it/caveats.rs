//! What is said below a report of tokens without a cost, and that its advice can be taken.

use serde_json::Value;

use crate::support::{Workdir, sample};

/// One call of 15 tokens a model, in one conversation of Claude Code; each model at its service tier.
fn session(name: &str, models: impl IntoIterator<Item = (String, &'static str)>) -> String {
    let call = |(n, (model, tier)): (usize, (String, &str))| {
        format!(
            r#"{{"type":"assistant","sessionId":"{name}","isSidechain":false,"cwd":"/srv/x","message":{{"id":"msg_{name}_{n}","model":"{model}","stop_reason":"end_turn","usage":{{"input_tokens":10,"output_tokens":5,"service_tier":"{tier}"}}}},"timestamp":"2026-11-20T08:00:{n:02}Z"}}"#
        ) + "\n"
    };
    models.into_iter().enumerate().map(call).collect()
}

fn alien(n: usize) -> (String, &'static str) {
    (format!("alien-{n:02}"), "standard")
}

/// Code, message and count of each warning.
fn warnings(report: &Value) -> Vec<(&str, &str, u64)> {
    let warnings = report["warnings"].as_array().expect("a list of warnings").iter();
    warnings
        .map(|warning| {
            let text = |key: &str| warning[key].as_str().expect("text");
            (text("code"), text("message"), warning["count"].as_u64().expect("a count"))
        })
        .collect()
}

const ROLLOUT: &str = concat!(
    r#"{"timestamp":"2026-11-20T10:00:00.000Z","type":"session_meta","payload":{"id":"01a19f22-9900-7a1b-9c2d-000000000001","timestamp":"2026-11-20T10:00:00.000Z","cwd":"/srv/x","originator":"codex_exec","cli_version":"0.98.0","source":"cli"}}"#,
    "\n",
    r#"{"timestamp":"2026-11-20T10:00:05.000Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":1000,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":10,"total_tokens":1040},"last_token_usage":{"input_tokens":1000,"cached_input_tokens":0,"output_tokens":40,"reasoning_output_tokens":10,"total_tokens":1040},"model_context_window":258400},"rate_limits":null}}"#,
    "\n",
);

#[test]
fn a_model_can_be_told_for_a_profile_and_is_asked_for_only_where_there_is_one() {
    let work = Workdir::new();
    work.write("rollout-a.jsonl", ROLLOUT);
    work.write("own.toml", "[profiles.\"*\"]\nmodel = \"gpt-5.3-codex\"\n");
    let of_nobody = ("unnamed-model", "1,040 tokens of no named model have no computed cost", 1);
    let report = work.report(&["--config", "own.toml", "rollout-a.jsonl"]);
    assert_eq!(warnings(&report), [of_nobody]);

    let report = work.report(&[&sample(), "rollout-a.jsonl"]);
    let told = "224,317 tokens of no named model have no computed cost; \
                tell it in .forge/usage.toml: [profiles.NAME] model = \"…\"";
    assert_eq!(warnings(&report), [("unnamed-model", told, 4), of_nobody]);
    // The screen says of what there are four.
    let text = work.run(&["report", &sample(), "rollout-a.jsonl"]).stdout;
    assert!(text.contains(&format!("\nwarning: {told} (4 runs)\nwarning: {}\n", of_nobody.1)), "{text}");
    // Who does so hears no more of it.
    let report = work.report(&["--config", "own.toml", &sample()]);
    assert!(warnings(&report).iter().all(|(code, ..)| *code == "assumed-model"), "{report}");
}

#[test]
fn ten_models_without_a_price_are_named_and_the_others_counted() {
    let work = Workdir::new();
    work.write("a.jsonl", session("a", (0..11).map(alien)));
    let report = work.report(&["a.jsonl"]);
    let told = warnings(&report);
    assert_eq!(told.len(), 11);
    assert!(told[9].1.starts_with("no price is known for alien-09; 15 tokens have no computed cost; "), "{told:?}");
    let rest = "no price is known for 1 more model; 15 tokens have no computed cost; report --by model names them";
    assert_eq!(told[10], ("unknown-model", rest, 1));

    // Seven calls of three models, in three conversations: these are counted.
    work.write("b.jsonl", session("b", (10..13).map(alien)));
    work.write("c.jsonl", session("c", (10..13).map(alien)));
    let report = work.report(&["a.jsonl", "b.jsonl", "c.jsonl"]);
    let rest = "no price is known for 3 more models; 105 tokens have no computed cost; report --by model names them";
    assert_eq!(warnings(&report)[10..], [("unknown-model", rest, 3)]);
}

#[test]
fn a_tier_without_a_price_is_told_however_many_models_have_none() {
    let work = Workdir::new();
    let tier = |model: &str, tier: &'static str| (model.to_owned(), tier);
    let opus = tier("claude-opus-4-6", "imaginary");
    work.write("a.jsonl", session("a", (0..10).map(alien).chain([opus])));
    let report = work.report(&["a.jsonl"]);
    let told =
        "not every price is known for claude-opus-4-6 at the service tier imaginary; 15 tokens have no exact cost";
    assert_eq!(warnings(&report)[10..], [("unpriced-tokens", told, 1)]);

    let tiers = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    work.write("b.jsonl", session("b", tiers.map(|name| tier("claude-opus-4-6", name))));
    let report = work.report(&["b.jsonl"]);
    let rest = "not every price is known for 2 more models or tiers; 30 tokens have no exact cost";
    assert_eq!(warnings(&report)[10..], [("unpriced-tokens", rest, 1)]);
}

#[test]
fn what_was_lost_stands_on_the_screen_and_in_the_json_of_explain_and_below_quota() {
    let work = Workdir::new();
    let torn = crate::support::fixtures().join("codex-rollout/a-packed-log-that-breaks-off/input");
    let torn = torn.display().to_string();
    let told = "\n\nwarning: records that are cut or torn; not counted\n\
                warning: files that break off; read as far as they go\n";
    for command in [&["quota"][..], &["explain", "019e1afc"]] {
        let screen = work.run(&[command, &[&torn]].concat());
        assert!(screen.stdout.ends_with(told), "{command:?}: {}", screen.stdout);
        assert!(!screen.stderr.contains("warning:"), "{command:?}: {}", screen.stderr);
        let quiet = work.run(&[command, &[&torn, "-q", "--strict"]].concat());
        assert!(!quiet.stdout.contains("warning:"), "{command:?}: {}", quiet.stdout);
        assert_eq!(quiet.stderr.matches("warning:").count(), 2, "{command:?}: {}", quiet.stderr);
    }
    let explained = work.run(&["explain", "019e1afc", &torn, "--json"]);
    let codes = crate::support::warning_codes(&serde_json::from_str(&explained.stdout).expect("JSON"));
    assert_eq!(codes, ["torn-record", "truncated-input"]);
    assert!(!explained.stderr.contains("warning:"), "{}", explained.stderr);
    // Rows have no room for them.
    let rows = work.run(&["quota", &torn, "--json"]);
    assert!(rows.stdout.starts_with('[') && rows.stderr.matches("warning:").count() == 2, "{}", rows.stderr);
    // Where nothing was lost, there is a list all the same.
    assert_eq!(work.explain(&["--costliest", &sample()])["warnings"], serde_json::json!([]));
}
