//! Values that are words of a list.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use forge_usage::error::{self, unknown};

/// Reads a word, and tells the help and shells which ones there are. What is wrong with one, `read` says.
#[derive(Clone)]
pub(super) struct Words<T> {
    /// All of them, and of each what it stands for; nothing where that needs no saying.
    pub(super) known: fn() -> Vec<(&'static str, &'static str)>,
    pub(super) read: fn(&str) -> error::Result<T>,
}

/// Words that say themselves what they stand for.
pub(super) fn plain(words: impl IntoIterator<Item = &'static str>) -> Vec<(&'static str, &'static str)> {
    words.into_iter().map(|word| (word, "")).collect()
}

/// A word that is one of these; `what` they are.
pub(super) fn one_of(what: &str, word: &str, known: &[&str]) -> error::Result<String> {
    if known.contains(&word) { Ok(word.to_owned()) } else { Err(unknown(what, word, known)) }
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Words<T> {
    type Value = T;

    fn parse_ref(&self, cmd: &clap::Command, arg: Option<&clap::Arg>, value: &OsStr) -> Result<T, clap::Error> {
        self.read.parse_ref(cmd, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |(word, means): (&'static str, &'static str)| match means {
            "" => PossibleValue::new(word),
            means => PossibleValue::new(word).help(means),
        };
        Some(Box::new((self.known)().into_iter().map(value)))
    }
}
