//! Which conversation a log is of, and whether that came from another one.

use super::turns::Turns;
use crate::event::{Conversation, Fact, Id, Time, TokenUsage};
use crate::parse::lines::uuid_at_end;
use crate::parse::mark::Header;

/// The conversation of a log.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// `None` while nothing names it.
    pub(super) id: Option<Id>,
    /// The one that the file's name tells: it counts where the header that should stand first is lost. Else the
    /// header's word does, as files may be given any name.
    of_name: Option<Id>,
    /// Whether the first header may be lost.
    has_lost_header: bool,
    pub(super) is_subagent: bool,
    /// Whether the log names a conversation that this one came from.
    pub(super) has_parent: bool,
    /// Whether its history, and so its counter, goes on from there without a copy of it.
    pub(super) goes_on: bool,
    /// Whether it was forked from another one.
    pub(super) is_fork: bool,
}

impl Own {
    pub(super) fn new(file_name: &str) -> Own {
        Own { of_name: conversation_of(file_name), ..Own::default() }
    }

    /// A record is lost, which may have been the first header.
    pub(super) fn lose(&mut self) {
        self.has_lost_header |= self.id.is_none();
    }

    /// Takes the file's word where a record stands before any header, or a torn one before that of another
    /// conversation.
    pub(super) fn name_by_file(&mut self, found: Option<&Id>, turns: &mut Turns) -> Option<Fact> {
        let is_lost = self.id.is_none() && (found.is_none() || self.has_lost_header);
        let own = self.of_name.clone().filter(|own| is_lost && found != Some(own))?;
        turns.since = Time::of_uuid(&own);
        self.id = Some(own);
        let begins = self.has_lost_header;
        self.about(|conversation| conversation.begins = begins)
    }

    pub(super) fn header(&mut self, header: Header, time: Option<Time>, turns: &mut Turns) -> Option<Fact> {
        let Header { conversation: found, started_at, goes_on, is_fork } = header;
        let Some(own) = &self.id else {
            self.id = Some(found.id.clone());
            turns.since = started_at.or_else(|| Time::of_uuid(&found.id)).or(time);
            self.has_parent = found.parent.is_some();
            (self.goes_on, self.is_fork) = (goes_on, is_fork);
            self.is_subagent = found.is_subagent;
            return Some(Fact::Conversation(Box::new(found)));
        };
        // The header of another conversation begins what was copied from it.
        if found.id == *own || self.has_parent {
            return None;
        }
        self.has_parent = true;
        let parent = Some(found.id);
        let conversation = Conversation { parent, is_logged: true, ..Conversation::new(own.clone()) };
        Some(Fact::Conversation(Box::new(conversation)))
    }

    /// The conversation; one that nothing names is known by its first reading.
    pub(super) fn known(&mut self, time: Option<Time>, usage: &TokenUsage) -> Id {
        let anonymous = || Id::anonymous(format_args!("{} {usage:?}", time.map_or(0, Time::micros)));
        self.id.get_or_insert_with(anonymous).clone()
    }

    /// A fact about the conversation; nothing while it has no name.
    pub(super) fn about(&self, tell: impl FnOnce(&mut Conversation)) -> Option<Fact> {
        let mut conversation = Conversation { is_logged: true, ..Conversation::new(self.id.clone()?) };
        tell(&mut conversation);
        Some(Fact::Conversation(Box::new(conversation)))
    }
}

/// The conversation that a rollout's file is named after: `rollout-<time>-<UUID>.jsonl`.
fn conversation_of(file_name: &str) -> Option<Id> {
    uuid_at_end(file_name.strip_prefix("rollout-")?.strip_suffix(".jsonl")?)
}
