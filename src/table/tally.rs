//! Sums over groups of rows that remember no single run: what budgets are held against.

use super::money::Money;
use super::query::{Query, default_by};
use super::token_sum::TokenSum;
use super::values::Key;
use super::walk::{Fit, walk};
use crate::error::Result;
use crate::event::{MAX_COUNT, Usd};
use crate::fold::{Owner, Quality, RowView, Settled};

/// What one group of a report comes to: the columns of [`super::schema::measures`] that are sums. `None` where nothing is
/// known. No number is negative; all are `i64` as the columns are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// The values of its dimensions, in order; `None` for rows without one.
    pub key: Vec<Option<String>>,
    /// Runs.
    pub runs: i64,
    /// Those whose status isn't success.
    pub failed_runs: i64,
    /// Those with a status.
    pub ended_runs: i64,
    /// Those with a start and a finish.
    pub timed_runs: i64,
    /// Runs, and conversations of no run, whose cost is known in full.
    pub priced_runs: i64,
    /// Those whose split of tokens is known in full.
    pub exact_runs: i64,
    /// Those of which only the blended total is known.
    pub blended_runs: i64,
    /// All runs, and conversations of no run.
    pub owners: i64,
    /// Runs of which a session log that wasn't read may tell more.
    pub unlogged_runs: i64,
    /// Input and output tokens.
    pub total_tokens: Option<i64>,
    /// Input tokens that were not read from the cache.
    pub uncached_input_tokens: Option<i64>,
    /// Output tokens.
    pub output_tokens: Option<i64>,
    /// Uncached input and output tokens, those of runs included that tell nothing else.
    pub blended_tokens: Option<i64>,
    /// The cost, where all of it is known.
    pub cost: Option<Usd>,
    /// It costs this or more.
    pub cost_low: Option<Usd>,
    /// It costs this or less.
    pub cost_high: Option<Usd>,
    /// Finish − start of its runs, added up, in milliseconds.
    pub duration_ms: Option<i64>,
}

/// What the groups of a query come to, in any order.
pub(super) fn tallies(settled: &Settled, query: &Query) -> Result<Vec<Tally>> {
    let by = default_by(settled, query)?;
    let mut adders: Vec<Adder> = Vec::new();
    let grouping = walk(settled, &by, query, Fit::Sure, |index, row, owner| {
        if index == adders.len() {
            adders.push(Adder::default());
        }
        if let Some(adder) = adders.get_mut(index) {
            adder.add(row, owner);
        }
    });
    Ok(grouping.keys().into_iter().zip(adders).map(|(key, adder)| adder.tally(key)).collect())
}

/// Adds up rows. Every number is a sum, so the order of owners is free.
#[derive(Debug, Default)]
pub(super) struct Adder {
    pub(super) tokens: TokenSum,
    pub(super) money: Money,
    pub(super) runs: u64,
    pub(super) failed: u64,
    pub(super) ended: u64,
    pub(super) timed: u64,
    pub(super) by_quality: [u64; 4],
    unlogged: u64,
    pub(super) duration_ms: Option<i64>,
    priced: u64,
    /// Whether the cost of the latest owner is known so far.
    is_priced: bool,
    /// Rows come owner by owner: an owner is new if it isn't this one.
    latest_owner: Option<usize>,
}

impl Adder {
    /// Adds a row, and tells whether it is the first of its owner.
    pub(super) fn add(&mut self, row: &RowView<'_>, owner: &Owner) -> bool {
        let is_first = self.latest_owner.replace(row.owner) != Some(row.owner);
        if is_first {
            self.add_owner(owner);
        }
        self.is_priced &= row.cost.exact.is_some();
        self.tokens.add(row.usage.as_ref(), row.blended_tokens);
        self.money.add(row, owner);
        is_first
    }

    fn add_owner(&mut self, owner: &Owner) {
        let run = owner.run.as_ref();
        self.priced = self.priced();
        self.is_priced = owner.quality == Quality::Exact;
        self.runs += u64::from(run.is_some());
        self.failed += u64::from(owner.is_failed());
        self.ended += u64::from(run.is_some_and(|run| run.status.is_some()));
        self.by_quality[owner.quality as usize] += 1;
        self.unlogged += u64::from(owner.lacks_log);
        if let Some(duration) = owner.duration_ms() {
            self.timed += 1;
            self.duration_ms = Some(self.duration_ms.unwrap_or(0).saturating_add(duration));
        }
    }

    /// Owners whose cost is known in full.
    pub(super) fn priced(&self) -> u64 {
        self.priced + u64::from(self.is_priced)
    }

    /// Runs, and conversations of no run.
    pub(super) fn owners(&self) -> u64 {
        self.by_quality.iter().sum()
    }

    /// What they come to.
    pub(super) fn tally(&self, key: Key) -> Tally {
        let count = |value: u64| value.min(MAX_COUNT) as i64;
        let tokens = &self.tokens;
        Tally {
            key,
            runs: count(self.runs),
            failed_runs: count(self.failed),
            ended_runs: count(self.ended),
            timed_runs: count(self.timed),
            priced_runs: count(self.priced()),
            exact_runs: count(self.by_quality[Quality::Exact as usize]),
            blended_runs: count(self.by_quality[Quality::Blended as usize]),
            owners: count(self.owners()),
            unlogged_runs: count(self.unlogged),
            total_tokens: tokens.usage().map(|usage| count(usage.total_tokens())),
            uncached_input_tokens: tokens.uncached().map(count),
            output_tokens: tokens.usage().map(|usage| count(usage.output_tokens)),
            blended_tokens: tokens.blended().map(count),
            cost: self.money.exact(),
            cost_low: self.money.low(),
            cost_high: self.money.high(),
            duration_ms: self.duration_ms,
        }
    }
}
