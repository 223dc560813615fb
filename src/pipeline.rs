//! From paths to facts: the only room that sees sources, parsers and folds together, and the only
//! one that runs in parallel.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::event::{Defect, Event, Fact, Time};
use crate::fold::{Facts, Settled, SourceFold, settle};
use crate::parse::{self, Format, Mark, Needs, Reading};
use crate::source::{CHUNK, Chunk, Chunks, Discovered, Input, Limits, Opened, open};

/// How the sources are read.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Bytes of a chunk.
    pub chunk: usize,
    /// The longest line that is kept.
    pub longest_line: usize,
    /// Now: no ledger's entry can be much later.
    pub now: Time,
    /// Which facts to look for.
    pub needs: Needs,
}

impl Options {
    /// What fits any input, at this time, and gives what reports are made of.
    pub fn at(now: Time) -> Options {
        Options { chunk: CHUNK, longest_line: 16 * 1024 * 1024, now, needs: Needs::USAGE }
    }

    fn limits(&self) -> Limits {
        Limits { chunk: self.chunk, look: parse::LOOK, line: self.longest_line.max(self.chunk) }
    }
}

/// What one reading of the sources gave.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Everything the sources tell.
    pub facts: Facts,
    /// Sources of a known format.
    pub files: u64,
    /// Bytes of theirs, after decompression.
    pub bytes: u64,
    /// What was passed over.
    pub skipped: Vec<Skip>,
}

/// A source that was passed over, wholly or from some point on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skip {
    /// Its path.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
    /// Whether that matters.
    pub loss: Loss,
}

/// How much it matters that a source was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// It holds nothing that we know.
    None,
    /// It was found in a folder and could not be read.
    Found,
    /// It was named by hand and could not be read.
    Named,
}

impl Outcome {
    fn merge(mut self, other: Outcome) -> Outcome {
        self.skipped.extend(other.skipped);
        Outcome {
            facts: self.facts.merge(other.facts),
            files: self.files + other.files,
            bytes: self.bytes + other.bytes,
            skipped: self.skipped,
        }
    }

    fn skipped(input: &Input, reason: String, loss: Loss) -> Outcome {
        let path = PathBuf::from(input.name());
        Outcome { skipped: vec![Skip { path, reason, loss }], ..Outcome::default() }
    }

    /// Weighs the facts.
    pub fn settle(&mut self) -> Settled {
        settle(std::mem::take(&mut self.facts))
    }
}

/// Reads every source. A source that can't be read costs only itself.
pub fn read(discovered: Discovered, options: &Options) -> Outcome {
    let unreadable = discovered.skipped.into_iter();
    let unreadable = unreadable.map(|(path, reason)| Skip { path, reason, loss: Loss::Found }).collect();
    let walked = Outcome { skipped: unreadable, ..Outcome::default() };
    let read = discovered.inputs.par_iter().map(|input| read_source(input, options));
    let mut outcome = read.reduce(Outcome::default, Outcome::merge).merge(walked);
    outcome.skipped.sort();
    outcome
}

fn read_source(input: &Input, options: &Options) -> Outcome {
    let loss = if matches!(input, Input::File(_, false)) { Loss::Found } else { Loss::Named };
    let opened = match open(input) {
        Ok(opened) => opened,
        Err(cause) => return Outcome::skipped(input, cause.to_string(), loss),
    };
    let Some(format) = parse::detect(&opened.head) else {
        return unknown(input, &opened.head);
    };
    let mut fold = SourceFold::new(&input.name());
    let bytes = match Reading::new(format, &opened.head, options.now, options.needs) {
        Some(reading) => read_lines(input, opened, reading, options, &mut |event| fold.apply(event)),
        None => read_document(format, opened, options.needs, &mut |event| fold.apply(event)),
    };
    let facts = fold.finish();
    match bytes {
        Ok(bytes) => Outcome { facts, files: 1, bytes, skipped: Vec::new() },
        // What was read until then counts.
        Err(cause) => Outcome { facts, files: 1, ..Outcome::skipped(input, cause.to_string(), loss) },
    }
}

fn unknown(input: &Input, head: &[u8]) -> Outcome {
    let reason = match head {
        [] => "empty",
        _ if memchr::memchr(0, head).is_some() => "binary, of no known format",
        _ => "no known format",
    };
    Outcome::skipped(input, reason.to_owned(), Loss::None)
}

