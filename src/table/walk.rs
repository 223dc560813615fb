//! Which rows of the fact table a query asks for, and which group each is of.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::dimension::{Dimension, time_of};
use super::filter::Filter;
use super::latest::Latest;
use super::query::Query;
use super::values::Grouping;
use crate::event::Time;
use crate::fold::{Owner, RowView, Settled};

/// Whether a query asks for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It doesn't.
    No,
    /// The row tells no time or no model, and may be of those that are asked for.
    Unsure,
    /// It does.
    Sure,
}

impl Fit {
    fn sure(is_sure: bool) -> Fit {
        if is_sure { Fit::Sure } else { Fit::No }
    }
}

/// Gives the rows that fit the query so well, and no better, to `take`, each with the index of its group and its owner.
pub(super) fn walk<'a>(
    settled: &'a Settled,
    by: &[Dimension],
    query: &Query,
    wanted: Fit,
    mut take: impl FnMut(usize, &RowView<'a>, &'a Owner),
) -> Grouping<'a> {
    let mut grouping = Grouping::new(settled, by, query.zone);
    let mut latest = Latest::of(by, query, asked_times(settled, query));
    let mut asked = Asked::new(settled, query);
    for row in settled.rows.views() {
        let owner = &settled.owners[row.owner];
        let mut fit = asked.fit(&row, owner);
        if fit != Fit::No
            && let Some(latest) = &mut latest
        {
            fit = match time_of(settled, &row, owner) {
                None => Fit::Unsure,
                Some(time) if latest.holds(time) => fit,
                Some(_) => Fit::No,
            };
        }
        if fit != wanted {
            continue;
        }
        take(grouping.index(&row, owner), &row, owner);
    }
    grouping
}

/// The times of the rows that a query asks for.
fn asked_times(settled: &Settled, query: &Query) -> impl Iterator<Item = Time> {
    let mut asked = Asked::new(settled, query);
    settled.rows.views().filter_map(move |row| {
        let owner = &settled.owners[row.owner];
        time_of(settled, &row, owner).filter(|_| asked.fit(&row, owner) == Fit::Sure)
    })
}

/// Tells which rows a query asks for.
struct Asked<'a, 'q> {
    settled: &'a Settled,
    query: &'q Query,
    has_filters: bool,
    /// Whether a filter asks for times. Others treat rows with the same names alike.
    cuts_time: bool,
    /// The latest row that was held against the filters, and how it fits them.
    latest: Option<(RowView<'a>, Fit)>,
}

impl<'a, 'q> Asked<'a, 'q> {
    fn new(settled: &'a Settled, query: &'q Query) -> Asked<'a, 'q> {
        let mut dimensions = query.filtered().peekable();
        let has_filters = dimensions.peek().is_some();
        Asked { settled, query, has_filters, cuts_time: dimensions.any(Dimension::is_time), latest: None }
    }

    fn fit(&mut self, row: &RowView<'a>, owner: &'a Owner) -> Fit {
        let of_window = fit_window(self.query, time_of(self.settled, row, owner));
        if of_window == Fit::No || !self.has_filters {
            return of_window;
        }
        if let Some((_, fit)) = self.latest.filter(|(latest, _)| !self.cuts_time && latest.is_alike(row)) {
            return fit.min(of_window);
        }
        let value = |dimension: Dimension| dimension.value(self.settled, row, owner, self.query.zone);
        let fit = fit_filters(self.query, value);
        self.latest = Some((*row, fit));
        fit.min(of_window)
    }
}

/// The owners that are runs, by their ids.
pub(super) fn runs(settled: &Settled) -> FxHashMap<&str, &Owner> {
    settled.owners.iter().filter_map(|owner| Some((&*owner.run.as_ref()?.id, owner))).collect()
}

/// Whether a row passes the filters and lies in the window.
pub(super) fn is_asked_for(settled: &Settled, row: &RowView<'_>, owner: &Owner, query: &Query) -> bool {
    passes(query, time_of(settled, row, owner), |dimension| dimension.value(settled, row, owner, query.zone))
}

/// Whether what has this time and these values passes the filters and lies in the window.
pub(super) fn passes<'a>(query: &Query, time: Option<Time>, value: impl Fn(Dimension) -> Option<Cow<'a, str>>) -> bool {
    fit_window(query, time) == Fit::Sure && fit_filters(query, value) == Fit::Sure
}

fn fit_window(query: &Query, time: Option<Time>) -> Fit {
    let Some(time) = time else {
        return if query.since.or(query.until).is_some() { Fit::Unsure } else { Fit::Sure };
    };
    Fit::sure(query.since.is_none_or(|since| time >= since) && query.until.is_none_or(|until| time < until))
}

/// How these values fit one filter of each key.
fn fit_filters<'a>(query: &Query, value: impl Fn(Dimension) -> Option<Cow<'a, str>>) -> Fit {
    let fit = |filters: &[Filter]| {
        let of_key = |filter: &Filter| {
            let value = value(filter.dimension);
            let mut alike = filters.iter().filter(|other| other.dimension == filter.dimension);
            match alike.any(|other| other.matches(value.as_deref())) {
                false if value.is_none() && filter.dimension.is_told_by_records() => Fit::Unsure,
                is_sure => Fit::sure(is_sure),
            }
        };
        filters.iter().map(of_key).min().unwrap_or(Fit::Sure)
    };
    fit(&query.filters).min(fit(&query.scope))
}
