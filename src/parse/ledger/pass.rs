//! Which of a ledger's headers stand, and whose output is whose.

use std::collections::{HashSet, VecDeque};

use super::front_matter::FrontMatter;
use crate::event::{Defect, Fact, Id, Run, RunId, Time};
use crate::parse::content::{Content, LONGEST};
use crate::parse::mark::{Behind, Entry, Mark, MarkKind};
use crate::parse::region::Region;
use crate::parse::sink::Sink;

/// How many entries ahead are asked whether one that claims to be of the future can be true.
const AHEAD: usize = 1000;

/// How far ahead they may stand: that much of a ledger's candidates is held in memory. Bytes, as where a ledger is cut
/// into chunks and what is asked of it change how many candidates there are.
const AHEAD_BYTES: u64 = 2 * 1024 * 1024;

/// The ordered pass over a ledger: decides which headers stand, and hands what each run's fence
/// holds to that run.
///
/// Candidates wait from the first header on that those which follow may still refute.
#[derive(Debug)]
pub(in crate::parse) struct Pass {
    front: Option<FrontMatter>,
    now: Time,
    /// Harnesses whose records we know; what another one printed tells for itself.
    harnesses: Vec<&'static str>,
    /// A header, and all that follows it.
    held: VecDeque<Mark>,
    /// Those of them that are headers of this ledger's name.
    headers: VecDeque<Header>,
    /// When the latest entry that stands was appended.
    latest: Option<Time>,
    seen: HashSet<RunId>,
    /// Whether something may have been printed since: nothing was before the first entry.
    is_output: bool,
    open: Option<Output>,
    /// Whether the ledger ends with a fence.
    is_fenced: bool,
}

/// What may refute an earlier header.
#[derive(Debug)]
struct Header {
    offset: u64,
    appended: Time,
    starts: Time,
    run: RunId,
    behind: Behind,
}

impl Pass {
    /// `head` is what the ledger begins with, `now` the time that no entry can be much later than.
    pub(in crate::parse) fn new(head: &[u8], now: Time, harnesses: Vec<&'static str>) -> Pass {
        Pass {
            front: FrontMatter::read(head),
            now,
            harnesses,
            held: VecDeque::new(),
            headers: VecDeque::new(),
            latest: None,
            seen: HashSet::new(),
            is_output: false,
            open: None,
            is_fenced: false,
        }
    }

    pub(in crate::parse) fn push(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        let offset = mark.offset;
        match &mark.kind {
            MarkKind::Fenced => self.is_fenced = true,
            MarkKind::Entry(entry) => {
                if self.is_named(entry) {
                    self.headers.push_back(Header::of(offset, entry));
                }
                self.held.push_back(mark);
            }
            _ if self.held.is_empty() => self.take(mark, sink),
            _ => self.held.push_back(mark),
        }
        while self.held.front().is_some_and(|first| is_far(first.offset, offset)) || self.headers.len() > AHEAD {
            self.decide(sink);
        }
    }

    pub(in crate::parse) fn finish(mut self, sink: &mut Sink<'_>) {
        while !self.held.is_empty() {
            self.decide(sink);
        }
        match self.open {
            Some(output) if !self.is_fenced => output.break_off(sink),
            Some(output) => output.finish(sink),
            None => {}
        }
    }

    /// Decides whether the header stands that waits first, and lets go all that follows, up to the next header.
    fn decide(&mut self, sink: &mut Sink<'_>) {
        if let Some(first) = self.held.pop_front() {
            self.take(first, sink);
        }
        while let Some(next) = self.held.pop_front_if(|next| !matches!(next.kind, MarkKind::Entry(_))) {
            self.take(next, sink);
        }
    }

    /// Takes the next candidate.
    fn take(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        match (mark.kind, &mut self.open) {
            (MarkKind::Entry(entry), _) => self.entry(mark.offset, *entry, sink),
            (kind, Some(output)) => {
                self.is_output |= kind == MarkKind::GitSummary;
                output.push(Mark { kind, ..mark }, sink);
            }
            (kind, None) => self.is_output |= kind == MarkKind::GitSummary,
        }
    }

