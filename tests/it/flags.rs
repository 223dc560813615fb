//! What the report's flags do: dimensions, filters, windows, zones, order, formats.

use serde_json::{Value, json};

use crate::support::{Workdir, column, json_of, sample};
use crate::writers::{Entry, claude_result, exact, front, run_id};

/// Three loops over three days: codex on 18 and 19 November, claude on the 20th.
fn three_loops() -> Workdir {
    let work = Workdir::new();
    let ledger = |name: &'static str, day: u32, profile: &'static str, harness: &'static str, status, output: &str| {
        let entry = Entry {
            name,
            run_id: run_id(day),
            profile,
            harness,
            status,
            start: format!("2026-11-{day}T12:00:00Z"),
            finish: format!("2026-11-{day}T12:01:00Z"),
        };
        // Records carry the day of their run.
        let output = output.replace("2026-10-05T09:00", &format!("2026-11-{day}T12:00"));
        work.write(&format!("ledgers/{name}.md"), front(name) + &entry.with(&output));
    };
    ledger("anvil", 18, "codex1", "codex", "success", &exact(0, (1000, 0, 100, 0)));
    ledger("bellows", 19, "codex2", "codex", "error", &exact(0, (3000, 0, 300, 0)).replace("7b3c-8d11", "7b3c-8d12"));
    ledger(
        "chisel",
        20,
        "cc1",
        "claude",
        "success",
        &claude_result("5f7e1f3c-2a64-4f0e-9d54-1f0a6b7c8d9e", 2000, 200, 0.5),
    );
    work
}

fn names(values: Vec<Value>) -> Vec<String> {
    let mut names: Vec<String> = values.iter().map(|v| v.as_str().unwrap_or("null").to_owned()).collect();
    names.sort();
    names
}

#[test]
fn rows_are_by_loop_without_a_dimension() {
    let report = three_loops().report(&["ledgers"]);
    assert_eq!(report["by"], json!(["loop"]));
    assert_eq!(names(column(&report, "loop")), ["anvil", "bellows", "chisel"]);
    assert_eq!(report["schema_version"], 1);
}

#[test]
fn groups_by_any_dimensions_and_sums_to_the_totals() {
    let work = three_loops();
    for by in [
        "loop",
        "profile",
        "harness",
        "model",
        "status",
        "quality",
        "repo",
        "day",
        "week",
        "month",
        "hour",
        "harness,model",
    ] {
        let report = work.report(&["--by", by, "ledgers"]);
        assert_eq!(report["by"], json!(by.split(',').collect::<Vec<_>>()));
        let sum: u64 = column(&report, "total_tokens").iter().filter_map(Value::as_u64).sum();
        assert_eq!(json!(sum), report["totals"]["total_tokens"], "--by {by}");
        assert_eq!(sum, 6600, "--by {by}");
    }
}

#[test]
fn short_names_of_dimensions_give_rows_their_column_names() {
    let work = three_loops();
    let report = work.report(&["--by", "run", "ledgers"]);
    assert_eq!(report["by"], json!(["run_id"]));
    assert_eq!(column(&report, "run_id").len(), 3);
    assert_eq!(work.report(&["--by", "conversation", "ledgers"])["by"], json!(["conversation_id"]));
}

#[test]
fn failed_runs_are_those_that_did_not_succeed() {
    let report = three_loops().report(&["--by", "status", "ledgers"]);
    assert_eq!(report["totals"]["failed_runs"], 1);
    let failed: Vec<(Value, Value)> =
        column(&report, "status").into_iter().zip(column(&report, "failed_runs")).collect();
    assert!(
        failed.contains(&(json!("error"), json!(1))) && failed.contains(&(json!("success"), json!(0))),
        "{failed:?}"
    );
}

#[test]
fn where_keeps_what_matches_the_glob() {
    let work = three_loops();
    let total = |args: &[&str]| work.report(&[args, &["ledgers"]].concat())["totals"]["total_tokens"].clone();
    assert_eq!(total(&["--where", "profile=codex*"]), 4400);
    assert_eq!(total(&["--where", "profile=codex*", "--where", "loop=b*"]), 3300);
    assert_eq!(total(&["--where", "model=claude-*"]), 2200);
    assert_eq!(work.report(&["--where", "loop=nobody", "ledgers"])["totals"]["runs"], 0);
}

