//! What a group comes to: a floor, a bound where there is one, and how much is unknown.

use super::measure::Quantity;
use crate::event::Usd;
use crate::table::Tally;
use crate::table::verdict::Lacks;

/// How much of a quantity a group has: pico-dollars, tokens, milliseconds or runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount {
    /// At least this; `None` where nothing is known.
    pub(super) low: Option<i64>,
    /// At most this; `None` where nothing bounds it.
    pub(super) high: Option<i64>,
    /// Runs, and conversations of no run.
    pub(super) runs: i64,
    /// The conversations among them.
    pub(super) conversations: i64,
    /// Those of which the measure isn't known in full.
    pub(super) unknown: i64,
    /// What else isn't known.
    pub(super) lacks: Lacks,
}

/// Usage that may be of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maybe<'a> {
    pub(super) tally: &'a Tally,
    /// What the group has for sure of the same runs, and conversations of no run; `None` for nothing.
    pub(super) shared: Option<&'a Tally>,
}

/// What is known of a group's total: a blended total counts no cached input, so that where nothing else is known the total
/// is at least that.
fn total_floor(group: &Tally) -> Option<i64> {
    let split = group.uncached_input_tokens.unwrap_or(0).saturating_add(group.output_tokens.unwrap_or(0));
    let beyond = group.blended_tokens.map(|blended| blended.saturating_sub(split).max(0));
    match (group.total_tokens, beyond) {
        (Some(total), beyond) => Some(total.saturating_add(beyond.unwrap_or(0))),
        (None, beyond) => beyond,
    }
}

const NO_LACKS: Lacks = Lacks {
    input: false,
    success: false,
    unplaced_runs: 0,
    unplaced_conversations: 0,
    unplaced: None,
    unlogged_runs: 0,
};

impl Amount {
    /// What no usage at all comes to.
    pub(super) const NOTHING: Amount =
        Amount { low: None, high: Some(0), runs: 0, conversations: 0, unknown: 0, lacks: NO_LACKS };

    /// How much a group has, if it may have `unplaced` beside `group`. `has_runs`: whether any run was read at all.
    pub(super) fn of(quantity: Quantity, group: &Tally, unplaced: &[Maybe], has_runs: bool) -> Amount {
        let plain = |tally: &Tally| Amount::undivided(quantity, tally, has_runs);
        let of_maybe = |maybe: &Maybe| {
            let (other, shared) = (plain(maybe.tally), maybe.shared.map_or(Amount::NOTHING, plain));
            // What a run is counts once, wherever its usage lies.
            if quantity.is_of_runs() { (other.without(shared), Amount::NOTHING) } else { (other, shared) }
        };
        let others = unplaced.iter().map(of_maybe).filter(|(other, _)| other.high != Some(0));
        let others: Vec<(Amount, Amount)> = others.collect();
        let known = plain(group);
        // Nothing is known of a group that may have no part in anything, but that no run is sure to be of it.
        let low = known.low.filter(|_| group.owners > 0 || others.is_empty() || quantity == Quantity::Runs);
        let sum = others.iter().fold(Amount { low, ..known }, |sum, (other, shared)| sum.and(*other, *shared));
        if !quantity.is_quotient() {
            return sum;
        }
        let Tally { runs, failed_runs: failed, ended_runs: ended, .. } = *group;
        let succeeded = |tally: &Tally| tally.runs - tally.failed_runs;
        let more = unplaced.iter().map(|maybe| succeeded(maybe.tally) - maybe.shared.map_or(0, succeeded));
        sum.over(ended - failed, runs - failed + more.sum::<i64>(), runs - ended)
    }

