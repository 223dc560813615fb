//! Bad input costs what it must and nothing else: never a panic, a hang, or another file's numbers.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::support::{Workdir, fixtures, warning_codes};
use crate::writers::{CALL, Entry, claude_result, completed, counter, exact, footer, front, ledger};

/// Two exact runs, 1050 tokens each.
fn total_of(content: impl AsRef<[u8]>) -> Value {
    let work = Workdir::new();
    work.write("night.md", content);
    let report = work.report(&["night.md"]);
    assert_eq!(report["totals"]["runs"], 2);
    report["totals"]["total_tokens"].clone()
}

#[test]
fn carriage_returns_change_nothing() {
    assert_eq!(total_of(ledger("night", 0..2).replace('\n', "\r\n")), 2100);
}

#[test]
fn a_byte_order_mark_changes_nothing() {
    assert_eq!(total_of(format!("\u{feff}{}", ledger("night", 0..2))), 2100);
}

#[test]
fn invalid_utf8_in_the_output_costs_nothing_else() {
    let marked = ledger("night", 0..2).replace("codex\nDone.", "codex\n@@@ Done.");
    let bytes: Vec<u8> = marked.bytes().map(|b| if b == b'@' { 0xff } else { b }).collect();
    // The writer's mail address lost its sign too: not a byte of it matters.
    assert_eq!(total_of(bytes), 2100);
}

#[test]
fn nul_bytes_in_the_output_cost_nothing_else() {
    assert_eq!(total_of(ledger("night", 0..2).replace("codex\nDone.", "codex\n\0\0Done.\0")), 2100);
}

#[test]
fn terminal_escapes_around_records_cost_nothing() {
    let coloured = ledger("night", 0..2)
        .replace(" INFO codex_otel", " \u{1b}[32mINFO\u{1b}[0m codex_otel")
        .replace("tokens used", "\u{1b}[2mtokens used\u{1b}[0m");
    assert_eq!(total_of(coloured), 2100);
}

