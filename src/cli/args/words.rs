//! Values that are words of a list.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};

/// Reads a word, and tells shells which ones there are. What is wrong with one, `read` says.
#[derive(Clone)]
pub(super) struct Words<T> {
    pub(super) known: fn() -> Vec<&'static str>,
    pub(super) read: fn(&str) -> Result<T, String>,
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Words<T> {
    type Value = T;

    fn parse_ref(&self, cmd: &clap::Command, arg: Option<&clap::Arg>, value: &OsStr) -> Result<T, clap::Error> {
        self.read.parse_ref(cmd, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.known)().into_iter().map(PossibleValue::new)))
    }
}
