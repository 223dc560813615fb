//! Where an export goes: a file, a folder, parts by date; all or nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use crate::support::{Workdir, fixtures, sample};

/// Everything in a folder, hidden files too, by path.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(folder).expect("inside").display().to_string();
                    found.insert(name, std::fs::read(path).expect("a file"));
                }
            }
        }
    }
    found
}

fn names(folder: &Path) -> Vec<String> {
    contents(folder).into_keys().collect()
}

#[test]
fn a_folder_gets_a_file_named_for_its_table() {
    let dir = Workdir::new();
    dir.mkdir("out.d");
    for (args, name) in [
        (&["-o", "out.d"][..], "runs.csv"),
        (&["-o", "out.d/", "--json"], "runs.json"),
        (&["-o", "out.d", "--format", "parquet"], "runs.parquet"),
    ] {
        let outcome = dir.run(&[&["export", "runs", &sample()], args].concat());
        assert_eq!((outcome.code, outcome.stdout.as_str()), (0, ""), "{args:?}: {}", outcome.stderr);
        assert!(dir.path("out.d").join(name).is_file(), "{args:?}");
    }
    assert_eq!(dir.run(&["export", "runs", &sample(), "-o", "new/"]).code, 0);
    assert_eq!(names(&dir.path("new")), ["runs.csv"]);
}

#[test]
fn parts_hold_the_rows_of_their_date() {
    let dir = Workdir::new();
    let export = ["export", "usage", &sample(), "--tz", "UTC", "--csv", "-o", "u", "--partition-by", "date"];
    assert_eq!(dir.run(&export).code, 0);
    let parts = contents(&dir.path("u"));
    let dates = ["date=2026-11-18/part-0.csv", "date=2026-11-19/part-0.csv", "date=2026-11-20/part-0.csv"];
    assert_eq!(parts.keys().collect::<Vec<_>>(), dates);
    let whole = dir.run(&["export", "usage", &sample(), "--csv"]).stdout;
    let (header, rows) = whole.split_once('\n').expect("a header");
    let mut joined = String::new();
    for (name, bytes) in &parts {
        let text = String::from_utf8(bytes.clone()).expect("text");
        let (part_header, part_rows) = text.split_once('\n').expect("a header");
        assert_eq!(part_header, header);
        assert!(part_rows.lines().all(|row| row.contains(&format!(",{}T", &name[5..15]))), "{name}");
        joined.push_str(part_rows);
    }
    assert_eq!(joined, rows);
}

#[test]
fn days_are_cut_in_the_zone_that_was_asked_for() {
    let dir = Workdir::new();
    let export = ["export", "usage", &sample(), "--tz", "Pacific/Auckland", "-o", "u", "--partition-by", "date"];
    assert_eq!(dir.run(&export).code, 0);
    assert!(names(&dir.path("u")).iter().any(|name| name.starts_with("date=2026-11-21/")));
}

#[test]
fn rows_without_a_time_go_where_hive_looks_for_nulls() {
    let dir = Workdir::new();
    let footer = "--------\nworkdir: /x\nmodel: gpt-5\n--------\nuser\nhi\ncodex\ndone\ntokens used\n5,267\n";
    dir.write("plain.txt", format!("OpenAI Codex v0.98.0 (research preview)\n{footer}"));
    let export = ["export", "usage", "plain.txt", "-o", "u", "--partition-by", "date", "--jsonl"];
    let outcome = dir.run(&export);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert_eq!(names(&dir.path("u")), ["date=__HIVE_DEFAULT_PARTITION__/part-0.jsonl"]);
}

#[test]
fn an_export_without_rows_still_has_its_columns() {
    let dir = Workdir::new();
    dir.mkdir("empty");
    let export = ["export", "runs", "empty", "--allow-empty", "-o", "u", "--partition-by", "date", "--csv"];
    assert_eq!(dir.run(&export).code, 0);
    let parts = contents(&dir.path("u"));
    let part = parts.get("date=__HIVE_DEFAULT_PARTITION__/part-0.csv").expect("a part");
    assert!(part.starts_with(b"run_id,") && part.iter().filter(|byte| **byte == b'\n').count() == 1);
}

