//! Agents are untrusted writers: what they print into a ledger changes nobody's numbers downwards.
//!
//! Each test puts something hostile into the middle one of three runs and compares with the same
//! ledger without it.

use serde_json::Value;

use crate::support::{Workdir, warning_codes};
use crate::writers::{Counts, Entry, completed, counter, exact, footer, front, run_id, tool_result};

const CALL: Counts = (3000, 2048, 100, 40);
const FORGED: Counts = (70_000, 0, 7000, 0);

/// Three runs, the middle one with this output.
fn around(middle: &str) -> String {
    front("night")
        + &Entry::new(0).with(&exact(0, (500, 0, 20, 0)))
        + &Entry::new(1).with(middle)
        + &Entry::new(2).with(&exact(2, (900, 0, 30, 0)))
}

/// The runs and the warning codes of a ledger.
fn read(ledger: &str) -> (Vec<Value>, Vec<String>) {
    let work = Workdir::new();
    work.write("night.md", ledger);
    let mut runs = work.runs(&["night.md"]);
    for run in &mut runs {
        run.as_object_mut().expect("an object").remove("source");
    }
    (runs, warning_codes(&work.report(&["night.md"])))
}

fn run(runs: &[Value], n: u32) -> &Value {
    let id = run_id(n);
    runs.iter().find(|run| run["run_id"] == id.as_str()).unwrap_or_else(|| panic!("run {n} is lost: {runs:?}"))
}

/// Holds a hostile middle run against the honest one; returns its row and the warnings.
///
/// The neighbours are the same to the last column, no run appears or vanishes, and the middle run
/// has no fewer tokens, exact or blended.
fn held_against(honest: &str, hostile: &str) -> (Value, Vec<String>) {
    held(&around(honest), &around(hostile))
}

fn held(honest: &str, hostile: &str) -> (Value, Vec<String>) {
    let (before, quiet) = read(honest);
    let (after, codes) = read(hostile);
    for code in ["quoted-entry", "several-footers", "mismatch", "quoted-records"] {
        assert!(!quiet.iter().any(|c| c == code), "the honest ledger is flagged {code}");
    }
    assert_eq!(after.len(), 3, "three runs, no more and no fewer: {after:?}");
    assert_eq!(run(&before, 0), run(&after, 0));
    assert_eq!(run(&before, 2), run(&after, 2));
    let (was, is) = (run(&before, 1), run(&after, 1));
    for key in ["total_tokens", "input_tokens", "output_tokens", "blended_tokens"] {
        assert!(is[key].as_u64() >= was[key].as_u64(), "{key} fell: {was} {is}");
    }
    (is.clone(), codes)
}

fn flagged(codes: &[String], code: &str) {
    assert!(codes.iter().any(|c| c == code), "want {code}, got {codes:?}");
}

/// An entry that wants to be taken for the writer's, with a small usage of its own.
fn forged_entry(entry: &Entry) -> String {
    entry.with("tokens used\n7\n")
}

/// A fresh run between the middle one and the last one.
fn fresh() -> Entry<'static> {
    let time = |second: u32| format!("2026-10-05T09:45:{second:02}Z");
    Entry { run_id: run_id(77), start: time(0), finish: time(30), ..Entry::new(1) }
}

/// The middle run's output with `text` before its records, the way a command prints it.
fn output_with(text: &str) -> String {
    format!("codex\nI read a file:\n{text}\n{}", exact(1, CALL))
}

#[test]
fn a_quoted_entry_of_another_loop_is_content() {
    let forged = forged_entry(&Entry { name: "day", ..fresh() });
    let (is, codes) = held_against(&output_with("x"), &output_with(&format!("```\n\n{forged}")));
    assert_eq!(is["total_tokens"], 3100);
    flagged(&codes, "quoted-entry");
}

#[test]
fn a_quoted_entry_of_an_earlier_time_is_content() {
    let forged = forged_entry(&Entry { finish: "2026-10-05T08:59:00Z".to_owned(), ..fresh() });
    let (is, codes) = held_against(&output_with("x"), &output_with(&format!("```\n\n{forged}")));
    assert_eq!(is["total_tokens"], 3100);
    flagged(&codes, "quoted-entry");
}

#[test]
fn a_quoted_entry_with_a_known_run_id_is_content() {
    for known in [0, 1] {
        let forged = forged_entry(&Entry { run_id: run_id(known), ..fresh() });
        let (is, codes) = held_against(&output_with("x"), &output_with(&format!("```\n\n{forged}")));
        assert_eq!(is["total_tokens"], 3100);
        flagged(&codes, "quoted-entry");
    }
}

#[test]
fn an_entry_header_without_a_closing_fence_before_it_is_content() {
    let forged = forged_entry(&fresh());
    let (is, codes) = held_against(&output_with("x"), &output_with(&forged));
    assert_eq!(is["total_tokens"], 3100);
    flagged(&codes, "quoted-entry");
}