    /// How much a group has for sure; of a quotient, what is divided.
    pub(super) fn undivided(quantity: Quantity, group: &Tally, has_runs: bool) -> Amount {
        let Tally { runs, failed_runs: failed, ended_runs: ended, owners: all, exact_runs: exact, .. } = *group;
        let unlogged_runs = if quantity.is_of_runs() { 0 } else { group.unlogged_runs };
        let sum = |low: Option<i64>, unknown: i64| {
            // Sums stop at the largest number.
            let high = Some(low.unwrap_or(0)).filter(|high| unknown <= 0 && *high < i64::MAX);
            let conversations = all - runs;
            let lacks = Lacks { unlogged_runs, ..NO_LACKS };
            Amount { low: low.or(high), high, runs: all, conversations, unknown: unknown.max(0), lacks }
        };
        match quantity {
            Quantity::Cost | Quantity::CostPerSuccess => {
                let low = group.cost.or(group.cost_low).map(Usd::pico);
                let high = group.cost.or(group.cost_high).map(Usd::pico);
                Amount { high: if all > 0 { high } else { Some(0) }, ..sum(low, all - group.priced_runs) }
            }
            Quantity::TotalTokens => sum(total_floor(group), all - exact),
            Quantity::UncachedInputTokens => sum(group.uncached_input_tokens, all - exact),
            Quantity::OutputTokens => sum(group.output_tokens, all - exact),
            Quantity::BlendedTokens => sum(group.blended_tokens, all - exact - group.blended_runs),
            Quantity::Runs => Amount { runs, conversations: 0, ..sum(Some(runs), 0) },
            // Session logs alone tell of no run, neither its time nor how it ended.
            Quantity::RunTime | Quantity::FailedRuns if !has_runs => sum(None, all),
            Quantity::RunTime => Amount { runs, conversations: 0, ..sum(group.duration_ms, runs - group.timed_runs) },
            Quantity::FailedRuns => Amount { runs, conversations: 0, ..sum(Some(failed), runs - ended) },
        }
    }

    /// The same if `other` may belong to it too: the floor stays, the bound and the runs grow. `shared` is what it
    /// already has of the runs of `other`, which count once.
    fn and(self, other: Amount, shared: Amount) -> Amount {
        let runs = self.runs + other.runs - shared.runs;
        Amount {
            high: self.high.zip(other.high).and_then(|(a, b)| a.checked_add(b)),
            runs,
            conversations: self.conversations + other.conversations - shared.conversations,
            unknown: (self.unknown + other.runs - shared.unknown).min(runs),
            lacks: Lacks {
                unplaced_runs: self.lacks.unplaced_runs + other.runs,
                unplaced_conversations: self.lacks.unplaced_conversations + other.conversations,
                unplaced: match (self.lacks.unplaced, other.low) {
                    (Some(a), Some(b)) => Some(a.saturating_add(b)),
                    (a, b) => a.or(b),
                },
                unlogged_runs: self.lacks.unlogged_runs + other.lacks.unlogged_runs - shared.lacks.unlogged_runs,
                ..self.lacks
            },
            ..self
        }
    }

    /// The same without the runs of `some`.
    fn without(self, some: Amount) -> Amount {
        let less = |all: Option<i64>, part: Option<i64>| Some(all?.saturating_sub(part.unwrap_or(0)).max(0));
        Amount {
            low: less(self.low, some.low),
            high: if self.runs > some.runs { less(self.high, some.high) } else { Some(0) },
            runs: self.runs - some.runs,
            conversations: self.conversations - some.conversations,
            unknown: self.unknown - some.unknown,
            ..self
        }
    }

    /// The same divided by the number of runs that succeeded. That is from `fewest` to `most`; of `unsure` runs nobody
    /// knows whether they did.
    fn over(self, fewest: i64, most: i64, unsure: i64) -> Amount {
        let low = self.low.map(|low| low / most.max(1));
        let is_exact = fewest == most && self.low == self.high;
        let high = match self.high {
            _ if fewest <= 0 => None,
            _ if is_exact => low,
            high => high.map(|high| high.saturating_add(fewest - 1) / fewest),
        };
        let lacks = Lacks { success: most <= 0, ..self.lacks };
        let unknown = if lacks.success { self.runs } else { self.unknown.max(unsure) };
        Amount { low, high, unknown, lacks, ..self }
    }

    /// Whether more may have been used.
    pub(super) fn is_floor(&self) -> bool {
        self.high.is_none_or(|high| self.low.unwrap_or(0) < high)
    }
}
