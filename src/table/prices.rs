//! The price book as a table: a row a model, period, service tier and step.

use chrono::NaiveDate;

use super::cell::Cell;
use super::columns::{Column, Kind, column};
use super::frame::{Builder, Table};
use crate::error::Result;
use crate::event::{STANDARD, Usd};
use crate::price::{Found, Head, Period, Step};

/// All columns of a list of prices, in order.
pub static PRICES: [Column; 16] = [
    column("asked", Kind::Text, "the name that was asked for", "none was"),
    column("why", Kind::Text, "why this model's prices are taken for it", "no name was asked for"),
    column("model", Kind::Text, "the model's name in the book, or in the user's file", ""),
    column("provider", Kind::Text, "who sells it", ""),
    column("from", Kind::Text, "the first day of the prices, as far as that is known", "since ever"),
    column("until", Kind::Text, "the first day of others", "they still hold"),
    column("tier", Kind::Text, "service tier, or off-peak for cheaper hours", ""),
    column("above_tokens", Kind::Tokens, "for calls whose whole prompt is longer than this", ""),
    column("input_usd_per_mtok", Kind::Price, "input, for a million tokens", NOT_LISTED),
    column("cache_read_usd_per_mtok", Kind::Price, "input read from the cache", NOT_LISTED),
    column("cache_write_5m_usd_per_mtok", Kind::Price, "input written to the cache for five minutes", NOT_LISTED),
    column("cache_write_1h_usd_per_mtok", Kind::Price, "input written to the cache for an hour", NOT_LISTED),
    column("output_usd_per_mtok", Kind::Price, "output", NOT_LISTED),
    column("reasoning_usd_per_mtok", Kind::Price, "reasoning", "it costs what other output does"),
    column("first_seen", Kind::Text, "the first snapshot that has the model", "the user's own"),
    column("last_seen", Kind::Text, "the last snapshot that has it; its last prices hold on", "the user's own"),
];

/// Those of them that only the prices of one name have: a list of many has no use for them.
pub const OF_A_NAME: [&str; 3] = ["asked", "why", "until"];

const NOT_LISTED: &str = "no price is known";

/// What a table of prices is about.
#[derive(Debug, Clone)]
pub enum PriceSubject {
    /// One name.
    Name(PriceOrigin),
    /// Many models, and the day whose prices are listed.
    List {
        /// The day.
        day: NaiveDate,
        /// Whether some of the prices are the user's own.
        has_users: bool,
    },
}

/// Whose prices a name takes, and what they rest on.
#[derive(Debug, Clone)]
pub struct PriceOrigin {
    /// The name that was asked for.
    pub asked: String,
    /// The model's name in the book, or in the user's file.
    pub model: String,
    /// Who sells it.
    pub provider: String,
    /// Why this model's prices are taken: what the two names differ in.
    pub why: Vec<String>,
    /// The book that has them; `None` where some or all of them are the user's own.
    pub book: Option<BookOrigin>,
}

/// A model of the price book.
#[derive(Debug, Clone)]
pub struct BookOrigin {
    /// Where the book's prices come from.
    pub source: String,
    /// Under which licence.
    pub licence: String,
    /// The day of its latest snapshot.
    pub latest: NaiveDate,
    /// The first snapshot that has the model.
    pub first_seen: NaiveDate,
    /// The last one; later, its last prices still hold.
    pub last_seen: NaiveDate,
}

impl PriceOrigin {
    /// Of what was found by this name.
    pub fn new(asked: &str, found: &Found, head: Head) -> PriceOrigin {
        let entry = &found.entry;
        let latest = head.snapshots.last().copied().unwrap_or_default();
        let (first_seen, last_seen) = (entry.first, entry.last);
        let book = BookOrigin { source: head.source, licence: head.licence, latest, first_seen, last_seen };
        PriceOrigin {
            asked: asked.to_owned(),
            model: entry.key.clone(),
            provider: entry.provider.clone(),
            why: found.why.clone(),
            book: found.users_from.is_none().then_some(book),
        }
    }
}

/// Prices under all of [`PRICES`], at every tier: all that ever held, or those of a day. `asked` is the name they were
/// looked up by.
pub fn prices(found: impl Iterator<Item = Found>, asked: Option<&str>, day: Option<NaiveDate>) -> Result<Table> {
    let mut builder = Builder::new(PRICES.iter().collect());
    for found in found {
        let periods = &found.entry.periods;
        for (at, period) in periods.iter().enumerate() {
            let holds = |day| found.entry.on(day).is_some_and(|held| held.from == period.from);
            if !day.is_none_or(holds) {
                continue;
            }
            let until = periods.get(at + 1).map(|next| next.from);
            for (tier, step) in steps(period) {
                let line = Line { found: &found, asked, from: period.from, until, tier, step };
                builder.push(PRICES.iter().map(|column| line.cell(column.name)).collect());
            }
        }
    }
    builder.finish()
}

/// The steps of a period by their tiers, the standard one first; tiers without any price left out. A step without one
/// stays: what a long prompt costs isn't listed, not the same.
fn steps(period: &Period) -> impl Iterator<Item = (&str, Step)> {
    let (standard, others): (Vec<_>, Vec<_>) = period.tiers.iter().partition(|(tier, _)| *tier == STANDARD);
    let listed = standard.into_iter().chain(others).filter(|(_, steps)| steps.iter().any(is_listed));
    let listed = listed.flat_map(|(tier, steps)| steps.iter().map(move |step| (tier.as_str(), *step)));
    let off_peak = period.off_peak.iter().map(|off_peak| ("off-peak", off_peak.step));
    listed.chain(off_peak.filter(|(_, step)| is_listed(step)))
}

fn is_listed(step: &Step) -> bool {
    step.rates.input.is_some()
}

struct Line<'a> {
    found: &'a Found,
    asked: Option<&'a str>,
    from: NaiveDate,
    until: Option<NaiveDate>,
    tier: &'a str,
    step: Step,
}

impl Line<'_> {
    fn cell(&self, column: &str) -> Cell {
        let (entry, rates) = (&self.found.entry, self.step.rates);
        match column {
            "asked" => Cell::text(self.asked),
            "why" => Cell::text(self.asked.map(|_| self.found.why.join("; ")).as_deref()),
            "model" => Cell::Text(entry.key.clone()),
            "provider" => Cell::Text(entry.provider.clone()),
            "from" => date(Some(self.from)),
            "until" => date(self.until),
            "tier" => Cell::Text(self.tier.to_owned()),
            "above_tokens" => Cell::Integer(i64::try_from(self.step.above).unwrap_or(i64::MAX)),
            "input_usd_per_mtok" => price(rates.input),
            "cache_read_usd_per_mtok" => price(rates.cache_read),
            "cache_write_5m_usd_per_mtok" => price(rates.cache_write_5m),
            "cache_write_1h_usd_per_mtok" => price(rates.cache_write_1h),
            "output_usd_per_mtok" => price(rates.output),
            "reasoning_usd_per_mtok" => price(rates.reasoning),
            "first_seen" => date(Some(entry.first)),
            "last_seen" => date(Some(entry.last)),
            _ => Cell::Blank,
        }
    }
}

fn price(rate: Option<Usd>) -> Cell {
    rate.map_or(Cell::Blank, |rate| Cell::Usd(rate.times(1_000_000)))
}

/// A day; blank for one that only means that there is no bound.
fn date(day: Option<NaiveDate>) -> Cell {
    let day = day.filter(|day| *day != NaiveDate::MIN && *day != NaiveDate::MAX);
    day.map_or(Cell::Blank, |day| Cell::Text(day.to_string()))
}
