//! Makes the book from snapshots of litellm's public price map. Rerun it on a newer one:
//!
//! ```sh
//! cargo run --no-default-features --example price-book -- litellm-2026-12-15.json
//! ```

mod fields;
mod off_peak;
mod place;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::value::RawValue;

use super::book::{Head, decode, encode};
use super::entry::{Entry, Period};
use crate::error::{Error, ErrorKind, Result};
use crate::event::STANDARD;
use fields::{Fields, tiers};
use off_peak::off_peak;
use place::{cloud, place};

/// Adds snapshots to a book (an empty text is an empty book) and gives the new book, and what was left out and why.
///
/// A snapshot is the map itself, or an object with the map under `models`. The result depends on the snapshots
/// alone, not on their order nor on how often one is given.
pub fn import(book: &str, snapshots: &[(NaiveDate, String)]) -> Result<(String, Vec<String>)> {
    let (head, entries) = if book.trim().is_empty() { Default::default() } else { decode(book)? };
    let mut days: BTreeMap<NaiveDate, BTreeMap<String, Entry>> =
        head.snapshots.iter().map(|day| (*day, BTreeMap::new())).collect();
    for entry in entries {
        for (day, known) in days.range_mut(entry.first..=entry.last) {
            if let Some(period) = entry.on(*day) {
                let period = Period { from: *day, ..period.clone() };
                let own = Entry { first: *day, last: *day, periods: vec![period], ..entry.clone() };
                known.insert(entry.key.clone(), own);
            }
        }
    }
    let mut left_out = BTreeSet::new();
    for (day, text) in snapshots {
        days.insert(*day, snapshot(*day, text, &mut left_out)?);
    }
    let mut merged: BTreeMap<String, Entry> = BTreeMap::new();
    for (day, entries) in &days {
        for (key, found) in entries {
            match merged.get_mut(key) {
                Some(known) => add(known, *day, found),
                None => {
                    merged.insert(key.clone(), found.clone());
                }
            }
        }
    }
    let head = Head { snapshots: days.into_keys().collect(), ..Head::default() };
    Ok((encode(&head, merged.into_values().collect())?, left_out.into_iter().collect()))
}

/// Adds what a later snapshot says of a model.
fn add(known: &mut Entry, day: NaiveDate, found: &Entry) {
    known.last = day;
    known.is_makers = found.is_makers;
    let Some(period) = found.periods.first() else { return };
    let is_news =
        known.periods.last().is_none_or(|last| (&last.tiers, &last.off_peak) != (&period.tiers, &period.off_peak));
    if is_news {
        known.periods.push(period.clone());
    }
}

/// The models of one snapshot, by their keys in the book.
fn snapshot(day: NaiveDate, text: &str, left_out: &mut BTreeSet<String>) -> Result<BTreeMap<String, Entry>> {
    let refused = |cause: serde_json::Error| Error::new(ErrorKind::Prices, "not a price map").caused_by(cause);
    let mut map: BTreeMap<&str, &RawValue> = serde_json::from_str(text).map_err(refused)?;
    if let Some(models) = map.get("models") {
        map = serde_json::from_str(models.get()).map_err(refused)?;
    }
    let mut entries = BTreeMap::new();
    for (key, fields) in map {
        let Ok(fields) = serde_json::from_str::<Fields>(fields.get()) else { continue };
        match entry(key, &fields, day) {
            Ok(Some(entry)) => {
                // The map gives a model of Google's twice where Vertex AI sells it with a prefix too.
                entries.entry(entry.key.clone()).or_insert(entry);
            }
            Ok(None) => {}
            Err(reason) => {
                left_out.insert(format!("{key}: {reason}"));
            }
        }
    }
    Ok(entries)
}

/// One model of the map; `None` if it has no place in the book.
fn entry(key: &str, fields: &Fields, day: NaiveDate) -> std::result::Result<Option<Entry>, String> {
    let text = |name: &str| fields.get(name).and_then(|value| serde_json::from_str::<String>(value.get()).ok());
    let Some(provider) = text("litellm_provider") else { return Ok(None) };
    let is_text = text("mode").is_none_or(|mode| ["chat", "responses", "completion"].contains(&mode.as_str()));
    let Some(is_makers) = place(key, &provider).filter(|_| is_text) else { return Ok(None) };
    let tiers = tiers(fields)?;
    let is_priced = tiers
        .get(STANDARD)
        .and_then(|steps| steps.first())
        .is_some_and(|step| step.above == 0 && step.rates.input.is_some() && step.rates.output.is_some());
    if !is_priced {
        return Ok(None);
    }
    let cloud = cloud(&provider);
    // A name without its seller is the maker's own.
    let key = match cloud {
        Some(cloud @ ("azure" | "vertex_ai")) if !key.contains('/') => format!("{cloud}/{key}"),
        _ => key.to_owned(),
    };
    let off_peak = fields.get("off_peak_pricing").map(|value| off_peak(value)).transpose()?;
    let provider = cloud.unwrap_or(&provider).to_owned();
    let periods = vec![Period { from: day, tiers, off_peak }];
    Ok(Some(Entry { key, provider, is_makers, first: day, last: day, periods }))
}
