//! A session log whose records mean what they say wherever they stand: what their order tells is whose they are.

use super::mark::{Logged, Mark, MarkKind};
use super::region::Sink;
use crate::event::{Conversation, Fact, Id};

/// One session log in the order of its lines.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// The conversation that was named last.
    named: Option<Id>,
    /// The latest one of which was told that a model answered.
    answered: Option<Id>,
}

impl Session {
    /// Takes the next candidate.
    pub(super) fn push(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        let Mark { offset, harness, time, kind, .. } = mark;
        match kind {
            MarkKind::Fact(mut fact) => {
                self.name(&mut fact);
                sink.event(offset, None, harness, time, fact);
            }
            MarkKind::Logged(Logged::Answered) if self.answered != self.named => {
                self.answered.clone_from(&self.named);
                let Some(id) = self.named.clone() else { return };
                let conversation = Conversation { is_answered: true, ..Conversation::new(id) };
                sink.event(offset, None, harness, time, Fact::Conversation(Box::new(conversation)));
            }
            _ => {}
        }
    }

    /// Gives a call the conversation that was named last, where it names none.
    fn name(&mut self, fact: &mut Fact) {
        match fact {
            Fact::Conversation(conversation) => self.named = Some(conversation.id.clone()),
            Fact::Call(call) if call.conversation.is_none() => call.conversation.clone_from(&self.named),
            _ => {}
        }
    }
}
