//! Hours where a clock is set back: the zone shows one of them twice.

use serde_json::{Value, json};

use crate::support::{Workdir, column, json_of};
use crate::writers::{Entry, front};

/// Berlin leaves summer time at 01:00 UTC: of three runs, the first two began at half past two there.
fn three_runs() -> Workdir {
    let work = Workdir::new();
    let starts = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T22:58:00Z"];
    let mut ledger = front("night");
    for (n, start) in (0_u32..).zip(starts) {
        let finish = start.replace(":00Z", ":30Z");
        ledger += &Entry { start: start.to_owned(), finish, ..Entry::new(n) }.with("Only words.");
    }
    work.write("night.md", ledger);
    work
}

fn hours(command: &str, flags: &[&str]) -> Vec<Value> {
    let args = [&[command, "--json", "--by", "hour", "-z", "Europe/Berlin"], flags, &["night.md"]].concat();
    column(&json_of(&three_runs().run(&args), &args), "hour")
}

const SUMMER: &str = "2026-10-25T02:00+02:00";
const WINTER: &str = "2026-10-25T02:00+01:00";
const LATE: &str = "2026-10-25T23:00+01:00";

#[test]
fn an_hour_that_comes_twice_stands_in_the_order_of_time() {
    for command in ["report", "latency"] {
        assert_eq!(hours(command, &[]), [SUMMER, WINTER, LATE], "{command}");
        assert_eq!(hours(command, &["--sort", "hour:desc"]), [LATE, WINTER, SUMMER], "{command}");
        assert_eq!(hours(command, &["--limit", "1"]), [SUMMER], "{command}");
    }
}

#[test]
fn the_latest_hours_are_those_that_came_last() {
    for command in ["report", "latency"] {
        assert_eq!(hours(command, &["--last", "2"]), [WINTER, LATE], "{command}");
        assert_eq!(hours(command, &["--last", "9"]), [SUMMER, WINTER, LATE], "{command}");
    }
}

#[test]
fn an_hour_that_comes_twice_stands_in_order_within_other_groups_too() {
    let args = ["report", "--json", "--by", "loop,hour", "-z", "Europe/Berlin", "--sort", "loop", "night.md"];
    let report = json_of(&three_runs().run(&args), &args);
    assert_eq!(column(&report, "hour"), [json!(SUMMER), json!(WINTER), json!(LATE)]);
}
