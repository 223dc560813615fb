//! A source of lines, in chunks that are scanned in parallel and decided on in order.

use std::fs::File;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::Options;
use super::produce::{Named, bare};
use super::readers::{Reader, Readers};
use crate::event::{Defect, Fact};
use crate::parse::{self, Mark, Reading};
use crate::source::{Chunk, Chunks, Input, Opened};

/// How many chunks' bytes a plain file may have that is read as one: cut in two, it would be opened twice, and parts
/// of it read twice.
const AS_ONE: usize = 2;

/// Reads a source of lines, in parallel where that pays.
pub(super) fn read_lines(
    input: &Input,
    mut opened: Opened,
    mut reading: Reading,
    readers: &Readers<'_>,
    out: &mut Named<'_, '_>,
) -> std::io::Result<u64> {
    let as_one = readers.options.chunk.saturating_mul(AS_ONE);
    opened.complete(as_one, &readers.options.progress);
    match (input.path(), opened.length) {
        // What fits in the head is not read twice.
        (Some(path), Some(length)) if length > opened.head.len() as u64 => {
            readers.give_memory(opened.head);
            read_parts(path, length, reading, readers, out)?;
            Ok(length)
        }
        // What fits is one chunk.
        (_, Some(length)) if length == opened.head.len() as u64 && opened.head.len() <= as_one => {
            let mut reader = readers.take();
            reader.chunk = Chunk { end: opened.head.len(), text: opened.head, ..Chunk::default() };
            let scanned = reader.scan(&reading);
            readers.give(reader);
            take(&mut reading, scanned, out);
            reading.finish(&mut |event| out.push(event));
            Ok(length)
        }
        _ => read_stream(opened, reading, readers.options, out),
    }
}

/// Reads a plain file in parts, several at once.
fn read_parts(
    path: &std::path::Path,
    length: u64,
    mut reading: Reading,
    readers: &Readers<'_>,
    out: &mut Named<'_, '_>,
) -> std::io::Result<()> {
    let options = readers.options;
    let limits = options.limits();
    let count = limits.count(length);
    let at_once = 8 * rayon::current_num_threads() as u64;
    let files: Mutex<Vec<File>> = Mutex::default();
    let mut first = 0;
    while first < count && !out.is_stopped() {
        let part = first..(first + at_once).min(count);
        let read_part = |index| -> std::io::Result<Scanned> {
            let idle = files.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut file = idle.map_or_else(|| File::open(path), Ok)?;
            let mut reader = readers.take();
            limits.read(&mut file, length, index, &mut reader.chunk)?;
            files.lock().unwrap_or_else(PoisonError::into_inner).push(file);
            let scanned = reader.scan(&reading);
            options.progress.add((reader.chunk.end - reader.chunk.start) as u64);
            readers.give(reader);
            Ok(scanned)
        };
        let scanned: Vec<std::io::Result<Scanned>> = part.clone().into_par_iter().map(read_part).collect();
        for scanned in scanned {
            take(&mut reading, scanned?, out);
        }
        first = part.end;
    }
    reading.finish(&mut |event| out.push(event));
    Ok(())
}

/// Reads what comes as a stream: standard input, compressed files, rows of a database.
pub(super) fn read_stream(
    opened: Opened,
    mut reading: Reading,
    options: &Options,
    out: &mut Named<'_, '_>,
) -> std::io::Result<u64> {
    let mut chunks = Chunks::new(opened.into_reader(), options.limits());
    let at_once = 2 * rayon::current_num_threads();
    let mut bytes = 0;
    while !out.is_stopped() {
        let batch: Vec<Chunk> = chunks.by_ref().take(at_once).collect();
        let Some(last) = batch.last() else { break };
        bytes = last.base + last.end as u64;
        let scanned: Vec<Scanned> =
            batch.into_par_iter().map(|chunk| Reader { chunk, ..Reader::default() }.scan(&reading)).collect();
        for scanned in scanned {
            take(&mut reading, scanned, out);
        }
    }
    if chunks.broken.is_some() {
        out.push(bare(bytes, Fact::Defect(Defect::Truncated)));
    }
    reading.finish(&mut |event| out.push(event));
    Ok(bytes)
}

/// A chunk's candidates, and the line that was too long for it.
type Scanned = (Vec<Mark>, Option<u64>);

impl Reader {
    fn scan(&self, reading: &Reading) -> Scanned {
        let Chunk { text, start, end, base, too_long } = &self.chunk;
        let lines = parse::Chunk { text, start: *start, end: *end, base: *base };
        (reading.scan_like(&lines, &self.seen), *too_long)
    }
}

fn take(reading: &mut Reading, (marks, too_long): Scanned, out: &mut Named<'_, '_>) {
    reading.push(marks, &mut |event| out.push(event));
    if let Some(offset) = too_long {
        out.push(parse::line_too_long(offset));
    }
}
