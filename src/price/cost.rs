//! What tokens cost, exactly or between bounds.

use super::entry::{Entry, Period, Rates, Step, day};
use crate::event::{MIXED, STANDARD, Time, TokenUsage, Usd};

/// A cost, or what bounds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// The cost, where it is certain.
    pub exact: Option<Usd>,
    /// It costs this or more.
    pub low: Usd,
    /// It costs this or less; `None` where nothing bounds it.
    pub high: Option<Usd>,
}

/// What is to be paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokens {
    /// Those of one call, whose prompt decides the step.
    Call(TokenUsage),
    /// A sum over calls that nobody saw one by one, none of them with a prompt longer than this.
    Sum(TokenUsage, u64),
    /// Uncached input and output together; cache reads are outside and unknown.
    Blended(u64),
}

impl Cost {
    /// A cost that is certain.
    pub fn exactly(usd: Usd) -> Cost {
        Cost { exact: Some(usd), low: usd, high: Some(usd) }
    }

    /// Nothing but that it costs this or more.
    pub(super) fn at_least(low: Usd) -> Cost {
        Cost { exact: None, low, high: None }
    }
}

/// When tokens were used: not before, and not after. `None` where nothing tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// Not before this.
    pub since: Option<Time>,
    /// Not after this.
    pub until: Option<Time>,
}

impl Span {
    /// At one time.
    pub fn at(time: Time) -> Span {
        Span { since: Some(time), until: Some(time) }
    }

    /// The one time that it is; `None` for any longer one.
    fn moment(self) -> Option<Time> {
        self.since.filter(|since| self.until == Some(*since))
    }
}

impl Entry {
    /// What tokens cost that were used then, at this service tier. Where it isn't known on which of several days, or the
    /// step, or whether it was a cheap hour, or which of several tiers, all that are possible bound it. `None`: it has
    /// no price at that tier.
    pub fn cost(&self, tokens: Tokens, used: Span, tier: Option<&str>) -> Option<Cost> {
        Entry::cost_of_any(&[self], tokens, used, tier)
    }

    /// What tokens cost of which each may be any of these models': the same bounded by all of them.
    pub fn cost_of_any(entries: &[&Entry], tokens: Tokens, used: Span, tier: Option<&str>) -> Option<Cost> {
        let mut bounds = Bounds::default();
        for entry in entries {
            entry.each_possible(tokens, used, tier, &mut |step| bounds.add(step, tokens));
        }
        bounds.cost(tokens)
    }

    /// Gives every step whose rates may apply to `take`.
    fn each_possible(&self, tokens: Tokens, used: Span, tier: Option<&str>, take: &mut impl FnMut(&Step)) {
        for period in self.between(used.since.and_then(day), used.until.and_then(day)) {
            match tier {
                Some(MIXED) => period.tiers.keys().for_each(|tier| period.each_step(tokens, used, tier, take)),
                _ => period.each_step(tokens, used, self.tier(period, tier), take),
            }
        }
    }
}

impl Period {
    /// Gives every step of a tier whose rates may apply then to `take`.
    fn each_step(&self, tokens: Tokens, used: Span, tier: &str, take: &mut impl FnMut(&Step)) {
        let Some(steps) = self.tiers.get(tier) else {
            return take(&Step { above: 0, rates: Rates::default() });
        };
        let longest = match tokens {
            Tokens::Call(usage) => usage.input_tokens,
            Tokens::Sum(_, longest) => longest,
            Tokens::Blended(_) => u64::MAX,
        };
        let mut reached = steps.iter().filter(|step| step.above == 0 || step.above < longest);
        let is_call = matches!(tokens, Tokens::Call(_));
        if let Some(off_peak) = self.off_peak.as_ref().filter(|_| tier == STANDARD) {
            let is_cheap = used.moment().map(|time| off_peak.contains(time));
            if is_cheap != Some(false) {
                take(&off_peak.step);
            }
            if is_cheap == Some(true) {
                return;
            }
        }
        match is_call {
            true => reached.next_back().into_iter().for_each(&mut *take),
            false => reached.for_each(&mut *take),
        }
    }
}

