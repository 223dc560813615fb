//! A source of lines, in chunks that are scanned in parallel and decided on in order.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::out::{Reached, SourceOut, bare, broken_off};
use super::readers::Readers;
use crate::event::{Defect, Fact};
use crate::parse::{self, Mark, Seen, SourceReader};
use crate::source::{Buffer, Chunk, Chunks, Input, Opened, Progress, STRETCH, Stretch};

/// How many stretches of a file are scanned at once for each thread; what they give is held until it is their turn.
const STRETCHES: usize = 8;

/// How many candidates may be held so. Where there are more, a line in every hundred bytes, the rest of the stretches
/// are scanned when it is their turn.
const MOST_HELD: usize = 100_000;

/// A source of lines that is being read.
pub(super) struct Lines<'l, 'o, 't> {
    pub(super) reading: SourceReader,
    pub(super) readers: &'l Readers<'l>,
    pub(super) out: &'l mut SourceOut<'o, 't>,
}

/// A chunk's candidates, and the line that was too long for it.
type Scanned = (Vec<Mark>, Option<u64>);

impl Lines<'_, '_, '_> {
    /// Reads it, in parallel where that pays.
    pub(super) fn read(self, input: &Input, opened: Opened) -> Reached {
        let (head, file, length) = match opened.into_plain() {
            Ok(plain) => plain,
            Err(opened) => return self.read_stream(opened),
        };
        match input.path().filter(|_| self.readers.options.limits().count(length) > STRETCH) {
            Some(path) => {
                self.readers.give_memory(head);
                let stretches = Stretches { path, length, readers: self.readers, idle: Mutex::new(vec![file]) };
                self.read_stretches(&stretches)
            }
            None => self.read_stretch(file, length, head),
        }
    }

    /// Reads what comes as a stream: standard input, compressed files, rows of a database.
    pub(super) fn read_stream(mut self, opened: Opened) -> Reached {
        let mut chunks = Chunks::new(opened.into_reader(), self.readers.options.limits());
        let at_once = STRETCH as usize * rayon::current_num_threads();
        let mut bytes = 0;
        while !self.out.is_stopped() {
            let batch: Vec<Chunk> = chunks.by_ref().take(at_once).collect();
            let Some(last) = batch.last() else { break };
            bytes = last.base + last.end as u64;
            let reading = &self.reading;
            let scan = |chunk: Chunk| scan(&chunk, reading, &Seen::default());
            let scanned: Vec<Scanned> = batch.into_par_iter().map(scan).collect();
            scanned.into_iter().for_each(|scanned| self.take(scanned));
        }
        self.end(bytes, chunks.broken)
    }

    /// Reads a plain file that is one stretch, behind its head.
    fn read_stretch(mut self, file: File, length: u64, head: Buffer) -> Reached {
        let options = self.readers.options;
        let mut reader = self.readers.take();
        // What the head holds counts as read already if it is all.
        let progress = (length > head.len() as u64).then_some(&options.progress);
        let mut stretch = Stretch::behind(head, options.limits(), file, length);
        let scanned = scan_stretch(&mut stretch, &self.reading, &reader.seen, progress);
        (_, reader.memory) = stretch.into_parts();
        self.readers.give(reader);
        let broken = self.take_all(scanned);
        self.end(length, broken)
    }

    /// Reads a plain file in stretches, several at once.
    fn read_stretches(mut self, stretches: &Stretches<'_>) -> Reached {
        let at_once = STRETCHES * rayon::current_num_threads();
        let mut firsts = (0..stretches.count()).step_by(STRETCH as usize);
        let mut broken = None;
        while !self.out.is_stopped() && broken.is_none() {
            let batch: Vec<u64> = firsts.by_ref().take(at_once).collect();
            if batch.is_empty() {
                break;
            }
            let scanned = stretches.scan_ahead(&batch, &self.reading);
            for (first, scanned) in batch.into_iter().zip(scanned) {
                let scanned = scanned.unwrap_or_else(|| stretches.scan(first, &self.reading));
                broken = self.take_all(scanned);
                if broken.is_some() {
                    break;
                }
            }
        }
        self.end(stretches.length, broken)
    }

    /// Takes the candidates of chunks, up to the first that couldn't be read; why that was.
    fn take_all(&mut self, scanned: Vec<io::Result<Scanned>>) -> Option<io::Error> {
        for scanned in scanned {
            match scanned {
                Ok(scanned) => self.take(scanned),
                Err(error) => return Some(error),
            }
        }
        None
    }

    fn take(&mut self, (marks, too_long): Scanned) {
        self.reading.push(marks, &mut |event| self.out.push(event));
        if let Some(offset) = too_long {
            self.out.push(parse::line_too_long(offset));
        }
    }

    /// The source is over, or broke off: what was read until then counts.
    fn end(self, bytes: u64, broken: Option<io::Error>) -> Reached {
        if broken.is_some() {
            self.out.push(bare(bytes, Fact::Defect(Defect::Truncated)));
        }
        self.reading.finish(&mut |event| self.out.push(event));
        Reached { bytes, broken: broken.map(|cause| broken_off(bytes, &cause)) }
    }
}

/// The stretches of a plain file. Each is told by its first chunk.
struct Stretches<'a> {
    path: &'a Path,
    length: u64,
    readers: &'a Readers<'a>,
    /// The file, opened as often as it is read at once.
    idle: Mutex<Vec<File>>,
}

impl Stretches<'_> {
    /// Number of the file's chunks.
    fn count(&self) -> u64 {
        self.readers.options.limits().count(self.length)
    }

    /// Scans several at once; `None` for those that it is too early for.
    fn scan_ahead(&self, firsts: &[u64], reading: &SourceReader) -> Vec<Option<Vec<io::Result<Scanned>>>> {
        let held = AtomicUsize::new(0);
        let scan = |first: &u64| {
            (held.load(Ordering::Relaxed) < MOST_HELD).then(|| {
                let scanned = self.scan(*first, reading);
                held.fetch_add(scanned.iter().flatten().map(|(marks, _)| marks.len()).sum(), Ordering::Relaxed);
                scanned
            })
        };
        firsts.par_iter().map(scan).collect()
    }

    fn scan(&self, first: u64, reading: &SourceReader) -> Vec<io::Result<Scanned>> {
        let options = self.readers.options;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let file = match idle.map_or_else(|| File::open(self.path), Ok) {
            Ok(file) => file,
            Err(error) => return vec![Err(error)],
        };
        let mut reader = self.readers.take();
        let indexes = first..(first + STRETCH).min(self.count());
        let mut stretch = Stretch::new(options.limits(), file, self.length, indexes, reader.memory);
        let scanned = scan_stretch(&mut stretch, reading, &reader.seen, Some(&options.progress));
        let (file, memory) = stretch.into_parts();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(file);
        reader.memory = memory;
        self.readers.give(reader);
        scanned
    }
}

/// Scans the chunks of a stretch, up to the first that can't be read.
fn scan_stretch(
    stretch: &mut Stretch<File>,
    reading: &SourceReader,
    seen: &Seen,
    progress: Option<&Progress>,
) -> Vec<io::Result<Scanned>> {
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

fn scan(chunk: &Chunk, reading: &SourceReader, seen: &Seen) -> Scanned {
    let Chunk { text, start, end, base, too_long } = chunk;
    let lines = parse::Chunk { text, start: *start, end: *end, base: *base };
    (reading.scan_like(&lines, seen), *too_long)
}
