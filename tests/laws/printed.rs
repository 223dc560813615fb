//! Whatever a tool prints, the numbers are those of the log without it.

use forge_usage::fold::{Settled, UsageRow};
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::forge;
use crate::kit::{Cut, cases, settled_bytes};
use crate::world::traced_world;

/// What tools may print: what other logs hold, of other conversations, later than what they are printed in or earlier.
fn others() -> Vec<String> {
    let (session, thread) = (forge::session(900), forge::conversation(50_000, 900));
    let counts = [9_000, 1_000, 300, 0];
    let logged = forge::assistant(&session, "msg_printed", [9, 9, 9, 999], "hm").replace("session_id", "sessionId");
    vec![
        logged,
        forge::init(&session) + &forge::assistant(&session, "msg_printed", [9, 9, 9, 999], "hm"),
        forge::result(&session, &forge::session(901), [9, 9, 9, 999], [9, 9, 9, 999], 7, true),
        forge::session_meta(50_000, &thread) + &forge::token_count(50_001, counts, counts),
        format!("{{\"type\":\"session\",\"id\":\"{session}\",\"timestamp\":\"2026-05-12T07:00:00.000Z\"}}\n"),
        "{\"type\":\"session_start\",\"id\":\"printed\"}\n".to_owned(),
        forge::capture(&thread, counts),
        forge::completed(50_000, &thread, counts, true),
        forge::completed(0, &forge::conversation(0, 901), counts, false) + &forge::counter(0, counts, counts),
        forge::header(&thread) + &forge::footer(999_999),
        forge::front("other") + &forge::entry("other", 902, Some("codex"), 3, 4, &forge::footer(999_999)),
        forge::marker(1, "loop started") + &forge::starts(1, 903),
        "[\n  {\n    \"type\": \"result\"\n  }\n]\n".to_owned(),
    ]
}

fn printed() -> impl Strategy<Value = String> {
    let others = others();
    let count = 1..=others.len();
    (subsequence(others, count), any::<bool>()).prop_map(|(mut printed, is_reversed)| {
        if is_reversed {
            printed.reverse();
        }
        printed.concat()
    })
}

/// The text with a tool's result behind the first record of its first conversation.
fn with(text: &str, printed: &str) -> String {
    let begin = forge::begins(1, &forge::conversation(1, 0));
    let result = forge::tool_result(1, &forge::conversation(1, 0), &format!("so:\n{printed}end"));
    text.replacen(&begin, &(begin.clone() + &result), 1)
}

/// Every row of usage, and how well it is known.
fn rows(settled: &Settled) -> Vec<String> {
    let row = |row: UsageRow| {
        let owner = &settled.owners[row.owner];
        let run = owner.run.as_ref().map(|run| run.id.to_string());
        format!("{run:?} {:?} {:?} {:?} {:?}", row.conversation, row.usage, row.blended_tokens, owner.quality)
    };
    settled.rows.iter().map(row).collect()
}

fn check(text: &str, printed: &str) -> Result<(), TestCaseError> {
    let with = with(text, printed);
    prop_assert_ne!(text, &with);
    let rows = |text: &str| rows(&settled_bytes(text.as_bytes(), &Cut::Whole));
    prop_assert_eq!(rows(text), rows(&with), "{}", with);
    Ok(())
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn what_a_tool_prints_changes_no_number_of_a_trace(world in traced_world(), printed in printed()) {
        if let Some(trace) = world.trace() {
            check(&trace, &printed)?;
        }
    }

    #[test]
    fn what_a_tool_prints_changes_no_number_of_a_loop_log(world in traced_world(), printed in printed()) {
        check(&world.loop_log(), &printed)?;
    }

    #[test]
    fn what_a_tool_prints_changes_no_number_of_a_ledger(world in traced_world(), printed in printed()) {
        check(&world.ledger(usize::MAX), &printed)?;
    }
}
