use super::{AHEAD, AHEAD_BYTES, Pass};
use crate::event::{Fact, Footer, Id, Needs, Run, Time};
use crate::parse::content::LONGEST;
use crate::parse::mark::{Behind, Entry, Mark, MarkKind};
use crate::parse::sink::Sink;

const HEAD: &[u8] = b"---\nloop_name: kiln\n---\n";

/// What a footer takes at least: two lines.
const FOOTER_BYTES: u64 = 14;

fn header(offset: u64, n: usize) -> Mark {
    let name = Id::from("kiln");
    let run = Run { loop_name: Some(name), ..Run::new(format!("run-{n}").into()) };
    let output = Some(offset);
    let entry = Entry { run, appended: Time::from_micros(1), output, behind: Behind::Entry };
    Mark::new(offset, None, MarkKind::Entry(Box::new(entry)))
}

fn footer(offset: u64) -> Mark {
    let footer = Footer { conversation: None, blended_tokens: offset };
    Mark::new(offset, Some("codex"), MarkKind::Fact(Fact::Footer(footer)))
}

/// Pushes marks, and gives the runs that were told of and the most marks and headers that were ever held.
fn pushed(marks: impl Iterator<Item = Mark>) -> (usize, usize, usize) {
    let mut pass = Pass::new(HEAD, Time::from_micros(2), vec!["codex"]);
    let (mut runs, mut held, mut headers) = (0, 0, 0);
    let mut emit = |event: crate::event::Event| runs += usize::from(matches!(event.fact, Fact::Run(_)));
    for mark in marks {
        pass.push(mark, &mut Sink::new(Needs::ALL, &mut emit));
        let summary = pass.open.as_ref().and_then(|output| output.summary.as_ref());
        held = held.max(pass.held.len() + summary.map_or(0, |(_, marks)| marks.len()));
        headers = headers.max(pass.headers.len());
    }
    pass.finish(&mut Sink::new(Needs::ALL, &mut emit));
    (runs, held, headers)
}

#[test]
fn what_waits_for_later_entries_is_bounded_however_long_the_ledger_is() {
    let headers = (0..3000).map(|n| header(n as u64, n));
    let footers = (0..500_000).map(|n| footer(3000 + n * FOOTER_BYTES));
    let (runs, held, headers) = pushed(headers.chain(footers));
    assert_eq!(runs, 3000);
    assert!(held as u64 <= AHEAD_BYTES / FOOTER_BYTES + AHEAD as u64 + 2, "{held}");
    assert!(headers <= AHEAD, "{headers}");
}

#[test]
fn what_may_be_a_summary_is_bounded() {
    let heading = Mark::new(1, None, MarkKind::GitSummary);
    let footers = (0..500_000).map(|n| footer(2 + n * FOOTER_BYTES));
    let (runs, held, _) = pushed([header(0, 0), heading].into_iter().chain(footers));
    assert_eq!(runs, 1);
    assert!(held as u64 <= (AHEAD_BYTES + LONGEST) / FOOTER_BYTES + 2, "{held}");
}
