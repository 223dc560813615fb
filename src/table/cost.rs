//! The fact table's rows get their costs: what the harness reported, else tokens times list prices.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::dimension::used_at;
use crate::config::Config;
use crate::error::{Result, unknown};
use crate::event::{Id, Time, TokenUsage, Usd};
use crate::fold::{Lack, Owner, RowCost, RowView, Settled};
use crate::price::{Cost, Entry, Prices, Tokens};

/// Whose word is taken for a cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CostMode {
    /// The harness's where it has one, else the price book's.
    #[default]
    Auto,
    /// The harness's alone.
    Reported,
    /// The price book's alone.
    Computed,
}

impl CostMode {
    /// All modes, in the order of the help.
    pub const ALL: [CostMode; 3] = [CostMode::Auto, CostMode::Reported, CostMode::Computed];

    /// What ccusage calls them.
    const THEIRS: [(&str, CostMode); 2] = [("display", CostMode::Reported), ("calculate", CostMode::Computed)];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            CostMode::Auto => "auto",
            CostMode::Reported => "reported",
            CostMode::Computed => "computed",
        }
    }

    /// Finds a mode by its name, or by the one that ccusage gives it.
    pub fn from_name(name: &str) -> Result<CostMode> {
        let named: Vec<(&str, CostMode)> =
            CostMode::ALL.map(|mode| (mode.name(), mode)).into_iter().chain(CostMode::THEIRS).collect();
        let found = named.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, mode)| *mode)
            .ok_or_else(|| unknown("cost mode", name, &named.iter().map(|(known, _)| *known).collect::<Vec<_>>()))
    }
}

/// How rows are priced.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whose word is taken.
    pub mode: CostMode,
    /// The service tier of calls that record none.
    pub service_tier: Option<String>,
}

/// Fills in what every row costs. A row's cost depends on what its conversation and owner left, and on nothing else.
pub fn price(settled: &mut Settled, prices: &Prices, options: &Options) {
    let mut book = Pricer::new(prices, options);
    let Settled { owners, rows, outweighed, .. } = settled;
    let mut early: BTreeSet<Id> = BTreeSet::new();
    for (rows, is_counted) in [(rows, true), (outweighed, false)] {
        rows.tell_costs(|rows, costs| {
            let Some(owner) = rows.first().and_then(|row| owners.get(row.owner)) else { return };
            book.owner(rows, owner, costs);
            for (row, _) in rows.iter().zip(costs).filter(|(_, cost)| is_counted && cost.is_early) {
                if let Some(model) = row.model.filter(|model| !early.contains(*model)) {
                    early.insert(model.clone());
                }
            }
        });
    }
    settled.pricing.mode = Some(options.mode.name());
    settled.pricing.day = prices.day().and_then(start);
    let firsts = early.into_iter().filter_map(|model| book.first(&model).map(|first| (model, first)));
    settled.pricing.firsts = firsts.collect();
}

/// What an owner's rows would cost at list prices if none of their cache writes were kept for an hour. `None` if that
/// isn't certain, and where none is.
pub(super) fn without_hour_writes<'a>(
    rows: impl Iterator<Item = RowView<'a>> + Clone,
    owner: &Owner,
    prices: &Prices,
    options: &Options,
) -> Option<Usd> {
    let hour = |row: &RowView<'_>| row.usage.map_or(0, |usage| usage.cache_creation_1h_input_tokens);
    if !rows.clone().any(|row| row.has_unsplit_writes || hour(&row) > 0) {
        return None;
    }
    let without = |usage| TokenUsage { cache_creation_1h_input_tokens: 0, ..usage };
    let rows = rows.map(|row| RowView { has_unsplit_writes: false, usage: row.usage.map(without), ..row });
    let rows: Vec<RowView> = rows.collect();
    let mut costs = vec![RowCost::default(); rows.len()];
    Pricer::new(prices, options).owner(&rows, owner, &mut costs);
    let all = rows.iter().zip(costs);
    let used = all.filter(|(row, _)| row.usage.is_some() || row.blended_tokens.is_some());
    used.map(|(_, cost)| cost.computed).try_fold(Usd::ZERO, |sum, cost| Some(sum + cost?))
}

fn start(day: chrono::NaiveDate) -> Option<Time> {
    Some(Time::from_micros(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros()))
}

struct Pricer<'a> {
    prices: &'a Prices,
    options: &'a Options,
    /// What was looked up.
    entries: FxHashMap<Id, Option<Known>>,
    /// What the book says without the user's file, where that was asked for.
    listed: OnceCell<Option<Prices>>,
}

/// The prices of a model.
struct Known {
    /// When they begin.
    first: Option<Time>,
    entry: Entry,
    /// Whether the user's file has a say in them, and what the book says without it.
    is_users: bool,
    listed: Option<Entry>,
}

impl Known {
    /// Whether the prices of that day are the user's own; where the day isn't known, whether those of any are.
    fn are_users(&self, time: Option<Time>) -> bool {
        let day = time.and_then(Time::to_utc).map(|time| time.date_naive());
        let differ = |listed: &Entry| match day {
            Some(day) => listed.on(day) != self.entry.on(day),
            None => listed.periods != self.entry.periods,
        };
        self.is_users && self.listed.as_ref().is_none_or(differ)
    }
}

