//! `latency` on the command line.

use serde_json::Value;

use crate::support::{Workdir, column, fixtures, json_of, sample};

fn input(case: &str) -> String {
    fixtures().join(case).join("input").display().to_string()
}

fn trace() -> String {
    input("codex-trace/times-of-calls-and-tools")
}

fn latency(args: &[&str]) -> Value {
    json_of(&Workdir::new().run(&[&["latency", "--json", "--tz", "UTC"], args].concat()), args)
}

#[test]
fn people_see_the_main_figures_and_what_is_not_known() {
    let outcome = Workdir::new().run(&["latency", "--tz", "UTC", &trace()]);
    insta::assert_snapshot!(outcome.stdout, @r"
    1 conversation · Tue 12 May 2026 (UTC)

    DAY     CALLS  TTFT P50  TTFT P95  STREAM P50  STREAM P95  STALL MAX  TOK/S P50  TOOL P50  TOOL P95  ERRORS  RETRIES
    Tue 12      2      1.1s      2.5s        2.0s        4.0s       2.5s       50.0      30ms      2.3s       1        1
    ");
}

#[test]
fn one_measure_is_shown_in_full() {
    let outcome = Workdir::new().run(&["latency", "--tz", "UTC", "--by", "tool", "--measure", "tool", &trace()]);
    insta::assert_snapshot!(outcome.stdout, @r"
    1 conversation · Tue 12 May 2026 (UTC)

    TOOL         COUNT   P50   P90   P95   P99   MAX  FAILED
    apply_patch      1  30ms  30ms  30ms  30ms  30ms       1
    shell            1  2.3s  2.3s  2.3s  2.3s  2.3s       0
    ────────────────────────────────────────────────────────
    2 tools          2  30ms  2.3s  2.3s  2.3s  2.3s       1
    ");
}

#[test]
fn times_behind_a_cut_head_are_floors() {
    let cut = input("forge-ledger/times-behind-a-cut-head");
    let outcome = Workdir::new().run(&["latency", "--tz", "UTC", "-m", "streaming", &cut]);
    insta::assert_snapshot!(outcome.stdout, @r"
    1 loop · 1 run · 1 profile · Tue 12 May 2026 (UTC)

    LOOP  COUNT     P50    P90    P95    P99    MAX
    kiln      2  ≥200ms  ≥1.0s  ≥1.0s  ≥1.0s  ≥1.0s

    The beginning of 1 stream was cut off: times of streams are floors.
    ");
}

#[test]
fn tools_are_a_dimension_here_and_nowhere_else() {
    let report = latency(&["--by", "tool", "--sort", "tool_max_ms", &trace()]);
    assert_eq!(
        column(&report, "tool"),
        ["shell", "apply_patch"].map(Value::from).into_iter().chain([Value::Null]).collect::<Vec<_>>()
    );
    assert_eq!(column(&report, "tool_max_ms"), [Value::from(2250), Value::from(30), Value::Null]);
    let one = latency(&["--where", "tool=apply*", &trace()]);
    assert_eq!(one["totals"]["tool_calls"], 1);
    assert_eq!(one["totals"]["calls"], Value::Null);
    let outcome = Workdir::new().run(&["report", "--by", "tool", &trace()]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("unknown dimension"), "{}", outcome.stderr);
}

#[test]
fn filters_and_windows_choose_what_counts() {
    let all = latency(&[&trace()]);
    assert_eq!(all["totals"]["calls"], 2);
    let late = latency(&["--since", "2026-05-12T07:03:09Z", &trace()]);
    assert_eq!((&late["totals"]["calls"], &late["totals"]["tool_calls"]), (&Value::from(1), &Value::from(1)));
    assert_eq!((&late["totals"]["errors"], &late["totals"]["request_count"]), (&Value::from(0), &Value::from(1)));
    let none = latency(&["--where", "model=claude-*", &trace()]);
    assert_eq!(none["rows"], Value::from(Vec::<Value>::new()));
}

#[test]
fn machine_formats_hold_every_measure_whatever_people_see() {
    let work = Workdir::new();
    let header = |args: &[&str]| {
        let outcome = work.run(&[&["latency", "--format", "csv", &trace()], args].concat());
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        outcome.stdout.lines().next().expect("a header").to_owned()
    };
    assert_eq!(header(&[]), header(&["-m", "run"]));
    for name in ["ttft_p50_ms", "request_p99_ms", "streaming_max_ms", "stall_count", "tokens_per_second_p90", "retries"]
    {
        assert!(header(&[]).split(',').any(|column| column == name), "{name}");
    }
    let markdown = work.run(&["latency", "--format", "markdown", "--tz", "UTC", "-m", "ttft", &trace()]);
    assert!(markdown.stdout.contains("| Tue 12 | 2 | 1.1s | 2.5s | 2.5s | 2.5s | 2.5s |"), "{}", markdown.stdout);
    let lines = work.run(&["latency", "--jsonl", "--tz", "UTC", &trace()]);
    assert_eq!(serde_json::from_str::<Value>(&lines.stdout).expect("a JSON line")["ttft_p50_ms"], 1050);
}

#[test]
fn a_bad_measure_or_column_is_named_before_anything_is_read() {
    let work = Workdir::new();
    for (args, hint) in [(["-m", "ttf"], "did you mean ttft?"), (["--sort", "ttft_p50"], "did you mean ttft_p50_ms?")] {
        let outcome = work.run(&["latency", args[0], args[1], "missing.log"]);
        assert_eq!(outcome.code, 2);
        assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
    }
}

#[test]
fn a_run_without_times_of_calls_still_has_its_own() {
    let report = latency(&[&sample()]);
    assert_eq!(report["totals"]["run_count"], report["totals"]["runs"]);
    assert_eq!(report["totals"]["ttft_count"], 0);
    assert_eq!(report["totals"]["errors"], Value::Null);
}

#[test]
fn where_nothing_tells_times_it_is_said_what_does() {
    let work = Workdir::new();
    let rollout = input("codex-rollout/no-turn-context");
    let shown = |args: &[&str]| work.run(&[&["latency", "--tz", "UTC"], args].concat()).stdout;
    let of_all = "\nNo times are known: those of calls and tools come from Codex traces, those of runs from ledgers.\n";
    let of_calls = "\nNo times of calls are known: they come from Codex traces, as far as their level tells them.\n";
    let of_runs = "\nNo times of runs are known: they come from ledgers.\n";
    assert!(shown(&[&rollout]).contains(of_all));
    assert!(shown(&["-m", "run", &rollout]).contains(of_runs));
    // Runs have times, and their calls none.
    let claude = shown(&["--where", "loop=spec-review", &sample()]);
    assert!(claude.contains(of_calls), "{claude}");
    assert!(!shown(&[&sample()]).contains("No times"));
    assert!(!shown(&["-m", "run", &sample()]).contains("No times"));
    assert!(!shown(&[&trace()]).contains("No times"));
    // No rows, and so no total.
    let text = shown(&["-m", "ttft", "--by", "loop", &sample()]);
    let of_one =
        "\nNo such time is known: they come from Codex traces that are whole, as far as their level tells them.\n";
    assert!(text.contains(of_one) && !text.contains("6 loops  "), "{text}");
    let markdown = shown(&["--format", "markdown", &rollout]);
    assert!(markdown.contains(of_all), "{markdown}");
}

#[test]
fn a_dimension_that_is_unknown_may_be_the_tool() {
    let work = Workdir::new();
    let by = |command: &str, name: &str| work.run(&[command, "--by", name, "missing.log"]).stderr;
    assert_eq!(by("latency", "tools"), "forge-usage: unknown dimension \"tools\"; did you mean tool?\n");
    let known = by("latency", "project");
    assert!(known.contains("known: run_id, conversation_id, ") && known.ends_with(", month, tool\n"), "{known}");
    assert!(by("report", "tools").ends_with(", month\n"));
}
