//! A source, read front to back: its format's candidates, and the pass that decides which of them stand.

use std::ops::ControlFlow;

use super::chunk::Chunk;
use super::content::Content;
use super::format::{FileName, Format, OrderedPass, ReadTiming, Rows, Shape};
use super::formats::{FORMATS, parts_of, scanner_of};
use super::mark::{Mark, MarkKind};
use super::region::Region;
use super::scan::Scanner;
use super::seen::Seen;
use super::session::Session;
use super::sink::Sink;
use super::{ledger, loop_log, weave};
use crate::event::{Defect, Event, Fact, Needs, Time};

/// One source being read: scan its chunks, in parallel if need be, and push their marks in order.
#[derive(Debug)]
pub struct SourceReader {
    scanner: &'static Scanner,
    /// Reads what lines say of time, if that is asked for.
    timing: Option<ReadTiming>,
    needs: Needs,
    pass: Pass,
}

#[derive(Debug)]
enum Pass {
    Ledger(Box<ledger::Pass>),
    LoopLog(Box<loop_log::Pass>),
    Bare(Box<(Content, Region)>),
    Records(Box<Session>),
    OrderedRecords(Box<dyn OrderedPass>),
}

impl SourceReader {
    /// Begins to read a source of this format. `head` is what it begins with: a ledger's front
    /// matter must be in it. `now` tells entries that claim to be of the future. `needs` says what to look
    /// for. `file_name` is its file's, not packed: it names what a lost header would. `None` for a document, which is
    /// read by [`read_document`].
    pub fn new(format: &'static Format, file_name: &str, head: &[u8], now: Time, needs: Needs) -> Option<SourceReader> {
        let index = FORMATS.iter().position(|known| known.name == format.name)?;
        let scanner = scanner_of(index)?;
        let pass = match &format.shape {
            Shape::Ledger => {
                let harnesses = FORMATS.iter().filter_map(|format| format.harness).collect();
                Pass::Ledger(Box::new(ledger::Pass::new(head, now, harnesses)))
            }
            Shape::LoopLog => Pass::LoopLog(Box::new(loop_log::Pass::new(now))),
            Shape::Lines(_) => Pass::Bare(Box::new((Content::from(0), Region::default()))),
            Shape::Records(lines) => Pass::Records(Box::new(Session::new(lines, file_name, head))),
            Shape::OrderedRecords { begin, .. } => Pass::OrderedRecords(begin(head, file_name)),
            Shape::Document(_) | Shape::Tables(_) | Shape::Journal(_) | Shape::Events(_) => return None,
        };
        let timing =
            parts_of(format).filter(|_| needs.timing).and_then(|parts| parts.iter().find_map(|lines| lines.timing));
        Some(SourceReader { scanner, timing, needs, pass })
    }

    /// The candidates of one chunk.
    pub fn scan(&self, chunk: &Chunk<'_>) -> Vec<Mark> {
        self.scan_like(chunk, &Seen::default())
    }

    /// The same, quicker where the chunk is like others that were read with the same `seen`.
    pub fn scan_like(&self, chunk: &Chunk<'_>, seen: &Seen) -> Vec<Mark> {
        let marks = self.scanner.scan(chunk, self.needs, seen);
        match self.timing {
            Some(read) => weave::among(marks, chunk, read),
            None => marks,
        }
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
                    bare.0.push(mark, &mut sink.in_run(None), &mut stands);
                    for mark in stands.drain(..) {
                        bare.1.push(mark, &mut sink);
                    }
                }
                Pass::Records(pass) => pass.push(mark, &mut sink),
                Pass::OrderedRecords(pass) => pass.push(mark, &mut sink),
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
                for mark in content.flush(&mut sink.in_run(None)) {
                    region.push(mark, &mut sink);
                }
                region.finish(&mut sink);
            }
            Pass::Records(pass) => pass.finish(&mut sink),
            Pass::OrderedRecords(pass) => pass.finish(&mut sink),
        }
    }
}

/// Reads a document from front to back. `name` is its source's, as some name their conversation nowhere else. Nothing
/// for formats of lines.
pub fn read_document(
    format: &'static Format,
    name: FileName<'_>,
    input: &mut dyn std::io::BufRead,
    needs: Needs,
    emit: &mut dyn FnMut(Event),
) -> std::io::Result<()> {
    let Shape::Document(read) = &format.shape else { return Ok(()) };
    let mut sink = Sink::new(needs, emit);
    let mut region = Region::default();
    let read = read(name, input, &mut |mark| match mark {
        // Nobody's record: no conversation lacks it.
        Mark { harness: None, offset, kind: MarkKind::Fact(Fact::Defect(defect)), .. } => {
            sink.defect(offset, None, defect);
        }
        mark => region.push(mark, &mut sink),
    });
    region.finish(&mut sink);
    read
}

/// Hands on what a row of a database tells.
pub fn read_row(rows: &Rows, values: &[Option<String>], position: u64, emit: &mut dyn FnMut(Event)) {
    (rows.read)(values, position, &mut |Mark { offset, harness, time, kind, .. }| {
        if let MarkKind::Fact(fact) = kind {
            emit(Event { offset, run: None, harness: harness.map(Into::into), time, fact });
        }
    });
}

/// Reads events that were written down, until `emit` breaks off. Nothing for other formats.
pub fn read_events(
    format: &'static Format,
    input: &mut dyn std::io::BufRead,
    emit: &mut dyn FnMut(&str, Event) -> ControlFlow<()>,
) -> std::io::Result<()> {
    let Shape::Events(read) = &format.shape else { return Ok(()) };
    read(input, |name| FORMATS.iter().any(|format| format.name == name && format.tells_end()), emit)
}

/// A line that was longer than chunks can hold, as an event.
pub fn line_too_long(offset: u64) -> Event {
    Event { offset, run: None, harness: None, time: None, fact: Fact::Defect(Defect::LineTooLong) }
}
