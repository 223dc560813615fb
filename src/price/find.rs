//! Which entry prices a model, and why that one.

use chrono::NaiveDate;
use globset::GlobBuilder;

use super::book::Head;
use super::entry::Entry;
use super::like;
use super::shelf::{Place, Shelf};
use super::user::user;
use crate::config::Config;
use crate::error::{Error, Result};

/// All prices there are: the user's, and those of the book.
#[derive(Debug, Clone)]
pub struct Prices {
    shelf: Shelf,
}

/// The entry that prices a model.
#[derive(Debug, Clone)]
pub struct Found {
    /// What it costs, every rule applied.
    pub entry: Entry,
    /// The first day of which the user's file says so, [`NaiveDate::MIN`] for all days; `None` where it doesn't.
    pub users_from: Option<NaiveDate>,
    /// Why this entry: what the two names differ in.
    pub why: Vec<String>,
}

impl Prices {
    /// The embedded book and what a user's file adds to it. Fails at a mistake in that.
    pub fn new(config: &Config) -> Result<Prices> {
        let told = user(config)?;
        let mut shelf = Shelf::new(told.iter().map(|told| told.model));
        like::tell(&mut shelf, &told)?;
        Ok(Prices { shelf })
    }

    /// What the book says about itself.
    pub fn head(&self) -> Head {
        self.shelf.head()
    }

    /// The day of the book's latest prices.
    pub fn day(&self) -> Option<NaiveDate> {
        self.head().snapshots.last().copied()
    }

    /// Everything that has a price: the user's models, then those of the book that they leave, each in order.
    pub fn all(&self) -> impl Iterator<Item = Found> {
        let found = |entry, users_from| Found { entry, users_from, why: Vec::new() };
        let own = self.shelf.own().map(move |(entry, from)| found(entry, Some(from)));
        own.chain(self.shelf.listed().map(move |entry| found(entry, None)))
    }

    /// Of [`Prices::all`], those whose name, or its part behind the seller's, fits a glob, in upper or lower case.
    pub fn fitting(&self, glob: &str) -> Result<impl Iterator<Item = Found>> {
        let built = GlobBuilder::new(glob).case_insensitive(true).literal_separator(false).build();
        let built = built.map_err(|cause| Error::invalid(format!("bad glob {glob:?}: {}", cause.kind())))?;
        let matcher = built.compile_matcher();
        let fits =
            move |key: &str| matcher.is_match(key) || key.rsplit('/').next().is_some_and(|own| matcher.is_match(own));
        Ok(self.all().filter(move |found| fits(&found.entry.key)))
    }

    /// The entry for a model as a harness names it: a model's own name goes before one that differs in seller, date or
    /// spelling; nothing else may differ. What the user prices takes the place of what the book lists of the same
    /// seller. `None`: it has no price that is known.
    pub fn find(&self, model: &str) -> Option<Found> {
        let (place, why) = self.shelf.place(model)?;
        Some(match place {
            Place::Own(index) => {
                let (entry, from) = self.shelf.own_of_name(index, model)?;
                Found { entry, users_from: Some(from), why }
            }
            Place::Listed(entry) => Found { entry: *entry, users_from: None, why },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Prices;
    use crate::config::Config;

    fn book() -> Prices {
        Prices::new(&Config::default()).expect("the book")
    }

    fn key(prices: &Prices, model: &str) -> Option<String> {
        prices.find(model).map(|found| found.entry.key)
    }

    #[test]
    fn a_name_takes_its_own_entry_before_any_other() {
        let book = book();
        for own in ["gpt-5.3-codex", "claude-opus-4-6", "claude-opus-4-6-20260205", "zai/glm-4.6", "xai/grok-4.20-0309"]
        {
            assert_eq!(key(&book, own).as_deref(), Some(own));
        }
    }

    #[test]
    fn seller_date_latest_and_spelling_make_no_other_model() {
        let book = book();
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
            ("mistral-small-latest", "mistral/mistral-small-latest"),
        ];
        for (name, entry) in same {
            assert_eq!(key(&book, name).as_deref(), Some(entry), "{name}");
        }
    }

    #[test]
    fn what_is_not_in_the_book_has_no_price() {
        let book = book();
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
        let book = book();
        // Mistral and Alibaba sell models of others at prices of their own.
        assert_eq!(key(&book, "glm-5.2").as_deref(), Some("zai/glm-5.2"));
        assert_eq!(key(&book, "deepseek-v4-pro").as_deref(), Some("deepseek-v4-pro"));
        assert_eq!(key(&book, "kimi-k2.7-code").as_deref(), Some("moonshot/kimi-k2.7-code"));
        // Of one that a cloud sells, its price without the date goes before the maker's with it.
        assert_eq!(key(&book, "azure/eu/gpt-5.1-2025-11-13").as_deref(), Some("azure/eu/gpt-5.1"));
        // The same name, as a cloud sells it in one region.
        let regional = key(&book, "us.anthropic.claude-sonnet-4-5-20250929-v1:0");
        assert_eq!(regional.as_deref(), Some("us.anthropic.claude-sonnet-4-5-20250929-v1:0"));
    }
}
