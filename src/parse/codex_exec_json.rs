//! `codex exec --json`: a record a line, on standard output. They tell neither model nor time.
//!
//! `turn.completed` holds the thread's running total, also when a later process resumed it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::format::{Format, Hit, Lines, Shape};
use super::json::{Text, part};
use super::lines::{clean, id, lines, may_begin_with};
use super::mark::{Mark, MarkKind};
use super::marker;
use super::needles::Needle;
use super::openai::Usage;
use crate::event::{Conversation, Counter, Defect, Fact, ModelUsage, Scope};

/// What `codex exec --json` prints, in an output or saved.
pub(super) static FORMAT: Format =
    Format { name: "codex-exec-json", harness: Some(HARNESS), roots: &[], sniff, shape: Shape::Lines(LINES) };

const HARNESS: &str = "codex";

const LINES: Lines = Lines::new(
    Some(HARNESS),
    &[
        Needle::new("\"thread.started\"", "hrea"),
        Needle::new("\"turn.started\"", "urn."),
        Needle::new("\"turn.completed\"", "urn."),
        Needle::new("\"turn.failed\"", "urn."),
    ],
    read,
);

/// The fields of any record that matter.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
    #[serde(borrow, default)]
    thread_id: Text<'a>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

fn record(line: &str) -> Result<Record<'_>, Defect> {
    serde_json::from_str(line.trim_end()).map_err(|_| Defect::Torn)
}

fn sniff(head: &[u8]) -> bool {
    lines(head).filter(|line| may_begin_with(line, b'{')).any(|line| {
        let line = clean(line);
        line.starts_with('{')
            && record(&line).is_ok_and(|record| {
                let kind = record.r#type.get().unwrap_or("");
                matches!(kind, "thread.started" | "turn.started" | "turn.completed" | "turn.failed")
                    || kind.starts_with("item.")
            })
    })
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let line = hit.line();
    if !line.starts_with('{') {
        return;
    }
    let mark = |kind| hit.mark(Some(HARNESS), kind);
    let record = match record(marker::without(&line)) {
        Ok(record) => record,
        Err(defect) => return marks.push(mark(MarkKind::Fact(Fact::Defect(defect)))),
    };
    match record.r#type.get() {
        Some("thread.started") => {
            if let Some(thread) = record.thread_id.get().and_then(id) {
                let conversation = Fact::Conversation(Box::new(Conversation::new(thread.clone())));
                marks.push(mark(MarkKind::Fact(conversation)).of(Some(thread)));
            }
        }
        // What a turn uses is told at its end: one that failed or never ended used an unknown amount.
        Some("turn.started" | "turn.failed") => marks.push(mark(MarkKind::Named { in_flight: true })),
        Some("turn.completed") => {
            // Old versions leave reasoning out, whatever they count.
            let usage = record.usage.map(|usage| part::<Usage>(usage.get()).map(|usage| usage.told_tokens()));
            match usage {
                // Where nothing told what was used, Codex writes zeros.
                Some(Ok(usage)) if usage.is_zero() => marks.push(mark(MarkKind::Named { in_flight: true })),
                Some(Ok(usage)) => marks.push(mark(MarkKind::Fact(Fact::Counter(Box::new(Counter {
                    conversation: None,
                    scope: Scope::Conversation,
                    key: None,
                    total: vec![ModelUsage { model: None, usage, cost: None, service_tier: None }],
                    last: None,
                    cost: None,
                    leaves_agents: None,
                }))))),
                Some(Err(defect)) => marks.push(mark(MarkKind::Fact(Fact::Defect(defect)))),
                None => marks.push(mark(MarkKind::Named { in_flight: true })),
            }
        }
        _ => {}
    }
}
