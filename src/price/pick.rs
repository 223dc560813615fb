//! Of the models that a name may mean, the one whose price it takes.

use std::cmp::Reverse;

use super::entry::Entry;
use super::name::{Name, maker};

/// Google's cloud, which sells Google's models beside Google's own shop.
const VERTEX: &str = "vertex_ai";

/// Of models that are the same, the one whose price a name takes, and why that one: what is called so; else what its
/// seller sells; else what is called so without the seller; else the maker's.
pub(super) fn pick<'a>(model: &str, name: &Name, same: &[&'a Entry]) -> Option<(&'a Entry, Vec<String>)> {
    // Of two that differ in upper case only, the one that is spelt alike.
    let called = |text: &str| {
        let own = same.iter().copied().filter(|entry| entry.key.eq_ignore_ascii_case(text));
        own.max_by_key(|entry| entry.key == text)
    };
    let named: Vec<(Name, &Entry)> = same.iter().map(|entry| (Name::parse(&entry.key), *entry)).collect();
    let of = |is_meant: &dyn Fn(&Name, &Entry) -> bool| {
        let meant: Vec<&(Name, &Entry)> = named.iter().filter(|(own, entry)| is_meant(own, entry)).collect();
        // Prices that the user gives one date are no other date's.
        let listed = || choose(name, meant.iter().copied().filter(|(_, entry)| !entry.is_users()).collect());
        choose(name, meant.clone()).or_else(listed)
    };
    let sellers = || of(&|own, entry| is_sellers(name, own, entry));
    let without_seller = || std::iter::successors(Some(model), |text| Some(text.split_once('/')?.1)).find_map(called);
    let makers = || of(&|_, entry| entry.is_makers);
    let entry = called(model).or_else(sellers).or_else(without_seller).or_else(makers)?;
    Some((entry, why(model, name, entry)))
}

/// Whether an entry is of the seller that a name says. A bare name is its maker's.
pub(super) fn is_sellers(name: &Name, own: &Name, entry: &Entry) -> bool {
    let is_makers = entry.is_makers && entry.provider != VERTEX;
    let is_its = name.provider.is_empty() || says_maker(&name.provider) == Some(entry.provider.as_str());
    name.provider == own.provider || (is_makers && is_its)
}

/// The maker that a name's first part is.
pub(super) fn says_maker(provider: &str) -> Option<&'static str> {
    maker(provider.strip_suffix('/')?)
}

/// The same date, or the latest where that is asked for; else no date, else the latest; else the newest where all dates
/// cost the same.
fn choose<'a>(name: &Name, named: Vec<&(Name, &'a Entry)>) -> Option<&'a Entry> {
    let best = |of: &dyn Fn(&Name) -> bool| {
        let fitting = named.iter().filter(|(own, _)| of(own));
        // Google's own API goes before its cloud.
        let rank = |(_, entry): &&&(Name, &Entry)| (entry.provider == VERTEX, entry.key.len(), entry.key.clone());
        fitting.min_by_key(rank).map(|(_, entry)| *entry)
    };
    let meant = best(&|own| match name.is_latest {
        true => own.is_latest && own.date == name.date,
        false => own.date.is_some() && own.date == name.date,
    });
    let plain = meant.or_else(|| best(&|own| own.date.is_none() && !own.is_latest));
    let latest = plain.or_else(|| best(&|own| own.date.is_none()));
    if latest.is_some() || name.date.is_some() {
        return latest;
    }
    let (_, newest) = named.iter().max_by_key(|(own, entry)| (own.date.clone(), Reverse(entry.key.clone())))?;
    let agree = name.is_latest || named.iter().all(|(_, entry)| cost_alike(entry, newest));
    agree.then_some(newest)
}

/// Whether the latest prices of two entries are the same.
pub(super) fn cost_alike(one: &Entry, other: &Entry) -> bool {
    let latest = |entry: &'_ Entry| entry.periods.last().map(|period| (period.tiers.clone(), period.off_peak.clone()));
    latest(one) == latest(other)
}

/// What two names of one model differ in, for people.
fn why(model: &str, name: &Name, entry: &Entry) -> Vec<String> {
    if entry.key == model {
        return vec!["its own name".to_owned()];
    }
    let own = Name::parse(&entry.key);
    let mut why = Vec::new();
    if own.provider != name.provider {
        why.push(match (name.provider.as_str(), entry.is_makers) {
            ("", _) => "the maker's own price".to_owned(),
            (seller, true) if says_maker(seller) == Some(entry.provider.as_str()) => "the maker's own price".to_owned(),
            (seller, true) => format!("the maker's own price; {seller} has none of its own here"),
            (seller, false) => format!("without {seller}"),
        });
    }
    match (&name.date, &own.date) {
        (Some(date), None) => why.push(format!("without the date {date}")),
        (None, Some(date)) => why.push(format!("of {date}, the only or newest one")),
        _ => {}
    }
    match (name.is_latest, own.is_latest) {
        (true, false) => why.push("without -latest".to_owned()),
        (false, true) => why.push("-latest".to_owned()),
        _ => {}
    }
    if why.is_empty() || !spelt_alike(model, &entry.key) {
        why.push("spelt otherwise".to_owned());
    }
    why
}

/// Whether the longer text holds the end of the shorter one's core as it is written.
fn spelt_alike(model: &str, key: &str) -> bool {
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    let (model, key) = (last(model), last(key));
    model.contains(&key) || key.contains(&model)
}
