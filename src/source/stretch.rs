//! Cuts a source that can be read from any place into chunks, and these into stretches that are read in parallel.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use super::buffer::Buffer;
use super::chunk::{Chunk, Limits};

/// Chunks of a stretch: so many that what two stretches share hardly counts.
pub const STRETCH: u64 = 4;

/// Some chunks of a source, read one after another into the same memory: what surrounds one is not read again for
/// the next.
#[derive(Debug)]
pub struct Stretch<R> {
    limits: Limits,
    source: R,
    length: u64,
    /// Those that are still to be read.
    indexes: Range<u64>,
    chunk: Chunk,
    /// Where the source stands, if the chunk holds what precedes that place.
    stands: Option<u64>,
}

impl<R: Read + Seek> Stretch<R> {
    /// Begins to read these chunks of a source of this length, into this memory.
    pub fn new(limits: Limits, source: R, length: u64, indexes: Range<u64>, memory: Buffer) -> Stretch<R> {
        let chunk = Chunk { text: memory, ..Chunk::default() };
        Stretch { limits, source, length, indexes, chunk, stands: None }
    }

    /// The whole of a source of which the head was read already, and nothing else.
    pub fn behind(head: Buffer, limits: Limits, source: R, length: u64) -> Stretch<R> {
        let stands = Some(head.len() as u64);
        let indexes = 0..limits.count(length);
        Stretch { stands, ..Stretch::new(limits, source, length, indexes, head) }
    }

    /// Reads the next chunk: the lines that start in its bytes. A source that shrank gives what is left of it.
    pub fn read_next(&mut self) -> io::Result<Option<&Chunk>> {
        let Some(index) = self.indexes.next() else { return Ok(None) };
        let Limits { chunk: size, look, .. } = self.limits;
        let first = index * size as u64;
        let past = (first + size as u64).min(self.length);
        // A little more than has to be seen, so that the last line's end rarely takes another reading.
        let ahead = (look + look / 4) as u64;
        let mut wanted = past + ahead;
        // A line starts in these bytes if the byte before it is a line end.
        self.begin_at(first.saturating_sub(look as u64 + 1), wanted);
        let base = self.chunk.base;
        let at = |position: u64| (position - base) as usize;
        loop {
            let is_end = self.read_to(wanted)? || wanted >= self.length;
            let text = &self.chunk.text;
            let own = |from: u64| {
                let from = at(from).min(text.len());
                memchr::memchr(b'\n', &text[from..]).map(|newline| from + newline + 1)
            };
            let start = if first == 0 { 0 } else { own(first - 1).unwrap_or(text.len()) };
            let limit = at(past).min(text.len());
            if start >= limit {
                // No line starts here.
                (self.chunk.start, self.chunk.end) = (limit, limit);
                return Ok(Some(&self.chunk));
            }
            self.chunk.start = start;
            match own(past - 1) {
                found if self.is_too_long(limit, found) => {
                    self.drop_last_line(limit);
                    return Ok(Some(&self.chunk));
                }
                Some(end) if end + look <= self.chunk.text.len() || is_end => {
                    self.chunk.end = end;
                    return Ok(Some(&self.chunk));
                }
                None if is_end => {
                    self.chunk.end = self.chunk.text.len();
                    return Ok(Some(&self.chunk));
                }
                Some(end) => wanted = base + end as u64 + ahead,
                None => wanted += size as u64,
            }
        }
    }

    /// The source and the memory, for other stretches.
    pub fn into_parts(self) -> (R, Buffer) {
        (self.source, self.chunk.text)
    }

    /// Has the text begin at this place, with what is known of it up to another one.
    fn begin_at(&mut self, base: u64, past: u64) {
        let Chunk { text, base: known, too_long, .. } = &mut self.chunk;
        let in_text = |place: u64| usize::try_from(place.saturating_sub(*known)).unwrap_or(usize::MAX);
        // A line that was long may have taken more than the next chunk needs, which is read quicker than moved.
        text.truncate(if self.stands.is_some() { in_text(past) } else { 0 });
        text.drop_front(in_text(base));
        *known = base;
        *too_long = None;
    }

