//! What a row of a report says about a measure: a floor, a bound where there is one, and how much is unknown.

use super::measure::Measure;
use crate::table::{Cell, Table};

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
    /// Reads `measure` from `row` of a report's rows or totals.
    pub(super) fn of(measure: &Measure, table: &Table, row: usize) -> Reading {
        let value = |name| match table.get(row, name) {
            Cell::Integer(value) => Some(value),
            Cell::Usd(value) => Some(value.pico()),
            _ => None,
        };
        let count = |name| value(name).unwrap_or(0);
        let (exact, blended) = (count("exact_runs"), count("blended_runs"));
        let all = exact + blended + count("partial_runs") + count("unknown_runs");
        let (runs, failed, ended) = (count("runs"), count("failed_runs"), count("ended_runs"));
        let sum = |low: Option<i64>, unknown: i64| {
            let high = (unknown <= 0).then(|| low.unwrap_or(0));
            Reading { low: low.or(high), high, runs: all, unknown: unknown.max(0) }
        };
        let cost = || {
            let low = value("cost_usd").or(value("cost_low_usd"));
            let unknown = all - count("priced_runs");
            Reading { high: value("cost_usd").or(value("cost_high_usd")), ..sum(low, unknown) }
        };
        match measure.name {
            "cost_usd" => cost(),
            "cost_per_successful_run_usd" => cost().over(ended - failed, runs - failed, runs - ended),
            "blended_tokens" => sum(value("blended_tokens"), all - exact - blended),
            "run_time" => Reading { runs, ..sum(value("duration_ms"), runs - count("timed_runs")) },
            "runs" => Reading { runs, ..sum(Some(runs), 0) },
            "failed_runs" => Reading { runs, ..sum(Some(failed), runs - ended) },
            tokens => sum(value(tokens), all - exact),
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