#[test]
fn an_entry_header_without_its_blank_line_or_run_id_is_content() {
    let forged = forged_entry(&fresh());
    let id = run_id(77);
    for broken in [
        forged.replacen("Z\n\n- run_id", "Z\n- run_id", 1),
        forged.replace(&id, "run-77"),
        forged.replace("- run_id", "* run_id"),
    ] {
        let (is, _) = held_against(&output_with("x"), &output_with(&format!("```\n\n{broken}")));
        assert_eq!(is["total_tokens"], 3100);
    }
}

#[test]
fn a_forged_entry_from_the_future_hides_no_later_run() {
    let forged = forged_entry(&Entry { finish: "2099-01-01T00:00:00Z".to_owned(), ..fresh() });
    let (runs, codes) = read(&around(&output_with(&format!("```\n\n{forged}"))));
    assert_eq!(run(&runs, 0)["total_tokens"], 520);
    assert_eq!(run(&runs, 2)["total_tokens"], 930);
    flagged(&codes, "quoted-entry");
}

/// Entries of another ledger of this loop's name, two of which could stand between the first run and the middle one.
fn of_a_sibling(numbers: &[u32]) -> String {
    let entry = |n: &u32| {
        let time = |second: u32| format!("2026-10-05T09:{n:02}:{second:02}Z");
        forged_entry(&Entry { run_id: run_id(*n + 60), start: time(0), finish: time(30), ..Entry::new(1) })
    };
    numbers.iter().map(entry).collect()
}

#[test]
fn a_ledger_of_the_same_name_that_an_agent_shows_displaces_no_run() {
    let shown = format!("# Loop Ledger: night\n\n{}", of_a_sibling(&[10, 12, 14]));
    let (is, codes) = held_against(&output_with("x"), &output_with(&shown));
    assert_eq!(is["total_tokens"], 3100);
    flagged(&codes, "quoted-entry");
}

#[test]
fn entries_that_ran_while_the_run_before_did_displace_no_run() {
    let while_the_first_ran = Entry { start: "2026-10-05T09:00:30Z".into(), ..fresh() };
    let shown: String = [71, 72]
        .map(|n| {
            forged_entry(&Entry {
                run_id: run_id(n),
                finish: "2026-10-05T09:20:00Z".into(),
                ..while_the_first_ran.clone()
            })
        })
        .concat();
    let (is, codes) = held_against(&output_with("x"), &output_with(&format!("```\n\n{shown}")));
    assert_eq!(is["total_tokens"], 3100);
    flagged(&codes, "quoted-entry");
}

#[test]
fn an_entry_of_another_ledger_and_one_that_stood_before_displace_no_run() {
    let shown = format!("```\n\n{}{}", of_a_sibling(&[10]), forged_entry(&Entry::new(0)));
    let (is, codes) = held_against(&output_with("x"), &output_with(&shown));
    assert_eq!(is["total_tokens"], 3100);
    flagged(&codes, "quoted-entry");
}

#[test]
fn entries_that_are_older_than_the_ledger_displace_not_even_its_first_run() {
    let older = of_a_sibling(&[10, 12]).replace("2026-10-05T09:", "2026-10-05T07:");
    let first = Entry::new(0).with(&format!("```\n\n{older}\n{}", exact(0, (500, 0, 20, 0))));
    let (runs, codes) = read(&(front("night") + &first + &Entry::new(1).with(&exact(1, CALL))));
    assert_eq!(runs.len(), 2);
    assert_eq!((&run(&runs, 0)["total_tokens"], &run(&runs, 1)["total_tokens"]), (&520.into(), &3100.into()));
    flagged(&codes, "quoted-entry");
}

#[test]
fn words_that_people_write_under_the_title_hide_no_run() {
    let entries = Entry::new(0).with(&exact(0, (500, 0, 20, 0))) + &Entry::new(1).with(&exact(1, CALL));
    let front = front("night");
    for before in [
        front.clone() + "The night shift.\n\n",
        front.clone() + "<<<<<<< HEAD\n",
        front.replace("# Loop Ledger: night\n\n", ""),
    ] {
        let (runs, codes) = read(&(before + &entries));
        assert_eq!((runs.len(), codes), (2, vec![]));
        assert_eq!(run(&runs, 0)["total_tokens"], 520);
        assert_eq!(run(&runs, 1)["total_tokens"], 3100);
    }
}

#[test]
fn words_that_people_write_under_a_run_without_output_hide_no_run() {
    let silent = Entry::new(0).with("").replace("\n```\n\n```\n", "");
    let (runs, _) = read(&(front("night") + &silent + "Stopped by hand.\n\n" + &Entry::new(1).with(&exact(1, CALL))));
    assert_eq!(runs.len(), 2);
    assert_eq!(run(&runs, 1)["total_tokens"], 3100);
}

#[test]
fn a_forged_footer_in_the_final_message_lowers_nothing() {
    let honest = footer("44,145", "All done.");
    let (is, codes) = held_against(&honest, &footer("44,145", "All done.\ntokens used\n12\nbye"));
    assert_eq!(is["blended_tokens"], 44_145);
    assert_eq!(is["quality"], "blended");
    assert!(is["total_tokens"].is_null(), "{is}");
    flagged(&codes, "several-footers");
}

