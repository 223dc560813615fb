//! Which of a ledger's headers stand, and whose output is whose.

use std::collections::HashSet;

use super::FrontMatter;
use crate::event::{Defect, Fact, Id, Run, RunId, Time};
use crate::parse::content::Content;
use crate::parse::mark::{Entry, Mark, MarkKind, Place};
use crate::parse::region::Region;
use crate::parse::sink::Sink;

/// How many entries ahead are asked whether one that claims to be of the future can be true.
const AHEAD: usize = 1000;

/// The ordered pass over a ledger: decides which headers stand, and hands what each run's fence
/// holds to that run.
///
/// Candidates are collected first: whether a header stands depends on those that follow.
#[derive(Debug)]
pub(in crate::parse) struct Pass {
    front: Option<FrontMatter>,
    now: Time,
    /// Harnesses whose records we know; what another one printed tells for itself.
    harnesses: Vec<&'static str>,
    marks: Vec<Mark>,
    /// Whether the ledger ends with a fence.
    is_fenced: bool,
}

impl Pass {
    /// `head` is what the ledger begins with, `now` the time that no entry can be much later than.
    pub(in crate::parse) fn new(head: &[u8], now: Time, harnesses: Vec<&'static str>) -> Pass {
        Pass { front: FrontMatter::read(head), now, harnesses, marks: Vec::new(), is_fenced: false }
    }

    pub(in crate::parse) fn push(&mut self, mark: Mark) {
        match mark.kind {
            MarkKind::Fenced => self.is_fenced = true,
            _ => self.marks.push(mark),
        }
    }

    pub(in crate::parse) fn finish(self, sink: &mut Sink<'_>) {
        let stands = self.standing();
        let last_heading = self.last_headings(&stands);
        let mut open: Option<Output> = None;
        for (mark, stands) in self.marks.into_iter().zip(stands) {
            match (mark.kind, &mut open) {
                (MarkKind::Entry(entry), _) if stands => {
                    if let Some(output) = open.take() {
                        output.finish(sink);
                    }
                    let repo = self.front.as_ref().and_then(|front| front.repo.clone());
                    open = Some(Output::begin(mark.offset, *entry, repo, &self.harnesses, sink));
                }
                (MarkKind::Entry(_), _) => {
                    let run = open.as_ref().and_then(|output| output.region.run());
                    sink.defect(mark.offset, run, Defect::QuotedEntry);
                }
                // Only the last heading of an entry is the writer's.
                (MarkKind::GitSummary, Some(output)) => output.in_summary = last_heading.contains(&mark.offset),
                (kind, Some(output)) => output.push(Mark { kind, ..mark }, sink),
                (_, None) => {}
            }
        }
        match open {
            Some(output) if !self.is_fenced => output.break_off(sink),
            Some(output) => output.finish(sink),
            None => {}
        }
    }

    /// The last git summary's heading of each entry.
    fn last_headings(&self, stands: &[bool]) -> HashSet<u64> {
        let mut headings = HashSet::new();
        let mut last = None;
        for (mark, stands) in self.marks.iter().zip(stands) {
            match mark.kind {
                MarkKind::GitSummary => last = Some(mark.offset),
                MarkKind::Entry(_) if *stands => headings.extend(last.take()),
                _ => {}
            }
        }
        headings.extend(last);
        headings
    }

    /// Whether each mark, if it is an entry's header, is the writer's own: entry times never fall,
    /// run ids never repeat, the name is the ledger's.
    fn standing(&self) -> Vec<bool> {
        let name = self.front.as_ref().map(|front| &front.name);
        let is_named = |entry: &Entry| name.is_some() && entry.run.loop_name.as_ref() == name;
        let (mut latest, mut seen) = (None, HashSet::new());
        // Nothing was printed before the first entry.
        let mut is_output = false;
        let mut stands = Vec::with_capacity(self.marks.len());
        for (index, mark) in self.marks.iter().enumerate() {
            let MarkKind::Entry(entry) = &mark.kind else {
                is_output |= mark.kind == MarkKind::GitSummary;
                stands.push(false);
                continue;
            };
            let is_own = is_named(entry)
                && (entry.place != Place::Text || !is_output)
                && latest.is_none_or(|latest| latest <= entry.appended)
                && !seen.contains(&entry.run.id)
                && !self.is_refuted(index, entry, latest, &seen);
            if is_own {
                latest = Some(entry.appended);
                is_output = entry.output.is_some();
                seen.insert(entry.run.id.clone());
            }
            stands.push(is_own);
        }
        stands
    }

