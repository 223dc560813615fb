//! Whose the footers of an output are.

use crate::event::{Fact, Id};
use crate::parse::mark::MarkKind;

/// A footer belongs to the conversation of the first header, not to any that a text mentions. A bare log may hold
/// one session after another: each ends with a footer.
#[derive(Debug, Default)]
pub(super) struct Footers {
    /// The conversation that the output's header names, or else that used tokens last.
    whose: Option<Id>,
    has_header: bool,
    /// Whether there was a footer since.
    has_footer: bool,
}

impl Footers {
    /// Takes the next record of a conversation, in a run's output or a bare log.
    pub(super) fn record(&mut self, kind: &MarkKind, id: &Id, is_bare: bool) {
        let is_over = is_bare && self.has_footer;
        match kind {
            MarkKind::Fact(Fact::Conversation(_)) if !self.has_header || is_over => {
                (self.has_header, self.has_footer) = (true, false);
            }
            MarkKind::Fact(Fact::Call(_) | Fact::Counter(_)) if !self.has_header => {}
            _ => return,
        }
        if self.whose.as_ref() != Some(id) {
            self.whose = Some(id.clone());
        }
    }

    /// Takes the next footer; gives whose it is.
    pub(super) fn footer(&mut self) -> Option<Id> {
        self.has_footer = true;
        self.whose.clone()
    }
}
