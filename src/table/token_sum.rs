//! Tokens of some rows, added up.

use super::cell::Cell;
use crate::event::{MAX_COUNT, TokenUsage};
use crate::fold::UsageRow;

/// A sum of usage. Each number is a sum of its own, as rows may know one and not the other.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TokenSum {
    usage: Option<TokenUsage>,
    /// Not derived from `usage`: a row whose cache reads exceed its input would take from the others.
    uncached: u64,
    blended: Option<u64>,
}

impl TokenSum {
    /// What one row tells.
    pub(super) fn of(row: &UsageRow) -> TokenSum {
        let mut sum = TokenSum::default();
        sum.add(row.usage.as_ref(), row.blended_tokens);
        sum
    }

    /// Adds what a row or a witness tells: a split, a blended total, or both.
    pub(super) fn add(&mut self, usage: Option<&TokenUsage>, blended: Option<u64>) {
        if let Some(usage) = usage {
            self.usage = Some(self.usage.unwrap_or_default().plus(usage));
            self.uncached = self.uncached.saturating_add(usage.uncached_input_tokens()).min(MAX_COUNT);
        }
        if let Some(blended) = blended {
            self.blended = Some(self.blended.unwrap_or(0).saturating_add(blended).min(MAX_COUNT));
        }
    }

    /// The split; `None` where it isn't known of any row.
    pub(super) fn usage(&self) -> Option<&TokenUsage> {
        self.usage.as_ref()
    }

    /// Input that was not read from the cache.
    pub(super) fn uncached(&self) -> Option<u64> {
        self.usage.map(|_| self.uncached)
    }

    /// Blended totals.
    pub(super) fn blended(&self) -> Option<u64> {
        self.blended
    }

    /// Whether a sum stopped at the largest count: it is a floor then.
    pub(super) fn is_stopped(&self) -> bool {
        let total = self.usage.as_ref().map_or(0, TokenUsage::total_tokens);
        total.max(self.blended.unwrap_or(0)) >= MAX_COUNT
    }

    /// The cells of [`super::columns::TOKENS`].
    pub(super) fn cells(&self) -> [Cell; 8] {
        let usage = self.usage.as_ref();
        let of = |get: fn(&TokenUsage) -> u64| usage.map_or(Cell::Blank, |usage| Cell::count(get(usage)));
        [
            of(|usage| usage.input_tokens),
            of(|usage| usage.cache_read_input_tokens),
            of(|usage| usage.cache_creation_input_tokens),
            self.uncached().map_or(Cell::Blank, Cell::count),
            of(|usage| usage.output_tokens),
            usage.and_then(|usage| usage.reasoning_output_tokens).map_or(Cell::Blank, Cell::count),
            of(TokenUsage::total_tokens),
            self.blended.map_or(Cell::Blank, Cell::count),
        ]
    }
}
