//! Of which conversation a run's footers are.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::event::{Id, RunId, Time};
use crate::fold::facts::{Calls, Conversations, RunFacts, Runs, main_of};

/// Footers of an output that names one conversation, and no other, are that one's. Of several that it shows, sub-agents
/// hold all but the oldest, which the footers count. The footer of a conversation that a sub-agent is
/// known to hold is that of the one it worked for.
pub(super) fn name_footers(runs: &mut Runs, conversations: &Conversations, calls: &Calls) {
    let mut named: FxHashMap<&RunId, Option<&Id>> = FxHashMap::default();
    for (id, facts) in conversations {
        for run in facts.naming() {
            named.entry(run).and_modify(|known| *known = None).or_insert(Some(id));
        }
    }
    let mut oldest: FxHashMap<&RunId, (Time, &Id)> = FxHashMap::default();
    for (run, id) in shown(conversations, calls) {
        let Some(made) = Time::of_uuid(id) else { continue };
        let known = oldest.entry(run).or_insert((made, id));
        *known = (*known).min((made, id));
    }
    for (run, facts) in runs {
        let sole = named.get(run).copied().flatten();
        let main = oldest.get(run).map(|(_, id)| *id);
        let own: Vec<u64> =
            facts.footers.iter().filter(|(of, _)| main.is_some() && of.as_ref() == main).map(|(_, own)| *own).collect();
        let is_younger = |of: &Id| Time::of_uuid(of) > oldest.get(run).map(|(made, _)| *made);
        let name = |(of, blended): (Option<Id>, u64)| match of {
            // A tail that shows no more than a sub-agent's conversation ends with the footer of the whole.
            Some(of) if is_younger(&of) && (own.is_empty() || own.contains(&blended)) => (main.cloned(), blended),
            Some(of) => (main_of(conversations, &of).cloned().or(Some(of)), blended),
            None => (sole.cloned(), blended),
        };
        facts.footers = std::mem::take(&mut facts.footers).into_iter().map(name).collect();
    }
}

/// The runs whose outputs show something of a conversation, each with that.
fn shown<'a>(conversations: &'a Conversations, calls: &'a Calls) -> impl Iterator<Item = (&'a RunId, &'a Id)> {
    let told = conversations.iter().flat_map(|(id, facts)| {
        let readings = facts.readings.iter().filter_map(|reading| reading.run.as_ref());
        readings.chain(&facts.named_by).chain(facts.begins.iter().flatten()).map(move |run| (run, id))
    });
    let called = calls.values().filter_map(|call| Some((&call.runs, call.conversation.as_ref()?)));
    told.chain(called.flat_map(|(runs, id)| runs.iter().map(move |run| (run, id))))
}

/// A run of which only a footer is left held the conversation whose counter stood there when its next output began, if
/// that was there before the run was over: runs that do the same come to the same.
pub(super) fn name_by_footer(runs: &mut Runs, conversations: &mut Conversations, calls: &Calls) {
    let is_nameless = |facts: &RunFacts| facts.footers.iter().all(|(of, _)| of.is_none());
    let mut nameless: FxHashMap<RunId, (Option<Time>, Option<Time>)> = FxHashMap::default();
    let left = runs.iter().filter(|(_, facts)| !facts.footers.is_empty() && is_nameless(facts));
    nameless.extend(left.map(|(run, facts)| (run.clone(), (facts.started_at(), facts.ended_at()))));
    if nameless.is_empty() {
        return;
    }
    for (run, _) in shown(conversations, calls) {
        nameless.remove(run);
    }
    // What counters stood at before a call that an output tells of, or when a process that resumed told them again.
    let mut stood: FxHashMap<u64, BTreeSet<(&Id, Time)>> = FxHashMap::default();
    for (id, facts) in conversations.iter().filter(|(id, facts)| !id.is_anonymous() && !facts.is_subagent) {
        for reading in facts.readings.iter().filter(|reading| reading.run.is_some()) {
            let Some(time) = reading.time else { continue };
            let before = reading.last.map(|last| reading.total.minus(&last));
            for total in before.into_iter().chain([reading.total]) {
                stood.entry(total.blended_tokens()).or_default().insert((id, time));
            }
        }
    }
    let mut found: Vec<(RunId, Id)> = Vec::new();
    for (run, (start, end)) in &nameless {
        let footers = runs.get(run).into_iter().flat_map(|facts| &facts.footers);
        let told = footers.filter_map(|(_, blended)| stood.get(blended)).flatten();
        let is_here = |id: &Id| {
            let hosts = conversations.get(id).map(|facts| &facts.hosts);
            runs.get(run).zip(hosts).is_some_and(|(facts, hosts)| facts.hosts.meets(hosts))
        };
        let was_there =
            |id: &Id| is_here(id) && Time::of_uuid(id).is_some_and(|made| start.is_some() && Some(made) <= *end);
        let went_on = told.filter(|(id, time)| Some(*time) > *start && was_there(id));
        let ids: BTreeSet<&Id> = went_on.map(|(id, _)| *id).collect();
        if let (1, Some(id)) = (ids.len(), ids.first()) {
            found.push((run.clone(), (*id).clone()));
        }
    }
    for (run, id) in found {
        if let (Some(facts), Some(conversation)) = (runs.get_mut(&run), conversations.get_mut(&id)) {
            facts.footers =
                std::mem::take(&mut facts.footers).into_iter().map(|(_, own)| (Some(id.clone()), own)).collect();
            conversation.named_by.insert(run);
        }
    }
}
