//! What a format is: plain data and functions. CONTRIBUTING.md says what a new one needs.

use std::ops::{ControlFlow, Range};

use super::chunk::Chunk;
use super::lines::Next;
use super::mark::{Mark, MarkKind};
use super::marker;
use super::needles::Needle;
use super::seen::Seen;
use super::sink::Sink;
use crate::event::{Defect, Event, Id, MAX_COUNT, Needs, Time};

/// A kind of text, or a part of one, that this crate reads.
#[derive(Debug)]
pub struct Format {
    /// Its name, as `doctor` and the docs show it.
    pub name: &'static str,
    /// The harness that writes it; `None` for forge's own files.
    pub harness: Option<&'static str>,
    /// Where its harness keeps such files.
    pub roots: &'static [Root],
    /// Whether a file that begins with these bytes is of this format.
    pub sniff: fn(&[u8]) -> bool,
    /// How it is read.
    pub shape: Shape,
}

impl Format {
    /// Whether its sources are session logs of lines, whose last event tells where they end.
    pub(super) fn tells_end(&self) -> bool {
        matches!(self.shape, Shape::Records(_) | Shape::OrderedRecords { .. })
    }
}

/// Where a harness keeps files of a format.
#[derive(Debug)]
pub struct Root {
    /// Its homes. A name may hold one `*`.
    pub homes: &'static [Home],
    /// The folders and files of a home that hold such files; in no other is looked. A name may hold one `*`.
    pub logs: &'static [&'static str],
    /// How the names of such files end.
    pub endings: &'static [&'static str],
}

