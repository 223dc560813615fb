//! Owners that stand in two places: a part of their usage is in a group for sure, another part (its time or its model
//! isn't known) only may be. A budget counts such an owner once.

use rustc_hash::FxHashMap;

use super::dimension::Dimension;
use super::query::Query;
use super::tally::{Adder, Tally};
use super::unplaced::{is_untold, walk_unplaced};
use super::values::Key;
use super::walk::{Fit, walk};
use crate::fold::Settled;

/// What such owners have in each of a query's groups.
#[derive(Debug, Default)]
pub struct Overlap {
    /// By the group's key, the key of the other place, and whether that was left out of the query.
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

    /// What the owners that stand in both groups have in the group `key`; `None` where no owner does. `is_left_out`:
    /// whether `other` is a group of what the query left out.
    pub fn get(&self, key: &[Option<String>], other: &[Option<String>], is_left_out: bool) -> Option<&Tally> {
        if self.by_keys.is_empty() {
            return None;
        }
        self.by_keys.get(&(key.to_vec(), other.to_vec(), is_left_out))
    }
}
