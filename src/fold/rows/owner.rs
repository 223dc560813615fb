//! Who used tokens, and how much is known of that.

use super::reason::Reasons;
use crate::event::{Billing, Harness, Id, Run};

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
    /// The session log, where nothing but time and place tells that it is the run's.
    SessionByTime,
}

impl Taken {
    /// Whether it is the harness's own session log.
    pub(in crate::fold) fn is_session(self) -> bool {
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
    /// What the runs worked for that used it together, where nothing tells which of them did; else `None`.
    pub shared: Option<Work>,
    /// The harness, as the ledger or the records name it; `None` where neither does.
    pub harness: Option<Harness>,
    /// The machine that its sources come from; `None` where whoever read them named none.
    pub host: Option<Id>,
    /// How the harness's account pays; `None` where no record, nor forge or the user tells.
    pub billing: Option<Billing>,
    /// How much is known.
    pub quality: Quality,
    /// Whether its witnesses agree; `None` without any.
    pub reconciled: Option<Reconciled>,
    /// Whose word was taken; `None` without any.
    pub taken: Option<Taken>,
    /// Why so much is known, and no more.
    pub reasons: Reasons,
    /// Whether a session log that wasn't read may tell more of it.
    pub lacks_log: bool,
}

/// What a run works for, and on whose account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Name of the loop; `None` where forge wrote none down.
    pub loop_name: Option<Id>,
    /// Path of the repository; `None` where forge wrote none down.
    pub repo: Option<Id>,
    /// forge's name for a harness and an account; `None` where forge wrote none down.
    pub profile: Option<Id>,
}

impl Owner {
    /// Name of the loop; `None` where forge wrote none down.
    pub fn loop_name(&self) -> Option<&Id> {
        self.run.as_ref().map_or_else(|| self.shared.as_ref()?.loop_name.as_ref(), |run| run.loop_name.as_ref())
    }

    /// Path of the repository that the loop works in; `None` where forge wrote none down.
    pub fn repo(&self) -> Option<&Id> {
        self.run.as_ref().map_or_else(|| self.shared.as_ref()?.repo.as_ref(), |run| run.repo.as_ref())
    }

    /// forge's name for a harness and an account; `None` where forge wrote none down.
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
            lacks_log: false,
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
