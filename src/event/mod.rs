//! Immutable typed facts: what a parser says and a fold sums up. Everything imports this room, it
//! imports none.
//!
//! An event never holds content or identity: no text of a message, prompt, argument or output, no
//! e-mail, no account id.

mod billing;
mod call;
mod defect;
mod id;
mod line;
mod model;
mod time;
mod timing;
mod usage;
mod usd;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use billing::Billing;
pub use call::{Call, CallKey, Conversation, Doubt, GROWING, Inherited, Uncounted};
pub use defect::Defect;
pub use id::Id;
pub use line::{Line, SCHEMA_VERSION};
pub use model::without_window;
pub use time::Time;
pub use timing::{Answered, CallTiming, FirstToken, Request, Since, Stream, StreamFailure, ToolCall};
pub use usage::{MAX_COUNT, MIXED, TokenUsage};
pub use usd::Usd;

/// forge's id of a run: a UUID for loops.
pub type RunId = Id;

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
    /// The last sign of a conversation is a request that was still being answered.
    Unfinished(Id),
    /// The source ends within the run's output: the run is at work, or what tells of it was cut.
    OpenRun,
    /// A session log of a conversation ends here, and not within a call.
    Ended(Id),
    /// A session log of a conversation lost a record here that may be a reading of its counter, and was read on.
    Lost(Id),
    /// A session log shows a reading of another conversation's counter: history that was copied into it.
    Inherited(Box<Inherited>),
    /// A record could not be read, or was refused.
    Defect(Defect),
    /// A source begins; what follows is of it until another one begins.
    Source(Source),
    /// A file or folder, or the rest of one, was passed over.
    Skipped(Skipped),
}

impl Fact {
    /// The conversation it is about, where it names one.
    pub fn conversation(&self) -> Option<&Id> {
        match self {
            Fact::Conversation(conversation) => Some(&conversation.id),
            Fact::Call(call) => call.conversation.as_ref(),
            Fact::Counter(counter) => counter.conversation.as_ref(),
            Fact::Footer(footer) => footer.conversation.as_ref(),
            Fact::Request(request) => Some(&request.conversation),
            Fact::StreamFailure(failure) => Some(&failure.conversation),
            Fact::ToolCall(call) => call.conversation.as_ref(),
            Fact::Unfinished(id) | Fact::Ended(id) | Fact::Lost(id) => Some(id),
            Fact::Inherited(inherited) => Some(&inherited.conversation),
            Fact::Uncounted(uncounted) => Some(&uncounted.conversation),
            Fact::CallTiming(timing) => match &timing.key {
                CallKey::Trace(conversation, ..) | CallKey::Reading(conversation, ..) => Some(conversation),
                CallKey::Response(conversation, _) => Some(conversation),
                CallKey::Message(_) => None,
            },
            Fact::Run(_) | Fact::OpenRun | Fact::Quota(_) | Fact::Defect(_) | Fact::Source(_) | Fact::Skipped(_) => {
                None
            }
        }
    }
}

/// A source of a known format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Name of the format.
    pub format: Cow<'static, str>,
    /// The machine it comes from, where whoever read it named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Id>,
}

/// Why a file or folder was passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Skipped {
    /// For people; one line.
    pub reason: String,
    /// How much it matters.
    pub loss: Loss,
}

/// How much it matters that something was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// It holds nothing that we know.
    None,
    /// It was found in a folder and could not be read.
    Found,
    /// It was named by hand and could not be read.
    Named,
}

/// A loop's run, as forge wrote it down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// `run_id`, unique everywhere.
    #[serde(rename = "run_id")]
    pub id: RunId,
    /// Name of the loop (or workflow).
    #[serde(rename = "loop", default, skip_serializing_if = "Option::is_none")]
    pub loop_name: Option<Id>,
    /// Path of the repository the loop works in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<Id>,
    /// forge's name for a harness and an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Id>,
    /// `codex`, `claude`, …; `None` where the ledger has no such line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harness: Option<Id>,
    /// How the account pays, as far as the ledger's `auth_kind` tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_kind: Option<Id>,
    /// `success`, `error`, `killed`, …; `None` where only a loop log tells of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Id>,
    /// The harness's exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// When the run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// When it ended; `None` for a run that was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
    /// By when it was over, where it isn't told when it ended: a ledger's entry was appended then, or forge's next
    /// line in a loop log written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_by: Option<Time>,
}

impl Run {
    /// A run of which nothing else is known.
    pub fn new(id: RunId) -> Run {
        Run {
            id,
            loop_name: None,
            repo: None,
            profile: None,
            harness: None,
            auth_kind: None,
            status: None,
            exit_code: None,
            started_at: None,
            finished_at: None,
            over_by: None,
        }
    }
}

/// A reading of a cumulative counter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counter {
    /// The conversation it counts; `None` where the source names none.
    #[serde(rename = "conversation_id", default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Id>,
    /// What is counted and since when.
    pub scope: Scope,
    /// Who it is: two records with the same key are the same reading. `None`: time and value are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Id>,
    /// The counter's value, by model where the harness tells them apart.
    pub total: Vec<ModelUsage>,
    /// The latest call in it, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<TokenUsage>,
    /// What the harness itself says all of it costs.
    #[serde(rename = "cost_pico_usd", default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Usd>,
}

/// What a counter counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole conversation, over all its runs: a run's share is the growth (Codex).
    Conversation,
    /// One process of the harness: a falling value is a new process (Claude).
    Process,
    /// One query of a process, sub-agents left out; its cost is the process's (older Claude).
    Query,
}

/// A model's part of a counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ModelUsage {
    /// The model, without the size of its window; `None` where the counter doesn't tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Id>,
    /// Tokens so far.
    pub usage: TokenUsage,
    /// What the harness itself says they cost.
    #[serde(rename = "cost_pico_usd", default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Usd>,
    /// The provider's service tier, where it isn't the usual one; [`MIXED`] where that may hold for a part of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<Id>,
}

impl ModelUsage {
    /// Adds another part of the same model; of its cost is known what both tell.
    pub fn add(&mut self, other: &ModelUsage) {
        self.usage = self.usage.plus(&other.usage);
        self.cost = self.cost.zip(other.cost).map(|(own, other)| own + other);
    }
}

/// The blended total at the end of plain output: a candidate, as agents can print one too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Footer {
    /// The conversation, where the output named it.
    #[serde(rename = "conversation_id", default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Id>,
    /// Uncached input and output of the conversation.
    #[serde(deserialize_with = "usage::count")]
    pub blended_tokens: u64,
}

/// State of one rate-limit window.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Quota {
    /// The conversation it was told to; `None` where nothing names it.
    #[serde(rename = "conversation_id", default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Id>,
    /// The provider's name of the limit, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Id>,
    /// The account's plan, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Id>,
    /// Length of the window in minutes.
    #[serde(default, deserialize_with = "usage::maybe_count", skip_serializing_if = "Option::is_none")]
    pub window_minutes: Option<u64>,
    /// Share used, in percent.
    pub used_percent: f64,
    /// When the window starts anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Time>,
    /// Whether it may be a copy of what another conversation was told.
    #[serde(default, skip_serializing_if = "Doubt::is_none")]
    pub doubt: Doubt,
}
