//! An owner's witnesses are weighed against each other, and the best of them is taken.

use super::footers::Footers;
use super::settled::Settled;
use crate::event::{Id, Time};
use crate::fold::accounts::{Account, Rows, Weighed};
use crate::fold::rows::{Owner, Quality, Reason, Reasons, Reconciled, Taken, UsageRow, UsageRows};

impl Settled {
    /// Weighs an owner's witnesses: a counter goes before a complete set of calls, that before a
    /// footer, that before some calls. `cut`: why others may be missing at the run's end. Gives the footer that the other
    /// witnesses confirm.
    pub(super) fn owner(
        &mut self,
        mut owner: Owner,
        accounts: Vec<(Id, Account)>,
        footers: Footers,
        cut: Option<Reason>,
    ) -> Option<u64> {
        let index = self.owners.len();
        let is_run = owner.run.is_some();
        let nothing_of = accounts.first().filter(|_| !is_run).map(|(id, _)| id.clone());
        // A part that nothing measures makes a floor of the others.
        let is_any_known = accounts.iter().any(|(_, account)| account.has_usage());
        let counts = |account: &Account| account.has_usage() || (is_any_known && account.is_unmeasured);
        let accounts = accounts.into_iter().filter(|(_, account)| counts(account));
        let weighed: Vec<(Id, Weighed)> = accounts.map(|(id, account)| (id.clone(), account.weigh(&id))).collect();
        let told = footers.tell(&weighed);
        owner.reconciled = footers.reconciled(&weighed, &told);
        let known = self.rows.len();
        let hides = |id: &Id| is_run && id.is_anonymous();
        let add = |rows: &mut UsageRows, row: UsageRow| {
            let conversation = row.conversation.filter(|id| !hides(id));
            rows.push(UsageRow { owner: index, conversation, ..row });
        };
        let (counted, mut beside): (Vec<_>, Vec<_>) = weighed.into_iter().partition(|(id, _)| footers.count(id));
        let is_doubtful = !told.is_taken && told.is_doubtful || beside.iter().any(|(_, weighed)| weighed.is_doubtful);
        let is_closed = told.is_proof || told.is_taken && beside.is_empty();
        // A run that was killed behind its footer had nothing under way.
        let is_ended = |cut: Reason| is_closed || told.confirmed.is_some() && cut == Reason::Killed;
        let cut = cut.filter(|cut| !is_ended(*cut));
        let start = owner.run.as_ref().and_then(|run| run.started_at);
        // Where all calls of the run's own conversation are in view, so are those of the sub-agents that it spawned.
        let is_in_view = |id: &Id| told.is_proof && start.is_some() && Time::of_uuid(id) >= start;
        for (id, one) in &mut beside {
            if is_in_view(id) && one.reasons == Reason::NoBeginning.into() {
                (one.quality, one.reasons) = (Quality::Exact, Reason::CallsComplete.into());
            }
        }
        let reasons = |of: &[(Id, Weighed)]| of.iter().fold(Reasons::default(), |all, (_, one)| all.and(one.reasons));
        let of_counted = match told.worst {
            _ if told.is_taken => Reason::FooterOnly.into(),
            None if beside.is_empty() => Reason::NoUsage.into(),
            Some(_) if told.is_proof => Reason::FooterConfirms.into(),
            _ => reasons(&counted),
        };
        owner.reasons = of_counted.and(reasons(&beside));
        let quality = match told.worst {
            _ if told.is_taken => Some(Quality::Blended),
            Some(_) if told.is_proof => Some(Quality::Exact),
            worst => worst,
        };
        let quality = quality.max(beside.iter().map(|(_, weighed)| weighed.quality).max());
        if let Some(cut) = cut.filter(|_| quality.is_some()) {
            owner.reasons = owner.reasons.and(cut.into());
        }
        let is_short = told.beyond > 0;
        owner.reasons.add_if(is_short, Reason::FooterBeyondLog);
        owner.reasons.add_if(is_doubtful, Reason::Doubtful);
        let is_of_more = !footers.all.is_empty() && footers.share.is_none() && told.confirmed.is_none();
        owner.reasons.add_if(is_of_more, Reason::FooterOfMore);
        if let Some(quality) = quality {
            owner.quality = if cut.is_some() || is_doubtful || is_short { Quality::Partial } else { quality };
            if owner.quality == Quality::Partial {
                owner.reasons = owner.reasons.without_proofs();
            }
        }
        let all_taken = counted.iter().filter(|_| !told.is_taken).chain(&beside).map(|(_, weighed)| weighed.taken);
        owner.taken = match told.is_taken {
            true => Some(Taken::Footer),
            false => all_taken.max_by_key(|taken| *taken == Taken::Counter),
        };
        let mut kept = beside;
        if told.is_taken {
            let model = counted.first().and_then(|(_, weighed)| weighed.rows.first_model().cloned()).or(footers.model);
            let conversation = footers.conversation;
            add(&mut self.rows, UsageRow { conversation, model, blended_tokens: footers.share, ..UsageRow::default() });
            let seen = counted.into_iter().flat_map(|(_, one)| one.rows.made()).filter(|row| row.call.is_some());
            seen.for_each(|row| self.outweighed.push(UsageRow { owner: index, ..row }));
        } else {
            if is_short {
                let model = counted.first().and_then(|(_, weighed)| weighed.rows.first_model().cloned());
                let (conversation, blended_tokens) = (footers.conversation, Some(told.beyond));
                add(&mut self.rows, UsageRow { conversation, model, blended_tokens, ..UsageRow::default() });
            }
            kept.extend(counted);
            kept.sort_by(|a, b| a.0.cmp(&b.0));
        }
        for (_, weighed) in kept {
            match weighed.rows {
                Rows::Logged(id, calls) if !hides(&id) => self.rows.push_logged(index, &id, &calls),
                rows => rows.made().into_iter().for_each(|row| add(&mut self.rows, row)),
            }
        }
        if self.rows.len() == known {
            self.rows.push(UsageRow { owner: index, conversation: nothing_of, ..UsageRow::default() });
        }
        if let (Some(Reconciled::Mismatch), Some(run)) = (owner.reconciled, &owner.run) {
            self.mismatches.push(run.id.clone());
        }
        self.owners.push(owner);
        told.confirmed
    }
}
