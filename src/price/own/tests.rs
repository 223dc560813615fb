use super::super::Prices;
use crate::config::Config;
use crate::event::{STANDARD, Usd};
use crate::price::Entry;

fn config(text: &str) -> Config {
    Config::parse("usage.toml".as_ref(), text).expect("a file")
}

fn prices(text: &str) -> Prices {
    Prices::new(&config(text)).expect("prices")
}

fn key(prices: &Prices, model: &str) -> Option<String> {
    prices.find(model).map(|found| found.entry.key)
}

/// The key, and the input's price in millionths of a dollar for a million tokens, on a day.
fn input(prices: &Prices, model: &str, day: &str) -> i64 {
    let entry = prices.find(model).unwrap_or_else(|| panic!("no price of {model}")).entry;
    let period = entry.on(day.parse().expect("a day")).expect("a period");
    period.tiers[STANDARD][0].rates.input.map_or(-1, Usd::pico)
}

/// All rates of a tier's step, in millionths of a dollar for a million tokens; -1 where none is known.
fn rates(entry: &Entry, tier: &str, step: usize) -> [i64; 5] {
    let [input, read, write_5m, write_1h, output, _] = entry.periods[0].tiers[tier][step].rates.each();
    [input, read, write_5m, write_1h, output].map(|rate| rate.map_or(-1, Usd::pico))
}

#[test]
fn the_users_price_goes_before_the_books_from_its_day_on() {
    let own = prices("[prices.\"gpt-5.3-codex\"]\nfrom = 2026-06-01\ninput = 1\noutput = 2\n");
    let found = own.find("openai/gpt-5.3-codex").expect("a price");
    let input = |day: &str| found.entry.on(day.parse().unwrap()).unwrap().tiers["standard"][0].rates.input;
    assert_eq!(input("2026-05-31").unwrap().pico(), 1_750_000);
    assert_eq!(input("2026-06-01").unwrap().pico(), 1_000_000);
    assert!(found.users_from.is_some());
}

#[test]
fn the_user_adds_models_and_may_say_that_one_costs_what_another_does() {
    let own = prices("[prices.\"acme/x\"]\ninput = 0.000001\noutput = 2\n[prices.spark]\nlike = \"gpt-5.3-codex\"\n");
    let x = own.find("acme/x").expect("a price").entry;
    assert_eq!(x.periods[0].tiers["standard"][0].rates.input.unwrap().pico(), 1);
    assert_eq!(x.periods[0].tiers["standard"][0].rates.cache_read.unwrap().pico(), 1);
    let spark = own.find("spark").expect("a price").entry;
    assert_eq!(spark.periods[0].tiers["standard"][0].rates.output.unwrap().pico(), 14_000_000);
    assert_eq!(key(&own, "gpt-5.3-codex").as_deref(), Some("gpt-5.3-codex"));
}

#[test]
fn a_mistake_in_the_users_prices_names_its_line() {
    let error = |text: &str| {
        let config = Config::parse("usage.toml".as_ref(), text).expect("a file");
        Prices::new(&config).expect_err("a mistake").to_string()
    };
    let text = "[prices.x]\ninput = 1\noutput = 2\ncache_raed = 3\n";
    assert_eq!(error(text), "usage.toml:4: unknown key \"cache_raed\"; did you mean cache_read?");
    assert_eq!(error("[prices.x]\ninput = 1\n"), "usage.toml:1: [prices.x] lacks output");
    let text = "[prices.x]\ninput = -1\noutput = 1\n";
    assert_eq!(error(text), "usage.toml:2: input must be an amount of dollars, such as 1.25, not -1");
    let text = "[prices.x]\ninput = 0x10\noutput = 1\n";
    assert_eq!(error(text), "usage.toml:2: input must be an amount of dollars, such as 1.25, not 0x10");
    let text = "[prices.x]\ninput = 1e30\noutput = 1\n";
    assert_eq!(error(text), "usage.toml:2: input is too large an amount of dollars: 1e30");
    let text = "[prices.x]\ninput = 0.0000001\noutput = 1\n";
    assert_eq!(error(text), "usage.toml:2: input has more than six decimal places");
    assert_eq!(error("[prices.x]\nlike = \"nope\"\n"), "usage.toml:2: no price is known for \"nope\"");
    let text = "[[prices.x]]\ninput = 1\noutput = 1\n[[prices.x]]\ninput = 2\noutput = 1\n";
    assert!(error(text).starts_with("usage.toml:4: [prices.x] is there twice for the same day"), "{}", error(text));
}

