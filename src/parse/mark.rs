//! Candidates: what a line would mean if it stands where its writer puts it.

use super::growth::Growth;
use super::latest::Latest;
use super::timing::Timing;
use crate::event::{AgentLog, Billing, Call, Conversation, Fact, Id, Run, Time, TokenUsage};

/// How much older than what stands above a record may be: threads write what they wrote down a moment ago.
pub(super) const SLACK_MS: i64 = 100;

/// A candidate: what a line would mean if it stands where its writer puts it. The ordered pass over
/// the source decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Byte offset of its line in the source.
    pub offset: u64,
    /// The harness whose record it is; `None` for forge's own lines.
    pub harness: Option<&'static str>,
    /// The record's time.
    pub time: Option<Time>,
    /// The conversation it names.
    pub conversation: Option<Id>,
    /// What it would mean.
    pub kind: MarkKind,
}

/// What a candidate would mean.
#[derive(Debug, Clone, PartialEq)]
pub enum MarkKind {
    /// A record. A counter without a conversation belongs to the latest one named before it.
    Fact(Fact),
    /// What its harness counted in a run, at least.
    Counted(TokenUsage),
    /// The time of the first record of a stretch.
    Began,
    /// The time of the first record behind the end of a tool's output of which no beginning is in view.
    BeganAnew,
    /// A record of a session log.
    Logged(LogRecord),
    /// A message starts streaming, in the stream of this name.
    MessageStart(Id, Box<Call>),
    /// What is reported of the message that streams there.
    MessageDelta(Id, Box<Growth>),
    /// A conversation is named.
    Named {
        /// Whether an answer is streaming there.
        in_flight: bool,
    },
    /// Something about time.
    Timing(Box<Timing>),
    /// A prompt stands here, whose text runs over many lines; `None` if nothing tells how far.
    Prompt(Option<PromptText>),
    /// A tool's output begins here and may run over many lines.
    Open,
    /// A tool's output ends here.
    Close,
    /// A tool's output ends here, if one is open: the line may stand in an agent's message.
    MayClose {
        /// Whether it stands below a footer: then no record of the same process follows such a message.
        below_footer: bool,
    },
    /// A ledger entry's header.
    Entry(Box<Entry>),
    /// A fence is the last line of a ledger.
    Fenced,
    /// The heading of a ledger entry's git summary.
    GitSummary,
    /// A line of forge's own in a loop log; with a run, that run's output follows.
    Marker(Option<Box<Run>>),
}

/// How far a prompt's text runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptText {
    /// No line that starts behind this place is part of it.
    pub end: u64,
    /// Whether its characters were counted, and its record can end where they do. Else it goes at least so far.
    pub is_measured: bool,
    /// Whether an agent may have printed it.
    pub is_doubtful: bool,
}

/// A record of a session log, whose meaning depends on those before it.
#[derive(Debug, Clone, PartialEq)]
pub enum LogRecord {
    /// A conversation's header; the first one is the log's own.
    Header(Box<Header>),
    /// A turn begins.
    Turn(Option<Id>),
    /// What holds for the calls that follow.
    Context {
        /// The turn.
        turn: Option<Id>,
        /// The model.
        model: Option<Id>,
        /// How hard it is told to think.
        effort: Option<Id>,
    },
    /// The service tier of the calls that follow.
    ServiceTier(Id),
    /// The user chose what holds for the calls that follow.
    Settings {
        /// The conversation that it holds in, where it is named.
        conversation: Option<Id>,
        /// The model, where it is told.
        model: Option<Id>,
        /// How hard it shall think.
        effort: Option<Id>,
        /// The service tier; `None`: none is asked for.
        tier: Option<Id>,
    },
    /// The conversation's counter is read.
    Reading {
        /// Its value.
        total: TokenUsage,
        /// What it says of the latest call in it.
        latest: Latest,
        /// How the account pays.
        billing: Option<Billing>,
    },
    /// A response and its usage.
    Response(Box<Response>),
    /// A model answered.
    Answered,
    /// A turn ends; `true` if with an answer.
    TurnOver(bool),
    /// A message was written, of which nothing but a counter tells the usage.
    Message {
        /// Whether a model wrote it.
        is_answer: bool,
        /// Which one, where the record names it.
        by: Option<Id>,
    },
    /// A record can't be read that may tell of a call.
    Lost,
    /// A model's answer tells no usage; with the message's id. Another record of it may.
    Uncounted(Option<Id>),
    /// A sub-agent's calls tell no usage here; under this id. Its own session log may.
    SubAgent(Id, AgentLog),
    /// A reading of the counter was torn: its writer may have gone on from the one before it.
    TornReading,
    /// The history was compacted.
    Compacted {
        /// The response that did so, where it is named.
        response: Option<Id>,
        /// Whether the provider wrote the summary, which only it can read.
        is_remote: bool,
    },
    /// A response that was recorded before, or should have been: a later record repeats what that said.
    Repeated(Box<Response>),
    /// A review begins that the conversation asked for, or is over.
    Review(bool),
    /// The log ends.
    End,
}