impl<'a> Pricer<'a> {
    fn new(prices: &'a Prices, options: &'a Options) -> Pricer<'a> {
        Pricer { prices, options, entries: FxHashMap::default(), listed: OnceCell::new() }
    }

    /// When the prices of a model begin that was looked up.
    fn first(&self, model: &Id) -> Option<Time> {
        self.entries.get(model)?.as_ref()?.first
    }

    /// The prices of a model, looked up.
    fn known(&self, model: &Id) -> Option<Known> {
        let found = self.prices.find(model)?;
        let listed = || self.listed.get_or_init(|| Prices::new(&Config::default()).ok()).as_ref()?.find(model);
        let listed = if found.is_users { listed() } else { None };
        Some(Known {
            first: start(found.entry.first),
            entry: found.entry,
            is_users: found.is_users,
            listed: listed.map(|listed| listed.entry),
        })
    }

    /// Fills in what an owner's rows cost.
    fn owner(&mut self, rows: &[RowView<'_>], owner: &Owner, costs: &mut [RowCost]) {
        // What nobody saw call by call belongs to calls no longer than these, or than itself.
        let mut longest: BTreeMap<Option<&Id>, u64> = BTreeMap::new();
        let has_sums = rows.iter().any(|row| !row.is_call);
        for row in rows.iter().filter(|row| has_sums && row.is_call) {
            let known = longest.entry(row.conversation).or_default();
            *known = (*known).max(row.usage.map_or(0, |usage| usage.input_tokens));
        }
        for (row, cost) in rows.iter().zip(costs.iter_mut()) {
            let longest = longest.get(&row.conversation).copied().unwrap_or(0);
            *cost = RowCost { reported: row.cost_reported, ..RowCost::default() };
            let computed = self.row(row, owner, longest, cost);
            cost.computed = computed.and_then(|cost| cost.exact);
            let taken = match self.options.mode {
                CostMode::Reported => None,
                CostMode::Auto | CostMode::Computed => computed,
            };
            if taken.is_none() {
                (cost.is_early, cost.is_users) = (false, false);
            }
            if self.options.mode == CostMode::Reported {
                cost.lacks = None;
            }
            // A report that leaves a part out is still a floor.
            let floor = row.cost_reported.filter(|_| self.options.mode != CostMode::Computed && !row.is_underpaid);
            cost.exact = taken.and_then(|cost| cost.exact).filter(|exact| floor.is_none_or(|floor| floor <= *exact));
            cost.low = taken.map(|cost| cost.low).max(floor);
            cost.high = taken.and_then(|cost| cost.high).filter(|high| floor.is_none_or(|floor| floor <= *high));
            cost.is_computed = taken.is_some_and(|cost| cost.low > Usd::ZERO);
        }
        let is_asked = self.options.mode != CostMode::Computed;
        share_reports(rows, costs, is_asked);
        if is_asked {
            let told = rows.iter().zip(costs).filter(|(row, _)| (row.is_call || row.is_paid) && !row.is_underpaid);
            for (_, cost) in told {
                *cost = cost.reported.map_or(*cost, |reported| cost.exactly(reported));
            }
        }
    }

    /// What a row's tokens cost at list prices; `None` where none apply. What they lack goes into `cost`.
    fn row(&mut self, row: &RowView<'_>, owner: &Owner, longest: u64, cost: &mut RowCost) -> Option<Cost> {
        let tokens = match (row.usage, row.blended_tokens) {
            (Some(usage), _) if usage.is_zero() => return Some(Cost::exactly(Usd::ZERO)),
            (Some(usage), _) if row.is_call => Tokens::Call(usage),
            (Some(usage), _) => Tokens::Sum(usage, longest.max(usage.input_tokens)),
            (None, Some(0)) | (None, None) => return None,
            (None, Some(blended)) => Tokens::Blended(blended),
        };
        let Some(model) = row.model else {
            cost.lacks = Some(Lack::Model);
            return None;
        };
        if !self.entries.contains_key(model) {
            self.entries.insert(model.clone(), self.known(model));
        }
        let Some(known) = self.entries.get(model).and_then(Option::as_ref) else {
            cost.lacks = Some(Lack::Price);
            return None;
        };
        let entry = &known.entry;
        let time = used_at(row, owner);
        cost.is_early = time.zip(known.first).is_some_and(|(time, first)| time < first);
        cost.is_users = known.are_users(time);
        let tier = row.service_tier.map(Id::as_str).or(self.options.service_tier.as_deref());
        let found = entry.cost(tokens, time, tier);
        let found = if row.has_unsplit_writes { unsplit(found, entry, tokens, time, tier) } else { found };
        if found.is_none_or(|cost| cost.exact.is_none() && cost.high.is_none() && !matches!(tokens, Tokens::Blended(_)))
        {
            cost.lacks = Some(Lack::Tier);
        }
        found
    }
}

