//! What reports are filtered by.

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};

use super::dimension::Dimension;
use crate::error::{Error, Result, unknown};

/// `KEY=GLOB`: keeps rows whose dimension matches. An empty glob matches a missing value; for ids a
/// prefix is enough.
#[derive(Debug, Clone)]
pub struct Filter {
    pub(super) dimension: Dimension,
    text: String,
    glob: Option<GlobMatcher>,
}

impl Filter {
    /// Reads `KEY=GLOB`.
    pub fn parse(text: &str) -> Result<Filter> {
        Filter::of(text, Dimension::from_name)
    }

    /// The same for a latency report, where a tool is a key too.
    pub fn of_latency(text: &str) -> Result<Filter> {
        Filter::of(text, Dimension::of_latency)
    }

    fn of(text: &str, named: fn(&str) -> Result<Dimension>) -> Result<Filter> {
        let (key, glob) = text
            .split_once('=')
            .ok_or_else(|| Error::invalid(format!("{text:?} is no KEY=GLOB, such as model=gpt-*")))?;
        Filter::new(named(key.trim())?, glob.trim())
    }

    /// Keeps rows whose `dimension` matches `glob`.
    pub fn new(dimension: Dimension, glob: &str) -> Result<Filter> {
        let text = glob.to_owned();
        if glob.is_empty() {
            return Ok(Filter { dimension, text, glob: None });
        }
        let is_prefix = dimension.is_id() && !glob.contains(['*', '?', '[', '{']);
        let glob = if is_prefix { format!("{glob}*") } else { glob.to_owned() };
        let compiled = GlobBuilder::new(&glob).literal_separator(false).backslash_escape(true).build();
        let bad = |cause: globset::Error| Error::invalid(format!("bad glob {text:?}: {}", cause.kind()));
        let matcher = compiled.map_err(bad)?.compile_matcher();
        let words = dimension.words();
        if !words.is_empty() && !words.iter().any(|word| matcher.is_match(word)) {
            return Err(unknown(dimension.short_name(), &text, &words));
        }
        Ok(Filter { dimension, text, glob: Some(matcher) })
    }

    /// The dimension it looks at.
    pub fn dimension(&self) -> Dimension {
        self.dimension
    }

    /// Whether only rows that have a value match.
    pub(super) fn wants_value(&self) -> bool {
        self.glob.is_some()
    }

    pub(super) fn matches(&self, value: Option<&str>) -> bool {
        match (&self.glob, value) {
            (Some(glob), Some(value)) => glob.is_match(value),
            (None, value) => value.is_none_or(str::is_empty),
            (Some(_), None) => false,
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.dimension.column().name, self.text)
    }
}
