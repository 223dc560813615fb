//! Codex rollouts: the session logs in `$CODEX_HOME/sessions` and `archived_sessions`, a record a line,
//! `{"timestamp", "type", "payload"}`.
//!
//! A `token_count` reads the conversation's cumulative counter, a `token_usage_record` (from 0.154 on) tells of one
//! response. A log may begin with history that was copied from another one; [`pass`] says what is the
//! conversation's own. Logs from before the records had an envelope hold no usage.

mod counter;
mod glance;
mod header;
mod missed;
mod own;
mod pass;
mod reading;
mod record;
mod response;
mod settings;
mod token_count;
mod torn;
mod turns;
mod usual;

#[cfg(test)]
mod tests;

use memchr::memmem;

use super::format::{Format, Hit, Home, Lines, Root, Shape};
use super::lines::{clean, lines};
use super::mark::{LogRecord, Mark, MarkKind};
use super::needles::Needle;
use crate::event::{Defect, Fact};
use glance::BEGINNING;
use header::OldHeader;
use pass::{HARNESS, Pass};
use record::Line;

/// Codex's session logs: `~/.codex/{sessions,archived_sessions}/**/rollout-*.jsonl`.
pub(super) static FORMAT: Format = Format {
    name: "codex-rollout",
    harness: Some(HARNESS),
    roots: &[ROOT],
    sniff,
    shape: Shape::OrderedRecords { lines: LINES, begin: |head, name| Box::new(Pass::new(head, name)) },
};

const ROOT: Root = Root {
    homes: &[Home::Variable("CODEX_HOME", ""), Home::User(".codex*")],
    logs: &["sessions", "archived_sessions"],
    endings: &[".jsonl", ".jsonl.zst"],
};

const LINES: Lines = Lines {
    glance: Some(glance::glance),
    // The ends of `"token_count"`, `"turn_context"`, `"session_meta"`, `"task_started"`, `"task_complete"`,
    // `"thread_settings_applied"`, `"token_usage_record"` and `"entered_review_mode"`, and `"compacted"`: quotes within a text are escaped, so few other lines hold
    // them. What a model answered is mostly told at a glance.
    ..Lines::new(
        Some(HARNESS),
        &[
            Needle::new("n_count\"", "_cou"),
            Needle::new("n_context\"", "ntex"),
            Needle::new("n_meta\"", "_met"),
            Needle::new("_started\"", "_sta"),
            Needle::new("_complete\"", "comp"),
            Needle::new("s_applied\"", "_app"),
            Needle::new("e_record\"", "_rec"),
            Needle::new("d_review_mode\"", "w_mo"),
            Needle::new("\"compacted\"", "mpac"),
            Needle::new("\"assistant\"", "ssis"),
            Needle::new("\"function_call\"", "_cal"),
            Needle::new("\"custom_tool_call\"", "_too"),
            Needle::new("\"local_shell_call\"", "_she"),
        ],
        read,
    )
};

/// How many lines may be torn before the first record.
const FIRST_LINES: usize = 16;

/// A rollout has a record in its envelope among its first lines, or begins with an old header.
fn sniff(head: &[u8]) -> bool {
    let Some(first) = lines(head).next() else { return false };
    // A first line with long instructions may go on beyond the head.
    let is_long = first.len() == head.len();
    let beginning = &first[..first.len().min(BEGINNING)];
    let has = |needle: &str| memmem::find(beginning, needle.as_bytes()).is_some();
    if beginning.starts_with(b"{\"timestamp\"") && has("\"session_meta\"") && (is_long || first.ends_with(b"}}")) {
        return true;
    }
    let is_record = |line: &[u8]| {
        memmem::find(line, b"\"payload\"").is_some() && Line::read(&clean(line)).is_ok_and(|line| line.is_known())
    };
    lines(head).take(FIRST_LINES).any(is_record) || OldHeader::read(head).is_some()
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let mark = |kind| hit.mark(Some(HARNESS), kind);
    if !hit.needs.quota
        && let Some((time, reading)) = usual::reading(hit.bytes())
    {
        return marks.push(mark(MarkKind::Logged(reading)).at(Some(time)));
    }
    if let Some(time) = glance::answered(hit.bytes()) {
        // Once is enough for a stretch in which nothing else is told.
        if !matches!(marks.last(), Some(Mark { kind: MarkKind::Logged(LogRecord::Answered), .. })) {
            marks.push(mark(MarkKind::Logged(LogRecord::Answered)).at(Some(time)));
        }
        return;
    }
    let known = marks.len();
    if let Some((time, payload)) = usual::record(hit.bytes()) {
        if payload.marks(Some(time), hit.needs, hit.seen, &mark, marks).is_ok() {
            return;
        }
        marks.truncate(known);
    }
    let line = hit.line();
    let record = Line::read(&line);
    let is_torn = record.is_err();
    let read = record.and_then(|record| record.marks(hit.needs, hit.seen, &mark, marks));
    let Err(defect) = read else { return };
    let lose = |marks: &mut Vec<Mark>, defect, lost| {
        marks.push(mark(MarkKind::Fact(Fact::Defect(defect))));
        marks.push(mark(MarkKind::Logged(lost)));
    };
    // After a line that was torn, the next record follows on the same line: one of Codex's own has a time, other than
    // what may be quoted in what was torn.
    if let Some(at) = memmem::rfind(line.as_bytes(), b"{\"timestamp\"").filter(|at| *at > 0) {
        let rest = Line::read(&line[at..]).ok().filter(|record| record.time().is_some());
        let known = marks.len();
        if rest.is_some() {
            marks.push(mark(MarkKind::Fact(Fact::Defect(Defect::Torn))));
            let lost = glance::torn_usage(&line.as_bytes()[..at]);
            marks.extend(lost.map(|lost| mark(MarkKind::Logged(lost))));
        }
        if rest.is_some_and(|record| record.marks(hit.needs, hit.seen, &mark, marks).is_ok()) {
            return;
        }
        marks.truncate(known);
    }
    if line.starts_with('{') {
        let header = || Some(LogRecord::Header(Box::new(header::torn(line.as_bytes())?)));
        let lost = glance::torn_usage(line.as_bytes()).filter(|_| is_torn).or_else(header);
        lose(marks, defect, lost.unwrap_or(LogRecord::Lost));
    }
}