    /// Takes a header. It is the writer's own if entry times never fall, run ids never repeat, and the name is the
    /// ledger's.
    fn entry(&mut self, offset: u64, entry: Entry, sink: &mut Sink<'_>) {
        if self.is_named(&entry) {
            self.headers.pop_front();
        }
        let is_own = self.is_named(&entry)
            && (entry.behind != Behind::Text || !self.is_output)
            && self.latest.is_none_or(|latest| latest <= entry.appended)
            && !self.seen.contains(&entry.run.id)
            && !self.is_refuted(offset, &entry);
        if !is_own {
            let run = self.open.as_ref().and_then(|output| output.region.run());
            return sink.defect(offset, run.cloned(), Defect::QuotedEntry);
        }
        self.latest = Some(entry.appended);
        self.is_output = entry.output.is_some();
        self.seen.insert(entry.run.id.clone());
        if let Some(output) = self.open.take() {
            output.finish(sink);
        }
        let repo = self.front.as_ref().and_then(|front| front.repo.clone());
        self.open = Some(Output::begin(offset, entry, repo, &self.harnesses, sink));
    }

    fn is_named(&self, entry: &Entry) -> bool {
        self.front.as_ref().is_some_and(|front| entry.run.loop_name.as_ref() == Some(&front.name))
    }

    /// Whether earlier entries follow one that could be the next: it was printed by an agent, not appended.
    ///
    /// Agents also show what a ledger of this name holds, and that is older than the entry it stands in. What they show
    /// begins with a title, stood before, ran while the latest run did, or is older than this ledger.
    fn is_refuted(&self, offset: u64, entry: &Entry) -> bool {
        let enough = if self.is_of_the_future(entry.appended) { 1 } else { 2 };
        let created = self.front.as_ref().and_then(|front| front.created);
        let could_follow = |later: &&Header| {
            later.behind != Behind::Text
                && later.appended < entry.appended
                && self.latest.max(created).is_none_or(|latest| latest <= later.starts)
                && !self.seen.contains(&later.run)
                && later.run != entry.run.id
        };
        let ahead = self.headers.iter().take(AHEAD).take_while(|later| !is_far(offset, later.offset));
        let until_a_title = ahead.take_while(|later| later.behind != Behind::Title);
        until_a_title.filter(could_follow).take(enough).count() == enough
    }

    fn is_of_the_future(&self, appended: Time) -> bool {
        appended > self.now
    }
}

/// Whether what stands at `offset` says nothing of a header that stands at `header`.
fn is_far(header: u64, offset: u64) -> bool {
    offset.saturating_sub(header) > AHEAD_BYTES
}

impl Header {
    fn of(offset: u64, entry: &Entry) -> Header {
        let starts = entry.run.started_at.unwrap_or(entry.appended);
        Header { offset, appended: entry.appended, starts, run: entry.run.id.clone(), behind: entry.behind }
    }
}

/// One entry's output, while it is read.
#[derive(Debug)]
struct Output {
    region: Region,
    content: Content,
    /// Where its fence opens; `None` without output.
    fence: Option<u64>,
    /// Where the latest git summary's heading stands, and what followed it: only the last heading is the writer's.
    summary: Option<(u64, Vec<Mark>)>,
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
        Output { region, content: Content::from(entry.output.unwrap_or(offset)), fence: entry.output, summary: None }
    }

    fn push(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        if self.fence.is_none_or(|fence| mark.offset < fence) {
            // Without a fence there is no output.
            return;
        }
        if mark.kind == MarkKind::GitSummary {
            self.end_summary(sink);
            self.summary = Some((mark.offset, Vec::new()));
            return;
        }
        // No summary is as long as that.
        if self.summary.as_ref().is_some_and(|(heading, _)| mark.offset.saturating_sub(*heading) > LONGEST) {
            self.end_summary(sink);
        }
        match &mut self.summary {
            Some((_, held)) => held.push(mark),
            None => self.take(mark, sink),
        }
    }

    /// What was held of a summary is output after all.
    fn end_summary(&mut self, sink: &mut Sink<'_>) {
        for mark in self.summary.take().map(|(_, held)| held).unwrap_or_default() {
            self.take(mark, sink);
        }
    }

    fn take(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        let mut stands = Vec::new();
        self.content.push(mark, &mut sink.in_run(self.region.run()), &mut stands);
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
        for mark in self.summary.take().map(|(_, held)| held).unwrap_or_default() {
            // Two lines that may stand in any file's text.
            if matches!(mark.kind, MarkKind::Fact(Fact::Footer(_))) {
                continue;
            }
            // git prints no records: under a true heading there are none, under a forged one they are the run's.
            if mark.is_usage() {
                sink.defect(mark.offset, self.region.run().cloned(), Defect::DoubtfulRecord);
            }
            self.take(mark, sink);
        }
        for mark in self.content.flush(&mut sink.in_run(self.region.run())) {
            self.region.push(mark, sink);
        }
    }
}

#[cfg(test)]
mod tests;
