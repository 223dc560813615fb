//! A source of lines, in chunks that are scanned in parallel and decided on in order.

use std::fs::File;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::options::Options;
use super::out::{Named, bare, broken_off};
use super::readers::Readers;
use crate::event::{Defect, Fact};
use crate::parse::{self, Mark, Seen, SourceReader};
use crate::source::{Buffer, Chunk, Chunks, Input, Opened, Progress, STRETCH, Stretch};

/// How many stretches of a file are scanned at once for each thread; what they give is held until it is their turn.
const STRETCHES: usize = 8;

/// How many candidates may be held so. Where there are more, a line in every hundred bytes, the rest of the stretches
/// are scanned when it is their turn.
const MOST_HELD: usize = 100_000;

/// Reads a source of lines, in parallel where that pays.
pub(super) fn read_lines(
    input: &Input,
    opened: Opened,
    reading: SourceReader,
    readers: &Readers<'_>,
    out: &mut Named<'_, '_>,
    bytes: &mut u64,
) -> std::io::Result<()> {
    let (head, file, length) = match opened.into_plain() {
        Ok(plain) => plain,
        Err(opened) => return read_stream(opened, reading, readers.options, out, bytes),
    };
    *bytes = length;
    match input.path().filter(|_| readers.options.limits().count(length) > STRETCH) {
        Some(path) => {
            readers.give_memory(head);
            read_stretches(path, file, length, reading, readers, out)
        }
        None => read_stretch(file, length, head, reading, readers, out),
    }
}

/// The source is over, or broke off: what was read until then counts.
fn end(
    reading: SourceReader,
    broken: Option<std::io::Error>,
    bytes: u64,
    out: &mut Named<'_, '_>,
) -> std::io::Result<()> {
    if broken.is_some() {
        out.push(bare(bytes, Fact::Defect(Defect::Truncated)));
    }
    reading.finish(&mut |event| out.push(event));
    broken.map_or(Ok(()), |cause| Err(broken_off(bytes, &cause)))
}

/// Takes the candidates of chunks, up to the first that couldn't be read; why that was.
fn take_all(
    reading: &mut SourceReader,
    scanned: impl IntoIterator<Item = std::io::Result<Scanned>>,
    out: &mut Named<'_, '_>,
) -> Option<std::io::Error> {
    for scanned in scanned {
        match scanned {
            Ok(scanned) => take(reading, scanned, out),
            Err(error) => return Some(error),
        }
    }
    None
}

/// Reads a plain file that is one stretch, behind its head.
fn read_stretch(
    file: File,
    length: u64,
    head: Buffer,
    mut reading: SourceReader,
    readers: &Readers<'_>,
    out: &mut Named<'_, '_>,
) -> std::io::Result<()> {
    let mut reader = readers.take();
    // What the head holds counts as read already if it is all.
    let progress = (length > head.len() as u64).then_some(&readers.options.progress);
    let mut stretch = Stretch::behind(head, readers.options.limits(), file, length);
    let scanned = scan_stretch(&mut stretch, &reading, &reader.seen, progress);
    (_, reader.memory) = stretch.into_parts();
    readers.give(reader);
    let broken = take_all(&mut reading, scanned, out);
    end(reading, broken, length, out)
}

