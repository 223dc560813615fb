//! Which run or conversation each request, broken stream and tool call belongs to.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::settled::{Placed, Settled};
use crate::event::{Harness, Id, RunId, Time};
use crate::fold::accounts::Places;
use crate::fold::facts::{TimingFact, TimingFacts};

impl Settled {
    /// Gives every fact about time to its owner.
    pub(super) fn add_timing(&mut self, mut facts: TimingFacts, places: &Places) {
        facts.drop_named_twins();
        let TimingFacts { requests, failures, tools } = facts;
        if requests.is_empty() && failures.is_empty() && tools.is_empty() {
            return;
        }
        let mut owners = Owners::of(self);
        let mut owner = |id: Option<&Id>, time, shown: &ShownBy<'_>| owners.index(self, places, id, time, shown);
        let requests = placed(requests, |(id, time, _), shown| (owner(Some(id), *time, shown), *time));
        let failures = placed(failures, |(id, time), shown| (owner(Some(id), *time, shown), *time));
        let tools = placed(tools, |(id, _, time), shown| (owner(id.as_ref(), *time, shown), *time));
        (self.requests, self.failures, self.tools) = (requests, failures, tools);
    }
}

/// Who shows a fact.
struct ShownBy<'a> {
    runs: &'a BTreeSet<RunId>,
    harness: &'a Option<Harness>,
}

/// Facts by owner and time, whatever the order they were found in.
fn placed<K: Ord, T>(
    facts: FxHashMap<K, TimingFact<T>>,
    mut place: impl FnMut(&K, &ShownBy<'_>) -> (usize, Option<Time>),
) -> Vec<Placed<T>> {
    let mut facts: Vec<(K, TimingFact<T>)> = facts.into_iter().collect();
    facts.sort_by(|a, b| a.0.cmp(&b.0));
    let place = |(key, shown): (K, TimingFact<T>)| {
        let (owner, time) = place(&key, &ShownBy { runs: &shown.runs, harness: &shown.harness });
        Placed { owner, time, fact: shown.fact }
    };
    let mut placed: Vec<Placed<T>> = facts.into_iter().map(place).collect();
    placed.sort_by_key(|fact| (fact.owner, fact.time));
    placed
}

/// The owners there are. One that has no usage is none to the fact table: it gets no row there.
struct Owners {
    runs: FxHashMap<RunId, usize>,
    conversations: FxHashMap<Option<Id>, usize>,
}

impl Owners {
    fn of(settled: &Settled) -> Owners {
        let runs = settled.owners.iter().enumerate();
        let runs = runs.filter_map(|(index, owner)| Some((owner.run.as_ref()?.id.clone(), index))).collect();
        let bare = settled.rows.views().filter(|row| settled.owners[row.owner].run.is_none());
        Owners { runs, conversations: bare.map(|row| (row.conversation.cloned(), row.owner)).collect() }
    }

    fn index(
        &mut self,
        settled: &mut Settled,
        places: &Places,
        conversation: Option<&Id>,
        time: Option<Time>,
        shown: &ShownBy<'_>,
    ) -> usize {
        let run = match conversation {
            Some(id) => places.of(id, shown.runs, time),
            None => shown.runs.first().cloned(),
        };
        let of_run = run.and_then(|run| self.runs.get(&run).copied());
        of_run.unwrap_or_else(|| self.bare(settled, conversation.cloned(), shown.harness))
    }

    fn bare(&mut self, settled: &mut Settled, conversation: Option<Id>, harness: &Option<Harness>) -> usize {
        *self.conversations.entry(conversation).or_insert_with_key(|conversation| {
            settled.owners.push(settled.bare_owner(conversation.as_ref(), harness.clone()));
            settled.owners.len() - 1
        })
    }
}
