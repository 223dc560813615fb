//! What the rows of one run or conversation come to.

use std::collections::BTreeMap;

use super::cell::Cell;
use super::money::Money;
use super::token_sum::TokenSum;
use crate::event::Id;
use crate::fold::{Owner, RowView};

/// Sums over some rows of the fact table.
#[derive(Debug, Default)]
pub(super) struct Sum {
    tokens: TokenSum,
    /// Tokens by model; of those that only a blended total is known of, that.
    by_model: BTreeMap<Id, u64>,
    money: Money,
}

impl Sum {
    /// Adds up rows.
    pub(super) fn of<'a>(rows: impl Iterator<Item = (RowView<'a>, &'a Owner)>) -> Sum {
        let mut sum = Sum::default();
        rows.for_each(|(row, owner)| sum.add(&row, owner));
        sum
    }

    fn add(&mut self, row: &RowView<'_>, owner: &Owner) {
        self.tokens.add(row.usage.as_ref(), row.blended_tokens);
        self.money.add(row, owner);
        if let Some(model) = row.model {
            let sum = self.by_model.entry(model.clone()).or_default();
            *sum = sum.saturating_add(row.known_tokens());
        }
    }

    /// The cells of [`super::columns::TOKENS`].
    pub(super) fn token_cells(&self) -> [Cell; 8] {
        self.tokens.cells()
    }

    /// The cells of [`super::columns::COSTS`].
    pub(super) fn cost_cells(&self) -> [Cell; 5] {
        self.money.cells()
    }

    /// The model with the largest share of the tokens.
    pub(super) fn model(&self) -> Option<&str> {
        let largest = self.by_model.iter().max_by_key(|(name, tokens)| (**tokens, std::cmp::Reverse(*name)));
        largest.map(|(name, _)| &**name)
    }

    /// All models, comma-separated.
    pub(super) fn models(&self) -> Cell {
        Cell::list(self.by_model.keys().map(Id::as_str))
    }
}
