//! The user's own prices through the binary.

use crate::support::{Workdir, document, fixtures};

const MODEL: &str = "gpt-5.3-codex";

/// The example of the README.
fn example() -> String {
    let readme = std::fs::read_to_string(fixtures().join("../README.md")).expect("the README");
    let (_, rest) = readme.split_once("```toml\n[prices.").expect("an example of prices");
    let (body, _) = rest.split_once("```").expect("its end");
    format!("[prices.{body}")
}

#[test]
fn the_example_of_the_readme_changes_nothing_before_its_day() {
    let work = Workdir::new();
    work.write("own.toml", example());
    for (day, is_same) in [("2026-11-30", true), ("2026-12-01", false)] {
        let args = ["prices", MODEL, "--at", day, "--json", "-q"];
        let [listed, own] = [&[][..], &["--config", "own.toml"]].map(|config| {
            let mut rows = document(&work.run(&[&args[..], config].concat()));
            // What holds until another day, and whose file says so.
            for row in rows.as_array_mut().expect("rows") {
                ["until", "last_seen"].iter().for_each(|key| drop(row.as_object_mut().expect("a row").remove(*key)));
            }
            rows
        });
        assert_eq!(listed == own, is_same, "{day}: {listed} {own}");
    }
}

#[test]
fn calls_at_the_tier_that_codex_calls_fast_keep_their_price_beside_an_own_one() {
    let work = Workdir::new();
    work.write("own.toml", example());
    work.write(
        "usage/run.md",
        run("019e1afc-5508-7c2d-9a31-0000000000d1", "2026-05-12T07:00:00Z", "2026-05-12T07:02:00Z"),
    );
    let cost = |config: &[&str]| {
        let args = ["usage", "--where", "harness=codex", "--service-tier", "fast"];
        work.report(&[&args[..], config].concat())["totals"]["cost_low_usd"].clone()
    };
    work.write("codex.toml", format!("[profiles.\"codex*\"]\nmodel = \"{MODEL}\"\n"));
    // 100,000 x 3.5 + 10,000 x 28 millionths.
    assert_eq!(cost(&["--config", "codex.toml"]), 0.63);
    assert_eq!(cost(&["--config", "own.toml"]), 0.63);
}

/// A ledger with one run, which began `thread`, and whose output tells the sum of its calls and no model.
fn run(thread: &str, started_at: &str, finished_at: &str) -> String {
    format!(
        "---\nloop_id: 01a09f5b-0000-7000-8000-0000000000aa\nloop_name: paint\nrepo_path: /srv/paint\n\
         created_at: {started_at}\n---\n\n# Loop Ledger: paint\n\n## {finished_at}\n\n- run_id: 01a09f5b-0000-7000-8000-0000000000ab\n- loop_name: paint\n\
         - status: success\n- profile: codex1\n- harness: codex\n- started_at: {started_at}\n\
         - finished_at: {finished_at}\n- exit_code: 0\n\n```\n\
         {{\"type\":\"thread.started\",\"thread_id\":\"{thread}\"}}\n{{\"type\":\"turn.started\"}}\n\
         {{\"type\":\"turn.completed\",\"usage\":{{\"input_tokens\":100000,\"cached_input_tokens\":0,\"output_tokens\":10000}}}}\n```\n"
    )
}

#[test]
fn a_sum_that_spans_a_price_change_lies_between_both_prices() {
    let work = Workdir::new();
    work.write("usage.toml", "[profiles.\"codex*\"]\nmodel = \"gpt-5.6\"\n");
    let costs = |thread: &str, started_at: &str, finished_at: &str| {
        work.write("run.md", run(thread, started_at, finished_at));
        let totals = &work.report(&["--config", "usage.toml", "run.md"])["totals"];
        ["cost_usd", "cost_low_usd", "cost_high_usd"].map(|key| totals[key].to_string())
    };
    // It fell from $5 and $30 to $4 and $20 on 15 October.
    assert_eq!(
        costs("01a13c6e-0288-7c2d-9a31-0000000000d1", "2026-10-14T22:00:00Z", "2026-10-15T05:00:00Z"),
        ["null", "0.6", "0.8"]
    );
    assert_eq!(
        costs("01a13a48-b188-7c2d-9a31-0000000000d1", "2026-10-14T12:00:00Z", "2026-10-14T23:00:00Z"),
        ["0.8", "0.8", "0.8"]
    );
    assert_eq!(
        costs("01a13cdb-df88-7c2d-9a31-0000000000d1", "2026-10-15T00:00:00Z", "2026-10-15T05:00:00Z"),
        ["0.6", "0.6", "0.6"]
    );
}

#[test]
fn prices_show_that_a_long_prompt_has_none_that_is_known() {
    let work = Workdir::new();
    let args = ["prices", "gpt-5.6", "--at", "2026-09-15", "--format", "csv", "-q"];
    let text = work.run(&args).stdout;
    let priority: Vec<&str> = text.lines().filter(|line| line.contains(",priority,")).collect();
    assert_eq!(priority.len(), 2, "{text}");
    assert!(priority[1].contains(",272000,,,,,,"), "{text}");
}
