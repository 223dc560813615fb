//! A database becomes events, table after table, or line after line where its rows are those of a log.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use super::lines::Lines;
use super::options::Options;
use super::out::{SourceOut, bare};
use super::readers::Readers;
use crate::event::{Fact, Loss, Skip, Source};
use crate::parse::{self, Format, Journal, Rows, SourceReader};
use crate::source::{CHUNK, Database, HEAD, Opened};

/// Hands on what a database tells; why, if it can't be read.
pub(super) fn read(path: &Path, readers: &Readers<'_>, out: &mut SourceOut<'_, '_>) -> Result<(), String> {
    let database = Database::open(path).map_err(|error| error.to_string())?;
    let is_of = |tables: &[Rows]| {
        tables.iter().filter(|rows| rows.is_own).any(|rows| database.has_table(rows.table, rows.columns))
    };
    if let Some((format, tables)) = parse::databases().find(|(_, tables)| is_of(tables)) {
        begin(format, readers.options, out);
        return read_tables(&database, tables, out);
    }
    let mut journals = parse::journals();
    if let Some((format, journal)) = journals.find(|(_, journal)| database.has_table(journal.table, journal.columns)) {
        begin(format, readers.options, out);
        return read_journal(database, journal, readers, out).map_err(|error| error.to_string());
    }
    let reason = "a database of no known format".to_owned();
    out.push(bare(0, Fact::Skipped(Skip { reason, loss: Loss::None })));
    Ok(())
}

fn begin(format: &Format, options: &Options, out: &mut SourceOut<'_, '_>) {
    out.push(bare(0, Fact::Source(Source { format: format.name.into(), host: options.host.clone() })));
}

fn read_tables(database: &Database, tables: &[Rows], out: &mut SourceOut<'_, '_>) -> Result<(), String> {
    let mut position = 0;
    for rows in tables.iter().filter(|rows| database.has_table(rows.table, rows.columns)) {
        let read = database.rows(rows.table, rows.columns, rows.with, &mut |values| {
            parse::read_row(rows, values, position, &mut |event| out.push(event));
            position += 1;
            if out.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        read.map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn read_journal(
    database: Database,
    journal: &'static Journal,
    readers: &Readers<'_>,
    out: &mut SourceOut<'_, '_>,
) -> io::Result<()> {
    let options = readers.options;
    let mut text = Text { database, journal, latest: i64::MIN, lines: Vec::new(), given: 0 };
    let mut head = Vec::new();
    text.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let Some(reading) = SourceReader::new(journal.lines, "", &head, options.now, options.needs) else { return Ok(()) };
    let opened = Opened::stream(head.into(), Box::new(text));
    Lines { reading, readers, out }.read_stream(opened).broken.map_or(Ok(()), Err)
}

/// A table as text, some rows at a time.
struct Text {
    database: Database,
    journal: &'static Journal,
    /// The number of the latest row that was taken.
    latest: i64,
    lines: Vec<u8>,
    /// How much of them was given away.
    given: usize,
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.lines.len() {
            self.fill()?;
        }
        let rest = &self.lines[self.given..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        Ok(length)
    }
}

impl Text {
    /// Takes the next rows; none are left where nothing is there then.
    fn fill(&mut self) -> io::Result<()> {
        let Journal { table, columns, only, line, .. } = self.journal;
        let (mut latest, mut lines) = (self.latest, String::new());
        let read = self.database.rows_behind(latest, table, columns, *only, &mut |number, values| {
            latest = number;
            line(values, &mut lines);
            if lines.len() < CHUNK { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        (self.latest, self.lines, self.given) = (latest, lines.into_bytes(), 0);
        read.map_err(io::Error::other)
    }
}
