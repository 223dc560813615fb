//! What an account comes to.

use crate::event::{CallKey, Id, MAX_COUNT};
use crate::fold::facts::{CallFacts, LogCall};
use crate::fold::rows::{Quality, Reasons, Taken, UsageRow};

/// What an account comes to.
#[derive(Debug)]
pub(in crate::fold) struct Weighed {
    pub(in crate::fold) rows: Rows,
    pub(in crate::fold) quality: Quality,
    pub(in crate::fold) reasons: Reasons,
    pub(in crate::fold) taken: Taken,
    /// Whether a counter and calls were there, and agree.
    pub(in crate::fold) agrees: Option<bool>,
    /// Blended totals that a footer may repeat.
    pub(in crate::fold) blended: Vec<u64>,
    /// The largest blended total that it tells of, of a session log other owners' shares too.
    pub(in crate::fold) reached: u64,
    /// Whether records that may be quoted tell it, and nothing that surely isn't.
    pub(in crate::fold) is_doubtful: bool,
}

/// Its rows.
#[derive(Debug)]
pub(in crate::fold) enum Rows {
    /// Rows of any kind.
    Made(Vec<UsageRow>),
    /// The calls in a conversation's session log: nearly all there are, so a row of each is made when it is needed.
    Logged(Id, Vec<LogCall>),
}

impl Rows {
    /// Adds their blended tokens to a sum.
    pub(in crate::fold) fn add_blended_tokens(&self, sum: u64) -> u64 {
        let plus = |sum: u64, blended: u64| sum.saturating_add(blended).min(MAX_COUNT);
        match self {
            Rows::Made(rows) => rows.iter().filter_map(|row| row.blended_tokens).fold(sum, plus),
            Rows::Logged(_, calls) => calls.iter().map(|call| call.usage().blended_tokens()).fold(sum, plus),
        }
    }

    /// The model that the first one names.
    pub(in crate::fold) fn first_model(&self) -> Option<&Id> {
        match self {
            Rows::Made(rows) => rows.first()?.model.as_ref(),
            Rows::Logged(_, calls) => calls.first()?.context.model.as_ref(),
        }
    }

    /// The rows themselves.
    pub(in crate::fold) fn made(self) -> Vec<UsageRow> {
        match self {
            Rows::Made(rows) => rows,
            Rows::Logged(conversation, calls) => calls.iter().map(|call| call.row(&conversation)).collect(),
        }
    }
}

/// The row of a call. `is_paid`: the harness reports the cost of all processes of its conversation.
pub(super) fn call_row(key: CallKey, call: CallFacts, is_paid: bool) -> UsageRow {
    let is_paid = call.is_paid && is_paid;
    UsageRow {
        conversation: call.conversation,
        model: call.model,
        time: call.time,
        call: Some(key),
        service_tier: call.service_tier,
        is_subagent: call.is_subagent,
        branch: call.branch,
        effort: call.effort,
        // What the whole reports is not reported twice.
        cost_reported: call.cost.filter(|_| !is_paid),
        is_paid,
        is_placeholder: !call.is_final && !call.is_covered,
        timing: call.timing,
        ..UsageRow::of(call.usage)
    }
}
