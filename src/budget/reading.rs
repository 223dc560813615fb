//! What a row of a report says about a measure: a floor, a bound where there is one, and how much is unknown.

use super::measure::Measure;
use crate::event::Usd;
use crate::table::Tally;

/// A measure of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    /// At least this; `None` where nothing is known.
    pub(super) low: Option<i64>,
    /// At most this; `None` where nothing bounds it.
    pub(super) high: Option<i64>,
    /// Runs, and conversations of no run.
    pub(super) runs: i64,
    /// Those of which the measure isn't known in full.
    pub(super) unknown: i64,
}

impl Reading {
    /// Reads `measure` from what a group comes to.
    pub(super) fn of(measure: &Measure, group: &Tally) -> Reading {
        let Tally { runs, failed_runs: failed, ended_runs: ended, owners: all, exact_runs: exact, .. } = *group;
        let sum = |low: Option<i64>, unknown: i64| {
            let high = (unknown <= 0).then(|| low.unwrap_or(0));
            Reading { low: low.or(high), high, runs: all, unknown: unknown.max(0) }
        };
        let cost = || {
            let low = group.cost.or(group.cost_low).map(Usd::pico);
            let high = group.cost.or(group.cost_high).map(Usd::pico);
            Reading { high, ..sum(low, all - group.priced_runs) }
        };
        match measure.name {
            "cost_usd" => cost(),
            "cost_per_successful_run_usd" => cost().over(ended - failed, runs - failed, runs - ended),
            "total_tokens" => sum(group.total_tokens, all - exact),
            "uncached_input_tokens" => sum(group.uncached_input_tokens, all - exact),
            "output_tokens" => sum(group.output_tokens, all - exact),
            "blended_tokens" => sum(group.blended_tokens, all - exact - group.blended_runs),
            "run_time" => Reading { runs, ..sum(group.duration_ms, runs - group.timed_runs) },
            "runs" => Reading { runs, ..sum(Some(runs), 0) },
            "failed_runs" => Reading { runs, ..sum(Some(failed), runs - ended) },
            _ => sum(None, all),
        }
    }

    /// Divided by a number between `fewest` and `most`, where that of `unsure` runs isn't known.
    fn over(self, fewest: i64, most: i64, unsure: i64) -> Reading {
        let low = self.low.map(|low| low / most.max(1));
        let is_exact = fewest == most && self.low == self.high;
        let high = match self.high {
            _ if fewest <= 0 => None,
            _ if is_exact => low,
            high => high.map(|high| high.saturating_add(fewest - 1) / fewest),
        };
        Reading { low, high, unknown: self.unknown.max(unsure), ..self }
    }

    /// Whether more may have been used.
    pub(super) fn is_floor(&self) -> bool {
        self.high.is_none_or(|high| self.low.unwrap_or(0) < high)
    }
}