#[test]
fn a_value_that_nothing_has_is_an_error_where_all_values_are_known() {
    let work = three_loops();
    for (filter, said) in [
        ("subagent=yes", "unknown subagent \"yes\"; known: true, false"),
        ("is_subagent=ture", "unknown subagent \"ture\"; did you mean true?"),
        ("billing=foo", "unknown billing \"foo\"; known: api, subscription"),
        ("quality=exakt", "unknown quality \"exakt\"; did you mean exact?"),
    ] {
        let outcome = work.run(&["report", "--where", filter, "ledgers"]);
        assert_eq!((outcome.code, outcome.stderr), (2, format!("forge-usage: {said}\n")));
    }
    let runs = |filter| work.report(&["--where", filter, "ledgers"])["totals"]["runs"].clone();
    assert_eq!([runs("subagent=f*"), runs("billing="), runs(" loop = anvil ")], [json!(3), json!(3), json!(1)]);
}

#[test]
fn times_are_written_with_years_of_four_digits() {
    let work = three_loops();
    let query = &work.report(&["--until", "9999-12-31", "ledgers"])["query"];
    assert_eq!(query["until"], "9999-12-31T23:59:59.999999Z");
    let outcome = work.run(&["report", "--since", "-0001-01-01", "ledgers"]);
    assert_eq!((outcome.code, outcome.stderr.contains("is out of range")), (2, true), "{}", outcome.stderr);
}

#[test]
fn since_and_until_include_their_days() {
    let work = three_loops();
    let runs = |args: &[&str]| work.report(&[args, &["ledgers"]].concat())["totals"]["runs"].clone();
    assert_eq!(runs(&["--since", "2026-11-19"]), 2);
    assert_eq!(runs(&["--until", "2026-11-19"]), 2);
    assert_eq!(runs(&["--since", "20261119", "--until", "20261119"]), 1);
    assert_eq!(runs(&["--since", "2026-11-18T12:30:00Z"]), 2);
}

#[test]
fn an_empty_window_is_no_error() {
    let report = three_loops().report(&["--since", "2031-01-01", "ledgers"]);
    assert_eq!(report["totals"]["runs"], 0);
    assert_eq!(report["rows"], json!([]));
}

#[test]
fn last_keeps_the_latest_periods() {
    let report = three_loops().report(&["--by", "day", "--last", "2", "ledgers"]);
    assert_eq!(names(column(&report, "day")), ["2026-11-19", "2026-11-20"]);
}

#[test]
fn days_are_cut_in_the_zone_across_a_clock_change() {
    let work = Workdir::new();
    // Oslo leaves summer time on 25 October 2026: midnight is 22:00 UTC before it and 23:00 UTC after it.
    let starts = ["2026-10-24T22:30:00Z", "2026-10-25T22:30:00Z", "2026-10-25T23:30:00Z"];
    let mut ledger = front("night");
    for (n, start) in (0_u32..).zip(starts) {
        let finish = start.replace(":30:00Z", ":31:00Z");
        ledger += &Entry { start: start.to_owned(), finish, ..Entry::new(n) }.with("Only words.");
    }
    work.write("night.md", ledger);
    let days = |zone: &str| {
        let args = ["report", "--json", "--by", "day", "--tz", zone, "night.md"];
        let report = json_of(&work.run(&args), &args);
        let days = names(column(&report, "day"));
        (days, column(&report, "runs").iter().filter_map(Value::as_u64).sum::<u64>())
    };
    assert_eq!(days("Europe/Oslo"), (vec!["2026-10-25".to_owned(), "2026-10-26".to_owned()], 3));
    assert_eq!(days("UTC"), (vec!["2026-10-24".to_owned(), "2026-10-25".to_owned()], 3));
    let args = [
        "report",
        "--json",
        "--by",
        "day",
        "--timezone",
        "Europe/Oslo",
        "--since",
        "2026-10-25",
        "--until",
        "2026-10-25",
        "night.md",
    ];
    assert_eq!(json_of(&work.run(&args), &args)["totals"]["runs"], 2);
}

#[test]
fn sort_orders_the_rows_and_limit_cuts_them_but_not_the_totals() {
    let work = three_loops();
    let report = work.report(&["--sort", "total_tokens", "ledgers"]);
    let mut tokens: Vec<u64> = column(&report, "total_tokens").iter().filter_map(Value::as_u64).collect();
    if tokens.first() > tokens.last() {
        tokens.reverse();
    }
    assert_eq!(tokens, [1100, 2200, 3300]);
    let limited = work.report(&["--sort", "total_tokens", "--limit", "1", "ledgers"]);
    assert_eq!(limited["rows"], json!([report["rows"][0]]));
    assert_eq!(limited["totals"], report["totals"]);
}

