//! Figures of each run in a group, for their medians.

use super::cell::Cell;
use super::median::Figures;
use crate::event::{TokenUsage, Usd};
use crate::fold::{Owner, Quality, RowView};

/// Collects what each run, or conversation of no run, used. Rows come owner by owner.
#[derive(Debug, Default)]
pub(super) struct PerRun {
    open: Option<Open>,
    costs: Figures,
    total: Figures,
    uncached: Figures,
    output: Figures,
    blended: Figures,
    durations: Figures,
}

/// The owner whose rows are coming.
#[derive(Debug)]
struct Open {
    quality: Quality,
    is_priced: bool,
    cost: Usd,
    usage: TokenUsage,
    blended: u64,
}

impl PerRun {
    /// The rows of `owner` begin.
    pub(super) fn start(&mut self, owner: &Owner) {
        self.close();
        owner.duration_ms().into_iter().for_each(|duration| self.durations.push(duration));
        let is_priced = owner.quality == Quality::Exact;
        let (cost, usage) = (Usd::ZERO, TokenUsage::default());
        self.open = Some(Open { quality: owner.quality, is_priced, cost, usage, blended: 0 });
    }

    /// Adds a row of the owner; without its cost the owner has none that is known.
    pub(super) fn add(&mut self, row: &RowView<'_>) {
        let Some(open) = &mut self.open else { return };
        let cost = row.cost.exact;
        open.is_priced &= cost.is_some();
        open.cost = open.cost + cost.unwrap_or(Usd::ZERO);
        open.usage = row.usage.map_or(open.usage, |usage| open.usage.plus(&usage));
        open.blended = open.blended.saturating_add(row.blended_tokens.unwrap_or(0));
    }

    /// The rows are complete. Only what is known in full has a place in a median.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let whole = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        if open.is_priced {
            self.costs.push(open.cost.pico());
        }
        if open.quality == Quality::Exact {
            self.total.push(whole(open.usage.total_tokens()));
            self.uncached.push(whole(open.usage.uncached_input_tokens()));
            self.output.push(whole(open.usage.output_tokens));
        }
        if matches!(open.quality, Quality::Exact | Quality::Blended) {
            self.blended.push(whole(open.blended));
        }
    }

    /// The cells of [`super::columns::PER_RUN`] that are medians.
    pub(super) fn cells(&mut self) -> [Cell; 6] {
        self.close();
        let cost = Cell::usd(self.costs.median().map(Usd::from_pico));
        let others = [&mut self.total, &mut self.uncached, &mut self.output, &mut self.blended, &mut self.durations];
        let [total, uncached, output, blended, duration] = others.map(|figures| Cell::integer(figures.median()));
        [cost, total, uncached, output, blended, duration]
    }
}
