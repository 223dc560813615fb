//! The latest periods that hold anything a query asks for.

use chrono_tz::Tz;
use rustc_hash::{FxHashMap, FxHashSet};

use super::dimension::Dimension;
use super::query::Query;
use super::time_cut::{Piece, TimeCut};
use crate::event::Time;

/// The latest periods that were asked for.
pub(super) struct Latest {
    cut: TimeCut,
    zone: Tz,
    names: FxHashSet<String>,
    /// Whether times of a piece lie in them, as far as that was asked: the name of a period is costly.
    known: FxHashMap<Piece, bool>,
}

impl Latest {
    /// Those that the query asks for, of the periods that these times lie in. `None`: it asks for all, or there is none.
    pub(super) fn of(by: &[Dimension], query: &Query, times: impl Iterator<Item = Time>) -> Option<Latest> {
        let (count, cut) = (query.last?, by.iter().find_map(|dimension| dimension.cut())?);
        let mut periods: FxHashMap<Piece, Option<String>> = FxHashMap::default();
        for time in times {
            if let Some(piece) = cut.piece(time, query.zone) {
                periods.entry(piece).or_insert_with(|| cut.period(time, query.zone));
            }
        }
        let periods: FxHashSet<String> = periods.into_values().flatten().collect();
        let latest = cut.latest(periods.iter().map(String::as_str), count, query.zone);
        let names: FxHashSet<String> = latest.into_iter().map(str::to_owned).collect();
        (!names.is_empty()).then(|| Latest { cut, zone: query.zone, names, known: FxHashMap::default() })
    }

    /// Whether a time lies in one of them.
    pub(super) fn holds(&mut self, time: Time) -> bool {
        let Some(piece) = self.cut.piece(time, self.zone) else { return false };
        let is_in = || self.cut.period(time, self.zone).is_some_and(|period| self.names.contains(&period));
        *self.known.entry(piece).or_insert_with(is_in)
    }
}