fn read_document(
    format: &'static Format,
    opened: Opened,
    needs: Needs,
    emit: &mut dyn FnMut(Event),
) -> std::io::Result<u64> {
    let mut input = BufReader::new(Counted { reader: opened.into_reader(), bytes: 0 });
    parse::read_document(format, &mut input, needs, emit)?;
    Ok(input.get_ref().bytes)
}

/// Counts what passes.
struct Counted<R> {
    reader: R,
    bytes: u64,
}

impl<R: std::io::Read> std::io::Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

fn read_lines(
    input: &Input,
    opened: Opened,
    reading: Reading,
    options: &Options,
    emit: &mut dyn FnMut(Event),
) -> std::io::Result<u64> {
    match (input, opened.length) {
        // What fits in the head is not read twice.
        (Input::File(path, _), Some(length)) if length > opened.head.len() as u64 => {
            read_parts(path, length, reading, options, emit)?;
            Ok(length)
        }
        // What fits is one chunk.
        (_, Some(length)) if length == opened.head.len() as u64 && opened.head.len() <= options.chunk => {
            let chunk = Chunk { end: opened.head.len(), text: opened.head, ..Chunk::default() };
            let mut reading = reading;
            let scanned = scan(&reading, &chunk);
            take(&mut reading, scanned, emit);
            reading.finish(emit);
            Ok(length)
        }
        _ => read_stream(opened, reading, options, emit),
    }
}

/// Reads a plain file in parts, several at once, each into its own small buffer.
fn read_parts(
    path: &std::path::Path,
    length: u64,
    mut reading: Reading,
    options: &Options,
    emit: &mut dyn FnMut(Event),
) -> std::io::Result<()> {
    let limits = options.limits();
    let count = limits.count(length);
    let at_once = 8 * rayon::current_num_threads() as u64;
    // Every worker has its own file and buffer, and hands them on.
    let workers: Mutex<Vec<(File, Chunk)>> = Mutex::default();
    let mut first = 0;
    while first < count {
        let part = first..(first + at_once).min(count);
        let read_part = |index| -> std::io::Result<Scanned> {
            let idle = workers.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let (mut file, mut chunk) = match idle {
                Some(worker) => worker,
                None => (File::open(path)?, Chunk::default()),
            };
            limits.read(&mut file, length, index, &mut chunk)?;
            let scanned = scan(&reading, &chunk);
            workers.lock().unwrap_or_else(PoisonError::into_inner).push((file, chunk));
            Ok(scanned)
        };
        let scanned: Vec<std::io::Result<Scanned>> = part.clone().into_par_iter().map(read_part).collect();
        for scanned in scanned {
            take(&mut reading, scanned?, emit);
        }
        first = part.end;
    }
    reading.finish(emit);
    Ok(())
}

/// Reads what comes as a stream: standard input, compressed files.
fn read_stream(
    opened: Opened,
    mut reading: Reading,
    options: &Options,
    emit: &mut dyn FnMut(Event),
) -> std::io::Result<u64> {
    let mut chunks = Chunks::new(opened.into_reader(), options.limits());
    let at_once = 2 * rayon::current_num_threads();
    let mut bytes = 0;
    loop {
        let batch: Vec<Chunk> = chunks.by_ref().take(at_once).collect();
        let Some(last) = batch.last() else { break };
        bytes = last.base + last.end as u64;
        let scanned: Vec<Scanned> = batch.par_iter().map(|chunk| scan(&reading, chunk)).collect();
        for scanned in scanned {
            take(&mut reading, scanned, emit);
        }
    }
    if chunks.broken.is_some() {
        emit(Event { offset: bytes, run: None, harness: None, time: None, fact: Fact::Defect(Defect::Truncated) });
    }
    reading.finish(emit);
    Ok(bytes)
}

/// A chunk's candidates, and the line that was too long for it.
type Scanned = (Vec<Mark>, Option<u64>);

fn scan(reading: &Reading, chunk: &Chunk) -> Scanned {
    let lines = parse::Chunk { text: &chunk.text, start: chunk.start, end: chunk.end, base: chunk.base };
    (reading.scan(&lines), chunk.too_long)
}

fn take(reading: &mut Reading, (marks, too_long): Scanned, emit: &mut dyn FnMut(Event)) {
    reading.push(marks, emit);
    if let Some(offset) = too_long {
        emit(parse::line_too_long(offset));
    }
}
