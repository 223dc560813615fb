//! The `key=value` fields of a `codex_otel` event.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::tool_result::closes_tool_result;
use crate::event::{Defect, Time, TokenUsage};
use crate::parse::codex_otel::{CACHE_WRITE, CACHED, COMPLETED, INPUT, OUTPUT, REASONING, STREAMED, TOTAL};
use crate::parse::digits::number;
use crate::parse::format::count;
use crate::parse::tracing::{self, Field};

static FAILURE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("error.message"));

/// Fields of a `codex_otel` event that we use. Unknown ones are ignored, absent ones are not printed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Otel<'a> {
    pub(super) name: &'a str,
    pub(super) kind: &'a str,
    pub(super) time: Option<Time>,
    pub(super) conversation: Option<&'a [u8]>,
    pub(super) model: Option<&'a [u8]>,
    /// Whether nothing follows the model, as something does where it is whole.
    pub(super) ends_in_model: bool,
    pub(super) auth_mode: Option<&'a str>,
    pub(super) service_tier: Option<&'a str>,
    pub(super) effort: Option<&'a str>,
    pub(super) failed: bool,
    pub(super) counts: Counts<'a>,
    /// Whether free text begins: a tool's arguments or output, a prompt.
    pub(super) has_text: bool,
    /// Whether that text ends on the same line.
    pub(super) is_whole: bool,
}

/// The counts of a completed call, each as its digits.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counts<'a> {
    pub(super) input: Option<&'a [u8]>,
    pub(super) cached: Option<&'a [u8]>,
    pub(super) cache_write: Option<&'a [u8]>,
    pub(super) output: Option<&'a [u8]>,
    pub(super) reasoning: Option<&'a [u8]>,
    pub(super) total: Option<&'a [u8]>,
}

impl<'a> Counts<'a> {
    fn slot(&mut self, field: &str) -> Option<&mut Option<&'a [u8]>> {
        Some(match field {
            INPUT => &mut self.input,
            CACHED => &mut self.cached,
            CACHE_WRITE => &mut self.cache_write,
            OUTPUT => &mut self.output,
            REASONING => &mut self.reasoning,
            TOTAL => &mut self.total,
            _ => return None,
        })
    }
}

impl<'a> Otel<'a> {
    /// The first of each field counts, and none after a field of free text, which may look like any.
    pub(super) fn read(body: &'a str) -> Otel<'a> {
        Otel::read_until(body, |_| false)
    }

    /// As much of an event as tells whom it names, and whether an answer is streaming.
    pub(super) fn naming(body: &'a str) -> Otel<'a> {
        if has_failed(body.as_bytes()) {
            return Otel::read(body);
        }
        let is_known = |otel: &Otel<'_>| !otel.name.is_empty() && (otel.name != STREAMED || !otel.kind.is_empty());
        Otel::read_until(body, |otel| otel.conversation.is_some() && is_known(otel))
    }

    fn read_until(body: &'a str, is_enough: impl Fn(&Otel<'a>) -> bool) -> Otel<'a> {
        let mut otel = Otel::default();
        for field in tracing::fields(body) {
            otel.take(field, body);
            if otel.has_text || is_enough(&otel) {
                break;
            }
        }
        otel
    }

    fn take(&mut self, field: Field<'a>, body: &str) {
        let (value, bytes) = (field.value, field.value.as_bytes());
        match field.key {
            "arguments" | "output" | "prompt" => {
                self.has_text = true;
                self.is_whole = ends_text(body);
            }
            "event.name" if self.name.is_empty() => self.name = value,
            "event.kind" if self.kind.is_empty() => self.kind = value,
            "event.timestamp" => self.time = self.time.or_else(|| Time::parse(value)),
            "conversation.id" if is_cut_id(field, body) => {}
            "conversation.id" => self.conversation = self.conversation.or(Some(bytes)),
            "auth_mode" => self.auth_mode = self.auth_mode.or(Some(value)),
            "model" => {
                self.ends_in_model = self.model.is_none() && ends(field, body);
                self.model = self.model.or(Some(bytes));
            }
            "service_tier" => self.service_tier = self.service_tier.or(Some(value)),
            "model_reasoning_effort" => self.effort = self.effort.or(Some(value)),
            "error.message" => self.failed = true,
            key => {
                if let Some(count) = self.counts.slot(key) {
                    *count = count.or(Some(bytes));
                }
            }
        }
    }

