//! Finds the lines that matter in a chunk: stateless, so chunks are scanned in parallel.

use std::ops::Range;

use aho_corasick::{AhoCorasick, PatternID, packed};
use memchr::memmem::Finder;

use super::format::{Format, Hit, Lines, Seems, Shape};
use super::lines::{clean, lines, lines_backwards, lines_forwards, may_be_record};
use super::mark::{Mark, MarkKind};
use super::needs::Needs;
use super::seen::Seen;
use crate::event::Time;

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
    /// Whether it tells when a chunk's records begin.
    begins: bool,
}

impl Scanner {
    /// A scanner for these formats; `None` if the needles can't be compiled.
    pub(super) fn new(parts: Vec<&'static Lines>, begins: bool) -> Option<Scanner> {
        let needles: Vec<&'static str> = parts.iter().flat_map(|part| part.needles.iter().copied()).collect();
        let owners =
            parts.iter().enumerate().flat_map(|(index, part)| part.needles.iter().map(move |_| index)).collect();
        Some(Scanner { needles: Needles::new(&needles)?, parts, owners, begins })
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
            listed: usize::MAX,
            records: Vec::new(),
        };
        if self.begins {
            scan.began();
        }
        scan.lines();
        scan.name_until(chunk.end);
        seen.marks.set(scan.marks.len().min(MOST_LIKE));
        scan.marks
    }
}

/// For how many candidates there is room from the start, if the chunk before had so many.
const MOST_LIKE: usize = 1024;

/// A search for several texts at once.
#[derive(Debug)]
enum Needles {
    /// A single one.
    One(Finder<'static>),
    /// With vector instructions: as fast as memory.
    Packed(packed::Searcher),
    /// On processors that lack them.
    Automaton(AhoCorasick),
}

impl Needles {
    fn new(needles: &[&'static str]) -> Option<Needles> {
        if let [needle] = needles {
            return Some(Needles::One(Finder::new(*needle)));
        }
        match packed::Config::new().builder().extend(needles).build() {
            Some(searcher) => Some(Needles::Packed(searcher)),
            None => AhoCorasick::new(needles).ok().map(Needles::Automaton),
        }
    }

    /// The first hit: which needle, and where it starts and ends.
    fn find(&self, text: &[u8]) -> Option<(PatternID, usize, usize)> {
        let found = match self {
            Needles::One(finder) => {
                return finder.find(text).map(|at| (PatternID::ZERO, at, at + finder.needle().len()));
            }
            Needles::Packed(searcher) => searcher.find(text),
            Needles::Automaton(automaton) => automaton.find(text),
        };
        found.map(|found| (found.pattern(), found.start(), found.end()))
    }
}

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
    /// From here on, the starts of lines that may be records are listed.
    listed: usize,
    records: Vec<usize>,
}

impl Scan<'_, '_> {
    /// Glances at every line, where that tells anything, and looks at the stretches between those that are known by it.
    fn lines(&mut self) {
        let mut parts = self.scanner.parts.iter().enumerate();
        let Some((part, glance)) = parts.find_map(|(index, part)| Some((index, part.glance?))) else {
            return self.search(self.chunk.start, self.chunk.end);
        };
        let own = &self.chunk.text[..self.chunk.end];
        let (mut from, mut at, mut like) = (self.chunk.start, self.chunk.start, 0..0);
        self.listed = from;
        while at < own.len() {
            let Some(seems) = glance(own, at, &mut like) else {
                if may_be_record(&own[at..]) {
                    self.records.push(at);
                }
                at = memchr::memchr(b'\n', &own[at..]).map_or(own.len(), |newline| at + newline + 1);
                continue;
            };
            if from < at {
                self.search(from, at);
                self.records.clear();
            }
            let end = match seems {
                Seems::Noise(end) => end,
                Seems::Record(end) => {
                    // The list holds nothing of what stands before it.
                    self.listed = at;
                    self.read(part, at..end);
                    end
                }
            };
            (from, at) = (end + 1, end + 1);
            self.listed = from;
        }
        self.search(from, own.len());
    }

    /// Reads a line as one of this part.
    fn read(&mut self, part: usize, line: Range<usize>) {
        let Chunk { text, base, .. } = *self.chunk;
        let hit = Hit { text, line: line.clone(), base, needs: self.needs, seen: self.seen };
        let known = self.marks.len();
        (self.scanner.parts[part].read)(&hit, &mut self.marks);
        self.name_before(known, line);
    }

    /// Reads the lines between two line starts that hold a needle.
    fn search(&mut self, start: usize, stop: usize) {
        if start >= stop {
            return;
        }
        let text = self.chunk.text;
        // A needle may begin with the line end before its line.
        let mut from = start.saturating_sub(1);
        let (mut line, mut tried) = (0..0, 0_u32);
        while let Some((pattern, hit, end)) = self.scanner.needles.find(&text[from..stop]) {
            let needle = self.scanner.owners[pattern.as_usize()];
            let at = from + hit + usize::from(text[from + hit] == b'\n');
            from += end;
            if at < start {
                continue;
            }
            if !line.contains(&at) {
                let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
                let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |newline| at + newline);
                (line, tried) = (start..end, 0);
            }
            if tried & (1 << needle) != 0 {
                continue;
            }
            tried |= 1 << needle;
            self.read(needle, line.clone());
            if from >= stop {
                break;
            }
        }
    }

    /// Says who was named before a line that gave marks, from the `first` on: who is named on the line
    /// itself is in them.
    fn name_before(&mut self, first: usize, line: Range<usize>) {
        let gave = self.marks.len() - first;
        if gave == 0 {
            return;
        }
        self.name_until(line.start);
        self.marks[first..].rotate_left(gave);
        self.named_until = self.named_until.max(line.end);
        let parts = |mark: &Mark| {
            matches!(mark.kind, MarkKind::Close | MarkKind::MayClose | MarkKind::Entry(_) | MarkKind::Marker(_))
        };
        if self.marks[self.marks.len() - gave..].iter().any(parts) {
            self.named = 0;
        }
    }

    /// Says who was named between the latest marks and `end`.
    ///
    /// The last name of a stretch is all that counts after it, and readings that wait for a name get
    /// its first; so both together say what every line would, however the source is cut.
    fn name_until(&mut self, end: usize) {
        let start = self.named_until.min(end);
        self.named_until = self.named_until.max(end);
        for (index, part) in self.scanner.parts.iter().enumerate() {
            let Some(named_by) = part.named else { continue };
            let text = &self.chunk.text[..end];
            let named = |(at, line): (usize, &[u8])| Some((at, named_by(line, self.seen)?));
            // Where the lines that may be records are listed, the others, of which outputs are full, are passed over.
            let listed = self.listed.clamp(start, end);
            let before = &text[start..listed];
            let line_at = |at: &usize| {
                let line = &text[*at..];
                (*at, &line[..memchr::memchr(b'\n', line).unwrap_or(line.len())])
            };
            let records = self.records.iter().filter(|at| (listed..end).contains(at)).map(line_at);
            // Where a name stands, nothing waits any more, and what makes that one content makes this one so too.
            let is_first = self.named & (1 << index) == 0;
            let moved = |(at, line)| (start + at, line);
            let forwards = || lines_forwards(before).map(moved).chain(records.clone()).find_map(named);
            let first = if is_first { forwards() } else { None };
            if is_first && first.is_none() {
                continue;
            }
            let last = records.clone().rev().chain(lines_backwards(before).map(moved)).find_map(named);
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
