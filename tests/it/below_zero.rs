//! A flag's value below zero is refused for what it is, and never taken for a path or another flag.

use crate::support::Workdir;

#[test]
fn an_amount_below_zero_is_refused_for_what_it_is() {
    for flag in ["--max-cost", "--max-tokens", "--max-run-time", "--max-failed-runs", "--warn-at", "--max-unknown"] {
        for value in ["-5", "-.5", "-5K"] {
            let refused = Workdir::new().run(&["check", flag, value]);
            assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{flag} {value}");
            let problem = format!("invalid value '{value}' for '{flag} <");
            assert!(refused.stderr.contains(&problem), "{}", refused.stderr);
            assert!(refused.stderr.contains("it can't be below zero"), "{}", refused.stderr);
            assert!(!refused.stderr.contains("tip:"), "{}", refused.stderr);
        }
    }
}

#[test]
fn a_number_of_rows_or_periods_is_one_or_more() {
    for args in [["report", "--last"], ["latency", "--limit"], ["export", "--limit"], ["report", "--threads"]] {
        for value in ["-1", "0", "x"] {
            let refused = Workdir::new().run(&[args[0], args[1], value]);
            assert_eq!(refused.code, 2, "{args:?} {value}");
            let problem = format!("invalid value '{value}' for '{} <N>': give a whole number, 1 or more", args[1]);
            assert!(refused.stderr.contains(&problem), "{}", refused.stderr);
        }
    }
}

#[test]
fn an_age_has_no_sign() {
    let refused = Workdir::new().run(&["report", "--since", "-7d"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("--since \"-7d\" is no time; give 2026-11-20"), "{}", refused.stderr);
}

#[test]
fn a_flag_where_an_amount_should_be_is_none() {
    let refused = Workdir::new().run(&["check", "--max-cost", "--json"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("invalid value '--json' for '--max-cost <USD>': give an amount"),
        "{}",
        refused.stderr
    );
}
