//! The user's own prices: `[prices."model"]`, in dollars for a million tokens.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::entry::{Period, Rates, Step, day};
use super::tier::TIERS;
use crate::config::{Config, Field, Section};
use crate::error::Result;
use crate::event::{STANDARD, Usd};

/// A model of the file.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) model: &'a str,
    /// Its sections, in the order of their days.
    pub(super) sections: Vec<Dated<'a>>,
}

/// A section: it holds from a day on until the next one's.
#[derive(Debug)]
pub(super) struct Dated<'a> {
    /// [`NaiveDate::MIN`] where it names none.
    pub(super) from: NaiveDate,
    pub(super) prices: Given<'a>,
}

/// What a section says.
#[derive(Debug)]
pub(super) enum Given<'a> {
    Prices(Period),
    /// The name of a model with the same prices.
    Like(Field<'a>),
}

/// Prices of one kind of token each, by their names in the file.
const RATES: [&str; 6] = ["input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning"];

/// What only names of several models hold.
const WILDCARDS: [char; 3] = ['*', '?', '{'];

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
    let mut tier = rates(vec![above.clone()]);
    tier["required"] = json!(["input", "output"]);
    let mut keys = vec![
        ("from", json!({ "type": "string", "description": "first day, 2026-11-20; without it always" })),
        ("like", json!({ "type": "string", "description": "a model with the same prices" })),
        above,
    ];
    keys.extend(other_tiers().map(|name| (name, tier.clone())));
    let mut model = rates(keys);
    model["anyOf"] = json!([{ "required": ["like"] }, { "required": ["input", "output"] }]);
    json!({
        "description": "Prices of models, by their names; they go before the book's.",
        "type": "object",
        "additionalProperties": one_or_more(model),
    })
}

/// Every model of the file, in the order of their names.
pub(super) fn user(config: &Config) -> Result<Vec<Told<'_>>> {
    let mut models: BTreeMap<&str, Vec<Dated>> = BTreeMap::new();
    for (model, section) in config.prices()? {
        if model.contains(WILDCARDS) {
            return Err(section.error(format!("[{}] is a pattern; give each model its own prices", section.name())));
        }
        let dated = dated(&section)?;
        let known = models.entry(model).or_default();
        if known.iter().any(|other| other.from == dated.from) {
            return Err(
                section.error(format!("[{}] is there twice for the same day; give from = 2026-11-20", section.name()))
            );
        }
        known.push(dated);
    }
    let models = models.into_iter().map(|(model, mut sections)| {
        sections.sort_by_key(|dated| dated.from);
        Told { model, sections }
    });
    Ok(models.collect())
}

/// From when a section holds, and its prices.
fn dated<'a>(section: &Section<'a>) -> Result<Dated<'a>> {
    let from = section.get("from").map(|field| field.day()).transpose()?.and_then(day).unwrap_or(NaiveDate::MIN);
    if let Some(like) = section.get("like") {
        section.only(&["from", "like"])?;
        like.text()?;
        return Ok(Dated { from, prices: Given::Like(like) });
    }
    let known: Vec<&str> = ["from", "like", "above"].into_iter().chain(RATES).chain(other_tiers()).collect();
    let is_version = |field: &&Field<'_>| field.key().starts_with(|first: char| first.is_ascii_digit());
    if let Some(model) = section.fields().iter().find(is_version) {
        let (name, rest) = (section.name(), model.key());
        let model = format!("{}.{rest}", name.strip_prefix("prices.").unwrap_or(name));
        return Err(section.error(format!("a model's name with a dot stands in quotes: [prices.{model:?}]")));
    }
    section.only(&known)?;
    let mut tiers = BTreeMap::from([(STANDARD.to_owned(), steps(section)?)]);
    for tier in other_tiers() {
        if let Some(field) = section.get(tier) {
            let own = field.section()?;
            own.only(&["above"].into_iter().chain(RATES).collect::<Vec<_>>())?;
            tiers.insert(tier.to_owned(), steps(&own)?);
        }
    }
    Ok(Dated { from, prices: Given::Prices(Period { from, tiers, off_peak: None }) })
}

/// The tiers that are named in a section: its own prices are the standard ones.
fn other_tiers() -> impl Iterator<Item = &'static str> {
    TIERS.into_iter().filter(|tier| *tier != STANDARD)
}

fn steps(section: &Section<'_>) -> Result<Vec<Step>> {
    section.require("input")?;
    section.require("output")?;
    let mut steps = vec![Step { above: 0, rates: rates(section)? }];
    for own in section.get("above").map(|field| field.sections()).transpose()?.unwrap_or_default() {
        own.only(&["tokens"].into_iter().chain(RATES).collect::<Vec<_>>())?;
        let above = own.require("tokens")?;
        let above = above.count().and_then(|tokens| match tokens {
            0 => Err(above.error("tokens must be more than 0: the prices beside `above` hold up to there")),
            tokens => Ok(tokens),
        })?;
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

/// The prices of a section, every gap filled: cache prices that it doesn't give are those of other input.
fn rates(section: &Section<'_>) -> Result<Rates> {
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
    let cache_write_5m = rates.cache_write_5m.or(rates.input);
    Ok(Rates {
        cache_read: rates.cache_read.or(rates.input),
        cache_write_5m,
        cache_write_1h: rates.cache_write_1h.or(cache_write_5m),
        ..rates
    })
}
