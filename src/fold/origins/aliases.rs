//! Models that a harness's result names otherwise than the answers that it counts: a name without a date, as it was asked
//! for, stands for the dated one that answered.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::event::{Id, ModelUsage, without_date};
use crate::fold::facts::{Calls, Conversations};

/// Gives results the models' names of their conversation's calls, where one is the other with a date and no second one
/// fits as well.
pub(super) fn name_models(calls: &Calls, conversations: &mut Conversations) {
    let mut names: FxHashMap<&Id, BTreeSet<&Id>> = FxHashMap::default();
    let has_models = |id: &Id| {
        let results = conversations.get(id).into_iter().flat_map(|facts| facts.results.values());
        results.flat_map(|result| &result.total).any(|part| part.model.is_some())
    };
    for call in calls.values() {
        let Some((id, model)) = call.conversation.as_ref().zip(call.model.as_ref()) else { continue };
        match names.get_mut(id) {
            Some(known) => _ = known.insert(model),
            None if has_models(id) => _ = names.insert(id, BTreeSet::from([model])),
            None => {}
        }
    }
    for (id, names) in names {
        let Some(facts) = conversations.get_mut(id) else { continue };
        for result in facts.results.values_mut() {
            let is_other = |part: &ModelUsage| part.model.as_ref().is_some_and(|model| !names.contains(model));
            if result.total.iter().any(is_other) {
                result.total = renamed(std::mem::take(&mut result.total), &names);
            }
        }
    }
}

/// The parts by the names that are known, those of one model as one.
fn renamed(total: Vec<ModelUsage>, names: &BTreeSet<&Id>) -> Vec<ModelUsage> {
    let mut by_name: BTreeMap<Option<Id>, ModelUsage> = BTreeMap::new();
    for mut part in total {
        part.model = part.model.map(|model| known_name(&model, names).unwrap_or(model));
        match by_name.get_mut(&part.model) {
            Some(known) => {
                known.service_tier = known.service_tier.take().filter(|tier| Some(tier) == part.service_tier.as_ref());
                known.add(&part);
            }
            None => _ = by_name.insert(part.model.clone(), part),
        }
    }
    by_name.into_values().collect()
}

/// The only one of the names that is this one with a date, or without its date; `None` where it is among them.
fn known_name(model: &Id, names: &BTreeSet<&Id>) -> Option<Id> {
    let fits = |name: &&&Id| without_date(name) == Some(model) || without_date(model) == Some(name);
    let mut fitting = names.iter().filter(fits);
    let only = fitting.next().filter(|_| !names.contains(model) && fitting.next().is_none());
    only.map(|name| (**name).clone())
}
