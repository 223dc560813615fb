//! What a log's header tells of its conversation, in its envelope, from before there was one, or torn.

use memchr::memmem;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::glance::{BEGINNING, has_kind};
use crate::event::{Conversation, Id, Time};
use crate::parse::json::{Text, part};
use crate::parse::lines::{branch, clean, id, id_in_torn, lines, path};
use crate::parse::mark::Header;

/// A `session_meta`.
#[derive(Default, Deserialize)]
pub(super) struct Meta<'a> {
    #[serde(borrow, default)]
    pub(super) id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) timestamp: Text<'a>,
    #[serde(borrow, default)]
    pub(super) cwd: Text<'a>,
    #[serde(borrow, default)]
    pub(super) cli_version: Text<'a>,
    #[serde(borrow)]
    pub(super) git: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) source: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) thread_source: Text<'a>,
    #[serde(borrow, default)]
    pub(super) forked_from_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) parent_thread_id: Text<'a>,
    #[serde(borrow)]
    pub(super) history_base: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Git<'a> {
    #[serde(borrow, default)]
    branch: Text<'a>,
}

/// `{"subagent": {"thread_spawn": {"parent_thread_id": …}}}`, or `{"subagent": "review"}`.
#[derive(Deserialize)]
struct Source<'a> {
    #[serde(borrow)]
    subagent: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Subagent<'a> {
    #[serde(borrow)]
    thread_spawn: Option<Spawn<'a>>,
}

#[derive(Deserialize)]
struct Spawn<'a> {
    #[serde(borrow, default)]
    parent_thread_id: Text<'a>,
}

/// `{"thread_id": …, "end_ordinal_exclusive": …}`: how much of another log a conversation goes on from.
#[derive(Deserialize)]
struct HistoryBase<'a> {
    #[serde(borrow, default)]
    thread_id: Text<'a>,
}

/// The first line of logs that have no envelope, from before usage was written down.
#[derive(Deserialize)]
pub(super) struct OldHeader<'a> {
    #[serde(borrow, default)]
    id: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow)]
    r#type: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "any")]
    instructions: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "any")]
    git: Option<&'a RawValue>,
}

/// What stands there, be it null.
fn any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl Meta<'_> {
    /// The conversation of a log, or of what was copied into it.
    pub(super) fn conversation(&self) -> Option<Conversation> {
        let own = self.id.get().and_then(id)?;
        let source = self.source.and_then(|source| part::<Source<'_>>(source.get()).ok());
        let subagent = source.as_ref().and_then(|source| source.subagent).filter(|subagent| subagent.get() != "null");
        let spawn = subagent.and_then(|subagent| part::<Subagent<'_>>(subagent.get()).ok()?.thread_spawn);
        let spawned_by = spawn.and_then(|spawn| spawn.parent_thread_id.get().and_then(id));
        let history_base = || part::<HistoryBase<'_>>(self.history_base?.get()).ok()?.thread_id.get().and_then(id);
        let forked_from = self.forked_from_id.get().and_then(id);
        let parent = forked_from.or(spawned_by).or_else(|| self.parent_thread_id.get().and_then(id));
        let parent = parent.or_else(history_base);
        Some(Conversation {
            begins: true,
            repo: self.cwd.get().and_then(path),
            branch: branch_of(self.git),
            version: self.cli_version.get().and_then(id),
            parent: parent.filter(|parent| *parent != own),
            is_subagent: subagent.is_some() || self.thread_source.is("subagent"),
            is_logged: true,
            ..Conversation::new(own)
        })
    }
}

impl OldHeader<'_> {
    /// The conversation of a log that has no envelope.
    pub(super) fn read(head: &[u8]) -> Option<Header> {
        let line = lines(head).next()?;
        // Whatever names its kind is no such header, and other harnesses' logs begin with long lines, too.
        if has_kind(line) {
            return None;
        }
        memmem::find(line, b"\"instructions\"").or_else(|| memmem::find(line, b"\"git\""))?;
        let line = clean(line);
        let header: OldHeader<'_> = serde_json::from_str(&line).ok()?;
        let is_old = header.r#type.is_none() && (header.instructions.is_some() || header.git.is_some());
        let own = header.id.get().filter(|_| is_old && header.timestamp.get().is_some()).and_then(id)?;
        let conversation = Conversation {
            begins: true,
            branch: branch_of(header.git),
            is_logged: true,
            is_answered: true,
            ..Conversation::new(own)
        };
        Some(Header {
            conversation,
            started_at: header.timestamp.get().and_then(Time::parse),
            goes_on: false,
            is_fork: false,
        })
    }
}

/// The branch that was checked out.
fn branch_of(git: Option<&RawValue>) -> Option<Id> {
    part::<Git<'_>>(git?.get()).ok()?.branch.get().and_then(branch)
}

/// A header that is torn, if it still names its conversation. It tells of no call.
pub(super) fn torn(line: &[u8]) -> Option<Header> {
    memmem::find(&line[..line.len().min(BEGINNING)], b"\"session_meta\"")?;
    let own = id_in_torn(line, "id")?;
    let parent = id_in_torn(line, "forked_from_id").filter(|parent| *parent != own);
    let conversation = Conversation { begins: true, is_logged: true, parent, ..Conversation::new(own) };
    Some(Header { conversation, started_at: None, goes_on: false, is_fork: false })
}