#[test]
fn the_commands_of_ccusage_are_time_cuts() {
    let work = three_loops();
    let report = |command: &str| {
        let args = [command, "--json", "--tz", "UTC", "ledgers"];
        json_of(&work.run(&args), &args)
    };
    assert_eq!(names(column(&report("daily"), "day")), ["2026-11-18", "2026-11-19", "2026-11-20"]);
    assert_eq!(names(column(&report("weekly"), "week")), ["2026-11-16"]);
    let months = names(column(&report("monthly"), "month"));
    assert!(months.len() == 1 && months[0].starts_with("2026-11"), "{months:?}");
    assert_eq!(report("session")["by"], json!(["conversation_id"]));
}

#[test]
fn every_format_tells_every_row() {
    let work = three_loops();
    for format in ["table", "json", "jsonl", "csv", "markdown"] {
        let outcome = work.run(&["report", "--format", format, "ledgers"]);
        assert_eq!(outcome.code, 0, "{format}: {}", outcome.stderr);
        for name in ["anvil", "bellows", "chisel"] {
            assert!(outcome.stdout.contains(name), "{format} lacks {name}:\n{}", outcome.stdout);
        }
        assert!(outcome.stdout.ends_with('\n'), "{format}");
    }
    let jsonl = work.run(&["report", "--jsonl", "ledgers"]).stdout;
    let rows: Vec<Value> = jsonl.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    assert!(rows.iter().any(|row| row["loop"] == "bellows" && row["total_tokens"] == 3300), "{jsonl}");
    let csv = work.run(&["report", "--format", "csv", "ledgers"]).stdout;
    let header = csv.lines().next().expect("a header");
    assert!(header.starts_with("loop,") && header.contains(",total_tokens,"), "{header}");
    let markdown = work.run(&["report", "--format", "markdown", "ledgers"]).stdout;
    assert!(markdown.lines().any(|line| line.starts_with("| LOOP")), "{markdown}");
}

#[test]
fn blank_is_not_zero_in_any_format() {
    let work = Workdir::new();
    work.write("night.md", front("night") + &Entry::new(0).with("Only words."));
    assert!(work.report(&["night.md"])["rows"][0]["input_tokens"].is_null());
    let csv = work.run(&["report", "--format", "csv", "night.md"]).stdout;
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let (header, row) = (lines.next().expect("a header"), lines.next().expect("a row"));
    let place = header.iter().position(|name| *name == "input_tokens").expect("the column");
    assert_eq!(row[place], "");
    let table = work.run(&["report", "night.md"]).stdout;
    assert!(table.contains('–'), "{table}");
}

#[test]
fn the_table_marks_floors_and_ends_with_its_coverage() {
    let work = Workdir::new();
    let partial = crate::writers::completed(1, 20, (2000, 0, 70, 0));
    work.write(
        "night.md",
        front("night") + &Entry::new(0).with(&exact(0, (1000, 0, 50, 0))) + &Entry::new(1).with(&partial),
    );
    let table = work.run(&["report", "night.md"]).stdout;
    assert!(table.contains('≥'), "{table}");
    assert!(table.contains("1/2") && table.contains("1 of 2"), "{table}");
}

#[test]
fn piped_text_is_not_cut_to_a_width() {
    let work = Workdir::new();
    let name = "a-loop-with-a-name-that-is-far-longer-than-any-terminal-is-wide-".repeat(3) + "end";
    let entry =
        Entry::new(0).with(&exact(0, (1000, 0, 50, 0))).replace("loop_name: night", &format!("loop_name: {name}"));
    work.write("long.md", front(&name) + &entry);
    let table = work.run(&["report", "long.md"]).stdout;
    assert!(table.contains(&name), "{table}");
}

