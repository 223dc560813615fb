//! How long things took: a query over calls, requests, tool calls and runs.

pub(super) mod columns;
mod group;
mod item;

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::found::Found;
use super::latest::Latest;
use super::query::{Query, default_by};
use super::report::{Report, Sums, finish};
use super::sources::Sources;
use crate::error::Result;
use crate::fold::Settled;
use columns::latency_measures;
use group::Group;
use item::items;

/// Answers a query about times. The settled facts must hold them: see [`crate::event::Needs`].
pub fn latency(settled: &Settled, query: &Query, sources: Sources) -> Result<Report> {
    let by = default_by(settled, query)?;
    let asked = || items(settled).filter(|item| item.is_asked_for(query));
    let mut latest = Latest::of(&by, query, asked().filter_map(|item| item.time()));
    let mut groups: FxHashMap<Vec<Option<String>>, Group> = FxHashMap::default();
    let mut totals = Group::default();
    let mut found = Found::default();
    let mut owners: BTreeSet<usize> = BTreeSet::new();
    for item in asked() {
        if latest.as_mut().is_some_and(|latest| !item.time().is_some_and(|time| latest.holds(time))) {
            continue;
        }
        owners.insert(item.row.owner);
        found.add(item.time());
        let key = by.iter().map(|dimension| item.value(*dimension, query.zone).map(|value| value.into_owned()));
        groups.entry(key.collect()).or_default().add(&item);
        totals.add(&item);
    }
    let rows = groups.into_iter().map(|(key, group)| (key, group.cells()));
    let sums = Sums {
        measures: latency_measures(),
        rows: rows.collect(),
        totals: totals.cells(),
        order: &["calls", "tool_calls", "run_count"],
        found,
        owners: owners.into_iter().collect(),
    };
    finish(settled, &by, sums, query, sources)
}