#[test]
fn a_name_that_says_its_maker_takes_the_makers_own_price() {
    let own = prices("[prices.\"grok-4\"]\ninput = 1\noutput = 3\n");
    let why = |name: &str| own.find(name).expect("a price").why;
    assert_eq!(why("xai/grok-4"), ["the maker's own price"]);
    assert_eq!(why("azure/grok-4"), ["the maker's own price; azure/ has none of its own here"]);
}

#[test]
fn a_price_of_one_seller_is_no_others() {
    let own = prices("[prices.\"azure/gpt-5.4\"]\ninput = 9\noutput = 9\n");
    assert_eq!(input(&own, "azure/gpt-5.4", "2026-11-20"), 9_000_000);
    for other in ["gpt-5.4", "openai/gpt-5.4", "openrouter/openai/gpt-5.4"] {
        assert_eq!(input(&own, other, "2026-11-20"), 2_500_000, "{other}");
        assert!(own.find(other).expect("a price").users_from.is_none(), "{other}");
    }
    let own = prices("[prices.\"us.anthropic.claude-opus-4-8\"]\ninput = 4\noutput = 20\n");
    assert_eq!(input(&own, "us.anthropic.claude-opus-4-8", "2026-11-20"), 4_000_000);
    assert_eq!(input(&own, "claude-opus-4-8", "2026-11-20"), 5_000_000);
    assert_eq!(input(&own, "eu.anthropic.claude-opus-4-8", "2026-11-20"), 5_500_000);
}

#[test]
fn a_price_of_one_seller_is_found_however_it_is_spelt() {
    let own = prices("[prices.\"azure/gpt-5-4\"]\ninput = 9\noutput = 9\n");
    for (name, cost) in [("azure/gpt-5.4", 9_000_000), ("Azure/GPT-5.4", 9_000_000), ("gpt-5.4", 2_500_000)] {
        assert_eq!(input(&own, name, "2026-11-20"), cost, "{name}");
    }
}

#[test]
fn a_bare_price_is_the_makers_and_of_all_who_have_none_of_their_own() {
    for name in ["gpt-5.4", "GPT-5.4", "gpt-5-4", "openai/gpt-5.4"] {
        let own = prices(&format!("[prices.{name:?}]\ninput = 9\noutput = 9\n"));
        for same in ["gpt-5.4", "openai/gpt-5.4", "openrouter/openai/gpt-5.4", "gpt-5.4-latest"] {
            assert_eq!(input(&own, same, "2026-11-20"), 9_000_000, "{same} where {name} has a price");
        }
        // The book has a price of Azure's.
        assert_eq!(input(&own, "azure/gpt-5.4", "2026-11-20"), 2_500_000);
    }
    let own = prices("[prices.\"glm-4.6\"]\ninput = 9\noutput = 9\n");
    assert_eq!(key(&own, "zai/glm-4.6").as_deref(), Some("glm-4.6"));
    let own = prices("[prices.\"gemini-2.5-pro\"]\ninput = 9\noutput = 9\n");
    assert_eq!(key(&own, "google/gemini-2.5-pro").as_deref(), Some("gemini-2.5-pro"));
    assert_eq!(key(&own, "vertex_ai/gemini-2.5-pro").as_deref(), Some("vertex_ai/gemini-2.5-pro"));
}

#[test]
fn a_makers_name_before_a_model_says_the_same_seller_as_none() {
    let own = prices("[prices.\"grok-4\"]\ninput = 9\noutput = 9\n");
    for same in ["grok-4", "xai/grok-4", "x-ai/grok-4"] {
        assert_eq!(input(&own, same, "2026-11-20"), 9_000_000, "{same}");
    }
    let own = prices("[prices.\"openai/gpt-4o\"]\ninput = 9\noutput = 9\n");
    for (name, cost) in [("gpt-4o", 9_000_000), ("openai/gpt-4o-2024-05-13", 5_000_000)] {
        assert_eq!(input(&own, name, "2026-11-20"), cost, "{name}");
    }
    let own = prices("[prices.\"openai/gpt-5-2025-08-07\"]\ninput = 9\noutput = 9\n");
    for (name, cost) in [("gpt-5-2025-08-07", 9_000_000), ("openai/gpt-5", 1_250_000), ("gpt-5", 1_250_000)] {
        assert_eq!(input(&own, name, "2026-11-20"), cost, "{name}");
    }
}

