//! Which entry prices a model, and why that one.

use std::collections::HashMap;

use chrono::NaiveDate;
use globset::GlobBuilder;

use super::book::{Book, Head};
use super::entry::Entry;
use super::name::Name;
use super::pick::pick;
use super::user::{User, user};
use crate::config::Config;
use crate::error::{Error, Result};

/// All prices there are: the user's, and those of the book.
#[derive(Debug, Clone)]
pub struct Prices {
    book: Book<'static>,
    /// In the order of their names.
    user: Vec<User>,
    /// Where each model stands in `user`, by what is the same in the names of one model.
    by_core: HashMap<String, Vec<usize>>,
}

/// The entry that prices a model.
#[derive(Debug, Clone)]
pub struct Found {
    /// What it costs, every rule applied.
    pub entry: Entry,
    /// Whether the user's file says so, at least for some time.
    pub is_users: bool,
    /// Why this entry: what the two names differ in.
    pub why: Vec<String>,
}

impl Prices {
    /// The embedded book and what a user's file adds to it. Fails at a mistake in that.
    pub fn new(config: &Config) -> Result<Prices> {
        let book = Book::embedded();
        let user = user(config, book)?;
        let mut by_core: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, user) in user.iter().enumerate() {
            by_core.entry(Name::parse(&user.entry.key).core).or_default().push(index);
        }
        Ok(Prices { book, user, by_core })
    }

    /// What the book says about itself.
    pub fn head(&self) -> Head {
        self.book.head()
    }

    /// The day of the book's latest prices.
    pub fn day(&self) -> Option<NaiveDate> {
        self.head().snapshots.last().copied()
    }

    /// Everything that has a price: the user's models, then the book's, each in order.
    pub fn all(&self) -> impl Iterator<Item = Found> {
        let own = self.user.iter().filter_map(|user| self.find(&user.entry.key));
        let listed = self.book.entries().filter(|entry| self.own(&entry.key).is_none());
        let listed = listed.map(|entry| Found { entry: entry.settled(), is_users: false, why: Vec::new() });
        own.chain(listed)
    }

    /// Of [`Prices::all`], those whose name, or its part behind the seller's, fits a glob, in upper or lower case.
    pub fn fitting(&self, glob: &str) -> Result<impl Iterator<Item = Found>> {
        let built = GlobBuilder::new(glob).case_insensitive(true).literal_separator(false).build();
        let built = built.map_err(|cause| Error::invalid(format!("bad glob {glob:?}")).caused_by(cause))?;
        let matcher = built.compile_matcher();
        let fits =
            move |key: &str| matcher.is_match(key) || key.rsplit('/').next().is_some_and(|own| matcher.is_match(own));
        Ok(self.all().filter(move |found| fits(&found.entry.key)))
    }

    /// The entry for a model as a harness names it. The user's goes before the book's, a model's own name before one
    /// that differs in seller, date or spelling; nothing else may differ. `None`: it has no price that is known.
    pub fn find(&self, model: &str) -> Option<Found> {
        let name = Name::parse(model);
        let own = self.by_core.get(&name.core).into_iter().flatten();
        let own: Vec<&Entry> = own.filter_map(|index| Some(&self.user.get(*index)?.entry)).collect();
        let listed = self.book.find(model, &name);
        let Some((own, why)) = pick(model, &name, &own) else {
            return listed.map(|(entry, why)| Found { entry, is_users: false, why });
        };
        let always = self.own(&own.key).is_some_and(|user| user.is_always);
        let entry = match listed.filter(|_| !always) {
            Some((listed, _)) => overlaid(listed, own.clone()),
            None => own.clone(),
        };
        Some(Found { entry, is_users: true, why })
    }

    /// What the user says of the model of exactly this name.
    fn own(&self, key: &str) -> Option<&User> {
        let index = self.user.binary_search_by(|user| user.entry.key.as_str().cmp(key)).ok()?;
        self.user.get(index)
    }
}

/// The book's periods, and from the user's first day on the user's.
fn overlaid(listed: Entry, own: Entry) -> Entry {
    let from = own.first;
    let mut periods: Vec<_> = listed.periods.into_iter().filter(|period| period.from < from).collect();
    periods.extend(own.periods);
    Entry { first: listed.first.min(from), periods, ..own }
}

#[cfg(test)]
mod tests {
    use super::Prices;
    use crate::config::Config;

    fn prices(text: &str) -> Prices {
        Prices::new(&Config::parse("usage.toml".as_ref(), text).expect("a file")).expect("prices")
    }

    fn key(prices: &Prices, model: &str) -> Option<String> {
        prices.find(model).map(|found| found.entry.key)
    }

