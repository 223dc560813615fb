//! Finds the lines that matter in a chunk: stateless, so chunks are scanned in parallel.

use std::ops::Range;

use super::chunk::Chunk;
use super::content::LONGEST;
use super::edges;
use super::format::{Hit, Lines, Seems};
use super::lines::{lines_backwards, lines_forwards};
use super::mark::{Mark, MarkKind};
use super::needles::Needles;
use super::seen::Seen;
use crate::event::Needs;

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
            scan.marks.extend(edges::began(chunk, &self.parts));
        }
        scan.lines();
        if self.kind == Kind::Records {
            edges::ended(chunk, &self.parts, &mut scan.marks);
        }
        scan.name_until(chunk.end, None);
        if self.kind == Kind::Other {
            scan.marks.extend(edges::fenced(chunk));
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
            let newline = || memchr::memchr(b'\n', &own[at..]).map(|length| at + length);
            let seems = match glance(own, at) {
                Some(seems) => seems,
                // It may be torn before the needle that tells what it is.
                None => match newline() {
                    Some(end) if is_open(&own[at..end]) => Seems::Record(end),
                    end => {
                        at = end.map_or(own.len(), |end| end + 1);
                        continue;
                    }
                },
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
        let is_end = |mark: &Mark| matches!(mark.kind, MarkKind::Close | MarkKind::MayClose { .. });
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
            matches!(mark.kind, MarkKind::Close | MarkKind::MayClose { .. } | MarkKind::Entry(_) | MarkKind::Marker(_))
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
                    offset: self.chunk.offset(at),
                    harness: part.harness,
                    time: named.time,
                    conversation: Some(named.conversation),
                    kind: MarkKind::Named { in_flight: named.in_flight },
                });
            }
        }
    }
}

/// Whether a line begins as records do and doesn't end so.
fn is_open(line: &[u8]) -> bool {
    line.starts_with(b"{") && !line.trim_ascii_end().ends_with(b"}")
}
