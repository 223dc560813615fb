//! The fact table of all reports: a row a call, and a row for what only a counter, a result or a footer tells of a
//! run (or a conversation of no run) and a model.

use super::cell::Cell;
use super::columns::{
    BILLING, BRANCH, COSTS, Column, EFFORT, HARNESS, HOST, IS_SUBAGENT, Kind, MODEL, PLACE, QUALITY, SERVICE_TIER,
    TOKENS, column,
};
use super::definition::{Definition, Rows};
use super::dimension::{branch, is_subagents, repo, time_of};
use super::query::Query;
use super::token_sum::TokenSum;
use super::walk::is_asked_for;
use crate::event::{Billing, Needs, Time, Usd};
use crate::fold::{Owner, Settled, Taken, UsageRow, UsageRows};

/// `export usage`: the fact table that reports group.
pub(super) static TABLE: Definition = Definition {
    name: "usage",
    about: "the fact table of all reports: one model call, or what only a counter, a result or a footer tells",
    columns,
    date: "time",
    needs: Needs::USAGE,
    untold: &[],
    rows,
};

static KEY: Column = column(
    "key",
    Kind::Text,
    "identity of the row, the same in every reading; a call's is that of its row in calls",
    "a footer that nothing names",
);

static WORK: [Column; 9] = [
    HOST,
    BRANCH,
    HARNESS,
    MODEL,
    EFFORT,
    SERVICE_TIER,
    BILLING,
    IS_SUBAGENT,
    column(
        "time",
        Kind::Time,
        "when it was answered or read; else when its run began, or, for no usage, its conversation",
        "no time known",
    ),
];

static SOURCE: Column =
    column("source", Kind::Text, "the witness that tells it: call, counter, footer", "the run left no usage behind");

fn columns() -> Vec<&'static Column> {
    [&KEY]
        .into_iter()
        .chain(&PLACE)
        .chain(&WORK)
        .chain(&TOKENS)
        .chain([&QUALITY])
        .chain(&COSTS)
        .chain([&SOURCE])
        .collect()
}

fn rows<'a>(settled: &'a Settled, query: &'a Query) -> Rows<'a> {
    let rows = in_order(settled, places(&settled.rows), query);
    Box::new(rows.map(move |(row, owner)| cells(settled, &row, owner)))
}

/// Rows, each by its place.
pub(super) fn places(rows: &UsageRows) -> impl Iterator<Item = (&UsageRows, usize)> {
    (0..rows.len()).map(move |place| (rows, place))
}

/// The rows that a query asks for, in the order of their time. One at a time is unpacked.
pub(super) fn in_order<'a>(
    settled: &'a Settled,
    places: impl Iterator<Item = (&'a UsageRows, usize)>,
    query: &'a Query,
) -> impl Iterator<Item = (UsageRow, &'a Owner)> {
    let mut asked: Vec<(Option<Time>, &UsageRows, usize)> = Vec::new();
    for (rows, place) in places {
        let Some(row) = rows.view(place) else { continue };
        let Some(owner) = settled.owners.get(row.owner) else { continue };
        if is_asked_for(settled, &row, owner, query) {
            asked.push((time_of(settled, &row, owner), rows, place));
        }
    }
    asked.sort_by_key(|(time, ..)| (time.is_none(), *time));
    asked.into_iter().filter_map(|(_, rows, place)| {
        let row = rows.row(place)?;
        settled.owners.get(row.owner).map(|owner| (row, owner))
    })
}

fn cells(settled: &Settled, row: &UsageRow, owner: &Owner) -> Vec<Cell> {
    let mut cells = vec![Cell::text(key(row, owner).as_deref())];
    cells.extend(place(settled, row, owner));
    cells.extend([
        Cell::text(owner.host.as_deref()),
        Cell::text(branch(settled, &row.view())),
        Cell::text(owner.harness.as_deref()),
        Cell::text(row.model.as_deref()),
        Cell::text(row.effort.as_deref()),
        Cell::text(row.service_tier.as_deref()),
        Cell::text(owner.billing.map(Billing::name)),
        Cell::Flag(is_subagents(settled, &row.view())),
        Cell::time(time_of(settled, &row.view(), owner)),
    ]);
    cells.extend(TokenSum::of(row).cells());
    cells.push(Cell::Text(owner.quality.name().to_owned()));
    cells.extend(cost_cells(row));
    cells.push(Cell::text(source(row)));
    cells
}

/// The cells of [`COSTS`]: the row's own, whatever is known of the rest of its run. Of a call whose output is a
/// placeholder only the floor is known.
pub(super) fn cost_cells(row: &UsageRow) -> [Cell; 5] {
    let cost = &row.cost;
    let whole = |usd: Option<Usd>| usd.filter(|_| !row.is_placeholder);
    [whole(cost.exact), cost.reported, whole(cost.computed), cost.low, whole(cost.high)].map(Cell::usd)
}

/// The cells of [`PLACE`].
pub(super) fn place(settled: &Settled, row: &UsageRow, owner: &Owner) -> [Cell; 5] {
    let run = owner.run.as_ref();
    [
        Cell::text(run.map(|run| &*run.id)),
        Cell::text(conversation(row)),
        Cell::text(owner.loop_name().map(|name| name.as_str())),
        Cell::text(repo(settled, &row.view(), owner)),
        Cell::text(owner.profile().map(|name| name.as_str())),
    ]
}

fn conversation(row: &UsageRow) -> Option<&str> {
    row.conversation.as_ref().filter(|id| !id.is_anonymous()).map(|id| &**id)
}

fn source(row: &UsageRow) -> Option<&'static str> {
    match (&row.call, &row.usage, row.blended_tokens) {
        (Some(_), ..) if row.is_call() => Some("call"),
        (_, Some(_), _) => Some(Taken::Counter.name()),
        (_, None, Some(_)) => Some(Taken::Footer.name()),
        (_, None, None) => None,
    }
}

/// A call's own key, or what a counter read; else who the row is of. There is one such row for each conversation and
/// model of an owner.
fn key(row: &UsageRow, owner: &Owner) -> Option<String> {
    if let Some(call) = &row.call {
        return Some(call.to_string());
    }
    let run = owner.run.as_ref().map(|run| &*run.id);
    if run.is_none() && conversation(row).is_none() {
        return None;
    }
    let parts = [source(row).unwrap_or("run"), run.unwrap_or(""), conversation(row).unwrap_or("")];
    Some(format!("{}/{}", parts.join("/"), row.model.as_deref().unwrap_or("")))
}
