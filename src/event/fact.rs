//! What a record tells: a fact, and the event that it is with its origin.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{
    Call, CallKey, CallTiming, Conversation, Counter, Defect, Footer, Id, Inherited, Quota, Request, Reset, Run, RunId,
    Skip, Source, StreamFailure, Time, TokenUsage, ToolCall, Uncounted,
};

/// Name of the program that ran the agent: `codex`, `claude`, `opencode`, …
pub type Harness = Cow<'static, str>;

/// One fact with its origin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Byte offset of the record in its source (in the decompressed text).
    pub offset: u64,
    /// The run whose output holds the record; `None` in a bare log.
    #[serde(rename = "run_id", default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The harness that wrote the record; `None` for forge's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harness: Option<Harness>,
    /// When it happened, where the record says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum Fact {
    /// A run exists: a ledger entry, or the start marker of a loop log.
    Run(Box<Run>),
    /// A conversation was named, with what is known about it.
    Conversation(Box<Conversation>),
    /// One request to a model was answered, with its usage.
    Call(Box<Call>),
    /// A cumulative counter was read.
    Counter(Box<Counter>),
    /// The harness printed at the end what all that it did came to, at least: its session log may tell less.
    Counted(Box<TokenUsage>),
    /// The harness printed its blended total at the end.
    Footer(Footer),
    /// A rate limit's window was reported.
    Quota(Box<Quota>),
    /// An attempt to have a model's API answer.
    Request(Box<Request>),
    /// A stream that broke off.
    StreamFailure(Box<StreamFailure>),
    /// How long the parts of a call took.
    CallTiming(Box<CallTiming>),
    /// A tool ran.
    ToolCall(Box<ToolCall>),
    /// A record of a call tells no usage, or can't be read.
    Uncounted(Box<Uncounted>),
    /// A sub-agent of a conversation was at work here, beyond what a result above counts.
    AgentAtWork(Id),
    /// A process leaves a conversation for a new one, and counts on.
    Reset(Box<Reset>),
    /// The last sign of a conversation is a request that was still being answered.
    Unfinished(Id),
    /// The source ends within the run's output: the run is at work, or what tells of it was cut.
    OpenRun,
    /// A session log of a conversation ends here, and not within a call.
    Ended(Id),
    /// The last turn ended here that a session log of a conversation tells the end of.
    TurnOver(Id),
    /// A session log of a conversation lost a record here that may be a reading of its counter, and was read on.
    Lost(Id),
    /// A session log shows a reading of another conversation's counter: history that was copied into it.
    Inherited(Box<Inherited>),
    /// A record could not be read, or was refused.
    Defect(Defect),
    /// A source begins; what follows is of it until another one begins.
    Source(Source),
    /// A file or folder, or the rest of one, was passed over.
    Skipped(Skip),
}

impl Fact {
    /// The conversation it is about, where it names one. A quota's is left out: limits are the account's.
    pub fn conversation(&self) -> Option<&Id> {
        match self {
            Fact::Conversation(conversation) => Some(&conversation.id),
            Fact::Call(call) => call.conversation.as_ref(),
            Fact::Counter(counter) => counter.conversation.as_ref(),
            Fact::Footer(footer) => footer.conversation.as_ref(),
            Fact::Request(request) => Some(&request.conversation),
            Fact::StreamFailure(failure) => Some(&failure.conversation),
            Fact::ToolCall(call) => call.conversation.as_ref(),
            Fact::Unfinished(id) | Fact::Ended(id) | Fact::TurnOver(id) | Fact::Lost(id) => Some(id),
            Fact::AgentAtWork(id) => Some(id),
            Fact::Reset(reset) => Some(&reset.conversation),
            Fact::Inherited(inherited) => Some(&inherited.conversation),
            Fact::Uncounted(uncounted) => Some(&uncounted.conversation),
            Fact::CallTiming(timing) => match &timing.key {
                CallKey::Trace(id, ..) | CallKey::Reading(id, ..) | CallKey::Response(id, _) => Some(id),
                CallKey::Message(_) => None,
            },
            Fact::Run(_)
            | Fact::Counted(_)
            | Fact::OpenRun
            | Fact::Quota(_)
            | Fact::Defect(_)
            | Fact::Source(_)
            | Fact::Skipped(_) => None,
        }
    }
}
