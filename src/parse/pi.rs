//! pi's session files (`agent/sessions/**/*.jsonl`): a header that names the session, then an entry a line.
//!
//! pi gives every provider's usage in disjoint buckets. A branch into a new file copies the entries before it,
//! ids and times kept: a call's key is what its entry says, not where it stands.
//!
//! A model is also asked for summaries, by tools, and to keep a cache warm. Versions from 0.81 on write down what that
//! used; before, the summaries alone are known to have used something, and what sub-agents used their extension tells.

mod background;
mod beyond;
mod message;
mod session_file;
mod sub_agent;
mod sub_agents;
mod torn;
mod usage;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use self::message::{Message, Tell};
use self::session_file::session_of;
use self::usage::Usage;
use super::format::{Format, Hit, Home, Lines, Root, Shape};
use super::json::{Text, part};
use super::lines::{clean, id, key, lines, may_be_call, path, records};
use super::mark::{LogRecord, Mark, MarkKind};
use super::needles::Needle;
use crate::event::{Call, Conversation, Defect, Fact, Id, Time, TokenUsage};

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
const SUB_AGENT: &str = "\"subagent\"";

/// What stands for the summary of a branch on which there is nothing to tell: no model is asked for it.
const NOTHING: &str = "No content to summarize";

// Answers hold both the first and the second; torn ones may end between them. Old summaries hold none of both, nor does
// the result of a sub-agent that was aborted.
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
            Needle::new(SUB_AGENT, "ubag"),
            Needle::new("\"thinking_level_change\"", "_lev"),
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
    /// How hard models are told to think from here on.
    #[serde(borrow, default)]
    thinking_level: Text<'a>,
    #[serde(borrow, default)]
    summary: Text<'a>,
    /// Whether an extension made the summary; oh-my-pi calls it the second.
    #[serde(borrow)]
    from_hook: Option<&'a RawValue>,
    #[serde(borrow)]
    from_extension: Option<&'a RawValue>,
}

/// What `pi --mode json` prints of a session, behind the header: no entries, but what happens, and not all that is used.
const EVENTS: [&str; 7] =
    ["agent_start", "agent_end", "turn_start", "turn_end", "message_start", "message_update", "message_end"];

/// Whether a text that begins as a session does is what pi prints of one.
pub(super) fn is_printed(head: &[u8]) -> bool {
    let mut kinds = lines(head).take(64).filter_map(|line| line.strip_prefix(b"{\"type\":\""));
    let is_event = |kind: &[u8]| EVENTS.iter().any(|event| kind.starts_with(event.as_bytes()));
    kinds.any(is_event)
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
        let mut tell = |kind, time| marks.push(mark(kind).at(time));
        let understood = part::<Entry<'_>>(entry.trim()).and_then(|entry| understand(&entry, &mut tell));
        if let Err(defect) = understood {
            marks.push(mark(MarkKind::Fact(Fact::Defect(defect))));
            if may_be_call(entry.as_bytes()) || [COMPACTION, BRANCH, SUB_AGENT].iter().any(|kind| entry.contains(kind))
            {
                marks.push(mark(MarkKind::Logged(LogRecord::Lost)));
            }
        }
    }
}

/// Tells what an entry means, and when.
fn understand(entry: &Entry<'_>, tell: Tell<'_>) -> Result<(), Defect> {
    let time = entry.timestamp.get().and_then(Time::parse);
    let kind = match entry.r#type.get() {
        Some("session") => entry.conversation(),
        Some("message") => return entry.of_message(time, tell),
        Some("compaction" | "branch_summary" | "usage" | "model_usage") => entry.of_request()?,
        Some("thinking_level_change") => {
            let effort = entry.thinking_level.get().and_then(id);
            Some(MarkKind::Logged(LogRecord::Context { turn: None, model: None, effort }))
        }
        _ => None,
    };
    if let Some(kind) = kind {
        tell(kind, time);
    }
    Ok(())
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
    fn of_message(&self, time: Option<Time>, tell: Tell<'_>) -> Result<(), Defect> {
        let Some(message) = self.message else { return Ok(()) };
        let may_use = |text: &str| text.contains("\"assistant\"") || text.contains("\"toolResult\"");
        let message: Message<'_> = match part(message.get()) {
            // Messages of other roles have no usage.
            Err(_) if !may_use(message.get()) => return Ok(()),
            message => message?,
        };
        let key = |tokens: &TokenUsage| self.key(message.answered(), &message.model, tokens);
        if message.role.is("assistant") {
            message.answer(key).into_iter().for_each(|kind| tell(kind, time));
        } else if message.role.is("toolResult") {
            let name = message.tool_call_id.get().or(self.id.get()).unwrap_or("");
            match message.by_tool(key).filter(|_| !sub_agents::keep_sessions(&message)) {
                Some(call) => {
                    let call = Call { record: sub_agents::launched(&message), ..call };
                    tell(MarkKind::Fact(Fact::Call(Box::new(call))), time);
                }
                None => sub_agents::tell(&message, name, time, tell),
            }
        }
        Ok(())
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
        let is_pis = [self.from_hook, self.from_extension].into_iter().flatten().all(|flag| flag.get() != "true");
        let is_summary = self.r#type.is("compaction") || self.r#type.is("branch_summary");
        is_pis && is_summary && !self.summary.is(NOTHING)
    }

    fn uncounted(&self) -> MarkKind {
        MarkKind::Logged(LogRecord::Uncounted(Some(self.key("", &self.model, &TokenUsage::default()))))
    }

    fn key(&self, answered: &str, model: &Text<'_>, usage: &TokenUsage) -> Id {
        let [entry_id, time, model] = [&self.id, &self.timestamp, model].map(|text| text.get().unwrap_or(""));
        // The second version gave the first one's entries ids, in each copy others: what tells both of its times needs none.
        let entry_id = if time.is_empty() || answered.is_empty() { entry_id } else { "" };
        key(&format!("{entry_id} {time} {answered} {model} {} {}", usage.input_tokens, usage.output_tokens))
    }
}
