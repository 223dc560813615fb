//! What the book doesn't list: the rules that fill an entry's gaps before anything is priced with it.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Entry, Period, Rates, Step};
use crate::event::{STANDARD, Usd};

/// A service tier's steps.
type Tiers = BTreeMap<String, Vec<Step>>;

impl Entry {
    /// The same with every rule applied:
    ///
    /// 1. what the source listed later than the model itself holds before;
    /// 2. a standard price that vanished keeps holding, one of cache reads, of a long prompt or of another tier doesn't:
    ///    those are dropped on purpose;
    /// 3. cache reads and writes for which a provider lists no price cost what other input does;
    /// 4. the cache reads of a long prompt whose input is no cheaper aren't either.
    pub(super) fn settled(mut self) -> Entry {
        let named: BTreeSet<String> = self.periods.iter().flat_map(|period| period.tiers.keys().cloned()).collect();
        for tier in &named {
            fill_thresholds(&mut self.periods, tier);
            fill_rates(&mut self.periods, tier);
        }
        for at in 1..self.periods.len() {
            let last = Rates { cache_read: None, ..first_rates(&self.periods[at - 1], STANDARD) };
            let steps = self.periods[at].tiers.entry(STANDARD.to_owned()).or_default();
            match steps.first_mut() {
                Some(first) => first.rates = first.rates.or(last),
                None => steps.push(Step { above: 0, rates: last }),
            }
        }
        for period in &mut self.periods {
            let listed = fill_gaps(&mut period.tiers);
            if let Some(off_peak) = &mut period.off_peak {
                off_peak.step.rates = with_input_price(without_free_writes(off_peak.step.rates), listed);
            }
        }
        // What differed only in what was listed is one period.
        self.periods.dedup_by(|later, kept| (&later.tiers, &later.off_peak) == (&kept.tiers, &kept.off_peak));
        self
    }
}

fn first_rates(period: &Period, tier: &str) -> Rates {
    period.tiers.get(tier).and_then(|steps| steps.first()).map_or(Rates::default(), |step| step.rates)
}

/// Steps for long prompts that were first listed later, while the price of others stayed the same.
fn fill_thresholds(periods: &mut [Period], tier: &str) {
    let steps_of = |period: &Period| period.tiers.get(tier).cloned().unwrap_or_default();
    let Some(known) = periods.iter().position(|period| steps_of(period).len() > 1) else { return };
    let steps = steps_of(&periods[known]);
    let price = steps.first().and_then(|step| step.rates.input);
    for period in &mut periods[..known] {
        let is_same = first_rates(period, tier).input == price;
        if let Some(own) = period.tiers.get_mut(tier).filter(|_| is_same) {
            own.extend(steps.iter().skip(1));
        }
    }
}

/// A rate's first known value also holds before: for the first step everywhere, for others where the step is.
fn fill_rates(periods: &mut [Period], tier: &str) {
    for at in (1..periods.len()).rev() {
        let later: Vec<Step> = periods[at].tiers.get(tier).cloned().unwrap_or_default();
        let known = known_before(&periods[..at], tier);
        let own = periods[at - 1].tiers.entry(tier.to_owned()).or_default();
        for step in later {
            let mut rates = step.rates.each();
            for (index, rate) in rates.iter_mut().enumerate() {
                *rate = rate.filter(|_| !known.contains(&(step.above, index)));
            }
            let rates = Rates::from(rates);
            match own.iter_mut().find(|known| known.above == step.above) {
                Some(known) => known.rates = known.rates.or(rates),
                None if step.above == 0 && rates != Rates::default() => own.insert(0, Step { above: 0, rates }),
                None => {}
            }
        }
        if own.is_empty() {
            periods[at - 1].tiers.remove(tier);
        }
    }
}

/// The rates, by step and place, that one of these periods lists: after that, one that is missing was dropped.
fn known_before(periods: &[Period], tier: &str) -> BTreeSet<(u64, usize)> {
    let steps = periods.iter().filter_map(|period| period.tiers.get(tier)).flatten();
    let listed = steps.flat_map(|step| {
        step.rates.each().into_iter().enumerate().filter_map(move |(index, rate)| rate.map(|_| (step.above, index)))
    });
    listed.collect()
}

