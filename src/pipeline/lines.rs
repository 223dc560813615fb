//! A source of lines, in chunks that are scanned in parallel and decided on in order.

use std::fs::File;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::Options;
use super::produce::{Named, bare};
use crate::event::{Defect, Fact};
use crate::parse::{self, Mark, Reading, Seen};
use crate::source::{Chunk, Chunks, Input, Opened};

/// Reads a source of lines, in parallel where that pays.
pub(super) fn read_lines(
    input: &Input,
    opened: Opened,
    reading: Reading,
    options: &Options,
    out: &mut Named<'_, '_>,
) -> std::io::Result<u64> {
    match (input.path(), opened.length) {
        // What fits in the head is not read twice.
        (Some(path), Some(length)) if length > opened.head.len() as u64 => {
            read_parts(path, length, reading, options, out)?;
            Ok(length)
        }
        // What fits is one chunk.
        (_, Some(length)) if length == opened.head.len() as u64 && opened.head.len() <= options.chunk => {
            let chunk = Chunk { end: opened.head.len(), text: opened.head, ..Chunk::default() };
            let mut reading = reading;
            let scanned = scan(&reading, &chunk, &Seen::default());
            take(&mut reading, scanned, out);
            reading.finish(&mut |event| out.push(event));
            Ok(length)
        }
        _ => read_stream(opened, reading, options, out),
    }
}

/// Reads a plain file in parts, several at once, each into its own small buffer.
fn read_parts(
    path: &std::path::Path,
    length: u64,
    mut reading: Reading,
    options: &Options,
    out: &mut Named<'_, '_>,
) -> std::io::Result<()> {
    let limits = options.limits();
    let count = limits.count(length);
    let at_once = 8 * rayon::current_num_threads() as u64;
    // Every worker has its own file, buffer and memory, and hands them on.
    let workers: Mutex<Vec<(File, Chunk, Seen)>> = Mutex::default();
    let mut first = 0;
    while first < count && !out.is_stopped() {
        let part = first..(first + at_once).min(count);
        let read_part = |index| -> std::io::Result<Scanned> {
            let idle = workers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let (mut file, mut chunk, seen) = match idle {
                Some(worker) => worker,
                None => (File::open(path)?, Chunk::default(), Seen::default()),
            };
            limits.read(&mut file, length, index, &mut chunk)?;
            let scanned = scan(&reading, &chunk, &seen);
            options.progress.add((chunk.end - chunk.start) as u64);
            workers.lock().unwrap_or_else(PoisonError::into_inner).push((file, chunk, seen));
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
        let scanned: Vec<Scanned> = batch.par_iter().map(|chunk| scan(&reading, chunk, &Seen::default())).collect();
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

fn scan(reading: &Reading, chunk: &Chunk, seen: &Seen) -> Scanned {
    let lines = parse::Chunk { text: &chunk.text, start: chunk.start, end: chunk.end, base: chunk.base };
    (reading.scan_like(&lines, seen), chunk.too_long)
}

fn take(reading: &mut Reading, (marks, too_long): Scanned, out: &mut Named<'_, '_>) {
    reading.push(marks, &mut |event| out.push(event));
    if let Some(offset) = too_long {
        out.push(parse::line_too_long(offset));
    }
}
