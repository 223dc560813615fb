//! Makes the book from snapshots of litellm's public price map. Rerun it on a newer one:
//!
//! ```sh
//! cargo run --no-default-features --example price-book -- litellm-2026-12-15.json
//! ```

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::value::RawValue;

use super::book::{Head, decode, encode};
use super::entry::{Entry, OffPeak, Period, Rates, STANDARD, Step};
use super::name::Name;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Usd;

/// What one entry of the map says, its values unread.
type Fields<'a> = BTreeMap<&'a str, &'a RawValue>;

/// Providers that sell what they make, by their names in the map.
const MAKERS: [&str; 9] =
    ["openai", "anthropic", "gemini", "xai", "deepseek", "moonshot", "zai", "dashscope", "mistral"];

/// Clouds that sell it too.
const CLOUDS: [&str; 3] = ["azure", "bedrock", "vertex_ai"];

/// First letters of the makers' models: what else a cloud sells is not in the book.
const FAMILIES: [&str; 27] = [
    "claude",
    "gpt",
    "o1",
    "o3",
    "o4",
    "codex",
    "computer-use",
    "gemini",
    "gemma",
    "medlm",
    "learnlm",
    "grok",
    "deepseek",
    "kimi",
    "moonshot",
    "glm",
    "qwen",
    "qwq",
    "mistral",
    "ministral",
    "mixtral",
    "codestral",
    "devstral",
    "magistral",
    "pixtral",
    "voxtral",
    "open-mi",
];

/// Families that Alibaba and Mistral sell without making them.
const RESOLD: [&str; 5] = ["deepseek", "glm", "kimi", "zai", "minimax"];

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
    let cloud = CLOUDS.iter().find(|cloud| provider.starts_with(**cloud)).copied();
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

/// Whether the provider made the model; `None` if it is none of the book's.
fn place(key: &str, provider: &str) -> Option<bool> {
    let core = Name::parse(key).core;
    // The map's own names for other tiers and regions of a model that stands there too.
    if provider == "anthropic" && key.contains('/') {
        return None;
    }
    if MAKERS.contains(&provider) {
        return Some(
            !RESOLD.iter().any(|family| core.starts_with(family))
                || ["deepseek", "zai", "moonshot"].contains(&provider),
        );
    }
    let is_cloud = CLOUDS.iter().any(|cloud| provider.starts_with(cloud));
    let is_theirs = FAMILIES.iter().any(|family| core.starts_with(family));
    // Reserved capacity is not paid by the token.
    let is_in_book = is_cloud && is_theirs && !key.contains("commitment");
    // Vertex AI is Google's own shop.
    is_in_book.then_some(provider.starts_with("vertex_ai") && core.starts_with("gem"))
}

/// All prices of the map's flat fields, its list of steps, and its factor for fast answers.
fn tiers(fields: &Fields) -> std::result::Result<BTreeMap<String, Vec<Step>>, String> {
    let mut tiers: BTreeMap<String, BTreeMap<u64, Rates>> = BTreeMap::new();
    for (name, value) in fields {
        let Some((slot, above, service)) = field(name) else { continue };
        let rates = tiers.entry(service.to_owned()).or_default().entry(above).or_default();
        *slot(rates) = price(value)?;
    }
    if let Some(steps) = fields.get("tiered_pricing") {
        let steps: Vec<Fields> = serde_json::from_str(steps.get()).map_err(|_| "odd tiered_pricing".to_owned())?;
        for fields in steps {
            let range = fields.get("range").and_then(|range| serde_json::from_str::<[f64; 2]>(range.get()).ok());
            let above = range.map(|[from, _]| from as u64).ok_or("odd range in tiered_pricing")?;
            for (name, value) in &fields {
                let Some((slot, 0, STANDARD)) = field(name) else { continue };
                let rates = tiers.entry(STANDARD.to_owned()).or_default().entry(above).or_default();
                *slot(rates) = price(value)?;
            }
        }
    }
    let mut tiers: BTreeMap<String, Vec<Step>> =
        tiers.into_iter().map(|(service, steps)| (service, steps_of(steps))).collect();
    if let Some(factor) = fields.get("provider_specific_entry").and_then(|entry| fast(entry)) {
        let standard = tiers.get(STANDARD).cloned().unwrap_or_default();
        let fast = standard.into_iter().map(|step| Step { above: step.above, rates: times(step.rates, factor) });
        tiers.insert("fast".to_owned(), fast.collect());
    }
    Ok(tiers)
}

fn steps_of(steps: BTreeMap<u64, Rates>) -> Vec<Step> {
    let steps = steps.into_iter().filter(|(_, rates)| *rates != Rates::default());
    steps.map(|(above, rates)| Step { above, rates }).collect()
}

