//! `check`: how a figure reads beside its limit.

use crate::support::Workdir;
use crate::writers::{Entry, completed, exact, front};

/// A loop of one run with all its usage known, and one of which a call is seen: 1,728,534 tokens of input or more.
fn a_floor() -> Workdir {
    let work = Workdir::new();
    let (whole, cut) = (exact(0, (728_534, 0, 10, 0)), completed(1, 20, (1_000_000, 0, 10, 0)));
    work.write("ledgers/night.md", front("night") + &Entry::new(0).with(&whole) + &Entry::new(1).with(&cut));
    work
}

/// The first line of a check that fails.
fn line(work: &Workdir, args: &[&str]) -> String {
    let outcome = work.run(&[&["check", "ledgers"], args].concat());
    assert_eq!(outcome.code, 1, "{args:?}: {}", outcome.stderr);
    let line = outcome.stdout.lines().find(|line| line.starts_with("FAIL")).unwrap_or_else(|| panic!("{outcome:?}"));
    line.split_whitespace().filter(|word| !word.starts_with('█')).skip(4).collect::<Vec<_>>().join(" ")
}

#[test]
fn by_how_much_a_floor_exceeds_its_limit_is_rounded_down() {
    let work = a_floor();
    let fresh = |limit: &str| line(&work, &["--max-uncached-input-tokens", limit]);
    // 1,728,534 − 10 = 1,728,524, and − 1,000 = 1,727,534: not 1.73M.
    assert_eq!(fresh("10"), "≥1.72M of 10 uncached input tokens ≥17,285,340% ≥+1.72M");
    assert_eq!(fresh("1K"), "≥1.72M of 1.00K uncached input tokens ≥172,853% ≥+1.72M");
    // 728,534 and 1,000,000 tokens of input at $1.75 a million, 20 of output at $14: $3.0252145.
    assert_eq!(line(&work, &["--max-cost", "1.019"]), "≥$3.02 of $1.019 ≥296% ≥+$2.00");
    assert_eq!(line(&work, &["--max-cost", "3.02"]), "≥$3.0252145 of $3.02 >100% >+$0");
    for format in ["markdown", "github"] {
        let args = ["check", "ledgers", "--max-uncached-input-tokens", "1K", "--format", format];
        let said = work.run(&args).stdout;
        assert!(said.contains("≥+1.72M") && !said.contains("1.73M"), "{format}: {said}");
    }
}

#[test]
fn a_limit_stands_as_it_was_given() {
    let work = a_floor();
    let used = |flag: &str, limit: &str| line(&work, &[flag, limit]);
    // A limit that was rounded up would read as if the floor were within it.
    assert!(used("--max-uncached-input-tokens", "1.725M").starts_with("≥1,728,534 of 1,725,000 "));
    assert!(used("--max-uncached-input-tokens", "1.7M").starts_with("≥1.72M of 1.70M "));
    assert!(used("--max-cost", "0.625").starts_with("≥$3.02 of $0.625 "));
    assert!(used("--max-cost", "0.005").starts_with("≥$3.02 of $0.005 "));
    assert!(used("--max-run-time", "1m 30s").starts_with("2m 00s of 1m 30s "));
    assert!(used("--max-run-time", "1m 30s 500ms").starts_with("2m 00s of 1m 30s 500ms "));
}

#[test]
fn a_floor_of_run_time_is_rounded_down() {
    let work = Workdir::new();
    let entry = |n: u32, second: u32| Entry { finish: format!("2026-10-05T09:00:{second}Z"), ..Entry::new(n) };
    let unended = Entry::new(1).with("Done.").replace("- finished_at: 2026-10-05T09:31:00Z\n", "");
    let ended = Entry { start: "2026-10-05T09:00:00.950Z".to_owned(), ..entry(0, 59) }.with("Done.");
    work.write("ledgers/night.md", front("night") + &ended + &unended);
    // From 09:00:00.950 to 09:00:59 there are 58.05 s: 48.09 s more than the limit.
    assert_eq!(line(&work, &["--max-run-time", "9s 960ms"]), "≥58.0s of 9s 960ms run time ≥582% ≥+48.0s");
}