#[test]
fn before_the_users_day_every_name_has_the_books_own_price() {
    let own = prices("[prices.\"deepseek-chat\"]\nfrom = 2026-11-25\ninput = 9\noutput = 9\n");
    let book = prices("");
    for name in ["deepseek-chat", "deepseek/deepseek-chat"] {
        for day in ["2025-11-15", "2026-11-24"] {
            assert_eq!(input(&own, name, day), input(&book, name, day), "{name} {day}");
        }
        assert_eq!(input(&own, name, "2026-11-25"), 9_000_000, "{name}");
    }
}

#[test]
fn a_price_of_another_date_takes_none_from_the_name_without_one() {
    let text = "[prices.\"anthropic/claude-sonnet-4-20260707\"]\nfrom = 2026-11-25\ninput = 9\noutput = 9\n";
    let own = prices(text);
    for name in ["claude-sonnet-4", "anthropic/claude-sonnet-4"] {
        assert_eq!(input(&own, name, "2026-11-26"), 3_000_000, "{name}");
    }
}

#[test]
fn a_price_without_a_date_is_that_of_dates_which_cost_the_same() {
    let own = prices("[prices.\"claude-sonnet-4-5\"]\ninput = 2\noutput = 9\n");
    assert_eq!(input(&own, "claude-sonnet-4-5-20250929", "2026-11-20"), 2_000_000);
    // Its first version cost twice as much, and still does.
    let own = prices("[prices.\"gpt-4o\"]\ninput = 2\noutput = 9\n");
    assert_eq!(input(&own, "gpt-4o-2024-11-20", "2026-11-20"), 2_000_000);
    assert_eq!(input(&own, "gpt-4o-2024-05-13", "2026-11-20"), 5_000_000);
}

#[test]
fn a_price_of_one_date_is_no_other_ones() {
    let own = prices("[prices.\"gpt-4o-2024-05-13\"]\ninput = 9\noutput = 9\n");
    assert_eq!(input(&own, "gpt-4o-2024-05-13", "2026-11-20"), 9_000_000);
    assert_eq!(input(&own, "gpt-4o", "2026-11-20"), 2_500_000);
}

#[test]
fn the_list_of_all_prices_agrees_with_each_name() {
    let own = prices(
        "[prices.\"azure/gpt-5.4\"]\ninput = 9\noutput = 9\n[prices.\"claude-sonnet-4-5\"]\ninput = 2\noutput = 9\n\
         [prices.\"gemini-2.5-pro\"]\nfrom = 2026-11-01\ninput = 3\noutput = 9\n[prices.new]\nlike = \"gpt-5.4\"\n",
    );
    let all: Vec<_> = own.all().collect();
    assert!(all.len() > 1_000, "{}", all.len());
    for listed in all {
        let found = own.find(&listed.entry.key).expect("a price");
        assert_eq!((found.entry, found.users_from), (listed.entry, listed.users_from));
    }
}

#[test]
fn before_the_users_day_nothing_changes_and_after_it_tiers_keep_their_names() {
    let text = "[prices.\"gpt-5.3-codex\"]\nfrom = 2026-12-01\ninput = 1.5\noutput = 12\n\
                priority = { input = 3, output = 24 }\n[prices.spark]\nlike = \"gpt-5.3-codex\"\n";
    let own = prices(text);
    let found = own.find("gpt-5.3-codex").expect("a price").entry;
    let listed = prices("").find("gpt-5.3-codex").expect("a price").entry;
    assert_eq!(found.provider, "openai");
    assert_eq!(found.periods[..found.periods.len() - 1], listed.periods);
    let last = found.periods.last().expect("a period");
    assert_eq!(found.tier(last, Some("fast")), "priority");
    // Nobody says who sells this one: a tier of it has the names that the other one's has.
    let spark = own.find("spark").expect("a price").entry;
    for period in &spark.periods {
        assert_eq!(period.tiers[spark.tier(period, Some("fast"))], period.tiers["priority"]);
    }
}

#[test]
fn like_follows_the_users_own_prices_day_by_day() {
    let text = "[prices.a]\nlike = \"b\"\n[prices.b]\nlike = \"gpt-5.3-codex\"\n\
                [prices.\"gpt-5.3-codex\"]\nfrom = 2026-12-01\ninput = 1.5\noutput = 12\n\
                [prices.\"acme/x\"]\ninput = 7\noutput = 8\n[[prices.late]]\ninput = 1\noutput = 1\n\
                [[prices.late]]\nfrom = 2026-12-24\nlike = \"acme/x\"\n";
    let own = prices(text);
    for model in ["a", "b", "gpt-5.3-codex"] {
        assert_eq!(input(&own, model, "2026-11-30"), 1_750_000, "{model}");
        assert_eq!(input(&own, model, "2026-12-01"), 1_500_000, "{model}");
    }
    assert_eq!(input(&own, "late", "2026-12-23"), 1_000_000);
    assert_eq!(input(&own, "late", "2026-12-24"), 7_000_000);
}

