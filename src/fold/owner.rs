//! What folding gives: owners of usage, and the rows of the fact table.

use super::reason::Reasons;
use crate::event::{Billing, CallKey, CallTiming, Harness, Id, Run, Time, TokenUsage, Usd};

/// How much is known of a run's usage (or of a conversation's that belongs to no run).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quality {
    /// The full split is known.
    Exact,
    /// Only the harness's blended total is known.
    Blended,
    /// Some calls were seen, more are known or likely to be missing: a lower bound.
    Partial,
    /// It left no usage behind.
    Unknown,
}

impl Quality {
    /// All of them, from the best to the worst.
    pub const ALL: [Quality; 4] = [Quality::Exact, Quality::Blended, Quality::Partial, Quality::Unknown];

    /// The word that stands in tables.
    pub fn name(self) -> &'static str {
        match self {
            Quality::Exact => "exact",
            Quality::Blended => "blended",
            Quality::Partial => "partial",
            Quality::Unknown => "unknown",
        }
    }
}

/// Whether the witnesses of one run agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconciled {
    /// Several, and they agree.
    Ok,
    /// They contradict each other.
    Mismatch,
    /// There is one.
    Single,
}

impl Reconciled {
    /// The word that stands in tables.
    pub fn name(self) -> &'static str {
        match self {
            Reconciled::Ok => "ok",
            Reconciled::Mismatch => "mismatch",
            Reconciled::Single => "single",
        }
    }
}

/// The witness whose word was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// A cumulative counter, or a result.
    Counter,
    /// The calls that were seen.
    Calls,
    /// The blended total at the end.
    Footer,
    /// The harness's own session log, which holds every call.
    Session,
    /// The same where nothing but time and place tells that it is the run's.
    SessionByTime,
}

impl Taken {
    /// Whether it is the harness's own session log.
    pub(super) fn is_session(self) -> bool {
        matches!(self, Taken::Session | Taken::SessionByTime)
    }

    /// The word that stands in tables.
    pub fn name(self) -> &'static str {
        match self {
            Taken::Counter => "counter",
            Taken::Calls => "calls",
            Taken::Footer => "footer",
            Taken::Session => "session",
            Taken::SessionByTime => "session-by-time",
        }
    }
}

/// Who used the tokens: a run, or a conversation that belongs to none.
#[derive(Debug, Clone, PartialEq)]
pub struct Owner {
    /// The run; `None` for a conversation of a bare log.
    pub run: Option<Run>,
    /// What the runs worked for that used it together, where nothing tells which of them did.
    pub shared: Option<Work>,
    /// The harness, as the ledger or the records name it.
    pub harness: Option<Harness>,
    /// The machine that its sources come from, where whoever read them named one.
    pub host: Option<Id>,
    /// How its account pays, where a record, forge or the user tells.
    pub billing: Option<Billing>,
    /// How much is known.
    pub quality: Quality,
    /// Whether its witnesses agree; `None` without any.
    pub reconciled: Option<Reconciled>,
    /// Whose word was taken; `None` without any.
    pub taken: Option<Taken>,
    /// Why so much is known, and no more.
    pub reasons: Reasons,
}

/// What a run works for, and on whose account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Name of the loop.
    pub loop_name: Option<Id>,
    /// Path of the repository.
    pub repo: Option<Id>,
    /// forge's name for a harness and an account.
    pub profile: Option<Id>,
}

impl Owner {
    /// Name of the loop; `None` where forge wrote none down.
    pub fn loop_name(&self) -> Option<&Id> {
        self.run.as_ref().map_or_else(|| self.shared.as_ref()?.loop_name.as_ref(), |run| run.loop_name.as_ref())
    }

    /// Path of the repository that the loop works in.
    pub fn repo(&self) -> Option<&Id> {
        self.run.as_ref().map_or_else(|| self.shared.as_ref()?.repo.as_ref(), |run| run.repo.as_ref())
    }