/// A home of a harness.
#[derive(Debug, Clone, Copy)]
pub enum Home {
    /// In the user's home.
    User(&'static str),
    /// In the user's folder of configuration.
    Config(&'static str),
    /// In the user's folder of data.
    Data(&'static str),
    /// In the folders that a variable names, parted by commas; empty: these themselves.
    Variable(&'static str, &'static str),
    /// No home, but the folder of logs, or one log, that a variable names; relative to this folder in that of data, if
    /// one is given.
    Logs(&'static str, Option<&'static str>),
    /// Where a file in the other homes, of settings, says by a key that what else they hold lies.
    Setting(&'static str, &'static str),
}

/// How a format is read.
#[derive(Debug)]
pub enum Shape {
    /// forge's ledger: entries whose fences hold outputs of harnesses.
    Ledger,
    /// forge's loop log: outputs of harnesses, parted by forge's own lines.
    LoopLog,
    /// Lines of which a few matter. These may stand in a file of their own, in a ledger's fence and
    /// in a loop log.
    Lines(Lines),
    /// A session log of lines, a record each: nothing in it is an agent's output. They mean what they say wherever
    /// they stand.
    Records(Lines),
    /// As [`Records`](Self::Records), but their order tells what they mean.
    OrderedRecords {
        /// Its lines.
        lines: Lines,
        /// Begins the pass that decides.
        begin: BeginPass,
    },
    /// One document that is read from front to back.
    Document(ReadDocument),
    /// Tables of a database. One that has the first of them is of this format.
    Tables(&'static [Rows]),
    /// A table of a database whose rows are lines of a log.
    Journal(Journal),
    /// Events that were written down: nothing is left to decide.
    Events(ReadEvents),
}

/// Reads written events and hands them on, each with the name of its source, until whoever takes them breaks off. Is
/// given whether the events of sources of a format, by its name, tell where these end.
pub type ReadEvents = fn(
    &mut dyn std::io::BufRead,
    fn(&str) -> bool,
    &mut dyn FnMut(&str, Event) -> ControlFlow<()>,
) -> std::io::Result<()>;

/// Begins the ordered pass over a log that begins with these bytes, in a file of this name.
pub type BeginPass = fn(&[u8], &str) -> Box<dyn OrderedPass>;

/// Decides what candidates mean in their order, and hands events on.
pub trait OrderedPass: std::fmt::Debug + Send + Sync {
    /// Takes the next candidate.
    fn push(&mut self, mark: Mark, sink: &mut Sink<'_>);

    /// The log is over.
    fn finish(self: Box<Self>, sink: &mut Sink<'_>);
}

/// Reads a document of this name and hands its candidates on.
pub type ReadDocument = fn(FileName<'_>, &mut dyn std::io::BufRead, &mut dyn FnMut(Mark)) -> std::io::Result<()>;

/// What a source's file is called, which may name what its bytes don't.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileName<'a> {
    /// Its own name, without what it is packed with; empty for what is no file.
    pub name: &'a str,
    /// The name of its folder; empty where that isn't known.
    pub folder: &'a str,
}

/// What the line is that starts at a place in a text, if a glance at it tells.
pub type Glance = fn(&[u8], usize) -> Option<Seems>;

/// What a line is at first glance, with the place where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seems {
    /// Surely of no interest, and whole.
    Noise(usize),
    /// One to read, in a source that holds lines of one format only.
    Record(usize),
}

/// Tells which conversation a line names.
pub type NamedBy = fn(&[u8], &Seen) -> Option<Mention>;

/// Tells which conversation a torn record names.
pub type TornOf = fn(&[u8]) -> Option<Id>;

/// Reads what a chunk's own lines say of time. No stretch runs over the offsets that are given: what is content may begin
/// or end there.
pub type ReadTiming = fn(&Chunk<'_>, &[u64], &mut Vec<Mark>);

/// Reads a row of a database.
pub type ReadRow = fn(&[Option<String>], u64, &mut dyn FnMut(Mark));

/// A table of a database, and what its rows mean.
#[derive(Debug)]
pub struct Rows {
    /// Its name.
    pub table: &'static str,
    /// The columns that are read.
    pub columns: &'static [&'static str],
    /// Whether no other program's database has such a table.
    pub is_own: bool,
    /// A column and its value in the rows that are read; `None`: all are.
    pub with: Option<(&'static str, &'static str)>,
    /// Reads a row: the values of these columns, where they are texts or whole numbers, and its position.
    pub read: ReadRow,
}

/// A table of a database whose rows are lines of a log.
#[derive(Debug)]
pub struct Journal {
    /// Its name.
    pub table: &'static str,
    /// The columns that are read.
    pub columns: &'static [&'static str],
    /// The rows that are read: those whose column begins with one of these.
    pub only: (&'static str, &'static [&'static str]),
    /// Writes the line of a row: the values of the columns, where they are texts or whole numbers.
    pub line: fn(&[Option<String>], &mut String),
    /// The format of the lines.
    pub lines: &'static Format,
}

/// A format of lines.
#[derive(Debug)]
pub struct Lines {
    /// The harness whose lines they are; `None` for forge's own.
    pub harness: Option<&'static str>,
    /// Texts of which every line that matters holds one. Rare ones: each hit costs a look at its line.
    pub needles: &'static [Needle],
    /// Tells what most lines are, faster than by looking for needles.
    pub glance: Option<Glance>,
    /// Reads a line that holds a needle; adds what it means.
    pub read: fn(&Hit<'_>, &mut Vec<Mark>),
    /// The conversation that a line names, for records that name none.
    pub named: Option<NamedBy>,
    /// The time of a line, if it is a record.
    pub time: Option<fn(&str) -> Option<Time>>,
    /// The conversation that a record names which is torn.
    pub torn_of: Option<TornOf>,
    /// Where in a line the next record begins, behind one that is torn.
    pub next: Option<Next>,
    /// Reads what the lines say of time, for those who ask for that.
    pub timing: Option<ReadTiming>,
}

impl Lines {
    /// Lines that these needles find, and of which nothing is told but what they mean.
    pub const fn new(
        harness: Option<&'static str>,
        needles: &'static [Needle],
        read: fn(&Hit<'_>, &mut Vec<Mark>),
    ) -> Self {
        Self { harness, needles, glance: None, read, named: None, time: None, torn_of: None, next: None, timing: None }
    }
}

/// A conversation that a line names.
#[derive(Debug, Clone, PartialEq)]
pub struct Mention {
    /// Its id.
    pub conversation: Id,
    /// When.
    pub time: Option<Time>,
    /// Whether the line says that an answer is still streaming.
    pub in_flight: bool,
}

/// A line that holds a needle, in its surroundings.
#[derive(Debug)]
pub struct Hit<'a> {
    /// The text around the line; at least [`LOOK`] bytes on either side unless the source ends.
    pub text: &'a [u8],
    /// Where the line stands in it, without its line end.
    pub line: Range<usize>,
    /// Where `text` stands in the source.
    pub base: u64,
    /// What is asked for.
    pub needs: Needs,
    /// What the records before it had.
    pub seen: &'a Seen,
    /// Whether the line stands in a tool's output, or ends it: the latest candidate opened one.
    pub is_output: bool,
}

/// How far a format may look beyond its line. What needs more is cut off, wherever chunks are cut.
pub const LOOK: usize = 8 * 1024;

impl<'a> Hit<'a> {
    /// The line as text: bytes that are no UTF-8 replaced, colours stripped.
    pub fn line(&self) -> std::borrow::Cow<'a, str> {
        super::lines::clean(&self.text[self.line.clone()])
    }

    /// The line as it stands.
    pub fn bytes(&self) -> &'a [u8] {
        &self.text[self.line.clone()]
    }

    /// Whether the source ends within the line.
    pub fn is_unterminated(&self) -> bool {
        self.line.end == self.text.len()
    }

    /// Whether the source ends within the line after this one.
    pub fn is_next_unterminated(&self) -> bool {
        self.text.get(self.line.end + 1..).is_none_or(|rest| memchr::memchr(b'\n', rest).is_none())
    }

    /// Whether an output may end within the line: its source does, a line of forge's own stands at the line's end, or a
    /// fence follows.
    pub fn may_end_output(&self) -> bool {
        let is_fenced = || self.following().next().is_some_and(|line| line.trim_end() == "```");
        self.is_unterminated() || is_fenced() || marker::at_end(&self.line()).is_some()
    }

    /// The bytes before the line, at most [`LOOK`].
    pub fn before(&self) -> &'a [u8] {
        &self.text[self.line.start.saturating_sub(LOOK)..self.line.start]
    }

    /// The lines after this one, within [`LOOK`].
    pub fn following(&self) -> impl Iterator<Item = std::borrow::Cow<'a, str>> {
        let from = (self.line.end + 1).min(self.text.len());
        let to = (from + LOOK).min(self.text.len());
        super::lines::lines(&self.text[from..to]).map(super::lines::clean)
    }

    /// Where the line stands in the source.
    pub fn offset(&self) -> u64 {
        self.base + self.line.start as u64
    }

    /// A mark at this line.
    pub fn mark(&self, harness: Option<&'static str>, kind: MarkKind) -> Mark {
        Mark::new(self.offset(), harness, kind)
    }
}

/// Reads a count; a defect if it is no whole number between zero and what 64 bits with a sign hold.
pub fn count(text: &str) -> Result<u64, Defect> {
    text.parse::<u64>().ok().filter(|count| *count <= MAX_COUNT).ok_or(Defect::OutOfRange)
}
