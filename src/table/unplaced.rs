//! Usage that tells no time or no model: it may lie in the window, or be of the model, that a query asks for.
//! It is left out, and everything that it may be a part of is a floor.

use super::dimension::{Dimension, time_of};
use super::group::{Fit, walk};
use super::tally::{Adder, Tally};
use super::values::Key;
use super::{Query, Warning};
use crate::fold::Settled;

const UNDATED: &str = "undated-usage";

/// What a query leaves out, and may ask for.
#[derive(Debug, Default)]
pub(super) struct Unplaced {
    by_key: Vec<(Key, Adder)>,
    /// What may lie in the window; of the rest, no model is known.
    undated: Adder,
    unnamed: Adder,
}

/// The keys of the groups that a group may share rows with: its own, and that with any of its times, and its model,
/// not known.
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
        let filtered = || query.filters.iter().chain(&query.scope).map(|filter| filter.dimension);
        let is_windowed = query.since.is_some() || query.until.is_some() || query.last.is_some();
        if !is_windowed && !filtered().any(Dimension::is_told_by_records) {
            return unplaced;
        }
        let cuts_time = is_windowed || filtered().any(Dimension::is_time);
        let mut adders: Vec<Adder> = Vec::new();
        let grouping = walk(settled, by, query, Fit::Unsure, |index, row, owner| {
            if index == adders.len() {
                adders.push(Adder::default());
            }
            let is_undated = cuts_time && time_of(settled, row, owner).is_none();
            let of_all = if is_undated { &mut unplaced.undated } else { &mut unplaced.unnamed };
            of_all.add(row, owner);
            if let Some(adder) = adders.get_mut(index) {
                adder.add(row, owner);
            }
        });
        unplaced.by_key = grouping.keys().into_iter().zip(adders).collect();
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
        let of = |adder: &Adder, code: &str, what: &str, where_: &str| {
            let told = adder.tokens.usage().map(|usage| usage.total_tokens()).or(adder.tokens.blended());
            let tokens = told.map_or_else(|| "unknown usage".to_owned(), |tokens| format!("{tokens} tokens"));
            let message = format!("{tokens} of no known {what} may {where_}; left out, so the figures are floors");
            let count = adder.owners();
            (count > 0).then(|| Warning { code: code.to_owned(), message, count })
        };
        let undated = of(&self.undated, UNDATED, "time", "lie in the window");
        let unnamed = of(&self.unnamed, "unplaced-model", "model", "be of the models asked for");
        undated.into_iter().chain(unnamed)
    }
}

impl Warning {
    /// Whether it is about usage that no window can be sure to hold.
    pub fn is_undated(&self) -> bool {
        self.code == UNDATED
    }
}
