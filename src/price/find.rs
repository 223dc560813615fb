//! Which entry prices a model, and why that one.

use std::cmp::Reverse;

use chrono::NaiveDate;
use globset::GlobBuilder;

use super::book::{Book, Head};
use super::entry::Entry;
use super::name::Name;
use super::user::{User, user};
use crate::config::Config;
use crate::error::{Error, Result};

/// All prices there are: the user's, and those of the book.
#[derive(Debug, Clone)]
pub struct Prices {
    book: Book<'static>,
    user: Vec<User>,
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
        let mut prices = Prices { book: Book::embedded(), user: Vec::new() };
        prices.user = user(config, &prices)?;
        Ok(prices)
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
        let is_own = |entry: &Entry| self.user.iter().any(|user| user.entry.key == entry.key);
        let listed = self.book.entries().filter(move |entry| !is_own(entry));
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
        let listed = || pick(model, &name, self.book.same(&name));
        let own = self.user.iter().filter(|user| Name::parse(&user.entry.key).core == name.core);
        let Some((own, why)) = pick(model, &name, own.map(|user| user.entry.clone()).collect()) else {
            return listed().map(|(entry, why)| Found { entry: entry.settled(), is_users: false, why });
        };
        let always = self.user.iter().any(|user| user.entry.key == own.key && user.is_always);
        let entry = match listed().filter(|_| !always) {
            Some((listed, _)) => overlaid(listed.settled(), own),
            None => own,
        };
        Some(Found { entry, is_users: true, why })
    }
}

/// The book's periods, and from the user's first day on the user's.
fn overlaid(listed: Entry, own: Entry) -> Entry {
    let from = own.first;
    let mut periods: Vec<_> = listed.periods.into_iter().filter(|period| period.from < from).collect();
    periods.extend(own.periods);
    Entry { first: listed.first.min(from), periods, ..own }
}

/// Of models that are the same, the one whose price a name takes.
fn pick(model: &str, name: &Name, same: Vec<Entry>) -> Option<(Entry, Vec<String>)> {
    let taken = |entry: Entry| {
        let why = why(model, name, &entry);
        (entry, why)
    };
    let mut rest = Some(model);
    while let Some(text) = rest {
        let own = |entry: &&Entry| entry.key.eq_ignore_ascii_case(text);
        // Of two that differ in upper case only, the one that is spelt alike.
        let found = same.iter().filter(own).max_by_key(|entry| entry.key == text);
        if let Some(entry) = found {
            return Some(taken(entry.clone()));
        }
        rest = text.split_once('/').map(|(_, rest)| rest);
    }
    let named: Vec<(Name, Entry)> = same.into_iter().map(|entry| (Name::parse(&entry.key), entry)).collect();
    let sold = |own: &Name| !name.provider.is_empty() && own.provider == name.provider;
    let sellers = named.iter().filter(|(own, _)| sold(own)).collect();
    let makers = || named.iter().filter(|(_, entry)| entry.is_makers).collect();
    let chosen = choose(name, sellers).or_else(|| choose(name, makers()))?;
    Some(taken(chosen.clone()))
}

/// The same date, else no date, else the latest; else the newest where all dates cost the same.
fn choose<'a>(name: &Name, named: Vec<&'a (Name, Entry)>) -> Option<&'a Entry> {
    let best = |of: &dyn Fn(&Name) -> bool| {
        let fitting = named.iter().filter(|(own, _)| of(own));
        // Google's own API goes before its cloud.
        let rank = |(_, entry): &&&(Name, Entry)| (entry.provider == "vertex_ai", entry.key.len(), entry.key.clone());
        fitting.min_by_key(rank).map(|(_, entry)| entry)
    };
    let dated = best(&|own| own.date.is_some() && own.date == name.date);
    let plain = dated.or_else(|| best(&|own| own.date.is_none() && !own.is_latest));
    let latest = plain.or_else(|| best(&|own| own.date.is_none()));
    if latest.is_some() || name.date.is_some() {
        return latest;
    }
    let (_, newest) = named.iter().max_by_key(|(own, entry)| (own.date.clone(), Reverse(entry.key.clone())))?;
    let current = |entry: &Entry| entry.periods.last().map(|period| (period.tiers.clone(), period.off_peak.clone()));
    let agree = name.is_latest || named.iter().all(|(_, entry)| current(entry) == current(newest));
    agree.then_some(newest)
}

/// What two names of one model differ in, for people.
fn why(model: &str, name: &Name, entry: &Entry) -> Vec<String> {
    if entry.key == model {
        return vec!["its own name".to_owned()];
    }
    let own = Name::parse(&entry.key);
    let mut why = Vec::new();
    if own.provider != name.provider {
        why.push(match (name.provider.as_str(), entry.is_makers) {
            ("", _) => "the maker's own price".to_owned(),
            (seller, true) => format!("the maker's own price; {seller} has none of its own here"),
            (seller, false) => format!("without {seller}"),
        });
    }
    match (&name.date, &own.date) {
        (Some(date), None) => why.push(format!("without the date {date}")),
        (None, Some(date)) => why.push(format!("of {date}, the only or newest one")),
        _ => {}
    }
    match (name.is_latest, own.is_latest) {
        (true, false) => why.push("without -latest".to_owned()),
        (false, true) => why.push("-latest".to_owned()),
        _ => {}
    }
    if why.is_empty() || !spelt_alike(model, &entry.key) {
        why.push("spelt otherwise".to_owned());
    }
    why
}

/// Whether the longer text holds the end of the shorter one's core as it is written.
fn spelt_alike(model: &str, key: &str) -> bool {
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    let (model, key) = (last(model), last(key));
    model.contains(&key) || key.contains(&model)
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
