//! Records that are no answers and tell of calls whose own records stand elsewhere, if anywhere.

use super::{compaction, tasks, turns};
use crate::event::{Id, Uncounted};

/// Whether a record may tell of such calls.
pub(super) fn may_tell(line: &[u8]) -> bool {
    tasks::seems_note(line) || compaction::seems_boundary(line) || turns::seems_end(line)
}

/// The calls of a conversation that a record tells of.
pub(super) fn told(line: &[u8], conversation: &Id) -> Vec<Uncounted> {
    let mut told = Vec::new();
    if tasks::seems_note(line) {
        told.extend(tasks::told(line, conversation));
    }
    if compaction::seems_boundary(line) {
        told.extend(compaction::told(line, conversation));
    }
    if turns::seems_end(line) {
        told.extend(turns::told(line, conversation));
    }
    told
}
