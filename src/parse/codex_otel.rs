//! What `codex_otel` calls its events and fields.

use memchr::memmem::Finder;

/// The target of its records, or the beginning of it.
pub(super) const TARGET: &str = "codex_otel";

/// An event of a stream of server-sent events.
pub(super) const STREAMED: &str = "codex.sse_event";

/// An event of a stream over a websocket.
pub(super) const STREAMED_BY_WEBSOCKET: &str = "codex.websocket_event";

/// A request, answered or not.
pub(super) const REQUESTED: &str = "codex.api_request";

/// A request over a websocket.
pub(super) const REQUESTED_BY_WEBSOCKET: &str = "codex.websocket_request";

/// A conversation begins.
pub(super) const BEGAN: &str = "codex.conversation_starts";

/// A prompt, with its text where that is logged.
pub(super) const PROMPTED: &str = "codex.user_prompt";

/// Somebody, or a rule, allowed a tool call.
pub(super) const DECIDED: &str = "codex.tool_decision";

/// What a tool call came to.
pub(super) const TOOL_RESULT: &str = "codex.tool_result";

/// How long a turn's first token took.
pub(super) const FIRST_TOKEN: &str = "codex.turn_ttft";

/// A part of Codex's start.
pub(super) const STARTED: &str = "codex.startup_phase";

/// All events.
pub(super) const EVENTS: [&str; 10] = [
    STREAMED,
    STREAMED_BY_WEBSOCKET,
    REQUESTED,
    REQUESTED_BY_WEBSOCKET,
    BEGAN,
    PROMPTED,
    DECIDED,
    TOOL_RESULT,
    FIRST_TOKEN,
    STARTED,
];

/// The kind of a stream's last event, where the answer is whole.
pub(super) const COMPLETED: &str = "response.completed";

/// The tokens of a call's whole prompt.
pub(super) const INPUT: &str = "input_token_count";

/// Those of the prompt that were read from the cache.
pub(super) const CACHED: &str = "cached_token_count";

/// Those of the prompt that were written to the cache; newer versions tell it.
pub(super) const CACHE_WRITE: &str = "cache_write_token_count";

/// The tokens of the answer.
pub(super) const OUTPUT: &str = "output_token_count";

/// Those of the answer that reasoning took.
pub(super) const REASONING: &str = "reasoning_token_count";

/// Misnamed: the call's input and output together.
pub(super) const TOTAL: &str = "tool_token_count";

/// All counts of a completed call.
pub(super) const COUNTS: [&str; 6] = [INPUT, CACHED, CACHE_WRITE, OUTPUT, REASONING, TOTAL];

/// Finds records of an event.
pub(super) fn finder(event: &str) -> Finder<'static> {
    Finder::new(&format!("event.name=\"{event}\"")).into_owned()
}