#[test]
fn what_is_like_itself_costs_what_the_book_says() {
    let text = "[[prices.\"gpt-5.3-codex\"]]\ninput = 1\noutput = 1\n\
                [[prices.\"gpt-5.3-codex\"]]\nfrom = 2026-12-01\nlike = \"openai/gpt-5.3-codex\"\n";
    let own = prices(text);
    assert_eq!(input(&own, "gpt-5.3-codex", "2026-11-30"), 1_000_000);
    assert_eq!(input(&own, "gpt-5.3-codex", "2026-12-01"), 1_750_000);
}

#[test]
fn likes_that_go_round_are_a_mistake() {
    let error = |text: &str| Prices::new(&config(text)).expect_err("a mistake").to_string();
    let text = "[prices.a]\nlike = \"b\"\n[prices.b]\nlike = \"c\"\n[prices.c]\nlike = \"b\"\n";
    assert_eq!(error(text), "usage.toml:4: \"b\" is like \"c\", which is in the end like \"b\"");
    assert_eq!(error("[prices.a]\nlike = \"a\"\n"), "usage.toml:2: no price is known for \"a\"");
}

#[test]
fn a_chain_of_ten_thousand_likes_ends() {
    let mut text: String = (1..10_000).map(|n| format!("[prices.m{n}]\nlike = \"m{}\"\n", n - 1)).collect();
    text.push_str("[prices.m0]\ninput = 3\noutput = 4\n");
    assert_eq!(input(&prices(&text), "m9999", "2026-11-20"), 3_000_000);
}

#[test]
fn cache_prices_that_are_not_given_are_those_of_the_input_beside_them() {
    let text = "[prices.\"acme/x\"]\ninput = 1\ncache_read = 0.1\ncache_write_5m = 1.25\noutput = 10\n\
                above = [{ tokens = 200_000, input = 2, output = 15 }]\npriority = { input = 3, output = 24 }\n\
                flex = { input = 4, cache_read = 0, cache_write_5m = 0, output = 5 }\n";
    let entry = prices(text).find("acme/x").expect("a price").entry;
    let million = |rates: [i64; 5]| rates.map(|rate| rate / 10_000);
    assert_eq!(million(rates(&entry, STANDARD, 0)), [100, 10, 125, 125, 1_000]);
    assert_eq!(million(rates(&entry, STANDARD, 1)), [200, 200, 200, 200, 1_500]);
    // A tier has the prices that stand in it, for prompts of any length; what is free there is free.
    assert_eq!(entry.periods[0].tiers["priority"].len(), 1);
    assert_eq!(million(rates(&entry, "priority", 0)), [300, 300, 300, 300, 2_400]);
    assert_eq!(million(rates(&entry, "flex", 0)), [400, 0, 0, 0, 500]);
}

#[test]
fn a_name_that_lacks_its_quotes_is_told_so() {
    let error = |text: &str| Prices::new(&config(text)).expect_err("a mistake").to_string();
    let quotes = "usage.toml:1: a model's name with a dot stands in quotes: [prices.\"gpt-5.4\"]";
    assert_eq!(error("[prices.gpt-5.4]\ninput = 1\noutput = 2\n"), quotes);
    let text = "[prices.x]\ninput = 1\noutput = 2\nabove = { tokens = 0, input = 1, output = 1 }\n";
    assert!(error(text).contains("tokens must be more than 0"), "{}", error(text));
}

#[test]
fn the_first_price_of_a_model_that_the_book_lacks_is_the_users_before_too() {
    let own = prices("[prices.\"acme/x\"]\nfrom = 2026-12-01\ninput = 1\noutput = 2\n");
    assert_eq!(own.find("acme/x").expect("a price").users_from, Some(chrono::NaiveDate::MIN));
}

#[test]
fn a_pattern_is_no_model() {
    let error = Prices::new(&config("[prices.\"claude-*\"]\ninput = 1\noutput = 2\n")).expect_err("a mistake");
    assert_eq!(error.to_string(), "usage.toml:1: [prices.claude-*] is a pattern; give each model its own prices");
}

#[test]
fn the_book_has_no_tier_that_the_user_cannot_name() {
    for found in prices("").all() {
        for tier in found.entry.periods.iter().flat_map(|period| period.tiers.keys()) {
            assert!(crate::price::TIERS.contains(&tier.as_str()), "{}: {tier}", found.entry.key);
        }
    }
}