#[test]
fn a_partitioned_export_replaces_its_own_and_nothing_else() {
    let dir = Workdir::new();
    let input = sample();
    let export = ["export", "usage", &input, "-o", "deep/u", "--partition-by", "date", "--tz", "UTC"];
    assert_eq!(dir.run(&export).code, 0);
    let whole = names(&dir.path("deep"));
    // Parts of days that are gone go too; other formats are replaced.
    assert_eq!(dir.run(&[&export[..], &["--since", "2026-11-20", "--jsonl"]].concat()).code, 0);
    assert_eq!(names(&dir.path("deep")), ["u/date=2026-11-20/part-0.jsonl"]);
    assert_eq!(dir.run(&export).code, 0);
    assert_eq!(names(&dir.path("deep")), whole);
    for foreign in ["deep/u/notes.txt", "deep/u/date=2026-11-20/mine.csv", "deep/u/more/part-0.csv"] {
        dir.write(foreign, "mine");
        let before = names(&dir.path("deep"));
        let outcome = dir.run(&export);
        assert_eq!(outcome.code, 2);
        assert!(outcome.stderr.contains("which is no part of a partitioned export"), "{}", outcome.stderr);
        assert_eq!(names(&dir.path("deep")), before);
        std::fs::remove_file(dir.path(foreign)).expect("removed");
        let _ = std::fs::remove_dir(dir.path("deep/u/more"));
    }
    dir.write("file", "mine");
    let outcome = dir.run(&["export", "usage", &input, "-o", "file", "--partition-by", "date"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("is a file"), "{}", outcome.stderr);
}

#[test]
fn a_partitioned_export_needs_a_folder() {
    let dir = Workdir::new();
    for (args, says) in [
        (&["--partition-by", "date"][..], "--output"),
        (&["--partition-by", "date", "-o", "-"], "-o DIR"),
        (&["--partition-by", "loop", "-o", "u"], "unknown column \"loop\"; known: date"),
    ] {
        let outcome = dir.run(&[&["export", "usage", &sample()], args].concat());
        assert!(outcome.code == 2 && outcome.stderr.contains(says), "{args:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_failed_export_leaves_what_was_there_and_nothing_else() {
    let dir = Workdir::new();
    dir.write("out/runs.csv", "old");
    dir.mkdir("empty");
    for args in [&["empty"][..], &["nowhere"], &["empty", "--partition-by", "date"]] {
        let outcome = dir.run(&[&["export", "runs", "-o", "out/runs.csv"], args].concat());
        assert_eq!(outcome.code, 2, "{args:?}");
    }
    assert_eq!(contents(&dir.path("out")), BTreeMap::from([("runs.csv".to_owned(), b"old".to_vec())]));
}

#[test]
fn an_export_does_not_overwrite_its_input() {
    let dir = Workdir::new();
    let ledger = std::fs::read(fixtures().join("sample/ledgers/rust-core.md")).expect("a ledger");
    dir.write("x/usage.csv", &ledger);
    for output in ["x/usage.csv", "x"] {
        let outcome = dir.run(&["export", "usage", "x", "-o", output]);
        assert!(outcome.code == 2 && outcome.stderr.contains("is an input"), "{output}: {}", outcome.stderr);
    }
    assert_eq!(std::fs::read(dir.path("x/usage.csv")).expect("a file"), ledger);
}

#[test]
fn the_policy_and_the_baseline_are_not_overwritten() {
    let dir = Workdir::new();
    let policy = dir.write("usage.toml", "[[budget]]\nname = \"all\"\nmax_cost_usd = 1000\n");
    let baseline = dir.run(&["report", "--json", &sample()]).stdout;
    let baseline = dir.write("base.json", baseline);
    let before = [&policy, &baseline].map(|path| std::fs::read(path).expect("a file"));
    for args in [
        &["check", "--config", "usage.toml", "-o", "usage.toml"][..],
        &["check", "--config", "usage.toml", "--export", "json=usage.toml"],
        &["check", "--baseline", "base.json", "-o", "./base.json"],
        &["check", "--baseline", "base.json", "--export", "junit=base.json"],
        &["report", "--config", "usage.toml", "-o", "usage.toml"],
        &["export", "runs", "--config", "usage.toml", "--csv", "-o", "usage.toml"],
    ] {
        let outcome = dir.run(&[args, &[&sample()]].concat());
        assert!(outcome.code == 2 && outcome.stderr.contains("is an input"), "{args:?}: {}", outcome.stderr);
        assert_eq!([&policy, &baseline].map(|path| std::fs::read(path).expect("a file")), before, "{args:?}");
    }
}

#[test]
fn an_export_into_the_folder_it_reads_can_be_repeated() {
    let dir = Workdir::new();
    let ledger = std::fs::read(fixtures().join("sample/ledgers/rust-core.md")).expect("a ledger");
    dir.write("x/rust-core.md", &ledger);
    for _ in 0..2 {
        let outcome = dir.run(&["export", "usage", "x", "-o", "x"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    }
}

#[cfg(unix)]
#[test]
fn links_and_permissions_of_the_place_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = Workdir::new();
    let old = dir.write("real/old.csv", "old");
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o640)).expect("permissions");
    symlink("real/old.csv", dir.path("link.csv")).expect("a link");
    assert_eq!(dir.run(&["export", "runs", &sample(), "-o", "link.csv"]).code, 0);
    assert!(dir.path("link.csv").symlink_metadata().expect("a link").is_symlink());
    assert!(std::fs::read_to_string(&old).expect("a file").starts_with("run_id,"));
    assert_eq!(old.metadata().expect("a file").permissions().mode() & 0o777, 0o640);
    assert_eq!(names(&dir.path("real")), ["old.csv"]);
}

#[cfg(unix)]
#[test]
fn a_link_to_what_is_not_there_yet_is_followed() {
    let dir = Workdir::new();
    dir.mkdir("real");
    std::os::unix::fs::symlink("real/new.csv", dir.path("link.csv")).expect("a link");
    std::os::unix::fs::symlink("link.csv", dir.path("far.csv")).expect("a link");
    assert_eq!(dir.run(&["export", "runs", &sample(), "-o", "far.csv"]).code, 0);
    assert!(dir.path("link.csv").symlink_metadata().expect("a link").is_symlink());
    assert_eq!(names(&dir.path("real")), ["new.csv"]);
}

#[test]
fn no_two_results_are_written_to_one_file() {
    let dir = Workdir::new();
    dir.mkdir("sub");
    for args in [
        &["--json", "-o", "a.json", "--export", "markdown=a.json"][..],
        &["--export", "json=a.json", "--export", "markdown=sub/../a.json"],
    ] {
        let outcome = dir.run(&[&["check", "--max-runs", "1000", &sample()], args].concat());
        assert_eq!(outcome.code, 2, "{args:?}");
        assert!(outcome.stderr.ends_with("a.json would be written twice\n"), "{}", outcome.stderr);
        assert_eq!(names(&dir.root()), [""; 0]);
    }
    let args = ["check", "--max-runs", "1000", &sample(), "-o", "a.json", "--export", "markdown=a.md"];
    assert_eq!((dir.run(&args).code, names(&dir.root())), (0, vec!["a.json".to_owned(), "a.md".to_owned()]));
}

#[cfg(unix)]
#[test]
fn a_device_is_written_into() {
    let dir = Workdir::new();
    let outcome = dir.run(&["export", "runs", &sample(), "-o", "/dev/stdout"]);
    assert!(outcome.code == 0 && outcome.stdout.starts_with("run_id,"), "{}", outcome.stderr);
}

/// A Codex trace with so many calls that writing them takes a while.
fn many_calls() -> String {
    let line = |n: u32| {
        let (day, minute, second) = (1 + n / 1_440 % 20, n / 60 % 60, n % 60);
        format!(
            "2026-05-{day:02}T07:{minute:02}:{second:02}.926349Z  INFO codex_otel::traces::otel_manager: \
             event.name=\"codex.sse_event\" event.timestamp=2026-05-{day:02}T07:{minute:02}:{second:02}.{:03}Z \
             event.kind=response.completed conversation.id=019e1a2b-0000-7000-8000-{:012} model=gpt-5.3-codex \
             input_token_count={} output_token_count=7 cached_token_count=1 reasoning_token_count=0 \
             tool_token_count={}\n",
            n % 1000,
            n / 500,
            100 + n,
            107 + n
        )
    };
    (0..8_000).map(line).collect()
}

/// Kills the program again and again while it replaces `old`, at moments spread over the time it takes.
fn killed_at_any_moment(dir: &Workdir, args: &[&str], state: impl Fn() -> Option<BTreeMap<String, Vec<u8>>>) {
    dir.write("many.log", many_calls());
    let small = sample();
    let old_args: Vec<&str> = args.iter().map(|arg| if *arg == "many.log" { small.as_str() } else { *arg }).collect();
    let start = Instant::now();
    assert_eq!(dir.run(args).code, 0);
    let whole = start.elapsed();
    let new = state();
    assert_eq!(dir.run(&old_args).code, 0);
    let old = state();
    assert!(old.is_some() && new.is_some() && old != new);
    for moment in 0..25 {
        let mut child = dir.command(args).spawn().expect("the binary starts");
        std::thread::sleep(whole.mul_f64(f64::from(moment) / 16.0));
        child.kill().expect("killed, or already over");
        child.wait().expect("it is over");
        let now = state();
        let names = now.as_ref().map(|now| now.keys().cloned().collect::<Vec<_>>());
        assert!(now == old || now == new, "after {moment}/16 of its time: {names:?}");
        if now == new {
            assert_eq!(dir.run(&old_args).code, 0);
        }
    }
    // The next export cleans up what the killed ones left aside.
    assert_eq!(dir.run(args).code, 0);
    assert_eq!(names(&dir.path("out")).into_iter().filter(|name| name.starts_with('.')).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn an_export_killed_at_any_moment_leaves_the_old_file_or_the_new_one() {
    let dir = Workdir::new();
    dir.mkdir("out");
    let file = dir.path("out/usage.parquet");
    killed_at_any_moment(&dir, &["export", "usage", "many.log", "-o", "out/usage.parquet"], || {
        Some(BTreeMap::from([(String::new(), std::fs::read(&file).ok()?)]))
    });
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
#[test]
fn a_partitioned_export_killed_at_any_moment_leaves_the_old_folder_or_the_new_one() {
    let dir = Workdir::new();
    dir.mkdir("out");
    let folder = dir.path("out/u");
    let args = ["export", "usage", "many.log", "-o", "out/u", "--jsonl", "--partition-by", "date", "--tz", "UTC"];
    killed_at_any_moment(&dir, &args, || folder.is_dir().then(|| contents(&folder)));
}
