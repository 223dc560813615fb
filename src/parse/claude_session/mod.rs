//! Claude Code's session files (`projects/**/*.jsonl`), those of sub-agents included: a record a line.
//!
//! A message stands on several lines while it streams, and again in files that resume or fork its session, so
//! its id is its key and the line with the largest output counts. `assistant` records are calls. `progress` records
//! repeat those of sub-agents, whose own files may be missing; a `toolUseResult` that repeats what they used has no id.

mod agents;
mod compaction;
mod elsewhere;
mod glance;
mod record;
mod tasks;
mod torn;
mod turns;
mod usual;

use std::cmp::Ordering;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::event::{Call, Conversation, Defect, Fact, Id, Time, Uncounted};
use crate::parse::claude::HARNESS;
use crate::parse::format::{Format, Hit, Home, Lines, Root, Shape};
use crate::parse::json::{name, part, price};
use crate::parse::lines::{branch, clean, id, lines, may_be_call, records};
use crate::parse::mark::{LogRecord, Mark, MarkKind};
use crate::parse::needles::Needle;
use glance::{ASSISTANT, BEGINNING, glance, is_appended, is_open};
use record::{Head, Record};
use torn::{next, record_of, session_of, without_padding};

/// Claude Code's session files: `~/.claude/projects/**/*.jsonl`.
pub(super) static FORMAT: Format =
    Format { name: "claude-session", harness: Some(HARNESS), roots: &[ROOT], sniff, shape: Shape::Records(LINES) };

const ROOT: Root = Root {
    homes: &[Home::Variable("CLAUDE_CONFIG_DIR", ""), Home::User(".claude*"), Home::Config("claude")],
    logs: &["projects"],
    // What a later transcript took the place of is set aside under a name of its own.
    endings: &[".jsonl", ".jsonl.gz", ".jsonl.zst", ".jsonl.superseded-*"],
};

const LINES: Lines = Lines {
    glance: Some(glance),
    torn_of: Some(session_of),
    next: Some(next),
    ..Lines::new(Some(HARNESS), &[Needle::new("\"usage\"", "usag")], read)
};

/// What tells of a sub-agent's work.
static WORK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"totalTokens\""));

/// Keys of nearly every record, and of nothing else's.
const OWN_KEYS: [&str; 5] = ["parentUuid", "leafUuid", "isSidechain", "messageId", "sessionId"];

fn sniff(head: &[u8]) -> bool {
    lines(head).take(64).any(|line| {
        let line = clean(line);
        let line = line.trim();
        let kind = |head: Head<'_>| head.r#type.get().is_some();
        let has_key = |key: &&&str| line.contains(&format!("\"{key}\""));
        let is_whole = part::<Head<'_>>(line).is_ok_and(kind);
        let is_captured = line.contains("\"session_id\"") && !is_filed(line);
        // A first line may go on beyond the head.
        line.starts_with('{')
            && !is_captured
            && !is_others(line)
            && match OWN_KEYS.iter().filter(has_key).count() {
                0 => false,
                1 => is_whole && line.contains("\"type\""),
                _ => true,
            }
    })
}

/// Whether another harness wrote a line that has the keys of Claude's: Qwen Code (0.15), whose records have neither a
/// chain's side nor blocks of content, but parts, as Gemini's have.
fn is_others(line: &str) -> bool {
    let has = |key: &str| line.contains(&format!("\"{key}\""));
    !has("isSidechain") && ["parts", "systemPayload", "usageMetadata"].into_iter().any(has)
}

/// Whether a line is a session file's though it has a capture's `session_id`, as versions since 2.1.206 write it beside
/// their own `sessionId`. After a session was resumed both differ.
fn is_filed(line: &str) -> bool {
    let has_own = |record: Record<'_>| record.session_id.get().is_some() && record.is_sidechain.is_some();
    line.as_bytes().starts_with(BEGINNING.needle()) || part::<Record<'_>>(line).is_ok_and(has_own)
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let line = without_padding(&hit.text[hit.line.clone()]);
    let is_torn = line.starts_with(b"{") && is_open(line);
    let is_known = ASSISTANT.find(line).is_some() || is_appended(line) || WORK.find(line).is_some();
    if !is_torn && !is_known && !elsewhere::may_tell(line) {
        return;
    }
    let mark = |kind| hit.mark(Some(HARNESS), kind);
    let mut record = Record::default();
    if usual::take(&mut record, line).is_some() {
        return understand(record, line, &mark, marks);
    }
    let (record, defect) = record_of(line);
    if let Some((defect, bad)) = defect {
        for (at, bad) in records(bad, LINES.next) {
            let mark = |kind| Mark { offset: hit.offset() + at as u64, ..mark(kind) };
            marks.push(mark(MarkKind::Fact(Fact::Defect(defect))));
            if may_be_call(bad) {
                marks.push(mark(MarkKind::Logged(LogRecord::Lost)).of(session_of(bad)));
            }
        }
    }
    if let Some(record) = record {
        understand(record, line, &mark, marks);
    }
}

