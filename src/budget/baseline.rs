//! An earlier `report --json` as the measure: what it was asked, and the medians it tells.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::judge::Key;
use super::measure::{MEASURES, Measure, Quantity};
use super::units;
use crate::error::{Error, Result, unknown};
use crate::table::schema::{BY_QUALITY, Kind, SCHEMA_VERSION};
use crate::table::{Dimension, Report};

/// An earlier report.
#[derive(Debug)]
pub struct Baseline {
    pub(super) by: Vec<Dimension>,
    document: Document,
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
pub(super) struct Median {
    pub(super) value: Option<i64>,
    pub(super) measured: i64,
    pub(super) runs: i64,
}

/// The columns of a measure's median, and of the runs it is of.
pub(super) fn columns(measure: &Measure) -> Option<(&'static str, &'static [&'static str])> {
    Some(match measure.quantity {
        Quantity::Cost => ("median_cost_usd", &["priced_runs"]),
        Quantity::TotalTokens => ("median_total_tokens", &["exact_runs"]),
        Quantity::UncachedInputTokens => ("median_uncached_input_tokens", &["exact_runs"]),
        Quantity::OutputTokens => ("median_output_tokens", &["exact_runs"]),
        Quantity::BlendedTokens => ("median_blended_tokens", &["exact_runs", "blended_runs"]),
        Quantity::RunTime => ("median_duration_ms", &["timed_runs"]),
        Quantity::CostPerSuccess | Quantity::Runs | Quantity::FailedRuns => return None,
    })
}

/// Columns that together count runs, and conversations of no run.
pub(super) fn all_runs() -> [&'static str; 4] {
    BY_QUALITY.each_ref().map(|column| column.name)
}

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
        let fleeting = by.iter().find(|by| by.is_time() || by.is_id());
        if let Some(by) = fleeting {
            let name = by.column().name;
            return Err(Error::invalid(format!("is by {name}, and none comes twice; make it with --by loop")));
        }
        Ok(Baseline { by, document })
    }

    pub(super) fn filters(&self) -> BTreeSet<&str> {
        self.document.query.iter().flat_map(|query| &query.filters).map(String::as_str).collect()
    }

    /// Costs of other prices, or by another mode, are no measure of what was used.
    pub(super) fn expect_prices(&self, report: &Report) -> Result<()> {
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
    pub(super) fn medians(&self, measure: &Measure) -> Result<BTreeMap<Key, Median>> {
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
            medians.insert(key, Median { value, measured: sum(counts)?, runs: sum(&all_runs())? });
        }
        Ok(medians)
    }
}

fn broken(name: &str) -> Error {
    Error::invalid(format!("has no {name} as `report --json` prints it"))
}