/// Gives the standard prices as they were listed.
fn fill_gaps(tiers: &mut Tiers) -> Rates {
    let standard = tiers.get(STANDARD).cloned().unwrap_or_default();
    let listed = standard.first().map_or(Rates::default(), |step| without_free_writes(step.rates));
    for (tier, steps) in tiers {
        // A tier that lists no price for long prompts has none that is known.
        if tier != STANDARD && !steps.iter().any(|step| step.above > 0) {
            let missing = standard.iter().skip(1);
            steps.extend(missing.map(|step| Step { above: step.above, rates: Rates::default() }));
        }
        steps.sort_by_key(|step| step.above);
        for step in steps.iter_mut() {
            let is_standard = tier == STANDARD;
            let mut rates = without_free_writes(step.rates);
            if is_standard && step.above > 0 {
                let least = listed.cache_read.filter(|_| rates.input >= listed.input);
                rates.cache_read = rates.cache_read.or(listed.cache_read).max(least);
            }
            step.rates = with_input_price(rates, listed);
        }
    }
    listed
}

/// A cache write that is listed as free costs what its input does: it is the keeping that is free.
fn without_free_writes(rates: Rates) -> Rates {
    let is_charged = |rate: &Usd| *rate > Usd::ZERO || rates.input == Some(Usd::ZERO);
    Rates { cache_write_5m: rates.cache_write_5m.filter(is_charged), ..rates }
}

/// Cache prices that the provider doesn't list at all are those of other input. What it lists, but not here, stays
/// unknown.
fn with_input_price(rates: Rates, listed: Rates) -> Rates {
    let unless = |listed: Option<Usd>, price: Option<Usd>| price.filter(|_| listed.is_none());
    let cache_write_5m = rates.cache_write_5m.or(unless(listed.cache_write_5m, rates.input));
    let lists_writes = listed.cache_write_5m.or(listed.cache_write_1h);
    Rates {
        cache_read: rates.cache_read.or(unless(listed.cache_read, rates.input)),
        cache_write_5m,
        cache_write_1h: rates.cache_write_1h.or(unless(lists_writes, cache_write_5m)),
        ..rates
    }
}

#[cfg(test)]
mod tests {
    use crate::event::{STANDARD, Usd};
    use crate::price::entry::Entry;

    /// An entry from periods such as `{"standard":[[0,5,null,null,null,25,null]]}`.
    fn entry(periods: &[&str]) -> Entry {
        let periods: Vec<String> = periods
            .iter()
            .enumerate()
            .map(|(at, tiers)| format!("{{\"from\":\"2026-0{}-01\",\"tiers\":{tiers}}}", at + 1))
            .collect();
        let text = format!(
            "{{\"key\":\"x\",\"provider\":\"p\",\"first\":\"2026-01-01\",\"last\":\"2026-09-01\",\"periods\":[{}]}}",
            periods.join(",")
        );
        serde_json::from_str::<Entry>(&text).expect("an entry").settled()
    }

    fn rates(entry: &Entry, period: usize, tier: &str, step: usize) -> Vec<i64> {
        let step = entry.periods[period].tiers[tier][step];
        step.rates.each().into_iter().take(5).map(|rate| rate.map_or(-1, Usd::pico)).collect()
    }

    #[test]
    fn a_price_that_was_first_listed_later_holds_before() {
        let found = entry(&[
            r#"{"standard":[[0,3,1,4,null,15,null]]}"#,
            r#"{"standard":[[0,3,1,4,6,15,null]],"batch":[[0,2,1,2,3,7,null]]}"#,
        ]);
        assert_eq!(rates(&found, 0, STANDARD, 0), [3, 1, 4, 6, 15]);
        assert_eq!(rates(&found, 0, "batch", 0), [2, 1, 2, 3, 7]);
    }

    #[test]
    fn a_step_that_was_dropped_stays_dropped() {
        let found = entry(&[
            r#"{"standard":[[0,5,null,null,null,25,null],[200,10,null,null,null,37,null]]}"#,
            r#"{"standard":[[0,5,null,null,null,25,null]]}"#,
        ]);
        assert_eq!(found.periods[0].tiers[STANDARD].len(), 2);
        assert_eq!(found.periods[1].tiers[STANDARD].len(), 1);
    }

