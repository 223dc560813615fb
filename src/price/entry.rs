//! What one model costs, period by period, and the line of the book that says so.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Timelike};
use serde::{Deserialize, Serialize};

use super::tier::meant;
use crate::event::{Time, Usd};

/// Prices of one token each; `None` where the source lists none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Input that is neither read from the cache nor written to it.
    pub input: Option<Usd>,
    /// Input read from the cache.
    pub cache_read: Option<Usd>,
    /// Input written to the cache, to be kept for five minutes (or for as long as the provider likes).
    pub cache_write_5m: Option<Usd>,
    /// Input written to the cache, to be kept for an hour.
    pub cache_write_1h: Option<Usd>,
    /// Output.
    pub output: Option<Usd>,
    /// Reasoning, where it doesn't cost what other output does.
    pub reasoning: Option<Usd>,
}

impl From<[Option<Usd>; 6]> for Rates {
    fn from([input, cache_read, cache_write_5m, cache_write_1h, output, reasoning]: [Option<Usd>; 6]) -> Rates {
        Rates { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning }
    }
}

impl Rates {
    /// All of them, in their order.
    pub(super) fn each(self) -> [Option<Usd>; 6] {
        [self.input, self.cache_read, self.cache_write_5m, self.cache_write_1h, self.output, self.reasoning]
    }

    /// The same with every gap filled from `other`.
    pub(super) fn or(self, other: Rates) -> Rates {
        let mut filled = self.each();
        for (own, other) in filled.iter_mut().zip(other.each()) {
            *own = own.or(other);
        }
        filled.into()
    }
}

/// `[above, input, cache read, cache write 5 min, cache write 1 h, output, reasoning]` in the book; what isn't listed
/// is `null`, or left out at the end.
impl From<Vec<Option<Usd>>> for Step {
    fn from(listed: Vec<Option<Usd>>) -> Step {
        let at = |index: usize| listed.get(index).copied().flatten();
        let above = at(0).map_or(0, |above| above.pico().unsigned_abs());
        Step { above, rates: [at(1), at(2), at(3), at(4), at(5), at(6)].into() }
    }
}

impl From<Step> for Vec<Option<Usd>> {
    fn from(step: Step) -> Vec<Option<Usd>> {
        let above = Some(Usd::from_pico(i64::try_from(step.above).unwrap_or(i64::MAX)));
        let mut listed: Vec<Option<Usd>> = std::iter::once(above).chain(step.rates.each()).collect();
        while listed.last().is_some_and(Option::is_none) {
            listed.pop();
        }
        listed
    }
}

/// Prices of calls whose whole prompt is longer than `above` tokens (and no longer than the next step's).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Option<Usd>>", into = "Vec<Option<Usd>>")]
pub struct Step {
    /// 0 for the first.
    pub above: u64,
    /// What all tokens of such a call cost, its output too.
    pub rates: Rates,
}

/// Cheaper hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffPeak {
    /// Minutes since Monday, 0:00 UTC, from and to (exclusive).
    pub minutes: Vec<(u16, u16)>,
    /// What tokens cost then, at the standard tier, whatever the prompt.
    pub step: Step,
}

impl OffPeak {
    /// Whether a time falls into them.
    pub(super) fn contains(&self, time: Time) -> bool {
        let Some(time) = time.to_utc() else { return false };
        let day = time.weekday().num_days_from_monday();
        let minute = day * 1440 + time.hour() * 60 + time.minute();
        self.minutes.iter().any(|(from, to)| (u32::from(*from)..u32::from(*to)).contains(&minute))
    }
}

/// Prices from one day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The first snapshot that shows them: they may be some days older.
    pub from: NaiveDate,
    /// By service tier; the steps of each in ascending order.
    pub tiers: BTreeMap<String, Vec<Step>>,
    /// Cheaper hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_peak: Option<OffPeak>,
}

/// Who sells a model of which only the user's file tells.
pub(super) const USERS: &str = "usage.toml";

/// A model as one provider sells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name in the source.
    pub key: String,
    /// Who sells it.
    pub provider: String,
    /// Whether that is who made it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_makers: bool,
    /// The first snapshot that has it.
    pub first: NaiveDate,
    /// The last one that has it; [`NaiveDate::MAX`] of a model of the user's file. Later, its last prices still hold.
    pub last: NaiveDate,
    /// At least one, in ascending order.
    pub periods: Vec<Period>,
}

impl Entry {
    /// The prices that hold on a day: those of the first period also before it.
    pub fn on(&self, day: NaiveDate) -> Option<&Period> {
        self.periods.get(self.place_on(day))
    }

    fn place_on(&self, day: NaiveDate) -> usize {
        self.periods.iter().rposition(|period| period.from <= day).unwrap_or(0)
    }

    /// The periods that hold on any day of several; `None` for the first or the last day: any.
    pub(super) fn between(&self, since: Option<NaiveDate>, until: Option<NaiveDate>) -> &[Period] {
        let until = until.map_or(self.periods.len(), |day| self.place_on(day).saturating_add(1));
        let since = since.map_or(0, |day| self.place_on(day)).min(until.saturating_sub(1));
        self.periods.get(since..until).unwrap_or_default()
    }

    /// Whether the user's file tells of it.
    pub(super) fn is_users(&self) -> bool {
        self.last == NaiveDate::MAX
    }

    /// What a tier is called that a record names. Codex calls OpenAI's priority tier `fast`; a tier of that name is
    /// otherwise Claude's alone.
    pub(super) fn tier<'a>(&self, period: &Period, recorded: Option<&'a str>) -> &'a str {
        match meant(recorded) {
            "fast" if self.may_be_openais() && !period.tiers.contains_key("fast") => "priority",
            meant => meant,
        }
    }

    fn may_be_openais(&self) -> bool {
        self.provider == "openai" || (self.provider == USERS && !self.key.contains("claude"))
    }

    /// A period for a model that may be of another provider: tiers under every name that a record may give them.
    pub(super) fn spelt_out(&self, period: &Period) -> Period {
        let fast = period.tiers.get(self.tier(period, Some("fast"))).cloned();
        let mut period = period.clone();
        if let Some(fast) = fast {
            period.tiers.entry("fast".to_owned()).or_insert(fast);
        }
        period
    }
}

/// The day of a time, in UTC; `None` beyond the calendar.
pub(super) fn day(time: Time) -> Option<NaiveDate> {
    time.to_utc().map(|time| time.date_naive())
}
