//! Text becomes events. Pure: it knows nothing of files, and what it says holds nothing that an
//! agent wrote.
//!
//! A chunk of a source gives *candidates* ([`Mark`]s): what a line would mean if it stands where its
//! writer puts it. Chunks can be cut at any line end and scanned in parallel. One ordered pass over
//! the source ([`Reading`]) decides which candidates stand. CONTRIBUTING.md says what a new format
//! needs.

mod anthropic;
mod blocks;
mod chunk;
mod claude_session;
mod claude_stream;
mod codex_exec;
mod codex_exec_json;
mod codex_rollout;
mod codex_trace;
mod content;
mod debug;
mod detect;
mod digits;
mod document;
mod droid;
mod edges;
mod events;
mod format;
mod gemini;
mod json;
mod ledger;
mod lines;
mod loop_log;
mod mark;
mod marker;
mod needles;
mod openai;
mod opencode;
mod pairs;
mod pi;
mod plain;
mod prompts;
mod region;
mod scan;
mod seen;
mod session;
mod sink;
mod survey;
mod timing;
mod tracing;
mod weave;

#[cfg(test)]
mod tests;

use std::ops::ControlFlow;
use std::sync::OnceLock;

use crate::event::{Defect, Event, Fact, Time};
use content::Content;
use region::Region;
use scan::{Kind, Scanner};
use session::Session;
use sink::Sink;

pub use crate::event::Needs;
pub use chunk::Chunk;
pub use format::{Format, Journal, LOOK, Place, Root, Rows};
use format::{Lines, OrderedPass, Shape};
pub use mark::Mark;
use mark::MarkKind;
pub use seen::Seen;
pub use survey::{Survey, Unknown};

/// Every format that is read. Texts, which may quote the others' lines, come before what can't quote theirs.
pub static FORMATS: [&Format; 17] = [
    &ledger::FORMAT,
    &loop_log::FORMAT,
    &codex_trace::FORMAT,
    &codex_exec::FORMAT,
    &codex_rollout::FORMAT,
    &events::FORMAT,
    &claude_session::FORMAT,
    &droid::SESSION,
    &pi::FORMAT,
    &opencode::FORMAT,
    &opencode::DATABASE,
    &gemini::FORMAT,
    &droid::SETTINGS,
    &claude_stream::DOCUMENT,
    &claude_stream::STREAM,
    &codex_exec_json::FORMAT,
    &codex_trace::DATABASE,
];

/// The format of a source that begins with `head`, if it is known.
pub fn detect(head: &[u8]) -> Option<&'static Format> {
    detect::among(&FORMATS, head)
}

/// A scanner for each of [`FORMATS`] that are lines.
/// Each is made when a source needs it: most readings need few.
static SCANNERS: [OnceLock<Scanner>; FORMATS.len()] = [const { OnceLock::new() }; FORMATS.len()];

fn scanner_of(index: usize) -> Option<&'static Scanner> {
    let format = FORMATS.get(index)?;
    let parts = parts_of(format)?;
    let kind = match format.shape {
        Shape::Lines(_) => Kind::Bare,
        Shape::Session(_) | Shape::SessionLog(_) => Kind::Records,
        _ => Kind::Other,
    };
    Some(SCANNERS.get(index)?.get_or_init(|| Scanner::new(parts, kind)))
}

/// Every format of lines.
fn all_lines() -> impl Iterator<Item = &'static Lines> {
    FORMATS.iter().filter_map(|format| match &format.shape {
        Shape::Lines(lines) => Some(lines),
        _ => None,
    })
}

