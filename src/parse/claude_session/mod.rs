//! Claude Code's session files (`projects/**/*.jsonl`), those of sub-agents included: a record a line.
//!
//! A message stands on several lines while it streams, and again in files that resume or fork its session, so
//! its id is its key and the line with the largest output counts. `assistant` records are calls. `progress` records
//! repeat those of sub-agents, whose own files may be missing; a `toolUseResult` that repeats what they used has no id.

mod agents;
mod usual;

use std::cmp::Ordering;
use std::sync::LazyLock;

use memchr::memmem::{self, Finder};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::event::{Call, Conversation, Defect, Fact, Id, Time};
use crate::parse::anthropic::Message;
use crate::parse::blocks::{Found, end_or_needle};
use crate::parse::format::{Format, Hit, Lines, Place, Root, Seems, Shape};
use crate::parse::json::{Text, name, part, price};
use crate::parse::lines::{branch, clean, id, id_in_torn, lines, may_be_call, path};
use crate::parse::mark::{Logged, Mark, MarkKind};
use crate::parse::needles::Needle;

/// See the module.
pub(super) static FORMAT: Format =
    Format { name: "claude-session", harness: Some(HARNESS), roots: &[ROOT], sniff, shape: Shape::Session(LINES) };

const ROOT: Root = Root {
    homes: &[Place::Variable("CLAUDE_CONFIG_DIR", ""), Place::User(".claude*"), Place::Config("claude")],
    logs: &["projects"],
    endings: &[".jsonl", ".jsonl.gz", ".jsonl.zst"],
};

const HARNESS: &str = "claude";

const LINES: Lines = Lines {
    harness: Some(HARNESS),
    needles: &[Needle::new("\"usage\"", "usag")],
    glance: Some(glance),
    read,
    named: None,
    time: None,
    torn_of: Some(session_of),
};

/// What every record of a call holds that tells what it used.
const USAGE: &[u8; 7] = b"\"usage\"";

/// So much of a record's beginning, and of its end, tells whether it is an answer's.
const HEAD: usize = 1024;
const TAIL: usize = 512;

static ASSISTANT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"assistant\""));

/// What tells of a sub-agent's work.
static AGENT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"agentId\""));

/// How records begin.
static BEGINNING: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("{\"parentUuid\""));

/// Keys of nearly every record, and of nothing else's.
const OWN_KEYS: [&str; 5] = ["parentUuid", "leafUuid", "isSidechain", "messageId", "sessionId"];

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
    #[serde(borrow, default)]
    session_id: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default)]
    request_id: Text<'a>,
    #[serde(borrow, default)]
    uuid: Text<'a>,
    #[serde(borrow, default)]
    cwd: Text<'a>,
    #[serde(borrow, default)]
    git_branch: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(default, deserialize_with = "is_true")]
    is_sidechain: Option<bool>,
    /// The sub-agent whose record it is.
    #[serde(borrow, default)]
    agent_id: Text<'a>,
    /// What a tool did that the record tells of.
    #[serde(borrow)]
    tool_use_result: Option<&'a RawValue>,
    /// Where a copied record comes from.
    #[serde(borrow)]
    forked_from: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<Message<'a>>,
    /// What a record of progress shows.
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    /// Versions before 1.0.9 told the price of each message.
    #[serde(borrow, rename = "costUSD")]
    cost: Option<&'a RawValue>,
}

/// What every record has.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForkedFrom<'a> {
    #[serde(borrow, default)]
    session_id: Text<'a>,
}

/// Whatever else may stand there is no `true`.
fn is_true<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(|flag| Some(flag.get() == "true"))
}

fn sniff(head: &[u8]) -> bool {
    lines(head).take(64).any(|line| {
        let line = clean(line);
        let line = line.trim();
        let kind = |head: Head<'_>| head.r#type.get().is_some();
        let has_key = |key: &&&str| line.contains(&format!("\"{key}\""));
        let is_whole = part::<Head<'_>>(line).is_ok_and(kind);
        // A first line may go on beyond the head.
        line.starts_with('{')
            && match OWN_KEYS.iter().filter(has_key).count() {
                0 => false,
                1 => is_whole && !line.contains("\"session_id\"") && line.contains("\"type\""),
                _ => !line.contains("\"session_id\""),
            }
    })
}

