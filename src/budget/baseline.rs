//! An earlier `report --json` as the measure: medians per run, then and now, group by group.
//!
//! What can't be compared is an error, or unproven; it is never within the limit.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::judge::{Key, Terms, blank};
use super::measure::{MEASURES, Measure};
use super::policy::{Budget, OnUnknown};
use super::units::{self, WHOLE};
use crate::error::{Error, Result, unknown};
use crate::table::schema::Kind;
use crate::table::verdict::{Before, Judged, Lacks, Standing, State};
use crate::table::{Answers, Cell, Dimension, Filter, Query, Report};

/// The version of the report's JSON that this reads.
const SCHEMA_VERSION: u32 = 1;

/// An earlier report.
#[derive(Debug)]
pub struct Baseline {
    by: Vec<Dimension>,
    document: Document,
}

/// How far medians may rise, and which.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What is compared.
    pub measures: Vec<&'static Measure>,
    /// How much a median may rise, in millionths of it.
    pub max_increase: i64,
    /// A group with fewer measured runs, then or now, is unproven.
    pub min_runs: i64,
    /// What unproven groups do.
    pub on_unknown: OnUnknown,
}

#[derive(Debug, Deserialize)]
struct Document {
    schema_version: u32,
    by: Vec<String>,
    rows: Vec<BTreeMap<String, Box<RawValue>>>,
    query: Option<Asked>,
}

#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(rename = "where")]
    filters: Vec<String>,
    groups: usize,
    price_book: Option<String>,
    cost_mode: Option<String>,
}

/// A median, and of how many runs.
#[derive(Debug, Clone, Copy, Default)]
struct Median {
    value: Option<i64>,
    measured: i64,
    runs: i64,
}

/// The columns of a measure's median, and of the runs it is of.
fn columns(measure: &Measure) -> Option<(&'static str, &'static [&'static str])> {
    Some(match measure.name {
        "cost_usd" => ("median_cost_usd", &["priced_runs"]),
        "total_tokens" => ("median_total_tokens", &["exact_runs"]),
        "uncached_input_tokens" => ("median_uncached_input_tokens", &["exact_runs"]),
        "output_tokens" => ("median_output_tokens", &["exact_runs"]),
        "blended_tokens" => ("median_blended_tokens", &["exact_runs", "blended_runs"]),
        "run_time" => ("median_duration_ms", &["timed_runs"]),
        _ => return None,
    })
}

/// Columns that together count runs, and conversations of no run.
const ALL_RUNS: [&str; 4] = ["exact_runs", "blended_runs", "partial_runs", "unknown_runs"];

/// The measure of this name, if its medians can be compared.
pub fn comparable(name: &str) -> Result<&'static Measure> {
    let all: Vec<&Measure> = MEASURES.iter().filter(|measure| columns(measure).is_some()).collect();
    let found = all.iter().find(|measure| measure.name == name).copied();
    found.ok_or_else(|| unknown("measure", name, &all.iter().map(|measure| measure.name).collect::<Vec<_>>()))
}

impl Baseline {
    /// Reads a report's JSON.
    pub fn parse(text: &str) -> Result<Baseline> {
        let not = |cause: serde_json::Error| Error::invalid("no report as `report --json` prints it").caused_by(cause);
        let document: Document = serde_json::from_str(text).map_err(not)?;
        if document.schema_version != SCHEMA_VERSION {
            let version = document.schema_version;
            return Err(Error::invalid(format!("has schema_version {version}; make it again with this forge-usage")));
        }
        let Some(asked) = &document.query else {
            return Err(Error::invalid("is of an older forge-usage, and has no medians; make it again"));
        };
        if asked.groups != document.rows.len() {
            let shown = document.rows.len();
            return Err(Error::invalid(format!("holds {shown} of {} groups; make it without --limit", asked.groups)));
        }
        let by = document.by.iter().map(|name| Dimension::from_name(name)).collect::<Result<Vec<_>>>()?;
        let fleeting = by.iter().find(|by| by.is_time() || by.column().name.ends_with("_id"));
        if let Some(by) = fleeting {
            let name = by.column().name;
            return Err(Error::invalid(format!("is by {name}, and none comes twice; make it with --by loop")));
        }
        Ok(Baseline { by, document })
    }

    fn filters(&self) -> BTreeSet<&str> {
        self.document.query.iter().flat_map(|query| &query.filters).map(String::as_str).collect()
    }

