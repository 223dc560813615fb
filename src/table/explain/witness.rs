//! The records that tell of a subject, as a table.

use super::super::cell::Cell;
use super::super::columns::{COST_REPORTED, Column, Kind, TOKENS, column};
use super::super::frame::Table;
use super::super::token_sum::TokenSum;
use super::Subject;
use super::court::{Court, Said};
use crate::error::Result;
use crate::event::{Event, Fact, Id, Time};
use crate::fold::Settled;

/// Columns before the token columns.
static HEAD: [Column; 6] = [
    column("time", Kind::Time, "when, as the record says", "it doesn't say"),
    column(
        "kind",
        Kind::Text,
        "run, open run, conversation, request, stream, call, tool, counter (a cumulative reading, or a harness's closing \
         result), footer, unfinished, lost, turn (its end), log (its end), defect",
        "",
    ),
    column("verdict", Kind::Text, "what became of it", ""),
    column("run_id", Kind::Text, "run whose output holds it", "a bare log, or forge's own line"),
    column("conversation_id", Kind::Text, "conversation it is about", "not named"),
    column("model", Kind::Text, "model it names", "none"),
];

/// The last columns.
static TAIL: [Column; 3] = [
    COST_REPORTED,
    column("source", Kind::Text, "path of the source", ""),
    column("offset", Kind::Integer, "byte offset of the record in the source, decompressed", ""),
];

fn columns() -> Vec<&'static Column> {
    HEAD.iter().chain(&TOKENS).chain(&TAIL).collect()
}

/// The witnesses of a subject, by time; those without one stand where their source has them.
pub(super) fn table(settled: &Settled, subject: &Subject, events: &[(Id, Event)]) -> Result<Table> {
    let mut ordered: Vec<(Option<Time>, &str, &Event)> = Vec::with_capacity(events.len());
    let mut latest: Option<(&str, Option<Time>)> = None;
    for (source, event) in events {
        // A record without a time follows the one before it in its source.
        let before = latest.filter(|(known, _)| *known == source.as_str()).and_then(|(_, time)| time);
        let time = time_of(event).or(before);
        latest = Some((source, time));
        ordered.push((time, source, event));
    }
    ordered.sort_by_key(|(time, source, event)| (*time, *source, event.offset));
    let mut court = Court::new(settled, subject, ordered.iter().map(|(.., event)| *event));
    let rows = ordered.iter().filter_map(|(_, source, event)| Some(cells(source, event, court.hear(event)?)));
    Table::of(columns(), rows)
}

/// A run's entry is dated by its beginning.
fn time_of(event: &Event) -> Option<Time> {
    match &event.fact {
        Fact::Run(run) => event.time.or(run.started_at).or(run.over_by),
        _ => event.time,
    }
}

fn cells(source: &str, event: &Event, said: Said) -> Vec<Cell> {
    let mut cells = vec![
        Cell::time(time_of(event)),
        Cell::Text(said.kind.to_owned()),
        Cell::Text(said.verdict),
        Cell::text(event.run.as_deref()),
        Cell::text(event.fact.conversation().map(|id| id.as_str())),
        Cell::text(said.model.as_deref()),
    ];
    let mut tokens = TokenSum::default();
    tokens.add(said.usage.as_ref(), said.blended);
    cells.extend(tokens.cells());
    cells.push(Cell::usd(said.cost));
    cells.push(Cell::Text(source.to_owned()));
    cells.push(Cell::count(event.offset));
    cells
}
