//! Usage that tells no time or no model: it may lie in the window, or be of the model, that a query asks for.
//! It is left out, and everything that it may be a part of is a floor.

use super::digits::grouped;
use super::dimension::{Dimension, time_of};
use super::query::Query;
use super::tally::{Adder, Tally};
use super::values::{Grouping, Key};
use super::walk::{Fit, walk};
use super::warning_code::WarningCode;
use super::warnings::{Warning, owners};
use crate::event::Usd;
use crate::fold::{Owner, Quality, RowView, Settled};

/// What a query leaves out, and may ask for.
#[derive(Debug, Default)]
pub(super) struct Unplaced {
    by_key: Vec<(Key, Adder)>,
    /// What may lie in the window; of the rest, no model is known.
    undated: Adder,
    unnamed: Adder,
}

/// Keys of the groups that may hold rows of the group `key`: `key` itself, and `key` with some or all of its times and
/// its model unknown.
pub fn wider(by: &[Dimension], key: &[Option<String>]) -> Vec<Vec<Option<String>>> {
    let mut keys = vec![key.to_vec()];
    for (at, dimension) in by.iter().enumerate() {
        if !dimension.is_told_by_records() || key.get(at).is_none_or(Option::is_none) {
            continue;
        }
        for mut wider in keys.clone() {
            wider.iter_mut().skip(at).take(1).for_each(|value| *value = None);
            keys.push(wider);
        }
    }
    keys
}

impl Unplaced {
    /// Adds it up.
    pub(super) fn of(settled: &Settled, by: &[Dimension], query: &Query) -> Unplaced {
        let mut unplaced = Unplaced::default();
        let cuts_time = is_windowed(query) || query.filtered().any(Dimension::is_time);
        let mut adders: Vec<Adder> = Vec::new();
        let grouping = walk_unplaced(settled, by, query, |index, row, owner| {
            if index >= adders.len() {
                adders.resize_with(index + 1, Adder::default);
            }
            let is_undated = cuts_time && time_of(settled, row, owner).is_none();
            let of_all = if is_undated { &mut unplaced.undated } else { &mut unplaced.unnamed };
            of_all.add(row, owner);
            if let Some(adder) = adders.get_mut(index) {
                adder.add(row, owner);
            }
        });
        let Some(grouping) = grouping else { return unplaced };
        let by_key = grouping.keys().into_iter().zip(adders);
        unplaced.by_key = by_key.filter(|(_, adder)| adder.owners() > 0).collect();
        unplaced
    }

    /// Its groups.
    pub(super) fn groups(&self) -> impl Iterator<Item = (&Key, &Adder)> {
        self.by_key.iter().map(|(key, adder)| (key, adder))
    }

    /// What its groups come to.
    pub(super) fn tallies(self) -> Vec<Tally> {
        self.by_key.into_iter().map(|(key, adder)| adder.tally(key)).collect()
    }

    /// What stands in the report's `warnings`. Their count is that of runs and conversations.
    pub(super) fn warnings(&self) -> impl Iterator<Item = Warning> {
        let of = |adder: &Adder, code: WarningCode, what: &str, where_: &str| {
            let told = adder.tokens.usage().map(|usage| usage.total_tokens()).or(adder.tokens.blended());
            let is_told = told.filter(|tokens| *tokens > 0);
            let tokens = match is_told {
                None => "usage".to_owned(),
                Some(1) => "1 token".to_owned(),
                Some(tokens) => format!("{} tokens", grouped(tokens.into())),
            };
            let message = format!("{tokens} of no known {what} may {where_}; left out, so the figures are floors");
            let count = adder.owners();
            let counted = owners(count, adder.runs);
            (count > 0).then_some(Warning { code, message, count, counted })
        };
        let undated = of(&self.undated, WarningCode::UndatedUsage, "time", "lie in the window");
        let unnamed = of(&self.unnamed, WarningCode::UnplacedModel, "model", "be of the models asked for");
        undated.into_iter().chain(unnamed)
    }
}

fn is_windowed(query: &Query) -> bool {
    query.since.is_some() || query.until.is_some() || query.last.is_some()
}

/// Gives the rows that may be asked for, and are left out, to `take`, each with the index of its group and its owner.
/// `None`: the query leaves out nothing that may be asked for.
pub(super) fn walk_unplaced<'a>(
    settled: &'a Settled,
    by: &[Dimension],
    query: &Query,
    mut take: impl FnMut(usize, &RowView<'a>, &'a Owner),
) -> Option<Grouping<'a>> {
    if !is_windowed(query) && !query.filtered().any(Dimension::is_told_by_records) {
        return None;
    }
    Some(walk(settled, by, query, Fit::Unsure, |index, row, owner| {
        // A run counts for itself wherever it lies, but is of no model if it used none.
        let counts = owner.run.is_some() && time_of(settled, row, owner).is_none();
        if counts || !adds_nothing(row, owner) {
            take(index, row, owner);
        }
    }))
}

/// Whether a row tells nothing of a dimension that records tell.
pub(super) fn is_untold(dimension: Dimension, settled: &Settled, row: &RowView<'_>, owner: &Owner) -> bool {
    if dimension.is_time() { time_of(settled, row, owner).is_none() } else { row.model.is_none() }
}

/// Whether it is known that a row has neither tokens nor costs.
fn adds_nothing(row: &RowView<'_>, owner: &Owner) -> bool {
    let is_free = row.cost.exact == Some(Usd::ZERO);
    owner.quality == Quality::Exact && is_free && row.usage.is_some_and(|usage| usage.is_zero())
}
