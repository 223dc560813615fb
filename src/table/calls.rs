//! One row a model call, after duplicates are dropped.

use super::cell::Cell;
use super::columns::{COSTS, Column, HARNESS, IS_SUBAGENT, Kind, MODEL, PLACE, SERVICE_TIER, TOKENS, column};
use super::definition::{Definition, Rows};
use super::dimension::{is_subagents, time_of};
use super::query::Query;
use super::timing::{TIMES, time_cells};
use super::token_sum::TokenSum;
use super::usage::{cost_cells, in_order, place, places};
use crate::event::Needs;
use crate::fold::{Owner, Settled, Taken, UsageRow};

/// `export calls`: a row for each model call.
pub(super) static TABLE: Definition = Definition {
    name: "calls",
    about: "one request to a model and its answer, however often it is told of",
    columns,
    date: "time",
    needs: Needs { timing: true, ..Needs::USAGE },
    untold: &[],
    rows,
};

static KEY: Column = column("key", Kind::Text, "identity of the call, the same in every reading", "");

static CALL: [Column; 6] = [
    HARNESS,
    MODEL,
    SERVICE_TIER,
    IS_SUBAGENT,
    column(
        "is_counted",
        Kind::Flag,
        "whether it has a row in usage; it has none where the run's footer tells of more than its calls do",
        "",
    ),
    column("time", Kind::Time, "when it was answered; else when its run began", "no time known"),
];

fn columns() -> Vec<&'static Column> {
    [&KEY].into_iter().chain(&PLACE).chain(&CALL).chain(&TOKENS).chain(&COSTS).chain(&TIMES).collect()
}

fn rows<'a>(settled: &'a Settled, query: &'a Query) -> Rows<'a> {
    let calls = places(&settled.rows).filter(|(rows, place)| rows.view(*place).is_some_and(|row| row.is_call));
    let outweighed = places(&settled.outweighed);
    Box::new(in_order(settled, calls.chain(outweighed), query).map(|(row, owner)| cells(settled, &row, owner)))
}

fn cells(settled: &Settled, row: &UsageRow, owner: &Owner) -> Vec<Cell> {
    let mut cells = vec![Cell::text(row.call.as_ref().map(|key| key.to_string()).as_deref())];
    cells.extend(place(settled, row, owner));
    cells.extend([
        Cell::text(owner.harness.as_deref()),
        Cell::text(row.model.as_deref()),
        Cell::text(row.service_tier.as_deref()),
        Cell::Flag(is_subagents(settled, &row.view())),
        Cell::Flag(owner.taken != Some(Taken::Footer)),
        Cell::time(time_of(settled, &row.view(), owner)),
    ]);
    cells.extend(TokenSum::of(row).cells());
    cells.extend(cost_cells(row));
    cells.extend(time_cells(row));
    cells
}
