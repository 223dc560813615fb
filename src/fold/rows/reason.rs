//! Why so much is known of an owner's usage, and no more.

use std::fmt;

/// One ground for what was taken, or for what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A cumulative counter tells all of it.
    CounterCovers,
    /// The harness's closing results tell all of it.
    ResultCovers,
    /// The conversation's first record is in view, and so is every call after it.
    CallsComplete,
    /// The calls that were seen come to more than the counter.
    CallsExceedCounter,
    /// The conversation's own session log holds every call.
    SessionLog,
    /// The session log holds calls that may be copies, and the log they would be copied from is missing.
    PossibleCopies,
    /// The session log of a sub-agent goes on from a counter, and names nobody whose that is.
    UnnamedOrigin,
    /// The blended total at the end confirms the calls.
    FooterConfirms,
    /// Only the blended total at the end is known.
    FooterOnly,
    /// The blended total at the end tells of more than the session log, or the output's records, which end too early.
    FooterBeyondLog,
    /// The counter tells no time, and nothing else tells whether it counts calls that other sources show.
    UntimedCounter,
    /// The counter began before the run, and its value then is not known.
    NoBaseline,
    /// The closing result counts earlier processes of the session, too, and what those counted is not known.
    RestoredResult,
    /// The conversation's beginning is not in view, and no counter tells what came before.
    NoBeginning,
    /// What was read ends while an answer is streaming, or with a record that isn't whole.
    StillStreaming,
    /// A call is told of, and no record that is whole tells what it used.
    Uncounted,
    /// A sub-agent's work is told of, and none of its calls.
    MissingAgent,
    /// What had been said was summed up, and no record tells of the call that did it.
    MissingCompaction,
    /// What was read ends within the run's output.
    OpenRun,
    /// The run was killed, and nothing closes its output: of the call that was under way nothing tells.
    Killed,
    /// Nothing tells when the run ended, and later turns of its conversation may be its own or not.
    EndUntold,
    /// The harness counted more of the conversation than its calls on record come to.
    CountedMore,
    /// A reading was torn where the run met another: what it counted is one of theirs.
    TornBetween,
    /// Calls of which only a placeholder of the output is known.
    Placeholder,
    /// Records that may be quoted tell it, and nothing else does.
    Doubtful,
    /// A blended total that counts earlier runs too, which are not in the input.
    FooterOfMore,
    /// Nothing in its output tells of usage.
    NoUsage,
    /// Nothing in its output tells of usage, and of the session logs that fit none is the run's alone for certain.
    AmbiguousSession,
}

impl Reason {
    /// All of them, in the order of their telling.
    pub const ALL: [Reason; 28] = [
        Reason::CounterCovers,
        Reason::ResultCovers,
        Reason::CallsComplete,
        Reason::CallsExceedCounter,
        Reason::SessionLog,
        Reason::PossibleCopies,
        Reason::UnnamedOrigin,
        Reason::FooterConfirms,
        Reason::FooterOnly,
        Reason::FooterBeyondLog,
        Reason::UntimedCounter,
        Reason::NoBaseline,
        Reason::RestoredResult,
        Reason::NoBeginning,
        Reason::StillStreaming,
        Reason::Uncounted,
        Reason::MissingAgent,
        Reason::MissingCompaction,
        Reason::OpenRun,
        Reason::Killed,
        Reason::EndUntold,
        Reason::CountedMore,
        Reason::TornBetween,
        Reason::Placeholder,
        Reason::Doubtful,
        Reason::FooterOfMore,
        Reason::NoUsage,
        Reason::AmbiguousSession,
    ];