/// Passes lines over that hold no usage, are whole and seem to be no answer's, and tells the others.
fn glance(text: &[u8], start: usize) -> Option<Seems> {
    match end_or_needle::<7, 4>(text.get(start..)?, USAGE)? {
        Found::End(length) => {
            let line = &text[start..start + length];
            let seems = if is_open(line) || seems_answer(line) { Seems::Record } else { Seems::Noise };
            Some(seems(start + length))
        }
        Found::Needle(at) => Some(Seems::Record(start + at + memchr::memchr(b'\n', &text[start + at..])?)),
    }
}

/// Whether a record may be an answer's: that stands before its content or behind it, whatever the order of its keys.
fn seems_answer(line: &[u8]) -> bool {
    let (head, rest) = line.split_at(line.len().min(HEAD));
    let tail = &rest[rest.len().saturating_sub(TAIL)..];
    ASSISTANT.find(head).is_some() || ASSISTANT.find(tail).is_some() || is_appended(head)
}

/// Whether a record was appended to one that is torn so early that it doesn't tell what it is, or to blocks that were
/// never written.
fn is_appended(line: &[u8]) -> bool {
    let head = &line[..line.len().min(HEAD)];
    // Such blocks are long: they reach beyond the head, or the record behind them begins in it.
    let is_hole = head.len() == HEAD && head[HEAD - BEGINNING.needle().len() - 1] == 0;
    is_hole || head.get(1..).is_some_and(|rest| BEGINNING.find(rest).is_some())
}

/// Whether a record doesn't end where its line does.
fn is_open(line: &[u8]) -> bool {
    !matches!(line, [] | [.., b'}'] | [.., b'}', b'\r'])
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let line = without_padding(&hit.text[hit.line.clone()]);
    let is_torn = line.starts_with(b"{") && is_open(line);
    if !is_torn && ASSISTANT.find(line).is_none() && !is_appended(line) && AGENT.find(line).is_none() {
        return;
    }
    let mark = |kind| hit.mark(Some(HARNESS), kind);
    let mut record = Record::default();
    if usual::take(&mut record, line).is_some() {
        return understand(record, &mark, marks);
    }
    let (record, defect) = record_of(line);
    if let Some((defect, bad)) = defect {
        marks.push(mark(MarkKind::Fact(Fact::Defect(defect))));
        if may_be_call(bad) {
            marks.push(mark(MarkKind::Logged(Logged::Lost)).of(session_of(bad)));
        }
    }
    if let Some(record) = record {
        understand(record, &mark, marks);
    }
}

/// A line without what may stand around its record: a byte order mark, blanks, blocks that were never written.
fn without_padding(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    let end = line.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    line[..end].trim_ascii_end()
}

