//! An owner's witnesses are weighed against each other, and the best of them is taken.

use super::footers::{Footers, Told};
use super::settled::Settled;
use crate::event::{Id, Time};
use crate::fold::accounts::{Account, Rows, Weighed};
use crate::fold::rows::{Owner, Quality, Reason, Reasons, Reconciled, Taken, UsageRow};

/// The weighing of one owner: what its accounts come to, held against its footers.
struct Weighing {
    footers: Footers,
    told: Told,
    /// What the footers count.
    counted: Vec<(Id, Weighed)>,
    /// Conversations that they leave out.
    beside: Vec<(Id, Weighed)>,
}

impl Settled {
    /// Adds an owner and its rows: a counter goes before a complete set of calls, that before a footer, that before
    /// some calls. `cut`: why others may be missing at the run's end. Gives the footer that the other witnesses
    /// confirm.
    pub(super) fn add_owner(
        &mut self,
        mut owner: Owner,
        accounts: Vec<(Id, Account)>,
        footers: Footers,
        cut: Option<Reason>,
    ) -> Option<u64> {
        let nothing_of = accounts.first().filter(|_| owner.run.is_none()).map(|(id, _)| id.clone());
        let weighed = weigh(accounts);
        let told = footers.tell(&weighed);
        owner.reconciled = footers.reconciled(&weighed, &told);
        let (counted, beside) = weighed.into_iter().partition(|(id, _)| footers.count(id));
        let mut weighing = Weighing { footers, told, counted, beside };
        weighing.know_subagents(owner.run.as_ref().and_then(|run| run.started_at));
        (owner.quality, owner.reasons) = weighing.quality(cut);
        let is_ambiguous = owner.run.as_ref().is_some_and(|run| self.ambiguous.binary_search(&run.id).is_ok());
        if is_ambiguous && owner.reasons == Reason::NoUsage.into() {
            owner.reasons = Reason::AmbiguousSession.into();
        }
        owner.taken = weighing.taken();
        if let (Some(Reconciled::Mismatch), Some(run)) = (owner.reconciled, &owner.run) {
            self.mismatches.push(run.id.clone());
        }
        let (known, confirmed) = (self.rows.len(), weighing.told.confirmed);
        let is_run = owner.run.is_some();
        self.owners.push(owner);
        self.add_rows(weighing, is_run);
        if self.rows.len() == known {
            self.add_row(UsageRow { conversation: nothing_of, ..UsageRow::default() });
        }
        confirmed
    }

    /// Adds the rows of the last owner. What nothing names in a run is the run's.
    fn add_rows(&mut self, weighing: Weighing, is_run: bool) {
        let Weighing { footers, told, counted, beside } = weighing;
        let is_nameless = |id: &Id| is_run && id.is_anonymous();
        let model = counted.first().and_then(|(_, weighed)| weighed.rows.first_model().cloned());
        let mut kept = beside;
        if told.is_taken {
            let (conversation, model) = (footers.conversation, model.or(footers.model));
            self.add_row(UsageRow { conversation, model, blended_tokens: footers.share, ..UsageRow::default() });
            let seen = counted.into_iter().flat_map(|(_, one)| one.rows.made()).filter(|row| row.call.is_some());
            let owner = self.owners.len().saturating_sub(1);
            seen.for_each(|row| self.outweighed.push(UsageRow { owner, ..row }));
        } else {
            if told.beyond > 0 {
                let (conversation, blended_tokens) = (footers.conversation, Some(told.beyond));
                self.add_row(UsageRow { conversation, model, blended_tokens, ..UsageRow::default() });
            }
            kept.extend(counted);
            kept.sort_by(|a, b| a.0.cmp(&b.0));
        }
        for (_, weighed) in kept {
            match weighed.rows {
                Rows::Logged(id, calls) if !is_nameless(&id) => {
                    self.rows.push_logged(self.owners.len().saturating_sub(1), &id, &calls);
                }
                rows => rows.made().into_iter().for_each(|row| {
                    let conversation = row.conversation.filter(|id| !is_nameless(id));
                    self.add_row(UsageRow { conversation, ..row });
                }),
            }
        }
    }