/// Where a price belongs in [`Rates`].
type Slot = fn(&mut Rates) -> &mut Option<Usd>;

/// What a field's name says: `cache_creation_input_token_cost_above_1hr_above_200k_tokens_priority`. `None` for one
/// that prices no text token, or an hour we never hear of.
fn field(name: &str) -> Option<(Slot, u64, &'static str)> {
    let slots: [(&str, Slot); 6] = [
        ("cache_creation_input_token_cost_above_1hr", |rates| &mut rates.cache_write_1h),
        ("cache_creation_input_token_cost", |rates| &mut rates.cache_write_5m),
        ("cache_read_input_token_cost", |rates| &mut rates.cache_read),
        ("input_cost_per_token", |rates| &mut rates.input),
        ("output_cost_per_token", |rates| &mut rates.output),
        ("output_cost_per_reasoning_token", |rates| &mut rates.reasoning),
    ];
    let services = [("_priority", "priority"), ("_flex", "flex"), ("_batches", "batch"), ("_ultrafast", "ultrafast")];
    let (rest, slot) = slots.iter().find_map(|(prefix, slot)| Some((name.strip_prefix(prefix)?, *slot)))?;
    let service = services.iter().find_map(|(suffix, service)| Some((rest.strip_suffix(suffix)?, *service)));
    let (rest, service) = service.unwrap_or((rest, STANDARD));
    if rest.is_empty() {
        return Some((slot, 0, service));
    }
    let thousands: u64 = rest.strip_prefix("_above_")?.strip_suffix("k_tokens")?.parse().ok()?;
    Some((slot, thousands.checked_mul(1000)?, service))
}

/// Dollars a token, every digit of them.
fn price(value: &RawValue) -> std::result::Result<Option<Usd>, String> {
    let text = value.get().trim_matches('"');
    if text == "null" {
        return Ok(None);
    }
    Usd::parse_exact(text).map(Some).ok_or_else(|| format!("{text} is no whole number of pico-dollars a token"))
}

/// The factor for fast answers, in tenths.
fn fast(entry: &RawValue) -> Option<u64> {
    let fields: Fields = serde_json::from_str(entry.get()).ok()?;
    let factor = Usd::parse_exact(fields.get("fast")?.get())?.pico();
    (factor % 100_000_000_000 == 0).then(|| u64::try_from(factor / 100_000_000_000).ok()).flatten()
}

fn times(rates: Rates, tenths: u64) -> Rates {
    rates.each().map(|rate| rate.map(|rate| Usd::from_pico(rate.times(tenths).pico() / 10))).into()
}

fn off_peak(value: &RawValue) -> std::result::Result<OffPeak, String> {
    let fields: Fields = serde_json::from_str(value.get()).map_err(|_| "odd off_peak_pricing".to_owned())?;
    let step = tiers(&fields)?.get(STANDARD).and_then(|steps| steps.first()).copied();
    let windows: Vec<Fields> =
        fields.get("windows").and_then(|list| serde_json::from_str(list.get()).ok()).unwrap_or_default();
    let mut minutes = Vec::new();
    for window in &windows {
        let days = window.get("weekdays").and_then(|days| serde_json::from_str::<Vec<u16>>(days.get()).ok());
        let hours = window.get("hours_utc").ok_or("off-peak window without hours")?.get();
        let hours = serde_json::from_str(hours).or_else(|_| serde_json::from_str(hours).map(|one: String| vec![one]));
        for hours in hours.map_err(|_| "odd hours of an off-peak window".to_owned())? {
            let (from, to) =
                hours.split_once('-').and_then(|(from, to)| Some((minute(from)?, minute(to)?))).ok_or("odd hours")?;
            for day in days.clone().unwrap_or_else(|| (1..=7).collect()) {
                let start = day.clamp(1, 7).saturating_sub(1) * 1440;
                let end = if to > from { to } else { to + 1440 };
                minutes.push((start + from, (start + end).min(7 * 1440)));
                if start + end > 7 * 1440 {
                    minutes.push((0, start + end - 7 * 1440));
                }
            }
        }
    }
    let step = step.filter(|_| !minutes.is_empty()).ok_or("odd off_peak_pricing")?;
    Ok(OffPeak { minutes: joined(minutes), step })
}

fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 24 && minutes < 60).then(|| hours * 60 + minutes)
}

/// The same minutes in as few ranges as possible.
fn joined(mut minutes: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    minutes.sort_unstable();
    let mut joined: Vec<(u16, u16)> = Vec::new();
    for (from, to) in minutes {
        match joined.last_mut() {
            Some(last) if last.1 >= from => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

#[cfg(test)]
mod tests;
