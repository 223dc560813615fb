//! What a verdict looks like in each format, in CI, and with hostile names in it; and the baseline.

use serde_json::{Value, json};

use crate::support::{Workdir, fixtures};
use crate::writers::{Entry, claude_result, front};

/// A loop name that wants to be more than a name, in every format at once.
const HOSTILE: &str = "::error::x ##[error]y %0A::set-output name=a::b | <script> @all \"]]>\" \u{1b}[31m {a=\"b\"}";

/// A ledger of a loop of this name: runs of $3 and $4, and `silent` ones that left nothing.
fn costly(name: &str, first: u32, silent: u32) -> String {
    let run = |n: u32, cost: f64| {
        let session = format!("{n:08x}-2a64-4f0e-9d54-1f0a6b7c8d9e");
        let entry = Entry { name, harness: "claude", profile: "cc1", ..Entry::new(n) };
        entry.with(&claude_result(&session, 1000, 100, cost))
    };
    let nothing = |n: u32| Entry { name, harness: "claude", profile: "cc1", ..Entry::new(n) }.with("Done.");
    let silent: String = (first + 2..first + 2 + silent).map(nothing).collect();
    front(name) + &run(first, 3.0) + &run(first + 1, 4.0) + &silent
}

/// A loop over its budget, one near it, one that can't be known, one within.
fn four_loops() -> Workdir {
    let work = Workdir::new();
    for (at, (name, silent)) in [("anvil", 0), ("bellows", 1), ("chisel", 0)].into_iter().enumerate() {
        work.write(&format!("ledgers/{name}.md"), costly(name, at as u32 * 5, silent));
    }
    work.write(
        "usage.toml",
        "[[budget]]\nname = \"each\"\nwhere = { loop = \"[ab]*\" }\nper = \"loop\"\nmax_cost_usd = 7.5\n\
         [[budget]]\nname = \"chisels\"\nwhere = { loop = \"chisel\" }\nmax_cost_usd = 6.999\n\
         [[budget]]\nname = \"few\"\nmax_runs = 100\n",
    );
    work
}

fn check(work: &Workdir, args: &[&str]) -> String {
    let outcome = work.run(&[&["check", "--config", "usage.toml", "--tz", "UTC"], args, &["ledgers"]].concat());
    assert_eq!(outcome.code, 1, "{args:?}: {}", outcome.stderr);
    outcome.stdout
}

