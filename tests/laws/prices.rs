//! Names never jump to another model, and costs obey arithmetic, for every model of the book.

use std::sync::OnceLock;

use forge_usage::config::Config;
use forge_usage::event::{Time, TokenUsage, Usd};
use forge_usage::price::{Cost, Entry, Prices, Span, Tokens};
use proptest::prelude::*;

fn prices() -> &'static Prices {
    static PRICES: OnceLock<Prices> = OnceLock::new();
    PRICES.get_or_init(|| Prices::new(&Config::default()).expect("the book"))
}

fn entries() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    ENTRIES.get_or_init(|| prices().all().map(|found| found.entry).collect())
}

/// The words and numbers of a name that make it this model: written anew here, without the book's code.
fn words(name: &str) -> Vec<String> {
    let own = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let own = own.split('[').next().unwrap_or("").to_owned();
    let own = match own.split_once("anthropic.").or(own.split_once("openai.")) {
        Some((_, rest)) => {
            rest.split(':').next().unwrap_or("").trim_end_matches("-v1").trim_end_matches("-v2").to_owned()
        }
        None => own,
    };
    let mut words: Vec<String> = own.split(['-', '.', '_', '@', ':']).map(str::to_owned).collect();
    let is_number = |word: &String, length: usize| word.len() == length && word.bytes().all(|c| c.is_ascii_digit());
    for _ in 0..2 {
        if words.last().is_some_and(|word| word == "latest" || word == "default") {
            words.pop();
        }
        if words.last().is_some_and(|word| is_number(word, 8)) {
            words.pop();
        } else if words.len() > 3 && is_number(&words[words.len() - 3], 4) && is_number(&words[words.len() - 1], 2) {
            words.truncate(words.len() - 3);
        }
    }
    words
}

/// Whether a name is one that the words above are right for.
fn is_plain(entry: &Entry) -> bool {
    entry.is_makers && !entry.key.contains(':') && entry.key.matches('/').count() <= 1
}

#[test]
fn every_model_of_the_book_is_found_by_its_own_name() {
    assert!(entries().len() > 1_000, "{}", entries().len());
    for entry in entries() {
        let found = prices().find(&entry.key).unwrap_or_else(|| panic!("{} is not found", entry.key));
        assert_eq!(found.entry.key, entry.key);
        assert_eq!(found.why, ["its own name"]);
    }
}

#[test]
fn a_bare_name_takes_the_price_of_its_own_maker() {
    for entry in entries().iter().filter(|entry| is_plain(entry)) {
        let bare = entry.key.rsplit('/').next().expect("a part");
        let found = prices().find(bare).unwrap_or_else(|| panic!("{bare} is not found"));
        assert!(found.entry.is_makers, "{bare} takes {}", found.entry.key);
        assert_eq!(words(&found.entry.key), words(bare), "{bare} takes {}", found.entry.key);
    }
}

/// Changes that make another model of a name.
fn other_model() -> impl Strategy<Value = fn(&str) -> String> {
    prop_oneof![
        Just((|name| format!("{name}-spark")) as fn(&str) -> String),
        Just((|name| format!("{name}-mini")) as fn(&str) -> String),
        Just((|name| format!("{name}-9")) as fn(&str) -> String),
        Just((|name| format!("{name}.1")) as fn(&str) -> String),
        Just((|name| format!("{name}0")) as fn(&str) -> String),
        Just((|name| format!("x{name}")) as fn(&str) -> String),
        Just((|name| name.rsplit_once('-').map_or("none", |(name, _)| name).to_owned()) as fn(&str) -> String),
        Just((|name| name.split_once('-').map_or("none", |(_, name)| name).to_owned()) as fn(&str) -> String),
        Just((|name| name.chars().map(|c| if c == '5' { '7' } else { c }).collect()) as fn(&str) -> String),
        Just((|name| name.replacen('-', "", 1)) as fn(&str) -> String),
        Just((|name| name.replace(['.', '-'], "")) as fn(&str) -> String),
    ]
}

/// Changes that leave it the same.
fn same_model() -> impl Strategy<Value = fn(&str) -> String> {
    prop_oneof![
        Just((|name| name.to_owned()) as fn(&str) -> String),
        Just((|name| name.to_uppercase()) as fn(&str) -> String),
        Just((|name| name.replace('.', "-")) as fn(&str) -> String),
        Just((|name| format!("openrouter/{name}")) as fn(&str) -> String),
        Just((|name| format!("{name}-20260115")) as fn(&str) -> String),
        Just((|name| format!("{name}-2026-01-15")) as fn(&str) -> String),
        Just((|name| format!("{name}-latest")) as fn(&str) -> String),
    ]
}

fn usage() -> impl Strategy<Value = TokenUsage> {
    let count = || prop_oneof![0_u64..1_000, 0_u64..400_000];
    (count(), count(), count(), 0_u64..=100, count(), 0_u64..=100).prop_map(
        |(fresh, read, written, hour, output, think)| TokenUsage {
            input_tokens: fresh + read + written,
            cache_read_input_tokens: read,
            cache_creation_input_tokens: written,
            cache_creation_1h_input_tokens: written * hour / 100,
            output_tokens: output,
            reasoning_output_tokens: Some(output * think / 100),
        },
    )
}