/// Bounds where nobody tells how many of the cache writes are kept for an hour: none, or all.
fn unsplit(none: Option<Cost>, entry: &Entry, tokens: Tokens, time: Option<Time>, tier: Option<&str>) -> Option<Cost> {
    let hour =
        |usage: TokenUsage| TokenUsage { cache_creation_1h_input_tokens: usage.cache_creation_input_tokens, ..usage };
    let all = match tokens {
        Tokens::Call(usage) => Tokens::Call(hour(usage)),
        Tokens::Sum(usage, longest) => Tokens::Sum(hour(usage), longest),
        Tokens::Blended(_) => return none,
    };
    let (none, all) = (none?, entry.cost(all, time, tier)?);
    let high = none.high.zip(all.high).map(|(none, all)| none.max(all));
    Some(Cost { exact: none.exact.filter(|exact| all.exact == Some(*exact)), low: none.low.min(all.low), high })
}

/// What a harness reported for several rows is shared out among them, to the pico-dollar: by what they cost at list
/// prices, or where that isn't known of all of them by their tokens. So groups add up to the report however they
/// are cut.
/// `is_asked`: whether a report of less than that is a floor of what they cost.
fn share_reports(rows: &[RowView<'_>], costs: &mut [RowCost], is_asked: bool) {
    let mut by_conversation: BTreeMap<Option<&Id>, Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| row.is_paid) {
        by_conversation.entry(row.conversation).or_default().push(index);
    }
    for paid in by_conversation.into_values() {
        let mut reports: BTreeMap<Option<&Id>, (Usd, Vec<usize>)> = BTreeMap::new();
        for index in &paid {
            let Some(row) = rows.get(*index) else { continue };
            if let Some(cost) = row.cost_reported {
                let report = reports.entry(row.model).or_default();
                report.0 = report.0 + cost;
            }
        }
        let largest = reports.iter().max_by_key(|(_, (cost, _))| *cost).map(|(model, _)| *model);
        let Some(largest) = largest else { continue };
        for index in paid {
            let Some(row) = rows.get(index) else { continue };
            let model = if reports.contains_key(&row.model) { row.model } else { largest };
            if let Some((_, own)) = reports.get_mut(&model) {
                own.push(index);
            }
        }
        for (cost, own) in reports.into_values() {
            share(rows, costs, cost, &own);
            let is_floor = own.iter().any(|index| rows.get(*index).is_some_and(|row| row.is_underpaid));
            if is_floor && is_asked {
                raise(costs, cost, &own);
            }
        }
    }
}

/// Raises what these rows cost at least to what was reported for them, if that is more.
fn raise(costs: &mut [RowCost], reported: Usd, own: &[usize]) {
    let low: Usd = own.iter().filter_map(|index| costs.get(*index)?.low).sum();
    for index in own.iter().filter(|_| low < reported) {
        if let Some(cost) = costs.get_mut(*index) {
            let floor = RowCost { exact: None, low: cost.reported, high: None, ..*cost };
            *cost = RowCost { is_computed: false, is_early: false, is_users: false, ..floor };
        }
    }
}

fn share(rows: &[RowView<'_>], costs: &mut [RowCost], cost: Usd, own: &[usize]) {
    let is_computed = own.iter().all(|index| costs.get(*index).is_some_and(|cost| cost.computed.is_some()));
    let weight = |index: &usize| match costs.get(*index).and_then(|cost| cost.computed).filter(|_| is_computed) {
        Some(usd) => u128::from(usd.pico().unsigned_abs()),
        None => {
            let usage = rows.get(*index).and_then(|row| row.usage);
            u128::from(usage.map_or(0, |usage| usage.total_tokens()))
        }
    };
    let weights = scaled(own.iter().map(weight).collect());
    let whole: u128 = weights.iter().sum();
    let pico = u128::from(cost.pico().unsigned_abs());
    let upto = |sum: u128, range: Range<usize>| match whole {
        // Nothing to go by: the row that tells it has it.
        0 => own[range]
            .iter()
            .filter_map(|index| rows.get(*index)?.cost_reported)
            .map(|usd| u128::from(usd.pico().unsigned_abs()))
            .sum(),
        whole => pico * sum / whole,
    };
    let (mut sum, mut given) = (0, 0);
    for (place, (index, weight)) in own.iter().zip(&weights).enumerate() {
        sum += weight;
        let all = upto(sum, 0..place + 1);
        if let Some(cost) = costs.get_mut(*index) {
            cost.reported = Some(Usd::from_pico(i64::try_from(all - given).unwrap_or(i64::MAX)));
        }
        given = all;
    }
}

/// The weights, less exact the larger they are, so that an amount of money times their sum fits in 128 bits.
fn scaled(weights: Vec<u128>) -> Vec<u128> {
    let whole = weights.iter().fold(0_u128, |sum, weight| sum.saturating_add(*weight));
    let surplus = u64::BITS.saturating_sub(whole.leading_zeros());
    weights.into_iter().map(|weight| weight >> surplus).collect()
}
