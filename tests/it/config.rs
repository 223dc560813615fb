//! The user's file: how it is found, and what a mistake in it says.

use serde_json::{Value, json};

use crate::support::{Workdir, column, fixtures, sample, warning_codes};
use crate::writers::{Entry, claude_result, front, run_id};

/// A ledger whose runs name no model.
fn nameless() -> String {
    fixtures().join("forge-ledger/footer-in-many-locales/input").display().to_string()
}

#[test]
fn the_file_is_found_from_the_current_folder_upwards() {
    let work = Workdir::new();
    work.write(".forge/usage.toml", "[profiles.\"*\"]\nmodel = \"gpt-5.3-codex\"\n");
    work.mkdir("deep/er");
    let report = work.report(&["-C", "deep/er", "--by", "model", &nameless()]);
    assert_eq!(column(&report, "model"), ["gpt-5.3-codex"]);
    assert!(warning_codes(&report).contains(&"assumed-model".to_owned()));
}

#[test]
fn a_profiles_model_is_that_of_runs_that_left_nothing_too() {
    let work = Workdir::new();
    let claude = |n: u32, profile| Entry { profile, harness: "claude", ..Entry::new(n) };
    let session = "3278fa19-a948-4d8b-aa5e-5792a2a6d43b";
    let runs = [
        claude(0, "cc2").with("Done.\n"),
        claude(1, "cc3").with("Done.\n"),
        claude(2, "cc2").with(&claude_result(session, 100, 10, 0.5)),
    ];
    work.write(".forge/ledgers/night.md", front("night") + &runs.concat());
    work.write(".forge/usage.toml", "[profiles.cc2]\nmodel = \"claude-haiku-4-5\"\n");
    let report = work.report(&["--by", "model,run", "--sort", "run"]);
    let models = column(&report, "model");
    assert_eq!((&models[0], &models[1]), (&json!("claude-haiku-4-5"), &Value::Null), "{report}");
    assert_eq!(models[2], "claude-opus-4-6");
    // What it used isn't known for that.
    assert_eq!(column(&report, "total_tokens")[..2], [Value::Null, Value::Null]);
    assert_eq!(column(&report, "cost_usd")[..2], [Value::Null, Value::Null]);
    let told = report["warnings"].as_array().expect("warnings").iter().find(|told| told["code"] == "assumed-model");
    let told = told.unwrap_or_else(|| panic!("{report}"));
    let run = run_id(0);
    let said = format!("runs that name no model; cc2's is claude-haiku-4-5 by the configuration (run {run})");
    assert_eq!((&told["message"], &told["count"]), (&json!(said), &json!(1)));
    // So it may be of no other model.
    let text = work.run(&["check", "--max-tokens", "1K", "--per", "model", "--where", "profile=cc2", "-v"]).stdout;
    assert!(text.contains("UNPROVEN  command line  claude-haiku-4-5 "), "{text}");
    assert!(!text.contains("command line  no model") && !text.contains("without a known"), "{text}");
}

#[test]
fn the_file_that_is_named_goes_before_the_one_that_is_found() {
    let work = Workdir::new();
    work.write(".forge/usage.toml", "[profiles.\"*\"]\nmodel = \"found\"\n");
    work.write("mine.toml", "[profiles.\"*\"]\nmodel = \"named\"\n");
    let report = work.report(&["--config", "mine.toml", "--by", "model", &nameless()]);
    assert_eq!(column(&report, "model"), ["named"]);
}

#[test]
fn a_mistake_in_it_names_file_line_and_the_nearest_word() {
    let work = Workdir::new();
    work.write("mine.toml", "[profiles.codex1]\nmodle = \"x\"\n");
    let outcome = work.run(&["report", "--config", "mine.toml", &nameless()]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
    assert_eq!(outcome.stderr, "forge-usage: mine.toml:2: unknown key \"modle\"; did you mean model?\n");
}

#[test]
fn a_named_file_that_is_missing_is_an_error() {
    let work = Workdir::new();
    let outcome = work.run(&["report", "--config", "none.toml", &nameless()]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.starts_with("forge-usage: none.toml: "), "{}", outcome.stderr);
}

#[cfg(unix)]
#[test]
fn what_has_no_length_of_its_own_is_read_as_far_as_a_file_may_go() {
    let work = Workdir::new();
    let refused = work.run_with(&["report", "--config", "/dev/stdin", &nameless()], &b"#\n".repeat(3 << 20));
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert_eq!(refused.stderr, "forge-usage: /dev/stdin is too large to be a configuration\n");
    let read = work.run_with(&["report", "--config", "/dev/stdin", &nameless()], b"[profiles.x]\nmodel = \"y\"\n");
    assert_eq!(read.code, 0, "{}", read.stderr);
}

#[test]
fn a_file_that_is_none_is_told_and_not_passed_over() {
    let work = Workdir::new();
    work.mkdir("a/.forge/usage.toml");
    let outcome = work.run(&["report", "-C", "a", &nameless()]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains(".forge/usage.toml is a folder, and should be a file"), "{}", outcome.stderr);
    #[cfg(unix)]
    {
        work.mkdir("b/.forge");
        std::os::unix::fs::symlink("gone.toml", work.path("b/.forge/usage.toml")).expect("a link");
        let outcome = work.run(&["check", "-C", "b", &nameless()]);
        assert_eq!(outcome.code, 2);
        assert!(outcome.stderr.contains(".forge/usage.toml is a link that leads nowhere"), "{}", outcome.stderr);
    }
}

#[test]
fn a_bad_glob_is_told_once_and_with_what_is_wrong() {
    let work = Workdir::new();
    let told = |args: &[&str]| work.run(args).stderr;
    let wrong = "bad glob \"a[\": unclosed character class; missing ']'";
    assert!(told(&["report", &sample(), "--where", "loop=a["]).contains(wrong));
    assert!(told(&["prices", "a[*"]).ends_with("bad glob \"a[*\": unclosed character class; missing ']'\n"));
    work.write("own.toml", "[profiles.\"a[\"]\nmodel = \"x\"\n");
    let said = told(&["report", &sample(), "--config", "own.toml"]);
    assert!(said.contains(wrong) && said.matches("a[").count() == 1, "{said}");
}
