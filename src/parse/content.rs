//! Tells records from content: what stands inside a tool's output was printed by a tool, even if it
//! looks like records. So is what a prompt quotes.

use std::collections::VecDeque;

use super::mark::{Mark, MarkKind, SLACK_MS};
use super::prompts::{Prompts, Quote};
use super::sink::RunSink;
use crate::event::{Defect, Time};

/// The longest tool output that is believed. One that doesn't end within it has no end: older
/// writers close none, and a killed one can't.
pub(super) const LONGEST: u64 = 1024 * 1024;

/// Holds candidates back until it is clear that no end of a tool's output makes them content.
#[derive(Debug, Default)]
pub(super) struct Content {
    held: VecDeque<Mark>,
    /// How many candidates left `held` at its front.
    gone: usize,
    /// The outputs that are open, those within it behind each.
    open: VecDeque<Opening>,
    /// Whether the first of them may have ended where one ended that it quotes.
    may_be_over: bool,
    /// The latest time of a record that stands.
    latest: Option<Time>,
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

/// Where a tool's output begins.
#[derive(Debug)]
struct Opening {
    offset: u64,
    /// When that was written.
    time: Option<Time>,
    /// The number of candidates before its first.
    before: usize,
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

    /// Takes the next candidate; adds those that stand to `stands`, in order.
    pub(super) fn push(&mut self, mark: Mark, sink: &mut RunSink<'_, '_>, stands: &mut Vec<Mark>) {
        let Some(mark) = self.prompts.hold(mark) else { return };
        self.end_prompt(sink, stands);
        self.prompts.learn(&mark);
        if let (MarkKind::Prompt(Some(text)), Some(time)) = (&mark.kind, mark.time)
            && self.open.is_empty()
        {
            self.prompts.begin(*text, time, sink.is_run());
        }
        self.take(mark, sink, stands);
    }

    /// The next run of the source begins.
    pub(super) fn begin_run(&mut self) {
        self.prompts.begin_run();
    }

    /// Decides on what the open prompt quotes, if there is one.
    fn end_prompt(&mut self, sink: &mut RunSink<'_, '_>, stands: &mut Vec<Mark>) {
        for (mark, quote) in self.prompts.end() {
            let defect = match quote {
                Quote::Content => Some(Defect::QuotedRecord),
                Quote::Doubtful => Some(Defect::DoubtfulRecord),
                Quote::Record => None,
            };
            if let Some(defect) = defect.filter(|_| mark.is_usage()) {
                sink.defect(mark.offset, defect);
            }
            if quote != Quote::Content {
                self.take(mark, sink, stands);
            }
        }
    }

    fn take(&mut self, mark: Mark, sink: &mut RunSink<'_, '_>, stands: &mut Vec<Mark>) {
        let is_record = mark.time.is_some() && !mark.is_aside() && !matches!(mark.kind, MarkKind::Marker(_));
        if is_record && self.doubtful > 0 {
            self.refuse(0, self.doubtful, sink);
        }
        self.expire(mark.offset, stands);
        // What an output holds was there before its record was written.
        if self.may_be_over && mark.tells() && self.open.front().is_some_and(|output| mark.time > output.time) {
            self.open.clear();
            self.may_be_over = false;
        }
        match mark.kind {
            MarkKind::Open => {
                if self.open.is_empty() {
                    self.release(self.held.len(), stands);
                }
                self.anchor = Some(mark.offset);
                let (offset, time, before) = (mark.offset, mark.time, self.gone + self.held.len() + 1);
                self.open.push_back(Opening { offset, time, before });
                self.held.push_back(mark);
            }
            // A bare log may hold process after process.
            MarkKind::MayClose { below_footer } if self.open.is_empty() && !(below_footer && sink.is_run()) => {
                if self.anchor.is_some() {
                    self.doubt(self.held.len(), sink);
                }
            }
            MarkKind::Close | MarkKind::MayClose { .. } => {
                match self.open.pop_back() {
                    Some(output) => self.close(output, sink),
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
            _ => {
                self.latest = self.latest.max(time_of(&mark));
                stands.push(mark);
            }
        }
    }

    /// The output that began last ends. One that is older than what stands before the first that is open is quoted
    /// there: all of that is content so far, and this may be its end, too.
    fn close(&mut self, output: Opening, sink: &mut RunSink<'_, '_>) {
        let is_old = self.latest.zip(output.time).is_some_and(|(latest, time)| latest.millis_since(time) > SLACK_MS);
        let quoting = self.open.front().filter(|_| is_old);
        self.may_be_over = quoting.is_some() || (self.may_be_over && !self.open.is_empty());
        let before = quoting.map_or(output.before, |first| first.before);
        self.refuse(before - self.gone, self.held.len(), sink);
        for open in &mut self.open {
            open.before = open.before.min(before);
        }
    }

    /// Whether all that is held is content if a record follows.
    pub(super) fn may_be_all_content(&self) -> bool {
        self.doubtful == self.held.len() && !self.prompts.is_open()
    }

    /// Gives what was held back: nothing follows.
    pub(super) fn flush(&mut self, sink: &mut RunSink<'_, '_>) -> Vec<Mark> {
        let mut stands = Vec::new();
        self.end_prompt(sink, &mut stands);
        self.doubt(self.doubtful, sink);
        self.open.clear();
        self.may_be_over = false;
        self.anchor = None;
        stands.extend(self.held.drain(..));
        stands
    }

    /// Gives what no end can make content any more.
    fn expire(&mut self, now: u64, stands: &mut Vec<Mark>) {
        let is_over = |begin: u64| now.saturating_sub(begin) > LONGEST;
        while self.open.front().is_some_and(|output| is_over(output.offset)) {
            self.open.pop_front();
            self.may_be_over = false;
        }
        match (self.open.front(), self.anchor) {
            (Some(output), _) => self.release((output.before - 1).saturating_sub(self.gone), stands),
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
        self.latest = self.latest.max(self.held.iter().take(count).filter_map(time_of).max());
        stands.extend(self.held.drain(..count));
    }

    /// Says once of each of the first that are held that it may be content.
    fn doubt(&mut self, count: usize, sink: &mut RunSink<'_, '_>) {
        let first =
            self.held.iter().take(count).rposition(|mark| mark.offset < self.doubted).map_or(0, |last| last + 1);
        for mark in self.held.range(first..count) {
            if mark.is_usage() {
                sink.defect(mark.offset, Defect::DoubtfulRecord);
            }
            self.doubted = mark.offset + 1;
        }
    }

    /// Drops a part of what is held, and says so.
    fn refuse(&mut self, from: usize, to: usize, sink: &mut RunSink<'_, '_>) {
        for refused in self.held.drain(from..to).filter(Mark::is_usage) {
            sink.defect(refused.offset, Defect::QuotedRecord);
        }
        self.doubtful = 0;
    }
}

/// When a record was written.
fn time_of(mark: &Mark) -> Option<Time> {
    mark.time.filter(|_| mark.tells())
}
