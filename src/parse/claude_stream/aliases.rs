//! Models that a result counts twice, under a name with a date and under one without: a short name that was asked for
//! stands for the dated one, which a helper may be asked for by its full name.

use std::collections::BTreeMap;

use crate::event::{without_date, without_window};

/// The counts of models by name, those of an alias beside those of the name that it stands for. A result ties both by
/// `canonicalModel` (2.1.259).
pub(super) fn without_aliases<T>(
    by_name: BTreeMap<String, T>,
    canonical: impl Fn(&T) -> Option<&str>,
) -> Vec<(String, T)> {
    let names: Vec<String> = by_name.keys().cloned().collect();
    let mut of: BTreeMap<String, String> = BTreeMap::new();
    for (name, counts) in &by_name {
        let Some(canonical) = canonical(counts).filter(|canonical| *canonical == without_window(name)) else {
            continue;
        };
        let mut dated = names.iter().filter(|other| without_date(without_window(other)) == Some(canonical));
        if let (Some(only), None) = (dated.next(), dated.next()) {
            of.insert(name.clone(), only.clone());
        }
    }
    by_name.into_iter().map(|(name, counts)| (of.remove(&name).unwrap_or(name), counts)).collect()
}
