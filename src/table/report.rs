//! A query over the fact table.

use std::cmp::Ordering;

use chrono_tz::Tz;
use rustc_hash::{FxHashMap, FxHashSet};

use super::cost::price_book;
use super::dimension::{Dimension, Filter};
use super::frame::{Builder, Cell};
use super::group::group;
use super::latency::{TOOL_NAME, latency_measures};
use super::schema::{self, Kind};
use super::values::Key;
use super::{Answers, Report, Slowest, Sources, Window, warnings};
use crate::error::{Error, Result, unknown};
use crate::event::Time;
use crate::fold::{Owner, Quality, Settled};

/// How often a run must be slower than its loop's median to be named.
const STANDS_OUT: f64 = 3.0;

/// How many runs a loop must have for its median to mean something.
const ENOUGH_RUNS: usize = 5;

/// What a report is asked for.
#[derive(Debug, Clone)]
pub struct Query {
    /// Dimensions, in order; `None`: by loop where there are runs, else by day.
    pub by: Option<Vec<Dimension>>,
    /// Rows must match one filter of each key.
    pub filters: Vec<Filter>,
    /// And one of each key of these: what a budget is about, beside what was asked for.
    pub scope: Vec<Filter>,
    /// First instant.
    pub since: Option<Time>,
    /// First instant after the window.
    pub until: Option<Time>,
    /// Where days are cut.
    pub zone: Tz,
    /// Only the latest periods of the first time dimension that have rows, this many.
    pub last: Option<usize>,
    /// The column that rows are sorted by; the default is time, then cost, then tokens.
    pub sort: Option<Sort>,
    /// At most this many rows.
    pub limit: Option<usize>,
}

/// Every row, days cut in UTC.
impl Default for Query {
    fn default() -> Query {
        Query {
            by: None,
            filters: Vec::new(),
            scope: Vec::new(),
            since: None,
            until: None,
            zone: Tz::UTC,
            last: None,
            sort: None,
            limit: None,
        }
    }
}

/// A column to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    column: &'static schema::Column,
    is_descending: bool,
}

impl Sort {
    /// Reads `COLUMN`, `COLUMN:asc` or `COLUMN:desc`. Without a word, text ascends, numbers descend.
    pub fn parse(text: &str) -> Result<Sort> {
        Sort::among(text, schema::DIMENSIONS.iter().chain(schema::measures()).collect())
    }

    /// The same for a column of a latency report.
    pub fn of_latency(text: &str) -> Result<Sort> {
        Sort::among(text, schema::DIMENSIONS.iter().chain([&TOOL_NAME]).chain(latency_measures()).collect())
    }

    fn among(text: &str, columns: Vec<&'static schema::Column>) -> Result<Sort> {
        let (name, direction) = text.split_once(':').map_or((text, None), |(name, word)| (name, Some(word)));
        let name = Dimension::from_name(name).map_or(name, |dimension| dimension.column().name);
        let column = columns
            .iter()
            .find(|column| column.name == name)
            .ok_or_else(|| unknown("column", name, &columns.iter().map(|column| column.name).collect::<Vec<_>>()))?;
        let is_descending = match direction {
            None => column.kind != Kind::Text,
            Some("desc") => true,
            Some("asc") => false,
            Some(word) => return Err(unknown("direction", word, &["asc", "desc"])),
        };
        Ok(Sort { column, is_descending })
    }
}

