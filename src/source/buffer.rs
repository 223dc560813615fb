//! Memory that sources are read into, one after another.

use std::io::{self, Read};
use std::ops::Deref;

/// How many bytes are left free before those that are read.
///
/// Large pieces of memory begin 0 or 16 bytes behind a page's start, as do the pages of a file that are read from its
/// start. Processors compare the low twelve bits of addresses: a load that lies 16 bytes behind a store by these is
/// taken to depend on it. Where each did, copying took half as long again; a cache line between them is enough.
const LEAD: usize = 64;

/// How much memory is filled before what is kept of it moves to its front. Copying to memory that no cache of a core's
/// own holds is quicker than to a place where the latest bytes stand, by a quarter; looking at it is not slower.
const ROOM: usize = 1280 * 1024;

/// Bytes of a source, in memory that is cleared when it is made and not for each reading.
#[derive(Debug, Clone, Default)]
pub struct Buffer {
    memory: Vec<u8>,
    /// Where the bytes begin in it.
    start: usize,
    length: usize,
}

impl Buffer {
    /// Keeps the first so many bytes.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Drops the first so many bytes.
    pub fn drop_front(&mut self, count: usize) {
        let count = count.min(self.length);
        self.start += count;
        self.length -= count;
    }

    /// Reads so many bytes behind those that are there, or as many as there are, in as few calls as it takes; how
    /// many they were.
    pub fn append<R: Read + ?Sized>(&mut self, source: &mut R, count: usize) -> io::Result<usize> {
        let from = self.length;
        if from == 0 {
            self.start = LEAD;
        } else if self.start + from + count > ROOM {
            self.memory.copy_within(self.start..self.start + from, 0);
            self.start = 0;
        }
        let end = self.start + from + count;
        if self.memory.len() < end {
            self.memory.resize(end, 0);
        }
        while self.start + self.length < end {
            match source.read(&mut self.memory[self.start + self.length..end]) {
                Ok(0) => break,
                Ok(read) => self.length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.length - from)
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.length]
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(memory: Vec<u8>) -> Buffer {
        Buffer { length: memory.len(), start: 0, memory }
    }
}

#[cfg(test)]
mod tests {
    use super::Buffer;

    #[test]
    fn a_reading_leaves_nothing_of_the_one_before() {
        let mut buffer = Buffer::from(b"a longer text".to_vec());
        buffer.truncate(0);
        assert_eq!(buffer.append(&mut b"short".as_slice(), 9).ok(), Some(5));
        assert_eq!(&*buffer, b"short");
        assert_eq!(buffer.append(&mut b"er one".as_slice(), 2).ok(), Some(2));
        assert_eq!(&*buffer, b"shorter");
        buffer.drop_front(5);
        assert_eq!(&*buffer, b"er");
        buffer.drop_front(9);
        assert_eq!(&*buffer, b"");
    }
}
