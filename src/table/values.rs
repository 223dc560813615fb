//! The values of dimensions get numbers: rows are grouped by numbers, and a text is made once for all of a group.

use std::borrow::Cow;

use chrono_tz::Tz;
use rustc_hash::FxHashMap;

use super::dimension::{Dimension, time_of};
use super::time_cut::Piece;
use crate::fold::{Owner, RowView, Settled};

/// The values of a group's dimensions, in order.
pub(super) type Key = Vec<Option<String>>;

/// Tells which group a row belongs to.
pub(super) struct Grouping<'a> {
    settled: &'a Settled,
    zone: Tz,
    levels: Vec<Level<'a>>,
    /// The latest row of other names than the one before it.
    latest: Option<RowView<'a>>,
    /// How many groups there are by no dimension at all: none before the first row.
    whole: usize,
}

/// Groups by the dimensions up to this one: a group of those before, and a value.
struct Level<'a> {
    values: Values<'a>,
    groups: FxHashMap<(u32, u32), u32>,
    /// What each group consists of.
    parts: Vec<(u32, u32)>,
    /// The latest row's group, and what it consists of.
    latest: Option<((u32, u32), u32)>,
}

impl<'a> Grouping<'a> {
    pub(super) fn new(settled: &'a Settled, by: &[Dimension], zone: Tz) -> Grouping<'a> {
        let level = |dimension: &Dimension| Level {
            values: Values::new(*dimension),
            groups: FxHashMap::default(),
            parts: Vec::new(),
            latest: None,
        };
        Grouping { settled, zone, levels: by.iter().map(level).collect(), latest: None, whole: 0 }
    }

    /// The group's index: groups are counted as they come.
    pub(super) fn index(&mut self, row: &RowView<'a>, owner: &'a Owner) -> usize {
        let is_alike = self.latest.is_some_and(|latest| latest.is_alike(row));
        if !is_alike {
            (self.latest, self.whole) = (Some(*row), 1);
        }
        let mut group = 0;
        for level in &mut self.levels {
            let number = match level.latest {
                // Rows with the same names differ in their time alone.
                Some(((_, number), _)) if is_alike && !level.values.dimension.is_time() => number,
                _ => level.values.number(self.settled, row, owner, self.zone),
            };
            group = level.group((group, number));
        }
        group as usize
    }

    /// The values of each group, groups by their indices.
    pub(super) fn keys(&self) -> Vec<Key> {
        let count = self.levels.last().map_or(self.whole, |level| level.parts.len());
        (0..count).map(|group| self.key(group)).collect()
    }

    fn key(&self, mut group: usize) -> Key {
        let mut key = vec![None; self.levels.len()];
        for (level, value) in self.levels.iter().zip(&mut key).rev() {
            let Some((before, number)) = level.parts.get(group) else { break };
            *value = level.values.text(*number).map(str::to_owned);
            group = *before as usize;
        }
        key
    }
}

impl Level<'_> {
    fn group(&mut self, part: (u32, u32)) -> u32 {
        if let Some((_, group)) = self.latest.filter(|(latest, _)| *latest == part) {
            return group;
        }
        let next = self.parts.len() as u32;
        let group = *self.groups.entry(part).or_insert(next);
        if group == next {
            self.parts.push(part);
        }
        self.latest = Some((part, group));
        group
    }
}

/// The values of a dimension that were seen, numbered.
struct Values<'a> {
    dimension: Dimension,
    texts: Vec<Option<Cow<'a, str>>>,
    by_text: FxHashMap<Option<Cow<'a, str>>, u32>,
    by_piece: FxHashMap<Option<Piece>, u32>,
    latest: Option<(Option<Piece>, u32)>,
}

impl<'a> Values<'a> {
    fn new(dimension: Dimension) -> Values<'a> {
        let (by_text, by_piece) = (FxHashMap::default(), FxHashMap::default());
        Values { dimension, texts: Vec::new(), by_text, by_piece, latest: None }
    }

    /// The number of a row's value.
    fn number(&mut self, settled: &'a Settled, row: &RowView<'a>, owner: &'a Owner, zone: Tz) -> u32 {
        let Some(cut) = self.dimension.cut() else {
            return self.number_of(self.dimension.value(settled, row, owner, zone));
        };
        let piece = time_of(settled, row, owner).and_then(|time| cut.piece(time, zone));
        if let Some((_, number)) = self.latest.filter(|(latest, _)| *latest == piece) {
            return number;
        }
        let number = match self.by_piece.get(&piece) {
            Some(known) => *known,
            None => self.number_of(self.dimension.value(settled, row, owner, zone)),
        };
        self.by_piece.insert(piece, number);
        self.latest = Some((piece, number));
        number
    }

    /// The value of this number.
    fn text(&self, number: u32) -> Option<&str> {
        self.texts.get(number as usize)?.as_deref()
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