#[test]
fn of_several_footers_the_largest_counts() {
    let (is, codes) = held_against(&footer("44,145", "Done."), &footer("44,145", "Done.\ntokens used\n1,000,000\nbye"));
    assert_eq!(is["blended_tokens"], 1_000_000);
    flagged(&codes, "several-footers");
}

#[test]
fn a_forged_footer_beside_a_counter_changes_no_number() {
    let hostile = exact(1, CALL) + "tokens used\n12\nbye";
    let (is, codes) = held_against(&exact(1, CALL), &hostile);
    assert_eq!(is["total_tokens"], 3100);
    assert_eq!(is["quality"], "exact");
    flagged(&codes, "several-footers");
}

#[test]
fn forged_records_inside_a_tool_result_are_content() {
    let records = format!("log:\n{}{}end", completed(1, 15, FORGED), counter(1, 15, FORGED, FORGED));
    let honest = tool_result(1, 10, "log:\nend") + &exact(1, CALL);
    let hostile = tool_result(1, 10, &records) + &exact(1, CALL);
    let (is, codes) = held_against(&honest, &hostile);
    assert_eq!(is["total_tokens"], 3100);
    assert_eq!(is["quality"], "exact");
    flagged(&codes, "quoted-records");
}

#[test]
fn a_small_forged_counter_inside_a_tool_result_lowers_nothing() {
    let small = (10, 0, 1, 0);
    let records = format!("log:\n{}{}end", completed(1, 40, small), counter(1, 40, small, small));
    let (is, codes) = held_against(&exact(1, CALL), &(exact(1, CALL) + &tool_result(1, 30, &records)));
    assert_eq!(is["total_tokens"], 3100);
    flagged(&codes, "quoted-records");
}

#[test]
fn a_forged_closer_inside_a_tool_result_lowers_nothing() {
    let small = (10, 0, 1, 0);
    let escape = format!("log: mcp_server=\"\" mcp_server_origin=\"\"\n{}end", counter(1, 40, small, small));
    held_against(&(exact(1, CALL) + &tool_result(1, 30, "log")), &(exact(1, CALL) + &tool_result(1, 30, &escape)));
}

#[test]
fn a_forged_closer_in_the_final_message_hides_no_record() {
    let hostile = exact(1, CALL).replace("Done.", "Done. mcp_server=\"\" mcp_server_origin=\"\"");
    let (is, _) = held_against(&exact(1, CALL), &hostile);
    assert_eq!(is["total_tokens"], 3100);
}

#[test]
fn a_forged_opener_in_the_final_message_hides_no_footer() {
    let opener = tool_result(1, 30, "x").replace(" mcp_server=\"\" mcp_server_origin=\"\"", "");
    let honest = "codex\nDone.\ntokens used\n44,145\nDone.\n";
    let hostile = format!("codex\nDone.\n{opener}tokens used\n44,145\nDone.\n");
    let (is, _) = held_against(honest, &hostile);
    assert_eq!(is["blended_tokens"], 44_145);
}

#[test]
fn a_fence_inside_the_output_ends_nothing() {
    for fence in [
        "```",
        "```\ncode\n```",
        "```\n\n## Heading\n\n- item",
        "````\n```\n````",
        "```rust\n```\n\n# Loop Ledger: night\n",
    ] {
        let (is, _) = held_against(&output_with("x"), &output_with(fence));
        assert_eq!(is["total_tokens"], 3100, "{fence}");
        assert_eq!(is["quality"], "exact", "{fence}");
    }
}

#[test]
fn a_forged_git_summary_hides_no_record() {
    let (is, _) = held_against(&output_with("x"), &output_with("```\n\n### Git Summary\n\n```\nstatus --porcelain:"));
    assert_eq!(is["total_tokens"], 3100);
}

#[test]
fn forged_front_matter_in_the_output_renames_nothing() {
    let forged = format!("```\n\n{}", front("day"));
    let (is, _) = held_against(&output_with("x"), &output_with(&forged));
    assert_eq!(is["loop"], "night");
    assert_eq!(is["total_tokens"], 3100);
}

#[test]
fn forged_run_fields_in_the_output_change_no_field() {
    let lines = "- run_id: 00000000-0000-4000-8000-000000000000\n- profile: free\n- status: success\n- exit_code: 0";
    let entry = Entry { status: "error", ..Entry::new(1) };
    let around = |output: &str| {
        front("night")
            + &Entry::new(0).with(&exact(0, (500, 0, 20, 0)))
            + &entry.with(output)
            + &Entry::new(2).with(&exact(2, (900, 0, 30, 0)))
    };
    let (is, _) = held(&around(&output_with("x")), &around(&output_with(lines)));
    assert_eq!((&is["profile"], &is["status"]), (&"codex1".into(), &"error".into()));
}

#[test]
fn a_claude_result_printed_by_a_codex_run_lowers_nothing() {
    let forged = crate::writers::claude_result("5f7e1f3c-2a64-4f0e-9d54-1f0a6b7c8d9e", 1, 1, 0.0);
    let (is, _) = held_against(&exact(1, CALL), &(exact(1, CALL) + &forged));
    assert_eq!(is["harness"], "codex");
    assert!(is["cost_reported_usd"].is_null(), "{is}");
}
