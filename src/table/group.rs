//! Rows of the fact table add up to groups.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::caveat::Caveats;
use super::cell::Cell;
use super::dimension::{Dimension, time_of};
use super::found::Found;
use super::per_run::PerRun;
use super::query::Query;
use super::tally::Adder;
use super::unplaced::{Unplaced, wider};
use super::values::Key;
use super::walk::{Fit, walk};
use crate::event::Id;
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
    pub(super) found: Found,
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
        groups.found.add(time_of(settled, row, owner));
        if index == sums.len() {
            sums.push(Group::default());
        }
        if let Some(sum) = sums.get_mut(index) {
            sum.add(row, owner);
        }
        groups.totals.add(row, owner);
        groups.caveats.add(row, owner);
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

    /// The measures of [`super::columns::measures`], in their order.
    pub(super) fn cells(&mut self) -> Vec<Cell> {
        let sums = &self.sums;
        let complete =
            !self.may_lack && !sums.tokens.is_stopped() && sums.by_quality[Quality::Exact as usize] == sums.owners();
        let calls = if self.calls > 0 { Cell::count(self.calls) } else { Cell::Blank };
        let mut cells = vec![Cell::count(sums.runs), Cell::count(self.conversations.len() as u64), calls];
        cells.extend(sums.tokens.cells());
        cells.extend(sums.money.cells());
        cells.extend([
            Cell::integer(sums.duration_ms),
            Cell::integer(self.max_duration_ms),
            Cell::count(sums.failed),
            Cell::count(sums.timed),
            Cell::count(sums.ended),
            Cell::list(self.profiles.iter().map(|name| name.as_str())),
            Cell::Flag(complete),
        ]);
        cells.extend(sums.by_quality.map(Cell::count));
        cells.push(Cell::count(sums.priced()));
        cells.extend(self.per_run.cells());
        cells
    }
}
