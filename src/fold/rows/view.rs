//! Rows of the fact table looked at where they lie: most who ask for them only add them up.

use super::row::{RowCost, UsageRow};
use crate::event::{CallKey, Id, Time, TokenUsage, Usd};

/// What a [`UsageRow`] says, without a copy of its names, and without its timing and its call's identity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowView<'a> {
    /// Index of its owner.
    pub owner: usize,
    /// The conversation; `None` where nothing names it.
    pub conversation: Option<&'a Id>,
    /// The model that answered; `None` where nothing names it.
    pub model: Option<&'a Id>,
    /// When; `None` where the record has no time.
    pub time: Option<Time>,
    /// Its tokens; `None` where the split is not known.
    pub usage: Option<TokenUsage>,
    /// The blended total, also where the split is not known; `None` where nothing is known.
    pub blended_tokens: Option<u64>,
    /// What the harness says it costs; where that includes other rows, one of them tells it for all. `None` on the
    /// others, and where the harness tells no cost.
    pub cost_reported: Option<Usd>,
    /// Whether it is a call; a remainder is none.
    pub is_call: bool,
    /// The provider's service tier; `None` where no record tells.
    pub service_tier: Option<&'a Id>,
    /// Whether a sub-agent made the call.
    pub is_subagent: bool,
    /// The branch that was checked out; `None` where no record tells.
    pub branch: Option<&'a Id>,
    /// How hard the model was told to think; `None` where no record tells.
    pub effort: Option<&'a Id>,
    /// Whether a cost that the harness reports for several rows, here or on another one of the same conversation and
    /// owner, includes it.
    pub is_paid: bool,
    /// Whether that cost includes less than it should, and nothing tells which of the rows: all of them together cost it
    /// at least.
    pub is_underpaid: bool,
    /// Whether the output is a placeholder that its stream began with, and nothing counts the rest: it used more.
    pub is_placeholder: bool,
    /// Whether it isn't told which of its cache writes are kept for an hour.
    pub has_unsplit_writes: bool,
    /// What it costs, as far as that was worked out.
    pub cost: RowCost,
}

impl UsageRow {
    /// Whether it is a call that was seen; a remainder is none.
    pub fn is_call(&self) -> bool {
        self.call.is_some() && !self.may_be_several
    }

    /// The same to look at.
    pub fn view(&self) -> RowView<'_> {
        RowView {
            owner: self.owner,
            conversation: self.conversation.as_ref(),
            model: self.model.as_ref(),
            time: self.time,
            usage: self.usage,
            blended_tokens: self.blended_tokens,
            cost_reported: self.cost_reported,
            is_call: self.is_call(),
            service_tier: self.service_tier.as_ref(),
            is_subagent: self.is_subagent,
            branch: self.branch.as_ref(),
            effort: self.effort.as_ref(),
            is_paid: self.is_paid,
            is_underpaid: self.is_underpaid,
            is_placeholder: self.is_placeholder,
            has_unsplit_writes: self.has_unsplit_writes,
            cost: self.cost,
        }
    }
}

impl<'a> RowView<'a> {
    /// Its tokens; the blended total where the split is not known, and none where nothing is.
    pub fn known_tokens(&self) -> u64 {
        self.usage.map_or(self.blended_tokens.unwrap_or(0), |usage| usage.total_tokens())
    }

    /// A copy, `call` being its call's identity.
    pub(super) fn to_row(self, call: Option<CallKey>) -> UsageRow {
        let may_be_several = call.is_some() && !self.is_call;
        UsageRow {
            owner: self.owner,
            conversation: self.conversation.cloned(),
            model: self.model.cloned(),
            time: self.time,
            usage: self.usage,
            blended_tokens: self.blended_tokens,
            cost_reported: self.cost_reported,
            call,
            service_tier: self.service_tier.cloned(),
            is_subagent: self.is_subagent,
            branch: self.branch.cloned(),
            timing: None,
            effort: self.effort.cloned(),
            is_paid: self.is_paid,
            is_underpaid: self.is_underpaid,
            is_placeholder: self.is_placeholder,
            has_unsplit_writes: self.has_unsplit_writes,
            may_be_several,
            cost: self.cost,
        }
    }

    /// Whether both say the same but for time, tokens and costs, as far as a glance tells: they share an owner and
    /// their names.
    pub fn is_alike(&self, other: &RowView<'a>) -> bool {
        let names = |row: &RowView<'a>| [row.conversation, row.model, row.service_tier, row.branch, row.effort];
        let is_same = |(a, b): (Option<&Id>, Option<&Id>)| match (a, b) {
            (Some(a), Some(b)) => std::ptr::eq(a.as_str(), b.as_str()),
            (a, b) => a.is_none() && b.is_none(),
        };
        (self.owner, self.is_subagent) == (other.owner, other.is_subagent)
            && names(self).into_iter().zip(names(other)).all(is_same)
    }
}
