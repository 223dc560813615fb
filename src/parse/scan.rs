//! Finds the lines that matter in a chunk: stateless, so chunks are scanned in parallel.

use std::ops::Range;

use serde::de::IgnoredAny;

use super::content::LONGEST;
use super::format::{Format, Hit, Lines, Seems, Shape};
use super::json::part;
use super::lines::{clean, lines, lines_backwards, lines_forwards, may_be_call, may_be_record};
use super::mark::{Logged, Mark, MarkKind};
use super::needles::Needles;
use super::needs::Needs;
use super::seen::Seen;
use crate::event::{Defect, Fact, Time};

/// A stretch of a source: whole lines that are its own, and what surrounds them.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// The text, with [`super::LOOK`] bytes around the chunk's own lines unless the source ends.
    pub text: &'a [u8],
    /// Where its own lines start in `text`.
    pub start: usize,
    /// Where its own lines end; always after a line end, or at the source's end.
    pub end: usize,
    /// Where `text` stands in the source.
    pub base: u64,
}

/// Looks for several formats' needles at once.
#[derive(Debug)]
pub(super) struct Scanner {
    parts: Vec<&'static Lines>,
    needles: Needles,
    /// Which part each needle belongs to.
    owners: Vec<usize>,
    kind: Kind,
}

/// What a scanner is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bare logs, of which it is told when a chunk's records begin.
    Bare,
    /// Logs with a record on every line: a last line that is none was torn, or is being written.
    Records,
    /// Whatever else there is.
    Other,
}

impl Scanner {
    /// A scanner for these formats.
    pub(super) fn new(parts: Vec<&'static Lines>, kind: Kind) -> Scanner {
        let needles = Needles::new(parts.iter().flat_map(|part| part.needles));
        let owners =
            parts.iter().enumerate().flat_map(|(index, part)| part.needles.iter().map(move |_| index)).collect();
        Scanner { needles, parts, owners, kind }
    }

    /// The candidates among the chunk's own lines, in order.
    pub(super) fn scan(&self, chunk: &Chunk<'_>, needs: Needs, seen: &Seen) -> Vec<Mark> {
        let mut scan = Scan {
            scanner: self,
            chunk,
            needs,
            seen,
            marks: Vec::with_capacity(seen.marks.get()),
            named_until: chunk.start,
            named: 0,
        };
        if self.kind == Kind::Bare {
            scan.began();
        }
        scan.lines();
        if self.kind == Kind::Records {
            scan.ended();
        }
        scan.name_until(chunk.end, None);
        if self.kind == Kind::Other {
            scan.fenced();
        }
        seen.marks.set(scan.marks.len().min(MOST_LIKE));
        scan.marks
    }
}

/// For how many candidates there is room from the start, if the chunk before had so many.
const MOST_LIKE: usize = 1024;

struct Scan<'s, 'a> {
    scanner: &'s Scanner,
    chunk: &'a Chunk<'a>,
    needs: Needs,
    seen: &'s Seen,
    marks: Vec<Mark>,
    /// Up to here, who is named is said.
    named_until: usize,
    /// The parts of which someone is named where no mark since then can part content from records.
    named: u32,
}

impl Scan<'_, '_> {
    /// Glances at every line, where that tells anything, and looks at the stretches between those that are known by it.
    fn lines(&mut self) {
        let mut parts = self.scanner.parts.iter().enumerate();
        let Some((part, glance)) = parts.find_map(|(index, part)| Some((index, part.glance?))) else {
            return self.search(self.chunk.start, self.chunk.end);
        };
        let own = &self.chunk.text[..self.chunk.end];
        let (mut from, mut at) = (self.chunk.start, self.chunk.start);
        while at < own.len() {
            let Some(seems) = glance(own, at) else {
                at = memchr::memchr(b'\n', &own[at..]).map_or(own.len(), |newline| at + newline + 1);
                continue;
            };
            self.search(from, at);
            let end = match seems {
                Seems::Noise(end) => end,
                Seems::Record(end) => {
                    self.read(part, at..end);
                    end
                }
            };
            (from, at) = (end + 1, end + 1);
        }
        self.search(from, own.len());
    }