/// The formats of lines that a source of this format may hold.
fn parts_of(format: &'static Format) -> Option<Vec<&'static Lines>> {
    match &format.shape {
        Shape::Ledger => Some(std::iter::once(&ledger::LINES).chain(all_lines()).collect()),
        Shape::LoopLog => Some(std::iter::once(&loop_log::LINES).chain(all_lines()).collect()),
        // A bare log holds whatever its harness prints: traces and plain output mix.
        Shape::Lines(_) => Some(all_lines().filter(|lines| lines.harness == format.harness).collect()),
        Shape::Session(lines) => Some(vec![lines]),
        Shape::SessionLog(log) => Some(vec![&log.lines]),
        Shape::Document(_) | Shape::Tables(_) | Shape::Journal(_) | Shape::Events(_) => None,
    }
}

/// One source being read: scan its chunks, in parallel if need be, and push their marks in order.
#[derive(Debug)]
pub struct Reading {
    scanner: &'static Scanner,
    needs: Needs,
    pass: Pass,
}

#[derive(Debug)]
enum Pass {
    Ledger(Box<ledger::Pass>),
    LoopLog(Box<loop_log::Pass>),
    Bare(Box<(Content, Region)>),
    Session(Box<Session>),
    SessionLog(Box<dyn OrderedPass>),
}

impl Reading {
    /// Begins to read a source of this format. `head` is what it begins with: a ledger's front
    /// matter must be in it. `now` tells entries that claim to be of the future. `needs` says what to look
    /// for. `file_name` is its file's, not packed: it names what a lost header would. `None` for a document, which is
    /// read by [`read_document`].
    pub fn new(format: &'static Format, file_name: &str, head: &[u8], now: Time, needs: Needs) -> Option<Reading> {
        let index = FORMATS.iter().position(|known| known.name == format.name)?;
        let scanner = scanner_of(index)?;
        let pass = match &format.shape {
            Shape::Ledger => {
                let harnesses = all_lines().filter_map(|lines| lines.harness).collect();
                Pass::Ledger(Box::new(ledger::Pass::new(head, now, harnesses)))
            }
            Shape::LoopLog => Pass::LoopLog(Box::new(loop_log::Pass::new(now))),
            Shape::Lines(_) => Pass::Bare(Box::new((Content::from(0), Region::default()))),
            Shape::Session(lines) => Pass::Session(Box::new(Session::new(lines, file_name, head))),
            Shape::SessionLog(log) => Pass::SessionLog((log.begin)(head, file_name)),
            Shape::Document(_) | Shape::Tables(_) | Shape::Journal(_) | Shape::Events(_) => return None,
        };
        Some(Reading { scanner, needs, pass })
    }

    /// The candidates of one chunk.
    pub fn scan(&self, chunk: &Chunk<'_>) -> Vec<Mark> {
        self.scan_like(chunk, &Seen::default())
    }

    /// The same, quicker where the chunk is like others that were read with the same `seen`.
    pub fn scan_like(&self, chunk: &Chunk<'_>, seen: &Seen) -> Vec<Mark> {
        let marks = self.scanner.scan(chunk, self.needs, seen);
        if self.needs.timing { weave::among(marks, chunk, codex_trace::read_timing) } else { marks }
    }

    /// Decides on the candidates of the next chunk.
    pub fn push(&mut self, marks: Vec<Mark>, emit: &mut dyn FnMut(Event)) {
        let mut sink = Sink::new(self.needs, emit);
        let mut stands = Vec::new();
        for mark in marks {
            if matches!(mark.kind, MarkKind::Began | MarkKind::BeganAnew) {
                match (&mut self.pass, &mark.kind) {
                    (Pass::Bare(bare), MarkKind::BeganAnew) if bare.0.may_be_all_content() => {
                        bare.1.began_anew(mark.time);
                    }
                    (Pass::Bare(bare), MarkKind::Began) => bare.1.began(mark.time),
                    _ => {}
                }
                continue;
            }
            match &mut self.pass {
                Pass::Ledger(pass) => pass.push(mark, &mut sink),
                Pass::LoopLog(pass) => pass.push(mark, &mut sink),
                Pass::Bare(bare) => {
                    bare.0.push(mark, None, &mut sink, &mut stands);
                    for mark in stands.drain(..) {
                        bare.1.push(mark, &mut sink);
                    }
                }
                Pass::Session(pass) => pass.push(mark, &mut sink),
                Pass::SessionLog(pass) => pass.push(mark, &mut sink),
            }
        }
    }

    /// The source is over.
    pub fn finish(self, emit: &mut dyn FnMut(Event)) {
        let mut sink = Sink::new(self.needs, emit);
        match self.pass {
            Pass::Ledger(pass) => pass.finish(&mut sink),
            Pass::LoopLog(pass) => pass.finish(&mut sink),
            Pass::Bare(bare) => {
                let (mut content, mut region) = *bare;
                for mark in content.flush(None, &mut sink) {
                    region.push(mark, &mut sink);
                }
                region.finish(&mut sink);
            }
            Pass::Session(pass) => pass.finish(&mut sink),
            Pass::SessionLog(pass) => pass.finish(&mut sink),
        }
    }
}

/// Reads a document from front to back. `file_name` is its source's, as some name their conversation nowhere else.
/// Nothing for formats of lines.
pub fn read_document(
    format: &'static Format,
    file_name: &str,
    input: &mut dyn std::io::BufRead,
    needs: Needs,
    emit: &mut dyn FnMut(Event),
) -> std::io::Result<()> {
    let Shape::Document(read) = &format.shape else { return Ok(()) };
    let mut sink = Sink::new(needs, emit);
    let mut region = Region::default();
    let read = read(file_name, input, &mut |mark| match mark {
        // Nobody's record: no conversation lacks it.
        Mark { harness: None, offset, kind: MarkKind::Fact(Fact::Defect(defect)), .. } => {
            sink.defect(offset, None, defect);
        }
        mark => region.push(mark, &mut sink),
    });
    region.finish(&mut sink);
    read
}

/// The formats of databases, each with its tables.
pub fn databases() -> impl Iterator<Item = (&'static Format, &'static [Rows])> {
    FORMATS.iter().filter_map(|format| match format.shape {
        Shape::Tables(tables) => Some((*format, tables)),
        _ => None,
    })
}

/// The formats of databases that hold lines of a log.
pub fn journals() -> impl Iterator<Item = (&'static Format, &'static Journal)> {
    FORMATS.iter().filter_map(|format| match &format.shape {
        Shape::Journal(journal) => Some((*format, journal)),
        _ => None,
    })
}

/// Hands on what a row of a database tells.
pub fn read_row(rows: &Rows, values: &[Option<String>], position: u64, emit: &mut dyn FnMut(Event)) {
    (rows.read)(values, position, &mut |Mark { offset, harness, time, kind, .. }| {
        if let MarkKind::Fact(fact) = kind {
            emit(Event { offset, run: None, harness: harness.map(Into::into), time, fact });
        }
    });
}

/// Whether a format's sources hold events that were written down.
pub fn is_events(format: &Format) -> bool {
    matches!(format.shape, Shape::Events(_))
}

/// Reads events that were written down, until `emit` breaks off. Nothing for other formats.
pub fn read_events(
    format: &'static Format,
    input: &mut dyn std::io::BufRead,
    emit: &mut dyn FnMut(&str, Event) -> ControlFlow<()>,
) -> std::io::Result<()> {
    let Shape::Events(read) = &format.shape else { return Ok(()) };
    read(input, emit)
}

/// A line that was longer than chunks can hold, as an event.
pub fn line_too_long(offset: u64) -> Event {
    Event { offset, run: None, harness: None, time: None, fact: Fact::Defect(Defect::LineTooLong) }
}
