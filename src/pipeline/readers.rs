//! Those who read sources, and their memory.

use std::sync::{Mutex, PoisonError};

use super::options::Options;
use crate::parse::Seen;
use crate::source::Buffer;

/// How sources are read, and the memory of those who read them.
pub(super) struct Readers<'a> {
    pub(super) options: &'a Options,
    /// A place for each thread, which gets back what its core's own cache may still hold.
    idle: Vec<Mutex<Vec<Reader>>>,
}

/// Memory that chunks are read into, and what was seen lately.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) memory: Buffer,
    pub(super) seen: Seen,
}

impl<'a> Readers<'a> {
    pub(super) fn new(options: &'a Options) -> Readers<'a> {
        let idle = (0..=rayon::current_num_threads()).map(|_| Mutex::default()).collect();
        Readers { options, idle }
    }

    /// An idle reader, or a new one.
    pub(super) fn take(&self) -> Reader {
        let idle = self.place().and_then(|place| place.lock().unwrap_or_else(PoisonError::into_inner).pop());
        idle.unwrap_or_default()
    }

    /// Has a reader wait for what is next.
    pub(super) fn give(&self, reader: Reader) {
        if let Some(place) = self.place() {
            place.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        }
    }

    /// The memory of an idle reader, who goes on waiting.
    pub(super) fn memory(&self) -> Buffer {
        let mut reader = self.take();
        let memory = std::mem::take(&mut reader.memory);
        self.give(reader);
        memory
    }

    /// Gives an idle reader memory to begin with.
    pub(super) fn give_memory(&self, memory: Buffer) {
        let mut reader = self.take();
        reader.memory = memory;
        self.give(reader);
    }

    /// This thread's place; the last is that of threads which read nothing else.
    fn place(&self) -> Option<&Mutex<Vec<Reader>>> {
        rayon::current_thread_index().and_then(|index| self.idle.get(index)).or_else(|| self.idle.last())
    }
}