/// Reads a plain file in stretches, several at once.
fn read_stretches(
    path: &std::path::Path,
    file: File,
    length: u64,
    mut reading: SourceReader,
    readers: &Readers<'_>,
    out: &mut Named<'_, '_>,
) -> std::io::Result<()> {
    let options = readers.options;
    let count = options.limits().count(length);
    let at_once = STRETCHES * rayon::current_num_threads();
    let files = Mutex::new(vec![file]);
    let mut firsts = (0..count).step_by(STRETCH as usize);
    let mut broken = None;
    while !out.is_stopped() && broken.is_none() {
        let batch: Vec<u64> = firsts.by_ref().take(at_once).collect();
        if batch.is_empty() {
            break;
        }
        let scan = |first: u64, reading: &SourceReader| -> Vec<std::io::Result<Scanned>> {
            let idle = files.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let file = match idle.map_or_else(|| File::open(path), Ok) {
                Ok(file) => file,
                Err(error) => return vec![Err(error)],
            };
            let mut reader = readers.take();
            let indexes = first..(first + STRETCH).min(count);
            let mut stretch = Stretch::new(options.limits(), file, length, indexes, reader.memory);
            let scanned = scan_stretch(&mut stretch, reading, &reader.seen, Some(&options.progress));
            let (file, memory) = stretch.into_parts();
            files.lock().unwrap_or_else(PoisonError::into_inner).push(file);
            reader.memory = memory;
            readers.give(reader);
            scanned
        };
        let held = AtomicUsize::new(0);
        let scan_ahead = |first: &u64| {
            (held.load(Ordering::Relaxed) < MOST_HELD).then(|| {
                let scanned = scan(*first, &reading);
                held.fetch_add(scanned.iter().flatten().map(|(marks, _)| marks.len()).sum(), Ordering::Relaxed);
                scanned
            })
        };
        let scanned: Vec<Option<Vec<std::io::Result<Scanned>>>> = batch.par_iter().map(scan_ahead).collect();
        for (first, scanned) in batch.into_iter().zip(scanned) {
            let scanned = scanned.unwrap_or_else(|| scan(first, &reading));
            broken = take_all(&mut reading, scanned, out);
            if broken.is_some() {
                break;
            }
        }
    }
    end(reading, broken, length, out)
}

/// Scans the chunks of a stretch, up to the first that can't be read.
fn scan_stretch(
    stretch: &mut Stretch<File>,
    reading: &SourceReader,
    seen: &Seen,
    progress: Option<&Progress>,
) -> Vec<std::io::Result<Scanned>> {
    let mut scanned = Vec::with_capacity(STRETCH as usize);
    loop {
        match stretch.read_next() {
            Ok(None) => return scanned,
            Ok(Some(chunk)) => {
                scanned.push(Ok(scan(chunk, reading, seen)));
                if let Some(progress) = progress {
                    progress.add((chunk.end - chunk.start) as u64);
                }
            }
            Err(error) => {
                scanned.push(Err(error));
                return scanned;
            }
        }
    }
}

/// Reads what comes as a stream: standard input, compressed files, rows of a database.
pub(super) fn read_stream(
    opened: Opened,
    mut reading: SourceReader,
    options: &Options,
    out: &mut Named<'_, '_>,
    bytes: &mut u64,
) -> std::io::Result<()> {
    let mut chunks = Chunks::new(opened.into_reader(), options.limits());
    let at_once = STRETCH as usize * rayon::current_num_threads();
    while !out.is_stopped() {
        let batch: Vec<Chunk> = chunks.by_ref().take(at_once).collect();
        let Some(last) = batch.last() else { break };
        *bytes = last.base + last.end as u64;
        let scanned: Vec<Scanned> =
            batch.into_par_iter().map(|chunk| scan(&chunk, &reading, &Seen::default())).collect();
        for scanned in scanned {
            take(&mut reading, scanned, out);
        }
    }
    end(reading, chunks.broken, *bytes, out)
}

/// A chunk's candidates, and the line that was too long for it.
type Scanned = (Vec<Mark>, Option<u64>);

fn scan(chunk: &Chunk, reading: &SourceReader, seen: &Seen) -> Scanned {
    let Chunk { text, start, end, base, too_long } = chunk;
    let lines = parse::Chunk { text, start: *start, end: *end, base: *base };
    (reading.scan_like(&lines, seen), *too_long)
}

fn take(reading: &mut SourceReader, (marks, too_long): Scanned, out: &mut Named<'_, '_>) {
    reading.push(marks, &mut |event| out.push(event));
    if let Some(offset) = too_long {
        out.push(parse::line_too_long(offset));
    }
}