    /// Reads a line as one of this part.
    fn read(&mut self, part: usize, line: Range<usize>) {
        let Chunk { text, base, .. } = *self.chunk;
        let is_output = self.opened().is_some_and(|since| base + line.start as u64 - since <= LONGEST);
        let hit = Hit { text, line: line.clone(), base, needs: self.needs, seen: self.seen, is_output };
        let known = self.marks.len();
        (self.scanner.parts[part].read)(&hit, &mut self.marks);
        // Who is named in an output that ends here is content.
        let is_end = |mark: &Mark| matches!(mark.kind, MarkKind::Close | MarkKind::MayClose);
        let ends_output = is_output && matches!(&self.marks[known..], [mark] if is_end(mark));
        self.name_before(part, known, line, ends_output);
    }

    /// Reads the lines between two line starts that hold a needle.
    fn search(&mut self, start: usize, stop: usize) {
        if start >= stop {
            return;
        }
        let (scanner, text) = (self.scanner, self.chunk.text);
        let (mut line, mut tried) = (0..0, 0_u32);
        // A needle may begin with the line end before its line.
        scanner.needles.each(text, start.saturating_sub(1), stop, |needle, found| {
            let at = found + usize::from(text[found] == b'\n');
            if at < start || at >= stop {
                return;
            }
            if !line.contains(&at) {
                let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
                let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |newline| at + newline);
                (line, tried) = (start..end, 0);
            }
            let part = scanner.owners[needle];
            if tried & (1 << part) == 0 {
                tried |= 1 << part;
                self.read(part, line.clone());
            }
        });
    }

    /// Says who was named before a line that gave marks of this part, from the `first` on, unless what precedes it is
    /// content: who is named on the line itself is in them.
    fn name_before(&mut self, part: usize, first: usize, line: Range<usize>, is_content: bool) {
        // Not all ask for time: what tells of nothing else is searched for names as if it had not been read.
        let Some(mark) = self.marks[first..].iter().find(|mark| !matches!(mark.kind, MarkKind::Timing(_))) else {
            return;
        };
        let gave = self.marks.len() - first;
        let names = mark.time.is_some() && mark.conversation.is_some();
        if !is_content {
            self.name_until(line.start, names.then_some(part));
            self.marks[first..].rotate_left(gave);
        }
        self.named_until = self.named_until.max(line.end);
        self.named |= u32::from(names) << part;
        let parts = |mark: &Mark| {
            matches!(mark.kind, MarkKind::Close | MarkKind::MayClose | MarkKind::Entry(_) | MarkKind::Marker(_))
        };
        if self.marks[self.marks.len() - gave..].iter().any(parts) {
            self.named = 0;
        }
    }

    /// Where a tool's output began, if that is what the latest mark tells. Ledgers and loop logs have parts in which
    /// none begins.
    fn opened(&self) -> Option<u64> {
        let latest =
            self.marks.last().filter(|latest| self.scanner.kind == Kind::Bare && matches!(latest.kind, MarkKind::Open));
        latest.map(|latest| latest.offset)
    }

    /// Says who was named between the latest marks and `end`, where a record may follow that names someone of this
    /// part by itself.
    ///
    /// The last name of a stretch is all that counts after it, and readings that wait for a name get
    /// its first; so both together say what every line would, however the source is cut.
    fn name_until(&mut self, end: usize, names: Option<usize>) {
        let start = self.named_until.min(end);
        self.named_until = self.named_until.max(end);
        for (index, part) in self.scanner.parts.iter().enumerate() {
            let Some(named_by) = part.named else { continue };
            let text = &self.chunk.text[start..end];
            let named = |(at, line): (usize, &[u8])| Some((start + at, named_by(line, self.seen)?));
            // Where a name stands, nothing waits any more, and what makes that one content makes this one so too.
            let is_first = self.named & (1 << index) == 0;
            let first = if is_first { lines_forwards(text).find_map(named) } else { None };
            if is_first && first.is_none() {
                continue;
            }
            let last = if names == Some(index) { None } else { lines_backwards(text).find_map(named) };
            let last = last.filter(|last| first.as_ref() != Some(last));
            for (at, named) in first.into_iter().chain(last) {
                self.named |= 1 << index;
                self.marks.push(Mark {
                    offset: self.chunk.base + at as u64,
                    harness: part.harness,
                    time: named.time,
                    conversation: Some(named.conversation),
                    kind: MarkKind::Named(named.in_flight),
                });
            }
        }
    }

    /// Where the source ends.
    fn ended(&mut self) {
        let Chunk { text, end, base, .. } = *self.chunk;
        if end == text.len() {
            self.torn_end();
            let offset = base + end as u64;
            let kind = MarkKind::Logged(Logged::End);
            self.marks.push(Mark { offset, harness: None, time: None, conversation: None, kind });
        }
    }

    /// Whether the source ends with a fence, as whole ledgers do, or with a list behind one, as those of workflows may.
    fn fenced(&mut self) {
        let Chunk { text, end, base, .. } = *self.chunk;
        let is_last = |line: &&[u8]| {
            let line = line.trim_ascii();
            !line.is_empty() && !line.starts_with(b"- ") && !line.starts_with(b"### ")
        };
        let last = lines_backwards(&text[..end]).map(|(_, line)| line).find(is_last);
        if end == text.len() && last.is_some_and(|line| clean(line).trim() == "```") {
            let offset = base + end as u64;
            self.marks.push(Mark { offset, harness: None, time: None, conversation: None, kind: MarkKind::Fenced });
        }
    }

    /// What the source ends with, if that is no whole record and wasn't told as one that is torn.
    fn torn_end(&mut self) {
        let Chunk { text, start, end, base } = *self.chunk;
        let own = &text[start..end];
        if own.is_empty() || own.ends_with(b"\n") {
            return;
        }
        let at = start + memchr::memrchr(b'\n', own).map_or(0, |newline| newline + 1);
        let line = clean(&text[at..]);
        // Blocks that were never written are zeros.
        let line = line.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        let offset = base + at as u64;
        let is_told = |mark: &&Mark| mark.offset == offset && matches!(mark.kind, MarkKind::Fact(Fact::Defect(_)));
        if line.is_empty() || self.marks.iter().rev().any(|mark| is_told(&mark)) || part::<IgnoredAny>(line).is_ok() {
            return;
        }
        let harness = self.scanner.parts.first().and_then(|part| part.harness);
        let mark = |kind| Mark { offset, harness, time: None, conversation: None, kind };
        self.marks.push(mark(MarkKind::Fact(Fact::Defect(Defect::Torn))));
        if may_be_call(line.as_bytes()) {
            let torn_of = self.scanner.parts.first().and_then(|part| part.torn_of);
            let conversation = torn_of.and_then(|torn_of| torn_of(line.as_bytes()));
            self.marks.push(mark(MarkKind::Logged(Logged::Lost)).of(conversation));
        }
    }

    /// The time of the first record, which tells echoes in a bare log from its own records.
    fn began(&mut self) {
        let own = &self.chunk.text[self.chunk.start..self.chunk.end];
        let clocks: Vec<fn(&str) -> Option<Time>> = self.scanner.parts.iter().filter_map(|part| part.time).collect();
        if clocks.is_empty() {
            return;
        }
        let first = lines(own).filter(|line| may_be_record(line)).find_map(|line| {
            let line = clean(line);
            clocks.iter().find_map(|clock| clock(&line))
        });
        if first.is_some() {
            let offset = self.chunk.base + self.chunk.start as u64;
            self.marks.push(Mark { offset, harness: None, time: first, conversation: None, kind: MarkKind::Began });
        }
    }
}

/// The lines of a format, if it is one of lines.
pub(super) fn lines_of(format: &'static Format) -> Option<&'static Lines> {
    match &format.shape {
        Shape::Lines(lines) => Some(lines),
        _ => None,
    }
}