/// Answers a query.
pub fn report(settled: &Settled, query: &Query, sources: Sources) -> Result<Report> {
    let by = default_by(settled, query)?;
    let mut groups = group(settled, &by, query);
    let (caveats, unplaced) = (groups.caveats, groups.unplaced);
    let sums = Sums {
        measures: schema::measures(),
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

/// The dimensions that were asked for; else loops, or days where there are no runs.
pub(super) fn default_by(settled: &Settled, query: &Query) -> Result<Vec<Dimension>> {
    let by = match &query.by {
        Some(by) => by.clone(),
        None => vec![Dimension::from_name(if Answers(settled).has_runs() { "loop" } else { "day" })?],
    };
    if query.last.is_some() && !by.iter().any(|dimension| dimension.is_time()) {
        return Err(Error::invalid("--last counts periods: add --by hour, day, week or month"));
    }
    Ok(by)
}

/// What a query's groups come to.
pub(super) struct Sums {
    /// The columns beside the dimensions.
    pub(super) measures: Vec<&'static schema::Column>,
    /// The groups, in any order.
    pub(super) rows: Vec<(Key, Vec<Cell>)>,
    pub(super) totals: Vec<Cell>,
    /// The measures that rows are sorted by unless a column was asked for, the largest first.
    pub(super) order: &'static [&'static str],
    /// The first and the last time.
    pub(super) found: Option<(Time, Time)>,
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
    let columns: Vec<_> = by.iter().map(|dimension| dimension.column()).chain(sums.measures.iter().copied()).collect();
    let order = order(&columns, by, query.sort.as_ref(), sums.order)?;
    let place = |name| columns.iter().position(|column| column.name == name);
    let floors = place("cost_usd").zip(place("cost_low_usd"));
    let hour = by.iter().position(|dimension| dimension.column().name == "hour");
    let mut lines: Vec<(Cell, Vec<Cell>)> = Vec::with_capacity(sums.rows.len());
    for (key, cells) in sums.rows {
        let began = hour.and_then(|at| by.get(at)?.start(key.get(at)?.as_deref()?, query.zone));
        let names = key.into_iter().map(|value| value.map_or(Cell::Blank, Cell::Text));
        lines.push((Cell::time(began), names.chain(cells).collect()));
    }
    lines.sort_by(|(began_a, a), (began_b, b)| {
        let of_column =
            |(at, is_descending): &(usize, bool)| match (sorted_by(a, *at, floors), sorted_by(b, *at, floors)) {
                (Some(_), Some(_)) if hour == Some(*at) && began_a != began_b => {
                    began_a.compare(began_b, *is_descending)
                }
                (Some(a), Some(b)) => a.compare(b, *is_descending),
                _ => Ordering::Equal,
            };
        order.iter().map(of_column).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
    let mut builder = Builder::new(columns);
    lines.into_iter().for_each(|(_, line)| builder.push(line));
    let mut rows = builder.finish()?;
    let height = rows.height();
    let nameless = if by.is_empty() { 0 } else { (0..height).filter(|row| rows.cell(*row, 0) == Cell::Blank).count() };
    if let Some(limit) = query.limit {
        rows = rows.head(limit);
    }
    let mut totals = Builder::new(sums.measures);
    totals.push(sums.totals);
    let owners = || sums.owners.iter().map(|index| &settled.owners[*index]);
    let profiles = owners().filter_map(|owner| owner.profile().map(|profile| profile.as_str()));
    let loops = loops(owners());
    Ok(Report {
        by: by.iter().map(|dimension| dimension.column()).collect(),
        rows,
        totals: totals.finish()?,
        groups: height,
        nameless,
        loops: loops.len(),
        profiles: profiles.collect::<FxHashSet<&str>>().len(),
        window: Window {
            since: query.since,
            until: query.until,
            zone: query.zone.name().to_owned(),
            found: sums.found,
        },
        slowest: slowest(&loops),
        blind_loops: blind_loops(&loops),
        filters: query.filters.iter().map(Filter::to_string).collect(),
        price_book: price_book(settled),
        cost_mode: settled.pricing.mode,
        prices: None,
        sources,
        warnings: warnings::warnings(settled),
    })
}

/// The cell that a line is sorted by in a column. `floors`: the column of costs, and that of their floors; what costs
/// at least so much stands there.
fn sorted_by(line: &[Cell], at: usize, floors: Option<(usize, usize)>) -> Option<&Cell> {
    let is_floor = |(cost, _): &(usize, usize)| *cost == at && line.get(at) == Some(&Cell::Blank);
    line.get(floors.filter(is_floor).map_or(at, |(_, floor)| floor))
}

/// The columns that rows are sorted by, in turn; `true` for descending. All dimensions are among them, so that no two
/// rows are equal.
fn order(
    columns: &[&'static schema::Column],
    by: &[Dimension],
    asked: Option<&Sort>,
    order: &[&'static str],
) -> Result<Vec<(usize, bool)>> {
    let times = by.iter().filter(|dimension| dimension.is_time()).map(|dimension| (dimension.column().name, false));
    let mut keys: Vec<(&str, bool)> = match asked {
        Some(sort) => vec![(sort.column.name, sort.is_descending)],
        None => times.chain(order.iter().map(|name| (*name, true))).collect(),
    };
    keys.extend(by.iter().map(|dimension| (dimension.column().name, false)));
    let position = |(name, is_descending): (&str, bool)| {
        let at = columns.iter().position(|column| column.name == name);
        let known = || columns.iter().map(|column| column.name).collect::<Vec<_>>();
        at.map(|at| (at, is_descending)).ok_or_else(|| unknown("column of this report", name, &known()))
    };
    keys.into_iter().map(position).collect()
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
fn slowest(loops: &[(&str, Vec<&Owner>)]) -> Option<Slowest> {
    let ratios = loops.iter().filter_map(|(name, runs)| {
        let mut times: Vec<(i64, &Owner)> = runs.iter().filter_map(|run| Some((run.duration_ms()?, *run))).collect();
        times.sort_by_key(|(time, _)| *time);
        let median = times.get(times.len() / 2).filter(|_| times.len() >= ENOUGH_RUNS)?.0;
        let (time, run) = times.last()?;
        let times_median = *time as f64 / median as f64;
        let run_id = run.run.as_ref()?.id.to_string();
        Some(Slowest { run_id, loop_name: (*name).to_owned(), times_median })
    });
    let outliers = ratios.filter(|slowest| slowest.times_median.is_finite() && slowest.times_median >= STANDS_OUT);
    outliers.max_by(|a, b| a.times_median.total_cmp(&b.times_median))
}

/// Loops of which nothing is known.
fn blind_loops(loops: &[(&str, Vec<&Owner>)]) -> Vec<String> {
    let blind = loops.iter().filter(|(_, runs)| runs.iter().all(|run| run.quality == Quality::Unknown));
    blind.map(|(name, _)| (*name).to_owned()).collect()
}
