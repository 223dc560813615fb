//! A piece of a source, as it is read.

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

impl<'a> Chunk<'a> {
    /// Its own lines.
    pub(super) fn own(&self) -> &'a [u8] {
        &self.text[self.start..self.end]
    }

    /// Where a place in `text` is in the source.
    pub(super) fn offset(&self, at: usize) -> u64 {
        self.base + at as u64
    }

    /// Where the source ends, if this is the end of it.
    pub(super) fn source_end(&self) -> Option<u64> {
        (self.end == self.text.len()).then(|| self.offset(self.end))
    }
}
