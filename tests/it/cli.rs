//! Where input comes from, what the exit code says, where words go.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use crate::support::{Workdir, json_of};
use crate::writers::{CALL, Entry, exact, front, ledger};

const TOTAL: u64 = 1050;

#[test]
fn a_missing_path_is_named_and_ends_in_2() {
    let work = Workdir::new();
    work.write("ledgers/night.md", ledger("night", 0..1));
    let outcome = work.run(&["report", "ledgers", "no-such-folder"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("no-such-folder"), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "");
}

#[test]
fn an_empty_folder_ends_in_2_unless_it_may_be_empty() {
    let work = Workdir::new();
    work.mkdir("empty");
    let outcome = work.run(&["report", "empty"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("empty"), "{}", outcome.stderr);
    assert_eq!(work.run(&["report", "empty", "--allow-empty"]).code, 0);
    assert_eq!(work.report(&["empty", "--allow-empty"])["totals"]["runs"], 0);
}

#[test]
fn nothing_found_says_where_it_looked() {
    let work = Workdir::new();
    let outcome = work.run(&["report"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains(".forge/ledgers"), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "");
}

#[test]
fn a_folder_without_any_known_format_ends_in_2() {
    let work = Workdir::new();
    work.write("notes/readme.txt", "Just words.\n");
    let outcome = work.run(&["report", "notes"]);
    assert_eq!(outcome.code, 2, "{outcome:?}");
    assert!(outcome.stderr.contains("notes"), "{}", outcome.stderr);
}

#[test]
fn a_ledger_without_entries_is_no_error() {
    let work = Workdir::new();
    work.write("night.md", front("night"));
    let report = work.report(&["night.md"]);
    assert_eq!(report["totals"]["runs"], 0);
    assert!(report["totals"]["total_tokens"].is_null(), "{report}");
}

#[test]
fn finds_the_ledgers_of_the_repository_from_a_folder_below() {
    let work = Workdir::new();
    work.write("repo/.forge/ledgers/night.md", ledger("night", 0..1));
    let below = work.mkdir("repo/src/deep");
    let mut command = work.command(&["report", "--json"]);
    let output = command.current_dir(below).output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a JSON report");
    assert_eq!(report["totals"]["total_tokens"], TOTAL);
}

#[test]
fn chdir_changes_where_the_search_begins() {
    let work = Workdir::new();
    work.write("repo/.forge/ledgers/night.md", ledger("night", 0..1));
    work.mkdir("repo/src");
    assert_eq!(work.report(&["-C", "repo/src"])["totals"]["total_tokens"], TOTAL);
    assert_eq!(work.report(&["-C", "repo", ".forge/ledgers/night.md"])["totals"]["total_tokens"], TOTAL);
    let before = work.run(&["-C", "repo/src", "report", "--json"]);
    assert_eq!(before.stdout, work.run(&["report", "-C", "repo/src", "--json"]).stdout);
    assert_eq!(work.run(&["-C", "repo", "check", "--max-runs", "0"]).code, 1);
    assert_eq!(work.run(&["report", "-C", "no-such-folder"]).code, 2);
    for several in [&["-C", "repo", "report", "-C", "src"][..], &["-C", "repo", "-C", "src", "report"]] {
        assert_eq!(work.run(&[several, &["--json"]].concat()).stdout, before.stdout);
    }
    assert_eq!(work.run(&["-C", "no-such-folder", "report", "-C", "repo"]).code, 2);
}

#[test]
fn walks_hidden_folders_and_obeys_no_ignore_file() {
    let work = Workdir::new();
    work.write("tree/.gitignore", "*.md\n.forge/\n");
    work.write("tree/.ignore", "*\n");
    work.write("tree/.forge/ledgers/night.md", ledger("night", 0..1));
    work.write("tree/.codex/log/codex.log", exact(3, (200, 0, 20, 0)));
    let totals = &work.report(&["tree"])["totals"];
    assert_eq!(totals["runs"], 1);
    assert_eq!(totals["conversations"], 2);
    assert_eq!(totals["total_tokens"], TOTAL + 220);
}

#[test]
fn knows_a_format_by_its_content_not_its_name() {
    let work = Workdir::new();
    work.write("odd/ledger.log", ledger("night", 0..1));
    work.write("odd/trace.md", exact(3, (200, 0, 20, 0)));
    assert_eq!(work.report(&["odd"])["totals"]["total_tokens"], TOTAL + 220);
}

#[test]
fn a_path_given_twice_counts_once() {
    let work = Workdir::new();
    work.write("ledgers/night.md", ledger("night", 0..1));
    let report = work.report(&["ledgers", "ledgers/night.md", "./ledgers"]);
    assert_eq!(report["totals"]["runs"], 1);
    assert_eq!(report["totals"]["total_tokens"], TOTAL);
}

#[test]
fn reads_standard_input_plain_and_compressed() {
    let work = Workdir::new();
    for (name, plain) in [("ledger", ledger("night", 0..1)), ("trace", exact(0, CALL))] {
        for (packing, bytes) in packings(plain.as_bytes()) {
            let outcome = work.run_with(&["report", "--json", "-"], &bytes);
            let report = json_of(&outcome, &[name, packing]);
            assert_eq!(report["totals"]["total_tokens"], TOTAL, "{name}, {packing}");
        }
    }
}

#[test]
fn reads_compressed_files_whatever_they_are_called() {
    let work = Workdir::new();
    for (packing, bytes) in packings(ledger("night", 0..1).as_bytes()) {
        work.write("night.md", &bytes);
        assert_eq!(work.report(&["night.md"])["totals"]["total_tokens"], TOTAL, "{packing}");
        let name = format!("night.md.{packing}");
        work.write(&name, &bytes);
        assert_eq!(work.report(&[&name])["totals"]["total_tokens"], TOTAL, "{name}");
    }
}

/// The same bytes plain, in gzip and in zstd.
fn packings(plain: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(plain).expect("gzip");
    let zstd = zstd::encode_all(plain, 1).expect("zstd");
    vec![("txt", plain.to_vec()), ("gz", gzip.finish().expect("gzip")), ("zst", zstd)]
}

#[test]
fn a_closed_pipe_is_no_error() {
    let work = Workdir::new();
    let entries: String = (0..25).map(|n| Entry::new(n).with(&exact(n, CALL))).collect();
    work.write("night.md", front("night") + &entries);
    let commands: [&[&str]; 3] = [
        &["report", "--by", "run", "night.md"],
        &["report", "--by", "run", "--json", "night.md"],
        &["export", "runs", "--format", "csv", "-o", "-", "night.md"],
    ];
    for args in commands {
        let mut child =
            work.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("the binary ends");
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

#[test]
fn a_closed_pipe_changes_no_verdict() {
    let work = Workdir::new();
    work.write("night.md", ledger("night", 0..1));
    let torn = exact(1, CALL).replace("input_token_count=1000", "input_token_count=-5");
    work.write("odd.md", front("odd") + &Entry { name: "odd", ..Entry::new(1) }.with(&torn));
    let commands: [(&[&str], i32); 6] = [
        (&["check", "--max-tokens", "1", "night.md"], 1),
        (&["check", "--max-tokens", "1", "--json", "night.md"], 1),
        (&["check", "--max-tokens", "1M", "night.md"], 0),
        (&["check", "--max-tokens", "1M", "--strict", "night.md", "odd.md"], 2),
        (&["report", "--strict", "night.md", "odd.md"], 2),
        (&["export", "runs", "--strict", "night.md", "odd.md"], 2),
    ];
    for (args, code) in commands {
        let mut command = work.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary starts");
        drop(child.stdout.take());
        assert_eq!(child.wait().expect("the binary ends").code(), Some(code), "{args:?}");
        assert_eq!(work.run(args).code, code, "{args:?}");
    }
}

#[test]
fn results_go_to_standard_output_and_words_to_standard_error() {
    let work = Workdir::new();
    work.write("ledgers/night.md", ledger("night", 0..1));
    work.write("ledgers/noise.bin", [0_u8, 159, 146, 150, 0, 1, 2, 3]);
    let outcome = work.run(&["report", "--json", "-v", "ledgers"]);
    assert_eq!(json_of(&outcome, &[])["totals"]["runs"], 1);
    let quiet = work.run(&["report", "--json", "-q", "ledgers"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""));
}

#[test]
fn output_goes_to_the_file_that_was_asked_for() {
    let work = Workdir::new();
    work.write("night.md", ledger("night", 0..1));
    let outcome = work.run(&["report", "--json", "-o", "report.json", "night.md"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{}", outcome.stderr);
    let text = std::fs::read_to_string(work.path("report.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["totals"]["total_tokens"], TOTAL);
}

#[test]
fn export_runs_writes_the_same_rows_as_jsonl_and_csv() {
    let work = Workdir::new();
    work.write("night.md", ledger("night", 0..1) + &Entry::new(1).with("Only words."));
    let rows = work.runs(&["night.md"]);
    assert_eq!(rows.len(), 2);
    let by_start =
        |n: usize| rows.iter().find(|row| row["started_at"] == ["2026-10-05T09:00:00Z", "2026-10-05T09:30:00Z"][n]);
    let first = by_start(0).expect("the first run");
    assert_eq!(first["total_tokens"], json!(TOTAL));
    assert_eq!(first["duration_ms"], json!(60_000));
    assert!(by_start(1).expect("the second run")["total_tokens"].is_null());

    let outcome = work.run(&["export", "runs", "--format", "csv", "-o", "-", "night.md"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", outcome.stdout);
    let header: Vec<&str> = lines[0].split(',').collect();
    let place = |name: &str| header.iter().position(|h| *h == name).unwrap_or_else(|| panic!("no {name}: {header:?}"));
    for row in &rows {
        let id = row["run_id"].as_str().expect("an id");
        let line = lines.iter().find(|line| line.contains(id)).expect("the run's line");
        let cell = line.split(',').nth(place("total_tokens")).expect("a cell");
        assert_eq!(cell, row["total_tokens"].as_u64().map_or(String::new(), |n| n.to_string()));
    }
}

#[test]
fn help_and_version_say_who_they_are() {
    let work = Workdir::new();
    let help = work.run(&["--help"]);
    assert_eq!(help.code, 0);
    for word in ["report", "export", "daily"] {
        assert!(help.stdout.contains(word), "{word}: {}", help.stdout);
    }
    let version = work.run(&["--version"]);
    assert!(version.stdout.starts_with("forge-usage "), "{}", version.stdout);
}

#[test]
fn warnings_that_a_format_has_no_room_for_go_to_standard_error() {
    let work = Workdir::new();
    let torn = exact(1, CALL).replace("input_token_count=1000", "input_token_count=-5");
    let odd = Entry { name: "odd", ..Entry::new(1) }.with(&torn);
    work.write("a/odd.md", front("odd") + &odd + &Entry::new(2).with(&exact(2, CALL).replace("gpt-5", "zebra-5")));
    let lost = "forge-usage: warning: records with a count that is below zero";
    let commands: [&[&str]; 8] = [
        &["report", "a", "--format", "csv"],
        &["report", "a", "--format", "markdown"],
        &["latency", "a", "--jsonl"],
        &["export", "runs", "a"],
        &["export", "quota", "a"],
        &["quota", "a", "--json"],
        &["check", "a", "--max-cost", "9", "--format", "junit"],
        &["check", "a", "--max-runs", "9", "--format", "github"],
    ];
    for args in commands {
        let [outcome, quiet, strict] =
            [&[][..], &["-q"], &["-q", "--strict"]].map(|more| work.run(&[args, more].concat()));
        assert!(outcome.code == 0 && outcome.stderr.contains(lost), "{args:?}: {outcome:?}");
        let has_costs = ["report", "runs", "--max-cost"].iter().any(|word| args[..3].contains(word));
        assert_eq!(outcome.stderr.contains("zebra-5"), has_costs, "{args:?}: {}", outcome.stderr);
        assert_eq!((quiet.code, quiet.stderr.as_str()), (0, ""), "{args:?}");
        assert!(strict.code == 2 && strict.stderr.starts_with(lost), "{args:?}: {strict:?}");
        assert_eq!(strict.stderr.lines().count(), 1, "{args:?}: {strict:?}");
    }
    for args in [
        &["report", "a"][..],
        &["report", "a", "--json"],
        &["check", "a", "--max-runs", "9"],
        &["quota", "a"],
        &["explain", "--slowest", "a"],
        &["explain", "--slowest", "a", "--json"],
    ] {
        assert_eq!(work.run(args).stderr, "", "{args:?}");
    }
}
