//! Blended totals that harnesses print at the end of plain output.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::event::{Id, Run};
use crate::fold::accounts::{Account, Ends, Weighed};
use crate::fold::facts::RunFacts;
use crate::fold::rows::{Quality, Reason, Reconciled, Taken};

/// Blended totals at the end of an output: candidates, as agents can print one too.
#[derive(Debug, Default)]
pub(super) struct Footers {
    pub(super) all: BTreeSet<u64>,
    /// Those of which nothing says that they may be quoted.
    pub(super) sure: BTreeSet<u64>,
    /// The run's own part of the largest.
    pub(super) share: Option<u64>,
    /// Whether `share` is what a counter tells, and no footer.
    pub(super) is_counters: bool,
    pub(super) conversation: Option<Id>,
    /// The model the conversation was configured with.
    pub(super) model: Option<Id>,
}

/// What footers say of the accounts that they count.
pub(super) struct Told {
    /// The largest that the accounts confirm; `None` if they confirm none.
    pub(super) confirmed: Option<u64>,
    /// Whether the largest tells more than the accounts, and is taken in their place.
    pub(super) is_taken: bool,
    /// Whether only calls were seen, and a footer confirms that these are all.
    pub(super) is_proof: bool,
    /// Whether records that may be quoted tell of the accounts, and nothing that surely isn't.
    pub(super) is_doubtful: bool,
    /// Blended tokens of the accounts.
    blended: u64,
    /// Whether the largest tells more than a session log, or records, that end too early.
    pub(super) is_more: bool,
    /// How much of what it tells beyond those is surely the owner's; 0 if none is.
    pub(super) beyond: u64,
    /// How little is known of the accounts; `None` without any.
    pub(super) worst: Option<Quality>,
}

impl Footers {
    /// A run's: those at the end of its output, else what its counter tells like one.
    pub(super) fn of_run(
        run: &Run,
        facts: &RunFacts,
        accounts: &[(Id, Account)],
        ends: &Ends,
        models: &FxHashMap<Id, Id>,
    ) -> Footers {
        let model = |id: &Id| models.get(id).cloned();
        let Some((conversation, blended)) = facts.footers.iter().max_by_key(|(_, blended)| *blended) else {
            let counted = accounts.iter().find_map(|(id, account)| Some((id.clone(), account.counted_blended()?)));
            let Some((id, share)) = counted else { return Footers::default() };
            let (share, model) = (Some(share), model(&id));
            return Footers { share, is_counters: true, model, conversation: Some(id), ..Footers::default() };
        };
        let share = ends.share(run, conversation.as_ref(), *blended);
        let all = facts.footers.iter().map(|(_, blended)| *blended).collect();
        let of_largest = facts.sure_footers.contains(blended).then_some(share).flatten();
        let sure = facts.sure_footers.iter().copied().chain(of_largest).collect();
        let (conversation, model) = (conversation.clone(), conversation.as_ref().and_then(model));
        Footers { all, sure, share, is_counters: false, conversation, model }
    }

    /// Whether they count a conversation: a harness's total leaves out those that its sub-agents held.
    pub(super) fn count(&self, id: &Id) -> bool {
        self.conversation.as_ref().is_none_or(|own| own == id || id.is_anonymous())
    }