#[test]
fn the_screen_shows_what_is_wrong_and_counts_the_rest() {
    let text = check(&four_loops(), &[]);
    let want = "\
usage.toml · prices 2026-11-22
FAIL      chisels  total     $7.00 of $6.999  >100%  ████████████████████  +$0.01
UNPROVEN  each     bellows  ≥$7.00 of $7.50  ≥93%  ██████████████████··
            00000005 $3.00 · 00000006 $4.00
            1 of 3 runs unpriced, 33% > 0%
WARN      each     anvil     $7.00 of $7.50   93%  ██████████████████··
            00000001 $4.00 · 00000000 $3.00
";
    // The exact digits of what rounding would hide are tested below; here it is the shape that counts.
    let lines = |text: &str| {
        text.lines()
            .filter(|line| !line.starts_with("  "))
            .map(|line| line.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
            .take(4)
            .collect::<Vec<_>>()
    };
    assert_eq!(lines(&text), lines(want), "{text}");
    assert!(text.contains("1 of 3 runs unpriced, 33% > 0%"), "{text}");
    assert!(text.contains("00000006 $4.00 · 00000005 $3.00"), "{text}");
    assert!(text.contains("\nOK        1 budget (-v shows them)\n"), "{text}");
    assert!(text.ends_with("1 exceeded · 1 unproven (on_unknown = \"warn\") · 1 warn · 1 ok → exit 1\n"), "{text}");
}

#[test]
fn rounding_never_hides_on_which_side_of_a_limit_a_figure_is() {
    let work = four_loops();
    let text = check(&work, &[]);
    assert!(text.contains("$7.00 of $6.999"), "{text}");
    assert!(text.contains(">100%"), "{text}");
}

#[test]
fn verbose_shows_every_group_and_quiet_only_the_table() {
    let work = four_loops();
    assert!(check(&work, &["-v"]).contains("OK        few      total"), "{}", check(&work, &["-v"]));
    let quiet = check(&work, &["-q"]);
    assert!(!quiet.contains("→ exit") && !quiet.contains("usage.toml") && quiet.contains("FAIL"), "{quiet}");
}

#[test]
fn a_comment_is_always_written_green_or_red() {
    let work = four_loops();
    let red = check(&work, &["--format", "markdown"]);
    assert!(red.starts_with("<!-- forge-usage check -->\n### ❌ Agent usage: over budget\n"), "{red}");
    let rows = red.lines().filter(|line| line.starts_with('|')).collect::<Vec<_>>();
    assert_eq!(rows.len(), 6, "{red}");
    assert!(rows.iter().all(|row| row.matches('|').count() == 7), "{red}");
    let green = work.run(&["check", "--max-runs", "100", "--format", "markdown", "ledgers"]);
    assert!(green.stdout.contains("### ✅ Agent usage: within budget"), "{}", green.stdout);
    assert!(green.stdout.contains("| ✅ OK | command line | total | 7 of 100 runs | 7% |"), "{}", green.stdout);
}

#[test]
fn junit_has_a_case_a_group_and_counts_them() {
    let text = check(&four_loops(), &["--format", "junit"]);
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                <testsuites name=\"forge-usage check\" tests=\"4\" failures=\"1\" errors=\"0\">";
    assert!(text.starts_with(head), "{text}");
    for part in [
        "<testsuite name=\"each cost_usd\" tests=\"2\" skipped=\"1\" errors=\"0\" failures=\"0\">",
        "<testcase name=\"bellows (cost_usd)\" classname=\"each\">",
        "<skipped message=\"unproven: ≥$7.00 of $7.50 ≥93%\" type=\"unproven\">",
        "<failure message=\"exceeded: ",
        "<system-out>ok: 7 of 100 runs 7%",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn no_two_cases_of_junit_have_the_same_class_and_name() {
    let args = ["check", "--max-cost", "500", "--max-tokens", "10M", "--format", "junit", "ledgers"];
    let text = four_loops().run(&args).stdout;
    for name in ["total (cost_usd)", "total (total_tokens)"] {
        assert!(text.contains(&format!("<testcase name=\"{name}\" classname=\"command line\">")), "{text}");
    }
}

#[test]
fn openmetrics_ends_with_eof_and_groups_each_metric() {
    let text = check(&four_loops(), &["--format", "openmetrics"]);
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(
        text.contains("forge_usage_budget_used_usd{budget=\"each\",measure=\"cost_usd\",loop=\"anvil\"} 7\n"),
        "{text}"
    );
    assert!(text.contains("forge_usage_budget_limit_usd{budget=\"chisels\",measure=\"cost_usd\"} 6.999\n"), "{text}");
    let state =
        "forge_usage_budget_state{budget=\"chisels\",measure=\"cost_usd\",forge_usage_budget_state=\"exceeded\"} 1\n";
    assert!(text.contains(state), "{text}");
    // All of a metric's lines stand together, its type first.
    let mut seen: Vec<&str> = Vec::new();
    for line in text.lines().filter(|line| *line != "# EOF") {
        let words: Vec<&str> = line.split([' ', '{']).collect();
        let name = if line.starts_with('#') { words[2] } else { words[0] };
        if seen.last() != Some(&name) {
            assert!(!seen.contains(&name) && line.starts_with("# TYPE "), "{line}\n{text}");
            seen.push(name);
        }
    }
}

#[test]
fn github_gets_annotations_a_summary_and_outputs() {
    let work = four_loops();
    let (summary, outputs) = (work.write("summary.md", "before\n"), work.path("outputs"));
    let mut command = work.command(&["check", "--config", "usage.toml", "--tz", "UTC", "ledgers"]);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_OUTPUT", &outputs);
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let commands: Vec<&str> = text.lines().map(|line| line.split([' ', ':']).nth(2).unwrap_or("")).collect();
    assert_eq!(commands, ["error", "warning", "warning", "notice"], "{text}");
    assert!(text.starts_with("::error title=chisels::total: exceeded "), "{text}");
    let summary = std::fs::read_to_string(summary).expect("a summary");
    assert!(summary.starts_with("before\n<!-- forge-usage check -->\n### ❌"), "{summary}");
    let outputs = std::fs::read_to_string(outputs).expect("outputs");
    assert_eq!(outputs, "state=exceeded\nexit_code=1\ntotal_cost_usd=\ntotal_cost_low_usd=21\ncomplete=false\n");
}

#[test]
fn annotations_that_github_would_not_show_are_counted() {
    let work = Workdir::new();
    let runs = |count: u32| front("night") + &(0..count).map(|n| Entry::new(n).with("Done.")).collect::<String>();
    for (count, said) in [(11, "Not annotated: 1 more error\n"), (12, "Not annotated: 2 more errors\n")] {
        work.write("night.md", runs(count));
        let args = ["check", "--max-run-time", "1s", "--per", "run", "--format", "github", "night.md"];
        let text = work.run(&args).stdout;
        assert!(text.contains(&format!("\n{said}")), "{text}");
    }
}

#[test]
fn a_file_and_a_summary_have_every_group_that_is_not_ok_and_a_comment_the_worst() {
    let work = Workdir::new();
    let runs: String = (0..13).map(|n| Entry::new(n).with("Done.")).collect();
    work.write("night.md", front("night") + &runs);
    let args = ["check", "--max-run-time", "1s", "--per", "run", "night.md"];
    let run = |more: &[&str]| work.run(&[&args, more].concat()).stdout;
    let text = run(&[]);
    assert_eq!((text.matches("FAIL ").count(), text.contains("more group")), (13, false), "{text}");
    let comment = run(&["--format", "markdown"]);
    assert_eq!(comment.matches("❌ FAIL").count(), 10, "{comment}");
    assert!(comment.contains("\n3 more groups not shown.\n"), "{comment}");
    assert_eq!(run(&["--format", "markdown", "-v"]).matches("❌ FAIL").count(), 13);
    let summary = work.path("summary.md");
    work.command(&args).env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary).output().expect("it runs");
    let summary = std::fs::read_to_string(summary).expect("a summary");
    assert_eq!(summary.matches("❌ FAIL").count(), 13, "{summary}");
}

#[test]
fn shares_that_round_alike_are_told_apart() {
    let work = Workdir::new();
    // One of three runs left nothing.
    work.write("anvil.md", costly("anvil", 0, 1));
    let text = work.run(&["check", "--max-cost", "10", "--max-unknown", "33.1%", "anvil.md"]).stdout;
    assert!(text.contains("1 of 3 runs unpriced, 33.33% > 33.10%"), "{text}");
}

#[test]
fn a_group_that_is_ok_beside_others_of_its_budget_is_called_one() {
    let work = four_loops();
    let limited = |ledgers: &[&str]| {
        let args = ["check", "--max-run-time", "170s", "--per", "loop"];
        work.run(&[&args, ledgers].concat()).stdout
    };
    let text = limited(&["ledgers/anvil.md", "ledgers/bellows.md"]);
    assert!(text.starts_with("FAIL      command line  bellows"), "{text}");
    assert!(text.contains("\nOK        1 group (-v shows them)\n"), "{text}");
    let text = limited(&["ledgers/anvil.md"]);
    assert!(text.starts_with("OK        1 budget (-v shows them)\n"), "{text}");
}

#[test]
fn the_format_that_was_asked_for_goes_before_the_one_of_the_place() {
    let work = four_loops();
    let run = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = work.command(&[&["check", "--config", "usage.toml", "ledgers"], args].concat());
        command.env_remove("NO_COLOR").envs(variables.iter().copied());
        String::from_utf8(command.output().expect("it runs").stdout).expect("UTF-8")
    };
    assert!(run(&[], &[]).starts_with("usage.toml · prices 2026-11-22\nFAIL"));
    assert!(run(&[], &[("GITHUB_ACTIONS", "true")]).starts_with("::error"));
    assert!(run(&[], &[("GITHUB_ACTIONS", "1")]).starts_with("usage.toml"));
    assert!(
        run(&["--format", "table"], &[("GITHUB_ACTIONS", "true")]).starts_with("usage.toml · prices 2026-11-22\nFAIL")
    );
    assert!(run(&["--json"], &[("GITHUB_ACTIONS", "true")]).starts_with('{'));
    // GitLab's log shows colours, though it is no terminal.
    assert!(run(&[], &[("GITLAB_CI", "true")]).contains("\u{1b}[31mFAIL"));
    assert!(!run(&[], &[("GITLAB_CI", "true"), ("NO_COLOR", "1")]).contains('\u{1b}'));
    assert!(!run(&["--color", "never"], &[("GITLAB_CI", "true")]).contains('\u{1b}'));
}

#[test]
fn a_suffix_tells_the_format_and_exports_come_beside() {
    let work = four_loops();
    for (file, start) in
        [("v.json", "{"), ("v.md", "<!--"), ("v.xml", "<?xml"), ("v.prom", "# TYPE"), ("v.txt", "usage.toml")]
    {
        assert_eq!(check(&work, &["-o", file]), "", "{file}");
        let text = std::fs::read_to_string(work.path(file)).expect("a file");
        assert!(text.starts_with(start), "{file}: {text}");
    }
    let text = check(&work, &["--export", "junit=a.xml", "--export", "markdown=a.md"]);
    assert!(text.starts_with("usage.toml"), "{text}");
    for (file, start) in [("a.xml", "<?xml"), ("a.md", "<!--")] {
        assert!(std::fs::read_to_string(work.path(file)).expect("a file").starts_with(start));
    }
    let bad = work.run(&["check", "--max-runs", "1", "--export", "a.xml", "ledgers"]);
    assert!(bad.code == 2 && bad.stderr.contains("write FORMAT=FILE"), "{}", bad.stderr);
}

#[test]
fn hostile_names_stay_names_in_every_format() {
    let work = Workdir::new();
    work.write("ledgers/a.md", costly(HOSTILE, 0, 1));
    work.write("ledgers/b.md", costly("plain", 5, 0));
    let policy = json!(HOSTILE).to_string();
    work.write("usage.toml", format!("[[budget]]\nname = {policy}\nper = \"day\"\nmax_cost_usd = 1\n"));
    let args = |format| ["check", "--config", "usage.toml", "--format", format, "-v", "ledgers"];
    for per in ["day", "loop"] {
        work.write("usage.toml", format!("[[budget]]\nname = {policy}\nper = \"{per}\"\nmax_cost_usd = 1\n"));
        for format in ["table", "json", "markdown", "junit", "github", "openmetrics"] {
            let text = work.run(&args(format)).stdout;
            assert!(!text.contains('\u{1b}'), "{format}: {text}");
            for line in text.lines() {
                let line = line.trim_start();
                let own = ["::error title=", "::warning title=", "::notice title="];
                let is_command =
                    line.starts_with("::") && !own.iter().any(|own| format == "github" && line.starts_with(own));
                assert!(!is_command, "{format}: {line}");
                assert!(format != "table" || !line.contains("##["), "{format}: {line}");
            }
        }
        let markdown = work.run(&args("markdown")).stdout;
        let rows: Vec<&str> = markdown.lines().filter(|line| line.starts_with("| ❌")).collect();
        assert!(!rows.is_empty() && rows.iter().all(|row| row.matches('|').count() == 7), "{markdown}");
        assert!(!markdown.contains("<script>") && !markdown.contains("@all"), "{markdown}");
        let junit = work.run(&args("junit")).stdout;
        assert!(!junit.contains("<script>") && !junit.contains("]]>\""), "{junit}");
        let github = work.run(&args("github")).stdout;
        assert_eq!(github.lines().count(), if per == "day" { 2 } else { 3 }, "{github}");
        assert!(github.contains("%250A%3A%3Aset-output name=a%3A%3Ab"), "{github}");
        let json: Value = serde_json::from_str(&work.run(&args("json")).stdout).expect("JSON");
        assert_eq!(json["limits"][0]["budget"], HOSTILE);
    }
}

/// A report to compare with, and the runs of now: `factor` times as dear.
fn compared(factor: f64, args: &[&str]) -> (i32, String, String) {
    let work = Workdir::new();
    let loops = |names: &[(&str, u32)], factor: f64| {
        for (name, runs) in names {
            let run = |at: u32| {
                let n = at + 10 * name.len() as u32;
                let entry = Entry { name, harness: "claude", profile: "cc1", ..Entry::new(at) };
                let entry = Entry { run_id: crate::writers::run_id(n), ..entry };
                let session = format!("{n:08x}-2a64-4f0e-9d54-1f0a6b7c8d9e");
                entry.with(&claude_result(&session, 1000, 100, f64::from(n) * factor))
            };
            work.write(&format!("ledgers/{name}.md"), front(name) + &(0..*runs).map(run).collect::<String>());
        }
    };
    loops(&[("ox", 5), ("gnat", 5), ("mouse", 5)], 1.0);
    let base = work.run(&["report", "--json", "ledgers"]);
    work.write("base.json", &base.stdout);
    std::fs::remove_dir_all(work.path("ledgers")).expect("ledgers");
    loops(&[("ox", 5), ("gnat", 3), ("zebra-x", 5)], factor);
    let outcome = work.run(&[&["check", "--baseline", "base.json", "ledgers"], args].concat());
    (outcome.code, outcome.stdout, outcome.stderr)
}

#[test]
fn a_median_may_rise_as_far_as_it_may() {
    let (code, text, _) = compared(1.2, &[]);
    assert_eq!(code, 0, "{text}");
    let (code, text, _) = compared(1.2001, &["--json"]);
    assert_eq!(code, 1, "{text}");
    let verdict: Value = serde_json::from_str(&text).expect("JSON");
    let groups = &verdict["limits"][0]["groups"];
    // The runs of ox cost $20 to $24.
    assert_eq!(groups[0]["loop"], "ox");
    assert_eq!(groups[0]["state"], "exceeded");
    assert_eq!(groups[0]["baseline_median"], 22);
    assert_eq!(groups[0]["limit"], 26.4);
    assert_eq!(groups[0]["used"], 26.4022);
    assert_eq!(compared(1.2001, &["--max-increase", "21%"]).0, 0);
    assert_eq!(compared(2.5, &["--max-increase", "150%"]).0, 0);
    assert_eq!(compared(2.5, &["--max-increase", "1"]).0, 1);
    // Who forgets the sign means no rise of 2,000 %.
    for rise in ["20", "2", "1.5"] {
        let (code, _, error) = compared(2.5, &["--max-increase", rise]);
        let said = format!("--max-increase: \"{rise}\" is more than the whole; write \"{rise}%\"");
        assert_eq!((code, error), (2, format!("forge-usage: {said}\n")));
    }
    assert_eq!(compared(2.0, &["--measure", "output_tokens"]).0, 0);
}

#[test]
fn new_and_vanished_groups_are_named() {
    let (code, text, _) = compared(1.0, &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("NEW       baseline  zebra-x") && text.contains("not in the baseline"), "{text}");
    assert!(text.contains("GONE      baseline  mouse") && text.contains("only in the baseline"), "{text}");
}

#[test]
fn too_few_runs_are_unproven() {
    let (code, text, _) = compared(1.0, &[]);
    assert!(
        text.contains("UNPROVEN  baseline  gnat") && text.contains("3 of 3 runs measured: too few to compare"),
        "{text}"
    );
    assert_eq!(code, 0);
    // One line for each measure.
    assert!(text.contains("$50.40 a run") && text.contains("1.32K total tokens a run"), "{text}");
    assert_eq!(compared(1.0, &["--on-unknown", "fail"]).0, 1);
    assert!(!compared(1.0, &["--min-runs", "3"]).1.contains("UNPROVEN"));
    let (code, _, error) = compared(1.0, &["--min-runs", "6"]);
    assert_eq!(code, 2);
    assert!(error.contains("no group whose median cost_usd can be compared"), "{error}");
}

#[test]
fn who_ignores_what_is_unknown_has_few_runs_compared_too() {
    let ignored = |factor: f64, args: &[&str]| compared(factor, &[&["--on-unknown", "ignore"], args].concat());
    // Of gnat there are five runs then, and three now: $40 to $44, and 2.5 times $40 to $42.
    let (code, text, _) = ignored(2.5, &["--measure", "cost_usd"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("FAIL      baseline  gnat     $102.50 of $50.40 a run"), "{text}");
    assert!(text.contains("the median of 3 runs; it was $42.00"), "{text}");
    assert!(!text.contains("UNPROVEN"), "{text}");
    assert_eq!(ignored(1.0, &[]).0, 0);
    // Runs too few everywhere are known all the same.
    assert_eq!(ignored(2.5, &["--min-runs", "6"]).0, 1);
    assert_eq!(ignored(1.0, &["--min-runs", "6"]).0, 0);
}

#[test]
fn where_nothing_was_measured_nothing_is_compared_whatever_is_ignored() {
    let work = Workdir::new();
    let blind = |at: u32| Entry { name: "ox", harness: "claude", profile: "cc1", ..Entry::new(at) }.with("Done.\n");
    work.write("ledgers/ox.md", front("ox") + &(0..5).map(blind).collect::<String>());
    work.write("base.json", work.run(&["report", "--json", "ledgers"]).stdout);
    let outcome = work.run(&["check", "--baseline", "base.json", "--on-unknown", "ignore", "ledgers"]);
    let said = "base.json: has no group whose median cost_usd can be compared; see --measure for other measures";
    assert_eq!((outcome.code, outcome.stderr), (2, format!("forge-usage: {said}\n")));
    let timed = ["check", "--baseline", "base.json", "--on-unknown", "ignore", "--measure", "run_time", "ledgers"];
    assert_eq!(work.run(&timed).code, 0);
}

#[test]
fn what_cannot_be_compared_is_an_error() {
    let work = four_loops();
    let base = |args: &[&str]| {
        let outcome = work.run(&[&["report", "--json", "ledgers"], args].concat());
        work.write("base.json", outcome.stdout);
        let outcome = work.run(&["check", "--baseline", "base.json", "--min-runs", "1", "ledgers"]);
        (outcome.code, outcome.stderr)
    };
    let same = base(&[]);
    assert_eq!(same, (0, String::new()));
    for (args, said) in [
        (&["--by", "loop", "--limit", "1"][..], "base.json: holds 1 of 3 groups; make it without --limit"),
        (&["--by", "loop,day"], "base.json: is by day, and none comes twice; make it with --by loop"),
        (&["--by", "run"], "base.json: is by run_id, and none comes twice"),
        (&["--where", "loop=a*"], "base.json: was made with another --where (loop=a*) than this check (none)"),
    ] {
        let (code, error) = base(args);
        assert_eq!(code, 2, "{args:?}");
        assert!(error.starts_with(&format!("forge-usage: {said}")), "{error}");
    }
    let priced_otherwise = |from: &str, to: &str| {
        let text = work.run(&["report", "--json", "ledgers"]).stdout;
        let changed = text.replacen(from, to, 1);
        assert_ne!(text, changed);
        work.write("base.json", changed);
        let check = ["check", "--baseline", "base.json", "--min-runs", "1", "ledgers"];
        let tokens = work.run(&[&check[..], &["--measure", "total_tokens"]].concat());
        assert_eq!(tokens.code, 0, "{}", tokens.stderr);
        let outcome = work.run(&check);
        (outcome.code, outcome.stderr)
    };
    let (code, error) = priced_otherwise("\"cost_mode\":\"auto\"", "\"cost_mode\":\"computed\"");
    assert!(
        code == 2 && error.starts_with("forge-usage: base.json: has --cost-mode computed, this check auto; "),
        "{error}"
    );
    let (code, error) = priced_otherwise("\"price_book\":\"20", "\"price_book\":\"19");
    assert!(code == 2 && error.starts_with("forge-usage: base.json: has list prices 19"), "{error}");
    for (text, said) in [
        ("{}", "base.json: no report as `report --json` prints it: "),
        ("{\"schema_version\":2,\"by\":[],\"rows\":[]}", "base.json: has schema_version 2; "),
        ("{\"schema_version\":1,\"by\":[],\"rows\":[]}", "base.json: is of an older forge-usage, and has no medians"),
        (
            "{\"schema_version\":1,\"by\":[],\"rows\":[{}],\"query\":{\"where\":[],\"groups\":1}}",
            "base.json: has no runs_by_quality as",
        ),
    ] {
        work.write("base.json", text);
        let outcome = work.run(&["check", "--baseline", "base.json", "--measure", "total_tokens", "ledgers"]);
        assert_eq!(outcome.code, 2, "{text}");
        assert!(outcome.stderr.starts_with(&format!("forge-usage: {said}")), "{}", outcome.stderr);
    }
    let flag = work.run(&["check", "--max-runs", "9", "--max-increase", "5%", "ledgers"]);
    assert_eq!(flag.code, 2, "{}", flag.stderr);
    let measure = work.run(&["check", "--baseline", "base.json", "--measure", "runs", "ledgers"]);
    assert!(measure.stderr.contains("unknown measure \"runs\""), "{}", measure.stderr);
}

#[test]
fn session_logs_that_were_not_read_are_offered_where_they_may_prove_a_budget() {
    let work = Workdir::new();
    let run = |n: u32, harness| Entry { harness, ..Entry::new(n) };
    let ledger = |runs: &[String]| front("night") + &runs.concat();
    work.write(".forge/ledgers/night.md", ledger(&[run(0, "claude").with("Done.\n"), run(1, "codex").with("Done.\n")]));
    work.write(".forge/usage.toml", "[[budget]]\nname = \"a\"\nmax_total_tokens = 9\nmax_runs = 9\n");
    let said = |args: &[&str]| work.run(&[&["check"], args].concat()).stdout;
    let text = said(&[]);
    assert!(
        text.contains("\n            2 of 2 runs unmeasured, 100% > 0% → forge-usage check --sessions auto\n"),
        "{text}"
    );
    let limits = ["--max-tokens", "5K", "--max-cost", "1", "--where", "loop=night*", "--per", "run,loop"];
    let text = said(&limits);
    let offer = "→ forge-usage check --max-tokens 5K --max-cost 1 --where 'loop=night*' --per run,loop --sessions auto";
    // Once is enough.
    assert_eq!((text.matches("UNPROVEN").count(), text.matches('→').count()), (4, 2), "{text}");
    assert!(text.contains(&format!("\n            {offer}\n")), "{text}");
    // What is offered has a verdict, and offers itself no more.
    let again = work.run(&[&["check"], &limits[..], &["--sessions", "auto"]].concat());
    assert_eq!((again.code, again.stdout.matches('→').count()), (0, 1), "{}", again.stdout);
    let none = |args: &[&str]| {
        let text = said(args);
        assert!(text.contains("UNPROVEN") && !text.contains("→ forge-usage"), "{args:?} {text}");
    };
    none(&["--max-tokens", "5K", "-q"]);
    none(&["--max-tokens", "5K", "--format", "markdown"]);
    none(&["--max-tokens", "5K", "--", ".forge"]);
    let piped = ledger(&[run(0, "claude").with("Done.\n")]);
    let pipes: &[&str] = if cfg!(unix) { &["-", "/dev/stdin"] } else { &["-"] };
    for pipe in pipes {
        let text = work.run_with(&["check", "--max-tokens", "5K", pipe], piped.as_bytes()).stdout;
        assert!(text.contains("UNPROVEN") && !text.contains("→ forge-usage"), "{pipe} {text}");
    }
    // Where nobody knows session logs, or none would help, they are not offered.
    work.write("other.md", ledger(&[run(0, "acme").with("Done.\n")]));
    none(&["--max-tokens", "5K", "other.md"]);
    let unpriced = claude_result("3278fa19-a948-4d8b-aa5e-5792a2a6d43b", 1000, 100, 0.5);
    work.write("unpriced.md", ledger(&[run(0, "claude").with(&unpriced.replace("claude-opus", "acme"))]));
    none(&["--max-cost", "5", "--cost-mode", "computed", "unpriced.md"]);
    work.write("ended.md", ledger(&[run(0, "claude").with("Done.\n")]));
    let session = fixtures().join("claude-session/a-byte-order-mark-before-a-call/input").display().to_string();
    none(&["--max-tokens", "1B", "--max-unknown", "10%", "ended.md", &session]);
}

#[test]
fn prices_are_no_matter_where_nothing_limits_costs() {
    let work = Workdir::new();
    work.write("ledgers/night.md", costly("night", 0, 0));
    let said = |flag: &[&str]| work.run(&[&["check", "--format", "table", "ledgers"], flag].concat()).stdout;
    assert!(!said(&["--max-tokens", "5M"]).contains("price"), "{}", said(&["--max-tokens", "5M"]));
    assert!(said(&["--max-cost", "5"]).starts_with("prices "), "{}", said(&["--max-cost", "5"]));
}

#[test]
fn a_budget_towards_which_nothing_counts_is_told_beside_every_format() {
    let work = four_loops();
    work.write(
        "typo.toml",
        "[[budget]]\nname = \"anvils\"\nwhere = { loop = \"anvli\" }\nmax_cost_usd = 1\nmax_runs = 1\n",
    );
    let said = "warning: nothing counts towards anvils (loop=anvli, profile=cc1)\n";
    let run = |format| {
        let args = ["check", "--config", "typo.toml", "--where", "profile=cc1", "--format", format, "ledgers"];
        let outcome = work.run(&args);
        assert_eq!(outcome.code, 0, "{format}: {}", outcome.stderr);
        outcome
    };
    for format in ["markdown", "junit", "github", "openmetrics"] {
        assert_eq!(run(format).stderr, format!("forge-usage: {said}"), "{format}");
    }
    let screen = run("table");
    assert!(screen.stdout.ends_with(said) && screen.stderr.is_empty(), "{screen:?}");
    let verdict: Value = serde_json::from_str(&run("json").stdout).expect("JSON");
    let warning = json!([{ "code": "idle-budget", "message": said[9..].trim_end(), "count": 1 }]);
    assert_eq!(verdict["warnings"], warning);
}

#[test]
fn what_only_warns_is_counted_as_such() {
    let work = four_loops();
    let policy = "[[budget]]\nname = \"soft\"\nmax_cost_usd = 1\nseverity = \"warn\"\n";
    work.write("soft.toml", policy);
    let text = work.run(&["check", "--config", "soft.toml", "ledgers"]).stdout;
    assert!(
        text.contains("\nWARN      soft") && text.contains("1 exceeded (severity = \"warn\") → exit 0\n"),
        "{text}"
    );
    let comment = work.run(&["check", "--config", "soft.toml", "--format", "markdown", "ledgers"]).stdout;
    assert!(comment.contains("### ⚠️ Agent usage: over a budget that only warns\n"), "{comment}");
    // What fails stands first, whatever says so.
    let text = work.run(&["check", "--config", "soft.toml", "--max-tokens", "1K", "ledgers"]).stdout;
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ')).collect();
    assert!(lines[1].starts_with("FAIL      command line") && lines[2].starts_with("WARN      soft"), "{text}");
    assert!(text.contains("\n2 exceeded → exit 1\n"), "{text}");
}

#[test]
fn the_rate_of_a_floor_is_one() {
    let work = Workdir::new();
    let start = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let at = |n| Entry { harness: "claude", start: start.clone(), finish: start.clone(), ..Entry::new(n) };
    let runs =
        at(0).with(&claude_result("0197c536-2a64-7f0e-9d54-1f0a6b7c8d9e", 1000, 100, 1.0)) + &at(1).with("Done.");
    work.write(".forge/ledgers/night.md", front("night") + &runs);
    let text = work.run(&["check", "--tz", "UTC", "--max-tokens", "5M", "--per", "month"]).stdout;
    let pace = text.lines().find(|line| line.contains(" an hour: ")).unwrap_or_else(|| panic!("{text}"));
    assert!(pace.trim().starts_with('≥') && pace.contains(" an hour: ≥"), "{text}");
}

#[test]
fn contributors_that_begin_alike_are_told_apart() {
    let work = Workdir::new();
    let ids = ["01a0618f-a900-76b8-96b2-73ff34fce19d", "01a0618f-a900-76b9-96b2-73ff34fce19d"];
    for (n, id) in ids.into_iter().enumerate() {
        work.write(&format!("{n}.json"), claude_result(id, 1000, 100, 1.0));
    }
    let text = work.run(&["check", "--max-cost", "1", "0.json", "1.json"]).stdout;
    assert!(text.contains("01a0618f-a900-76b8 $1.00 · 01a0618f-a900-76b9 $1.00"), "{text}");
}

#[test]
fn what_was_judged_is_called_what_it_is() {
    let work = Workdir::new();
    let line = |session: &str| {
        format!(
            r#"{{"type":"assistant","sessionId":"{session}","isSidechain":false,"cwd":"/srv/x","message":{{"id":"msg_{session}","model":"alien-1","stop_reason":"end_turn","usage":{{"input_tokens":1,"output_tokens":2}}}},"timestamp":"2026-10-05T08:00:05Z"}}"#
        ) + "\n"
    };
    work.write("logs/a.jsonl", line("a"));
    work.write("logs/b.jsonl", line("b"));
    let doubt = |args: &[&str]| {
        let text = work.run(&[&["check", "--max-cost", "5"], args].concat()).stdout;
        text.lines().find(|line| line.contains("unpriced")).unwrap_or_default().trim().to_owned()
    };
    assert_eq!(doubt(&["logs"]), "2 of 2 conversations unpriced, 100% > 0%");
    work.write("night.md", front("night") + &Entry::new(0).with("Done."));
    let offer = "forge-usage check --max-cost 5 night.md --sessions auto";
    assert_eq!(doubt(&["night.md"]), format!("1 of 1 run unpriced, 100% > 0% → {offer}"));
    assert_eq!(doubt(&["night.md", "logs"]), "3 of 3 runs and conversations unpriced, 100% > 0%");
    assert_eq!(doubt(&["night.md", "logs", "--where", "loop="]), "2 of 2 conversations unpriced, 100% > 0%");
}
