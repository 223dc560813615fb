//! The `runs` table: one row a run.

use std::collections::{BTreeMap, BTreeSet};

use super::frame::{Builder, Cell, Table};
use super::group::{is_asked_for, list, token_cells, usd};
use super::report::Query;
use super::schema;
use crate::error::Result;
use crate::event::{Id, MAX_COUNT, Time, TokenUsage, Usd};
use crate::fold::{Owner, Quality, Settled, UsageRow};

/// The runs that have a row in the query's window and pass its filters, each with all its usage.
pub fn runs(settled: &Settled, query: &Query) -> Result<Table> {
    let mut builder = Builder::new(schema::runs());
    for rows in settled.rows.chunk_by(|a, b| a.owner == b.owner) {
        let owner = &settled.owners[rows[0].owner];
        if owner.run.is_some() && rows.iter().any(|row| is_asked_for(row, owner, query)) {
            builder.push(cells(owner, rows));
        }
    }
    builder.finish()
}

fn cells(owner: &Owner, rows: &[UsageRow]) -> Vec<Cell> {
    let Some(run) = &owner.run else { return Vec::new() };
    let text = |value: Option<&str>| value.map_or(Cell::Blank, |value| Cell::Text(value.to_owned()));
    let time = |value: Option<Time>| value.map_or(Cell::Blank, Cell::Time);
    let mut by_model: BTreeMap<&Id, u64> = BTreeMap::new();
    for row in rows {
        if let Some(model) = &row.model {
            let tokens = row.usage.map_or(row.blended_tokens.unwrap_or(0), |usage| usage.total_tokens());
            *by_model.entry(model).or_default() += tokens.min(MAX_COUNT / 2);
        }
    }
    let model =
        by_model.iter().max_by_key(|(name, tokens)| (**tokens, std::cmp::Reverse(**name))).map(|(name, _)| &***name);
    let models: BTreeSet<Id> = by_model.keys().map(|name| (*name).clone()).collect();
    let mut cells = vec![
        Cell::Text(run.id.to_string()),
        text(run.loop_name.as_deref()),
        text(run.repo.as_deref()),
        text(run.profile.as_deref()),
        text(owner.harness.as_deref()),
        text(model),
        list(&models),
        text(run.status.as_deref()),
        run.exit_code.map_or(Cell::Blank, Cell::Integer),
        time(run.started_at),
        time(run.finished_at),
        owner.duration_ms().map_or(Cell::Blank, Cell::Integer),
    ];
    let known = rows.iter().filter_map(|row| row.usage.as_ref());
    let usage = known.fold(None, |sum: Option<TokenUsage>, usage| Some(sum.unwrap_or_default().plus(usage)));
    let uncached = rows.iter().filter_map(|row| row.usage).map(|usage| usage.uncached_input_tokens());
    let uncached = uncached.fold(0, |sum: u64, tokens| sum.saturating_add(tokens).min(MAX_COUNT));
    let blended = rows.iter().filter_map(|row| row.blended_tokens).reduce(|a, b| a.saturating_add(b).min(MAX_COUNT));
    cells.extend(token_cells(usage.as_ref(), Some(uncached), blended));
    cells.push(Cell::Text(owner.quality.name().to_owned()));
    let reported = rows.iter().filter_map(|row| row.cost_reported).reduce(|a, b| a + b);
    let complete: Option<Usd> = reported.filter(|_| owner.quality == Quality::Exact);
    cells.extend([complete, reported, None, reported, complete].map(usd));
    cells.push(text(owner.reconciled.map(|reconciled| reconciled.name())));
    cells.push(text(owner.taken.map(|taken| taken.name())));
    debug_assert_eq!(cells.len(), schema::runs().len());
    cells
}
