//! Cuts a source into chunks of whole lines, each with some text around it.

use std::io::{self, Read};

use super::buffer::Buffer;

/// Bytes of a chunk. Small enough for a core's own cache and what else it holds, so that looking costs no memory
/// traffic.
pub const CHUNK: usize = 256 * 1024;

/// How a source is cut.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a chunk.
    pub chunk: usize,
    /// Bytes of text around it, on either side.
    pub look: usize,
    /// The longest line that is kept; no less than a chunk.
    pub line: usize,
}

/// Lines of a source, with text around them.
#[derive(Debug, Clone, Default)]
pub struct Chunk {
    /// The text.
    pub text: Buffer,
    /// Where the chunk's own lines start in it.
    pub start: usize,
    /// Where they end.
    pub end: usize,
    /// Where the text stands in the source.
    pub base: u64,
    /// Where a line starts that was too long to keep. It is not among the chunk's own.
    pub too_long: Option<u64>,
}

impl Limits {
    /// Number of chunks of a source of this length.
    pub fn count(&self, length: u64) -> u64 {
        length.div_ceil(self.chunk as u64)
    }
}

/// Chunks of a source that can only be read from front to back.
pub struct Chunks<R> {
    limits: Limits,
    reader: R,
    /// What was read and not yet handed out, after the text that precedes it.
    buffer: Vec<u8>,
    /// How much of `buffer` was handed out and is kept as surroundings.
    kept: usize,
    base: u64,
    is_over: bool,
    /// Whether the rest of a line that was too long is being passed over.
    is_skipping: bool,
    /// Why the source broke off, if it did.
    pub broken: Option<io::Error>,
}

impl<R: Read> Chunks<R> {
    /// Begins to read.
    pub fn new(reader: R, limits: Limits) -> Chunks<R> {
        Chunks {
            limits,
            reader,
            buffer: Vec::new(),
            kept: 0,
            base: 0,
            is_over: false,
            is_skipping: false,
            broken: None,
        }
    }

    fn fill(&mut self, length: usize) {
        while !self.is_over && self.buffer.len() < length {
            let missing = (length - self.buffer.len()) as u64;
            match self.reader.by_ref().take(missing).read_to_end(&mut self.buffer) {
                Ok(0) => self.is_over = true,
                Ok(_) => {}
                Err(error) => {
                    self.broken = Some(error);
                    self.is_over = true;
                }
            }
        }
    }

    /// Where the chunk's lines end: at the first line end past the chunk's size; `Err` where a line
    /// starts that is too long.
    fn end(&mut self) -> Result<usize, usize> {
        let mut from = self.kept + self.limits.chunk - 1;
        loop {
            self.fill(from + 1 + self.limits.look);
            let known = from.min(self.buffer.len());
            let newline = memchr::memchr(b'\n', &self.buffer[known..]).map(|newline| known + newline);
            let last = (self.kept + self.limits.chunk).min(self.buffer.len());
            let own = &self.buffer[self.kept..last];
            let own = own.strip_suffix(b"\n").unwrap_or(own);
            let start = memchr::memrchr(b'\n', own).map_or(self.kept, |newline| self.kept + newline + 1);
            if newline.unwrap_or(self.buffer.len()).saturating_sub(start) > self.limits.line {
                return Err(start);
            }
            if let Some(newline) = newline {
                self.fill(newline + 1 + self.limits.look);
                return Ok(newline + 1);
            }
            if self.is_over {
                return Ok(self.buffer.len());
            }
            from = self.buffer.len();
        }
    }

    fn hand_out(&mut self, end: usize, too_long: Option<u64>) -> Chunk {
        let visible = (end + self.limits.look).min(self.buffer.len());
        let text = self.buffer[..visible].to_vec().into();
        let chunk = Chunk { text, start: self.kept, end, base: self.base, too_long };
        let gone = end.saturating_sub(self.limits.look + 1);
        self.buffer.drain(..gone);
        self.base += gone as u64;
        self.kept = end - gone;
        chunk
    }

    /// Passes the rest of a line that is too long over, but for what surrounds the next line.
    fn pass_over(&mut self) {
        while self.is_skipping {
            self.fill(self.kept + self.limits.chunk);
            let newline = memchr::memchr(b'\n', &self.buffer[self.kept..]);
            let passed = newline.map_or(self.buffer.len(), |newline| self.kept + newline);
            let gone = passed.saturating_sub(self.limits.look);
            self.buffer.drain(..gone);
            self.base += gone as u64;
            self.kept = passed - gone + usize::from(newline.is_some());
            self.is_skipping = newline.is_none() && !self.is_over;
        }
    }
}

impl<R: Read> Iterator for Chunks<R> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        self.pass_over();
        self.fill(self.kept + 1);
        if self.buffer.len() <= self.kept {
            return None;
        }
        match self.end() {
            Ok(end) => Some(self.hand_out(end, None)),
            Err(start) => {
                self.is_skipping = true;
                let too_long = Some(self.base + start as u64);
                Some(self.hand_out(start, too_long))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Chunk, Chunks, Limits};

    proptest! {
        #[test]
        fn chunks_are_the_source_however_it_is_cut(text in "[ab\n]{0,80}", chunk in 1usize..20, look in 0usize..9) {
            let limits = Limits { chunk, look, line: 1000 };
            let own = |chunk: Chunk| chunk.text[chunk.start..chunk.end].to_vec();
            let streamed: Vec<u8> = Chunks::new(text.as_bytes(), limits).flat_map(own).collect();
            prop_assert_eq!(&streamed, text.as_bytes());
        }

        #[test]
        fn a_line_that_is_too_long_costs_only_itself(before in "[a\n]{0,20}", after in "[a\n]{0,20}", chunk in 1usize..20) {
            let limits = Limits { chunk, look: 2, line: 100 };
            let text = format!("{before}\n{}\n{after}", "x".repeat(400));
            let kept = format!("{before}\n{after}").into_bytes();
            let streamed: Vec<Chunk> = Chunks::new(text.as_bytes(), limits).collect();
            let parts: Vec<u8> =
                streamed.iter().flat_map(|chunk| chunk.text[chunk.start..chunk.end].to_vec()).collect();
            // What ends the long line stays as an empty line.
            let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).split('\n').filter(|line| !line.is_empty()).count();
            prop_assert_eq!(lines(&parts), lines(&kept));
            prop_assert_eq!(streamed.iter().filter(|chunk| chunk.too_long.is_some()).count(), 1);
        }
    }
}
