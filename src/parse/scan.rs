//! Finds the lines that matter in a chunk: stateless, so chunks are scanned in parallel.

use aho_corasick::{AhoCorasick, PatternID, packed};

use super::format::{Format, Hit, Lines, Mark, MarkKind, Shape};
use super::lines::{clean, lines};
use super::needs::Needs;
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
}

impl Scanner {
    /// A scanner for these formats; `None` if the needles can't be compiled.
    pub(super) fn new(parts: Vec<&'static Lines>) -> Option<Scanner> {
        let needles: Vec<&str> = parts.iter().flat_map(|part| part.needles.iter().copied()).collect();
        let owners =
            parts.iter().enumerate().flat_map(|(index, part)| part.needles.iter().map(move |_| index)).collect();
        Some(Scanner { needles: Needles::new(&needles)?, parts, owners })
    }

    /// The candidates among the chunk's own lines, in order.
    pub(super) fn scan(&self, chunk: &Chunk<'_>, needs: Needs) -> Vec<Mark> {
        let mut scan = Scan { scanner: self, chunk, needs, marks: Vec::new(), named_until: chunk.start };
        scan.began();
        scan.lines();
        scan.name_until(chunk.end);
        scan.marks
    }
}

/// A search for several texts at once.
#[derive(Debug)]
enum Needles {
    /// With vector instructions: as fast as memory.
    Packed(packed::Searcher),
    /// On processors that lack them.
    Automaton(AhoCorasick),
}

impl Needles {
    fn new(needles: &[&str]) -> Option<Needles> {
        match packed::Config::new().builder().extend(needles).build() {
            Some(searcher) => Some(Needles::Packed(searcher)),
            None => AhoCorasick::new(needles).ok().map(Needles::Automaton),
        }
    }

    /// The first hit: which needle, and where it starts and ends.
    fn find(&self, text: &[u8]) -> Option<(PatternID, usize, usize)> {
        let found = match self {
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
    marks: Vec<Mark>,
    /// Up to here, who is named last is known.
    named_until: usize,
}

impl Scan<'_, '_> {
    /// Looks at the stretches between lines that are surely of no interest.
    fn lines(&mut self) {
        let Some(is_noise) = self.scanner.parts.iter().find_map(|part| part.is_noise) else {
            return self.search(self.chunk.start, self.chunk.end);
        };
        let (mut from, mut at) = (self.chunk.start, self.chunk.start);
        let own = &self.chunk.text[..self.chunk.end];
        while at < self.chunk.end {
            let end = memchr::memchr(b'\n', &own[at..]).map_or(own.len(), |newline| at + newline);
            let next = (end + 1).min(own.len());
            if is_noise(&own[at..end]) {
                self.search(from, at);
                from = next;
            }
            at = next;
        }
        self.search(from, self.chunk.end);
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
            let hit = Hit { text, line: line.clone(), base: self.chunk.base, needs: self.needs };
            let known = self.marks.len();
            (self.scanner.parts[needle].read)(&hit, &mut self.marks);
            if self.marks.len() > known {
                self.name(known, line.start, line.end);
            }
            if from >= stop {
                break;
            }
        }
    }

    /// Says who was named last before a mark that depends on it, and before one that parts what is
    /// content from what isn't.
    fn name(&mut self, first: usize, start: usize, end: usize) {
        if self.marks[first..].iter().any(needs_name) {
            let marks = self.marks.split_off(first);
            self.name_until(start);
            self.marks.extend(marks);
        }
        if self.marks[first..].iter().any(|mark| mark.conversation.is_some()) {
            self.named_until = self.named_until.max(end);
        }
    }

    fn name_until(&mut self, end: usize) {
        let from = self.named_until.min(end);
        self.named_until = end;
        for part in &self.scanner.parts {
            let Some(named) = part.last_named.and_then(|last_named| last_named(&self.chunk.text[from..end])) else {
                continue;
            };
            self.marks.push(Mark {
                offset: self.chunk.base + (from + named.at) as u64,
                harness: part.harness,
                time: named.time,
                conversation: Some(named.conversation),
                kind: MarkKind::Named(named.in_flight),
            });
        }
    }

    /// The time of the first record, which tells echoes in a bare log from its own records.
    fn began(&mut self) {
        let own = &self.chunk.text[self.chunk.start..self.chunk.end];
        let clocks: Vec<fn(&str) -> Option<Time>> = self.scanner.parts.iter().filter_map(|part| part.time).collect();
        if clocks.is_empty() {
            return;
        }
        let looks_timed =
            |line: &&[u8]| line.first().is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, 0x1b | 0xef));
        let first = lines(own).filter(looks_timed).find_map(|line| {
            let line = clean(line);
            clocks.iter().find_map(|clock| clock(&line))
        });
        if first.is_some() {
            let offset = self.chunk.base + self.chunk.start as u64;
            self.marks.push(Mark { offset, harness: None, time: first, conversation: None, kind: MarkKind::Began });
        }
    }
}

/// Whether a mark depends on who was named before it, or parts what is content from what isn't.
fn needs_name(mark: &Mark) -> bool {
    match &mark.kind {
        MarkKind::Fact(_) => mark.conversation.is_none(),
        MarkKind::Close | MarkKind::Entry(_) | MarkKind::GitSummary | MarkKind::Marker(_) => true,
        _ => false,
    }
}

/// The lines of a format, if it is one of lines.
pub(super) fn lines_of(format: &'static Format) -> Option<&'static Lines> {
    match &format.shape {
        Shape::Lines(lines) => Some(lines),
        _ => None,
    }
}