/// A conversation's header.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// What it says.
    pub conversation: Conversation,
    /// When the conversation began.
    pub started_at: Option<Time>,
    /// Whether its history goes on from that of another one, which its log doesn't copy.
    pub goes_on: bool,
    /// Whether it names a conversation that it was forked from.
    pub is_fork: bool,
}

/// A record of one response.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The conversation it names.
    pub conversation: Option<Id>,
    /// The turn it names.
    pub turn: Option<Id>,
    /// The provider's id.
    pub response: Option<Id>,
    /// The model it names.
    pub model: Option<Id>,
    /// The service tier it names.
    pub service_tier: Option<Id>,
    /// Its tokens.
    pub usage: TokenUsage,
    /// What its conversation had used by then, it included; `None` where that isn't told.
    pub thread: Option<TokenUsage>,
}

/// A ledger entry's header.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it says.
    pub run: Run,
    /// When the entry was appended.
    pub appended: Time,
    /// Where the output's fence opens; `None` without output.
    pub output: Option<u64>,
    /// What it stands behind.
    pub behind: Behind,
}

/// What a ledger entry's header stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// A closed fence or another header's fields, as the writer puts it, or nothing at all.
    Entry,
    /// A ledger's title and no output: the first entry, or that of a ledger which an agent shows.
    Title,
    /// Anything else.
    Text,
}

impl Mark {
    /// A mark that names neither time nor conversation.
    pub fn new(offset: u64, harness: Option<&'static str>, kind: MarkKind) -> Mark {
        Mark { offset, harness, time: None, conversation: None, kind }
    }

    /// The mark with its time.
    pub fn at(mut self, time: Option<Time>) -> Mark {
        self.time = time;
        self
    }

    /// The mark with its conversation.
    pub fn of(mut self, conversation: Option<Id>) -> Mark {
        self.conversation = conversation;
        self
    }

    /// Whether what is content may begin or end here.
    pub fn parts_content(&self) -> bool {
        let kind = &self.kind;
        matches!(
            kind,
            MarkKind::Prompt(_)
                | MarkKind::Open
                | MarkKind::Close
                | MarkKind::MayClose { .. }
                | MarkKind::Entry(_)
                | MarkKind::GitSummary
                | MarkKind::Marker(_)
        )
    }

    /// Whether it says nothing of conversations and their usage, so that whoever doesn't ask for it misses
    /// nothing else.
    pub fn is_aside(&self) -> bool {
        matches!(self.kind, MarkKind::Fact(Fact::Quota(_))) && self.conversation.is_none()
    }

    /// Whether its time tells of a record, whoever asks for what and however the source is cut.
    pub fn tells(&self) -> bool {
        !matches!(self.kind, MarkKind::Named { .. } | MarkKind::Timing(_) | MarkKind::Fact(Fact::Quota(_)))
    }

    /// Whether it would count something, so that refusing it is worth a word.
    pub fn is_usage(&self) -> bool {
        matches!(&self.kind, MarkKind::Fact(Fact::Call(_) | Fact::Counter(_) | Fact::Footer(_)))
    }
}
