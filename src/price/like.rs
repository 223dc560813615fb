//! Models of the user's file that cost what another one does: the others first.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::entry::{Entry, Period};
use super::shelf::{Place, Shelf};
use super::user::{Given, Told};
use crate::config::Field;
use crate::error::{Error, Result};

/// A section: from when it holds, and what it takes its prices from.
type Section<'a> = (NaiveDate, Source<'a>);

enum Source<'a> {
    /// Itself.
    Prices(&'a Period),
    /// The book.
    Listed(Box<Entry>),
    /// Another model of the file.
    Own(usize, &'a Field<'a>),
}

/// Gives every model of the file its prices. Fails at one that is like a model without a price, or in the end like
/// itself.
pub(super) fn tell(shelf: &mut Shelf, told: &[Told<'_>]) -> Result<()> {
    let mut models: Vec<Vec<Section<'_>>> = Vec::with_capacity(told.len());
    let mut likes: Vec<Vec<usize>> = vec![Vec::new(); told.len()];
    for (index, model) in told.iter().enumerate() {
        let sections = model.sections.iter().map(|dated| Ok((dated.from, source(shelf, index, &dated.prices)?)));
        models.push(sections.collect::<Result<_>>()?);
    }
    let mut waits: Vec<BTreeSet<usize>> = models.iter().map(|sections| awaited(sections)).collect();
    for (index, waits) in waits.iter().enumerate() {
        for other in waits {
            likes[*other].push(index);
        }
    }
    let mut ready: Vec<usize> = (0..models.len()).filter(|index| waits[*index].is_empty()).collect();
    while let Some(index) = ready.pop() {
        let periods = periods(shelf, &models[index]);
        let from = models[index].first().map_or(NaiveDate::MIN, |(from, _)| *from);
        shelf.tell(index, from, periods);
        for like in std::mem::take(&mut likes[index]) {
            waits[like].remove(&index);
            if waits[like].is_empty() {
                ready.push(like);
            }
        }
    }
    match waits.iter().position(|waits| !waits.is_empty()) {
        Some(index) => Err(circle(told, &models, &waits, index)),
        None => Ok(()),
    }
}

fn source<'a>(shelf: &Shelf, index: usize, given: &'a Given<'a>) -> Result<Source<'a>> {
    let like = match given {
        Given::Prices(period) => return Ok(Source::Prices(period)),
        Given::Like(like) => like,
    };
    let model = like.text()?;
    let unknown = || like.error(format!("no price is known for {model:?}"));
    match shelf.place(model).ok_or_else(unknown)?.0 {
        // What is like itself costs what the book says.
        Place::Own(own) if own == index => {
            Ok(Source::Listed(Box::new(shelf.listed_of(own).cloned().ok_or_else(unknown)?)))
        }
        Place::Own(own) => Ok(Source::Own(own, like)),
        Place::Listed(entry) => Ok(Source::Listed(entry)),
    }
}

/// The other models that must have their prices first.
fn awaited(sections: &[Section<'_>]) -> BTreeSet<usize> {
    sections.iter().filter_map(|(_, source)| if let Source::Own(own, _) = source { Some(*own) } else { None }).collect()
}

/// All periods of a model's sections. One holds until the next, also where it is another model's with periods of its
/// own.
fn periods(shelf: &Shelf, sections: &[Section<'_>]) -> Vec<Period> {
    let ends = sections.iter().skip(1).map(|(from, _)| Some(*from)).chain([None]);
    let held = sections.iter().zip(ends).flat_map(|((from, source), end)| {
        let periods = match source {
            Source::Prices(period) => vec![(*period).clone()],
            Source::Listed(entry) => of_another(entry, *from),
            Source::Own(own, like) => {
                let entry = like.text().ok().and_then(|model| shelf.own_of_name(*own, model));
                entry.map_or_else(Vec::new, |(entry, _)| of_another(&entry, *from))
            }
        };
        periods.into_iter().filter(move |period| end.is_none_or(|end| period.from < end))
    });
    held.collect()
}

/// The periods of another model from a day on.
fn of_another(entry: &Entry, from: NaiveDate) -> Vec<Period> {
    let started = entry.periods.iter().rposition(|period| period.from <= from).unwrap_or(0);
    let mut periods: Vec<Period> = entry.periods.iter().skip(started).map(|period| entry.spelt_out(period)).collect();
    if let Some(first) = periods.first_mut() {
        first.from = from;
    }
    periods
}

/// The error of a model that is like others which are in the end like themselves.
fn circle(told: &[Told<'_>], models: &[Vec<Section<'_>>], waits: &[BTreeSet<usize>], mut index: usize) -> Error {
    let mut seen = Vec::new();
    while !seen.contains(&index) {
        seen.push(index);
        index = waits[index].first().copied().unwrap_or(index);
    }
    let next = waits[index].first().copied().unwrap_or(index);
    let (from, to) = (told[index].model, told[next].model);
    let mut fields = models[index].iter().filter_map(|(_, source)| match source {
        Source::Own(own, field) if *own == next => Some(*field),
        _ => None,
    });
    let why = format!("{from:?} is like {to:?}, which is in the end like {from:?}");
    fields.next_back().map_or_else(|| Error::invalid(why.clone()), |field| field.error(why.clone()))
}
