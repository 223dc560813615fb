//! What a prompt quotes changes nothing; what an agent prints that looks like a prompt hides nothing.

use forge_usage::event::Defect;
use forge_usage::fold::Settled;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::forge::{self, Counts};
use crate::kit::{Cut, cases, defects, difference, limits, same, settled_bytes, sums, without_defects};

/// When the prompt is written.
const AT: u32 = 600;

/// What people put into prompts.
#[derive(Debug, Clone)]
enum Quoted {
    Words(String),
    Call(u32, usize, Counts, bool),
    Counter(u32, Counts),
    Tool(u32, String),
    Delta(u32, usize),
    Prompt(u32),
    Capture(Counts),
    Header,
    Footer(u64),
}

impl Quoted {
    /// As text; the quote is of a time before the prompt, and of its conversation or another one.
    fn text(&self) -> String {
        let of = |n: &usize| forge::conversation(AT - 300 + (*n as u32), *n);
        match self {
            Quoted::Words(words) => format!("{words}\n"),
            Quoted::Call(at, n, counts, twin) => forge::completed(*at, &of(n), *counts, *twin),
            Quoted::Counter(at, total) => forge::counter(*at, *total, *total),
            Quoted::Tool(at, output) => forge::tool_result(*at, &of(&1), output),
            Quoted::Delta(at, n) => forge::delta(*at, &of(n)),
            Quoted::Prompt(at) => forge::prompt(*at, &of(&1), "one\ntwo", false),
            Quoted::Capture(total) => forge::capture(&of(&1), *total),
            Quoted::Header => forge::header(&of(&1)),
            Quoted::Footer(blended) => format!("tokens used\n{blended}\nDone.\n"),
        }
    }

    fn tells_time(&self) -> bool {
        !matches!(self, Quoted::Capture(_) | Quoted::Header | Quoted::Footer(_))
    }
}

fn quoted() -> impl Strategy<Value = Quoted> {
    let at = || AT - 300..AT;
    let counts = || (1..90_000_u64, 1..900_u64).prop_map(|(input, output)| [input, 0, output, 0]);
    prop_oneof![
        3 => "[a-zé →.:`#-]{0,40}".prop_map(Quoted::Words),
        3 => (at(), 0..3_usize, counts(), any::<bool>()).prop_map(|(at, n, c, twin)| Quoted::Call(at, n, c, twin)),
        2 => (at(), counts()).prop_map(|(at, total)| Quoted::Counter(at, total)),
        1 => (at(), "[a-z\n]{0,30}").prop_map(|(at, output)| Quoted::Tool(at, output)),
        2 => (at(), 0..3_usize).prop_map(|(at, n)| Quoted::Delta(at, n)),
        1 => at().prop_map(Quoted::Prompt),
        2 => counts().prop_map(Quoted::Capture),
        1 => Just(Quoted::Header),
        2 => (1..900_000_u64).prop_map(Quoted::Footer),
    ]
}

/// The conversation of the log that has the prompt: the first that may be quoted.
fn own() -> String {
    forge::conversation(AT - 300, 0)
}

/// What a log goes on with behind its prompt.
fn work(counter: bool, footer: bool) -> String {
    let own = own();
    let mut text = forge::delta(AT + 2, &own)
        + &forge::completed(AT + 3, &own, [4000, 1000, 90, 30], false)
        + &forge::tool_result(AT + 4, &own, "fired\nat 1200\n")
        + &forge::delta(AT + 5, &own)
        + &forge::completed(AT + 6, &own, [5000, 3000, 70, 0], false);
    if counter {
        text += &forge::counter(AT + 6, [9000, 4000, 160, 30], [5000, 3000, 70, 0]);
    }
    if footer {
        text += &forge::footer(5160);
    }
    text
}

/// A log with this prompt.
fn log(said: &str, is_newer: bool, counter: bool, footer: bool) -> String {
    forge::begins(AT - 1, &own()) + &forge::prompt(AT, &own(), said, is_newer) + &work(counter, footer)
}

