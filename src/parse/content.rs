//! Tells records from content: what stands inside a tool's output was printed by a tool, even if it
//! looks like records.

use super::format::{Mark, MarkKind};
use super::region::Sink;
use crate::event::{Defect, RunId};

/// The longest tool output that is believed. One that doesn't end within it has no end: older
/// writers close none, and a killed one can't.
const LONGEST: u64 = 1024 * 1024;

/// Holds candidates back until it is clear that no end of a tool's output makes them content.
#[derive(Debug)]
pub(super) struct Content {
    held: Vec<Mark>,
    /// Where each open output begins: its offset, and its place in `held`.
    open: Vec<(u64, usize)>,
    /// Up to here, what is held is content if a record follows: after a tool's output there is one,
    /// after an agent's last message, which may look like the end of such an output, there is none.
    doubtful: usize,
    /// From here on, an end without a beginning would make everything content: the start of a cut
    /// tail, or the latest end (which a quoted end may have preceded).
    anchor: Option<u64>,
}

impl Content {
    /// For a source or an output whose head may be cut, which begins at `offset`.
    pub(super) fn from(offset: u64) -> Content {
        Content { held: Vec::new(), open: Vec::new(), doubtful: 0, anchor: Some(offset) }
    }

    /// For a source that is whole.
    pub(super) fn whole() -> Content {
        Content { held: Vec::new(), open: Vec::new(), doubtful: 0, anchor: None }
    }

    /// Takes the next candidate, in the output of `run`; gives those that stand, in order.
    pub(super) fn push(&mut self, mark: Mark, run: Option<&RunId>, sink: &mut Sink<'_>) -> Vec<Mark> {
        let is_record = mark.time.is_some() && !matches!(mark.kind, MarkKind::Marker(_));
        if is_record && self.doubtful > 0 {
            self.refuse(0, self.doubtful, run, sink);
        }
        let mut stands = self.expire(mark.offset);
        match mark.kind {
            MarkKind::Open => {
                if self.open.is_empty() {
                    self.doubtful = 0;
                    stands.append(&mut self.held);
                }
                let offset = mark.offset;
                self.held.push(mark);
                self.open.push((offset, self.held.len()));
                self.anchor = Some(offset);
            }
            MarkKind::Close => {
                match self.open.pop() {
                    Some((_, place)) => self.refuse(place, self.held.len(), run, sink),
                    None if self.anchor.is_some() => self.doubtful = self.held.len(),
                    None => {}
                }
                self.anchor = Some(mark.offset);
            }
            MarkKind::Marker(_) if self.open.is_empty() => {
                self.doubtful = 0;
                stands.append(&mut self.held);
                stands.push(mark);
                self.anchor = None;
            }
            _ if self.anchor.is_some() => self.held.push(mark),
            _ => stands.push(mark),
        }
        stands
    }

    /// Drops a part of what is held, and says so.
    fn refuse(&mut self, from: usize, to: usize, run: Option<&RunId>, sink: &mut Sink<'_>) {
        for refused in self.held.drain(from..to).filter(Mark::is_usage) {
            sink.defect(refused.offset, run.cloned(), Defect::QuotedRecord);
        }
        self.doubtful = 0;
    }

    /// Gives what was held back: nothing follows.
    pub(super) fn flush(&mut self) -> Vec<Mark> {
        self.open.clear();
        self.doubtful = 0;
        self.anchor = None;
        std::mem::take(&mut self.held)
    }

    fn expire(&mut self, now: u64) -> Vec<Mark> {
        while self.open.first().is_some_and(|(begin, _)| now.saturating_sub(*begin) > LONGEST) {
            self.open.remove(0);
        }
        match (self.open.first(), self.anchor) {
            // The first candidate held is the beginning of the first output that may still end.
            (Some(&(_, 1)), _) => Vec::new(),
            (Some(&(_, place)), _) => {
                // What stands before the first output that may still end is decided.
                let first = place - 1;
                self.open.iter_mut().for_each(|(_, place)| *place -= first);
                self.held.drain(..first).collect()
            }
            (None, Some(anchor)) if now.saturating_sub(anchor) > LONGEST => {
                self.anchor = None;
                self.doubtful = 0;
                std::mem::take(&mut self.held)
            }
            _ => Vec::new(),
        }
    }
}
