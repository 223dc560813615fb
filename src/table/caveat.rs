//! What the costs of a report rest on, and what they lack.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::digits::grouped;
use super::time_cut::date;
use super::warning_code::WarningCode;
use super::warnings::{Warning, owners};
use crate::event::{Billing, Id, MAX_COUNT};
use crate::fold::{Lack, Owner, RowView, Settled};

/// Models that are named one by one; more are told together.
const MOST_NAMES: usize = 10;

/// What the costs of a report rest on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceNote {
    /// The day of the list prices; `None` where none were taken.
    pub list_prices: Option<String>,
    /// Whether prices of the user's file were taken. Where neither were, all costs are the harnesses' own.
    pub has_users: bool,
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
    unpriced: BTreeMap<Missing<'a>, Unpriced>,
    /// Models that were used before their first known price.
    early: BTreeSet<&'a Id>,
    /// Whether list prices made up a cost, or the user's.
    is_listed: bool,
    is_users: bool,
    is_reported: bool,
    /// Profiles by how their accounts pay.
    profiles: BTreeMap<&'a Id, Option<Billing>>,
}

/// What would give usage a computed cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Missing<'a> {
    /// The name of its model, which the user's file can tell for its run's profile.
    ModelOfProfile,
    /// The name of its model, which nothing can tell.
    Model,
    /// A price of this model.
    Price(&'a Id),
    /// A price of this model at its service tier, or for a kind of tokens.
    Rate(&'a Id, Option<&'a Id>),
}

/// Usage without a computed cost.
#[derive(Debug, Default)]
struct Unpriced {
    tokens: u64,
    /// Indices of the owners.
    owners: BTreeSet<usize>,
}

impl<'a> Caveats<'a> {
    /// Adds whom the following rows are of.
    pub(super) fn add_owner(&mut self, owner: &'a Owner) {
        if let Some(profile) = owner.profile() {
            let known = self.profiles.entry(profile).or_default();
            *known = owner.billing.or(*known);
        }
    }

    /// Adds a row of `owner`.
    pub(super) fn add(&mut self, row: &RowView<'a>, owner: &Owner) {
        let cost = &row.cost;
        self.is_listed |= cost.is_computed && !cost.is_users;
        self.is_users |= cost.is_computed && cost.is_users;
        self.is_reported |= cost.low.is_some() && !cost.is_computed;
        self.early.extend(row.model.filter(|_| cost.is_early));
        // What is known from a report lacks nothing but the computed column.
        let lack = cost.lacks.filter(|lack| *lack == Lack::Price || cost.exact.is_none());
        if let Some(missing) = lack.map(|lack| Missing::of(lack, row, owner)) {
            let unpriced = self.unpriced.entry(missing).or_default();
            unpriced.tokens = unpriced.tokens.saturating_add(row.known_tokens()).min(MAX_COUNT);
            unpriced.owners.insert(row.owner);
        }
    }

    /// What stands in the report's `warnings`. Their count is that of runs and conversations.
    pub(super) fn warnings(&self, settled: &Settled) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for code in [WarningCode::UnnamedModel, WarningCode::UnknownModel, WarningCode::UnpricedTokens] {
            let mut all = self.unpriced.iter().filter(|(missing, _)| missing.code() == code);
            let named = all.by_ref().take(MOST_NAMES);
            warnings.extend(
                named.map(|(missing, unpriced)| unpriced.warning(code, missing.message(unpriced.tokens), settled)),
            );
            let (mut more, mut rest) = (0, Unpriced::default());
            for (_, unpriced) in all {
                more += 1;
                rest.merge(unpriced);
            }
            if more > 0 {
                warnings.push(rest.warning(code, unnamed(code, more, rest.tokens), settled));
            }
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
            let count = self.early.len() as u64;
            warnings.push(Warning { code: WarningCode::EarlyPrice, message, count, counted: "models" });
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
        let list_prices = price_book(settled).filter(|_| self.is_listed);
        let is_shown = self.is_listed || self.is_users || (self.is_reported && !subscriptions.is_empty());
        is_shown.then_some(PriceNote { list_prices, has_users: self.is_users, subscriptions, others })
    }
}

impl<'a> Missing<'a> {
    fn of(lack: Lack, row: &RowView<'a>, owner: &Owner) -> Missing<'a> {
        match (lack, row.model) {
            (Lack::Price, Some(model)) => Missing::Price(model),
            (Lack::Tier, Some(model)) => Missing::Rate(model, row.service_tier),
            _ if owner.run.as_ref().is_some_and(|run| run.profile.is_some()) => Missing::ModelOfProfile,
            _ => Missing::Model,
        }
    }

    fn code(self) -> WarningCode {
        match self {
            Missing::ModelOfProfile | Missing::Model => WarningCode::UnnamedModel,
            Missing::Price(_) => WarningCode::UnknownModel,
            Missing::Rate(..) => WarningCode::UnpricedTokens,
        }
    }

    /// What so many tokens lack, and what to do.
    fn message(self, tokens: u64) -> String {
        let have = have(tokens, "");
        match self {
            Missing::ModelOfProfile => Missing::Model.message(tokens) + &tell("[profiles.NAME] model = \"…\""),
            Missing::Model => format!("{} no computed cost", self::have(tokens, " of no named model")),
            Missing::Price(model) => {
                let model = model.as_str();
                let advice = tell(&format!("[prices.{model:?}]"));
                format!("no price is known for {model}; {have} no computed cost{advice}")
            }
            Missing::Rate(model, tier) => {
                let tier = tier.map_or_else(String::new, |tier| format!(" at the service tier {tier}"));
                format!("not every price is known for {model}{tier}; {have} no exact cost")
            }
        }
    }
}

/// The message of what isn't told one by one.
fn unnamed(code: WarningCode, more: usize, tokens: u64) -> String {
    let (have, s) = (have(tokens, ""), if more == 1 { "" } else { "s" });
    if code == WarningCode::UnpricedTokens {
        format!("not every price is known for {more} more model{s} or tier{s}; {have} no exact cost")
    } else {
        format!("no price is known for {more} more model{s}; {have} no computed cost; report --by model names them")
    }
}

/// `1 token has`, `12 tokens of no named model have`.
fn have(tokens: u64, whose: &str) -> String {
    if tokens == 1 { format!("1 token{whose} has") } else { format!("{} tokens{whose} have", grouped(tokens.into())) }
}

/// Where the user can tell it.
fn tell(entry: &str) -> String {
    format!("; tell it in .forge/usage.toml: {entry}")
}

impl Unpriced {
    fn merge(&mut self, other: &Unpriced) {
        self.tokens = self.tokens.saturating_add(other.tokens).min(MAX_COUNT);
        self.owners.extend(&other.owners);
    }

    fn warning(&self, code: WarningCode, message: String, settled: &Settled) -> Warning {
        let is_run = |owner: &&usize| settled.owners.get(**owner).is_some_and(|owner| owner.run.is_some());
        let (count, runs) = (self.owners.len() as u64, self.owners.iter().filter(is_run).count() as u64);
        Warning { code, message, count, counted: owners(count, runs) }
    }
}