    /// Costs of other prices, or by another mode, are no measure of what was used.
    fn expect_prices(&self, report: &Report) -> Result<()> {
        let Some(asked) = &self.document.query else { return Ok(()) };
        let says = |value: Option<&str>| value.unwrap_or("none").to_owned();
        for (what, then, now) in [
            ("list prices", asked.price_book.as_deref(), report.price_book.as_deref()),
            ("--cost-mode", asked.cost_mode.as_deref(), report.cost_mode),
        ] {
            if then != now {
                let (then, now) = (says(then), says(now));
                let hint = "make it again, or leave cost_usd out of --measure";
                return Err(Error::invalid(format!("has {what} {then}, this check {now}; {hint}")));
            }
        }
        Ok(())
    }

    /// The groups, and of each the measure's median.
    fn medians(&self, measure: &Measure) -> Result<BTreeMap<Key, Median>> {
        let Some((median, counts)) = columns(measure) else { return Ok(BTreeMap::new()) };
        let mut medians = BTreeMap::new();
        for row in &self.document.rows {
            let raw = |name: &str| row.get(name).map(|raw| raw.get()).filter(|raw| *raw != "null");
            let text = |by: &Dimension| {
                let name = by.column().name;
                Ok((name, raw(name).map(serde_json::from_str).transpose().map_err(|_| broken(name))?))
            };
            let key = self.by.iter().map(text).collect::<Result<Key>>()?;
            let by_quality: BTreeMap<String, i64> = match raw("runs_by_quality") {
                Some(raw) => serde_json::from_str(raw).map_err(|_| broken("runs_by_quality"))?,
                None => return Err(broken("runs_by_quality")),
            };
            let count = |name: &&str| match by_quality.get(name.trim_end_matches("_runs")) {
                Some(count) => Ok(*count),
                None => raw(name).and_then(|raw| raw.parse().ok()).ok_or_else(|| broken(name)),
            };
            let sum = |names: &[&str]| names.iter().map(count).sum::<Result<i64>>();
            let value = |raw: &str| match measure.kind {
                Kind::Usd => units::dollars(raw),
                _ => units::count(raw),
            };
            let value = raw(median).map(value).transpose().map_err(|_| broken(median))?;
            medians.insert(key, Median { value, measured: sum(counts)?, runs: sum(&ALL_RUNS)? });
        }
        Ok(medians)
    }
}

fn broken(name: &str) -> Error {
    Error::invalid(format!("has no {name} as `report --json` prints it"))
}

/// Compares every group of the baseline with now. `name` is the baseline's, for people.
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
        group.key = key;
        groups.push(group);
    }
    let vanished = then.into_keys();
    groups.extend(vanished.map(|key| Standing { key, before: Some(Before::Vanished), ..standing(Median::default()) }));
    let is_compared = |group: &Standing| group.limit.is_some() && group.state != State::Unproven;
    if !groups.iter().any(is_compared) {
        let name = measure.name;
        return Err(Error::invalid(format!(
            "has no group whose median {name} can be compared; see --min-runs, and --measure for other measures"
        )));
    }
    let on_unknown = comparison.on_unknown;
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
    Ok(Judged { groups, words: "a run", ..blank(&budget, measure) })
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
    Median { value: value(median), measured: sum(counts), runs: sum(&ALL_RUNS) }
}

fn compared(comparison: &Comparison, then: Median, now: Median, terms: Terms) -> Standing {
    let allowed = |median: i64| i128::from(median) * i128::from(WHOLE + comparison.max_increase) / i128::from(WHOLE);
    let limit = then.value.and_then(|median| i64::try_from(allowed(median)).ok());
    let has_few = then.runs.min(now.runs) < comparison.min_runs;
    let is_blind = then.measured.min(now.measured) < comparison.min_runs;
    let state = match (now.value, limit) {
        _ if has_few || is_blind => State::Unproven,
        (Some(now), Some(limit)) if now > limit => State::Exceeded,
        (Some(_), Some(_)) => State::Ok,
        _ => State::Unproven,
    };
    let state = match comparison.on_unknown {
        OnUnknown::Ignore if state == State::Unproven => State::Ok,
        _ => state,
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
        key: Vec::new(),
        state: State::Ok,
        fails: false,
        limit: None,
        used: None,
        at_most: None,
        is_floor: false,
        runs: now.runs,
        unknown_runs: now.runs - now.measured,
        lacks: Lacks::default(),
        contributors: Vec::new(),
        pace: None,
        before: None,
    }
}
