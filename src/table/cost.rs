//! The fact table's rows get their costs: what the harness reported, else tokens times list prices.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rustc_hash::FxHashMap;

use super::dimension::used_at;
use super::share::share_reports;
use crate::error::{Result, unknown};
use crate::event::{Id, Time, TokenUsage, Usd};
use crate::fold::{Lack, NamedConversation, Owner, RowCost, RowView, Settled};
use crate::price::{Cost, Entry, Found, Prices, Span, Tokens};

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
    let Settled { owners, rows, outweighed, conversations, .. } = settled;
    let mut book = Pricer::new(prices, options, conversations);
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
    settled: &Settled,
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
    let costs = computed(&rows, owner, settled, prices, options);
    let all = rows.iter().zip(costs);
    let used = all.filter(|(row, _)| row.usage.is_some() || row.blended_tokens.is_some());
    used.map(|(_, cost)| cost.computed).try_fold(Usd::ZERO, |sum, cost| Some(sum + cost?))
}

/// Whether list prices, and whether the user's, give an owner's rows their computed costs, whatever is reported of them.
pub(super) fn listed_and_users<'a>(
    rows: impl Iterator<Item = RowView<'a>>,
    owner: &Owner,
    settled: &Settled,
    prices: &Prices,
    options: &Options,
) -> (bool, bool) {
    let costs = computed(&rows.collect::<Vec<_>>(), owner, settled, prices, options);
    let has = |is_users| costs.iter().any(|cost| cost.is_computed && cost.is_users == is_users);
    (has(false), has(true))
}

/// What an owner's rows cost by their tokens alone.
fn computed(
    rows: &[RowView<'_>],
    owner: &Owner,
    settled: &Settled,
    prices: &Prices,
    options: &Options,
) -> Vec<RowCost> {
    let options = Options { mode: CostMode::Computed, ..options.clone() };
    let mut costs = vec![RowCost::default(); rows.len()];
    Pricer::new(prices, &options, &settled.conversations).owner(rows, owner, &mut costs);
    costs
}

fn start(day: NaiveDate) -> Option<Time> {
    Some(Time::from_micros(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros()))
}

struct Pricer<'a> {
    prices: &'a Prices,
    options: &'a Options,
    conversations: &'a [NamedConversation],
    /// What was looked up.
    entries: FxHashMap<Id, Option<Known>>,
}

/// The prices of a model.
struct Known {
    entry: Entry,
    /// When they begin.
    first: Option<Time>,
    /// The first day of the user's own.
    users_from: Option<NaiveDate>,
}

impl Known {
    /// Whether some of the prices may be the user's own that held then.
    fn are_users(&self, used: Span) -> bool {
        let until = used.until.and_then(Time::to_utc).map(|time| time.date_naive());
        self.users_from.is_some_and(|from| until.is_none_or(|until| until >= from))
    }
}

impl<'a> Pricer<'a> {
    fn new(prices: &'a Prices, options: &'a Options, conversations: &'a [NamedConversation]) -> Pricer<'a> {
        Pricer { prices, options, conversations, entries: FxHashMap::default() }
    }

    /// When the prices of a model begin that was looked up.
    fn first(&self, model: &Id) -> Option<Time> {
        self.entries.get(model)?.as_ref()?.first
    }

    /// The prices of a model, looked up.
    fn known(&self, model: &Id) -> Option<Known> {
        let Found { entry, users_from, .. } = self.prices.find(model)?;
        Some(Known { first: start(entry.first), entry, users_from })
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
        let several = || row.conversation.and_then(|id| NamedConversation::of(self.conversations, id));
        let models: Vec<&Id> = match row.model {
            Some(model) => vec![model],
            None => several().into_iter().flat_map(|named| &named.models).collect(),
        };
        if models.is_empty() {
            cost.lacks = Some(Lack::Model);
            return None;
        }
        for model in &models {
            if !self.entries.contains_key(*model) {
                self.entries.insert((*model).clone(), self.known(model));
            }
        }
        let known: Option<Vec<&Known>> =
            models.into_iter().map(|model| self.entries.get(model).and_then(Option::as_ref)).collect();
        let Some(known) = known else {
            cost.lacks = Some(if row.model.is_some() { Lack::Price } else { Lack::Model });
            return None;
        };
        let used = used_in(row, owner, self.conversations);
        let is_before = |first: Time| used_at(row, owner).is_some_and(|time| time < first);
        cost.is_early = known.iter().any(|known| known.first.is_some_and(is_before));
        cost.is_users = known.iter().any(|known| known.are_users(used));
        let tier = row.service_tier.map(Id::as_str).or(self.options.service_tier.as_deref());
        let entries: Vec<&Entry> = known.into_iter().map(|known| &known.entry).collect();
        let found = Entry::cost_of_any(&entries, tokens, used, tier);
        let found = if row.has_unsplit_writes { unsplit(found, &entries, tokens, used, tier) } else { found };
        if found.is_none_or(|cost| cost.exact.is_none() && cost.high.is_none() && !matches!(tokens, Tokens::Blended(_)))
        {
            cost.lacks = Some(Lack::Tier);
        }
        found
    }
}

/// When a row's tokens were used: a call that has a time at that time, anything else since its run, or its conversation,
/// began.
fn used_in(row: &RowView<'_>, owner: &Owner, conversations: &[NamedConversation]) -> Span {
    if let Some(time) = row.time.filter(|_| row.is_call) {
        return Span::at(time);
    }
    let (run, named) = (owner.run.as_ref(), row.conversation.and_then(|id| NamedConversation::of(conversations, id)));
    let began = named.and_then(|named| named.began);
    // droid's counters are of the time when it began to count.
    let read = row.time.filter(|time| Some(*time) != began);
    let over = run.and_then(|run| run.finished_at.or(run.over_by));
    Span { since: run.and_then(|run| run.started_at).or(began), until: read.or(over).or_else(|| named?.active_until) }
}

/// Bounds where nobody tells how many of the cache writes are kept for an hour: none, or all.
fn unsplit(none: Option<Cost>, entries: &[&Entry], tokens: Tokens, used: Span, tier: Option<&str>) -> Option<Cost> {
    let hour =
        |usage: TokenUsage| TokenUsage { cache_creation_1h_input_tokens: usage.cache_creation_input_tokens, ..usage };
    let all = match tokens {
        Tokens::Call(usage) => Tokens::Call(hour(usage)),
        Tokens::Sum(usage, longest) => Tokens::Sum(hour(usage), longest),
        Tokens::Blended(_) => return none,
    };
    let (none, all) = (none?, Entry::cost_of_any(entries, all, used, tier)?);
    let high = none.high.zip(all.high).map(|(none, all)| none.max(all));
    Some(Cost { exact: none.exact.filter(|exact| all.exact == Some(*exact)), low: none.low.min(all.low), high })
}
