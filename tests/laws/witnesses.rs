//! One conversation told by several sources is used once, whichever of them are there: a trace, captures, plain
//! output, a ledger, a session log.

use forge_usage::event::TokenUsage;
use forge_usage::fold::Quality;
use proptest::prelude::*;

use crate::forge::{self, Counts, PACE, Second};
use crate::kit::{Files, cases, options, settled, sums};
use crate::world::{add, tokens};

/// What is there of a conversation whose turns are a run each.
#[derive(Debug, Clone)]
struct Told {
    /// The calls of each turn.
    turns: Vec<Vec<Counts>>,
    trace: Option<Trace>,
    prints: Prints,
    /// Where what it prints is to be found.
    in_files: bool,
    in_ledger: bool,
    session_log: bool,
}

#[derive(Debug, Clone, Copy)]
struct Trace {
    /// Whether it tells the counter, too.
    counter: bool,
    /// Whether each call has two records.
    twin: bool,
}

/// What the harness prints of each turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prints {
    Json,
    Text,
}

/// What a call used. Calls of the same size are the hardest to tell apart.
fn often_equal() -> impl Strategy<Value = Counts> {
    prop_oneof![
        Just([1000, 400, 10, 0]),
        (1..90_000_u64, 0..9_u64, 0..900_u64).prop_map(|(input, tenths, output)| [
            input,
            input * tenths / 10,
            output,
            output / 2
        ])
    ]
}

fn told() -> impl Strategy<Value = Told> {
    let turns = proptest::collection::vec(proptest::collection::vec(often_equal(), 1..4), 1..4);
    let trace =
        proptest::option::of((any::<bool>(), any::<bool>()).prop_map(|(counter, twin)| Trace { counter, twin }));
    let prints = prop_oneof![Just(Prints::Json), Just(Prints::Text)];
    (turns, trace, prints, any::<[bool; 3]>()).prop_map(|(turns, trace, prints, [in_files, in_ledger, session_log])| {
        Told { turns, trace, prints, in_files, in_ledger, session_log }
    })
}

impl Told {
    fn start(turn: usize) -> Second {
        turn as Second * PACE
    }

    /// Every call with its time, its turn, and the counter after it.
    fn calls(&self) -> Vec<(Second, usize, Counts, Counts)> {
        let mut total = Counts::default();
        let mut calls = Vec::new();
        for (turn, of_turn) in self.turns.iter().enumerate() {
            for (index, call) in of_turn.iter().enumerate() {
                total = add(total, *call);
                calls.push((Told::start(turn) + 10 + 10 * index as Second, turn, *call, total));
            }
        }
        calls
    }

    /// The counter at the end of each turn.
    fn totals(&self) -> Vec<Counts> {
        let last = |turn| self.calls().into_iter().rfind(|call| call.1 == turn).map_or([0; 4], |call| call.3);
        (0..self.turns.len()).map(last).collect()
    }

    fn files(&self) -> Files {
        let id = forge::conversation(1, 0);
        let mut files = Files::new();
        let mut ledger = forge::front("kiln");
        for (turn, total) in self.totals().into_iter().enumerate() {
            let text = match self.prints {
                Prints::Json => forge::capture(&id, total),
                Prints::Text => forge::header(&id) + &forge::footer(tokens(total).blended_tokens()),
            };
            let start = Told::start(turn);
            ledger += &forge::entry("kiln", turn, Some("codex"), start, start + 600, &text);
            if self.in_files {
                files.insert(format!("out-{turn}.txt"), text.into_bytes());
            }
        }
        if self.in_ledger {
            files.insert("kiln.md".to_owned(), ledger.into_bytes());
        }
        if let Some(Trace { counter, twin }) = self.trace {
            let mut text = forge::begins(2, &id);
            for (second, _, call, total) in self.calls() {
                text += &forge::completed(second, &id, call, twin);
                if counter {
                    text += &forge::counter(second, total, call);
                }
            }
            files.insert("codex.log".to_owned(), text.into_bytes());
        }
        if self.session_log {
            let mut text = forge::session_meta(1, &id);
            let mut latest = None;
            for (second, turn, call, total) in self.calls() {
                if latest.replace(turn) != Some(turn) {
                    text += &forge::turn_context(second - 1, &format!("turn-{turn}"));
                }
                text += &forge::token_count(second, total, call);
            }
            files.insert(format!("rollout-2026-05-12T07-00-01-{id}.jsonl"), text.into_bytes());
        }
        files
    }

    /// Whether anything tells more than blended totals.
    fn has_split(&self) -> bool {
        let is_printed = self.in_files || self.in_ledger;
        self.trace.is_some() || self.session_log || (is_printed && self.prints == Prints::Json)
    }
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn one_conversation_is_used_once_whoever_tells_of_it(told in told()) {
        let files = told.files();
        if files.is_empty() {
            return Ok(());
        }
        let settled = settled(&files, &options(1 << 20));
        let truth = tokens(told.totals().last().copied().unwrap_or_default());
        let blended: u64 = settled.rows.iter().filter_map(|row| row.blended_tokens).sum();
        prop_assert_eq!(blended, truth.blended_tokens(), "{:?}", files.keys());
        if told.has_split() {
            let usage = settled.rows.iter().filter_map(|row| row.usage);
            let usage = usage.fold(TokenUsage::default(), |sum, usage| sum.plus(&usage));
            prop_assert_eq!(usage, truth, "{:?}", files.keys());
            prop_assert!(settled.owners.iter().all(|owner| owner.quality == Quality::Exact), "{:?}", settled.owners);
        }
    }

    #[test]
    fn each_run_has_its_own_turn_whoever_tells_of_it(told in told()) {
        let told = Told { in_ledger: true, ..told };
        let settled = settled(&told.files(), &options(1 << 20));
        let runs = sums(&settled);
        for (turn, calls) in told.turns.iter().enumerate() {
            let truth = tokens(calls.iter().copied().fold(Counts::default(), add));
            let run = runs.get(&forge::run_id(turn)).copied().unwrap_or_default();
            if told.has_split() {
                prop_assert_eq!(run.usage, Some(truth), "run {}", turn);
            }
        }
    }
}
