//! The prices that a model's fields in the map tell.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::event::{STANDARD, Usd};
use crate::price::entry::{Rates, Step};

/// What one entry of the map says, its values unread.
pub(super) type Fields<'a> = BTreeMap<&'a str, &'a RawValue>;

/// A tier, the map's factor for what is dearer than it (fast answers, inference in the US alone), and that one's name.
const FACTORS: [(&str, &str, &str); 3] =
    [(STANDARD, "fast", "fast"), (STANDARD, "us", "us"), ("fast", "us", "fast-us")];

/// All prices of the map's flat fields, its list of steps, and its factors.
pub(super) fn tiers(fields: &Fields) -> Result<BTreeMap<String, Vec<Step>>, String> {
    let mut tiers: BTreeMap<String, BTreeMap<u64, Rates>> = BTreeMap::new();
    for (name, value) in fields {
        let Some((slot, above, tier)) = field(name) else { continue };
        let rates = tiers.entry(tier.to_owned()).or_default().entry(above).or_default();
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
        tiers.into_iter().map(|(tier, steps)| (tier, steps_of(steps))).collect();
    let Some(factors) = fields.get("provider_specific_entry") else { return Ok(tiers) };
    for (tier, name, dearer) in FACTORS {
        if let (Some(factor), Some(steps)) = (factor(factors, name), tiers.get(tier)) {
            let steps = steps.iter().map(|step| Step { above: step.above, rates: times(step.rates, factor) });
            tiers.insert(dearer.to_owned(), steps.collect());
        }
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
    let suffixes = [("_priority", "priority"), ("_flex", "flex"), ("_batches", "batch"), ("_ultrafast", "ultrafast")];
    let (rest, slot) = slots.iter().find_map(|(prefix, slot)| Some((name.strip_prefix(prefix)?, *slot)))?;
    let tier = suffixes.iter().find_map(|(suffix, tier)| Some((rest.strip_suffix(suffix)?, *tier)));
    let (rest, tier) = tier.unwrap_or((rest, STANDARD));
    if rest.is_empty() {
        return Some((slot, 0, tier));
    }
    let thousands: u64 = rest.strip_prefix("_above_")?.strip_suffix("k_tokens")?.parse().ok()?;
    Some((slot, thousands.checked_mul(1000)?, tier))
}

/// Dollars a token, every digit of them.
fn price(value: &RawValue) -> Result<Option<Usd>, String> {
    let text = value.get().trim_matches('"');
    if text == "null" {
        return Ok(None);
    }
    Usd::parse_exact(text).map(Some).ok_or_else(|| format!("{text} is no whole number of pico-dollars a token"))
}

/// A factor of that name, in tenths.
fn factor(entry: &RawValue, name: &str) -> Option<u64> {
    let fields: Fields = serde_json::from_str(entry.get()).ok()?;
    let factor = Usd::parse_exact(fields.get(name)?.get())?.pico();
    (factor % 100_000_000_000 == 0).then(|| u64::try_from(factor / 100_000_000_000).ok()).flatten()
}

fn times(rates: Rates, tenths: u64) -> Rates {
    rates.each().map(|rate| rate.map(|rate| Usd::from_pico(rate.times(tenths).pico() / 10))).into()
}