/// The line's record, or that which was appended to a torn one; and what is wrong, with the text that it is wrong of.
fn record_of(line: &[u8]) -> (Option<Record<'_>>, Option<(Defect, &[u8])>) {
    let error = match serde_json::from_slice(line) {
        Ok(record) => return (Some(record), None),
        Err(error) => error,
    };
    let head = serde_json::from_slice::<Head<'_>>(line);
    // What was torn behind a key has the next record as its value.
    if error.classify() == Category::Data && !head.as_ref().is_err_and(|error| !error.is_data()) {
        // Records of other kinds may have anything where messages stand.
        let is_assistant = head.is_ok_and(|head| head.r#type.is("assistant"));
        return (None, is_assistant.then_some((Defect::OutOfRange, line)));
    }
    // A record that begins in the middle of another makes no sense a few bytes later.
    let column = error.column().min(line.len());
    let latest = memmem::rfind(line, BEGINNING.needle()).filter(|at| *at > 0);
    let starts = (column.saturating_sub(3).max(1)..=column).chain(latest).filter_map(|at| line.split_at_checked(at));
    let mut after = starts.filter_map(|(torn, rest)| Some((torn, serde_json::from_slice::<Record<'_>>(rest).ok()?)));
    match after.find(|(_, record)| record.session_id.get().is_some()) {
        Some((torn, record)) => (Some(record), Some((Defect::Torn, torn))),
        // Behind blocks that were never written something else begins.
        None => (None, Some((Defect::Torn, line.split(|byte| *byte == 0).next().unwrap_or(line)))),
    }
}

/// The session that a torn record names.
fn session_of(torn: &[u8]) -> Option<Id> {
    id_in_torn(torn, "sessionId")
}

fn understand(record: Record<'_>, mark: &impl Fn(MarkKind) -> Mark, marks: &mut Vec<Mark>) {
    let Some(record) = record.shown() else { return };
    if !record.r#type.is("assistant") {
        return tell_of_agent(&record, mark, marks);
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
    let is_uncounted = message.is_uncounted();
    let is_known = is_of_stretch(marks, session.as_ref());
    if let Some(session) = session.clone().filter(|_| !is_known || parent.is_some() || is_uncounted) {
        let is_answered = is_uncounted && parent.is_none();
        let conversation = Conversation { is_answered, branch: branch.clone(), ..record.conversation(&session) };
        marks.push(mark(MarkKind::Fact(Fact::Conversation(Box::new(conversation)))).at(time).of(Some(session)));
    }
    let has_bad_step = message.has_bad_step();
    if has_bad_step {
        marks.push(mark(MarkKind::Fact(Fact::Defect(Defect::OutOfRange))).of(session.clone()));
    }
    if has_bad_step {
        marks.push(mark(MarkKind::Logged(Logged::Lost)).of(session.clone()));
    }
    if is_uncounted {
        let kind = MarkKind::Logged(Logged::Uncounted(message.key(&own_keys)));
        marks.push(mark(kind).at(time).of(parent.clone().or_else(|| session.clone())));
    }
    let is_subagent = record.is_sidechain == Some(true);
    let mut cost = price(record.cost);
    for mut call in calls {
        call.conversation = parent.clone().or_else(|| session.clone());
        (call.is_subagent, call.is_logged) = (is_subagent, true);
        call.agent = agent.clone().filter(|_| is_subagent);
        (call.branch, call.cost) = (branch.clone(), cost.take());
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

/// Says that a sub-agent worked for the record's session.
fn tell_of_agent(record: &Record<'_>, mark: &impl Fn(MarkKind) -> Mark, marks: &mut Vec<Mark>) {
    let Some(session) = record.session_id.get().and_then(id) else { return };
    let parent = record.parent();
    let Some(told) = record.told(parent.as_ref().unwrap_or(&session)) else { return };
    let time = record.timestamp.get().and_then(Time::parse);
    let is_known = is_of_stretch(marks, Some(&session));
    let begun = (!is_known).then(|| Fact::Conversation(Box::new(record.conversation(&session))));
    let facts = begun.into_iter().chain([Fact::Uncounted(Box::new(told))]);
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

impl Record<'_> {
    /// What it tells of its session.
    fn conversation(&self, session: &Id) -> Conversation {
        Conversation {
            begins: true,
            repo: self.cwd.get().and_then(path),
            branch: self.git_branch.get().and_then(branch),
            version: self.version.get().and_then(id),
            parent: self.parent().filter(|parent| parent != session),
            ..Conversation::new(session.clone())
        }
    }

    /// The session that a copied record was written by.
    fn parent(&self) -> Option<Id> {
        let from = part::<ForkedFrom<'_>>(self.forked_from?.get()).ok()?;
        from.session_id.get().and_then(id)
    }
}

#[cfg(test)]
fn mark_all(record: Record<'_>) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mark = |kind| Mark { offset: 0, harness: None, time: None, conversation: None, kind };
    understand(record, &mark, &mut marks);
    marks
}