    /// Adds a row of the last owner.
    fn add_row(&mut self, row: UsageRow) {
        self.rows.push(UsageRow { owner: self.owners.len().saturating_sub(1), ..row });
    }
}

/// What accounts come to. A part that nothing measures makes a floor of the others.
fn weigh(accounts: Vec<(Id, Account)>) -> Vec<(Id, Weighed)> {
    let is_any_known = accounts.iter().any(|(_, account)| account.has_usage());
    let counts = |account: &Account| account.has_usage() || (is_any_known && account.is_unmeasured);
    let accounts = accounts.into_iter().filter(|(_, account)| counts(account));
    accounts.map(|(id, account)| (id.clone(), account.weigh(&id))).collect()
}

fn reasons(of: &[(Id, Weighed)]) -> Reasons {
    of.iter().fold(Reasons::default(), |all, (_, one)| all.and(one.reasons))
}

impl Weighing {
    /// Where all calls of the run's own conversation are in view, so are those of the sub-agents that it spawned.
    fn know_subagents(&mut self, start: Option<Time>) {
        let is_proof = self.told.is_proof;
        let is_in_view = |id: &Id| is_proof && start.is_some() && Time::of_uuid(id) >= start;
        for (id, one) in &mut self.beside {
            if is_in_view(id) && one.reasons == Reason::NoBeginning.into() {
                (one.quality, one.reasons) = (Quality::Exact, Reason::CallsComplete.into());
            }
        }
    }

    /// How much is known, and why. `cut`: why calls may be missing at the run's end.
    fn quality(&self, cut: Option<Reason>) -> (Quality, Reasons) {
        let Weighing { footers, told, beside, .. } = self;
        let of_counted = match told.worst {
            _ if told.is_taken => Some(Quality::Blended),
            Some(_) if told.is_proof => Some(Quality::Exact),
            worst => worst,
        };
        let cut = cut.filter(|cut| !self.is_ended(*cut));
        let is_doubtful = !told.is_taken && told.is_doubtful || beside.iter().any(|(_, weighed)| weighed.is_doubtful);
        let is_of_more = !footers.all.is_empty() && footers.share.is_none() && told.confirmed.is_none();
        let mut reasons = self.reasons();
        reasons.add_if(told.is_more, Reason::FooterBeyondLog);
        reasons.add_if(is_doubtful, Reason::Doubtful);
        reasons.add_if(is_of_more, Reason::FooterOfMore);
        let Some(quality) = of_counted.max(beside.iter().map(|(_, weighed)| weighed.quality).max()) else {
            return (Quality::Unknown, reasons);
        };
        if let Some(cut) = cut {
            reasons = reasons.and(cut.into());
        }
        let quality = if cut.is_some() || is_doubtful || told.is_more { Quality::Partial } else { quality };
        (quality, if quality == Quality::Partial { reasons.without_proofs() } else { reasons })
    }

    /// Whether nothing was under way where the run's output ends: behind the footer of a run that was killed.
    fn is_ended(&self, cut: Reason) -> bool {
        let is_closed = self.told.is_proof || self.told.is_taken && self.beside.is_empty();
        is_closed || self.told.confirmed.is_some() && cut == Reason::Killed
    }

    /// Why its accounts are known so well, and no better.
    fn reasons(&self) -> Reasons {
        let of_counted = match self.told.worst {
            _ if self.told.is_taken => Reason::FooterOnly.into(),
            None if self.beside.is_empty() => Reason::NoUsage.into(),
            Some(_) if self.told.is_proof => Reason::FooterConfirms.into(),
            _ => reasons(&self.counted),
        };
        of_counted.and(reasons(&self.beside))
    }

    /// Whose word was taken: of several accounts' witnesses the counter.
    fn taken(&self) -> Option<Taken> {
        if self.told.is_taken {
            return Some(Taken::Footer);
        }
        let all = self.counted.iter().chain(&self.beside).map(|(_, weighed)| weighed.taken);
        all.max_by_key(|taken| *taken == Taken::Counter)
    }
}
