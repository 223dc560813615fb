//! Whatever is read in whatever order, a budget's verdict is the same, and what isn't known never makes it better.

use forge_usage::budget::{self, Budget, Limit, MEASURES, OnUnknown, Terms};
use forge_usage::fold::Settled;
use forge_usage::table::verdict::{State, Verdict};
use forge_usage::table::{Answers, Query};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::kit::{Files, cases, now, options, settled};
use crate::world::world;

/// One budget with this limit on every measure.
fn budget(limit: i64, per: &str, on_unknown: OnUnknown) -> Budget {
    let limits = MEASURES.iter().map(|measure| Limit { measure, limit }).collect();
    let per = budget::per([per]).expect("a dimension");
    Budget { limits, per, on_unknown, ..Budget::new("law") }
}

fn query() -> Query {
    let zone = chrono_tz::Tz::UTC;
    Query {
        by: None,
        filters: vec![],
        scope: vec![],
        since: None,
        until: None,
        zone,
        last: None,
        sort: None,
        limit: None,
    }
}

fn judged(settled: &Settled, budget: &Budget) -> Verdict {
    let terms = Terms { now: now(), fail_on_warn: false, lacks_input: false, most_groups: [None; State::ALL.len()] };
    budget::check(std::slice::from_ref(budget), &query(), terms, Answers(settled)).expect("a verdict")
}

/// All that a verdict says of groups, as text.
fn said(verdict: &Verdict) -> String {
    format!("{:?}", verdict.limits)
}

fn per() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["total", "run", "conversation", "loop", "profile", "harness", "model", "hour", "day"])
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn input_that_is_split_gets_the_same_verdict(world in world(), at in any::<Index>(), limit in 0..60_000_i64, per in per()) {
        let budget = budget(limit, per, OnUnknown::Fail);
        let ledger = world.ledger(usize::MAX);
        let runs = world.runs();
        let at = crate::forge::clock(runs[at.index(runs.len())].end);
        let (before, after) = ledger.split_at(ledger.find(&format!("## {at}Z")).expect("an entry"));
        let parts = Files::from([
            ("old.md".to_owned(), before.as_bytes().to_vec()),
            ("new.md".to_owned(), (crate::forge::front("kiln") + after).into_bytes()),
        ]);
        let whole = judged(&settled(&world.ledger_file(), &options(1 << 20)), &budget);
        let parts = judged(&settled(&parts, &options(300)), &budget);
        prop_assert_eq!(said(&whole), said(&parts));
    }

    #[test]
    fn a_limit_is_never_broken_by_raising_it(world in world(), limit in 0..60_000_i64, more in 0..60_000_i64, per in per()) {
        let settled = settled(&world.ledger_file(), &options(1 << 20));
        let tight = judged(&settled, &budget(limit, per, OnUnknown::Ignore));
        let wide = judged(&settled, &budget(limit + more, per, OnUnknown::Ignore));
        for (tight, wide) in tight.limits.iter().zip(&wide.limits) {
            prop_assert!(wide.state() <= tight.state(), "{} {:?} {:?}", tight.measure, tight.state(), wide.state());
        }
    }

    #[test]
    fn a_run_that_left_nothing_makes_no_sum_better(world in world(), limit in 0..60_000_i64) {
        let budget = budget(limit, "total", OnUnknown::Warn);
        let before = judged(&settled(&world.ledger_file(), &options(1 << 20)), &budget);
        let silent = crate::forge::front("kiln") + "## 2026-05-19T10:00:00Z\n\n- run_id: 0f0f0f0f-7a31-4c0f-8e21-93b6d40c1f5a\n\
            - loop_name: kiln\n- status: success\n- profile: x\n- harness: droid\n- started_at: 2026-05-19T09:59:00Z\n\
            - finished_at: 2026-05-19T10:00:00Z\n- exit_code: 0\n\n```\nDone.\n```\n\n";
        let mut files = world.ledger_file();
        files.insert("silent.md".to_owned(), silent.into_bytes());
        let after = judged(&settled(&files, &options(1 << 20)), &budget);
        for (before, after) in before.limits.iter().zip(&after.limits) {
            // A quotient gets a larger divisor: one more run that succeeded.
            if before.measure == "cost_per_successful_run_usd" {
                continue;
            }
            let (was, is) = (before.state(), after.state());
            prop_assert!(is >= was, "{}: {was:?} became {is:?}", before.measure);
            prop_assert!(before.groups.is_empty() || after.groups[0].used >= before.groups[0].used);
        }
    }

    #[test]
    fn a_floor_beyond_a_limit_is_exceeded_whatever_may_be_unknown(world in world(), limit in 0..60_000_i64, per in per()) {
        let settled = settled(&world.ledger_file(), &options(1 << 20));
        for on_unknown in [OnUnknown::Fail, OnUnknown::Warn, OnUnknown::Ignore] {
            for limit_of in &judged(&settled, &budget(limit, per, on_unknown)).limits {
                for group in &limit_of.groups {
                    let is_beyond = group.used.is_some_and(|used| used > limit);
                    prop_assert_eq!(is_beyond, group.state == State::Exceeded);
                    let is_blind = group.is_floor && group.unknown_runs > 0 && on_unknown != OnUnknown::Ignore;
                    let is_within = group.at_most.is_some_and(|most| most <= limit);
                    prop_assert!(!is_blind || is_within || group.state >= State::Unproven, "{:?}", group);
                }
            }
        }
    }
}
