//! Conversations and their calls.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Billing, Id, Time, TokenUsage, Usd};

/// What a record tells about a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// The harness's own id of the session or thread.
    #[serde(rename = "conversation_id")]
    pub id: Id,
    /// The model it was configured with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Id>,
    /// Whether its first records are in view, so that no call before them can be missing.
    pub begins: bool,
    /// Path of the folder it works in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<Id>,
    /// The branch that was checked out; `None` also outside of Git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Id>,
    /// Version of the harness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Id>,
    /// The conversation it was forked from, or that spawned it; `None` also where there is none.
    #[serde(rename = "parent_conversation_id", default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Id>,
    /// Whether a sub-agent holds it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_subagent: bool,
    /// Whether its log is no sub-agent's, though those of sub-agents may have its id.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_main: bool,
    /// How the account pays, as far as the log tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing: Option<Billing>,
    /// Whether this is the word of its own session log, where every call of it is written down.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_logged: bool,
    /// Whether a model answered in it: without any usage on record, its usage is unknown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_answered: bool,
    /// Whether a message of it was written then, of which nothing but a counter tells the usage.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_active: bool,
    /// The model that wrote that message; `None` also where a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_by: Option<Id>,
    /// Whether a request of it failed then: the harness answered in the model's place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_failed: bool,
    /// Whether the counter of a process that begins here goes on from what earlier processes of the session counted,
    /// which it may know or not; `None` where the record doesn't tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores_counter: Option<bool>,
    /// What the harness counted of all that the conversation used until then, which may be more than its calls on record;
    /// `None` where the record doesn't tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<TokenUsage>,
    /// Whether its counter counts what its sub-agents used, too, if it had any.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts_children: bool,
}

impl Conversation {
    /// A conversation of which nothing else is known.
    pub fn new(id: Id) -> Conversation {
        Conversation {
            id,
            model: None,
            begins: false,
            repo: None,
            branch: None,
            version: None,
            parent: None,
            is_subagent: false,
            is_main: false,
            billing: None,
            is_logged: false,
            is_answered: false,
            is_active: false,
            written_by: None,
            has_failed: false,
            restores_counter: None,
            counted: None,
            counts_children: false,
        }
    }
}

/// One answered request to a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Who it is: two records with the same key are the same call.
    pub key: CallKey,
    /// The conversation it belongs to.
    #[serde(rename = "conversation_id", default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Id>,
    /// The model that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Id>,
    /// The provider's service tier, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<Id>,
    /// Whether a sub-agent made the call.
    pub is_subagent: bool,
    /// The sub-agent that made it, where its harness names them; in a capture, by the tool call that it worked for.
    #[serde(rename = "agent_id", default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Id>,
    /// Tokens of this call alone.
    pub usage: TokenUsage,
    /// Whether the output count is final; a stream's first records hold a placeholder.
    pub is_final: bool,
    /// Whether it stands in a session log, where every call of its conversation is written down.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_logged: bool,
    /// Whether its record is a file or a row of its own: nothing before it can have been cut off.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stands_alone: bool,
    /// The id of its record, where the key is none: copies that have one record's id are of one call. `None`: the key is
    /// all that tells.
    #[serde(rename = "record_id", default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Id>,
    /// The branch that was checked out then; `None` also outside of Git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Id>,
    /// What the harness itself says it costs; `None`: list prices are all that there is.
    #[serde(rename = "cost_pico_usd", default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Usd>,
    /// The turn it belongs to.
    #[serde(rename = "turn_id", default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Id>,
    /// How hard the model was told to think.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<Id>,
    /// Whether it may be a copy of another conversation's call.
    #[serde(default, skip_serializing_if = "Doubt::is_none")]
    pub doubt: Doubt,
    /// Whether it is what a counter grew by while nobody saw its readings: one call or several.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_be_several: bool,
}

impl Call {
    /// A finished call of which nothing else is known.
    pub fn new(key: CallKey, usage: TokenUsage) -> Call {
        Call {
            key,
            conversation: None,
            model: None,
            service_tier: None,
            is_subagent: false,
            agent: None,
            usage,
            is_final: true,
            is_logged: false,
            stands_alone: false,
            record: None,
            branch: None,
            cost: None,
            turn: None,
            effort: None,
            doubt: Doubt::None,
            may_be_several: false,
        }
    }
}

/// Whether a call in a session log may be history that was copied from another conversation. The log alone can't
/// tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// It is the conversation's own.
    #[default]
    None,
    /// It is a copy if its reading also stands in the log of an ancestor.
    Ancestor,
    /// It is a copy if the conversation has a parent.
    Child,
    /// A reviewer made it for the conversation: it is a copy if its reading also stands in another one's log.
    Reviewer,
}

impl Doubt {
    pub(super) fn is_none(&self) -> bool {
        *self == Doubt::None
    }
}

/// A reading in a session log that counts what other conversations did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inherited {
    /// The conversation whose log it is.
    #[serde(rename = "conversation_id")]
    pub conversation: Id,
    /// What the counter said.
    pub total: TokenUsage,
}

/// Parts a message's id where the harness gives none that lasts: what it begins with stays the same while the call is
/// answered, and within a conversation a call that isn't final gives way to a final one that begins so.
///
/// So does, of several final ones, what says that it was answered later: it was rewritten.
pub const GROWING: char = '~';

/// Identity of a call, made from what the harness wrote.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKey {
    /// Codex traces name no response: the conversation, the record's `event.timestamp` and its
    /// counts are shared by the twins of one call and by nothing else.
    Trace(Id, Time, TokenUsage),
    /// The provider's message id, unique everywhere.
    Message(Id),
    /// What a conversation's counter read after the call, and how often it had begun anew by then.
    Reading(Id, u32, TokenUsage),
    /// The conversation, and the provider's id of the response.
    Response(Id, Id),
}

impl CallKey {
    /// The key of a step of a call whose totals leave it out: the `nth` of the provider's list.
    pub fn of_step(call: &str, nth: usize) -> CallKey {
        CallKey::Message(format!("{call}:{nth}").into())
    }

    /// The message whose step this call is, if it is one: other ids may look the same.
    pub fn step_of(&self) -> Option<CallKey> {
        let CallKey::Message(id) = self else { return None };
        let (call, nth) = id.rsplit_once(':')?;
        let is_number = !nth.is_empty() && nth.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| CallKey::Message(call.into()))
    }
}

/// The key as tables show it: the same for the same call in every reading.
impl fmt::Display for CallKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallKey::Trace(conversation, time, usage) => {
                write!(f, "{conversation}/{}/{}", time.micros(), Counts(usage))
            }
            CallKey::Message(id) => f.write_str(id),
            CallKey::Reading(conversation, epoch, total) => {
                write!(f, "{conversation}/{epoch}/{}", Counts(total))
            }
            CallKey::Response(conversation, response) => write!(f, "{conversation}/{response}"),
        }
    }
}

/// Counts in a key.
struct Counts<'a>(&'a TokenUsage);

impl fmt::Display for Counts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TokenUsage { input_tokens, cache_read_input_tokens, output_tokens, .. } = self.0;
        let rest = [self.0.cache_creation_input_tokens, self.0.cache_creation_1h_input_tokens];
        let reasoning = self.0.reasoning_output_tokens.map_or("-".to_owned(), |count| count.to_string());
        write!(f, "{input_tokens}.{cache_read_input_tokens}.{}.{}.{output_tokens}.{reasoning}", rest[0], rest[1])
    }
}
