//! Tells records from content: what stands inside a tool's output was printed by a tool, even if it
//! looks like records. So is what a prompt quotes.

use std::collections::VecDeque;

use super::mark::{Mark, MarkKind};
use super::prompts::{Prompts, Quote};
use super::sink::Sink;
use crate::event::{Defect, RunId};

/// The longest tool output that is believed. One that doesn't end within it has no end: older
/// writers close none, and a killed one can't.
pub(super) const LONGEST: u64 = 1024 * 1024;

/// Holds candidates back until it is clear that no end of a tool's output makes them content.
#[derive(Debug, Default)]
pub(super) struct Content {
    held: VecDeque<Mark>,
    /// How many candidates left `held` at its front.
    gone: usize,
    /// Where each open output begins: its offset, and the number of candidates before its first.
    open: VecDeque<(u64, usize)>,
    /// So many of what is held are content if a record follows: after a tool's output there is one,
    /// after an agent's last message, which may look like the end of such an output, there is none.
    doubtful: usize,
    /// Up to here, that it may be content was said.
    doubted: u64,
    /// From here on, an end without a beginning would make everything content: the start of a cut
    /// tail, or the latest end (which a quoted end may have preceded).
    anchor: Option<u64>,
    prompts: Prompts,
}

impl Content {
    /// For a source or an output whose head may be cut, which begins at `offset`.
    pub(super) fn from(offset: u64) -> Content {
        Content { anchor: Some(offset), ..Content::default() }
    }

    /// For a source that is whole.
    pub(super) fn whole() -> Content {
        Content::default()
    }

    /// Takes the next candidate, in the output of `run`; adds those that stand to `stands`, in order.
    pub(super) fn push(&mut self, mark: Mark, run: Option<&RunId>, sink: &mut Sink<'_>, stands: &mut Vec<Mark>) {
        let Some(mark) = self.prompts.hold(mark) else { return };
        self.end_prompt(run, sink, stands);
        self.prompts.learn(&mark);
        if let (MarkKind::Prompt(Some(text)), Some(time)) = (&mark.kind, mark.time)
            && self.open.is_empty()
        {
            self.prompts.begin(*text, time, run.is_some());
        }
        self.take(mark, run, sink, stands);
    }

    /// The next run of the source begins.
    pub(super) fn begin_run(&mut self) {
        self.prompts.begin_run();
    }

    /// Decides on what the open prompt quotes, if there is one.
    fn end_prompt(&mut self, run: Option<&RunId>, sink: &mut Sink<'_>, stands: &mut Vec<Mark>) {
        for (mark, quote) in self.prompts.end() {
            let defect = match quote {
                Quote::Content => Some(Defect::QuotedRecord),
                Quote::Doubtful => Some(Defect::DoubtfulRecord),
                Quote::Record => None,
            };
            if let Some(defect) = defect.filter(|_| mark.is_usage()) {
                sink.defect(mark.offset, run.cloned(), defect);
            }
            if quote != Quote::Content {
                self.take(mark, run, sink, stands);
            }
        }
    }

    fn take(&mut self, mark: Mark, run: Option<&RunId>, sink: &mut Sink<'_>, stands: &mut Vec<Mark>) {
        let is_record = mark.time.is_some() && !mark.is_aside() && !matches!(mark.kind, MarkKind::Marker(_));
        if is_record && self.doubtful > 0 {
            self.refuse(0, self.doubtful, run, sink);
        }
        self.expire(mark.offset, stands);
        match mark.kind {
            MarkKind::Open => {
                if self.open.is_empty() {
                    self.release(self.held.len(), stands);
                }
                self.anchor = Some(mark.offset);
                self.open.push_back((mark.offset, self.gone + self.held.len() + 1));
                self.held.push_back(mark);
            }
            // A bare log may hold process after process.
            MarkKind::MayClose(below_footer) if self.open.is_empty() && !(below_footer && run.is_some()) => {
                if self.anchor.is_some() {
                    self.doubt(self.held.len(), run, sink);
                }
            }
            MarkKind::Close | MarkKind::MayClose(_) => {
                match self.open.pop_back() {
                    Some((_, before)) => self.refuse(before - self.gone, self.held.len(), run, sink),
                    None if self.anchor.is_some() => self.doubtful = self.held.len(),
                    None => {}
                }
                self.anchor = Some(mark.offset);
            }
            MarkKind::Marker(_) if self.open.is_empty() => {
                self.release(self.held.len(), stands);
                stands.push(mark);
                self.anchor = None;
            }
            _ if self.anchor.is_some() => self.held.push_back(mark),
            _ => stands.push(mark),
        }
    }

    /// Whether all that is held is content if a record follows.
    pub(super) fn may_be_all_content(&self) -> bool {
        self.doubtful == self.held.len() && !self.prompts.is_open()
    }

    /// Gives what was held back: nothing follows.
    pub(super) fn flush(&mut self, run: Option<&RunId>, sink: &mut Sink<'_>) -> Vec<Mark> {
        let mut stands = Vec::new();
        self.end_prompt(run, sink, &mut stands);
        self.doubt(self.doubtful, run, sink);
        self.open.clear();
        self.anchor = None;
        stands.extend(self.held.drain(..));
        stands
    }

    /// Gives what no end can make content any more.
    fn expire(&mut self, now: u64, stands: &mut Vec<Mark>) {
        let is_over = |begin: u64| now.saturating_sub(begin) > LONGEST;
        while self.open.front().is_some_and(|(begin, _)| is_over(*begin)) {
            self.open.pop_front();
        }
        match (self.open.front(), self.anchor) {
            (Some(&(_, before)), _) => self.release((before - 1).saturating_sub(self.gone), stands),
            (None, Some(anchor)) if is_over(anchor) => {
                self.anchor = None;
                self.release(self.held.len(), stands);
            }
            _ => {}
        }
    }

    /// Lets the first candidates go.
    fn release(&mut self, count: usize, stands: &mut Vec<Mark>) {
        self.doubtful = self.doubtful.saturating_sub(count);
        self.gone += count;
        stands.extend(self.held.drain(..count));
    }

    /// Says once of each of the first that are held that it may be content.
    fn doubt(&mut self, count: usize, run: Option<&RunId>, sink: &mut Sink<'_>) {
        let first =
            self.held.iter().take(count).rposition(|mark| mark.offset < self.doubted).map_or(0, |last| last + 1);
        for mark in self.held.range(first..count) {
            if mark.is_usage() {
                sink.defect(mark.offset, run.cloned(), Defect::DoubtfulRecord);
            }
            self.doubted = mark.offset + 1;
        }
    }

    /// Drops a part of what is held, and says so.
    fn refuse(&mut self, from: usize, to: usize, run: Option<&RunId>, sink: &mut Sink<'_>) {
        for refused in self.held.drain(from..to).filter(Mark::is_usage) {
            sink.defect(refused.offset, run.cloned(), Defect::QuotedRecord);
        }
        self.doubtful = 0;
    }
}