    /// Whether the event says that an answer is streaming.
    pub(super) fn is_in_flight(&self) -> bool {
        self.name == STREAMED && !self.failed && !is_over(self.kind.as_bytes())
    }

    /// Whether an output that may end here has lost digits or fields: the call's total, which is always told, is missing
    /// or doesn't vouch for its counts.
    pub(super) fn is_torn(&self, may_end: impl Fn() -> bool) -> bool {
        let told = || self.usage().and_then(Result::ok).map(|usage| usage.total_tokens());
        let is_vouched =
            || self.counts.total.and_then(|total| count_of(total).ok()).is_some_and(|total| told() == Some(total));
        self.counts.input.is_some() && !is_vouched() && may_end()
    }

    /// The counts of a completed call; nothing if the record has none.
    pub(super) fn usage(&self) -> Option<Result<TokenUsage, Defect>> {
        let counts = self.counts;
        let input = counts.input?;
        Some((|| {
            let optional = |text: Option<&[u8]>| text.map(count_of).transpose();
            Ok(TokenUsage {
                input_tokens: count_of(input)?,
                cache_read_input_tokens: optional(counts.cached)?.unwrap_or(0),
                cache_creation_input_tokens: optional(counts.cache_write)?.unwrap_or(0),
                cache_creation_1h_input_tokens: 0,
                output_tokens: optional(counts.output)?.unwrap_or(0),
                reasoning_output_tokens: Some(optional(counts.reasoning)?.unwrap_or(0)),
            })
        })())
    }
}

/// How long a conversation's id is, a UUID.
const ID: usize = 36;

/// Whether a conversation's id is cut: something follows one that is whole.
fn is_cut_id(field: Field<'_>, body: &str) -> bool {
    field.value.len() < ID && ends(field, body)
}

/// Whether the last thing that an event's text says is this field.
fn ends(field: Field<'_>, body: &str) -> bool {
    field.value.as_bytes().as_ptr_range().end == body.as_bytes().as_ptr_range().end
}

/// A count of these digits.
fn count_of(text: &[u8]) -> Result<u64, Defect> {
    match number(text) {
        Some((count, [])) => Ok(count),
        _ => std::str::from_utf8(text).map_err(|_| Defect::OutOfRange).and_then(count),
    }
}

/// Whether the free text of a record that says `body` ends on its line.
pub(super) fn ends_text(body: &str) -> bool {
    closes_tool_result(body) || (body.ends_with('"') && body.contains(" output=\""))
}

/// Whether a failure may be told: its field's name is there.
pub(super) fn has_failed(body: &[u8]) -> bool {
    FAILURE.find(body).is_some()
}

/// Whether an event of this kind is the last of its stream.
pub(super) fn is_over(kind: &[u8]) -> bool {
    kind == COMPLETED.as_bytes() || matches!(kind, b"response.failed" | b"response.incomplete")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Otel;

    proptest! {
        #[test]
        fn what_is_enough_to_name_tells_what_all_fields_tell(
            fields in proptest::collection::vec(prop_oneof![
                Just("event.name=\"codex.sse_event\""), Just("event.name=codex.api_request"), Just("event.name=\"\""),
                Just("event.kind=response.completed"), Just("event.kind="), Just("event.kind=response.created"),
                Just("conversation.id=a"), Just("conversation.id=b"), Just("conversation.id=\"c\""),
                Just("error.message=no"), Just("a=error.message"), Just("output=x"), Just("said"), Just("n=1"),
            ], 0..10),
        ) {
            let body = fields.join(" ");
            let (whole, part) = (Otel::read(&body), Otel::naming(&body));
            prop_assert_eq!(whole.conversation, part.conversation);
            prop_assert!(part.conversation.is_none() || whole.is_in_flight() == part.is_in_flight());
        }
    }
}
