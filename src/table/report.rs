//! A report: a query's groups, in order, with what its reader should know.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use rustc_hash::{FxHashMap, FxHashSet};

use super::caveat::{PriceNote, price_book};
use super::cell::Cell;
use super::columns::{Column, measures};
use super::dimension::Dimension;
use super::filter::Filter;
use super::found::Found;
use super::frame::Table;
use super::group::group;
use super::median::median;
use super::order::Order;
use super::query::{Query, default_by};
use super::sources::Sources;
use super::values::Key;
use super::warnings::{Warning, warnings};
use crate::error::Result;
use crate::event::{Id, Time};
use crate::fold::{Owner, Quality, Settled};

/// How often a run must be slower than its loop's median to be named.
const STANDS_OUT: f64 = 3.0;

/// How many runs a loop must have for its median to mean something.
const ENOUGH_RUNS: usize = 5;

/// Characters before the first dash of a UUID.
const FIRST_OF_UUID: usize = 8;

/// A report: rows, their totals, and how far they can be trusted.
#[derive(Debug)]
pub struct Report {
    /// What it is grouped by, in order: their columns are the first of `rows`.
    pub by: Vec<Dimension>,
    /// The groups: the columns of `by`, then [`measures`](super::schema::measures).
    pub rows: Table,
    /// The same measures over everything, one row, also over groups that a limit left out.
    pub totals: Table,
    /// Groups before `--limit`.
    pub groups: usize,
    /// Those of them that have no name in the first dimension.
    pub nameless: usize,
    /// Conversations over everything that belong to no run.
    pub conversations: usize,
    /// Distinct loops over everything.
    pub loops: usize,
    /// Distinct profiles over everything.
    pub profiles: usize,
    /// The window that was asked for, and the zone days are cut in.
    pub window: Window,
    /// `KEY=GLOB` of the rows that were asked for.
    pub filters: Vec<String>,
    /// The day of the latest list prices; `None` where nothing was priced.
    pub price_book: Option<String>,
    /// Whose word was taken for costs: `auto`, `reported` or `computed`; `None` where nothing was priced.
    pub cost_mode: Option<&'static str>,
    /// The slowest run, where one stands out against its loop.
    pub slowest: Option<Slowest>,
    /// Loops none of whose runs left usage behind.
    pub blind_loops: Vec<String>,
    /// What the costs rest on; `None` where there is nothing to say of them.
    pub prices: Option<PriceNote>,
    /// What was read.
    pub sources: Sources,
    /// What the reader should know.
    pub warnings: Vec<Warning>,
}

/// The time that a report covers.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// First instant; `None` for all there is.
    pub since: Option<Time>,
    /// First instant after it; `None` for all there is.
    pub until: Option<Time>,
    /// The zone that days are cut in.
    pub zone: Tz,
    /// First and last instant of what was found, where known.
    pub found: Option<(Time, Time)>,
}

/// A run far slower than its loop's median.
#[derive(Debug, Clone)]
pub struct Slowest {
    /// Its id.
    pub run_id: String,
    /// Its loop.
    pub loop_name: String,
    /// Its time over the median time of its loop's runs.
    pub times_median: f64,
    /// Ids of all other runs and conversations that begin as its own does, to the first dash of a UUID: by no shorter
    /// beginning would it be found.
    pub alike: Vec<String>,
}

/// Answers a query.
pub fn report(settled: &Settled, query: &Query, sources: Sources) -> Result<Report> {
    let by = default_by(settled, query)?;
    let mut groups = group(settled, &by, query);
    let (caveats, unplaced) = (groups.caveats, groups.unplaced);
    let sums = Sums {
        measures: measures(),
        rows: groups.by_key.into_iter().map(|(key, mut group)| (key, group.cells())).collect(),
        totals: groups.totals.cells(),
        order: &["cost_low_usd", "total_tokens", "blended_tokens"],
        found: groups.found,
        owners: groups.owners,
    };
    let mut report = finish(settled, &by, sums, query, sources)?;
    report.prices = caveats.note(settled);
    report.warnings.extend(unplaced.warnings());
    report.warnings.extend(caveats.warnings(settled));
    Ok(report)
}

/// What a query's groups come to.
pub(super) struct Sums {
    /// The columns beside the dimensions.
    pub(super) measures: Vec<&'static Column>,
    /// The groups, in any order.
    pub(super) rows: Vec<(Key, Vec<Cell>)>,
    pub(super) totals: Vec<Cell>,
    /// The measures that rows are sorted by unless a column was asked for, the largest first.
    pub(super) order: &'static [&'static str],
    pub(super) found: Found,
    /// Indices of the owners that have a part in it.
    pub(super) owners: Vec<usize>,
}

