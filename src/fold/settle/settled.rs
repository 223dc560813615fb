//! What settling gives.

use std::collections::BTreeMap;

use crate::event::{Billing, Defect, Harness, Id, Request, RunId, StreamFailure, Time, ToolCall};
use crate::fold::facts::QuotaReading;
use crate::fold::rows::{NamedConversation, Owner, Quality, Reason, RowView, Taken, UsageRow, UsageRows};

/// Owners, their rows, and what the reader should know.
#[derive(Debug, Default, PartialEq)]
pub struct Settled {
    /// Runs in the order of their start, then conversations that belong to none.
    pub owners: Vec<Owner>,
    /// The fact table, grouped by owner.
    pub rows: UsageRows,
    /// Calls that were seen and have no row above: a footer tells more than they do.
    pub outweighed: UsageRows,
    /// Every conversation that is named, by its id.
    pub conversations: Vec<NamedConversation>,
    /// Readings of rate limits, in the order of their time.
    pub quotas: Vec<QuotaReading>,
    /// Attempts to have a model's API answer, by owner and time; none where nobody asked.
    pub requests: Vec<Placed<Request>>,
    /// Streams that broke off.
    pub failures: Vec<Placed<StreamFailure>>,
    /// Tool calls.
    pub tools: Vec<Placed<ToolCall>>,
    /// Defects, with how often, and the runs concerned.
    pub defects: BTreeMap<Defect, (u64, Vec<RunId>)>,
    /// Runs whose witnesses contradict each other.
    pub mismatches: Vec<RunId>,
    /// Runs with several different footers, all but one of which were quoted or forged.
    pub several_footers: Vec<RunId>,
    /// Runs with a footer that counts earlier runs too, which are not in the input.
    pub resumed_footers: Vec<RunId>,
    /// Runs whose session log nothing tells for certain, so that they were joined with none.
    pub ambiguous: Vec<RunId>,
    /// Profiles and the models that were assumed for their runs, with those runs.
    pub assumed_models: BTreeMap<(Id, Id), Vec<RunId>>,
    /// What pricing took its prices from.
    pub pricing: Pricing,
}

/// What pricing took its prices from, for those who tell people.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pricing {
    /// The day of the latest list prices; `None` where nothing was priced.
    pub day: Option<Time>,
    /// Whose word was taken for costs: `auto`, `reported` or `computed`; `None` where nothing was priced.
    pub mode: Option<&'static str>,
    /// When the prices of models begin that were used before.
    pub firsts: BTreeMap<Id, Time>,
}

/// A fact with its owner.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed<T> {
    /// Index of its owner.
    pub owner: usize,
    /// When it ended; `None` where its record has no time.
    pub time: Option<Time>,
    /// What happened.
    pub fact: T,
}

impl Settled {
    /// What sources tell of the conversation that a row names.
    pub fn conversation(&self, row: &RowView<'_>) -> Option<&NamedConversation> {
        self.conversation_named(row.conversation?)
    }

    /// What sources tell of the conversation of this id.
    pub fn conversation_named(&self, id: &Id) -> Option<&NamedConversation> {
        NamedConversation::of(&self.conversations, id)
    }

    /// The owner of what is told of a conversation, in no run, that left no usage there; `None`: nothing names it. One of
    /// which nothing else is known, but what sources tell of the conversation.
    pub fn bare_owner(&self, conversation: Option<&Id>, harness: Option<Harness>) -> Owner {
        let named = conversation.and_then(|id| self.conversation_named(id));
        let (host, billing) = named.map(|named| (named.host.clone(), named.billing)).unwrap_or_default();
        Owner { host, billing, ..Owner::new(None, harness) }
    }

    /// Gives usage that names no model the one that `of` tells for its run's profile, and a run that left nothing too:
    /// what it used stays unknown.
    pub fn assume_models(&mut self, of: impl Fn(&str) -> Option<Id>) {
        let Settled { owners, rows, assumed_models, .. } = self;
        let assumed = |owner: usize| {
            let run = owners.get(owner)?.run.as_ref()?;
            let profile = run.profile.clone()?;
            let model = of(&profile)?;
            Some((run, profile, model))
        };
        let is_asked_for = |owner| assumed(owner).is_some();
        rows.change(is_asked_for, |owner, rows| {
            let Some((run, profile, model)) = assumed(owner) else { return };
            let is_blank = |row: &UsageRow| row.usage.is_none() && row.blended_tokens.is_none();
            let left_nothing = rows.iter().all(is_blank);
            let is_nameless = |row: &&mut UsageRow| row.model.is_none() && (left_nothing || !is_blank(row));
            let mut is_assumed = false;
            for row in rows.iter_mut().filter(is_nameless) {
                row.model = Some(model.clone());
                is_assumed = true;
            }
            if is_assumed {
                assumed_models.entry((profile, model)).or_default().push(run.id.clone());
            }
        });
    }

    /// Marks the runs of which a session log may tell more, if none seems to have been read: those tell of runs, or of
    /// conversations that belong to none. `has_logs`: whether such are known of a harness.
    pub fn miss_logs(&mut self, has_logs: impl Fn(&str) -> bool) {
        if self.owners.iter().any(|owner| owner.run.is_none() || owner.taken.is_some_and(Taken::is_session)) {
            return;
        }
        for owner in self.owners.iter_mut().filter(|owner| owner.run.is_some() && owner.quality != Quality::Exact) {
            let is_logged = owner.harness.as_deref().is_some_and(&has_logs);
            owner.lacks_log = is_logged && owner.reasons.iter().any(Reason::asks_for_a_log);
        }
    }

    /// Takes the user's word on how the accounts of profiles pay.
    pub fn tell_billing(&mut self, of: impl Fn(&str) -> Option<Billing>) {
        for owner in &mut self.owners {
            let profile = owner.profile().cloned();
            owner.billing = profile.and_then(|profile| of(&profile)).or(owner.billing);
        }
    }
}
