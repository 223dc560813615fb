//! A counter's parts by model, and what they tell beyond the calls that the counter covers.

use std::collections::{BTreeMap, BTreeSet};

use super::account::Account;
use super::untold;
use crate::event::{Id, MIXED, ModelUsage, STANDARD, Time, TokenUsage, Usd};
use crate::fold::facts::ResultFacts;
use crate::fold::rows::UsageRow;

/// A counter's part for one model.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) usage: TokenUsage,
    pub(super) time: Option<Time>,
    pub(super) cost: Option<Usd>,
}

/// What a counter tells beyond the calls it covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rest {
    /// This much.
    Of(TokenUsage),
    /// What the calls leave of each model's part, as far as models can be told apart.
    OfEach,
    /// This much, though the calls come to more: of some, no more than a placeholder of the output is known.
    Beyond(TokenUsage),
}

impl Account {
    /// Gives covered calls what the counter tells of their cache and reasoning, and their own records don't.
    pub(super) fn take_untold(&mut self, parts: &BTreeMap<Option<Id>, Part>) {
        for (model, part) in parts {
            let covered = self.calls.values_mut().filter(|call| call.is_covered);
            let of_model = covered.filter(|call| parts.len() == 1 || call.model == *model);
            untold::give_parts(of_model.map(|call| &mut call.usage).collect(), &part.usage);
        }
    }

    /// The counter's parts by model; `None` without a counter.
    pub(super) fn counted(&self) -> Option<BTreeMap<Option<Id>, Part>> {
        if self.share.is_none() && self.results.is_empty() {
            return None;
        }
        let mut parts: BTreeMap<Option<Id>, Part> = BTreeMap::new();
        for (model, (usage, time)) in self.share.iter().flat_map(|share| &share.by_model) {
            let part = parts.entry(model.clone()).or_default();
            (part.usage, part.time) = (part.usage.plus(usage), part.time.max(*time));
        }
        for result in &self.results {
            for model in &result.total {
                let part = parts.entry(self.model_of(result, model)).or_default();
                part.usage = part.usage.plus(&model.usage);
                part.time = part.time.max(result.time);
                part.cost = Usd::sum_known(part.cost, model.cost.filter(|_| !result.has_later_cost));
            }
            if result.has_later_cost {
                continue;
            }
            // What the models' costs leave of the whole belongs to the largest.
            let told: Usd = result.total.iter().filter_map(|model| model.cost).sum();
            let cost = result.cost;
            let rest = cost.filter(|cost| *cost > told || result.total.len() == 1).map(|cost| cost - told);
            let rest = rest.filter(|rest| *rest > Usd::ZERO || told == Usd::ZERO);
            if let Some(rest) = rest {
                let largest = result.total.iter().max_by_key(|model| model.usage.total_tokens());
                let model = largest.and_then(|model| self.model_of(result, model)).or_else(|| self.model.clone());
                let part = parts.entry(model).or_default();
                part.cost = Usd::sum_known(part.cost, Some(rest));
            }
        }
        Some(parts)
    }

    /// Whose a part of a result is: where it names no model, that which was at work then; none if several were.
    fn model_of(&self, result: &ResultFacts, part: &ModelUsage) -> Option<Id> {
        let at_work = || result.model.as_ref().or(self.model.as_ref()).filter(|_| !result.is_of_several);
        part.model.as_ref().or_else(at_work).cloned()
    }

    /// Whether the harness reported the cost of all its processes. Results that tell of no token, as after an error,
    /// cost nothing because they count nothing.
    pub(super) fn is_paid(&self) -> bool {
        let is_told = |result: &ResultFacts| {
            result.cost.is_some() || (!result.total.is_empty() && result.total.iter().all(|model| model.cost.is_some()))
        };
        let counts = |result: &ResultFacts| {
            let costs = result.cost.into_iter().chain(result.total.iter().filter_map(|model| model.cost));
            let has_tokens = result.total.iter().any(|model| !model.usage.is_zero());
            has_tokens || costs.into_iter().any(|cost| cost > Usd::ZERO)
        };
        self.results.iter().all(is_told) && self.results.iter().any(counts)
    }