/// Puts a report together.
pub(super) fn finish(
    settled: &Settled,
    by: &[Dimension],
    sums: Sums,
    query: &Query,
    sources: Sources,
) -> Result<Report> {
    let columns: Vec<_> = by.iter().map(|by| by.column()).chain(sums.measures.iter().copied()).collect();
    let order = Order::of(query, by, &columns, sums.order)?;
    let mut rows = Table::of(columns, order.sorted(sums.rows))?;
    let groups = rows.height();
    let nameless = if by.is_empty() { 0 } else { (0..groups).filter(|row| rows.cell(*row, 0) == Cell::Blank).count() };
    if let Some(limit) = query.limit {
        rows = rows.head(limit);
    }
    let owners = || sums.owners.iter().map(|index| &settled.owners[*index]);
    let profiles = owners().filter_map(|owner| owner.profile().map(|profile| profile.as_str()));
    let loops = loops(owners());
    Ok(Report {
        by: by.to_vec(),
        rows,
        totals: Table::of(sums.measures, [sums.totals])?,
        groups,
        nameless,
        conversations: owners().filter(|owner| owner.run.is_none()).count(),
        loops: loops.len(),
        profiles: profiles.collect::<FxHashSet<&str>>().len(),
        window: Window { since: query.since, until: query.until, zone: query.zone, found: sums.found.0 },
        slowest: slowest(&loops, settled),
        blind_loops: blind_loops(&loops),
        filters: query.filters.iter().map(Filter::to_string).collect(),
        price_book: price_book(settled),
        cost_mode: settled.pricing.mode,
        prices: None,
        sources,
        warnings: warnings(settled),
    })
}

/// The runs of each loop, loops in the order of their names.
fn loops<'a>(owners: impl Iterator<Item = &'a Owner>) -> Vec<(&'a str, Vec<&'a Owner>)> {
    let mut loops: FxHashMap<&str, Vec<&Owner>> = FxHashMap::default();
    for owner in owners {
        if let Some(name) = owner.run.as_ref().and_then(|run| run.loop_name.as_deref()) {
            loops.entry(name).or_default().push(owner);
        }
    }
    let mut loops: Vec<_> = loops.into_iter().collect();
    loops.sort_unstable_by_key(|(name, _)| *name);
    loops
}

/// The run that is slowest against the median of its loop.
fn slowest(loops: &[(&str, Vec<&Owner>)], settled: &Settled) -> Option<Slowest> {
    let ratios = loops.iter().filter_map(|(name, runs)| {
        let timed = || runs.iter().filter_map(|run| Some((run.duration_ms()?, *run)));
        let mut times: Vec<i64> = timed().map(|(time, _)| time).collect();
        let median = median(&mut times).filter(|_| times.len() >= ENOUGH_RUNS)?;
        let (time, run) = timed().max_by_key(|(time, _)| *time)?;
        let times_median = time as f64 / median as f64;
        Some((times_median, &run.run.as_ref()?.id, *name))
    });
    let outliers = ratios.filter(|(times_median, ..)| times_median.is_finite() && *times_median >= STANDS_OUT);
    let (times_median, run, name) = outliers.max_by(|(a, ..), (b, ..)| a.total_cmp(b))?;
    Some(Slowest { run_id: run.to_string(), loop_name: name.to_owned(), times_median, alike: alike(settled, run) })
}

/// Ids that begin as `id` does.
fn alike(settled: &Settled, id: &Id) -> Vec<String> {
    let Some(start) = id.get(..FIRST_OF_UUID) else { return Vec::new() };
    let runs = settled.owners.iter().filter_map(|owner| Some(&owner.run.as_ref()?.id));
    let conversations = settled.rows.views().filter_map(|row| row.conversation);
    let alike = runs.chain(conversations).filter(|other| other.starts_with(start) && *other != id);
    alike.map(Id::as_str).collect::<BTreeSet<&str>>().into_iter().map(str::to_owned).collect()
}

/// Loops of which nothing is known.
fn blind_loops(loops: &[(&str, Vec<&Owner>)]) -> Vec<String> {
    let blind = loops.iter().filter(|(_, runs)| runs.iter().all(|run| run.quality == Quality::Unknown));
    blind.map(|(name, _)| (*name).to_owned()).collect()
}
