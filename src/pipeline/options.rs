//! How sources are read.

use crate::event::{Id, Needs, Time};
use crate::parse::LOOK;
use crate::source::{CHUNK, Limits, Progress};

/// How the sources are read.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes of a chunk.
    pub chunk: usize,
    /// The longest line that is kept.
    pub longest_line: usize,
    /// Now: no ledger's entry can be much later.
    pub now: Time,
    /// Which facts to look for.
    pub needs: Needs,
    /// The machine that sources come from which don't name one.
    pub host: Option<Id>,
    /// Told of what was read, as it is read.
    pub progress: Progress,
}

impl Options {
    /// What fits any input, at this time, and gives what reports are made of.
    pub fn at(now: Time) -> Options {
        Options {
            chunk: CHUNK,
            longest_line: 16 * 1024 * 1024,
            now,
            needs: Needs::USAGE,
            host: None,
            progress: Progress::default(),
        }
    }

    pub(super) fn limits(&self) -> Limits {
        Limits { chunk: self.chunk, look: LOOK, line: self.longest_line.max(self.chunk) }
    }
}
