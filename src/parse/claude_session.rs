//! Claude Code's session files (`projects/**/*.jsonl`), those of sub-agents included: a record a line.
//!
//! A message stands on several lines while it streams, and again in files that resume or fork its session, so
//! its id is its key and the line with the largest output counts. Only `assistant` records are calls: `progress`
//! records and `toolUseResult` repeat them.

use serde::Deserialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::anthropic::Message;
use super::format::{Format, Hit, Lines, Mark, MarkKind, Shape};
use super::json::{Text, part, price};
use super::lines::{branch, clean, id, lines, path};
use crate::event::{Call, Conversation, Defect, Fact, Id, Time};

/// See the module.
pub(super) static FORMAT: Format =
    Format { name: "claude-session", harness: Some(HARNESS), sniff, shape: Shape::Session(LINES) };

const HARNESS: &str = "claude";

const LINES: Lines =
    Lines { harness: Some(HARNESS), needles: &["\"usage\""], noise: None, read, named: None, time: None };

/// Keys of nearly every record, and of nothing else's.
const OWN_KEYS: [&str; 5] = ["parentUuid", "leafUuid", "isSidechain", "messageId", "sessionId"];

#[derive(Deserialize)]
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
    #[serde(borrow)]
    is_sidechain: Option<&'a RawValue>,
    /// Where a copied record comes from.
    #[serde(borrow)]
    forked_from: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    /// Versions before 1.0.9 told the price of each message.
    #[serde(borrow, rename = "costUSD")]
    cost: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForkedFrom<'a> {
    #[serde(borrow, default)]
    session_id: Text<'a>,
}

fn sniff(head: &[u8]) -> bool {
    lines(head).take(64).any(|line| {
        let line = clean(line);
        let line = line.trim();
        let kind = |record: Record<'_>| record.r#type.get().is_some();
        let has_key = |key: &&&str| line.contains(&format!("\"{key}\""));
        let is_whole = part::<Record<'_>>(line).is_ok_and(kind);
        // A first line may go on beyond the head.
        line.starts_with('{')
            && match OWN_KEYS.iter().filter(has_key).count() {
                0 => false,
                1 => is_whole && !line.contains("\"session_id\"") && line.contains("\"type\""),
                _ => !line.contains("\"session_id\""),
            }
    })
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let line = hit.line();
    let line = line.trim();
    if memchr::memmem::find(line.as_bytes(), b"\"assistant\"").is_none() {
        return;
    }
    let mark = |kind| hit.mark(Some(HARNESS), kind);
    let (record, defect) = record_of(line);
    marks.extend(defect.map(|defect| mark(MarkKind::Fact(Fact::Defect(defect)))));
    if let Some(record) = record {
        understand(&record, &mark, marks);
    }
}

/// The line's record, or that which was appended to a torn one; and what is wrong.
fn record_of(line: &str) -> (Option<Record<'_>>, Option<Defect>) {
    let error = match serde_json::from_str(line) {
        Ok(record) => return (Some(record), None),
        Err(error) => error,
    };
    if error.classify() == Category::Data {
        return (None, Some(Defect::OutOfRange));
    }
    // A record that begins in the middle of another makes no sense a few bytes later.
    let column = error.column().min(line.len());
    let starts = (column.saturating_sub(3).max(1)..=column).filter_map(|at| line.get(at..));
    let mut after = starts.filter(|rest| rest.starts_with('{')).filter_map(|rest| part::<Record<'_>>(rest).ok());
    (after.find(|record| record.session_id.get().is_some()), Some(Defect::Torn))
}

fn understand(record: &Record<'_>, mark: &impl Fn(MarkKind) -> Mark, marks: &mut Vec<Mark>) {
    let (true, Some(message)) = (record.r#type.is("assistant"), record.message) else { return };
    let calls = match part::<Message<'_>>(message.get()) {
        Ok(message) => message.calls(record.request_id.get().or(record.uuid.get())),
        Err(defect) => return marks.push(mark(MarkKind::Fact(Fact::Defect(defect)))),
    };
    let time = record.timestamp.get().and_then(Time::parse);
    let session = record.session_id.get().and_then(id);
    let parent = record.parent().filter(|parent| Some(parent) != session.as_ref());
    let branch = record.git_branch.get().and_then(branch);
    // Once is enough for a stretch of one session's records.
    let is_known = marks.last().is_some_and(|last| last.conversation.is_some() && last.conversation == session);
    if let Some(session) = session.clone().filter(|_| !is_known || parent.is_some()) {
        let conversation = Conversation {
            begins: true,
            repo: record.cwd.get().and_then(path),
            branch: branch.clone(),
            version: record.version.get().and_then(id),
            parent: parent.clone(),
            ..Conversation::new(session.clone())
        };
        marks.push(mark(MarkKind::Fact(Fact::Conversation(conversation))).at(time).of(Some(session)));
    }
    let is_subagent = record.is_sidechain.is_some_and(|flag| flag.get() == "true");
    let mut cost = price(record.cost);
    for call in calls {
        let conversation = parent.clone().or_else(|| session.clone());
        let call =
            Call { conversation, is_subagent, is_logged: true, branch: branch.clone(), cost: cost.take(), ..call };
        marks.push(mark(MarkKind::Fact(Fact::Call(Box::new(call)))).at(time).of(session.clone()));
    }
}

impl Record<'_> {
    /// The session that a copied record was written by.
    fn parent(&self) -> Option<Id> {
        let from = part::<ForkedFrom<'_>>(self.forked_from?.get()).ok()?;
        from.session_id.get().and_then(id)
    }
}
