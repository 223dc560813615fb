//! One row a run.

use super::cell::Cell;
use super::columns::{
    COSTS, Column, HARNESS, HOST, Kind, LOOP, MODELS, NOT_KNOWN, PROFILE, QUALITY, RUN_ID, STATUS, TOKENS, column,
};
use super::definition::{Definition, Rows};
use super::frame::Table;
use super::query::Query;
use super::sum::Sum;
use super::walk::is_asked_for;
use crate::error::Result;
use crate::event::{Id, Needs, Run};
use crate::fold::{Owner, RowView, Settled};

/// `export runs`: a row for each iteration of a loop.
pub(super) static TABLE: Definition = Definition {
    name: "runs",
    about: "one iteration of a loop",
    columns,
    date: "started_at",
    needs: Needs::USAGE,
    untold: &[],
    rows,
};

/// What forge wrote down.
static HEAD: [Column; 6] = [
    Column { blank: "", ..RUN_ID },
    HOST,
    Column { blank: NOT_KNOWN, ..LOOP },
    column("repo", Kind::Text, "path of the repository the loop works in", NOT_KNOWN),
    PROFILE,
    HARNESS,
];

/// How it went.
static COURSE: [Column; 5] = [
    Column { blank: "only a loop log tells of it", ..STATUS },
    column("exit_code", Kind::Integer, "the harness's exit code", "none was recorded"),
    column("started_at", Kind::Time, "when the run began", NOT_KNOWN),
    column("finished_at", Kind::Time, "when it ended", "it was cut off"),
    column("duration_ms", Kind::Millis, "finished_at − started_at", "one of them is missing"),
];

/// How far to trust it.
static TAIL: [Column; 2] = [
    column(
        "reconciled",
        Kind::Text,
        "whether the run's witnesses agree: ok, mismatch, or single where there is one",
        "it has none",
    ),
    column(
        "source",
        Kind::Text,
        "the witness that was taken: counter, calls, footer, session, session-by-time",
        "it has none",
    ),
];

fn columns() -> Vec<&'static Column> {
    HEAD.iter().chain(&MODELS).chain(&COURSE).chain(&TOKENS).chain([&QUALITY]).chain(&COSTS).chain(&TAIL).collect()
}

/// The runs that have a row in the query's window and pass its filters, each with all its usage.
fn rows<'a>(settled: &'a Settled, query: &'a Query) -> Rows<'a> {
    // Owners stand in the order of their runs' starts.
    Box::new(settled.rows.by_owner().filter_map(move |(owner, rows)| {
        let owner = settled.owners.get(owner)?;
        let is_asked = owner.run.is_some() && rows.clone().any(|row| is_asked_for(settled, &row, owner, query));
        is_asked.then(|| cells(owner, rows))
    }))
}

/// The row of one owner; a run's columns are blank for a conversation that belongs to none.
pub(super) fn row<'a>(owner: &'a Owner, rows: impl Iterator<Item = RowView<'a>>) -> Result<Table> {
    Table::of(columns(), [cells(owner, rows)])
}

fn cells<'a>(owner: &'a Owner, rows: impl Iterator<Item = RowView<'a>>) -> Vec<Cell> {
    let run = owner.run.as_ref();
    let name = |of: fn(&Run) -> &Option<Id>| Cell::text(run.and_then(|run| of(run).as_deref()));
    let sum = Sum::of(rows.map(|row| (row, owner)));
    let mut cells = vec![
        Cell::text(run.map(|run| run.id.as_str())),
        Cell::text(owner.host.as_deref()),
        name(|run| &run.loop_name),
        name(|run| &run.repo),
        name(|run| &run.profile),
        Cell::text(owner.harness.as_deref()),
        Cell::text(sum.model()),
        sum.models(),
        name(|run| &run.status),
        Cell::integer(run.and_then(|run| run.exit_code)),
        Cell::time(run.and_then(|run| run.started_at)),
        Cell::time(run.and_then(|run| run.finished_at)),
        Cell::integer(owner.duration_ms()),
    ];
    cells.extend(sum.token_cells());
    cells.push(Cell::Text(owner.quality.name().to_owned()));
    cells.extend(sum.cost_cells());
    cells.push(Cell::text(owner.reconciled.map(|reconciled| reconciled.name())));
    cells.push(Cell::text(owner.taken.map(|taken| taken.name())));
    cells
}
