//! The columns of a report's screen beside its names, each defined once: its title, when it is shown, its figure.

use super::bar::Scale;
use super::dimension;
use super::figure::{Figure, Tone};
use super::number::{self, Bound};
use super::row::Row;
use crate::table::Report;

/// A column. Their order is their importance: on a narrow screen the first one gives way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ScreenColumn {
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

/// The columns from left to right.
const IN_ORDER: [ScreenColumn; 13] = [
    ScreenColumn::Profiles,
    ScreenColumn::Runs,
    ScreenColumn::Failed,
    ScreenColumn::Calls,
    ScreenColumn::FreshInput,
    ScreenColumn::Cached,
    ScreenColumn::Output,
    ScreenColumn::Blended,
    ScreenColumn::Cost,
    ScreenColumn::RunTime,
    ScreenColumn::Slowest,
    ScreenColumn::Exact,
    ScreenColumn::Bar,
];

impl ScreenColumn {
    /// The columns that tell something in `report`, from left to right.
    pub(super) fn of(report: &Report, has_scale: bool) -> Vec<ScreenColumn> {
        IN_ORDER.into_iter().filter(|column| column.applies(report, has_scale)).collect()
    }

    fn applies(self, report: &Report, has_scale: bool) -> bool {
        let totals = Row::new(&report.totals, 0);
        let has_runs = totals.count("runs") > 0;
        let is_by = |name: &str| report.by.iter().any(|by| by.column().name == name);
        let is_over_time = matches!(report.by[..], [by] if by.is_time());
        match self {
            ScreenColumn::Profiles => is_by("loop") && !is_by("profile"),
            ScreenColumn::Runs => has_runs && !is_by("run_id"),
            ScreenColumn::Failed | ScreenColumn::RunTime => has_runs,
            ScreenColumn::Calls => !has_runs && (is_by("model") || is_by("conversation_id")),
            ScreenColumn::Blended => totals.count("blended_runs") > 0,
            ScreenColumn::Slowest => has_runs && !is_by("run_id") && !is_over_time,
            ScreenColumn::Cached => !is_over_time,
            ScreenColumn::Bar => is_over_time && has_scale,
            ScreenColumn::FreshInput | ScreenColumn::Output | ScreenColumn::Cost | ScreenColumn::Exact => true,
        }
    }

    /// What stands above it.
    pub(super) fn title(self) -> &'static str {
        match self {
            ScreenColumn::Bar => "",
            ScreenColumn::Slowest => "SLOWEST",
            ScreenColumn::Cached => "CACHED",
            ScreenColumn::RunTime => "RUN TIME",
            ScreenColumn::Profiles => "PROFILE",
            ScreenColumn::Blended => "BLENDED",
            ScreenColumn::Output => "OUTPUT",
            ScreenColumn::Failed => "FAIL",
            ScreenColumn::Calls => "CALLS",
            ScreenColumn::Runs => "RUNS",
            ScreenColumn::FreshInput => "FRESH IN",
            ScreenColumn::Exact => "EXACT",
            ScreenColumn::Cost => "COST",
        }
    }

    /// Whether its figures are numbers, as against words and bars.
    pub(super) fn is_number(self) -> bool {
        !matches!(self, ScreenColumn::Profiles | ScreenColumn::Bar)
    }

    /// Its figure in `row`; bars are drawn to `scale`.
    pub(super) fn figure(self, row: &Row, scale: Option<&Scale>) -> Figure {
        match self {
            ScreenColumn::Bar => scale.map_or_else(|| Figure::plain(""), |scale| scale.bar(row)),
            ScreenColumn::Profiles => Figure::known(row.text("profiles").map(|names| dimension::abbreviated(&names))),
            ScreenColumn::Runs => Figure::known(row.integer("runs").map(number::count)),
            ScreenColumn::Calls => Figure::known(row.integer("calls").map(number::count)),
            ScreenColumn::Failed => failed(row),
            ScreenColumn::FreshInput => tokens(row, "uncached_input_tokens", Bound::of(!row.is_complete())),
            ScreenColumn::Output => tokens(row, "output_tokens", Bound::of(!row.is_complete())),
            ScreenColumn::Blended => tokens(row, "blended_tokens", Bound::of(!row.is_blended_whole())),
            ScreenColumn::Cached => Figure::known(cached(row)),
            ScreenColumn::Cost => cost(row),
            ScreenColumn::RunTime => Figure::known(row.integer("duration_ms").map(number::duration)),
            ScreenColumn::Slowest => Figure::known(row.integer("max_duration_ms").map(number::duration)),
            ScreenColumn::Exact => Figure::known(exact(row)),
        }
    }
}

fn tokens(row: &Row, column: &str, bound: Bound) -> Figure {
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