#[test]
fn a_binary_file_is_skipped_and_counted() {
    let work = Workdir::new();
    work.write("ledgers/night.md", ledger("night", 0..2));
    work.write("ledgers/blob.bin", (0..4096_u32).map(|n| (n * 31 % 256) as u8).collect::<Vec<u8>>());
    let report = work.report(&["ledgers"]);
    assert_eq!(report["totals"]["total_tokens"], 2100);
    let skipped = report["sources"]["skipped"].as_array().expect("a list");
    let blob = skipped.iter().find(|s| s["path"].as_str().is_some_and(|path| path.ends_with("blob.bin")));
    assert!(blob.expect("the blob is named")["reason"].is_string(), "{skipped:?}");
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_named_and_costs_no_other() {
    use std::os::unix::fs::PermissionsExt;
    let work = Workdir::new();
    work.write("ledgers/night.md", ledger("night", 0..2));
    let shut = work.write("ledgers/shut.md", ledger("night", 0..2));
    std::fs::set_permissions(&shut, std::fs::Permissions::from_mode(0o000)).expect("permissions");
    if std::fs::read(&shut).is_ok() {
        return; // root reads everything
    }
    let report = work.report(&["ledgers"]);
    assert_eq!(report["totals"]["total_tokens"], 2100);
    assert!(report["sources"]["skipped"].to_string().contains("shut.md"), "{report}");
    assert_eq!(work.run(&["report", "ledgers/shut.md"]).code, 2);
    assert_eq!(work.run(&["report", "--strict", "ledgers"]).code, 2);
}

#[cfg(unix)]
#[test]
fn a_folder_that_links_to_itself_is_walked_once() {
    let work = Workdir::new();
    work.write("ledgers/night.md", ledger("night", 0..2));
    std::os::unix::fs::symlink(work.path("ledgers"), work.path("ledgers/again")).expect("a link");
    let report = work.report(&["ledgers"]);
    assert_eq!(report["totals"]["total_tokens"], 2100);
}

#[test]
fn numbers_beyond_64_bits_and_negative_ones_cost_their_record_only() {
    let good = completed(0, 10, CALL);
    for bad in ["99999999999999999999999999", "-5", "1e3", ""] {
        let record =
            completed(0, 30, (777, 0, 33, 0)).replace("input_token_count=777", &format!("input_token_count={bad}"));
        let work = Workdir::new();
        work.write("codex.log", format!("{good}{record}{}", completed(0, 40, CALL)));
        let report = work.report(&["codex.log"]);
        assert_eq!(report["totals"]["total_tokens"], 2100, "input_token_count={bad}");
        assert_eq!(report["totals"]["calls"], 2, "input_token_count={bad}");
    }
}

#[test]
fn a_counter_that_is_no_number_costs_its_record_only() {
    let work = Workdir::new();
    let broken =
        counter(0, 20, (888, 0, 50, 0), CALL).replace("input_tokens: 888", "input_tokens: 99999999999999999999999");
    work.write("codex.log", completed(0, 10, CALL) + &counter(0, 10, CALL, CALL) + &broken);
    assert_eq!(work.report(&["codex.log"])["totals"]["total_tokens"], 1050);
}

#[test]
fn a_claude_result_with_impossible_numbers_costs_no_other_run() {
    for bad in ["-7", "1e400", "99999999999999999999999", "\"many\"", "null"] {
        let session = "5f7e1f3c-2a64-4f0e-9d54-1f0a6b7c8d9e";
        let broken = claude_result(session, 4444, 20, 0.5).replace("4444", bad);
        let work = Workdir::new();
        let entry = Entry { harness: "claude", ..Entry::new(2) };
        work.write("night.md", ledger("night", 0..2) + &entry.with(&broken));
        let runs = work.runs(&["night.md"]);
        assert_eq!(runs.len(), 3, "{bad}");
        let whole = runs.iter().filter(|run| run["total_tokens"] == 1050).count();
        assert_eq!(whole, 2, "{bad}");
    }
}

#[test]
fn sums_past_64_bits_neither_fail_nor_turn_negative() {
    let huge = (i64::MAX as u64 - 100, 0, 100, 0);
    let work = Workdir::new();
    work.write("codex.log", completed(0, 10, huge) + &completed(0, 40, (i64::MAX as u64 - 200, 0, 100, 0)));
    let total = work.report(&["codex.log"])["totals"]["total_tokens"].clone();
    assert!(total.as_u64().is_some_and(|n| n >= i64::MAX as u64 - 100), "{total}");
}

#[test]
fn sums_that_stop_at_64_bits_are_floors_and_say_why() {
    let work = Workdir::new();
    let line = |id: &str| {
        format!(
            r#"{{"type":"assistant","sessionId":"s","uuid":"{id}","timestamp":"2026-09-02T10:00:01.000Z","message":{{"id":"msg_{id}","model":"claude-opus-4-6","stop_reason":"end_turn","usage":{{"input_tokens":9000000000000000000,"output_tokens":10}}}}}}"#
        ) + "\n"
    };
    let complete = |log: String| {
        work.write("s.jsonl", log);
        work.report(&["s.jsonl"])["totals"]["complete"].as_bool()
    };
    assert_eq!(complete(line("a")), Some(true));
    assert_eq!(complete(line("a") + &line("b")), Some(false));
    let text = work.run(&["report", "s.jsonl"]).stdout;
    assert!(text.contains(" ≥9,223,372T "), "{text}");
    for limit in ["--max-cost", "--max-tokens"] {
        let check = work.run(&["check", "s.jsonl", limit, "1"]);
        assert!(check.code == 1 && check.stdout.contains("a floor: sums stop at the largest number"), "{check:?}");
    }
}

#[test]
fn clocks_that_run_backwards_give_no_negative_time() {
    let work = Workdir::new();
    let entry = Entry { start: "2026-10-05T09:05:00Z".to_owned(), ..Entry::new(0) };
    work.write("night.md", front("night") + &entry.with(&exact(0, CALL)));
    let run = &work.runs(&["night.md"])[0];
    assert_eq!(run["total_tokens"], 1050);
    assert!(run["duration_ms"].is_null() || run["duration_ms"] == 0, "{run}");
}

#[test]
fn a_very_long_line_costs_nothing_else() {
    let long = "x".repeat(8 << 20);
    assert_eq!(total_of(ledger("night", 0..2).replace("codex\nDone.", &format!("codex\n{long}"))), 2100);
}

#[test]
fn an_entry_without_output_between_others_keeps_their_numbers() {
    let work = Workdir::new();
    let bare = Entry::new(1).with("").replace("```\n\n```\n", "");
    work.write(
        "night.md",
        front("night") + &Entry::new(0).with(&exact(0, CALL)) + &bare + &Entry::new(2).with(&exact(2, CALL)),
    );
    let totals = &work.report(&["night.md"])["totals"];
    assert_eq!((&totals["runs"], &totals["total_tokens"]), (&3.into(), &2100.into()));
}

#[test]
fn strict_turns_what_was_skipped_into_2() {
    let work = Workdir::new();
    work.write("ledgers/night.md", ledger("night", 0..2));
    assert_eq!(work.run(&["report", "--strict", "ledgers"]).code, 0);
    let bad = completed(2, 30, (777, 0, 33, 0)).replace("input_token_count=777", "input_token_count=-5");
    work.write("ledgers/odd.md", front("odd") + &Entry { name: "odd", ..Entry::new(2) }.with(&bad));
    let lenient = work.report(&["ledgers"]);
    assert_eq!(lenient["totals"]["total_tokens"], 2100);
    assert!(!warning_codes(&lenient).is_empty(), "a broken record is told");
    let strict = work.run(&["report", "--strict", "ledgers"]);
    assert_eq!(strict.code, 2, "{strict:?}");
}

#[test]
fn a_ledger_cut_after_any_byte_never_fails_and_never_counts_more() {
    let content = front("night")
        + &Entry::new(0).with(&footer("3,256", "Done."))
        + &Entry::new(1).with(&(completed(1, 20, CALL) + &counter(1, 20, (9000, 6144, 400, 160), CALL)));
    let next = AtomicUsize::new(0);
    // One process a cut; a few threads keep it short.
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let work = Workdir::new();
                loop {
                    let cut = next.fetch_add(1, Ordering::Relaxed);
                    if cut > content.len() {
                        break;
                    }
                    work.write("night.md", &content.as_bytes()[..cut]);
                    let totals = &work.report(&["--allow-empty", "night.md"])["totals"];
                    for (key, most) in
                        [("runs", 2), ("input_tokens", 9000), ("output_tokens", 400), ("total_tokens", 9400)]
                    {
                        assert!(totals[key].as_u64().unwrap_or(0) <= most, "cut after {cut} bytes: {totals}");
                    }
                    if cut == content.len() {
                        assert_eq!(totals["total_tokens"], 9400);
                    }
                }
            });
        }
    });
}