    #[test]
    fn a_step_that_came_with_another_price_did_not_hold_before() {
        let dear = r#"{"standard":[[0,10,null,null,null,20,null],[200,20,null,null,null,40,null]]}"#;
        let found = entry(&[r#"{"standard":[[0,2,null,null,null,15,null]]}"#, dear]);
        assert_eq!(found.periods[0].tiers[STANDARD].len(), 1);
        let same = entry(&[r#"{"standard":[[0,10,null,null,null,20,null]]}"#, dear]);
        assert_eq!(same.periods[0].tiers[STANDARD].len(), 2);
    }

    #[test]
    fn a_standard_price_that_vanished_keeps_holding_but_for_cache_reads() {
        let found = entry(&[r#"{"standard":[[0,3,1,5,6,15,null]]}"#, r#"{"standard":[[0,4,null,5,null,15,null]]}"#]);
        assert_eq!(rates(&found, 1, STANDARD, 0), [4, 4, 5, 6, 15]);
    }

    #[test]
    fn cache_reads_whose_price_was_dropped_cost_what_the_input_of_their_step_does() {
        let found = entry(&[
            r#"{"standard":[[0,30,3,null,null,180],[272,60,6,null,null,270]],"flex":[[0,15,null,null,null,90]]}"#,
            r#"{"standard":[[0,30,null,null,null,180],[272,60,null,null,null,270]],"flex":[[0,15,null,null,null,90]]}"#,
        ]);
        assert_eq!(rates(&found, 0, STANDARD, 1), [60, 6, 60, 60, 270]);
        assert_eq!(rates(&found, 0, "flex", 0), [15, -1, 15, 15, 90]);
        assert_eq!(rates(&found, 1, STANDARD, 0), [30, 30, 30, 30, 180]);
        assert_eq!(rates(&found, 1, STANDARD, 1), [60, 60, 60, 60, 270]);
        assert_eq!(rates(&found, 1, "flex", 0), [15, 15, 15, 15, 90]);
    }

    #[test]
    fn cache_reads_of_a_long_prompt_are_no_cheaper_where_its_input_is_not() {
        let found = entry(&[
            r#"{"standard":[[0,12,4,null,null,100],[200,25,null,null,null,150]]}"#,
            r#"{"standard":[[0,12,1,null,null,100],[200,25,2,null,null,150]]}"#,
        ]);
        assert_eq!(rates(&found, 0, STANDARD, 1), [25, 4, 25, 25, 150]);
        assert_eq!(rates(&found, 1, STANDARD, 1), [25, 2, 25, 25, 150]);
    }

    #[test]
    fn a_cache_without_a_price_is_input_and_a_listed_one_that_is_missing_is_unknown() {
        let found = entry(&[
            r#"{"standard":[[0,3,null,null,null,15,null],[200,6,null,null,null,30,null]],"flex":[[0,1,null,null,null,7,null]]}"#,
        ]);
        assert_eq!(rates(&found, 0, STANDARD, 0), [3, 3, 3, 3, 15]);
        assert_eq!(rates(&found, 0, STANDARD, 1), [6, 6, 6, 6, 30]);
        assert_eq!(rates(&found, 0, "flex", 0), [1, 1, 1, 1, 7]);
        assert_eq!(rates(&found, 0, "flex", 1), [-1, -1, -1, -1, -1]);
        let lists = entry(&[
            r#"{"standard":[[0,3,1,4,6,15,null],[200,6,null,8,null,30,null]],"flex":[[0,1,null,null,null,7,null]]}"#,
        ]);
        assert_eq!(rates(&lists, 0, STANDARD, 1), [6, 1, 8, -1, 30]);
        assert_eq!(rates(&lists, 0, "flex", 0), [1, -1, -1, -1, 7]);
    }

    #[test]
    fn a_cache_write_listed_as_free_costs_what_its_input_does() {
        let found = entry(&[r#"{"standard":[[0,3,1,0,null,15,null]]}"#]);
        assert_eq!(rates(&found, 0, STANDARD, 0), [3, 1, 3, 3, 15]);
    }
}
