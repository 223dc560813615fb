//! pi's session files (`agent/sessions/**/*.jsonl`): a header that names the session, then an entry a line.
//!
//! pi gives every provider's usage in disjoint buckets. A branch into a new file copies the entries before it,
//! ids and times kept: a call's key is what its entry says, not where it stands.
//!
//! A model is also asked for summaries, by tools, and to keep a cache warm. Versions from 0.81 on write down what that
//! used; before, the summaries alone are known to have used something.

mod torn;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::format::{Format, Hit, Home, Lines, Root, Shape};
use super::json::{Count, Text, or_zero, part, price};
use super::lines::{clean, id, key, lines, may_be_call, model, path, records};
use super::mark::{LogRecord, Mark, MarkKind};
use super::needles::Needle;
use crate::event::{Call, CallKey, Conversation, Defect, Fact, Id, MAX_COUNT, Time, TokenUsage};

/// pi's session files: `~/.pi/agent/sessions/**/*.jsonl`.
pub(super) static FORMAT: Format =
    Format { name: "pi-session", harness: Some(HARNESS), roots: &[ROOT], sniff, shape: Shape::Records(LINES) };

const ROOT: Root = Root {
    homes: &[
        Home::Variable("PI_CODING_AGENT_DIR", ""),
        Home::Logs("PI_CODING_AGENT_SESSION_DIR", None),
        Home::User(".pi*/agent"),
    ],
    logs: &["sessions"],
    endings: &[".jsonl"],
};

const HARNESS: &str = "pi";
const COMPACTION: &str = "\"compaction\"";
const BRANCH: &str = "\"branch_summary\"";

/// What stands for the summary of a branch on which there is nothing to tell: no model is asked for it.
const NOTHING: &str = "No content to summarize";

// Answers hold both the first and the second; torn ones may end between them. Old summaries hold none of both.
const LINES: Lines = Lines {
    glance: Some(torn::glance),
    next: Some(torn::next),
    ..Lines::new(
        Some(HARNESS),
        &[
            Needle::new("\"assistant\"", "ssis"),
            Needle::new("\"usage\"", "usag"),
            Needle::new("\"session\"", "ion\""),
            Needle::new(COMPACTION, "mpac"),
            Needle::new(BRANCH, "ch_s"),
        ],
        read,
    )
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
    /// What an entry used that is no message.
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow, default)]
    model: Text<'a>,
    #[serde(borrow, default)]
    summary: Text<'a>,
    /// Whether an extension made the summary.
    #[serde(borrow)]
    from_hook: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow, default)]
    role: Text<'a>,
    #[serde(borrow, default)]
    model: Text<'a>,
    /// The model that answered, where a router was asked.
    #[serde(borrow, default)]
    response_model: Text<'a>,
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
    /// The part of the cache writes that is kept for an hour, where the provider tells it.
    #[serde(rename = "cacheWrite1h")]
    cache_write_1h: Option<Count>,
    /// The part of the output that is reasoning, where the provider tells it.
    reasoning: Option<Count>,
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
    // What a tool was given may look like another entry.
    let is_torn = || part::<IgnoredAny>(hit.line().trim()).is_err();
    let next = LINES.next.filter(|next| next(hit.bytes()).is_some() && is_torn());
    for (at, entry) in records(hit.bytes(), next) {
        let entry = clean(entry);
        let mark = |kind| Mark { offset: hit.offset() + at as u64, ..hit.mark(Some(HARNESS), kind) };
        let found = part::<Entry<'_>>(entry.trim()).and_then(|entry| understand(&entry));
        match found {
            Ok(found) => marks.extend(found.map(|(kind, time)| mark(kind).at(time))),
            Err(defect) => {
                marks.push(mark(MarkKind::Fact(Fact::Defect(defect))));
                if may_be_call(entry.as_bytes()) || entry.contains(COMPACTION) || entry.contains(BRANCH) {
                    marks.push(mark(MarkKind::Logged(LogRecord::Lost)));
                }
            }
        }
    }
}

/// What an entry means, and when.
fn understand(entry: &Entry<'_>) -> Result<Option<(MarkKind, Option<Time>)>, Defect> {
    let kind = match entry.r#type.get() {
        Some("session") => entry.conversation(),
        Some("message") => entry.of_message()?,
        Some("compaction" | "branch_summary" | "usage") => entry.of_request()?,
        _ => None,
    };
    Ok(kind.map(|kind| (kind, entry.timestamp.get().and_then(Time::parse))))
}