    /// Whether earlier entries follow one that could be the next: it was printed by an agent, not appended.
    ///
    /// Agents also show what a ledger of this name holds, and that is older than the entry it stands in. What they show
    /// begins with a title, stood before, ran while the latest run did, or is older than this ledger.
    fn is_refuted(&self, index: usize, entry: &Entry, latest: Option<Time>, seen: &HashSet<RunId>) -> bool {
        let name = entry.run.loop_name.as_ref();
        let enough = if self.is_of_the_future(entry.appended) { 1 } else { 2 };
        let entries = self.marks[index + 1..].iter().filter_map(|mark| match &mark.kind {
            MarkKind::Entry(later) if later.run.loop_name.as_ref() == name => Some(&**later),
            _ => None,
        });
        let created = self.front.as_ref().and_then(|front| front.created);
        let could_follow = |later: &&Entry| {
            let starts = later.run.started_at.unwrap_or(later.appended);
            later.place != Place::Text
                && later.appended < entry.appended
                && latest.max(created).is_none_or(|latest| latest <= starts)
                && !seen.contains(&later.run.id)
                && later.run.id != entry.run.id
        };
        let until_a_title = entries.take(AHEAD).take_while(|later| later.place != Place::Title);
        until_a_title.filter(could_follow).take(enough).count() == enough
    }

    fn is_of_the_future(&self, appended: Time) -> bool {
        appended > self.now
    }
}

/// One entry's output, while it is read.
#[derive(Debug)]
struct Output {
    region: Region,
    content: Content,
    /// Where its fence opens; `None` without output.
    fence: Option<u64>,
    /// Whether a git summary's heading was passed since.
    in_summary: bool,
}

impl Output {
    fn begin(offset: u64, entry: Entry, repo: Option<Id>, known: &[&str], sink: &mut Sink<'_>) -> Output {
        let run = Run { repo, ..entry.run };
        // A clock that was set back during the run makes its start no bound.
        let start = run.started_at.filter(|start| run.finished_at.is_none_or(|finish| *start <= finish));
        let mut region = Region::in_run(run.id.clone()).since(start);
        if let Some(harness) = run.harness.as_deref().filter(|name| known.contains(name)) {
            region = region.written_by(harness);
        }
        sink.event(offset, None, None, None, Fact::Run(Box::new(run)));
        Output {
            region,
            content: Content::from(entry.output.unwrap_or(offset)),
            fence: entry.output,
            in_summary: false,
        }
    }

    fn push(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        if self.fence.is_none_or(|fence| mark.offset < fence) {
            // Without a fence there is no output.
        } else if self.in_summary && matches!(mark.kind, MarkKind::Fact(Fact::Footer(_))) {
            // Two lines that may stand in any file's text.
        } else {
            // git prints no records: under a true heading there are none, under a forged one they
            // are the run's.
            if self.in_summary && mark.is_usage() {
                sink.defect(mark.offset, self.region.run(), Defect::DoubtfulRecord);
            }
            self.take(mark, sink);
        }
    }

    fn take(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        let mut stands = Vec::new();
        self.content.push(mark, self.region.run().as_ref(), sink, &mut stands);
        for mark in stands {
            self.region.push(mark, sink);
        }
    }

    fn finish(mut self, sink: &mut Sink<'_>) {
        self.flush(sink);
        self.region.finish(sink);
    }

    /// The ledger ends here. An output's fence is closed, if it has one.
    fn break_off(mut self, sink: &mut Sink<'_>) {
        self.flush(sink);
        match self.fence {
            Some(fence) => self.region.break_off(fence, sink),
            None => self.region.finish(sink),
        }
    }

    fn flush(&mut self, sink: &mut Sink<'_>) {
        for mark in self.content.flush(self.region.run().as_ref(), sink) {
            self.region.push(mark, sink);
        }
    }
}
