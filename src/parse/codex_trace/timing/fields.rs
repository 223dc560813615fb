//! The fields of a `codex_otel` event that tell of time.

use crate::event::{MAX_COUNT, Time};
use crate::parse::codex_otel::INPUT;
use crate::parse::timing::Sign;
use crate::parse::tracing;

/// Fields of an event that tell of time. Absent ones are not printed.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) name: &'a str,
    pub(super) kind: &'a str,
    pub(super) time: Option<Time>,
    pub(super) conversation: Option<&'a str>,
    pub(super) model: Option<&'a str>,
    pub(super) duration: Option<&'a str>,
    pub(super) status: Option<&'a str>,
    pub(super) attempt: Option<&'a str>,
    pub(super) success: Option<&'a str>,
    pub(super) has_error: bool,
    pub(super) tool: Option<&'a str>,
    pub(super) call_id: Option<&'a str>,
    pub(super) first_token: Option<&'a str>,
    pub(super) has_counts: bool,
    /// The field of free text where reading stopped.
    pub(super) text: Option<&'static str>,
}

impl<'a> Fields<'a> {
    /// The first of each field counts, and none after a field of free text, which may look like any.
    pub(super) fn read(body: &'a str) -> Fields<'a> {
        let mut own = Fields::default();
        for field in tracing::fields(body) {
            let value = field.value;
            let first = match field.key {
                "arguments" => return Fields { text: Some("arguments"), ..own },
                "prompt" if value == "[REDACTED]" => continue,
                "output" | "prompt" => return Fields { text: Some("output"), ..own },
                "event.name" if own.name.is_empty() => {
                    own.name = value;
                    continue;
                }
                "event.kind" if own.kind.is_empty() => {
                    own.kind = value;
                    continue;
                }
                "event.timestamp" => {
                    own.time = own.time.or_else(|| Time::parse(value));
                    continue;
                }
                "error.message" => {
                    own.has_error = true;
                    continue;
                }
                INPUT => {
                    own.has_counts = true;
                    continue;
                }
                "conversation.id" => &mut own.conversation,
                "model" => &mut own.model,
                "duration_ms" => &mut own.duration,
                "http.response.status_code" => &mut own.status,
                "attempt" => &mut own.attempt,
                "success" => &mut own.success,
                "tool_name" => &mut own.tool,
                "call_id" => &mut own.call_id,
                "ttft_ms" => &mut own.first_token,
                _ => continue,
            };
            *first = first.or(Some(value));
        }
        own
    }

    pub(super) fn duration(&self) -> Option<u64> {
        self.duration.and_then(number)
    }

    pub(super) fn success(&self) -> Option<bool> {
        self.success?.parse().ok()
    }

    pub(super) fn has_failed(&self) -> bool {
        self.has_error || self.success() == Some(false)
    }

    pub(super) fn request(&self) -> Sign {
        let status = self.status.and_then(|status| status.parse::<u16>().ok());
        let is_refused = status.is_some_and(|status| !(200..300).contains(&status));
        let (duration_ms, attempt) = (self.duration(), self.attempt.and_then(number));
        Sign::Request { duration_ms, status, attempt, failed: self.has_failed() || is_refused }
    }
}

/// A number of milliseconds or attempts.
pub(super) fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number| *number <= MAX_COUNT)
}
