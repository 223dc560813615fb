//! Runs, and conversations of no run, that are of a group, and also have usage that may be of it: they are one.

use rustc_hash::FxHashMap;

use super::dimension::Dimension;
use super::query::Query;
use super::tally::{Adder, Tally};
use super::unplaced::{is_untold, walk_unplaced};
use super::values::Key;
use super::walk::{Fit, walk};
use crate::fold::Settled;

/// Of a query's groups, what is of those that have usage elsewhere that may be of the group.
#[derive(Debug, Default)]
pub struct Overlap {
    /// By the group's key, the other's, and whether that was left out.
    by_keys: FxHashMap<(Key, Key, bool), Tally>,
}

impl Overlap {
    /// Adds it up.
    pub(super) fn of(settled: &Settled, by: &[Dimension], query: &Query) -> Overlap {
        // Of each owner: the groups of what was left out, or of no known period or model.
        let mut elsewhere: FxHashMap<usize, Vec<(usize, bool)>> = FxHashMap::default();
        let mut note = |owner, place| {
            let places = elsewhere.entry(owner).or_default();
            if !places.contains(&place) {
                places.push(place);
            }
        };
        let left_out = walk_unplaced(settled, by, query, |index, row, _| note(row.owner, (index, true)));
        let told: Vec<Dimension> = by.iter().copied().filter(|dimension| dimension.is_told_by_records()).collect();
        if !told.is_empty() {
            walk(settled, by, query, Fit::Sure, |index, row, owner| {
                if told.iter().any(|dimension| is_untold(*dimension, settled, row, owner)) {
                    note(row.owner, (index, false));
                }
            });
        }
        if elsewhere.is_empty() {
            return Overlap::default();
        }
        let mut adders: FxHashMap<(usize, usize, bool), Adder> = FxHashMap::default();
        let grouping = walk(settled, by, query, Fit::Sure, |index, row, owner| {
            for (place, is_left_out) in elsewhere.get(&row.owner).into_iter().flatten() {
                adders.entry((index, *place, *is_left_out)).or_default().add(row, owner);
            }
        });
        let (keys, left_out) = (grouping.keys(), left_out.map(|grouping| grouping.keys()).unwrap_or_default());
        let by_keys = adders.into_iter().filter_map(|((index, place, is_left_out), adder)| {
            let key = keys.get(index)?;
            let other = if is_left_out { left_out.get(place)? } else { keys.get(place)? };
            Some(((key.clone(), other.clone(), is_left_out), adder.tally(key.clone())))
        });
        Overlap { by_keys: by_keys.collect() }
    }

    /// What is in the group `key` of those that also are in the group `other`; `None` where there are none.
    pub fn get(&self, key: &[Option<String>], other: &[Option<String>], is_left_out: bool) -> Option<&Tally> {
        if self.by_keys.is_empty() {
            return None;
        }
        self.by_keys.get(&(key.to_vec(), other.to_vec(), is_left_out))
    }
}
