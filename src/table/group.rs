//! Rows of the fact table add up to groups.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::caveat::Caveats;
use super::dimension::{Dimension, Filter, time_of};
use super::frame::Cell;
use super::money::Money;
use super::per_run::PerRun;
use super::token_sum::TokenSum;
use super::values::{Grouping, Key, Values};
use super::{Query, schema};
use crate::event::{Id, MAX_COUNT, Time, Usd};
use crate::fold::{Owner, Quality, RowView, Settled};

/// Sums over some rows. Every number is a sum, a maximum or a set, so the order of rows is free.
#[derive(Debug, Default)]
pub(super) struct Group<'a> {
    runs: u64,
    conversations: FxHashSet<&'a Id>,
    latest_conversation: Option<&'a Id>,
    calls: u64,
    tokens: TokenSum,
    money: Money,
    duration_ms: Option<i64>,
    max_duration_ms: Option<i64>,
    failed: u64,
    timed: u64,
    ended: u64,
    profiles: BTreeSet<&'a Id>,
    by_quality: [u64; 4],
    per_run: PerRun,
    /// Rows come owner by owner: an owner is new if it isn't this one.
    latest_owner: Option<usize>,
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
}

/// Adds up the rows that the query asks for.
pub(super) fn group<'a>(settled: &'a Settled, by: &[Dimension], query: &Query) -> Groups<'a> {
    let mut groups = Groups::default();
    let mut grouping = Grouping::new(settled, by, query.zone);
    let mut sums: Vec<Group<'a>> = Vec::new();
    let mut latest = first_period(settled, by, query).map(|(time, first)| (Values::new(time), first));
    for row in settled.rows.views() {
        let owner = &settled.owners[row.owner];
        if !is_asked_for(settled, &row, owner, query) {
            continue;
        }
        if let Some((periods, first)) = &mut latest {
            let period = periods.number(settled, &row, owner, query.zone);
            if periods.text(period).is_none_or(|period| period < first.as_str()) {
                continue;
            }
        }
        if groups.owners.last() != Some(&row.owner) {
            groups.owners.push(row.owner);
            groups.caveats.add_owner(owner);
        }
        if let Some(time) = time_of(&row, owner) {
            let (first, last) = groups.found.unwrap_or((time, time));
            groups.found = Some((first.min(time), last.max(time)));
        }
        let index = grouping.index(&row, owner);
        if index == sums.len() {
            sums.push(Group::default());
        }
        if let Some(sum) = sums.get_mut(index) {
            sum.add(&row, owner);
        }
        groups.totals.add(&row, owner);
        groups.caveats.add(&row);
    }
    let mut keys: Vec<(Key, usize)> = grouping.keys().collect();
    keys.sort_unstable_by_key(|(_, index)| *index);
    groups.by_key = keys.into_iter().map(|(key, _)| key).zip(sums).collect();
    groups
}

/// The first of the latest periods that were asked for, as text: periods sort as they read.
fn first_period(settled: &Settled, by: &[Dimension], query: &Query) -> Option<(Dimension, String)> {
    let last = query.last?;
    let time = *by.iter().find(|dimension| dimension.is_time())?;
    let mut periods = Values::new(time);
    for row in settled.rows.views() {
        let owner = &settled.owners[row.owner];
        if is_asked_for(settled, &row, owner, query) {
            periods.number(settled, &row, owner, query.zone);
        }
    }
    let sorted: BTreeSet<&str> = periods.texts().collect();
    let first = sorted.into_iter().rev().take(last).next_back()?;
    Some((time, first.to_owned()))
}

/// Whether a row passes the filters and lies in the window.
pub(super) fn is_asked_for(settled: &Settled, row: &RowView<'_>, owner: &Owner, query: &Query) -> bool {
    passes(query, time_of(row, owner), |dimension| dimension.value(settled, row, owner, query.zone))
}

/// Whether what has this time and these values passes the filters (one of each key's) and lies in the window.
pub(super) fn passes<'a>(query: &Query, time: Option<Time>, value: impl Fn(Dimension) -> Option<Cow<'a, str>>) -> bool {
    let passes = |filters: &[Filter]| {
        filters.iter().all(|filter| {
            let value = value(filter.dimension);
            let of_key = filters.iter().filter(|other| other.dimension == filter.dimension);
            of_key.into_iter().any(|other| other.matches(value.as_deref()))
        })
    };
    let after = query.since.is_none_or(|since| time.is_some_and(|time| time >= since));
    let before = query.until.is_none_or(|until| time.is_some_and(|time| time < until));
    passes(&query.filters) && passes(&query.scope) && after && before
}

impl<'a> Group<'a> {
    fn add(&mut self, row: &RowView<'a>, owner: &'a Owner) {
        if self.latest_owner.replace(row.owner) != Some(row.owner) {
            self.add_owner(owner);
        }
        let is_used = row.usage.is_some_and(|usage| !usage.is_zero()) || row.blended_tokens.is_some_and(|sum| sum > 0);
        if let Some(id) = row.conversation.filter(|id| is_used && self.latest_conversation != Some(*id)) {
            self.conversations.insert(id);
            self.latest_conversation = Some(id);
        }
        self.calls += u64::from(row.is_call);
        self.tokens.add(row.usage.as_ref(), row.blended_tokens);
        self.money.add(row, owner);
        self.per_run.add(row);
    }

    fn add_owner(&mut self, owner: &'a Owner) {
        let run = owner.run.as_ref();
        self.runs += u64::from(run.is_some());
        self.failed += u64::from(owner.is_failed());
        self.timed += u64::from(owner.duration_ms().is_some());
        self.ended += u64::from(run.is_some_and(|run| run.status.is_some()));
        self.by_quality[owner.quality as usize] += 1;
        self.per_run.start(owner);
        self.profiles.extend(run.and_then(|run| run.profile.as_ref()));
        if let Some(duration) = owner.duration_ms() {
            self.duration_ms = Some(self.duration_ms.unwrap_or(0).saturating_add(duration));
            self.max_duration_ms = self.max_duration_ms.max(Some(duration));
        }
    }

    /// The measures of [`schema::measures`], in their order.
    pub(super) fn cells(&mut self) -> Vec<Cell> {
        let is_empty = self.by_quality.iter().sum::<u64>() == 0;
        let complete = self.by_quality[Quality::Exact as usize] == self.by_quality.iter().sum::<u64>();
        let calls = if self.calls > 0 { count(self.calls) } else { Cell::Blank };
        let mut cells = vec![count(self.runs), count(self.conversations.len() as u64), calls];
        cells.extend(self.tokens.cells());
        cells.extend(self.money.cells());
        cells.extend([
            self.duration_ms.map_or(Cell::Blank, Cell::Integer),
            self.max_duration_ms.map_or(Cell::Blank, Cell::Integer),
            count(self.failed),
            count(self.timed),
            count(self.ended),
            list(self.profiles.iter().map(|name| name.as_str())),
            Cell::Flag(complete || is_empty),
        ]);
        cells.extend(self.by_quality.map(count));
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
