//! Of the models that a name may mean, the one whose price it takes.

use std::cmp::Reverse;

use super::entry::Entry;
use super::name::Name;

/// Google's cloud, which sells Google's models beside Google's own shop.
pub(super) const VERTEX: &str = "vertex_ai";

/// Of models that are the same, the one whose price a name takes, and why that one.
pub(super) fn pick<'a>(model: &str, name: &Name, same: &[&'a Entry]) -> Option<(&'a Entry, Vec<String>)> {
    // Of two that differ in upper case only, the one that is spelt alike.
    let called = |text: &str| {
        let own = same.iter().copied().filter(|entry| entry.key.eq_ignore_ascii_case(text));
        own.max_by_key(|entry| entry.key == text)
    };
    let named: Vec<(Name, &Entry)> = same.iter().map(|entry| (Name::parse(&entry.key), *entry)).collect();
    let sold = |own: &Name| !name.provider.is_empty() && own.provider == name.provider;
    let sellers = || choose(name, named.iter().filter(|(own, _)| sold(own)).collect());
    let without_seller = || std::iter::successors(Some(model), |text| Some(text.split_once('/')?.1)).find_map(called);
    let makers = || choose(name, named.iter().filter(|(_, entry)| entry.is_makers).collect());
    let entry = called(model).or_else(sellers).or_else(without_seller).or_else(makers)?;
    Some((entry, why(model, name, entry)))
}

/// The same date, else no date, else the latest; else the newest where all dates cost the same.
fn choose<'a>(name: &Name, named: Vec<&(Name, &'a Entry)>) -> Option<&'a Entry> {
    let best = |of: &dyn Fn(&Name) -> bool| {
        let fitting = named.iter().filter(|(own, _)| of(own));
        // Google's own API goes before its cloud.
        let rank = |(_, entry): &&&(Name, &Entry)| (entry.provider == VERTEX, entry.key.len(), entry.key.clone());
        fitting.min_by_key(rank).map(|(_, entry)| *entry)
    };
    let dated = best(&|own| own.date.is_some() && own.date == name.date);
    let plain = dated.or_else(|| best(&|own| own.date.is_none() && !own.is_latest));
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
