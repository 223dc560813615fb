//! Budgets are held against reports: each group of each budget gets its state.

use std::collections::BTreeMap;

use super::measure::Measure;
use super::pace::Span;
use super::policy::{Budget, Limit, OnUnknown, Severity};
use super::reading::Reading;
use super::units::WHOLE;
use crate::error::Result;
use crate::event::Time;
use crate::table::verdict::{Contributor, Judged, Standing, State, Verdict};
use crate::table::{Cell, Dimension, Filter, Query, Report};

/// Contributors of a group that are told.
const MOST_CONTRIBUTORS: usize = 5;

/// By what a group's sum is taken apart: the first of these that has several values in it.
const APART: [&str; 4] = ["loop", "run_id", "conversation_id", "model"];

/// The terms of a check.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The time of the check.
    pub now: Time,
    /// Whether everything that is worth a warning fails the check.
    pub fail_on_warn: bool,
}

/// The values of a group's dimensions.
pub(super) type Key = Vec<(&'static str, Option<String>)>;

/// Judges all budgets; where the limits come from, and what was read, is for the caller to say.
pub fn check(
    budgets: &[Budget],
    query: &Query,
    terms: Terms,
    ask: &mut dyn FnMut(&Query) -> Result<Report>,
) -> Result<Verdict> {
    let limits = judge(budgets, query, terms, ask)?;
    let all = ask(&Query { by: Some(Vec::new()), ..query.clone() })?;
    let usd = |name| match all.totals.get(0, name) {
        Cell::Usd(value) => Some(value),
        _ => None,
    };
    let cost = usd("cost_usd");
    let is_complete = all.totals.get(0, "complete") == Cell::Flag(true) && (cost.is_some() || all.rows.height() == 0);
    Ok(Verdict {
        limits,
        cost,
        cost_low: usd("cost_low_usd"),
        is_complete,
        window: all.window,
        warnings: all.warnings,
        ..Verdict::default()
    })
}

/// Judges every limit of every budget. `query` is what was asked for; `ask` answers queries within it.
fn judge(
    budgets: &[Budget],
    query: &Query,
    terms: Terms,
    ask: &mut dyn FnMut(&Query) -> Result<Report>,
) -> Result<Vec<Judged>> {
    let mut judged = Vec::new();
    for budget in budgets {
        let parts = parts(budget, query, ask)?;
        for limit in &budget.limits {
            judged.push(of_limit(budget, limit, &parts, query, terms));
        }
    }
    Ok(judged)
}

/// The groups of one report, and what each consists of.
struct Part {
    report: Report,
    /// The rows that count.
    rows: Vec<(usize, Key)>,
    apart: Apart,
}

/// The rows that each group's sum is taken apart into, by the dimension whose report they are in.
struct Apart {
    reports: Vec<(Dimension, Report)>,
    of: BTreeMap<Key, (usize, Vec<usize>)>,
}

/// A budget's groups. Conversations that belong to no run stand beside runs, each for itself.
fn parts(budget: &Budget, query: &Query, ask: &mut dyn FnMut(&Query) -> Result<Report>) -> Result<Vec<Part>> {
    let scoped = Query { scope: budget.filters.clone(), last: None, sort: None, limit: None, ..query.clone() };
    let run = Dimension::from_name("run_id")?;
    let mut parts = vec![part(&budget.per, &scoped, ask)?];
    if budget.per.contains(&run) {
        parts[0].rows.retain(|(_, key)| key.iter().any(|(name, value)| *name == "run_id" && value.is_some()));
        let conversation = Dimension::from_name("conversation_id")?;
        let is_run_filtered = query.filters.iter().chain(&budget.filters).any(|filter| filter.dimension() == run);
        if !is_run_filtered {
            let mut per: Vec<Dimension> = Vec::new();
            for dimension in &budget.per {
                let dimension = if *dimension == run { conversation } else { *dimension };
                if !per.contains(&dimension) {
                    per.push(dimension);
                }
            }
            let mut bare = scoped;
            bare.scope.push(Filter::new(run, "")?);
            parts.push(part(&per, &bare, ask)?);
        }
    }
    Ok(parts)
}

fn part(per: &[Dimension], scoped: &Query, ask: &mut dyn FnMut(&Query) -> Result<Report>) -> Result<Part> {
    let report = ask(&Query { by: Some(per.to_vec()), ..scoped.clone() })?;
    let rows: Vec<(usize, Key)> = (0..report.rows.height()).map(|row| (row, key(&report, row, per))).collect();
    let apart = apart(per, scoped, rows.iter().map(|(_, key)| key.clone()).collect(), ask)?;
    Ok(Part { report, rows, apart })
}

fn apart(
    per: &[Dimension],
    scoped: &Query,
    mut whole: Vec<Key>,
    ask: &mut dyn FnMut(&Query) -> Result<Report>,
) -> Result<Apart> {
    let mut apart = Apart { reports: Vec::new(), of: BTreeMap::new() };
    let is_one = per.iter().any(|dimension| dimension.column().name.ends_with("_id"));
    for name in APART.iter().filter(|name| !is_one || **name == "model") {
        let dimension = Dimension::from_name(name)?;
        if whole.is_empty() || per.contains(&dimension) {
            continue;
        }
        let by = per.iter().copied().chain([dimension]).collect();
        let report = ask(&Query { by: Some(by), ..scoped.clone() })?;
        let mut rows: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for row in 0..report.rows.height() {
            rows.entry(key(&report, row, per)).or_default().push(row);
        }
        for key in std::mem::take(&mut whole) {
            match rows.remove(&key).filter(|rows| rows.len() > 1) {
                Some(rows) => drop(apart.of.insert(key, (apart.reports.len(), rows))),
                None => whole.push(key),
            }
        }
        apart.reports.push((dimension, report));
    }
    Ok(apart)
}

pub(super) fn key(report: &Report, row: usize, per: &[Dimension]) -> Key {
    per.iter().map(|dimension| (dimension.column().name, text(report, row, *dimension))).collect()
}

fn text(report: &Report, row: usize, dimension: Dimension) -> Option<String> {
    match report.rows.get(row, dimension.column().name) {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}

fn of_limit(budget: &Budget, limit: &Limit, parts: &[Part], query: &Query, terms: Terms) -> Judged {
    let mut groups = Vec::new();
    for part in parts {
        for (row, key) in &part.rows {
            let reading = Reading::of(limit.measure, &part.report.rows, *row);
            let mut standing = standing(budget, limit.limit, reading, terms);
            standing.contributors = part.apart.contributors(key, limit.measure);
            standing.pace = pace(budget, limit, key, standing.used, query, terms);
            standing.key = key.clone();
            groups.push(standing);
        }
    }
    groups.sort_by(|a, b| b.state.cmp(&a.state).then(b.used.cmp(&a.used)).then_with(|| a.key.cmp(&b.key)));
    Judged { groups, ..blank(budget, limit.measure) }
}

/// A limit of which no group is judged yet.
pub(super) fn blank(budget: &Budget, measure: &'static Measure) -> Judged {
    Judged {
        budget: budget.name.clone(),
        measure: measure.name,
        words: measure.words,
        kind: measure.kind,
        per: budget.per.iter().map(|dimension| dimension.column().name).collect(),
        filters: budget.filters.iter().map(Filter::to_string).collect(),
        severity: budget.severity.name(),
        on_unknown: budget.on_unknown.name(),
        max_unknown: budget.max_unknown,
        groups: Vec::new(),
    }
}

/// How a reading stands against a limit: no key, contributors or pace yet.
fn standing(budget: &Budget, limit: i64, reading: Reading, terms: Terms) -> Standing {
    let low = i128::from(reading.low.unwrap_or(0));
    let is_within = reading.high.is_some_and(|high| high <= limit);
    let allowed = i128::from(budget.max_unknown) * i128::from(reading.runs);
    let is_blind = reading.is_floor() && i128::from(reading.unknown) * i128::from(WHOLE) > allowed;
    let state = if low > i128::from(limit) {
        State::Exceeded
    } else if is_blind && !is_within && budget.on_unknown != OnUnknown::Ignore {
        State::Unproven
    } else if low > 0 && low * i128::from(WHOLE) >= i128::from(budget.warn_at) * i128::from(limit) {
        State::Warn
    } else {
        State::Ok
    };
    Standing {
        key: Vec::new(),
        state,
        fails: fails(state, budget, terms),
        limit: Some(limit),
        used: reading.low,
        is_floor: reading.is_floor(),
        runs: reading.runs,
        unknown_runs: reading.unknown,
        contributors: Vec::new(),
        pace: None,
        before: None,
    }
}

fn fails(state: State, budget: &Budget, terms: Terms) -> bool {
    let is_error = budget.severity == Severity::Error;
    match state {
        State::Ok => false,
        State::Warn => terms.fail_on_warn,
        State::Unproven => terms.fail_on_warn || (is_error && budget.on_unknown == OnUnknown::Fail),
        State::Exceeded => terms.fail_on_warn || is_error,
    }
}

fn pace(
    budget: &Budget,
    limit: &Limit,
    key: &Key,
    used: Option<i64>,
    query: &Query,
    terms: Terms,
) -> Option<crate::table::verdict::Pace> {
    // A quotient has no rate.
    let adds_up = limit.measure.name != "cost_per_successful_run_usd";
    let time = budget.per.iter().find(|dimension| dimension.is_time()).filter(|_| adds_up)?;
    let value = key.iter().find(|(name, _)| *name == time.column().name)?.1.as_deref()?;
    Span::of(*time, value, query, query.zone, terms.now)?.pace(used?, limit.limit)
}

impl Apart {
    fn contributors(&self, key: &Key, measure: &Measure) -> Vec<Contributor> {
        let Some((at, rows)) = self.of.get(key) else { return Vec::new() };
        let Some((dimension, report)) = self.reports.get(*at) else { return Vec::new() };
        // Shares of a quotient are those of the money.
        let money = super::MEASURES.iter().find(|other| other.name == "cost_usd");
        let measure = money.filter(|_| measure.name == "cost_per_successful_run_usd").unwrap_or(measure);
        let of_row = |row: &usize| {
            let reading = Reading::of(measure, &report.rows, *row);
            let used = reading.low.filter(|low| *low > 0)?;
            let name = text(report, *row, *dimension);
            Some(Contributor { dimension: dimension.column().name, name, used, is_floor: reading.is_floor() })
        };
        let mut all: Vec<Contributor> = rows.iter().filter_map(of_row).collect();
        all.sort_by(|a, b| b.used.cmp(&a.used).then_with(|| a.name.cmp(&b.name)));
        all.truncate(MOST_CONTRIBUTORS);
        all
    }
}