/// A log as it is, as a run's output in a ledger, and in a loop log.
fn sources(log: &str) -> [(&'static str, String); 3] {
    let ledger = forge::front("kiln") + &forge::entry("kiln", 0, Some("codex"), AT - 2, AT + 60, log);
    let loop_log = forge::marker(AT - 3, "loop started")
        + &forge::starts(AT - 2, 0)
        + log
        + &forge::marker(AT + 60, "pause for 30s");
    [("bare", log.to_owned()), ("ledger", ledger), ("loop log", loop_log)]
}

fn total(settled: &Settled) -> u64 {
    sums(settled).values().filter_map(|sum| sum.usage).map(|usage| usage.total_tokens()).sum()
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn whatever_a_prompt_quotes_the_numbers_are_those_without(
        quotes in vec(quoted(), 1..5),
        last in "[a-zé]{0,9}",
        is_newer in any::<bool>(),
        (counter, footer, dos) in any::<(bool, bool, bool)>(),
        cuts in vec(any::<Index>(), 0..8),
    ) {
        let quotes: String = quotes.iter().map(Quoted::text).collect();
        let said = format!("look:\n{quotes}{last}");
        prop_assume!(said.len() < 7000);
        let turn = |text: String| if dos { text.replace('\n', "\r\n") } else { text };
        let plain = sources(&log("Go on.", is_newer, counter, footer));
        for ((name, plain), (_, quoting)) in plain.into_iter().zip(sources(&log(&said, is_newer, counter, footer))) {
            let (plain, quoting) = (turn(plain), turn(quoting));
            let whole = settled_bytes(quoting.as_bytes(), &Cut::Whole);
            same!(without_defects(&settled_bytes(plain.as_bytes(), &Cut::Whole), &whole), "{name}");
            let places = cuts.iter().map(|place| place.index(quoting.len())).collect();
            for cut in [Cut::At(places), Cut::Parts(limits(700)), Cut::Stream(limits(3000))] {
                same!(difference(&whole, &settled_bytes(quoting.as_bytes(), &cut)), "{name} by {cut:?}");
            }
        }
    }

    #[test]
    fn a_long_prompt_adds_no_record_that_tells_its_time(
        quotes in vec(quoted().prop_filter("a time", Quoted::tells_time), 30..40),
        is_newer in any::<bool>(),
        cuts in vec(any::<Index>(), 0..8),
    ) {
        let quotes: String = quotes.iter().map(Quoted::text).collect();
        // What is no ASCII makes it seem shorter than it is.
        let said = format!("look:\n{quotes}{}", "fire\n".repeat(9000 / 5));
        let plain = sources(&log("Go on.", is_newer, true, true));
        for ((name, plain), (_, quoting)) in plain.into_iter().zip(sources(&log(&said, is_newer, true, true))) {
            let whole = settled_bytes(quoting.as_bytes(), &Cut::Whole);
            prop_assert_eq!(sums(&settled_bytes(plain.as_bytes(), &Cut::Whole)), sums(&whole), "{}", name);
            let places = cuts.iter().map(|place| place.index(quoting.len())).collect();
            for cut in [Cut::At(places), Cut::Parts(limits(3000))] {
                same!(difference(&whole, &settled_bytes(quoting.as_bytes(), &cut)), "{name} by {cut:?}");
            }
        }
    }

    #[test]
    fn a_forged_prompt_hides_nothing_of_a_run(
        length in 0..9000_usize,
        (fits, ahead) in (any::<bool>(), 0..90_u32),
        place in any::<Index>(),
        (counter, footer) in any::<(bool, bool)>(),
        message in "[a-z\n]{0,40}",
    ) {
        let calls = |from: u32| -> String {
            (from..from + 8).map(|at| forge::completed(at, &own(), [1000, 0, 50, u64::from(at)], false)).collect()
        };
        let before = forge::begins(AT - 1, &own()) + &forge::prompt(AT, &own(), "Go on.", false) + &calls(AT + 1);
        let after = calls(AT + 20) + &work(counter, footer);
        let ends: Vec<usize> = after.match_indices('\n').map(|(end, _)| end).collect();
        let forged = forge::prompt(AT + 19 + ahead, &own(), "", false);
        let forged = forged.trim_end().replace("prompt_length=0", &format!("prompt_length={}", if fits {
            message.chars().count() + 1 + ends[place.index(ends.len())]
        } else {
            length
        }));
        let honest = sources(&format!("{before}codex\n{message}\n{after}"));
        let hostile = sources(&format!("{before}codex\n{forged}{message}\n{after}"));
        for ((name, honest), (_, hostile)) in honest.into_iter().zip(hostile).skip(1) {
            let read = |text: &str| total(&settled_bytes(text.as_bytes(), &Cut::Whole));
            prop_assert!(read(&hostile) >= read(&honest), "{name}");
        }
    }
}

#[test]
fn a_prompt_that_quotes_what_is_newer_than_itself_is_in_doubt() {
    let other = forge::conversation(AT - 9, 4);
    let said = format!("look:\n{}what?", forge::completed(AT + 1, &other, [999_999, 0, 9, 0], false));
    for (name, text) in sources(&log(&said, false, true, false)) {
        let settled = settled_bytes(text.as_bytes(), &Cut::Whole);
        assert_eq!(defects(&settled, Defect::DoubtfulRecord), 1, "{name}");
        assert_eq!(total(&settled), 9160 + 1_000_008, "{name}");
    }
}
