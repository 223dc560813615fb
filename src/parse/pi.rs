//! pi's session files (`agent/sessions/**/*.jsonl`): a header that names the session, then an entry a line.
//!
//! pi gives every provider's usage in disjoint buckets. A branch into a new file copies the entries before it,
//! ids and times kept: a call's key is what its entry says, not where it stands.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::format::{Format, Hit, Lines, Place, Root, Shape};
use super::json::{Count, Text, or_zero, part, price};
use super::lines::{clean, id, key, lines, may_be_call, model, path};
use super::mark::{Logged, Mark, MarkKind};
use super::needles::Needle;
use crate::event::{Call, CallKey, Conversation, Defect, Fact, Id, MAX_COUNT, Time, TokenUsage};

/// See the module.
pub(super) static FORMAT: Format =
    Format { name: "pi-session", harness: Some(HARNESS), roots: &[ROOT], sniff, shape: Shape::Session(LINES) };

const ROOT: Root = Root {
    homes: &[Place::Variable("PI_CODING_AGENT_DIR", ""), Place::User(".pi*/agent")],
    logs: &["sessions"],
    endings: &[".jsonl"],
};

const HARNESS: &str = "pi";

const LINES: Lines = Lines {
    harness: Some(HARNESS),
    // Answers hold both the first and the second; torn ones may end between them.
    needles: &[
        Needle::new("\"assistant\"", "ssis"),
        Needle::new("\"usage\"", "usag"),
        Needle::new("\"session\"", "ion\""),
    ],
    glance: None,
    read,
    named: None,
    time: None,
    torn_of: None,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default)]
    cwd: Text<'a>,
    /// The file it was branched from.
    #[serde(borrow, default)]
    parent_session: Text<'a>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow, default)]
    role: Text<'a>,
    #[serde(borrow, default)]
    model: Text<'a>,
    #[serde(borrow, default)]
    response_id: Text<'a>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<Usage<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Usage<'a> {
    input: Option<Count>,
    output: Option<Count>,
    cache_read: Option<Count>,
    cache_write: Option<Count>,
    #[serde(borrow)]
    cost: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Cost<'a> {
    #[serde(borrow)]
    total: Option<&'a RawValue>,
}

fn sniff(head: &[u8]) -> bool {
    lines(head).take(64).any(|line| {
        let line = clean(line);
        let Ok(entry) = part::<Entry<'_>>(line.trim()) else { return false };
        let is_header = entry.r#type.is("session") && entry.id.get().is_some() && entry.timestamp.get().is_some();
        is_header || (entry.r#type.is("message") && entry.message.is_some() && line.contains("\"cacheRead\""))
    })
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let line = hit.line();
    let mark = |kind| hit.mark(Some(HARNESS), kind);
    let found = part::<Entry<'_>>(line.trim()).and_then(|entry| understand(&entry));
    match found {
        Ok(found) => marks.extend(found.map(|(fact, time)| mark(MarkKind::Fact(fact)).at(time))),
        Err(defect) => {
            marks.push(mark(MarkKind::Fact(Fact::Defect(defect))));
            if may_be_call(line.as_bytes()) {
                marks.push(mark(MarkKind::Logged(Logged::Lost)));
            }
        }
    }
}

/// What an entry means, and when.
fn understand(entry: &Entry<'_>) -> Result<Option<(Fact, Option<Time>)>, Defect> {
    let time = entry.timestamp.get().and_then(Time::parse);
    if entry.r#type.is("session") {
        let Some(session) = entry.id.get().and_then(id) else { return Ok(None) };
        let repo = entry.cwd.get().and_then(path);
        let parent = entry.parent_session.get().and_then(session_of);
        let conversation = Conversation { begins: true, repo, parent, ..Conversation::new(session) };
        return Ok(Some((Fact::Conversation(Box::new(conversation)), time)));
    }
    let (true, Some(message)) = (entry.r#type.is("message"), entry.message) else { return Ok(None) };
    let message: Message<'_> = match part(message.get()) {
        // Messages of other roles have no usage.
        Err(_) if !message.get().contains("\"assistant\"") => return Ok(None),
        message => message?,
    };
    let (true, Some(usage)) = (message.role.is("assistant"), &message.usage) else { return Ok(None) };
    let tokens = usage.tokens();
    // A request that was aborted before an answer.
    if tokens.is_zero() {
        return Ok(None);
    }
    let call = Call {
        model: message.model.get().and_then(model),
        is_logged: true,
        cost: usage.cost.and_then(|cost| price(part::<Cost<'_>>(cost.get()).ok()?.total)),
        ..Call::new(CallKey::Message(message.key(entry, &tokens)), tokens)
    };
    Ok(Some((Fact::Call(Box::new(call)), time)))
}

/// The session whose file has this path: `<time>_<id>.jsonl`.
fn session_of(path: &str) -> Option<Id> {
    let name = path.rsplit(['/', '\\']).next()?;
    let name = name.strip_suffix(".jsonl").unwrap_or(name);
    id(name.rsplit('_').next()?)
}

impl Message<'_> {
    fn key(&self, entry: &Entry<'_>, usage: &TokenUsage) -> Id {
        if let Some(response) = self.response_id.get().filter(|response| !response.is_empty()) {
            return key(response);
        }
        let [entry_id, time, model] = [&entry.id, &entry.timestamp, &self.model].map(|text| text.get().unwrap_or(""));
        let answered = self.timestamp.map_or("", RawValue::get);
        key(&format!("{entry_id} {time} {answered} {model} {} {}", usage.input_tokens, usage.output_tokens))
    }
}

impl Usage<'_> {
    fn tokens(&self) -> TokenUsage {
        let [input, output, read, written] = [self.input, self.output, self.cache_read, self.cache_write].map(or_zero);
        TokenUsage {
            input_tokens: input.saturating_add(read).saturating_add(written).min(MAX_COUNT),
            cache_read_input_tokens: read,
            cache_creation_input_tokens: written,
            output_tokens: output,
            ..TokenUsage::default()
        }
    }
}
