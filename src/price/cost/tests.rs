use super::{Cost, Span, Tokens};
use crate::config::Config;
use crate::event::{Time, TokenUsage, Usd};
use crate::price::{Entry, Prices};

fn entry(model: &str) -> Entry {
    Prices::new(&Config::default()).expect("the book").find(model).expect("a price").entry
}

fn usage(input: u64, read: u64, written: u64, hour: u64, output: u64) -> TokenUsage {
    TokenUsage {
        input_tokens: input,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: written,
        cache_creation_1h_input_tokens: hour,
        output_tokens: output,
        reasoning_output_tokens: None,
    }
}

fn at(text: &str) -> Span {
    Span::at(Time::parse(text).expect("a time"))
}

fn exact(text: &str) -> Option<Cost> {
    Some(Cost::exactly(Usd::parse_exact(text).expect("an amount")))
}

const NOW: &str = "2026-11-20T12:00:00Z";

#[test]
fn the_sample_run_of_codex_costs_what_it_costs() {
    // 3,991 × $1.75 + 27,008 × $0.175 + 1,276 × $14, each for a million.
    let call = Tokens::Call(usage(30_999, 27_008, 0, 0, 1_276));
    assert_eq!(entry("gpt-5.3-codex").cost(call, at(NOW), None), exact("0.02957465"));
}

#[test]
fn writes_for_an_hour_have_their_own_price() {
    // 10 × $5 + 100 × $0.5 + 200 × $6.25 + 800 × $10 + 50 × $25.
    let call = Tokens::Call(usage(1_110, 100, 1_000, 800, 50));
    assert_eq!(entry("claude-opus-4-6").cost(call, at(NOW), None), exact("0.0106"));
}

#[test]
fn a_prompt_beyond_the_step_is_dearer_as_a_whole_and_its_output_too() {
    let gpt = entry("gpt-5.4");
    // The cache counts as prompt; the step itself is not beyond it.
    let upto = Tokens::Call(usage(272_000, 200_000, 0, 0, 1_000));
    assert_eq!(gpt.cost(upto, at(NOW), None), exact("0.245"));
    let beyond = Tokens::Call(usage(272_001, 200_000, 0, 0, 1_000));
    assert_eq!(gpt.cost(beyond, at(NOW), None), exact("0.482505"));
}

#[test]
fn a_call_is_priced_by_its_own_day() {
    let call = Tokens::Call(usage(300_000, 0, 0, 0, 0));
    let opus = entry("claude-opus-4-6");
    assert_eq!(opus.cost(call, at("2026-03-20T00:00:00Z"), None), exact("3"));
    assert_eq!(opus.cost(call, at("2026-04-15T00:00:00Z"), None), exact("1.5"));
    // Before the first price that is known, that one.
    assert_eq!(opus.cost(call, at("2026-01-01T00:00:00Z"), None), exact("3"));
    // Nobody knows when: either.
    let both = Cost { exact: None, low: Usd::parse("1.5").unwrap(), high: Usd::parse("3") };
    assert_eq!(opus.cost(call, Span::default(), None), Some(both));
}

#[test]
fn a_sum_of_calls_on_both_sides_of_a_change_lies_between_the_prices() {
    let since = |since: &str| Span { since: at(since).since, until: at("2026-10-15T05:00:00Z").until };
    let gpt = entry("gpt-5.6");
    let million = usage(1_000_000, 0, 0, 0, 0);
    for (begun, low, high) in [("2026-10-14T22:00:00Z", "4", "5"), ("2026-10-15T00:00:00Z", "4", "4")] {
        let cost = gpt.cost(Tokens::Sum(million, 200_000), since(begun), None).expect("a price");
        assert_eq!((Some(cost.low), cost.high), (Usd::parse(low), Usd::parse(high)), "{begun}");
        let cost = gpt.cost(Tokens::Blended(1_000_000), since(begun), None).expect("a price");
        assert_eq!(cost.low, Usd::parse(low).unwrap(), "{begun}");
    }
    // Of a call whose own time isn't known, one of the prices.
    let cost = gpt.cost(Tokens::Call(usage(200_000, 0, 0, 0, 0)), since("2026-10-14T22:00:00Z"), None);
    assert_eq!(cost, Some(Cost { exact: None, low: Usd::parse("0.8").unwrap(), high: Usd::parse("1") }));
}

