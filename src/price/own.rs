//! A model of the user's file: which entries of the book it takes the place of.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::book::Book;
use super::entry::{Entry, Period, USERS};
use super::name::Name;
use super::pick::{cost_alike, is_sellers, pick, says_maker};

/// A model of the user's file.
#[derive(Debug, Clone)]
pub(super) struct Own {
    /// With its own periods alone; none until [`Own::tell`].
    pub(super) entry: Entry,
    /// The first day of its own prices.
    pub(super) from: NaiveDate,
    /// What the book says of its name; `None` where that lists no such model.
    pub(super) listed: Option<Entry>,
    /// The names of those it takes the place of.
    replaced: BTreeSet<String>,
}

impl Own {
    /// The model of this name: it takes the place of the book's of the same seller and date. A name without a date also
    /// that of the dated ones that cost as much.
    pub(super) fn new(key: &str, book: Book<'_>) -> Own {
        let name = Name::parse(key);
        let same = book.same(&name);
        let named: Vec<(Name, &Entry)> = same.iter().map(|entry| (Name::parse(&entry.key), entry)).collect();
        let sold: Vec<&(Name, &Entry)> =
            named.iter().filter(|(other, entry)| is_sellers(&name, other, entry)).collect();
        let picked = |entries: Vec<&'_ Entry>| pick(key, &name, &entries).map(|(entry, _)| entry.key.clone());
        let entry = |key: Option<String>| same.iter().find(|entry| Some(&entry.key) == key.as_ref());
        let listed = entry(picked(same.iter().collect()));
        let is_sold = |entry: &&Entry| sold.iter().any(|(_, sold)| sold.key == entry.key);
        let sellers = listed.filter(is_sold).or_else(|| entry(picked(sold.iter().map(|(_, entry)| *entry).collect())));
        let is_dated = name.date.is_some() || name.is_latest;
        let is_replaced = |(other, entry): &&&(Name, &Entry)| {
            (&other.date, other.is_latest) == (&name.date, name.is_latest)
                || (!is_dated && sellers.is_some_and(|sellers| cost_alike(sellers, entry)))
        };
        let replaced = sold.iter().filter(is_replaced).map(|(_, entry)| entry.key.clone()).collect();
        let is_makers = name.provider.is_empty() || (listed.is_none() && says_maker(&name.provider).is_some());
        let entry = Entry {
            key: key.to_owned(),
            provider: sellers.map_or(USERS, |entry| &entry.provider).to_owned(),
            is_makers: sellers.map_or(is_makers, |entry| entry.is_makers),
            first: NaiveDate::MIN,
            last: NaiveDate::MAX,
            periods: Vec::new(),
        };
        Own { entry, from: NaiveDate::MIN, listed: listed.cloned().map(Entry::settled), replaced }
    }

    /// Whether it takes the place of an entry of the book.
    pub(super) fn replaces(&self, listed: &Entry) -> bool {
        self.replaced.contains(&listed.key)
    }

    /// Gives it its own prices, which hold from a day on.
    pub(super) fn tell(&mut self, from: NaiveDate, periods: Vec<Period>) {
        (self.from, self.entry.periods) = (from, periods);
    }

    /// Its entry behind what the book says of a name that takes it: that holds before the user's first day.
    pub(super) fn behind(&self, listed: Option<&Entry>) -> Entry {
        let is_before = |period: &&Period| period.from < self.from;
        let before = listed.iter().flat_map(|listed| &listed.periods).filter(is_before);
        let periods = before.chain(&self.entry.periods).cloned().collect();
        let first = listed.map_or(self.from, |listed| listed.first.min(self.from));
        Entry { periods, first, ..self.entry.clone() }
    }
}

#[cfg(test)]
mod tests;