    /// What the counter tells beyond the calls it covers, by model. It adds up to `rest`; where the
    /// models can't be told apart, the largest takes it all.
    pub(super) fn remainders(&self, parts: BTreeMap<Option<Id>, Part>, rest: Rest, conversation: &Id) -> Vec<UsageRow> {
        let mut covered: BTreeMap<&Option<Id>, TokenUsage> = BTreeMap::new();
        let mut tiers: BTreeMap<Option<Id>, BTreeSet<Option<&Id>>> = BTreeMap::new();
        for call in self.calls.values().filter(|call| call.is_covered) {
            let sum = covered.entry(&call.model).or_default();
            *sum = sum.plus(&call.usage);
            tiers.entry(call.model.clone()).or_default().insert(call.service_tier.as_ref());
        }
        for (result, model) in
            self.results.iter().flat_map(|result| result.total.iter().map(move |model| (result, model)))
        {
            tiers.entry(self.model_of(result, model)).or_default().extend(model.service_tier.as_ref().map(Some));
        }
        let tier_of = |model: &Option<Id>| {
            let mut tiers = tiers.get(model)?.clone();
            // What asks for no tier may leave it out.
            if tiers.iter().flatten().any(|tier| tier.as_str() == STANDARD) {
                tiers.remove(&None);
            }
            if tiers.len() > 1 { Some(MIXED.into()) } else { tiers.first().copied().flatten().cloned() }
        };
        let fits = covered.iter().all(|(model, sum)| {
            let part = parts.get(*model).map(|part| &part.usage);
            part.is_some_and(|part| !matches!(rest, Rest::Of(_)) || !sum.exceeds(part))
        });
        let largest = parts.iter().max_by_key(|(_, part)| part.usage.total_tokens()).map(|(model, _)| model.clone());
        let rows = parts.into_iter().filter_map(|(model, part)| {
            let usage = match (rest, covered.get(&model)) {
                (_, None) if fits => part.usage,
                (Rest::Beyond(_), Some(sum)) if fits => part.usage.beyond(sum),
                (_, Some(sum)) if fits => part.usage.minus(sum),
                (Rest::Of(rest) | Rest::Beyond(rest), _) if largest.as_ref() == Some(&model) => rest,
                _ => TokenUsage::default(),
            };
            let is_needed = !usage.is_zero() || part.cost.is_some() || self.calls.is_empty();
            is_needed.then(|| UsageRow {
                conversation: Some(conversation.clone()),
                service_tier: tier_of(&model),
                model,
                time: part.time,
                cost_reported: part.cost,
                is_paid: self.is_paid(),
                // Only a call tells how long its writes are kept, and a result of a single model.
                has_unsplit_writes: !self.results.is_empty()
                    && usage.cache_creation_input_tokens > 0
                    && usage.cache_creation_1h_input_tokens == 0,
                ..UsageRow::of(usage)
            })
        });
        rows.collect()
    }
}

/// Gives a remainder that is nothing but a reported cost to a call that the cost includes, one of its model if it names
/// one. Gives back any other.
pub(super) fn give_report(rest: UsageRow, calls: &mut [UsageRow]) -> Option<UsageRow> {
    let is_empty = rest.is_paid && rest.usage.is_some_and(|usage| usage.is_zero());
    let includes = |call: &&mut UsageRow| {
        call.is_paid
            && (call.model == rest.model || rest.model.is_none())
            && call.usage.is_some_and(|usage| !usage.is_zero())
    };
    match calls.iter_mut().find(includes).filter(|_| is_empty) {
        Some(call) => {
            call.cost_reported = rest.cost_reported;
            None
        }
        None => Some(rest),
    }
}