#[test]
fn a_sum_that_may_hold_long_prompts_lies_between_the_steps() {
    let gpt = entry("gpt-5.4");
    let sum = usage(1_000_000, 0, 0, 0, 1_000_000);
    let between = Cost { exact: None, low: Usd::parse("17.5").unwrap(), high: Usd::parse("27.5") };
    assert_eq!(gpt.cost(Tokens::Sum(sum, 1_000_000), at(NOW), None), Some(between));
    // No call in it can be beyond the step.
    assert_eq!(gpt.cost(Tokens::Sum(sum, 272_000), at(NOW), None), exact("17.5"));
}

#[test]
fn a_sum_lies_between_steps_that_make_one_kind_dearer_and_another_cheaper() {
    // Of this model, beyond 200,000 tokens reading costs twice as much, and writing an eighth.
    let gemini = entry("vertex_ai/gemini-3.1-pro-preview");
    let calls = [usage(200_001, 199_525, 476, 0, 0), usage(3_083, 0, 3_083, 0, 0)];
    let costs = calls.map(|call| gemini.cost(Tokens::Call(call), at(NOW), None).and_then(|cost| cost.exact));
    assert_eq!(costs.map(Option::unwrap).into_iter().sum::<Usd>(), Usd::parse("0.086095").unwrap());
    let sum = Tokens::Sum(usage(203_084, 199_525, 3_559, 0, 0), 200_001);
    // 199,525 × $0.2 to $0.4 and 3,559 × $0.25 to $2, each for a million.
    let between = Cost { exact: None, low: Usd::parse("0.04079475").unwrap(), high: Usd::parse("0.086928") };
    assert_eq!(gemini.cost(sum, at(NOW), None), Some(between));
}

#[test]
fn a_blended_total_costs_its_input_price_at_least() {
    let floor = entry("gpt-5.3-codex").cost(Tokens::Blended(1_000_000), at(NOW), None);
    assert_eq!(floor, Some(Cost::at_least(Usd::parse("1.75").unwrap())));
}

#[test]
fn a_blended_total_may_be_what_is_cheapest_but_for_cache_reads() {
    let text = "[prices.x]\ninput = 5\ncache_read = 0\ncache_write_5m = 1\noutput = 30\n";
    let config = Config::parse("usage.toml".as_ref(), text).expect("a file");
    let entry = Prices::new(&config).expect("prices").find("x").expect("a price").entry;
    let floor = Cost::at_least(Usd::parse("1").unwrap());
    assert_eq!(entry.cost(Tokens::Blended(1_000_000), at(NOW), None), Some(floor));
}

#[test]
fn a_tier_that_lists_no_price_for_long_prompts_has_a_floor_and_no_upper_bound() {
    let model = entry("gpt-5.5");
    let floor = |usd| Some(Cost::at_least(Usd::parse(usd).unwrap()));
    assert_eq!(model.cost(Tokens::Blended(1_000_000), at(NOW), Some("priority")), floor("12.5"));
    let sum = usage(1_000_000, 0, 0, 0, 0);
    assert_eq!(model.cost(Tokens::Sum(sum, 1_000_000), at(NOW), Some("priority")), floor("12.5"));
    assert_eq!(model.cost(Tokens::Call(sum), at(NOW), Some("priority")), None);
}

#[test]
fn inference_in_the_us_alone_is_a_tenth_dearer_whatever_else_is_asked_for() {
    let call = Tokens::Call(usage(1_000_000, 0, 0, 0, 0));
    let model = entry("claude-opus-4-8");
    for (tier, cost) in [(None, "5"), (Some("us"), "5.5"), (Some("fast"), "10"), (Some("fast-us"), "11")] {
        assert_eq!(model.cost(call, at(NOW), tier), exact(cost), "{tier:?}");
    }
}