    /// A stable word for scripts.
    pub fn code(self) -> &'static str {
        match self {
            Reason::CounterCovers => "counter-covers",
            Reason::ResultCovers => "result-covers",
            Reason::CallsComplete => "calls-complete",
            Reason::CallsExceedCounter => "calls-exceed-counter",
            Reason::SessionLog => "session-log",
            Reason::PossibleCopies => "possible-copies",
            Reason::UnnamedOrigin => "unnamed-origin",
            Reason::FooterConfirms => "footer-confirms",
            Reason::FooterOnly => "footer-only",
            Reason::FooterBeyondLog => "footer-beyond-log",
            Reason::UntimedCounter => "untimed-counter",
            Reason::NoBaseline => "no-baseline",
            Reason::RestoredResult => "restored-result",
            Reason::NoBeginning => "no-beginning",
            Reason::StillStreaming => "still-streaming",
            Reason::Uncounted => "uncounted-call",
            Reason::MissingAgent => "missing-agent",
            Reason::MissingCompaction => "missing-compaction",
            Reason::OpenRun => "open-run",
            Reason::Killed => "killed",
            Reason::EndUntold => "end-untold",
            Reason::CountedMore => "counted-more",
            Reason::TornBetween => "torn-between",
            Reason::Placeholder => "placeholder",
            Reason::Doubtful => "doubtful",
            Reason::FooterOfMore => "footer-of-more",
            Reason::NoUsage => "no-usage",
            Reason::AmbiguousSession => "ambiguous-session",
        }
    }

    /// What it means, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Reason::CounterCovers => "a cumulative counter tells all of it",
            Reason::ResultCovers => "the harness's closing result tells all of it",
            Reason::CallsComplete => "the conversation's first record is in view, and so is every call after it",
            Reason::CallsExceedCounter => {
                "the calls that were seen come to more than the counter, which leaves some out"
            }
            Reason::SessionLog => "the conversation's own session log holds every call",
            Reason::PossibleCopies => "the session log holds calls that can't be told from another conversation's",
            Reason::UnnamedOrigin => {
                "the sub-agent's counter goes on from another conversation's, which its log doesn't name: some of what it read first may be its own"
            }
            Reason::FooterConfirms => "the blended total at the end equals what the calls add up to",
            Reason::FooterOnly => "only the blended total at the end is known; cache reads are outside of it",
            Reason::FooterBeyondLog => {
                "the blended total at the end tells of more than the records before it, the last of which are missing"
            }
            Reason::UntimedCounter => "the counter tells no time: it may count calls that other sources show, or not",
            Reason::NoBaseline => "the counter began before this run, and its value at the start is not in the input",
            Reason::RestoredResult => {
                "the harness's closing result counts earlier processes of the session, too: how much is not in the input"
            }
            Reason::NoBeginning => {
                "the beginning of the conversation is cut off, and no counter tells what came before"
            }
            Reason::StillStreaming => {
                "what was read ends within an answer or a record; what the latest call used is not known"
            }
            Reason::Uncounted => "a call was made of which no record, or no whole one, tells what it used",
            Reason::MissingAgent => "a sub-agent worked for it whose own records are not in the input",
            Reason::MissingCompaction => {
                "the conversation was compacted, and no record tells what the call that wrote the summary used"
            }
            Reason::OpenRun => "what was read ends within the run's output: it is at work, or was cut off",
            Reason::Killed => "the run was killed; what the call that was under way used is not known",
            Reason::EndUntold => {
                "nothing tells when the run ended: later turns of its session may be its own, or somebody's who went on with it"
            }
            Reason::CountedMore => {
                "the harness counted more of the session than its messages on record tell: some were reverted, or never written down"
            }
            Reason::TornBetween => {
                "a record was torn where this run and another meet: what it counted is not known to be either's"
            }
            Reason::Placeholder => "of some calls only the placeholder that a stream begins with is known",
            Reason::Doubtful => "records that may be quoted or forged tell it, and nothing else confirms them",
            Reason::FooterOfMore => "the blended total at the end counts earlier runs too, which are not in the input",
            Reason::NoUsage => "nothing in the output tells of usage",
            Reason::AmbiguousSession => {
                "nothing in the output tells of usage, and no session log that fits is its alone for certain"
            }
        }
    }

    /// Whether nothing may be missing for it but what came last.
    pub(in crate::fold) fn leaves_the_end_open(self) -> bool {
        use Reason::{CallsComplete, CallsExceedCounter, CounterCovers, SessionLog, StillStreaming};
        matches!(self, CounterCovers | CallsComplete | CallsExceedCounter | SessionLog | StillStreaming)
    }

    /// Whether a session log that wasn't read may fill the gap.
    pub(in crate::fold) fn asks_for_a_log(self) -> bool {
        match self {
            Reason::NoUsage | Reason::FooterOnly | Reason::FooterBeyondLog | Reason::FooterOfMore => true,
            Reason::NoBaseline | Reason::NoBeginning | Reason::UntimedCounter | Reason::StillStreaming => true,
            Reason::TornBetween | Reason::Placeholder | Reason::Doubtful | Reason::Uncounted => true,
            Reason::CounterCovers | Reason::ResultCovers | Reason::CallsComplete | Reason::CallsExceedCounter => false,
            Reason::SessionLog | Reason::PossibleCopies | Reason::UnnamedOrigin | Reason::FooterConfirms => false,
            Reason::RestoredResult => false,
            Reason::MissingAgent | Reason::MissingCompaction | Reason::OpenRun | Reason::Killed | Reason::EndUntold => {
                false
            }
            Reason::CountedMore | Reason::AmbiguousSession => false,
        }
    }

    /// What would fill the gap; `None` if it leaves none.
    pub fn remedy(self) -> Option<&'static str> {
        match self {
            Reason::CounterCovers | Reason::ResultCovers | Reason::CallsComplete | Reason::FooterConfirms => None,
            Reason::CallsExceedCounter | Reason::SessionLog | Reason::Killed | Reason::CountedMore => None,
            Reason::UnnamedOrigin | Reason::Uncounted | Reason::MissingCompaction => None,
            Reason::PossibleCopies => Some("the session log of the conversation that they would be copied from"),
            Reason::NoBaseline | Reason::FooterOfMore => {
                Some("the ledger or log with the conversation's earlier run, or its session log")
            }
            Reason::RestoredResult => Some("the ledger, loop log or capture with the session's result before this one"),
            Reason::UntimedCounter => Some("the conversation's output from its beginning, or its session log"),
            Reason::NoBeginning => Some("more lines of output in the ledger, the loop log, or the session log"),
            Reason::FooterBeyondLog | Reason::StillStreaming | Reason::TornBetween | Reason::Placeholder => {
                Some("the conversation's session log, from end to end")
            }
            Reason::MissingAgent => Some("the sub-agents' files, which stand in a folder beside the session log"),
            Reason::Doubtful => Some("the loop log, or the conversation's session log"),
            Reason::OpenRun => Some("the rest of its output, or the ledger's entry, which is written when it ends"),
            Reason::FooterOnly => Some("the harness's trace, the loop log, or the session log"),
            Reason::EndUntold => Some("the ledger's entry with the time of its end, or more lines of its output"),
            Reason::NoUsage => Some("a harness that prints its usage (a trace, stream-json), or the session log"),
            Reason::AmbiguousSession => Some("a harness that prints its usage (a trace, stream-json)"),
        }
    }
}

/// A set of reasons.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Reasons(u32);

impl Reasons {
    /// Adds one if it holds.
    pub(in crate::fold) fn add_if(&mut self, holds: bool, reason: Reason) {
        if holds {
            *self = self.and(reason.into());
        }
    }

    /// The reasons of both.
    pub(in crate::fold) fn and(self, other: Reasons) -> Reasons {
        Reasons(self.0 | other.0)
    }

    /// What is left of them where something is missing: then none tells all of it.
    pub(in crate::fold) fn without_proofs(self) -> Reasons {
        const PROOFS: [Reason; 5] = [
            Reason::CounterCovers,
            Reason::ResultCovers,
            Reason::CallsComplete,
            Reason::SessionLog,
            Reason::FooterConfirms,
        ];
        PROOFS.into_iter().fold(self, |rest, proof| Reasons(rest.0 & !Reasons::from(proof).0))
    }

    /// Them, in the order of [`Reason::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.into_iter().filter(move |reason| self.0 & (1 << *reason as u32) != 0)
    }
}

impl From<Reason> for Reasons {
    fn from(reason: Reason) -> Reasons {
        Reasons(1 << reason as u32)
    }
}

impl fmt::Debug for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
