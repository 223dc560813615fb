//! Opens a file and sees through its compression.

use std::fs::File;
use std::io::{self, Cursor, Read};

use super::Input;
use super::buffer::Buffer;
use super::gzip::Gzip;
use super::progress::Progress;

/// How much of a source's beginning is looked at to tell its format.
pub const HEAD: usize = 64 * 1024;

/// An open source.
pub struct Opened {
    /// What it begins with, at most [`HEAD`] bytes.
    pub head: Buffer,
    /// What follows the head.
    pub rest: Rest,
    /// Why its compressed data broke off within the head, if it did.
    pub broken: Option<io::Error>,
    /// Where bytes count that are read from front to back.
    progress: Progress,
}

/// What follows the head of a source.
pub enum Rest {
    /// A plain file of this length, which can be read in parts. It stands behind the head.
    Plain(File, u64),
    /// What can only be read from front to back, decompressed.
    Stream(Box<dyn Read + Send>),
}

impl Opened {
    /// What can only be read from front to back, and counts where it comes from.
    pub fn stream(head: Buffer, rest: Box<dyn Read + Send>) -> Opened {
        Opened { head, rest: Rest::Stream(rest), broken: None, progress: Progress::default() }
    }

    /// A plain file that isn't empty, which stands behind its head, and its length; else the source as it was.
    pub fn into_plain(self) -> Result<(Buffer, File, u64), Opened> {
        match self.rest {
            Rest::Plain(file, length) if length > 0 => Ok((self.head, file, length)),
            rest => Err(Opened { rest, ..self }),
        }
    }

    /// All of it from the start.
    pub fn into_reader(self) -> impl Read + Send {
        let rest: Box<dyn Read + Send> = match (self.broken, self.rest) {
            (Some(error), _) => Box::new(Broken(error)),
            (None, Rest::Plain(file, _)) => Box::new(self.progress.watch(file)),
            (None, Rest::Stream(reader)) => reader,
        };
        Cursor::new(self.head).chain(rest)
    }
}

/// The rest of what broke off: a decompressor isn't asked twice.
struct Broken(io::Error);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(self.0.kind(), self.0.to_string()))
    }
}

impl Rest {
    fn reader(&mut self) -> &mut dyn Read {
        match self {
            Rest::Plain(file, _) => file,
            Rest::Stream(reader) => reader,
        }
    }
}

/// Opens a source; gzip and zstd are told by their first bytes. What is read through it counts towards `progress`;
/// whoever reads a plain file in parts counts these. The head is read into the `memory`.
pub fn open(input: &Input, progress: &Progress, memory: Buffer) -> io::Result<Opened> {
    let (mut raw, length) = match input.path() {
        None => (Rest::Stream(Box::new(progress.watch(io::stdin()))), None),
        Some(path) => {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            if metadata.is_file() {
                (Rest::Plain(file, metadata.len()), Some(metadata.len()))
            } else {
                (Rest::Stream(Box::new(progress.watch(file))), None)
            }
        }
    };
    // A file that tells no length, like those of a kernel, may have some.
    let expected = length.and_then(|length| usize::try_from(length).ok()).filter(|length| (1..HEAD).contains(length));
    let start = read_up_to(raw.reader(), expected.unwrap_or(HEAD), memory)?;
    let magic = start.get(..4).unwrap_or(&start);
    let is_gzip = magic.starts_with(&[0x1f, 0x8b]);
    let is_zstd = magic == [0x28, 0xb5, 0x2f, 0xfd];
    let is_compressed = is_gzip || is_zstd;
    if length.is_some_and(|length| is_compressed || length == start.len() as u64) {
        progress.add(start.len() as u64);
    }
    let opened = Opened { head: start, rest: raw, broken: None, progress: progress.clone() };
    if !is_compressed {
        return Ok(opened);
    }
    let whole = opened.into_reader();
    let mut reader: Box<dyn Read + Send> =
        if is_gzip { Box::new(Gzip::new(whole)) } else { Box::new(zstd::stream::read::Decoder::new(whole)?) };
    let mut head = Buffer::default();
    let broken = match head.append(&mut reader, HEAD) {
        Err(error) if head.is_empty() => return Err(error),
        read => read.err(),
    };
    Ok(Opened { broken, ..Opened::stream(head, reader) })
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
