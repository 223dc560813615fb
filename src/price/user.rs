//! The user's own prices: `[prices."model"]`, in dollars for a million tokens.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::book::Book;
use super::entry::{Entry, Period, Rates, STANDARD, Step, day};
use super::name::Name;
use crate::config::{Config, Section};
use crate::error::Result;
use crate::event::Usd;

/// A model of the user's file.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) entry: Entry,
    /// Whether it names no day from which it holds.
    pub(super) is_always: bool,
}

/// Prices of one kind of token each, by their names in the file.
const RATES: [&str; 6] = ["input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning"];

/// Service tiers that may be priced.
const SERVICES: [&str; 7] = ["priority", "flex", "batch", "fast", "ultrafast", "us", "fast-us"];

/// A million tokens, for which the file gives prices.
const MILLION: i64 = 1_000_000;

/// JSON Schema of the `prices` table of the file.
pub fn schema() -> Value {
    let one_or_more = |one: Value| json!({ "anyOf": [one.clone(), { "type": "array", "items": one }] });
    let rates = |own: Vec<(&str, Value)>| {
        let dollars = json!({ "type": "number", "minimum": 0, "description": "dollars for a million tokens" });
        let all = RATES.into_iter().map(|name| (name, dollars.clone())).chain(own);
        let properties: Map<String, Value> = all.map(|(name, value)| (name.to_owned(), value)).collect();
        json!({ "type": "object", "additionalProperties": false, "properties": properties })
    };
    let tokens =
        json!({ "type": "integer", "description": "prompts of more tokens than this are billed at these prices" });
    let mut above = rates(vec![("tokens", tokens)]);
    above["required"] = json!(["tokens", "input", "output"]);
    let above = ("above", one_or_more(above));
    let mut service = rates(vec![above.clone()]);
    service["required"] = json!(["input", "output"]);
    let mut keys = vec![
        ("from", json!({ "type": "string", "description": "first day, 2026-11-20; without it always" })),
        ("like", json!({ "type": "string", "description": "a model with the same prices" })),
        above,
    ];
    keys.extend(SERVICES.map(|name| (name, service.clone())));
    let mut model = rates(keys);
    model["anyOf"] = json!([{ "required": ["like"] }, { "required": ["input", "output"] }]);
    json!({
        "description": "Prices of models, by their names; they go before the book's.",
        "type": "object",
        "additionalProperties": one_or_more(model),
    })
}

/// Every model of the file, in the order of their names. `listed` is the book that `like` refers to.
pub(super) fn user(config: &Config, listed: Book<'_>) -> Result<Vec<User>> {
    let mut models: BTreeMap<&str, Vec<(NaiveDate, Vec<Period>)>> = BTreeMap::new();
    for (model, section) in config.prices()? {
        let (from, periods) = periods(&section, listed)?;
        let known = models.entry(model).or_default();
        if known.iter().any(|(other, _)| *other == from) {
            return Err(
                section.error(format!("[{}] is there twice for the same day; give from = 2026-11-20", section.name()))
            );
        }
        known.push((from, periods));
    }
    let models = models.into_iter().map(|(model, mut sections)| {
        sections.sort_by_key(|(from, _)| *from);
        let first = sections.first().map_or(NaiveDate::MIN, |(from, _)| *from);
        let starts: Vec<NaiveDate> = sections.iter().skip(1).map(|(from, _)| *from).collect();
        let ends = starts.into_iter().map(Some).chain([None]);
        // A section holds until the next one, also where it is another model's with periods of its own.
        let periods = sections.into_iter().zip(ends).flat_map(|((_, periods), end)| {
            periods.into_iter().filter(move |period| end.is_none_or(|end| period.from < end))
        });
        let entry = Entry {
            key: model.to_owned(),
            provider: "usage.toml".to_owned(),
            is_makers: true,
            first,
            last: NaiveDate::MAX,
            periods: periods.collect(),
        };
        User { entry, is_always: first == NaiveDate::MIN }
    });
    Ok(models.collect())
}

/// From when a section holds, and its prices.
fn periods(section: &Section, listed: Book<'_>) -> Result<(NaiveDate, Vec<Period>)> {
    let from = section.get("from").map(|field| field.day()).transpose()?.and_then(day).unwrap_or(NaiveDate::MIN);
    if let Some(like) = section.get("like") {
        section.only(&["from", "like"])?;
        let model = like.text()?;
        let found = listed.find(model, &Name::parse(model));
        let (entry, _) = found.ok_or_else(|| like.error(format!("no price is known for {model:?}")))?;
        let mut periods = entry.periods;
        let started = periods.iter().rposition(|period| period.from <= from).unwrap_or(0);
        periods.drain(..started);
        if let Some(first) = periods.first_mut() {
            first.from = from;
        }
        return Ok((from, periods));
    }
    let known: Vec<&str> = ["from", "like", "above"].into_iter().chain(RATES).chain(SERVICES).collect();
    section.only(&known)?;
    let mut tiers = BTreeMap::from([(STANDARD.to_owned(), steps(section)?)]);
    for service in SERVICES {
        if let Some(field) = section.get(service) {
            let own = field.section()?;
            own.only(&["above"].into_iter().chain(RATES).collect::<Vec<_>>())?;
            tiers.insert(service.to_owned(), steps(&own)?);
        }
    }
    let period = Period { from, tiers, off_peak: None };
    let entry = Entry {
        key: String::new(),
        provider: String::new(),
        is_makers: true,
        first: from,
        last: from,
        periods: vec![period],
    };
    Ok((from, entry.settled().periods))
}

fn steps(section: &Section) -> Result<Vec<Step>> {
    section.require("input")?;
    section.require("output")?;
    let mut steps = vec![Step { above: 0, rates: rates(section)? }];
    for own in section.get("above").map(|field| field.sections()).transpose()?.unwrap_or_default() {
        own.only(&["tokens"].into_iter().chain(RATES).collect::<Vec<_>>())?;
        let above = own.require("tokens")?.count()?;
        if steps.iter().any(|step| step.above == above) {
            return Err(own.error(format!("prices above {above} tokens are there twice")));
        }
        own.require("input")?;
        own.require("output")?;
        steps.push(Step { above, rates: rates(&own)? });
    }
    steps.sort_by_key(|step| step.above);
    Ok(steps)
}

fn rates(section: &Section) -> Result<Rates> {
    let mut rates = [None; 6];
    for (rate, name) in rates.iter_mut().zip(RATES) {
        let Some(field) = section.get(name) else { continue };
        let dollars = field.dollars()?;
        // A price finer than a pico-dollar a token would be rounded.
        let exact = field.number().and_then(Usd::parse_exact).filter(|usd| usd.pico() % MILLION == 0);
        let exact = exact.ok_or_else(|| field.error(format!("{name} has more than six decimal places")))?;
        debug_assert_eq!(exact, dollars);
        *rate = Some(Usd::from_pico(exact.pico() / MILLION));
    }
    let rates = Rates::from(rates);
    Ok(Rates { cache_write_1h: rates.cache_write_1h.or(rates.cache_write_5m), ..rates })
}