#[test]
fn the_order_and_number_of_files_change_nothing() {
    let work = Workdir::new();
    work.write("a/night.md", front("night") + &Entry::new(0).with(&exact(0, CALL)));
    work.write("b/night.md", ledger("night", 0..2));
    work.write("c/codex.log", exact(1, CALL));
    let orders: [&[&str]; 4] = [&["a", "b", "c"], &["c", "b", "a"], &["b", "c", "a", "b"], &["."]];
    let reports: Vec<Value> = orders.iter().map(|paths| work.report(&[&["--by", "run"], *paths].concat())).collect();
    for report in &reports {
        assert_eq!(report["rows"], reports[0]["rows"]);
        assert_eq!(report["totals"], reports[0]["totals"]);
    }
    assert_eq!(reports[0]["totals"]["total_tokens"], 2100);
    assert_eq!(reports[0]["totals"]["runs"], 2);
}

#[test]
fn a_fixture_folder_gives_the_same_report_on_one_thread_and_on_many() {
    let work = Workdir::new();
    let folder = fixtures().join("forge-ledger");
    let folder = folder.to_str().expect("a UTF-8 path");
    let report = |threads: &str| {
        let mut report = work.report(&["--threads", threads, "--by", "run,model", folder]);
        report.as_object_mut().expect("an object").remove("sources");
        report
    };
    let one = report("1");
    assert!(one["totals"]["runs"].as_u64().is_some_and(|runs| runs > 20), "{}", one["totals"]);
    assert_eq!(one, report("7"));
}

