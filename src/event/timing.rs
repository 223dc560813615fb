//! How long things took: requests, the calls they became, tool calls.
//!
//! A blank is what the log does not tell, because its level hides it or its beginning was cut off.

use serde::{Deserialize, Serialize};

use super::{CallKey, Id};

/// One attempt to have a model's API answer. Its event's time is when it ended; with the conversation
/// and the attempt's number that tells it from others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The conversation that asked.
    #[serde(rename = "conversation_id")]
    pub conversation: Id,
    /// The model that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Id>,
    /// Milliseconds until the response began; over a websocket, until the request was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Status of the HTTP response; `None` over a websocket, or where none came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The harness's own number of the attempt, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u64>,
    /// Whether it failed: with an error, or a status that is no success.
    pub failed: bool,
    /// Whether it was made because an earlier attempt at the same call had failed.
    pub is_retry: bool,
}

/// A stream that broke off after its request had been accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamFailure {
    /// The conversation that was being answered.
    #[serde(rename = "conversation_id")]
    pub conversation: Id,
    /// The model that was answering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Id>,
}

/// How long the parts of an answered call took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallTiming {
    /// The call.
    pub key: CallKey,
    /// Its request, the one that was answered; `None` where the log's level hides requests, or it was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Answered>,
    /// Attempts until it was answered, that one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u64>,
    /// When its first token came; `None` also where the stream's beginning was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_token: Option<FirstToken>,
    /// Its stream; `None` where the log's level hides its events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,
}

/// The request that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Answered {
    /// Milliseconds until the response began; over a websocket, until the request was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Status of the HTTP response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// Time to the first token. The order is by trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FirstToken {
    /// From where it was measured.
    pub since: Since,
    /// Milliseconds.
    pub ms: u64,
}

/// From where the time to the first token was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// From the start of the turn to the first delta, or as the harness says of the turn.
    Turn,
    /// From the start of the request to the first delta.
    Request,
    /// The harness says it of the call.
    Told,
}

impl Since {
    /// The word that stands in tables.
    pub fn name(self) -> &'static str {
        match self {
            Since::Turn => "turn",
            Since::Request => "request",
            Since::Told => "told",
        }
    }
}

/// A call's stream, as far as it is in view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream {
    /// Server-sent events; a second record of the last one, with the counts, is none.
    pub events: u64,
    /// Milliseconds from the first event to the last.
    pub duration_ms: u64,
    /// The longest wait from one event to the next, in milliseconds; `None` with a single event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_stall_ms: Option<u64>,
    /// Whether the stream's beginning is out of view, so that all of this is a floor.
    pub is_floor: bool,
}

impl Stream {
    /// The better told of two views of one stream: a whole one, else the one that reaches back farther.
    pub fn fuller(self, other: Stream) -> Stream {
        let rank = |stream: &Stream| (!stream.is_floor, stream.events, stream.duration_ms, stream.longest_stall_ms);
        if rank(&other) > rank(&self) { other } else { self }
    }
}

impl CallTiming {
    /// What two views of one call tell together.
    pub fn merge(self, other: CallTiming) -> CallTiming {
        let stream = match (self.stream, other.stream) {
            (Some(a), Some(b)) => Some(a.fuller(b)),
            (a, b) => a.or(b),
        };
        CallTiming {
            key: self.key,
            request: self.request.max(other.request),
            attempts: self.attempts.max(other.attempts),
            first_token: self.first_token.max(other.first_token),
            stream,
        }
    }
}

/// A tool that ran between two calls. Its event's time is when it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The conversation that used it; `None` where nothing names it.
    #[serde(rename = "conversation_id", default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Id>,
    /// The model that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Id>,
    /// The harness's id of this use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<Id>,
    /// The tool's name.
    #[serde(rename = "tool_name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Id>,
    /// How long it ran, in milliseconds; `None` where its arguments leave that in doubt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Whether the harness calls it a success; `None` where it doesn't say, which is no failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
}
