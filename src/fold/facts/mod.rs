//! What is known, whatever it was read from: a union of keyed facts.

mod at_work;
mod call;
mod compact;
mod conversation;
mod copies;
mod counts;
mod cuts;
mod footers;
mod hosts;
mod lineage;
mod log;
mod log_end;
mod messages;
mod packed_call;
mod place;
mod quota;
mod result;
mod run;
mod showing;
mod so_far;
mod timing;
mod uncounted;

pub(in crate::fold) use self::at_work::{AtWork, SECOND_MS};
pub use self::call::{CallFacts, Calls};
pub(in crate::fold) use self::compact::{MaybeTime, MaybeUsd, ShortId};
pub use self::conversation::{ConversationFacts, Conversations, Reading};
pub(in crate::fold) use self::conversation::{UNDATED, first};
pub use self::counts::Counts;
pub(in crate::fold) use self::counts::{small, tokens};
pub(in crate::fold) use self::footers::{add_footer, add_sure_footer};
pub use self::hosts::Hosts;
pub(in crate::fold) use self::lineage::{ancestors, main_of, spawners};
pub(in crate::fold) use self::log::MARGIN_MS;
pub use self::log::{LogCall, LogKey, SessionLog, TurnContext};
pub(in crate::fold) use self::log_end::{LastCall, LogEnd};
pub use self::messages::Messages;
pub(in crate::fold) use self::packed_call::{PackedCall, beginning, id_of};
pub use self::place::Place;
pub use self::quota::QuotaReading;
pub(in crate::fold) use self::quota::{QuotaFold, Window, order};
pub(in crate::fold) use self::result::is_growth;
pub use self::result::{ResultFacts, ResultKey};
pub use self::run::{RunFacts, Runs};
pub(in crate::fold) use self::showing::{Showing, ShowingRuns, once_for_shared};
pub(in crate::fold) use self::so_far::ReadSoFar;
pub use self::timing::{TimingFact, TimingFacts};
pub(in crate::fold) use self::uncounted::{UncountedCall, digest};

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::event::{CallKey, Defect, Harness, Id};

/// Facts of any number of sources. Merging is associative and commutative, and a fact given twice
/// counts once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Runs by their id.
    pub runs: Runs,
    /// Conversations by their id.
    pub conversations: Conversations,
    /// Model calls by their key.
    pub calls: Calls,
    /// The conversations of each call that several show: all but one of them copied it.
    pub shared: FxHashMap<CallKey, BTreeSet<Id>>,
    /// How long things took; nothing where nobody asked.
    pub timing: TimingFacts,
    /// Footers that belong to no run, by their conversation.
    pub footers: BTreeSet<(Id, u64)>,
    /// Those of `footers` of which nothing says that they may be quoted.
    pub sure_footers: BTreeSet<(Id, u64)>,
    /// Readings of rate limits: of an unchanged state the first and the last.
    pub quotas: Vec<QuotaReading>,
    /// Defects outside any run.
    pub defects: BTreeMap<Defect, u64>,
}

impl Facts {
    /// The union of both.
    pub fn merge(mut self, mut other: Facts) -> Facts {
        if self.calls.len() + self.conversations.len() < other.calls.len() + other.conversations.len() {
            std::mem::swap(&mut self, &mut other);
        }
        // Most facts are of one side only: those are moved as they are.
        for (id, run) in other.runs {
            match self.runs.entry(id) {
                Entry::Occupied(mut known) => known.get_mut().merge(*run),
                Entry::Vacant(free) => {
                    free.insert(run);
                }
            }
        }
        for (id, conversation) in other.conversations {
            match self.conversations.entry(id) {
                Entry::Occupied(mut known) => {
                    let id = known.key().clone();
                    known.get_mut().merge(*conversation, &id);
                }
                Entry::Vacant(free) => {
                    free.insert(conversation);
                }
            }
        }
        for (key, call) in other.calls {
            self.add_call(key, call);
        }
        for (key, conversations) in other.shared {
            self.shared.entry(key).or_default().extend(conversations);
        }
        self.timing.merge(other.timing);
        for (id, blended) in other.footers {
            add_footer(&mut self.footers, id, blended);
        }
        for (id, blended) in other.sure_footers {
            add_footer(&mut self.sure_footers, id, blended);
        }
        self.quotas.extend(other.quotas);
        for (defect, count) in other.defects {
            *self.defects.entry(defect).or_default() += count;
        }
        self
    }

    /// What is known of a conversation, to which a record of this harness adds.
    pub(super) fn conversation(&mut self, id: Id, harness: Option<Harness>) -> &mut ConversationFacts {
        let facts = self.conversations.entry(id).or_default();
        facts.harness = facts.harness.take().max(harness);
        facts
    }

    /// Adds a call, or what another record of it tells.
    pub(super) fn add_call(&mut self, key: CallKey, call: Box<CallFacts>) {
        match self.calls.entry(key) {
            Entry::Occupied(mut known) => {
                if known.get().conversation != call.conversation {
                    let both = [&known.get().conversation, &call.conversation].into_iter().flatten().cloned();
                    self.shared.entry(known.key().clone()).or_default().extend(both);
                }
                known.get_mut().merge(*call);
            }
            Entry::Vacant(free) => {
                free.insert(call);
            }
        }
    }
}
