//! The measures on a report's screen, each defined once: its title, when it is shown, its figure.

use super::bar::Scale;
use super::dimension;
use super::figure::{Figure, Tone};
use super::number::{self, Bound};
use super::row::Row;
use crate::table::Report;

/// A measure. Their order is their importance: on a narrow screen the first one gives way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Measure {
    Bar,
    Slowest,
    Cached,
    RunTime,
    Profiles,
    Blended,
    Output,
    Failed,
    Calls,
    Runs,
    FreshInput,
    Exact,
    Cost,
}

/// The measures from left to right.
const IN_ORDER: [Measure; 13] = [
    Measure::Profiles,
    Measure::Runs,
    Measure::Failed,
    Measure::Calls,
    Measure::FreshInput,
    Measure::Cached,
    Measure::Output,
    Measure::Blended,
    Measure::Cost,
    Measure::RunTime,
    Measure::Slowest,
    Measure::Exact,
    Measure::Bar,
];

impl Measure {
    /// The measures that tell something in `report`, from left to right.
    pub(super) fn of(report: &Report, has_scale: bool) -> Vec<Measure> {
        IN_ORDER.into_iter().filter(|measure| measure.applies(report, has_scale)).collect()
    }

    fn applies(self, report: &Report, has_scale: bool) -> bool {
        let totals = Row::new(&report.totals, 0);
        let has_runs = totals.count("runs") > 0;
        let is_by = |name: &str| report.by.iter().any(|by| by.column().name == name);
        let is_over_time = matches!(report.by[..], [by] if by.is_time());
        match self {
            Measure::Profiles => is_by("loop") && !is_by("profile"),
            Measure::Runs => has_runs && !is_by("run_id"),
            Measure::Failed | Measure::RunTime => has_runs,
            Measure::Calls => !has_runs && (is_by("model") || is_by("conversation_id")),
            Measure::Blended => totals.count("blended_runs") > 0,
            Measure::Slowest => has_runs && !is_by("run_id") && !is_over_time,
            Measure::Cached => !is_over_time,
            Measure::Bar => is_over_time && has_scale,
            Measure::FreshInput | Measure::Output | Measure::Cost | Measure::Exact => true,
        }
    }

    /// What stands above its column.
    pub(super) fn title(self) -> &'static str {
        match self {
            Measure::Bar => "",
            Measure::Slowest => "SLOWEST",
            Measure::Cached => "CACHED",
            Measure::RunTime => "RUN TIME",
            Measure::Profiles => "PROFILE",
            Measure::Blended => "BLENDED",
            Measure::Output => "OUTPUT",
            Measure::Failed => "FAIL",
            Measure::Calls => "CALLS",
            Measure::Runs => "RUNS",
            Measure::FreshInput => "FRESH IN",
            Measure::Exact => "EXACT",
            Measure::Cost => "COST",
        }
    }

    /// Whether its figures are numbers, as against words and bars.
    pub(super) fn is_number(self) -> bool {
        !matches!(self, Measure::Profiles | Measure::Bar)
    }

    /// Its figure in `row`; bars are drawn to `scale`.
    pub(super) fn figure(self, row: &Row, scale: Option<&Scale>) -> Figure {
        match self {
            Measure::Bar => scale.map_or_else(|| Figure::plain(""), |scale| scale.bar(row)),
            Measure::Profiles => Figure::known(row.text("profiles").map(|names| dimension::abbreviated(&names))),
            Measure::Runs => Figure::known(row.integer("runs").map(number::count)),
            Measure::Calls => Figure::known(row.integer("calls").map(number::count)),
            Measure::Failed => failed(row),
            Measure::FreshInput => tokens(row, "uncached_input_tokens", row.is_complete()),
            Measure::Output => tokens(row, "output_tokens", row.is_complete()),
            // A blended run knows its blended total, if nothing else.
            Measure::Blended => {
                tokens(row, "blended_tokens", row.count("partial_runs") == 0 && row.count("unknown_runs") == 0)
            }
            Measure::Cached => Figure::known(cached(row)),
            Measure::Cost => cost(row),
            Measure::RunTime => Figure::known(row.integer("duration_ms").map(number::duration)),
            Measure::Slowest => Figure::known(row.integer("max_duration_ms").map(number::duration)),
            Measure::Exact => Figure::known(exact(row)),
        }
    }
}

fn tokens(row: &Row, column: &str, is_whole: bool) -> Figure {
    let bound = if is_whole { Bound::Exact } else { Bound::Floor };
    Figure::bounded(row.integer(column).and_then(|value| number::tokens(value, bound)), bound)
}

fn cost(row: &Row) -> Figure {
    match (row.usd("cost_usd"), row.usd("cost_low_usd")) {
        (Some(cost), _) => Figure::known(number::dollars(cost, Bound::Exact)),
        (None, Some(low)) => Figure::bounded(number::dollars(low, Bound::Floor), Bound::Floor),
        (None, None) => Figure::known(None),
    }
}

fn failed(row: &Row) -> Figure {
    let failed = row.integer("failed_runs");
    let tone = if failed > Some(0) { Tone::Failed } else { Tone::Plain };
    failed.map_or_else(|| Figure::known(None), |count| Figure { text: number::count(count), tone })
}

fn cached(row: &Row) -> Option<String> {
    number::percent(row.integer("cache_read_input_tokens")?, row.integer("input_tokens")?)
}

fn exact(row: &Row) -> Option<String> {
    let measured = row.measured();
    (measured > 0).then(|| format!("{}/{measured}", row.count("exact_runs")))
}
