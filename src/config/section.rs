//! Values of the user's file that know where they stand, so that an error can name the line.

use std::ops::Range;

use super::lines::Lines;
use super::value::{Entry, Value};
use crate::error::{Error, Result, unknown};
use crate::event::{Time, Usd};

/// A table of the file, with the words that lead to it: `[prices."gpt-x"]` is `prices.gpt-x`.
#[derive(Debug, Clone)]
pub struct Section<'a> {
    pub(super) lines: &'a Lines,
    pub(super) name: String,
    pub(super) entries: &'a [Entry],
    pub(super) span: Range<usize>,
}

/// One `key = value` of a section.
#[derive(Debug, Clone)]
pub struct Field<'a> {
    lines: &'a Lines,
    name: String,
    entry: &'a Entry,
}

impl<'a> Section<'a> {
    /// Its keys and values, in the order of the file.
    pub fn fields(&self) -> Vec<Field<'a>> {
        self.entries.iter().map(|entry| self.field(entry)).collect()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<Field<'a>> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| self.field(entry))
    }

    /// The value of `key`, which must be there.
    pub fn require(&self, key: &str) -> Result<Field<'a>> {
        self.get(key).ok_or_else(|| self.error(format!("[{}] lacks {key}", self.name)))
    }

    /// Fails at the first key that is none of `known`, with the nearest of them.
    pub fn only(&self, known: &[&str]) -> Result<()> {
        match self.fields().iter().find(|field| !known.contains(&field.key())) {
            Some(field) => Err(self.lines.at(field.entry.key_span.clone(), unknown("key", field.key(), known))),
            None => Ok(()),
        }
    }

    /// An error of the line where the section begins.
    pub fn error(&self, message: impl Into<String>) -> Error {
        self.lines.at(self.span.clone(), Error::invalid(message))
    }

    /// The words that lead to it.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn field(&self, entry: &'a Entry) -> Field<'a> {
        let name = if self.name.is_empty() { entry.key.clone() } else { format!("{}.{}", self.name, entry.key) };
        Field { lines: self.lines, name, entry }
    }
}

impl<'a> Field<'a> {
    /// Its key alone.
    pub fn key(&self) -> &'a str {
        &self.entry.key
    }

    /// An error of the line where the value stands.
    pub fn error(&self, message: impl Into<String>) -> Error {
        self.failed(Error::invalid(message))
    }

    /// `error`, with the line where the value stands.
    pub fn failed(&self, error: Error) -> Error {
        self.lines.at(self.entry.span.clone(), error)
    }

    /// A text.
    pub fn text(&self) -> Result<&'a str> {
        match &self.entry.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.wanted("a text in quotes")),
        }
    }

    /// One of `known`; `what` they are.
    pub fn word(&self, what: &str, known: &[&str]) -> Result<&'a str> {
        let word = self.text()?;
        if known.contains(&word) { Ok(word) } else { Err(self.failed(unknown(what, word, known))) }
    }

    /// A whole number, not below zero.
    pub fn count(&self) -> Result<u64> {
        let count = self.number().and_then(|digits| digits.parse::<i64>().ok());
        count.and_then(|count| u64::try_from(count).ok()).ok_or_else(|| self.wanted("a whole number, not below zero"))
    }

    /// Dollars, not below zero, each digit as it stands in the file.
    pub fn dollars(&self) -> Result<Usd> {
        let number = self.number().filter(|number| !number.starts_with('-'));
        let number = number.ok_or_else(|| self.wanted("an amount of dollars, such as 1.25"))?;
        Usd::parse(number)
            .ok_or_else(|| self.error(format!("{} is too large an amount of dollars: {number}", self.key())))
    }

    /// The digits of a decimal number as they stand in the file, without underscores; `None` for anything else.
    pub fn number(&self) -> Option<&'a str> {
        match &self.entry.value {
            Value::Number(digits) => Some(digits),
            _ => None,
        }
    }

    /// The first instant of a day in UTC: `2026-11-20`, in quotes or not.
    pub fn day(&self) -> Result<Time> {
        let day = match &self.entry.value {
            Value::Text(text) | Value::Date(text) => Time::parse(&format!("{text}T00:00:00Z")),
            _ => None,
        };
        day.ok_or_else(|| self.wanted("a day such as 2026-11-20"))
    }

    /// A text, or several of them in a list.
    pub fn texts(&self) -> Result<Vec<&'a str>> {
        let text = |value: &'a Value| match value {
            Value::Text(text) => Ok(text.as_str()),
            _ => Err(self.wanted("a text in quotes, or a list of them")),
        };
        match &self.entry.value {
            Value::List(list) => list.iter().map(|(item, _)| text(item)).collect(),
            value => Ok(vec![text(value)?]),
        }
    }

    /// A table.
    pub fn section(&self) -> Result<Section<'a>> {
        match &self.entry.value {
            Value::Table(entries) => Ok(self.of(entries, &self.entry.key_span)),
            _ => Err(self.wanted(&format!("a table [{}]", self.name))),
        }
    }

    /// A table, or several of them: `[x]` or `[[x]]`.
    pub fn sections(&self) -> Result<Vec<Section<'a>>> {
        let Value::List(list) = &self.entry.value else { return Ok(vec![self.section()?]) };
        let section = |(item, span): &'a (Value, Range<usize>)| match item {
            Value::Table(entries) => Ok(self.of(entries, span)),
            _ => Err(self.wanted(&format!("tables [[{}]]", self.name))),
        };
        list.iter().map(section).collect()
    }

    fn of(&self, entries: &'a [Entry], span: &Range<usize>) -> Section<'a> {
        Section { lines: self.lines, name: self.name.clone(), entries, span: span.clone() }
    }

    fn wanted(&self, what: &str) -> Error {
        self.error(format!("{} must be {what}, not {}", self.key(), self.entry.value))
    }
}
