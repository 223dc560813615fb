//! The trace as text, a record a line.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::head::{HARNESS, Head, head};
use super::otel::Otel;
use super::tool_result::{Message, closes_tool_result, message_text};
use super::{configured, named, prompt, timing, token_count, usual};
use crate::event::{Billing, Call, CallKey, Conversation, Defect, Fact, Time};
use crate::parse::codex_otel::{self, BEGAN, COMPLETED, INPUT, PROMPTED, STREAMED, TARGET, TOOL_RESULT};
use crate::parse::format::{Format, Hit, Home, Lines, Root, Shape};
use crate::parse::lines::{clean, lines, may_be_record};
use crate::parse::mark::{Mark, MarkKind};
use crate::parse::marker;
use crate::parse::needles::Needle;
use crate::parse::tracing;

/// Codex's trace: `~/.codex/log/*.log`, in an output, or saved.
pub(in crate::parse) static FORMAT: Format =
    Format { name: "codex-trace", harness: Some(HARNESS), roots: &[ROOT], sniff, shape: Shape::Lines(LINES) };

const ROOT: Root =
    Root { homes: &[Home::Variable("CODEX_HOME", ""), Home::User(".codex*")], logs: &["log"], endings: &[".log"] };

const LINES: Lines = Lines {
    named: Some(named::named),
    time: Some(time_of),
    timing: Some(timing::read),
    // The codex_otel events that matter, the Debug events, a tool result's head and its end, a
    // prompt. Their first bytes are rare in the other lines, of which there are thousands.
    ..Lines::new(
        Some(HARNESS),
        &[
            Needle::new(INPUT, "_tok"),
            Needle::new("TokenCount(", "nCou"),
            Needle::new("SessionConfiguredEvent", "redE"),
            Needle::new(".tool_result", "resu"),
            Needle::new("n_starts", "_sta"),
            Needle::new("mcp_server_origin", "_ori"),
            Needle::new(".user_prompt", "r_pr"),
        ],
        read,
    )
};

static RESULT: LazyLock<Finder<'static>> = LazyLock::new(|| codex_otel::finder(TOOL_RESULT));

/// The time of a line, if it is a record.
fn time_of(line: &str) -> Option<Time> {
    let usual = head(line.as_bytes()).map(|(time, _)| time);
    usual.or_else(|| tracing::record(line).map(|record| record.time))
}

/// A trace has a record among its first lines; the first may be cut.
fn sniff(head: &[u8]) -> bool {
    lines(head).filter(|line| may_be_record(line)).any(|line| {
        let line = clean(line);
        tracing::starts_record(&line)
            && tracing::record(&line).is_some_and(|record| record.target.starts_with("codex_"))
    })
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    match head(hit.bytes()) {
        Some((time, Head::Event(event))) => {
            if let Some(otel) = usual::otel(&event, hit.seen) {
                return read_otel(hit, time, &otel, marks);
            }
        }
        Some((time, Head::Debug(message))) if token_count::read_usual(hit, time, message, marks) => return,
        _ => {}
    }
    let line = hit.line();
    let line = marker::without(&line);
    let record = tracing::record(line);
    match &record {
        Some(record) if record.target.starts_with(TARGET) => {
            let otel = Otel::read(record.body);
            if otel.name == PROMPTED {
                marks.extend(prompt::read(hit, record, &otel));
            } else if let Some(conversation) = otel.conversation {
                usual::learn(&mut hit.seen.common.borrow_mut(), record.body, conversation);
            }
            read_otel(hit, record.time, &otel, marks);
        }
        Some(record) => {
            token_count::read(hit, record, marks);
            configured::read(hit, record, marks);
        }
        None => {}
    }
    // An output may end with a record that it quotes.
    let is_own = record.is_some_and(|record| RESULT.find(record.body.as_bytes()).is_some());
    if !is_own && closes_tool_result(line) {
        // Outputs quote messages, and messages the ends of outputs: it matters where none is known to be open.
        let message = if hit.is_output { None } else { message_text(hit.before()) };
        let may_close = |message| MarkKind::MayClose { below_footer: message == Message::BelowFooter };
        let kind = message.map_or(MarkKind::Close, may_close);
        marks.push(hit.mark(Some(HARNESS), kind));
        if message.is_none() && !hit.is_output {
            // A record follows the end of another.
            let next = hit.following().next().and_then(|line| time_of(&line));
            marks.extend(next.map(|next| hit.mark(Some(HARNESS), MarkKind::BeganAnew).at(Some(next))));
        }
    }
}

/// `auth_mode`, as several versions write it: `Chatgpt`, `chatgpt`, `ApiKey`, `api_key`.
fn billing(auth_mode: &str) -> Option<Billing> {
    match auth_mode.to_ascii_lowercase().as_str() {
        "chatgpt" | "chatgptauthtokens" => Some(Billing::Subscription),
        "apikey" | "api_key" => Some(Billing::Api),
        _ => None,
    }
}

/// Adds what a `codex_otel` event means, which was written at `recorded`.
fn read_otel(hit: &Hit<'_>, recorded: Time, otel: &Otel<'_>, marks: &mut Vec<Mark>) {
    let conversation = otel.conversation.and_then(|id| hit.seen.id_of(id));
    let time = otel.time.or(Some(recorded));
    let is_whole = |_: &&[u8]| !(otel.ends_in_model && hit.may_end_output());
    let mut add = |kind| marks.push(hit.mark(Some(HARNESS), kind).at(Some(recorded)).of(conversation.clone()));
    match (otel.name, otel.kind) {
        (STREAMED, COMPLETED) if !otel.failed && otel.is_torn(|| hit.may_end_output()) => {
            add(MarkKind::Fact(Fact::Defect(Defect::Torn)));
        }
        (STREAMED, COMPLETED) if !otel.failed => match (otel.usage(), &conversation, time) {
            (Some(Ok(usage)), Some(id), Some(time)) => add(MarkKind::Fact(Fact::Call(Box::new(Call {
                conversation: Some(id.clone()),
                model: otel.model.filter(is_whole).and_then(|model| hit.seen.model_of(model)),
                effort: otel.effort.and_then(|effort| hit.seen.id(effort)),
                service_tier: otel.service_tier.and_then(|tier| hit.seen.id(tier)),
                ..Call::new(CallKey::Trace(id.clone(), time, usage), usage)
            })))),
            (Some(Err(defect)), ..) => add(MarkKind::Fact(Fact::Defect(defect))),
            (Some(Ok(_)), ..) => add(MarkKind::Fact(Fact::Defect(Defect::Torn))),
            (None, ..) => {}
        },
        (BEGAN, _) => {
            if let Some(id) = &conversation {
                let model = otel.model.and_then(|model| hit.seen.model_of(model));
                add(MarkKind::Fact(Fact::Conversation(Box::new(Conversation {
                    model,
                    billing: otel.auth_mode.and_then(billing),
                    begins: true,
                    ..Conversation::new(id.clone())
                }))));
            }
        }
        (TOOL_RESULT, _) if otel.has_text => {
            add(MarkKind::Open);
            if otel.is_whole {
                add(MarkKind::Close);
            }
        }
        _ => {}
    }
}
