//! The order of a report's rows.

use std::cmp::Ordering;

use chrono_tz::Tz;

use super::cell::Cell;
use super::columns::Column;
use super::dimension::Dimension;
use super::query::Query;
use super::time_cut::TimeCut;
use super::values::Key;
use crate::error::{Result, unknown};
use crate::event::Time;

/// By what rows are sorted.
pub(super) struct Order {
    /// Places of columns, in turn; `true` for descending. All dimensions are among them, so that no two rows are equal.
    keys: Vec<(usize, bool)>,
    /// Places of the costs, and of their floors: what has no cost stands where its floor would.
    floors: Option<(usize, usize)>,
    /// The place of the hours, which go by their beginnings.
    hours: Option<usize>,
    zone: Tz,
}

/// A row, and when its hour began.
type Line = (Option<Time>, Vec<Cell>);

impl Order {
    /// The order that a query asks for; else periods, then `largest`: measures, the largest first.
    pub(super) fn of(query: &Query, by: &[Dimension], columns: &[&Column], largest: &[&str]) -> Result<Order> {
        let times = by.iter().filter(|dimension| dimension.is_time()).map(|dimension| (dimension.column().name, false));
        let mut keys: Vec<(&str, bool)> = match &query.sort {
            Some(sort) => vec![(sort.column.name, sort.is_descending)],
            None => times.chain(largest.iter().map(|name| (*name, true))).collect(),
        };
        keys.extend(by.iter().map(|dimension| (dimension.column().name, false)));
        let place = |name: &str| columns.iter().position(|column| column.name == name);
        let known = || columns.iter().map(|column| column.name).collect::<Vec<_>>();
        let key = |(name, is_descending)| {
            let place = place(name).ok_or_else(|| unknown("column of this report", name, &known()))?;
            Ok((place, is_descending))
        };
        Ok(Order {
            keys: keys.into_iter().map(key).collect::<Result<_>>()?,
            floors: place("cost_usd").zip(place("cost_low_usd")),
            hours: by.iter().position(|dimension| dimension.cut() == Some(TimeCut::Hour)),
            zone: query.zone,
        })
    }

    /// Groups in this order, each a row: its key, then its measures.
    pub(super) fn sorted(&self, groups: Vec<(Key, Vec<Cell>)>) -> impl Iterator<Item = Vec<Cell>> + use<> {
        let line = |(key, measures): (Key, Vec<Cell>)| {
            let hour = self.hours.and_then(|place| key.get(place)?.as_deref());
            let began = hour.and_then(|hour| TimeCut::Hour.start(hour, self.zone));
            let names = key.into_iter().map(|value| value.map_or(Cell::Blank, Cell::Text));
            (began, names.chain(measures).collect())
        };
        let mut lines: Vec<Line> = groups.into_iter().map(line).collect();
        lines.sort_by(|a, b| {
            let mut orders = self.keys.iter().map(|(place, is_descending)| self.compare(a, b, *place, *is_descending));
            orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        lines.into_iter().map(|(_, cells)| cells)
    }

    fn compare(&self, (began_a, a): &Line, (began_b, b): &Line, place: usize, is_descending: bool) -> Ordering {
        if self.hours == Some(place) && began_a != began_b {
            return Cell::time(*began_a).compare(&Cell::time(*began_b), is_descending);
        }
        match (self.cell(a, place), self.cell(b, place)) {
            (Some(a), Some(b)) => a.compare(b, is_descending),
            _ => Ordering::Equal,
        }
    }

    /// The cell that a row is sorted by in a column.
    fn cell<'a>(&self, row: &'a [Cell], place: usize) -> Option<&'a Cell> {
        let is_floor = |(cost, _): &(usize, usize)| *cost == place && row.get(place) == Some(&Cell::Blank);
        row.get(self.floors.filter(is_floor).map_or(place, |(_, floor)| floor))
    }
}