    /// forge's name for a harness and an account.
    pub fn profile(&self) -> Option<&Id> {
        self.run.as_ref().map_or_else(|| self.shared.as_ref()?.profile.as_ref(), |run| run.profile.as_ref())
    }

    /// One of whose usage nothing is known yet.
    pub fn new(run: Option<Run>, harness: Option<Harness>) -> Owner {
        Owner {
            run,
            shared: None,
            harness,
            host: None,
            billing: None,
            quality: Quality::Unknown,
            reconciled: None,
            taken: None,
            reasons: Reasons::default(),
        }
    }

    /// Milliseconds from start to finish; `None` if either is missing or the clock ran backwards.
    pub fn duration_ms(&self) -> Option<i64> {
        let run = self.run.as_ref()?;
        Some(run.finished_at?.millis_since(run.started_at?)).filter(|millis| *millis >= 0)
    }

    /// Whether it is a run that ended otherwise than with success.
    pub fn is_failed(&self) -> bool {
        self.run.as_ref().and_then(|run| run.status.as_deref()).is_some_and(|status| status != "success")
    }
}

/// A row of the fact table: one call, or what only a counter, a result or a footer tells of an
/// owner and a model. An owner without usage has one blank row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UsageRow {
    /// Index of its owner.
    pub owner: usize,
    /// The conversation; `None` where nothing names it.
    pub conversation: Option<Id>,
    /// The model that answered.
    pub model: Option<Id>,
    /// When; `None` where the record has no time.
    pub time: Option<Time>,
    /// Its tokens; `None` where the split is not known.
    pub usage: Option<TokenUsage>,
    /// The blended total, also where the split is not known.
    pub blended_tokens: Option<u64>,
    /// What the harness says it costs; where that includes other rows, one of them tells it for all.
    pub cost_reported: Option<Usd>,
    /// The call's identity; `None` for a remainder.
    pub call: Option<CallKey>,
    /// The provider's service tier.
    pub service_tier: Option<Id>,
    /// Whether a sub-agent made the call.
    pub is_subagent: bool,
    /// The branch that was checked out.
    pub branch: Option<Id>,
    /// How long the call's parts took; `None` for a remainder, and where nobody asked.
    pub timing: Option<Box<CallTiming>>,
    /// How hard the model was told to think.
    pub effort: Option<Id>,
    /// Whether a cost that the harness reports for several rows, here or on another one of the same conversation and
    /// owner, includes it.
    pub is_paid: bool,
    /// Whether that cost includes less than it should, and nothing tells which of the rows: all of them together cost it
    /// at least.
    pub is_underpaid: bool,
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
    pub exact: Option<Usd>,
    /// It costs this or more.
    pub low: Option<Usd>,
    /// It costs this or less; `None` where nothing bounds it.
    pub high: Option<Usd>,
    /// Its share of what the harness reported.
    pub reported: Option<Usd>,
    /// Tokens times list prices, where that is certain.
    pub computed: Option<Usd>,
    /// Whether list prices made it up, in whole or in part.
    pub is_computed: bool,
    /// Whether it is older than the first price that is known.
    pub is_early: bool,
    /// Why nothing could be computed.
    pub lacks: Option<Lack>,
}

impl RowCost {
    /// The same where the cost is known without computing it.
    pub fn exactly(self, usd: Usd) -> RowCost {
        RowCost { exact: Some(usd), low: Some(usd), high: Some(usd), is_computed: false, ..self }
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
    pub(super) fn blank(conversation: &Id) -> UsageRow {
        UsageRow { conversation: Some(conversation.clone()), ..UsageRow::default() }
    }

    /// A row of tokens whose split is known, and nothing else.
    pub(super) fn of(usage: TokenUsage) -> UsageRow {
        UsageRow { usage: Some(usage), blended_tokens: Some(usage.blended_tokens()), ..UsageRow::default() }
    }
}
