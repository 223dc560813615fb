//! Rows of the fact table add up to groups.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::caveat::Caveats;
use super::dimension::{Dimension, Filter, time_of};
use super::frame::Cell;
use super::per_run::PerRun;
use super::tally::Adder;
use super::unplaced::{Unplaced, wider};
use super::values::{Grouping, Key, Values};
use super::{Query, schema};
use crate::event::{Id, MAX_COUNT, Time, Usd};
use crate::fold::{Owner, Quality, RowView, Settled};

/// Sums over some rows. Every number is a sum, a maximum or a set, so the order of rows is free.
#[derive(Debug, Default)]
pub(super) struct Group<'a> {
    sums: Adder,
    conversations: FxHashSet<&'a Id>,
    latest_conversation: Option<&'a Id>,
    calls: u64,
    max_duration_ms: Option<i64>,
    profiles: BTreeSet<&'a Id>,
    per_run: PerRun,
    /// Whether usage that was left out may be of it.
    may_lack: bool,
}

/// Groups and totals of a query's rows.
#[derive(Debug, Default)]
pub(super) struct Groups<'a> {
    pub(super) by_key: Vec<(Key, Group<'a>)>,
    pub(super) totals: Group<'a>,
    /// The first and the last time of a row.
    pub(super) found: Option<(Time, Time)>,
    /// Indices of the owners that have a row in the query.
    pub(super) owners: Vec<usize>,
    /// What is to be said of the costs.
    pub(super) caveats: Caveats<'a>,
    /// What may be asked for, and was left out.
    pub(super) unplaced: Unplaced,
}

/// Adds up the rows that the query asks for.
pub(super) fn group<'a>(settled: &'a Settled, by: &[Dimension], query: &Query) -> Groups<'a> {
    let mut groups = Groups::default();
    let mut sums: Vec<Group<'a>> = Vec::new();
    let grouping = walk(settled, by, query, Fit::Sure, |index, row, owner| {
        if groups.owners.last() != Some(&row.owner) {
            groups.owners.push(row.owner);
            groups.caveats.add_owner(owner);
        }
        if let Some(time) = time_of(settled, row, owner) {
            let (first, last) = groups.found.unwrap_or((time, time));
            groups.found = Some((first.min(time), last.max(time)));
        }
        if index == sums.len() {
            sums.push(Group::default());
        }
        if let Some(sum) = sums.get_mut(index) {
            sum.add(row, owner);
        }
        groups.totals.add(row, owner);
        groups.caveats.add(row);
    });
    groups.by_key = grouping.keys().into_iter().zip(sums).collect();
    groups.unplaced = Unplaced::of(settled, by, query);
    let unplaced: FxHashMap<&Key, &Adder> = groups.unplaced.groups().collect();
    unplaced.values().for_each(|adder| groups.totals.may_add(adder));
    for (key, group) in groups.by_key.iter_mut().filter(|_| !unplaced.is_empty()) {
        wider(by, key).iter().filter_map(|key| unplaced.get(key)).for_each(|adder| group.may_add(adder));
    }
    groups
}

/// Whether a query asks for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It doesn't.
    No,
    /// The row tells no time or no model, and may be of those that are asked for.
    Unsure,
    /// It does.
    Sure,
}

impl Fit {
    fn sure(is_sure: bool) -> Fit {
        if is_sure { Fit::Sure } else { Fit::No }
    }
}

/// Gives the rows that fit the query so well, and no better, to `take`, each with the index of its group and its owner.
pub(super) fn walk<'a>(
    settled: &'a Settled,
    by: &[Dimension],
    query: &Query,
    wanted: Fit,
    mut take: impl FnMut(usize, &RowView<'a>, &'a Owner),
) -> Grouping<'a> {
    let mut grouping = Grouping::new(settled, by, query.zone);
    let mut latest = latest_periods(settled, by, query);
    let mut asked = Asked::new(settled, query);
    for row in settled.rows.views() {
        let owner = &settled.owners[row.owner];
        let mut fit = asked.fit(&row, owner);
        if fit != Fit::No
            && let Some((periods, kept)) = &mut latest
            && !kept.contains(&periods.number(settled, &row, owner, query.zone))
        {
            fit = if time_of(settled, &row, owner).is_none() { Fit::Unsure } else { Fit::No };
        }
        if fit != wanted {
            continue;
        }
        take(grouping.index(&row, owner), &row, owner);
    }
    grouping
}

/// The periods that rows lie in, and the numbers of the latest ones that were asked for. `None`: all are.
fn latest_periods<'a>(settled: &'a Settled, by: &[Dimension], query: &Query) -> Option<(Values<'a>, FxHashSet<u32>)> {
    let last = query.last?;
    let time = *by.iter().find(|dimension| dimension.is_time())?;
    let (mut asked, mut periods) = (Asked::new(settled, query), Values::new(time));
    for row in settled.rows.views() {
        let owner = &settled.owners[row.owner];
        if asked.fit(&row, owner) == Fit::Sure {
            periods.number(settled, &row, owner, query.zone);
        }
    }
    let latest = periods.latest(last, query.zone);
    (!latest.is_empty()).then_some((periods, latest))
}

