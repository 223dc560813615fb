//! Readings of rate limits.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::cell::Cell;
use super::columns::{Column, EFFORT, HARNESS, Kind, MODEL, NOT_KNOWN, PLACE, SERVICE_TIER, column};
use super::definition::{Definition, Rows};
use super::filter::Filter;
use super::frame::Table;
use super::query::Query;
use super::report::Window;
use super::usage::place;
use super::walk::{is_asked_for, runs};
use super::warnings::{Warning, warnings};
use crate::error::Result;
use crate::event::{Id, Needs};
use crate::fold::{Owner, QuotaReading, Settled, UsageRow};

/// `export quota`: a row for each state of a rate limit's window.
pub(super) static TABLE: Definition = Definition {
    name: "quota",
    about: "the state of a rate limit's window; of a state that stays the same, the first and the last time",
    columns,
    date: "time",
    needs: Needs { quota: true, ..Needs::USAGE },
    untold: &[&MODEL, &EFFORT, &SERVICE_TIER],
    rows,
};

static TIME: Column = column("time", Kind::Time, "when the harness was told", "no time known");

static STATE: [Column; 6] = [
    Column { meaning: "program that was told: codex, claude, …", ..HARNESS },
    column("limit", Kind::Text, "the provider's name of the limit", "the harness doesn't tell it"),
    column("window_minutes", Kind::Minutes, "length of the window", NOT_KNOWN),
    column("used_percent", Kind::Percent, "share of the window that is used", ""),
    column("resets_at", Kind::Time, "when the window starts anew", NOT_KNOWN),
    column("plan", Kind::Text, "the account's plan", "the harness doesn't tell it"),
];

/// What `quota` shows: the rows of the table, and what their reader should know.
#[derive(Debug)]
pub struct Readings {
    /// The rows that were asked for, with all columns.
    pub rows: Table,
    /// Whether there is any reading, asked for or not.
    pub are_any: bool,
    /// Whether some tell no time, so that they lie in no window.
    pub are_undated: bool,
    /// The window that was asked for.
    pub window: Window,
    /// `KEY=GLOB` of the rows that were asked for.
    pub filters: Vec<String>,
    /// What was refused or lost.
    pub warnings: Vec<Warning>,
}

/// Readings of rate limits, in the order of their time.
///
/// Fails if a filter asks for what no reading tells.
pub fn readings(settled: &Settled, query: &Query) -> Result<Readings> {
    TABLE.check(query)?;
    Ok(Readings {
        rows: TABLE.table(settled, query)?,
        are_any: !settled.quotas.is_empty(),
        are_undated: settled.quotas.iter().any(|reading| reading.time.is_none()),
        window: Window { since: query.since, until: query.until, zone: query.zone, found: None },
        filters: query.filters.iter().map(Filter::to_string).collect(),
        warnings: warnings(settled),
    })
}

fn columns() -> Vec<&'static Column> {
    [&TIME].into_iter().chain(&PLACE).chain(&STATE).collect()
}

fn rows<'a>(settled: &'a Settled, query: &'a Query) -> Rows<'a> {
    let (runs, bare) = (runs(settled), bare_owners(settled));
    let (known, unknown): (Vec<_>, Vec<_>) = settled.quotas.iter().partition(|reading| reading.time.is_some());
    Box::new(known.into_iter().chain(unknown).filter_map(move |reading| {
        let conversation = reading.quota.conversation.clone();
        let of_run = reading.run.as_deref().and_then(|run| runs.get(run).copied());
        let known = of_run.or_else(|| bare.get(conversation.as_ref()?).copied());
        let unknown = || {
            let owner = settled.bare_owner(conversation.as_ref(), reading.harness.clone());
            Owner { host: owner.host.clone().or_else(|| reading.host.clone()), ..owner }
        };
        let owner = &*known.map_or_else(|| Cow::Owned(unknown()), Cow::Borrowed);
        let row = UsageRow { conversation, time: reading.time, ..UsageRow::default() };
        is_asked_for(settled, &row.view(), owner, query).then(|| cells(settled, reading, &row, owner))
    }))
}

/// What conversations used in no run, by their ids.
fn bare_owners(settled: &Settled) -> FxHashMap<&Id, &Owner> {
    let bare = settled.rows.by_owner().filter_map(|(owner, mut rows)| {
        let owner = settled.owners.get(owner).filter(|owner| owner.run.is_none())?;
        Some((rows.next()?.conversation?, owner))
    });
    // What runs used together stands behind what nobody shares.
    bare.fold(FxHashMap::default(), |mut owners, (conversation, owner)| {
        owners.entry(conversation).or_insert(owner);
        owners
    })
}

fn cells(settled: &Settled, reading: &QuotaReading, row: &UsageRow, owner: &Owner) -> Vec<Cell> {
    let quota = &reading.quota;
    let mut cells = vec![Cell::time(reading.time)];
    cells.extend(place(settled, row, owner));
    cells.extend([
        Cell::text(reading.harness.as_deref().or(owner.harness.as_deref())),
        Cell::text(quota.limit.as_deref()),
        quota.window_minutes.map_or(Cell::Blank, Cell::count),
        Cell::Number(quota.used_percent),
        Cell::time(quota.resets_at),
        Cell::text(quota.plan.as_deref()),
    ]);
    cells
}
