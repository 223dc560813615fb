//! The rows of the fact table.

use crate::event::{CallKey, CallTiming, Id, Time, TokenUsage, Usd};

/// A row of the fact table: one call, or what only a counter, a result or a footer tells of an
/// owner and a model. An owner without usage has one blank row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UsageRow {
    /// Index of its owner.
    pub owner: usize,
    /// The conversation; `None` where nothing names it.
    pub conversation: Option<Id>,
    /// The model that answered; `None` where nothing names it.
    pub model: Option<Id>,
    /// When; `None` where the record has no time.
    pub time: Option<Time>,
    /// Its tokens; `None` where the split is not known.
    pub usage: Option<TokenUsage>,
    /// The blended total, also where the split is not known; `None` where nothing is known.
    pub blended_tokens: Option<u64>,
    /// What the harness says it costs; where that includes other rows, one of them tells it for all. `None` on the
    /// others, and where the harness tells no cost.
    pub cost_reported: Option<Usd>,
    /// The call's identity; `None` for a remainder.
    pub call: Option<CallKey>,
    /// The provider's service tier; `None` where no record tells.
    pub service_tier: Option<Id>,
    /// Whether a sub-agent made the call.
    pub is_subagent: bool,
    /// The branch that was checked out; `None` where no record tells.
    pub branch: Option<Id>,
    /// How long the call's parts took; `None` for a remainder, and where nobody asked.
    pub timing: Option<Box<CallTiming>>,
    /// How hard the model was told to think; `None` where no record tells.
    pub effort: Option<Id>,
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
    /// Whether what has a call's identity may be several that nobody saw one by one: a remainder.
    pub may_be_several: bool,
    /// What it costs, as far as that was worked out.
    pub cost: RowCost,
}

/// What a row costs. Pricing fills it in; until then nothing is known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RowCost {
    /// The cost, where it is certain: the row's share of what the harness reported, or what was computed, as asked.
    /// Else `None`.
    pub exact: Option<Usd>,
    /// It costs this or more; `None` where nothing is known of it.
    pub low: Option<Usd>,
    /// It costs this or less; `None` where nothing bounds it.
    pub high: Option<Usd>,
    /// Its share of what the harness reported; `None` where that is not certain, or nothing was reported.
    pub reported: Option<Usd>,
    /// Tokens times list prices; `None` where that is not certain.
    pub computed: Option<Usd>,
    /// Whether list prices made it up, in whole or in part.
    pub is_computed: bool,
    /// Whether a list price made it up that begins later.
    pub is_early: bool,
    /// Whether prices of the user's file made it up, rather than the book's.
    pub is_users: bool,
    /// Why nothing could be computed; `None` if it could, or wasn't to be.
    pub lacks: Option<Lack>,
}

impl RowCost {
    /// The same where the cost is known without computing it.
    pub fn exactly(self, usd: Usd) -> RowCost {
        let known = RowCost { exact: Some(usd), low: Some(usd), high: Some(usd), ..self };
        RowCost { is_computed: false, is_early: false, is_users: false, ..known }
    }
}

/// What a computed cost lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// The usage names no model.
    Model,
    /// The model has no known price.
    Price,
    /// The model has no known price at the service tier.
    Tier,
}

impl UsageRow {
    /// A row of a conversation that tells nothing yet.
    pub(in crate::fold) fn blank(conversation: &Id) -> UsageRow {
        UsageRow { conversation: Some(conversation.clone()), ..UsageRow::default() }
    }

    /// A row of tokens whose split is known, and nothing else.
    pub(in crate::fold) fn of(usage: TokenUsage) -> UsageRow {
        UsageRow { usage: Some(usage), blended_tokens: Some(usage.blended_tokens()), ..UsageRow::default() }
    }
}