/// What is paid for, as far as it has a price of its own.
const PARTS: usize = 6;

/// What bounds a cost, of all the rates that may apply.
#[derive(Debug, Default)]
struct Bounds {
    /// The least and the most of each part; `None` before the first.
    parts: Option<[(Usd, Usd); PARTS]>,
    /// Whether one of them leaves tokens without a price.
    lacks_some: bool,
    /// Whether what a long prompt costs isn't listed.
    lacks_high: bool,
    /// Whether any of them is listed at all.
    is_listed: bool,
}

impl Bounds {
    fn add(&mut self, step: &Step, tokens: Tokens) {
        let rates = &step.rates;
        // Long prompts are never cheaper, also where nobody lists how dear they are: that bounds no floor.
        if step.above > 0 && *rates == Rates::default() && !matches!(tokens, Tokens::Call(_)) {
            self.lacks_high = true;
            return;
        }
        let whole = |cost| [cost, Usd::ZERO, Usd::ZERO, Usd::ZERO, Usd::ZERO, Usd::ZERO];
        let (parts, is_all) = match tokens {
            // Of one call, all parts are paid for by the same rates.
            Tokens::Call(usage) => {
                let (parts, is_all) = rates.parts(&usage);
                (whole(parts.into_iter().sum()), is_all)
            }
            // The calls of a sum may be paid for by any of them, each part's tokens by the dearest.
            Tokens::Sum(usage, _) => rates.parts(&usage),
            Tokens::Blended(tokens) => {
                // All but cache reads may be in it.
                let each = [rates.cache_write_5m, rates.cache_write_1h, rates.output, rates.reasoning];
                let cheapest = rates.input.map(|input| each.into_iter().flatten().fold(input, Usd::min));
                (whole(cheapest.map_or(Usd::ZERO, |rate| rate.times(tokens))), cheapest.is_some())
            }
        };
        let known = self.parts.get_or_insert_with(|| parts.map(|part| (part, part)));
        for ((low, high), part) in known.iter_mut().zip(parts) {
            (*low, *high) = ((*low).min(part), (*high).max(part));
        }
        self.lacks_some |= !is_all;
        self.is_listed |= *rates != Rates::default();
    }

    fn cost(&self, tokens: Tokens) -> Option<Cost> {
        let parts = self.parts.filter(|_| self.is_listed)?;
        let low = parts.iter().map(|(low, _)| *low).sum();
        match tokens {
            Tokens::Blended(_) => (!self.lacks_some).then(|| Cost::at_least(low)),
            Tokens::Call(_) | Tokens::Sum(..) => {
                let high =
                    Some(parts.iter().map(|(_, high)| *high).sum()).filter(|_| !self.lacks_some && !self.lacks_high);
                Some(Cost { exact: high.filter(|high| *high == low), low, high })
            }
        }
    }
}

impl Rates {
    /// What each part of the tokens costs, and whether all of them have a price.
    fn parts(&self, usage: &TokenUsage) -> ([Usd; PARTS], bool) {
        let written = usage.cache_creation_input_tokens;
        let hour = usage.cache_creation_1h_input_tokens.min(written);
        let fresh = usage.uncached_input_tokens().saturating_sub(written);
        let reasoning = usage.reasoning_output_tokens.unwrap_or(0).min(usage.output_tokens);
        let parts = [
            (fresh, self.input),
            (usage.cache_read_input_tokens, self.cache_read),
            (written - hour, self.cache_write_5m),
            (hour, self.cache_write_1h),
            (usage.output_tokens - reasoning, self.output),
            (reasoning, self.reasoning.or(self.output)),
        ];
        let is_told =
            self.reasoning.is_none() || self.reasoning == self.output || usage.reasoning_output_tokens.is_some();
        let is_all =
            (is_told || usage.output_tokens == 0) && parts.iter().all(|(tokens, rate)| *tokens == 0 || rate.is_some());
        (parts.map(|(tokens, rate)| rate.map_or(Usd::ZERO, |rate| rate.times(tokens))), is_all)
    }
}

#[cfg(test)]
mod tests;
