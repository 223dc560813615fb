//! What the costs of a report rest on, and what they lack.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::time_cut::date;
use super::warnings::Warning;
use crate::event::{Billing, Id, MAX_COUNT};
use crate::fold::{Lack, Owner, RowView, Settled};

/// Models that are named one by one; more are told together.
const MOST_NAMES: usize = 10;

const UNKNOWN_MODEL: &str = "unknown-model";
const UNNAMED_MODEL: &str = "unnamed-model";
const UNPRICED_TOKENS: &str = "unpriced-tokens";
const EARLY_PRICE: &str = "early-price";

/// What the costs of a report rest on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceNote {
    /// The day of the list prices; `None` where all costs are the harnesses' own.
    pub list_prices: Option<String>,
    /// Profiles whose accounts pay a flat fee: their costs are no bill.
    pub subscriptions: Vec<String>,
    /// The other profiles.
    pub others: Vec<String>,
}

/// The day of the latest list prices that rows were priced with; `None` if none were.
pub fn price_book(settled: &Settled) -> Option<String> {
    settled.pricing.day.and_then(|day| date(day, Tz::UTC))
}

/// Collects, over the rows of a query, what its reader should know of their costs.
#[derive(Debug, Default)]
pub(super) struct Caveats<'a> {
    /// By what lacks and whose it is (a model, a tier): tokens, and how many owners.
    lacks: BTreeMap<(Lack, Option<&'a Id>, Option<&'a Id>), Lacking>,
    /// Models that were used before their first known price.
    early: BTreeSet<&'a Id>,
    is_computed: bool,
    is_reported: bool,
    /// Profiles by how their accounts pay.
    profiles: BTreeMap<&'a Id, Option<Billing>>,
}

#[derive(Debug, Default)]
struct Lacking {
    tokens: u64,
    owners: u64,
    latest: Option<usize>,
}

impl<'a> Caveats<'a> {
    /// Adds whom the following rows are of.
    pub(super) fn add_owner(&mut self, owner: &'a Owner) {
        if let Some(profile) = owner.profile() {
            let known = self.profiles.entry(profile).or_default();
            *known = owner.billing.or(*known);
        }
    }

    pub(super) fn add(&mut self, row: &RowView<'a>) {
        let cost = &row.cost;
        self.is_computed |= cost.is_computed;
        self.is_reported |= cost.low.is_some() && !cost.is_computed;
        self.early.extend(row.model.filter(|_| cost.is_early));
        // What is known from a report lacks nothing but the computed column.
        let lack = cost.lacks.filter(|lack| *lack == Lack::Price || cost.exact.is_none());
        if let Some(lack) = lack {
            let tier = row.service_tier.filter(|_| lack == Lack::Tier);
            let lacking = self.lacks.entry((lack, row.model, tier)).or_default();
            let tokens = row.usage.map_or(row.blended_tokens.unwrap_or(0), |usage| usage.total_tokens());
            lacking.tokens = lacking.tokens.saturating_add(tokens).min(MAX_COUNT);
            lacking.owners += u64::from(lacking.latest.replace(row.owner) != Some(row.owner));
        }
    }

    /// What stands in the report's `warnings`. Their count is that of runs and conversations.
    pub(super) fn warnings(&self, settled: &Settled) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for ((lack, model, tier), lacking) in self.lacks.iter().take(MOST_NAMES) {
            warnings.push(lacking.warning(*lack, model.map_or("", Id::as_str), tier.map(Id::as_str)));
        }
        let more = self.lacks.len().saturating_sub(MOST_NAMES);
        if more > 0 {
            let owners = self.lacks.values().skip(MOST_NAMES).map(|lacking| lacking.owners).sum();
            let message = format!("{more} more models have no known price; their tokens stay without a computed cost");
            warnings.push(Warning { code: UNKNOWN_MODEL.to_owned(), message, count: owners });
        }
        let names: Vec<String> = self
            .early
            .iter()
            .take(MOST_NAMES)
            .filter_map(|model| {
                let first = settled.pricing.firsts.get(*model).and_then(|first| date(*first, Tz::UTC))?;
                Some(format!("{model} ({first})"))
            })
            .collect();
        if !names.is_empty() {
            let message = format!("used before the first price that is known, which was taken: {}", names.join(", "));
            warnings.push(Warning { code: EARLY_PRICE.to_owned(), message, count: self.early.len() as u64 });
        }
        warnings
    }

    /// What the footnote says; `None` where no cost is shown, or nothing is to be said of it.
    pub(super) fn note(&self, settled: &Settled) -> Option<PriceNote> {
        let is_paid = |billing: &Option<Billing>| *billing == Some(Billing::Subscription);
        let subscriptions: Vec<String> =
            self.profiles.iter().filter(|(_, billing)| is_paid(billing)).map(|(name, _)| name.to_string()).collect();
        let others = self.profiles.iter().filter(|(_, billing)| !is_paid(billing));
        let others = others.map(|(name, _)| name.to_string()).collect();
        let list_prices = price_book(settled).filter(|_| self.is_computed);
        let is_shown = self.is_computed || (self.is_reported && !subscriptions.is_empty());
        is_shown.then_some(PriceNote { list_prices, subscriptions, others })
    }
}

impl Warning {
    /// Whether it is about prices alone.
    pub fn is_of_prices(&self) -> bool {
        [UNKNOWN_MODEL, UNNAMED_MODEL, UNPRICED_TOKENS, EARLY_PRICE].contains(&&*self.code)
    }
}

impl Lacking {
    fn warning(&self, lack: Lack, model: &str, tier: Option<&str>) -> Warning {
        let tokens = format!("{} tokens", self.tokens);
        let (code, message) = match lack {
            Lack::Model => (
                UNNAMED_MODEL,
                format!("{tokens} of no named model have no computed cost; tell it: [profiles.NAME] model = \"…\""),
            ),
            Lack::Price => {
                let advice = format!("tell it in .forge/usage.toml: [prices.{model:?}]");
                (UNKNOWN_MODEL, format!("no price is known for {model}; {tokens} have no computed cost; {advice}"))
            }
            Lack::Tier => {
                let tier = tier.map_or_else(String::new, |tier| format!(" at the service tier {tier}"));
                (UNPRICED_TOKENS, format!("not every price is known for {model}{tier}; {tokens} have no exact cost"))
            }
        };
        Warning { code: code.to_owned(), message, count: self.owners }
    }
}
