//! The end of a source, and what isn't known where it broke off.

use rustc_hash::FxHashMap;

use super::nameless::anonymous_id;
use super::state::SourceFold;
use crate::event::{Id, RunId, Time};
use crate::fold::facts::{Facts, Place};

impl SourceFold {
    /// Everything the source told.
    pub fn finish(mut self) -> Facts {
        if let Some(offset) = self.broken_at {
            self.break_off(offset);
        }
        self.name_footers();
        self.cut_off();
        for ((run, conversation), stream) in self.streams {
            if let (None, Some(id), Some(began)) = (&run, &conversation, stream.open_since) {
                let facts = self.facts.conversations.get_mut(id);
                facts.map(|facts| facts.open_captures.insert(Place { source: self.name.clone(), offset: began }));
            }
            if conversation.is_none() && !stream.anonymous.is_empty() {
                let id = anonymous_id(&stream.anonymous);
                let facts = self.facts.conversations.entry(id).or_default();
                facts.harness = facts.harness.take().max(stream.harness);
                if let Some(offset) = self.broken_at.filter(|_| run == self.latest_run) {
                    let time = stream.anonymous.iter().filter_map(|reading| reading.time).max();
                    facts.add_unfinished(run, (time, Place { source: self.name.clone(), offset }));
                }
                facts.readings.extend(stream.anonymous);
            }
        }
        for (id, facts) in &mut self.facts.conversations {
            facts.log.sort();
            facts.messages.sort(id);
            facts.sort_active();
        }
        let of_runs = self.facts.runs.values_mut().map(|facts| &mut facts.hosts);
        let of_conversations = self.facts.conversations.values_mut().map(|facts| &mut facts.hosts);
        of_runs.chain(of_conversations).for_each(|hosts| hosts.add(self.host.as_ref()));
        self.facts.quotas = self.quotas.finish();
        self.facts
    }

    /// Marks what stands before the end of the source in outputs that may go on behind it: another source may have their
    /// ends.
    fn cut_off(&mut self) {
        let runs = &self.facts.runs;
        let may_go_on = |run: &RunId| runs.get(run).is_some_and(|facts| facts.may_go_on());
        for ((run, _), stream) in &self.streams {
            if run.as_ref().is_some_and(may_go_on) {
                for key in &stream.uncovered {
                    self.facts.calls.entry(key.clone()).and_modify(|call| call.is_cut_off = true);
                }
            }
        }
        let results = self.facts.conversations.values_mut().flat_map(|facts| facts.results.values_mut());
        for result in results.filter(|result| !result.runs.is_empty() && result.runs.iter().all(may_go_on)) {
            result.is_cut_off = true;
        }
    }

    /// What goes on behind the place where the source broke off isn't known: of a ledger and a loop log that is the
    /// latest run, of others any conversation.
    fn break_off(&mut self, offset: u64) {
        let place = Place { source: self.name.clone(), offset };
        let run = self.latest_run.clone();
        if self.facts.conversations.is_empty() && self.facts.runs.is_empty() && self.streams.is_empty() {
            self.facts.conversations.entry(self.unnamed()).or_default();
        }
        let mut latest: FxHashMap<Id, Option<Time>> = FxHashMap::default();
        for call in self.facts.calls.values().filter(|call| run.is_none() || call.runs.iter().eq(&run)) {
            if let Some(id) = &call.conversation {
                let known = latest.entry(id.clone()).or_default();
                *known = (*known).max(call.time);
            }
        }
        for (id, facts) in &mut self.facts.conversations {
            let is_shown = run.is_none() || self.streams.contains_key(&(run.clone(), Some(id.clone())));
            if is_shown {
                let time = latest.get(id).copied().flatten().max(facts.latest());
                facts.end(run.clone(), time, place.clone(), &self.so_far);
            }
        }
    }
}
