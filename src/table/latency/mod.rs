//! How long things took: a query over calls, requests, tool calls and runs.

pub(super) mod columns;
mod group;
mod item;

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::dimension::Dimension;
use super::found::Found;
use super::query::{Query, default_by};
use super::report::{Report, Sums, finish};
use super::sources::Sources;
use crate::error::Result;
use crate::fold::Settled;
use columns::latency_measures;
use group::Group;
use item::{Item, items};

/// Answers a query about times. The settled facts must hold them: see [`crate::event::Needs`].
pub fn latency(settled: &Settled, query: &Query, sources: Sources) -> Result<Report> {
    let by = default_by(settled, query)?;
    let latest = latest_periods(settled, &by, query);
    let mut groups: FxHashMap<Vec<Option<String>>, Group> = FxHashMap::default();
    let mut totals = Group::default();
    let mut found = Found::default();
    let mut owners: BTreeSet<usize> = BTreeSet::new();
    for item in items(settled).filter(|item| item.is_asked_for(query)) {
        if !is_in_period(&item, query, latest.as_ref()) {
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

/// The latest periods that were asked for. `None`: all are.
fn latest_periods(settled: &Settled, by: &[Dimension], query: &Query) -> Option<(Dimension, FxHashSet<String>)> {
    let last = query.last?;
    let (time, cut) = by.iter().find_map(|dimension| Some((*dimension, dimension.cut()?)))?;
    let mut periods: FxHashSet<String> = FxHashSet::default();
    for item in items(settled).filter(|item| item.is_asked_for(query)) {
        periods.extend(item.value(time, query.zone).map(|period| period.into_owned()));
    }
    let latest = cut.latest(periods.iter().map(String::as_str), last, query.zone);
    let latest: FxHashSet<String> = latest.into_iter().map(str::to_owned).collect();
    (!latest.is_empty()).then_some((time, latest))
}

fn is_in_period(item: &Item<'_>, query: &Query, latest: Option<&(Dimension, FxHashSet<String>)>) -> bool {
    let Some((time, latest)) = latest else { return true };
    item.value(*time, query.zone).is_some_and(|period| latest.contains(&*period))
}