    #[test]
    fn a_name_takes_its_own_entry_before_any_other() {
        let book = prices("");
        for own in ["gpt-5.3-codex", "claude-opus-4-6", "claude-opus-4-6-20260205", "zai/glm-4.6", "xai/grok-4.20-0309"]
        {
            assert_eq!(key(&book, own).as_deref(), Some(own));
        }
    }

    #[test]
    fn seller_date_latest_and_spelling_make_no_other_model() {
        let book = prices("");
        let same = [
            ("openai/gpt-5.3-codex", "gpt-5.3-codex"),
            ("GPT-5.3-Codex", "gpt-5.3-codex"),
            ("gpt-5-3-codex", "gpt-5.3-codex"),
            ("gpt-5.3-codex-2026-02-05", "gpt-5.3-codex"),
            ("gpt-5.3-codex-20260205", "gpt-5.3-codex"),
            ("gpt-5.3-codex-latest", "gpt-5.3-codex"),
            ("claude-opus-4.6", "claude-opus-4-6"),
            ("claude-opus-4-6[1m]", "claude-opus-4-6"),
            ("anthropic/claude-opus-4.6", "claude-opus-4-6"),
            ("openrouter/anthropic/claude-opus-4.6", "claude-opus-4-6"),
            ("bedrock/claude-opus-4-6", "claude-opus-4-6"),
            ("glm-4.6", "zai/glm-4.6"),
            ("google/gemini-2.5-pro", "gemini/gemini-2.5-pro"),
            ("kimi-k2.5", "moonshot/kimi-k2.5"),
            ("qwen3-max", "dashscope/qwen3-max"),
        ];
        for (name, entry) in same {
            assert_eq!(key(&book, name).as_deref(), Some(entry), "{name}");
        }
    }

    #[test]
    fn what_is_not_in_the_book_has_no_price() {
        let book = prices("");
        let unknown = [
            "gpt-5.3-codex-spark",
            "gpt-5.3-codex-mini",
            "gemini-3-pro",
            "gpt-5.99",
            "claude-opus-4-99",
            "acme/gpt-5",
            "gpt-5-turbo",
            "gpt",
            "claude",
            "",
            "-",
        ];
        for name in unknown {
            assert_eq!(key(&book, name), None, "{name}");
        }
    }

    #[test]
    fn a_bare_name_takes_its_makers_price_not_a_resellers() {
        let book = prices("");
        // Mistral and Alibaba sell models of others at prices of their own.
        assert_eq!(key(&book, "glm-5.2").as_deref(), Some("zai/glm-5.2"));
        assert_eq!(key(&book, "deepseek-v4-pro").as_deref(), Some("deepseek-v4-pro"));
        assert_eq!(key(&book, "kimi-k2.7-code").as_deref(), Some("moonshot/kimi-k2.7-code"));
        // The same name, as a cloud sells it in one region.
        let regional = key(&book, "us.anthropic.claude-sonnet-4-5-20250929-v1:0");
        assert_eq!(regional.as_deref(), Some("us.anthropic.claude-sonnet-4-5-20250929-v1:0"));
    }

    #[test]
    fn the_users_price_goes_before_the_books_from_its_day_on() {
        let own = prices("[prices.\"gpt-5.3-codex\"]\nfrom = 2026-06-01\ninput = 1\noutput = 2\n");
        let found = own.find("openai/gpt-5.3-codex").expect("a price");
        let input = |day: &str| found.entry.on(day.parse().unwrap()).unwrap().tiers["standard"][0].rates.input;
        assert_eq!(input("2026-05-31").unwrap().pico(), 1_750_000);
        assert_eq!(input("2026-06-01").unwrap().pico(), 1_000_000);
        assert!(found.is_users);
    }

    #[test]
    fn the_user_adds_models_and_may_say_that_one_costs_what_another_does() {
        let own =
            prices("[prices.\"acme/x\"]\ninput = 0.000001\noutput = 2\n[prices.spark]\nlike = \"gpt-5.3-codex\"\n");
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
        let text = "[prices.x]\ninput = 0.0000001\noutput = 1\n";
        assert_eq!(error(text), "usage.toml:2: input has more than six decimal places");
        assert_eq!(error("[prices.x]\nlike = \"nope\"\n"), "usage.toml:2: no price is known for \"nope\"");
        let text = "[[prices.x]]\ninput = 1\noutput = 1\n[[prices.x]]\ninput = 2\noutput = 1\n";
        assert!(error(text).starts_with("usage.toml:4: [prices.x] is there twice for the same day"), "{}", error(text));
    }
}