#[test]
fn a_misspelt_value_ends_in_2_and_offers_the_nearest() {
    let work = three_loops();
    let cases: [(&[&str], &str); 9] = [
        (&["--by", "modle"], "model"),
        (&["--format", "jsno"], "unknown format \"jsno\"; did you mean json?\n"),
        (&["--cost-mode", "repored"], "unknown cost mode \"repored\"; did you mean reported?\n"),
        (&["--color", "nver"], "unknown word \"nver\"; did you mean never?\n"),
        (&["--where", "profle=x"], "profile"),
        (&["--sort", "total_tokns"], "total_tokens"),
        (&["--tz", "Europe/Olso"], "unknown time zone \"Europe/Olso\"; did you mean Europe/Oslo?\n"),
        (&["--tz", "x"], "unknown time zone \"x\"; give an IANA name such as Europe/Oslo\n"),
        (&["--colour", "never"], "--color"),
    ];
    for (args, nearest) in cases {
        let outcome = work.run(&[&["report"], args, &["ledgers"]].concat());
        assert_eq!(outcome.code, 2, "{args:?}: {outcome:?}");
        assert!(outcome.stderr.contains(nearest), "{args:?}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, "", "{args:?}");
    }
}

#[test]
fn a_date_that_is_none_ends_in_2_and_is_named() {
    let work = three_loops();
    for args in [["--since", "2026-13-40"], ["--until", "yesterweek"], ["--last", "-1"], ["--limit", "many"]] {
        let outcome = work.run(&[&["report"], args.as_slice(), &["ledgers"]].concat());
        assert_eq!(outcome.code, 2, "{args:?}: {outcome:?}");
        assert!(outcome.stderr.contains(args[1]), "{args:?}: {}", outcome.stderr);
    }
}

#[test]
fn threads_do_not_change_the_report() {
    let work = three_loops();
    let with = |threads: &str| {
        let mut report = work.report(&["--threads", threads, "--by", "loop,day", "ledgers"]);
        report.as_object_mut().expect("an object").remove("sources");
        report
    };
    let one = with("1");
    assert_eq!(one["totals"]["total_tokens"], 6600);
    assert_eq!(one, with("8"));
}

#[test]
fn the_default_zone_is_the_one_that_the_environment_names() {
    let work = three_loops();
    for (name, zone) in [
        ("/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        (":America/New_York", "America/New_York"),
        ("UTC0", "UTC"),
        ("", "UTC"),
    ] {
        let output = work.command(&["report", "--json", "ledgers"]).env("TZ", name).output().expect("it ends");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(report["query"]["tz"], zone, "TZ={name:?}");
    }
    // No zone of a name has these rules: the system's holds, as without the variable, and is told once.
    let [rules, unknown, unset] = [Some("CET-1CEST"), Some("no\u{9b}sense"), None].map(|name| {
        let mut command = work.command(&["report", "--json", "ledgers"]);
        command.env_remove("TZ").envs(name.map(|name| ("TZ", name)));
        let output = command.output().expect("it ends");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let zone = report["query"]["tz"].as_str().expect("a zone").to_owned();
        (zone, String::from_utf8(output.stderr).expect("UTF-8"))
    });
    assert_eq!([&rules.0, &unknown.0], [&unset.0; 2]);
    assert_eq!(unset.1, "");
    let told =
        format!("names no time zone that is known here (did you mean CET?); days and hours are cut in {}", unset.0);
    assert!(rules.1.starts_with(&format!("forge-usage: warning: TZ=\"CET-1CEST\" {told}")), "{}", rules.1);
    assert_eq!([rules.1.lines().count(), unknown.1.lines().count()], [1, 1]);
    assert!(unknown.1.contains("days and hours are cut in") && !unknown.1.contains('\u{9b}'), "{}", unknown.1);
}

#[test]
fn a_limit_changes_no_count_of_what_there_is() {
    let work = Workdir::new();
    let sample = sample();
    // Beside three models there are runs that name none.
    for limit in [&[][..], &["--limit", "1"], &["--limit", "3"]] {
        let text = work.run(&[&["report", "--by", "model", &sample], limit].concat()).stdout;
        assert!(text.lines().any(|line| line.starts_with("3 models ")), "{limit:?}: {text}");
    }
}

#[test]
fn a_report_is_one_file_and_says_so() {
    let work = Workdir::new();
    work.mkdir("old");
    for target in ["new/", "old", "old/"] {
        let outcome = work.run(&["report", &sample(), "-o", target]);
        assert_eq!(outcome.code, 2);
        let said = format!("forge-usage: cannot write {target}: it names a folder, and this writes one file\n");
        assert_eq!(outcome.stderr, said);
    }
    assert!(!work.path("new").exists());
}

#[test]
fn who_had_the_files_named_is_not_told_how_to() {
    let work = Workdir::new();
    work.write("a.bin", "nothing that anybody knows\n");
    let said = |args: &[&str]| work.run(args).stderr;
    assert!(said(&["report", "a.bin"]).ends_with("(a file was passed over; -v names it)\n"));
    let named = said(&["report", "-v", "a.bin"]);
    assert!(named.starts_with("forge-usage: a.bin: no known format\n"), "{named}");
    assert!(named.ends_with("(a file was passed over)\n"), "{named}");
}
