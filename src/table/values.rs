//! The values of dimensions get numbers: rows are grouped by numbers, and a text is made once for all of a group.

use std::borrow::Cow;

use chrono_tz::Tz;
use rustc_hash::FxHashMap;

use super::dimension::{Cut, Dimension, time_of};
use crate::fold::{Owner, RowView, Settled};

/// The values of a group's dimensions, in order.
pub(super) type Key = Vec<Option<String>>;

/// Tells which group a row belongs to.
pub(super) struct Grouping<'a> {
    settled: &'a Settled,
    zone: Tz,
    values: Vec<Values<'a>>,
    /// Groups by the numbers of their values.
    groups: FxHashMap<Vec<u32>, usize>,
    /// The latest row of other names than the one before it, its numbers and its group.
    latest: Option<RowView<'a>>,
    numbers: Vec<u32>,
    group: usize,
}

impl<'a> Grouping<'a> {
    pub(super) fn new(settled: &'a Settled, by: &[Dimension], zone: Tz) -> Grouping<'a> {
        let values = by.iter().map(|dimension| Values::new(*dimension)).collect();
        let numbers = vec![0; by.len()];
        Grouping { settled, zone, values, groups: FxHashMap::default(), latest: None, numbers, group: 0 }
    }

    /// The group's index: groups are counted as they come.
    pub(super) fn index(&mut self, row: &RowView<'a>, owner: &'a Owner) -> usize {
        let is_alike = self.latest.is_some_and(|latest| latest.is_alike(row));
        let mut is_same = is_alike;
        for (values, number) in self.values.iter_mut().zip(&mut self.numbers) {
            // Rows with the same names differ in their time alone.
            if !is_alike || values.dimension.is_time() {
                let found = values.number(self.settled, row, owner, self.zone);
                is_same &= *number == found;
                *number = found;
            }
        }
        if !is_alike {
            self.latest = Some(*row);
        }
        if !is_same {
            let next = self.groups.len();
            self.group = match self.groups.get(self.numbers.as_slice()) {
                Some(known) => *known,
                None => *self.groups.entry(self.numbers.clone()).or_insert(next),
            };
        }
        self.group
    }

    /// The values of each group, groups by their indices.
    pub(super) fn keys(&self) -> Vec<Key> {
        let mut keys = vec![Key::new(); self.groups.len()];
        for (numbers, group) in &self.groups {
            if let Some(key) = keys.get_mut(*group) {
                let texts = self.values.iter().zip(numbers).map(|(values, number)| values.text(*number));
                key.extend(texts.map(|text| text.map(str::to_owned)));
            }
        }
        keys
    }
}

/// The values of a dimension that were seen, numbered.
pub(super) struct Values<'a> {
    dimension: Dimension,
    texts: Vec<Option<Cow<'a, str>>>,
    by_text: FxHashMap<Option<Cow<'a, str>>, u32>,
    by_cut: FxHashMap<Option<Cut>, u32>,
    latest: Option<(Option<Cut>, u32)>,
}

impl<'a> Values<'a> {
    pub(super) fn new(dimension: Dimension) -> Values<'a> {
        let (by_text, by_cut) = (FxHashMap::default(), FxHashMap::default());
        Values { dimension, texts: Vec::new(), by_text, by_cut, latest: None }
    }

    /// The number of a row's value.
    pub(super) fn number(&mut self, settled: &'a Settled, row: &RowView<'a>, owner: &'a Owner, zone: Tz) -> u32 {
        if !self.dimension.is_time() {
            return self.number_of(self.dimension.value(settled, row, owner, zone));
        }
        let cut = time_of(row, owner).and_then(|time| self.dimension.cut(time, zone));
        if let Some((_, number)) = self.latest.filter(|(latest, _)| *latest == cut) {
            return number;
        }
        let number = match self.by_cut.get(&cut) {
            Some(known) => *known,
            None => self.number_of(self.dimension.value(settled, row, owner, zone)),
        };
        self.by_cut.insert(cut, number);
        self.latest = Some((cut, number));
        number
    }

    /// The value of this number.
    pub(super) fn text(&self, number: u32) -> Option<&str> {
        self.texts.get(number as usize)?.as_deref()
    }

    /// All that were seen.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().flatten().map(|text| &**text)
    }

    fn number_of(&mut self, text: Option<Cow<'a, str>>) -> u32 {
        if let Some(known) = self.by_text.get(&text) {
            return *known;
        }
        let number = self.texts.len() as u32;
        self.texts.push(text.clone());
        self.by_text.insert(text, number);
        number
    }
}
