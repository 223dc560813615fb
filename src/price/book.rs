//! The embedded book: a line of JSON a model, in the order of their names, so that one is found without reading the
//! others.

use std::cmp::Ordering;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::entry::Entry;
use super::name::Name;
use crate::error::{Error, ErrorKind, Result};

/// The book that was built in.
const EMBEDDED: &str = include_str!("book.jsonl");

/// Every line of a model starts so.
const START: &str = "{\"key\":\"";

/// The first line of a book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Grows when an old program can't read the book any more: a program refuses what is newer than it knows.
    pub version: u32,
    /// Where the prices come from.
    pub source: String,
    /// Under which licence.
    pub licence: String,
    /// What the numbers count.
    pub unit: String,
    /// The days of the snapshots it was made from, in ascending order.
    pub snapshots: Vec<NaiveDate>,
}

impl Default for Head {
    fn default() -> Head {
        Head {
            version: 1,
            source: "litellm, model_prices_and_context_window.json (https://github.com/BerriAI/litellm)".to_owned(),
            licence: "MIT".to_owned(),
            unit: "pico-dollars a token: above, input, cache read, cache write 5 min, 1 h, output, reasoning"
                .to_owned(),
            snapshots: Vec::new(),
        }
    }
}

/// A book of list prices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Book<'a> {
    text: &'a str,
}

impl Book<'static> {
    /// The one that was built in.
    pub(super) fn embedded() -> Book<'static> {
        Book { text: EMBEDDED }
    }
}

impl<'a> Book<'a> {
    /// What it says about itself.
    pub(super) fn head(&self) -> Head {
        let line = self.text.lines().next().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_default()
    }

    /// All models, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> + use<'a> {
        self.text.lines().skip(1).filter_map(read)
    }

    /// All entries for the model of this name, whoever sells it, whenever it was made and however it is spelt.
    pub(super) fn same(&self, name: &Name) -> Vec<Entry> {
        let body = self.text.find('\n').map_or("", |end| &self.text[end + 1..]);
        let (mut low, mut high) = (0, body.len());
        // The first line whose core is not before the name's.
        while low < high {
            let middle = low + (high - low) / 2;
            let start =
                body.as_bytes()[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1).max(low);
            let end = body.as_bytes()[middle..]
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(body.len(), |at| middle + at + 1);
            match core(&body[start..end]).as_str().cmp(name.core.as_str()) {
                Ordering::Less => low = end,
                Ordering::Equal | Ordering::Greater => high = start,
            }
        }
        let lines = body[low..].lines().take_while(|line| core(line) == name.core);
        lines.filter_map(read).collect()
    }
}

fn core(line: &str) -> String {
    let key = line.strip_prefix(START).and_then(|rest| rest.split('"').next());
    Name::parse(key.unwrap_or_default()).core
}

fn read(line: &str) -> Option<Entry> {
    serde_json::from_str::<Entry>(line).ok().filter(|entry| !entry.periods.is_empty())
}

/// A book's head and models, as they were listed.
pub(super) fn decode(text: &str) -> Result<(Head, Vec<Entry>)> {
    let refused = |cause: serde_json::Error| Error::new(ErrorKind::Prices, "not a price book").caused_by(cause);
    let mut lines = text.lines();
    let head: Head = serde_json::from_str(lines.next().unwrap_or_default()).map_err(refused)?;
    let known = Head::default().version;
    if head.version > known {
        let why = format!("the price book has version {}, and this program reads none beyond {known}", head.version);
        return Err(Error::new(ErrorKind::Prices, why));
    }
    let entries = lines.map(|line| serde_json::from_str(line).map_err(refused)).collect::<Result<_>>()?;
    Ok((head, entries))
}

/// The text of a book.
pub(super) fn encode(head: &Head, mut entries: Vec<Entry>) -> Result<String> {
    let refused =
        |cause: serde_json::Error| Error::new(ErrorKind::Prices, "cannot write the price book").caused_by(cause);
    entries.sort_by_cached_key(|entry| (Name::parse(&entry.key).core, entry.key.clone()));
    let mut text = serde_json::to_string(head).map_err(refused)?;
    for entry in &entries {
        text.push('\n');
        text.push_str(&serde_json::to_string(entry).map_err(refused)?);
    }
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{Head, decode, encode};

    #[test]
    fn a_book_that_is_newer_than_the_program_is_refused() {
        let head = Head { version: Head::default().version + 1, ..Head::default() };
        let error = decode(&encode(&head, Vec::new()).expect("a text")).expect_err("too new");
        assert!(error.to_string().contains("the price book has version 2"), "{error}");
        assert!(decode(&encode(&Head::default(), Vec::new()).expect("a text")).is_ok());
    }
}