fn understand(record: Record<'_>, line: &[u8], mark: &impl Fn(MarkKind) -> Mark, marks: &mut Vec<Mark>) {
    let Some(record) = record.shown() else { return };
    if !record.r#type.is("assistant") {
        return tell_of_others(&record, line, mark, marks);
    }
    let Some(message) = &record.message else { return };
    let before = marks.last().and_then(call_of);
    let own_keys = [&record.request_id, &record.uuid];
    let calls = message.calls(&own_keys, before);
    let time = record.timestamp.get().and_then(Time::parse);
    let session = name(&record.session_id, marks.last().and_then(|last| last.conversation.as_ref()), id);
    let parent = record.parent().filter(|parent| Some(parent) != session.as_ref());
    let agent = name(&record.agent_id, before.and_then(|call| call.agent.as_ref()), id);
    let branch = name(&record.git_branch, before.and_then(|call| call.branch.as_ref()), branch);
    let asked = if record.per_turn_effort.get().is_some() { &record.per_turn_effort } else { &record.effort };
    let effort = name(asked, before.and_then(|call| call.effort.as_ref()), id);
    let is_uncounted = message.is_uncounted();
    let is_subagent = record.is_sidechain == Some(true);
    let has_failed = message.is_synthetic() && parent.is_none() && !is_subagent;
    let is_known = is_of_stretch(marks, session.as_ref());
    if let Some(session) = session.clone().filter(|_| !is_known || parent.is_some() || is_uncounted || has_failed) {
        let is_answered = is_uncounted && parent.is_none();
        let branch = branch.clone();
        let conversation = Conversation { is_answered, has_failed, branch, ..record.conversation(&session) };
        marks.push(mark(MarkKind::Fact(Fact::Conversation(Box::new(conversation)))).at(time).of(Some(session)));
    }
    if message.has_bad_step() {
        marks.push(mark(MarkKind::Fact(Fact::Defect(Defect::OutOfRange))).of(session.clone()));
        marks.push(mark(MarkKind::Logged(LogRecord::Lost)).of(session.clone()));
    }
    if is_uncounted {
        let kind = MarkKind::Logged(LogRecord::Uncounted(message.key(&own_keys)));
        marks.push(mark(kind).at(time).of(parent.clone().or_else(|| session.clone())));
    }
    let mut cost = price(record.cost);
    for mut call in calls {
        call.conversation = parent.clone().or_else(|| session.clone());
        (call.is_subagent, call.is_logged) = (is_subagent, true);
        call.agent = agent.clone().filter(|_| is_subagent);
        (call.branch, call.effort, call.cost) = (branch.clone(), effort.clone(), cost.take());
        // While it streams a message stands line after line: the one with the larger output counts anyway.
        let earlier = marks.last().and_then(call_of).filter(|earlier| {
            earlier.key == call.key && earlier.conversation == call.conversation && earlier.is_subagent == is_subagent
        });
        match earlier.map(|earlier| earlier.usage.output_tokens.cmp(&call.usage.output_tokens)) {
            Some(Ordering::Greater) => continue,
            Some(Ordering::Less) => marks.truncate(marks.len() - 1),
            Some(Ordering::Equal) | None => {}
        }
        marks.push(mark(MarkKind::Fact(Fact::Call(call))).at(time).of(session.clone()));
    }
}

/// Says that something was used for the record's session of which it doesn't tell the calls.
fn tell_of_others(record: &Record<'_>, line: &[u8], mark: &impl Fn(MarkKind) -> Mark, marks: &mut Vec<Mark>) {
    let Some(session) = record.session_id.get().and_then(id) else { return };
    let parent = record.parent();
    let of = parent.as_ref().unwrap_or(&session);
    let mut told: Vec<Uncounted> = record.told(line, of).into_iter().collect();
    told.extend(elsewhere::told(line, of));
    if told.is_empty() {
        return;
    }
    let time = record.timestamp.get().and_then(Time::parse);
    let is_known = is_of_stretch(marks, Some(&session));
    let begun = (!is_known).then(|| Fact::Conversation(Box::new(record.conversation(&session))));
    let facts = begun.into_iter().chain(told.into_iter().map(|told| Fact::Uncounted(Box::new(told))));
    marks.extend(facts.map(|fact| mark(MarkKind::Fact(fact)).at(time).of(Some(session.clone()))));
}

/// Whether a record follows one of the same session: what it tells of that, once is enough for a stretch.
fn is_of_stretch(marks: &[Mark], session: Option<&Id>) -> bool {
    marks.last().is_some_and(|last| last.conversation.is_some() && last.conversation.as_ref() == session)
}

fn call_of(mark: &Mark) -> Option<&Call> {
    match &mark.kind {
        MarkKind::Fact(Fact::Call(call)) => Some(call),
        _ => None,
    }
}

#[cfg(test)]
fn mark_all(record: Record<'_>) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mark = |kind| Mark { offset: 0, harness: None, time: None, conversation: None, kind };
    understand(record, b"", &mark, &mut marks);
    marks
}
