//! A session log whose records mean what they say wherever they stand: what their order tells is whose they are.

use super::format::Lines;
use super::lines::{lines, uuid_at_end};
use super::mark::{LogRecord, Mark, MarkKind};
use super::sink::Sink;
use crate::event::{Conversation, Fact, Id, Time, Uncounted};

/// One session log in the order of its lines.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// The conversation that was named last.
    named: Option<Id>,
    /// The one that a call which can't be read belongs to before any is named.
    own: Option<Id>,
    /// How hard the models are told to think that are asked from here on.
    effort: Option<Id>,
    /// When the latest call was made.
    latest: Option<Time>,
    /// Conversations with calls that can't be read, and where the last one of each stretch stands.
    lost: Vec<(Id, u64, Option<&'static str>)>,
    /// How long the log is.
    length: u64,
}

impl Session {
    /// A log of this format that begins with `head`, in a file of this name. Whose it is, any of its first records may
    /// tell, those that are passed over too; where none does, the file's name may.
    pub(super) fn new(format: &Lines, file_name: &str, head: &[u8]) -> Session {
        let own = format.torn_of.and_then(|session_of| {
            let of_name = || uuid_at_end(file_name.strip_suffix(".jsonl")?);
            lines(head).find_map(session_of).or_else(of_name)
        });
        Session { own, ..Session::default() }
    }

    /// Takes the next candidate.
    pub(super) fn push(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        let Mark { offset, harness, time, kind, conversation } = mark;
        match kind {
            MarkKind::Fact(mut fact) => {
                self.name(&mut fact);
                if matches!(fact, Fact::Call(_)) {
                    self.latest = self.latest.max(time);
                }
                sink.event(offset, None, harness, time, fact);
            }
            MarkKind::Logged(LogRecord::Message { is_answer, by }) => {
                let Some(id) = self.named.clone() else { return };
                let conversation = Conversation { is_answered: is_answer, written_by: by, ..Conversation::new(id) };
                let conversation = Conversation { is_active: time.is_some(), ..conversation };
                sink.event(offset, None, harness, time, Fact::Conversation(Box::new(conversation)));
            }
            MarkKind::Logged(LogRecord::Lost) => {
                let known = conversation.or_else(|| self.named.clone());
                let Some(id) = known.or_else(|| self.own.clone()) else { return };
                self.lost.pop_if(|(known, ..)| *known == id);
                self.lost.push((id, offset, harness));
            }
            MarkKind::Logged(LogRecord::Uncounted(key)) => {
                let Some(conversation) = conversation.or_else(|| self.named.clone()) else { return };
                let uncounted = Uncounted::call(conversation, key);
                sink.event(offset, None, harness, time, Fact::Uncounted(Box::new(uncounted)));
            }
            MarkKind::Logged(LogRecord::SubAgent(key, log)) => {
                let Some(conversation) = conversation.or_else(|| self.named.clone()) else { return };
                let uncounted = Uncounted { log: Some(log), ..Uncounted::call(conversation, Some(key)) };
                sink.event(offset, None, harness, time, Fact::Uncounted(Box::new(uncounted)));
            }
            MarkKind::Logged(LogRecord::Context { effort, .. }) => self.effort = effort,
            MarkKind::Logged(LogRecord::End) => self.length = offset,
            _ => {}
        }
    }

    /// The log is over. Where it ends tells copies that were made earlier from the whole.
    pub(super) fn finish(self, sink: &mut Sink<'_>) {
        if let Some(id) = self.named.filter(|_| self.lost.is_empty()) {
            sink.event(self.length, None, None, None, Fact::Ended(id));
        }
        for (id, offset, harness) in self.lost {
            sink.event(offset, None, harness, self.latest, Fact::Unfinished(id));
        }
    }

    /// Gives a call the conversation that was named last, where it names none, and what holds for the models that are
    /// asked there. Those that sub-agents ask are told otherwise, and what names none may be a summary's.
    fn name(&mut self, fact: &mut Fact) {
        match fact {
            Fact::Conversation(conversation) => {
                if self.named.as_ref() != Some(&conversation.id) {
                    self.effort = None;
                }
                self.named = Some(conversation.id.clone());
            }
            Fact::Call(call) if call.conversation.is_none() => {
                call.conversation.clone_from(&self.named);
                if call.effort.is_none() && !call.is_subagent && call.model.is_some() {
                    call.effort.clone_from(&self.effort);
                }
            }
            _ => {}
        }
    }
}
