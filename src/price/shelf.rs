//! Every entry there is: the user's, and those of the book whose place none of them takes.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::book::{Book, Head};
use super::entry::{Entry, Period};
use super::name::Name;
use super::own::Own;
use super::pick::pick;

/// All entries.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    book: Book<'static>,
    /// The user's, in the order of their names.
    own: Vec<Own>,
    /// Where each model stands in `own`, by what is the same in the names of one model.
    by_core: HashMap<String, Vec<usize>>,
}

/// Where the entry stands that prices a model.
pub(super) enum Place {
    /// Among the user's.
    Own(usize),
    /// In the book; every rule applied.
    Listed(Box<Entry>),
}

impl Shelf {
    /// The embedded book and the user's models of these names, which have no prices of their own yet.
    pub(super) fn new<'a>(models: impl Iterator<Item = &'a str>) -> Shelf {
        let book = Book::embedded();
        let own: Vec<Own> = models.map(|model| Own::new(model, book)).collect();
        let mut by_core: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, own) in own.iter().enumerate() {
            by_core.entry(Name::parse(&own.entry.key).core).or_default().push(index);
        }
        Shelf { book, own, by_core }
    }

    /// What the book says about itself.
    pub(super) fn head(&self) -> Head {
        self.book.head()
    }

    /// The user's models, and the first days of their own prices.
    pub(super) fn own(&self) -> impl Iterator<Item = (Entry, NaiveDate)> {
        let all = self.own.iter().enumerate();
        all.filter_map(|(index, own)| self.own_of_name(index, &own.entry.key))
    }

    /// The book's, every rule applied.
    pub(super) fn listed(&self) -> impl Iterator<Item = Entry> {
        let is_replaced = |entry: &Entry| self.own_of(&Name::parse(&entry.key)).any(|(_, own)| own.replaces(entry));
        self.book.entries().filter(move |entry| !is_replaced(entry)).map(Entry::settled)
    }

    /// What the book says of a model of the user's.
    pub(super) fn listed_of(&self, own: usize) -> Option<&Entry> {
        self.own.get(own)?.listed.as_ref()
    }

    /// Gives a model of the user's its prices, from the first day of the file on.
    pub(super) fn tell(&mut self, own: usize, from: NaiveDate, periods: Vec<Period>) {
        if let Some(own) = self.own.get_mut(own) {
            own.tell(from, periods);
        }
    }

    /// The entry of a model of the user's, for a name that takes it, and the first day of the user's own prices: where the
    /// book knows none, the first ones hold before too.
    pub(super) fn own_of_name(&self, own: usize, model: &str) -> Option<(Entry, NaiveDate)> {
        let own = self.own.get(own)?;
        let name = Name::parse(model);
        let same = if own.from > NaiveDate::MIN { self.book.same(&name) } else { Vec::new() };
        let listed = pick(model, &name, &same.iter().collect::<Vec<_>>()).map(|(entry, _)| entry.clone().settled());
        let listed = listed.as_ref().or(own.listed.as_ref());
        Some((own.behind(listed), listed.map_or(NaiveDate::MIN, |_| own.from)))
    }

    /// Where the entry stands that a name takes, and why that one.
    pub(super) fn place(&self, model: &str) -> Option<(Place, Vec<String>)> {
        let name = Name::parse(model);
        let own: Vec<(usize, &Own)> = self.own_of(&name).collect();
        let mut listed = self.book.same(&name);
        listed.retain(|entry| !own.iter().any(|(_, own)| own.replaces(entry)));
        let all: Vec<&Entry> = own.iter().map(|(_, own)| &own.entry).chain(&listed).collect();
        let (picked, why) = pick(model, &name, &all)?;
        let place = match own.iter().find(|(_, own)| std::ptr::eq(&raw const own.entry, picked)) {
            Some((index, _)) => Place::Own(*index),
            None => Place::Listed(Box::new(picked.clone().settled())),
        };
        Some((place, why))
    }

    /// The user's models that may be the one of this name.
    fn own_of(&self, name: &Name) -> impl Iterator<Item = (usize, &Own)> {
        let places = self.by_core.get(&name.core).into_iter().flatten();
        places.filter_map(|index| Some((*index, self.own.get(*index)?)))
    }
}