impl Entry<'_> {
    fn conversation(&self) -> Option<MarkKind> {
        let session = self.id.get().and_then(id)?;
        let repo = self.cwd.get().and_then(path);
        let parent = self.parent_session.get().and_then(session_of);
        let conversation = Conversation { begins: true, repo, parent, ..Conversation::new(session) };
        Some(MarkKind::Fact(Fact::Conversation(Box::new(conversation))))
    }

    /// An answer, or what a tool asked models for.
    fn of_message(&self) -> Result<Option<MarkKind>, Defect> {
        let Some(message) = self.message else { return Ok(None) };
        let may_use = |text: &str| text.contains("\"assistant\"") || text.contains("\"toolResult\"");
        let message: Message<'_> = match part(message.get()) {
            // Messages of other roles have no usage.
            Err(_) if !may_use(message.get()) => return Ok(None),
            message => message?,
        };
        let (is_tools, is_answer) = (message.role.is("toolResult"), message.role.is("assistant"));
        let Some(usage) = message.usage.as_ref().filter(|_| is_tools || is_answer) else {
            let is_uncounted = is_answer && message.model.get().is_some();
            return Ok(is_uncounted.then_some(MarkKind::Logged(LogRecord::Uncounted(None))));
        };
        let key = |tokens: &TokenUsage| match message.response_id.get().filter(|id| !id.is_empty() && !is_tools) {
            Some(response) => key(response),
            None => self.key(message.timestamp.map_or("", RawValue::get), &message.model, tokens),
        };
        let by = if message.response_model.get().is_some() { &message.response_model } else { &message.model };
        Ok(usage.call(key, by).map(|call| MarkKind::Fact(Fact::Call(Box::new(Call { is_subagent: is_tools, ..call })))))
    }

    /// A request that is no message.
    fn of_request(&self) -> Result<Option<MarkKind>, Defect> {
        let usage: Option<Usage<'_>> = self.usage.map(|usage| part(usage.get())).transpose()?.flatten();
        let Some(usage) = usage else { return Ok(self.is_summary().then(|| self.uncounted())) };
        let call = usage.call(|tokens| self.key("", &self.model, tokens), &self.model);
        Ok(call.map(|call| MarkKind::Fact(Fact::Call(Box::new(call)))))
    }

    /// Whether pi asked a model for it.
    fn is_summary(&self) -> bool {
        let is_pis = self.from_hook.is_none_or(|flag| flag.get() != "true");
        is_pis && !self.r#type.is("usage") && !self.summary.is(NOTHING)
    }

    fn uncounted(&self) -> MarkKind {
        MarkKind::Logged(LogRecord::Uncounted(Some(self.key("", &self.model, &TokenUsage::default()))))
    }

    fn key(&self, answered: &str, model: &Text<'_>, usage: &TokenUsage) -> Id {
        let [entry_id, time, model] = [&self.id, &self.timestamp, model].map(|text| text.get().unwrap_or(""));
        key(&format!("{entry_id} {time} {answered} {model} {} {}", usage.input_tokens, usage.output_tokens))
    }
}

/// The session whose file has this path: `<time>_<id>.jsonl`.
fn session_of(path: &str) -> Option<Id> {
    let name = path.rsplit(['/', '\\']).next()?;
    let name = name.strip_suffix(".jsonl").unwrap_or(name);
    id(name.rsplit('_').next()?)
}

impl Usage<'_> {
    /// The call; `None` for a request that was aborted before an answer.
    fn call(&self, key: impl Fn(&TokenUsage) -> Id, by: &Text<'_>) -> Option<Call> {
        let tokens = self.tokens();
        let cost = self.cost.and_then(|cost| price(part::<Cost<'_>>(cost.get()).ok()?.total));
        let call = Call {
            model: by.get().and_then(model),
            is_logged: true,
            cost,
            ..Call::new(CallKey::Message(key(&tokens)), tokens)
        };
        (!tokens.is_zero()).then_some(call)
    }

    fn tokens(&self) -> TokenUsage {
        let [input, output, read, written] = [self.input, self.output, self.cache_read, self.cache_write].map(or_zero);
        TokenUsage {
            input_tokens: input.saturating_add(read).saturating_add(written).min(MAX_COUNT),
            cache_read_input_tokens: read,
            cache_creation_input_tokens: written,
            cache_creation_1h_input_tokens: or_zero(self.cache_write_1h).min(written),
            output_tokens: output,
            reasoning_output_tokens: self.reasoning.map(|count| count.get().min(output)),
        }
    }
}
