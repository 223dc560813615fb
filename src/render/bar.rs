//! The bars of a daily report: how one period compares with the largest.

use super::figure::Figure;
use super::row::Row;
use crate::table::{Cell, Table};

const LONGEST: i128 = 20;

/// What bars measure. All of them the same, money before tokens before time, as only one of these is
/// what the reader pays most attention to.
pub(super) struct Scale {
    column: &'static str,
    most: i128,
}

impl Scale {
    /// The first of cost, tokens and time that any row knows; `None` where there is nothing to compare. Runs that left
    /// only a footer tell no total: where all do, their blended tokens are what is known.
    pub(super) fn of(rows: &Table) -> Option<Scale> {
        ["cost_low_usd", "total_tokens", "blended_tokens", "duration_ms"].into_iter().find_map(|column| {
            let most = (0..rows.height()).map(|index| amount(&Row::new(rows, index), column)).max()?;
            (most > 0).then_some(Scale { column, most })
        })
    }

    /// The bar of `row`: a block for each twentieth of the largest, at least one for what is there at
    /// all, and `+` behind a floor.
    pub(super) fn bar(&self, row: &Row) -> Figure {
        let amount = amount(row, self.column);
        let blocks = if amount > 0 { ((amount * LONGEST * 2 + self.most) / (self.most * 2)).max(1) } else { 0 };
        let mut bar = "█".repeat(usize::try_from(blocks).unwrap_or(0));
        if blocks > 0 && self.is_floor(row) {
            bar.push('+');
        }
        Figure::plain(bar)
    }

    fn is_floor(&self, row: &Row) -> bool {
        match self.column {
            "cost_low_usd" => row.usd("cost_usd").is_none(),
            "total_tokens" => !row.is_complete(),
            "blended_tokens" => !row.is_blended_whole(),
            _ => false,
        }
    }
}

fn amount(row: &Row, column: &str) -> i128 {
    match row.cell(column) {
        Cell::Usd(value) => value.pico().into(),
        Cell::Integer(value) => value.into(),
        _ => 0,
    }
}
