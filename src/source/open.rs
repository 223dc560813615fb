//! Opens a file and sees through its compression.

use std::fs::File;
use std::io::{self, Cursor, Read};

use super::Input;
use super::buffer::Buffer;
use super::progress::{Progress, Watched};

/// How much of a source's beginning is looked at to tell its format.
pub const HEAD: usize = 64 * 1024;

/// An open source.
pub struct Opened {
    /// What it begins with, at most [`HEAD`] bytes.
    pub head: Buffer,
    /// What follows the head, decompressed.
    pub rest: Box<dyn Read + Send>,
    /// Its length, if it is a plain file, which can be read in parts.
    pub length: Option<u64>,
}

impl Opened {
    /// Reads the rest of a plain file of at most this many bytes into the head, where it isn't opened and read again.
    /// What a broken source gave before it broke is kept.
    pub fn complete(&mut self, longest: usize, progress: &Progress) {
        let known = self.head.len();
        let length = self.length.and_then(|length| usize::try_from(length).ok());
        if let Some(missing) = length.filter(|length| *length <= longest).and_then(|length| length.checked_sub(known))
            && missing > 0
            && self.head.append(&mut self.rest, missing).is_ok_and(|read| read == missing)
        {
            progress.add(known as u64);
        }
    }

    /// All of it from the start.
    pub fn into_reader(self) -> impl Read + Send {
        Cursor::new(self.head).chain(self.rest)
    }
}

/// Opens a source; gzip and zstd are told by their first bytes. What is read through it counts towards `progress`;
/// whoever reads a plain file in parts counts these. The head is read into the `memory`.
pub fn open(input: &Input, progress: &Progress, memory: Buffer) -> io::Result<Opened> {
    let (mut raw, length): (Box<dyn Read + Send>, Option<u64>) = match input.path() {
        None => (Box::new(io::stdin()), None),
        Some(path) => {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            (Box::new(file), metadata.is_file().then_some(metadata.len()))
        }
    };
    // A file that tells no length, like those of a kernel, may have some.
    let expected = length.and_then(|length| usize::try_from(length).ok()).filter(|length| (1..HEAD).contains(length));
    let start = read_up_to(&mut raw, expected.unwrap_or(HEAD), memory)?;
    let magic = start.get(..4).unwrap_or(&start);
    let is_gzip = magic.starts_with(&[0x1f, 0x8b]);
    let is_zstd = magic == [0x28, 0xb5, 0x2f, 0xfd];
    let is_whole = length == Some(start.len() as u64);
    if length.is_none() || is_gzip || is_zstd || is_whole {
        progress.add(start.len() as u64);
    }
    let raw = Box::new(Watched { reader: raw, progress: progress.clone() });
    if !is_gzip && !is_zstd {
        return Ok(Opened { head: start, rest: raw, length });
    }
    let whole = Cursor::new(start).chain(raw);
    let mut reader: Box<dyn Read + Send> = if is_gzip {
        Box::new(flate2::read::MultiGzDecoder::new(whole))
    } else {
        Box::new(zstd::stream::read::Decoder::new(whole)?)
    };
    let head = read_up_to(&mut reader, HEAD, Buffer::default())?;
    Ok(Opened { head, rest: reader, length: None })
}

/// Reads until `limit` bytes are there or the source ends. What a broken source gave before it
/// broke is kept.
fn read_up_to(reader: &mut dyn Read, limit: usize, mut memory: Buffer) -> io::Result<Buffer> {
    memory.truncate(0);
    match memory.append(reader, limit) {
        Err(error) if memory.is_empty() => Err(error),
        _ => Ok(memory),
    }
}
