//! What rows cost together.

use super::cell::Cell;
use crate::event::Usd;
use crate::fold::{Owner, Quality, RowView};

/// Where sums of money stop; what stopped there is a floor.
const MOST: Usd = Usd::from_pico(i64::MAX);

/// Sums of costs. Each is a sum of integers, so the order of rows is free.
#[derive(Debug, Clone, Default)]
pub(super) struct Money {
    exact: Usd,
    reported: Option<Usd>,
    computed: Option<Usd>,
    low: Option<Usd>,
    high: Usd,
    /// Whether any row was added.
    has_rows: bool,
    /// Whether a part's cost, its computed cost, its upper bound are not known.
    lacks_exact: bool,
    lacks_computed: bool,
    lacks_high: bool,
}

impl Money {
    /// Adds a row. What an owner left that isn't known in full, costs more than its rows do.
    pub(super) fn add(&mut self, row: &RowView<'_>, owner: &Owner) {
        let is_whole = owner.quality == Quality::Exact;
        let cost = &row.cost;
        self.has_rows = true;
        self.exact = self.exact + cost.exact.unwrap_or(Usd::ZERO);
        self.high = self.high + cost.high.unwrap_or(Usd::ZERO);
        self.reported = Usd::sum_known(self.reported, cost.reported);
        self.computed = Usd::sum_known(self.computed, cost.computed);
        self.low = Usd::sum_known(self.low, cost.low);
        self.lacks_exact |= !is_whole || cost.exact.is_none();
        self.lacks_computed |= !is_whole || cost.computed.is_none();
        self.lacks_high |= !is_whole || cost.high.is_none();
    }

    /// Rows that may belong to these, or not: what is known is a floor.
    pub(super) fn may_add(&mut self, unplaced: &Money) {
        self.high = self.high + unplaced.high;
        self.lacks_exact = true;
        self.lacks_computed = true;
        self.lacks_high |= unplaced.lacks_high;
    }

    /// The cost; `None` unless all of it is known.
    pub(super) fn exact(&self) -> Option<Usd> {
        self.known(self.lacks_exact, self.exact)
    }

    /// It costs this or more; `None` where nothing is known.
    pub(super) fn low(&self) -> Option<Usd> {
        self.low
    }

    /// It costs this or less; `None` where nothing bounds it.
    pub(super) fn high(&self) -> Option<Usd> {
        self.known(self.lacks_high, self.high)
    }

    /// The cells of [`super::columns::COSTS`].
    pub(super) fn cells(&self) -> [Cell; 5] {
        let computed = self.computed.and_then(|computed| self.known(self.lacks_computed, computed));
        [self.exact(), self.reported, computed, self.low, self.high()].map(Cell::usd)
    }

    fn known(&self, lacks: bool, usd: Usd) -> Option<Usd> {
        Some(usd).filter(|usd| self.has_rows && !lacks && *usd < MOST)
    }
}