#[test]
fn service_tiers_have_their_own_prices_and_unknown_ones_none() {
    let call = Tokens::Call(usage(1_000_000, 0, 0, 0, 0));
    let codex = entry("gpt-5.3-codex");
    for (tier, cost) in [("default", "1.75"), ("auto", "1.75"), ("priority", "3.5"), ("fast", "3.5")] {
        assert_eq!(codex.cost(call, at(NOW), Some(tier)), exact(cost), "{tier}");
    }
    assert_eq!(codex.cost(call, at(NOW), Some("flex")), None);
    assert_eq!(entry("claude-opus-4-8").cost(call, at(NOW), Some("fast")), exact("10"));
}

#[test]
fn what_was_paid_for_at_several_tiers_lies_between_them_all() {
    let sum = Tokens::Sum(usage(1_000_000, 0, 0, 0, 0), 1_000);
    let between = Cost { exact: None, low: Usd::parse("2.5").unwrap(), high: Usd::parse("11") };
    assert_eq!(entry("claude-opus-4-8").cost(sum, at(NOW), Some("mixed")), Some(between));
}

#[test]
fn tokens_without_a_price_leave_a_floor() {
    // What an hour's writing costs at the batch tier is not listed.
    let call = Tokens::Call(usage(2_000_000, 0, 1_000_000, 1_000_000, 0));
    let cost = entry("claude-opus-4-6").cost(call, at(NOW), Some("batch"));
    assert_eq!(cost, Some(Cost::at_least(Usd::parse("2.5").unwrap())));
}

#[test]
fn cheaper_hours_count_by_the_calls_own_minute() {
    let call = Tokens::Call(usage(1_000_000, 0, 0, 0, 0));
    let model = entry("deepseek-v4-pro");
    // A Friday: 06:00–10:00 is dear, 10:00 is not.
    assert_eq!(model.cost(call, at("2026-11-20T09:59:59Z"), None), exact("1.32"));
    assert_eq!(model.cost(call, at("2026-11-20T10:00:00Z"), None), exact("0.66"));
    assert_eq!(model.cost(call, at("2026-11-21T09:00:00Z"), None), exact("0.66"));
    let sum = Tokens::Sum(usage(1_000_000, 0, 0, 0, 0), 1_000);
    let between = Cost { exact: None, low: Usd::parse("0.66").unwrap(), high: Usd::parse("1.32") };
    let used = Span { until: at("2026-11-20T09:00:00Z").until, since: at("2026-11-20T05:00:00Z").since };
    assert_eq!(model.cost(sum, used, None), Some(between));
}

#[test]
fn impossible_counts_neither_overflow_nor_go_below_zero() {
    let most = crate::event::MAX_COUNT;
    let model = entry("claude-opus-4-6");
    for usage in [usage(most, most, most, most, most), usage(0, most, most, most, 0), usage(most, 0, 0, 0, most)] {
        let cost = model.cost(Tokens::Call(usage), at(NOW), None).expect("a price");
        assert!(cost.low >= Usd::ZERO);
    }
}

#[test]
fn tokens_of_any_of_several_models_cost_between_the_cheapest_and_the_dearest_of_each_kind() {
    let sum = Tokens::Sum(usage(1_100_000, 0, 0, 0, 100_000), 0);
    let (gpt, haiku) = (entry("gpt-5.3-codex"), entry("claude-haiku-4-5"));
    // 1,100,000 at $1.75 or $1, and 100,000 at $14 or $5, each for a million.
    let bounds = Cost { exact: None, low: Usd::parse("1.6").unwrap(), high: Usd::parse("3.325") };
    assert_eq!(Entry::cost_of_any(&[&gpt, &haiku], sum, at(NOW), None), Some(bounds));
    assert_eq!(Entry::cost_of_any(&[&haiku, &gpt], sum, at(NOW), None), Some(bounds));
    assert_eq!(Entry::cost_of_any(&[&haiku], sum, at(NOW), None), exact("1.6"));
}