fn time() -> impl Strategy<Value = Time> {
    let from = Time::parse("2025-01-01T00:00:00Z").expect("a time").micros();
    (0_i64..1_100 * 1_440).prop_map(move |minute| Time::from_micros(from + minute * 60_000_000))
}

fn span() -> impl Strategy<Value = Span> {
    let bound = || prop_oneof![1 => Just(None), 9 => time().prop_map(Some)];
    (bound(), bound()).prop_map(|(since, until)| Span { since, until })
}

fn entry() -> impl Strategy<Value = &'static Entry> {
    proptest::sample::select((0..entries().len()).collect::<Vec<_>>()).prop_map(|index| &entries()[index])
}

fn is_ordered(cost: &Cost) -> bool {
    let high = cost.high.is_none_or(|high| cost.low <= high);
    cost.low >= Usd::ZERO && high && cost.exact.is_none_or(|exact| exact == cost.low && Some(exact) == cost.high)
}

proptest! {
    #![proptest_config(crate::kit::cases(400))]

    #[test]
    fn no_name_takes_the_price_of_another_model(entry in entry(), other in other_model(), same in same_model()) {
        prop_assume!(is_plain(entry));
        let name = same(&other(&entry.key));
        if let Some(found) = prices().find(&name) {
            prop_assert_eq!(words(&found.entry.key), words(&name), "{} takes {}", name, found.entry.key);
        }
    }

    #[test]
    fn seller_date_and_spelling_change_no_model(entry in entry(), same in same_model()) {
        prop_assume!(is_plain(entry));
        let bare = entry.key.rsplit('/').next().expect("a part");
        if let Some(found) = prices().find(&same(bare)) {
            prop_assert_eq!(words(&found.entry.key), words(bare), "{} takes {}", same(bare), found.entry.key);
        }
    }

    #[test]
    fn any_text_is_a_name(text in any::<String>()) {
        if let Some(found) = prices().find(&text) {
            prop_assert!(!found.entry.periods.is_empty());
        }
    }

    #[test]
    fn costs_are_ordered_and_never_below_zero(entry in entry(), usage in usage(), used in span(), longest in 0_u64..1_000_000) {
        for tier in [None, Some("priority"), Some("flex"), Some("batch"), Some("fast"), Some("none")] {
            for tokens in [Tokens::Call(usage), Tokens::Sum(usage, longest), Tokens::Blended(usage.blended_tokens())] {
                if let Some(cost) = entry.cost(tokens, used, tier) {
                    prop_assert!(is_ordered(&cost), "{} {:?} {:?}", entry.key, tokens, cost);
                }
            }
        }
    }

    #[test]
    fn calls_cost_what_the_bounds_of_their_sum_say(entry in entry(), calls in prop::collection::vec((usage(), time()), 1..5)) {
        let sum = calls.iter().fold(TokenUsage::default(), |sum, (usage, _)| sum.plus(usage));
        let longest = calls.iter().map(|(usage, _)| usage.input_tokens).max().unwrap_or(0);
        let times = || calls.iter().map(|(_, time)| *time);
        let used = Span { since: times().min(), until: times().max() };
        let cost = |(usage, time): &(TokenUsage, Time)| entry.cost(Tokens::Call(*usage), Span::at(*time), None)?.exact;
        let costs: Option<Vec<Usd>> = calls.iter().map(cost).collect();
        let (Some(costs), Some(bounds)) = (costs, entry.cost(Tokens::Sum(sum, longest), used, None)) else { return Ok(()) };
        let total: Usd = costs.into_iter().sum();
        prop_assert!(bounds.low <= total, "{}: {:?} > {:?}", entry.key, bounds, total);
        prop_assert!(bounds.high.is_none_or(|high| total <= high), "{}: {:?} < {:?}", entry.key, bounds, total);
        let blended = entry.cost(Tokens::Blended(sum.blended_tokens()), used, None).map_or(Usd::ZERO, |cost| cost.low);
        let is_cheap_to_write = sum.cache_creation_input_tokens > 0;
        prop_assert!(is_cheap_to_write || blended <= total, "{}: {:?} > {:?}", entry.key, blended, total);
    }

    #[test]
    fn more_tokens_never_cost_less(entry in entry(), usage in usage(), more in 1_u64..10_000, time in time()) {
        let cost = |usage| entry.cost(Tokens::Call(usage), Span::at(time), None).and_then(|cost| cost.exact);
        let larger = [
            TokenUsage { input_tokens: usage.input_tokens + more, ..usage },
            TokenUsage { output_tokens: usage.output_tokens + more, ..usage },
        ];
        // A step whose prices fall would be the provider's own doing.
        let falls = entry.periods.iter().flat_map(|period| period.tiers.get("standard")).any(|steps| {
            steps.windows(2).any(|pair| {
                let rates = |at: usize| { let r = pair[at].rates; [r.input, r.cache_read, r.cache_write_5m, r.cache_write_1h, r.output, r.reasoning] };
                rates(0).into_iter().zip(rates(1)).any(|(before, after)| before > after)
            })
        });
        for larger in larger {
            if let (Some(less), Some(more), false) = (cost(usage), cost(larger), falls) {
                prop_assert!(less <= more, "{}: {:?} > {:?}", entry.key, less, more);
            }
        }
    }
}