    /// Holds them against the accounts that they count.
    pub(super) fn tell(&self, weighed: &[(Id, Weighed)]) -> Told {
        let counted: Vec<&Weighed> = weighed.iter().filter(|(id, _)| self.count(id)).map(|(_, one)| one).collect();
        let blended = counted.iter().fold(0, |sum, one| one.rows.add_blended_tokens(sum));
        let is_told = |footer: &u64| *footer == blended || counted.iter().any(|one| one.blended.contains(footer));
        let is_last = |footer: &u64| self.share.as_ref().is_some_and(is_told) && self.all.last() == Some(footer);
        let confirmed = self.all.iter().rev().copied().find(|footer| is_told(footer) || is_last(footer));
        let is_confirmed = confirmed.is_some();
        // What may be quoted is sure where a footer that surely isn't tells the same.
        let is_sure = |one: &Weighed| self.sure.iter().any(|sure| one.blended.contains(sure));
        let is_doubtful = !self.sure.contains(&blended) && counted.iter().any(|one| one.is_doubtful && !is_sure(one));
        let only_calls =
            !counted.is_empty() && counted.iter().all(|one| one.taken == Taken::Calls && one.agrees.is_none());
        let worst = counted.iter().map(|one| one.quality).max();
        // A counter whose value before the run isn't known tells less than what the footer grew by since the last run's.
        let has_no_baseline = counted.iter().all(|one| one.reasons.iter().any(|reason| reason == Reason::NoBaseline));
        let tells_growth = has_no_baseline && self.share < self.all.last().copied();
        let is_taken = match (worst, self.share) {
            (None, Some(_)) => true,
            (Some(Quality::Partial), Some(share)) => {
                let is_more = only_calls && !is_confirmed || tells_growth && is_confirmed || self.is_counters;
                share > blended && is_more
            }
            _ => false,
        };
        let is_proof = only_calls && is_confirmed && !is_doubtful;
        let is_beyond = !is_confirmed && !is_taken && self.is_beyond(&counted);
        let more = self.share.filter(|_| is_beyond).map(|share| share.saturating_sub(blended));
        let beyond = more.filter(|_| self.is_owners(&counted)).unwrap_or(0);
        // Where nothing tells what came before, the log ends too early all the same.
        let are_logs = counted.iter().all(|one| one.taken.is_session());
        let is_more = more.map_or(is_beyond && are_logs, |more| more > 0);
        Told { confirmed, is_taken, is_proof, is_doubtful, blended, is_more, beyond, worst }
    }

    /// Whether the largest counts more than what else is known: a session log that the harness goes on with was copied
    /// too early, and of an output the last records are torn or missing. Of several there, any may be quoted.
    fn is_beyond(&self, counted: &[&Weighed]) -> bool {
        // What is nobody's for another reason would count twice.
        let lacks_its_end = |one: &&Weighed| one.reasons.iter().all(Reason::leaves_the_end_open);
        let are_logs = counted.iter().all(|one| one.taken.is_session());
        let reached = counted.iter().map(|one| one.reached).max();
        let is_proof = are_logs || (self.all.len() == 1 && self.all.is_subset(&self.sure));
        is_proof && reached.is_some() && self.all.last().copied() > reached && counted.iter().all(lacks_its_end)
    }

    /// Whether what the largest counts beyond that is the owner's: of a conversation that began before the run, somebody
    /// may have used it in between, if nothing in the run's output counts that.
    fn is_owners(&self, counted: &[&Weighed]) -> bool {
        let counts_all = |one: &&Weighed| one.taken == Taken::Counter || one.taken.is_session();
        self.share == self.all.last().copied() || counted.iter().any(counts_all)
    }

    /// Whether the witnesses agree. In a tail, only calls may be seen that come to less than the footer.
    pub(super) fn reconciled(&self, weighed: &[(Id, Weighed)], told: &Told) -> Option<Reconciled> {
        let witnesses: usize = weighed.iter().map(|(_, one)| 1 + usize::from(one.agrees.is_some())).sum();
        let agree = weighed.iter().all(|(_, one)| one.agrees != Some(false));
        let is_tail = told.is_taken && told.worst.is_some() && self.all.len() == 1;
        // What counts earlier runs too, nobody knows how much of it, contradicts nothing that is less.
        let is_mute = self.share.is_none() && told.confirmed.is_none() && self.all.last() >= Some(&told.blended);
        match (witnesses, self.all.is_empty() || is_mute) {
            (0, _) if self.all.is_empty() => None,
            (0, _) | (1, true) => Some(Reconciled::Single),
            (_, true) if agree => Some(Reconciled::Ok),
            (_, false) if agree && (told.confirmed.is_some() || is_tail) => Some(Reconciled::Ok),
            _ => Some(Reconciled::Mismatch),
        }
    }
}