    /// Reads up to this place; whether the source ended before.
    fn read_to(&mut self, wanted: u64) -> io::Result<bool> {
        let text = &mut self.chunk.text;
        let from = self.chunk.base + text.len() as u64;
        let missing = wanted.min(self.length).saturating_sub(from) as usize;
        if missing == 0 {
            return Ok(false);
        }
        if self.stands != Some(from) {
            self.source.seek(SeekFrom::Start(from))?;
        }
        let read = text.append(&mut self.source, missing)?;
        self.stands = Some(from + read as u64);
        Ok(read < missing)
    }

    /// Whether the line that runs past the chunk's bytes is longer than any that is kept.
    fn is_too_long(&self, limit: usize, end: Option<usize>) -> bool {
        let text = &self.chunk.text;
        let start = memchr::memrchr(b'\n', &text[..limit]).map_or(0, |newline| newline + 1);
        start < limit && end.map_or(text.len(), |end| end - 1).saturating_sub(start) > self.limits.line
    }

    fn drop_last_line(&mut self, limit: usize) {
        let chunk = &mut self.chunk;
        let start = memchr::memrchr(b'\n', &chunk.text[..limit]).map_or(0, |newline| newline + 1);
        chunk.too_long = Some(chunk.base + start as u64);
        chunk.end = start.max(chunk.start);
        chunk.text.truncate(chunk.end + self.limits.look.min(chunk.text.len() - chunk.end));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::{Buffer, Limits, Stretch};

    /// The own lines of all chunks, and how many lines were too long.
    fn read(text: &str, limits: Limits, per_stretch: u64, head: Option<usize>) -> (Vec<u8>, usize) {
        let (length, count) = (text.len() as u64, limits.count(text.len() as u64));
        let source = || Cursor::new(text.as_bytes());
        let mut stretches: Vec<_> = (0..count)
            .step_by(per_stretch as usize)
            .map(|first| first..(first + per_stretch).min(count))
            .map(|indexes| Stretch::new(limits, source(), length, indexes, Buffer::default()))
            .collect();
        if let Some(head) = head {
            let head = head.min(text.len());
            let mut behind = source();
            behind.set_position(head as u64);
            let head = Buffer::from(text.as_bytes()[..head].to_vec());
            stretches = vec![Stretch::behind(head, limits, behind, length)];
        }
        let (mut own, mut too_long) = (Vec::new(), 0);
        for mut stretch in stretches {
            while let Some(chunk) = stretch.read_next().expect("in memory") {
                own.extend_from_slice(&chunk.text[chunk.start..chunk.end]);
                too_long += usize::from(chunk.too_long.is_some());
                let around = chunk.base as usize..chunk.base as usize + chunk.text.len();
                assert_eq!(&*chunk.text, &text.as_bytes()[around.clone()]);
                let has_look_before = chunk.base == 0 || chunk.start > limits.look;
                let has_look_behind = around.end == text.len() || chunk.end + limits.look <= chunk.text.len();
                assert!(chunk.start == chunk.end || has_look_before && has_look_behind);
            }
        }
        (own, too_long)
    }

    proptest! {
        #[test]
        fn stretches_are_the_source_however_it_is_cut(
            text in "[ab\n]{0,80}",
            chunk in 1usize..20,
            look in 0usize..9,
            per_stretch in 1u64..5,
            head in proptest::option::of(0usize..99),
        ) {
            let limits = Limits { chunk, look, line: 1000 };
            prop_assert_eq!(read(&text, limits, per_stretch, head), (text.clone().into_bytes(), 0));
        }

        #[test]
        fn a_line_that_is_too_long_costs_only_itself(
            before in "[a\n]{0,20}",
            after in "[a\n]{0,20}",
            chunk in 1usize..20,
            per_stretch in 1u64..9,
            head in proptest::option::of(0usize..500),
        ) {
            let limits = Limits { chunk, look: 2, line: 100 };
            let text = format!("{before}\n{}\n{after}", "x".repeat(400));
            prop_assert_eq!(read(&text, limits, per_stretch, head), (format!("{before}\n{after}").into_bytes(), 1));
        }
    }

    #[test]
    fn a_source_that_shrank_gives_what_is_left() {
        let limits = Limits { chunk: 4, look: 2, line: 100 };
        let mut stretch = Stretch::new(limits, Cursor::new(b"ab\ncd\n"), 40, 0..10, Buffer::default());
        let mut own = Vec::new();
        while let Some(chunk) = stretch.read_next().expect("in memory") {
            own.extend_from_slice(&chunk.text[chunk.start..chunk.end]);
        }
        assert_eq!(own, b"ab\ncd\n");
    }
}