#[test]
fn a_last_record_is_torn_wherever_it_is_cut() {
    let record = completed(0, 1, CALL);
    let counts = record.rfind("input_token_count").expect("counts");
    let ends = record.match_indices(['=', ' ', '_']).map(|(at, _)| at + 1).filter(|end| *end > counts + 16);
    for end in ends {
        let report = Workdir::new().report_of(&record[..end]);
        assert_eq!(warning_codes(&report), ["torn-record"], "{:?}", &record[counts..end]);
    }
    // What stands in its own line, or tells its total, is whole: then the count is wrong.
    let odd = |line: &str| warning_codes(&Workdir::new().report_of(line));
    assert_eq!(odd(&record.replace("input_token_count=1000", "input_token_count=-1")), ["number-out-of-range"]);
}

#[test]
fn a_packed_file_that_breaks_off_is_named_and_proves_nothing() {
    let work = Workdir::new();
    let case = fixtures().join("codex-rollout/a-packed-log-that-breaks-off/input");
    let folder = case.to_str().expect("a UTF-8 path");
    let name = "rollout-2026-05-12T07-00-00-019e1afc-4180-7a1b-9c2d-000000000001.jsonl.gz";
    let file = case.join("sessions/2026/05/12").join(name);
    let file = file.to_str().expect("a UTF-8 path");

    let report = work.report(&[folder]);
    let skipped = &report["sources"]["skipped"];
    assert_eq!(skipped.as_array().map(Vec::len), Some(1), "{skipped}");
    assert!(skipped[0]["path"].as_str().is_some_and(|path| path.ends_with(name)), "{skipped}");
    assert!(skipped[0]["reason"].as_str().is_some_and(|reason| reason.starts_with("breaks off after ")), "{skipped}");
    let found = work.run(&["report", folder]);
    assert!(found.code == 0 && found.stderr.contains(name), "{found:?}");
    assert!(found.stdout.contains("Read 1 file in part: breaks off after "), "{found:?}");
    let doctor = work.run(&["doctor", folder]).stdout;
    assert!(doctor.contains("\nRead in part\n") && !doctor.contains("Passed over"), "{doctor}");
    assert_eq!(work.run(&["report", "--strict", folder]).code, 2);
    // Who names it is not answered in full.
    assert_eq!(work.run(&["report", file]).code, 2);
    let check = work.run(&["check", "--max-cost", "1", "--on-unknown", "fail", folder]);
    assert!(check.code == 1 && check.stdout.contains("UNPROVEN"), "{check:?}");
    let explain = work.run(&["explain", "--costliest", folder]).stdout;
    assert!(explain.contains("Usage is partial") && !explain.contains("holds every call"), "{explain}");
}

#[test]
fn zeros_behind_a_packed_file_are_no_part_of_it() {
    let work = Workdir::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, ledger("night", 0..2).as_bytes()).expect("memory");
    let packed = gzip.finish().expect("memory");
    work.write("night.md.gz", [&packed[..], &[0; 512]].concat());
    let report = work.report(&["night.md.gz"]);
    work.write("night.md", ledger("night", 0..2));
    let plain = work.report(&["night.md"]);
    assert_eq!((&report["totals"], &report["warnings"]), (&plain["totals"], &plain["warnings"]));
    assert_eq!(report["sources"]["skipped"], Value::Array(Vec::new()));
}

#[test]
fn a_packed_file_that_breaks_off_before_it_tells_its_format_is_lost() {
    let work = Workdir::new();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    std::io::Write::write_all(&mut gzip, ledger("night", 0..2).as_bytes()).expect("memory");
    let packed = gzip.finish().expect("memory");
    work.write("ledgers/night.md.gz", &packed[..30]);
    work.write("ledgers/day.md", ledger("night", 0..2));
    let outcome = work.run(&["report", "ledgers"]);
    assert!(outcome.code == 0 && outcome.stderr.contains("night.md.gz: breaks off after "), "{outcome:?}");
    assert_eq!(work.run(&["report", "--strict", "ledgers"]).code, 2);
}