/// Tells which rows a query asks for.
struct Asked<'a, 'q> {
    settled: &'a Settled,
    query: &'q Query,
    has_filters: bool,
    /// Whether a filter asks for times. Others treat rows with the same names alike.
    cuts_time: bool,
    /// The latest row that was held against the filters, and how it fits them.
    latest: Option<(RowView<'a>, Fit)>,
}

impl<'a, 'q> Asked<'a, 'q> {
    fn new(settled: &'a Settled, query: &'q Query) -> Asked<'a, 'q> {
        let mut dimensions = query.filters.iter().chain(&query.scope).map(|filter| filter.dimension).peekable();
        let has_filters = dimensions.peek().is_some();
        Asked { settled, query, has_filters, cuts_time: dimensions.any(Dimension::is_time), latest: None }
    }

    fn fit(&mut self, row: &RowView<'a>, owner: &'a Owner) -> Fit {
        let of_window = fit_window(self.query, time_of(self.settled, row, owner));
        if of_window == Fit::No || !self.has_filters {
            return of_window;
        }
        if let Some((_, fit)) = self.latest.filter(|(latest, _)| !self.cuts_time && latest.is_alike(row)) {
            return fit.min(of_window);
        }
        let value = |dimension: Dimension| dimension.value(self.settled, row, owner, self.query.zone);
        let fit = fit_filters(self.query, value);
        self.latest = Some((*row, fit));
        fit.min(of_window)
    }
}

/// Whether a row passes the filters and lies in the window.
pub(super) fn is_asked_for(settled: &Settled, row: &RowView<'_>, owner: &Owner, query: &Query) -> bool {
    passes(query, time_of(settled, row, owner), |dimension| dimension.value(settled, row, owner, query.zone))
}

/// Whether what has this time and these values passes the filters and lies in the window.
pub(super) fn passes<'a>(query: &Query, time: Option<Time>, value: impl Fn(Dimension) -> Option<Cow<'a, str>>) -> bool {
    fit_window(query, time) == Fit::Sure && fit_filters(query, value) == Fit::Sure
}

fn fit_window(query: &Query, time: Option<Time>) -> Fit {
    let Some(time) = time else {
        return if query.since.or(query.until).is_some() { Fit::Unsure } else { Fit::Sure };
    };
    Fit::sure(query.since.is_none_or(|since| time >= since) && query.until.is_none_or(|until| time < until))
}

/// How these values fit one filter of each key.
fn fit_filters<'a>(query: &Query, value: impl Fn(Dimension) -> Option<Cow<'a, str>>) -> Fit {
    let fit = |filters: &[Filter]| {
        let of_key = |filter: &Filter| {
            let value = value(filter.dimension);
            let mut alike = filters.iter().filter(|other| other.dimension == filter.dimension);
            match alike.any(|other| other.matches(value.as_deref())) {
                false if value.is_none() && filter.dimension.is_told_by_records() => Fit::Unsure,
                is_sure => Fit::sure(is_sure),
            }
        };
        filters.iter().map(of_key).min().unwrap_or(Fit::Sure)
    };
    fit(&query.filters).min(fit(&query.scope))
}

impl<'a> Group<'a> {
    fn add(&mut self, row: &RowView<'a>, owner: &'a Owner) {
        if self.sums.add(row, owner) {
            self.per_run.start(owner);
            self.profiles.extend(owner.profile());
            self.max_duration_ms = self.max_duration_ms.max(owner.duration_ms());
        }
        let has_tokens =
            row.usage.is_some_and(|usage| !usage.is_zero()) || row.blended_tokens.is_some_and(|sum| sum > 0);
        // A call of which the harness tells no token is one all the same.
        let is_used = row.is_call || has_tokens;
        if let Some(id) = row.conversation.filter(|id| is_used && self.latest_conversation != Some(*id)) {
            self.conversations.insert(id);
            self.latest_conversation = Some(id);
        }
        self.calls += u64::from(row.is_call);
        self.per_run.add(row);
    }

    /// What was left out may be of it: its sums are floors.
    fn may_add(&mut self, unplaced: &Adder) {
        self.may_lack = true;
        self.sums.money.may_add(&unplaced.money);
    }

    /// The measures of [`schema::measures`], in their order.
    pub(super) fn cells(&mut self) -> Vec<Cell> {
        let sums = &self.sums;
        let complete = !self.may_lack && sums.by_quality[Quality::Exact as usize] == sums.owners();
        let calls = if self.calls > 0 { count(self.calls) } else { Cell::Blank };
        let mut cells = vec![count(sums.runs), count(self.conversations.len() as u64), calls];
        cells.extend(sums.tokens.cells());
        cells.extend(sums.money.cells());
        cells.extend([
            Cell::integer(sums.duration_ms),
            Cell::integer(self.max_duration_ms),
            count(sums.failed),
            count(sums.timed),
            count(sums.ended),
            list(self.profiles.iter().map(|name| name.as_str())),
            Cell::Flag(complete),
        ]);
        cells.extend(sums.by_quality.map(count));
        cells.push(count(sums.priced()));
        cells.extend(self.per_run.cells());
        debug_assert_eq!(cells.len(), schema::measures().len());
        cells
    }
}

pub(super) fn count(value: u64) -> Cell {
    Cell::Integer(value.min(MAX_COUNT) as i64)
}

pub(super) fn usd(value: Option<Usd>) -> Cell {
    value.map_or(Cell::Blank, Cell::Usd)
}

/// Names, comma-separated.
pub(super) fn list<'a>(names: impl Iterator<Item = &'a str>) -> Cell {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { Cell::Blank } else { Cell::Text(names.join(",")) }
}
