//! Medians per run, an earlier report's and now's, group by group.
//!
//! What can't be compared is an error, or unproven. Who has unproven groups ignored has what is known judged: the medians
//! of however few runs; the error is then that no group has them, then and now.

use super::baseline::{Baseline, Median, all_runs, columns};
use super::judge::{Key, SharedKey, Terms, blank};
use super::limits::{Budget, OnUnknown};
use super::measure::Measure;
use super::units::WHOLE;
use crate::error::{Error, Result};
use crate::table::schema::Kind;
use crate::table::verdict::{Before, Judged, Lacks, Standing, State};
use crate::table::{Answers, Cell, Dimension, Filter, Query, Report};

/// How far medians may rise, and which.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What is compared.
    pub measures: Vec<&'static Measure>,
    /// How much a median may rise, in millionths of it.
    pub max_increase: i64,
    /// A group with fewer measured runs, then or now, is unproven.
    pub min_runs: i64,
    /// What unproven groups do; [`OnUnknown::Ignore`] has the medians judged of however few runs.
    pub on_unknown: OnUnknown,
}

/// Compares every group of the baseline with now.
///
/// Fails if the baseline was made with another `--where` or another price book, or shares no group with now of which a
/// median can be compared.
pub fn compare(
    baseline: &Baseline,
    comparison: &Comparison,
    query: &Query,
    terms: Terms,
    answers: Answers<'_>,
) -> Result<Vec<Judged>> {
    let asked: Vec<String> = query.filters.iter().map(Filter::to_string).collect();
    if baseline.filters() != asked.iter().map(String::as_str).collect() {
        let list = |filters: Vec<&str>| if filters.is_empty() { "none".to_owned() } else { filters.join(", ") };
        let then = list(baseline.filters().into_iter().collect());
        let now = list(asked.iter().map(String::as_str).collect());
        return Err(Error::invalid(format!("was made with another --where ({then}) than this check ({now})")));
    }
    let report = answers.report(&Query {
        by: Some(baseline.by.clone()),
        last: None,
        sort: None,
        limit: None,
        ..query.clone()
    })?;
    let mut judged = Vec::new();
    for measure in &comparison.measures {
        if measure.kind == Kind::Usd {
            baseline.expect_prices(&report)?;
        }
        judged.push(of_measure(baseline, comparison, measure, &report, terms)?);
    }
    Ok(judged)
}

fn of_measure(
    baseline: &Baseline,
    comparison: &Comparison,
    measure: &'static Measure,
    report: &Report,
    terms: Terms,
) -> Result<Judged> {
    let mut then = baseline.medians(measure)?;
    let mut groups = Vec::new();
    for row in 0..report.rows.height() {
        let key = key(report, row, &baseline.by);
        let now = of_report(measure, report, row);
        let mut group = match then.remove(&key) {
            Some(then) => compared(comparison, then, now, terms),
            None => Standing { used: now.value, before: Some(Before::New), ..standing(now) },
        };
        group.key = key.into();
        if let Cell::Integer(runs) = report.rows.get(row, "runs") {
            group.conversations = group.runs - runs;
        }
        groups.push(group);
    }
    let vanished = then.into_keys();
    groups.extend(vanished.map(|key| Standing {
        key: key.into(),
        before: Some(Before::Vanished),
        ..standing(Median::default())
    }));
    let on_unknown = comparison.on_unknown;
    let is_compared =
        |group: &Standing| group.limit.is_some() && group.used.is_some() && group.state != State::Unproven;
    if !groups.iter().any(is_compared) {
        let (name, min_runs) = (measure.name, "--min-runs, and ");
        let more = if on_unknown == OnUnknown::Ignore { "" } else { min_runs };
        return Err(Error::invalid(format!(
            "has no group whose median {name} can be compared; see {more}--measure for other measures"
        )));
    }
    // What could not be read may hold runs that raise any median.
    let is_unsure = |group: &&mut Standing| group.limit.is_some() && group.state < State::Unproven;
    if terms.lacks_input && on_unknown != OnUnknown::Ignore {
        for group in groups.iter_mut().filter(is_unsure) {
            group.state = State::Unproven;
            group.fails = terms.fail_on_warn || on_unknown == OnUnknown::Fail;
            group.lacks.input = true;
        }
    }
    groups.sort_by(|a, b| b.state.cmp(&a.state).then_with(|| a.key.cmp(&b.key)));
    let budget = Budget { per: baseline.by.clone(), on_unknown, ..Budget::new("baseline") };
    Ok(Judged { groups, ..blank(&budget, measure) })
}

fn key(report: &Report, row: usize, by: &[Dimension]) -> Key {
    let text = |name| match report.rows.get(row, name) {
        Cell::Text(text) => Some(text),
        _ => None,
    };
    by.iter().map(|dimension| dimension.column().name).map(|name| (name, text(name))).collect()
}

fn of_report(measure: &Measure, report: &Report, row: usize) -> Median {
    let Some((median, counts)) = columns(measure) else { return Median::default() };
    let value = |name: &str| match report.rows.get(row, name) {
        Cell::Integer(value) => Some(value),
        Cell::Usd(value) => Some(value.pico()),
        _ => None,
    };
    let sum = |names: &[&str]| names.iter().filter_map(|name| value(name)).sum();
    Median { value: value(median), measured: sum(counts), runs: sum(&all_runs()) }
}

fn compared(comparison: &Comparison, then: Median, now: Median, terms: Terms) -> Standing {
    let allowed = |median: i64| i128::from(median) * i128::from(WHOLE + comparison.max_increase) / i128::from(WHOLE);
    let limit = then.value.and_then(|median| i64::try_from(allowed(median)).ok());
    let has_few = then.measured.min(now.measured) < comparison.min_runs;
    let is_ignored = comparison.on_unknown == OnUnknown::Ignore;
    let state = match (now.value, limit) {
        _ if has_few && !is_ignored => State::Unproven,
        (Some(now), Some(limit)) if now > limit => State::Exceeded,
        (Some(_), Some(_)) => State::Ok,
        _ if is_ignored => State::Ok,
        _ => State::Unproven,
    };
    let fails = match state {
        State::Ok | State::Warn => false,
        State::Unproven => terms.fail_on_warn || comparison.on_unknown == OnUnknown::Fail,
        State::Exceeded => true,
    };
    Standing { state, fails, limit, used: now.value, before: Some(Before::Median(then.value)), ..standing(now) }
}

/// A group of which only the runs are known yet.
fn standing(now: Median) -> Standing {
    Standing {
        key: SharedKey::default(),
        state: State::Ok,
        fails: false,
        limit: None,
        used: None,
        at_most: None,
        is_floor: false,
        runs: now.runs,
        conversations: 0,
        unknown_runs: now.runs - now.measured,
        lacks: Lacks::default(),
        contributors: Box::default(),
        pace: None,
        before: None,
    }
}
