//! A file gets the format that its name promises.

use crate::support::{Workdir, fixtures, sample};

#[test]
fn the_suffix_of_the_output_tells_the_format_unless_a_flag_does() {
    let work = Workdir::new();
    let sample = sample();
    let told_of_limits = fixtures().join("codex-rollout").display().to_string();
    let commands: [&[&str]; 4] =
        [&["report", &sample], &["latency", &sample], &["quota", &told_of_limits], &["prices", "gpt-5*"]];
    for command in commands {
        for (name, format) in [
            ("o.csv", "csv"),
            ("o.json", "json"),
            ("o.jsonl", "jsonl"),
            ("o.MD", "markdown"),
            ("o.txt", "table"),
            ("o", "table"),
        ] {
            let asked = work.run(&[command, &["--format", format]].concat());
            let written = work.run(&[command, &["-o", name]].concat());
            assert_eq!((written.code, written.stdout.as_str()), (0, ""), "{command:?} {name}: {}", written.stderr);
            let file = std::fs::read_to_string(work.path(name)).expect("a file");
            assert_eq!(file, asked.stdout, "{command:?} {name}");
        }
        assert_eq!(work.run(&[command, &["-o", "o.csv", "--format", "markdown"]].concat()).code, 0);
        let file = std::fs::read_to_string(work.path("o.csv")).expect("a file");
        assert!(file.contains("| ---") || file.contains("| :---"), "{command:?}: {file}");
        let refused = work.run(&[command, &["-o", "o.parquet"]].concat());
        assert!(refused.code == 2 && refused.stderr.contains("only export writes Parquet"), "{}", refused.stderr);
    }
}

#[test]
fn documents_that_are_text_or_json_go_by_it_too() {
    let work = Workdir::new();
    for command in [&["doctor", &sample()][..], &["explain", "--slowest", &sample()], &["schema", "runs"]] {
        assert_eq!(work.run(&[command, &["-o", "o.json"]].concat()).code, 0);
        let file = std::fs::read_to_string(work.path("o.json")).expect("a file");
        assert!(serde_json::from_str::<serde_json::Value>(&file).is_ok(), "{command:?}: {file}");
        assert_eq!(work.run(&[command, &["-o", "upper.JSON"]].concat()).code, 0);
        assert_eq!(std::fs::read_to_string(work.path("upper.JSON")).expect("a file"), file, "{command:?}");
        let refused = work.run(&[command, &["-o", "o.parquet"]].concat());
        assert!(refused.code == 2 && refused.stderr.contains("only export writes Parquet"), "{}", refused.stderr);
    }
}

#[test]
fn events_go_into_a_file_of_json_lines_or_a_folder_and_no_other() {
    let work = Workdir::new();
    let sample = sample();
    for command in [&["events", &sample][..], &["export", "events", &sample]] {
        let stream = work.run(command).stdout;
        for name in ["e.parquet", "e.csv", "e.json"] {
            let refused = work.run(&[command, &["-o", name]].concat());
            assert!(refused.code == 2 && refused.stderr.contains("events are JSON Lines"), "{}", refused.stderr);
            assert!(!work.path(name).exists());
        }
        for (name, file) in [("e.jsonl", "e.jsonl"), ("history", "history"), ("new.d/", "new.d/events.jsonl")] {
            let written = work.run(&[command, &["-o", name]].concat());
            assert_eq!((written.code, written.stdout.as_str()), (0, ""), "{name}: {}", written.stderr);
            assert_eq!(std::fs::read_to_string(work.path(file)).expect("a file"), stream);
        }
        std::fs::remove_dir_all(work.path("new.d")).expect("a folder");
    }
}

#[test]
fn a_page_of_the_manual_makes_its_folder_as_all_of_them_do() {
    let work = Workdir::new();
    assert_eq!(work.run(&["man", "report", "-o", "new/man"]).code, 0);
    assert!(work.path("new/man/forge-usage-report.1").is_file());
}

#[test]
fn a_check_goes_by_the_suffix_as_reports_do() {
    let work = Workdir::new();
    let check = |file: &str| work.run(&["check", "--max-cost", "1", &sample(), "-o", file]).code;
    assert_eq!((check("a.JSON"), check("a.parquet")), (1, 2));
    let written = std::fs::read_to_string(work.path("a.JSON")).expect("a verdict");
    assert!(written.starts_with("{\"schema_version\":1"), "{written}");
    assert!(!work.path("a.parquet").exists());
}
