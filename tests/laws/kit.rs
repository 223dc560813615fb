//! Reads bytes and folders through the library's public doors, and compares what comes out.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::PathBuf;

use forge_usage::event::{Defect, Needs, Time, TokenUsage};
use forge_usage::fold::{Facts, Settled, SourceFold, settle};
use forge_usage::parse::{self, FileName, LOOK, SourceReader};
use forge_usage::pipeline::{self, Options};
use forge_usage::source::{Buffer, Chunk, Chunks, HEAD, Limits, STRETCH, Stretch, discover};
use proptest::test_runner::Config;
use proptest::test_runner::RngSeed;
use tempfile::TempDir;

/// Files by their name in a folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Some cases, and no file that remembers the failed ones: a failure prints what it takes.
pub fn cases(count: u32) -> Config {
    // The same cases every time, so that a check of a change is about the change; another seed is
    // `PROPTEST_RNG_SEED`.
    let rng_seed = match Config::default().rng_seed {
        RngSeed::Random => RngSeed::Fixed(7),
        asked => asked,
    };
    Config { failure_persistence: None, rng_seed, ..Config::with_cases(count) }
}

/// "Now", a month after everything that the generator dates.
pub fn now() -> Time {
    Time::parse("2026-06-20T00:00:00Z").expect("a time")
}

pub fn options(chunk: usize) -> Options {
    Options { chunk, needs: Needs::ALL, ..Options::at(now()) }
}

/// A folder with these files in it.
pub fn folder(files: &Files) -> TempDir {
    let dir = TempDir::new().expect("a temporary folder");
    for (name, bytes) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(path, bytes).expect("a written file");
    }
    dir
}

/// What a folder of these files comes to.
pub fn settled(files: &Files, options: &Options) -> Settled {
    settled_in(&folder(files), options)
}

/// What a folder comes to.
pub fn settled_in(folder: &TempDir, options: &Options) -> Settled {
    let found = discover(&[PathBuf::from(folder.path())]).expect("a folder");
    pipeline::read(found, options).settle()
}

/// How a source in memory is cut.
#[derive(Debug, Clone)]
pub enum Cut {
    /// Not at all.
    Whole,
    /// At the line ends behind these bytes.
    At(Vec<usize>),
    /// Into parts of a plain file, as the pipeline does.
    Parts(Limits),
    /// As a stream.
    Stream(Limits),
}

/// Limits that let every line be.
pub fn limits(chunk: usize) -> Limits {
    Limits { chunk, look: LOOK, line: 1 << 30 }
}

/// The facts of one source in memory, named `name`; none if its format is not known.
pub fn facts(name: &str, bytes: &[u8], cut: &Cut) -> Facts {
    let mut fold = SourceFold::new(name);
    let head = &bytes[..bytes.len().min(HEAD)];
    let Some(format) = parse::detect(head) else { return fold.finish() };
    let Some(mut reading) = SourceReader::new(format, "", head, now(), Needs::ALL) else {
        let named = FileName { name, ..FileName::default() };
        parse::read_document(format, named, &mut Cursor::new(bytes), Needs::ALL, &mut |event| fold.apply(event))
            .expect("memory");
        return fold.finish();
    };
    for chunk in chunks(bytes, cut) {
        let marks = reading.scan(&view(&chunk));
        reading.push(marks, &mut |event| fold.apply(event));
        if let Some(offset) = chunk.too_long {
            fold.apply(parse::line_too_long(offset));
        }
    }
    reading.finish(&mut |event| fold.apply(event));
    fold.finish()
}

/// What one source in memory comes to.
pub fn settled_bytes(bytes: &[u8], cut: &Cut) -> Settled {
    settle(facts("source", bytes, cut))
}

fn view(chunk: &Chunk) -> parse::Chunk<'_> {
    parse::Chunk { text: &chunk.text, start: chunk.start, end: chunk.end, base: chunk.base }
}

fn chunks(bytes: &[u8], cut: &Cut) -> Vec<Chunk> {
    match cut {
        Cut::Whole => cut_at(bytes, &[]),
        Cut::At(places) => cut_at(bytes, places),
        Cut::Parts(limits) => parts(bytes, limits),
        Cut::Stream(limits) => Chunks::new(bytes, *limits).collect(),
    }
}

fn cut_at(bytes: &[u8], places: &[usize]) -> Vec<Chunk> {
    let after = |place: &usize| {
        let place = (*place).min(bytes.len());
        memchr(bytes, place).map_or(bytes.len(), |newline| newline + 1)
    };
    let mut ends: Vec<usize> = places.iter().map(after).chain([bytes.len()]).collect();
    ends.sort_unstable();
    let mut start = 0;
    let chunk = |end: usize| {
        let chunk = Chunk { text: bytes.to_vec().into(), start, end, base: 0, too_long: None };
        start = end;
        chunk
    };
    ends.into_iter().map(chunk).collect()
}

fn memchr(bytes: &[u8], from: usize) -> Option<usize> {
    bytes[from..].iter().position(|byte| *byte == b'\n').map(|newline| from + newline)
}

fn parts(bytes: &[u8], limits: &Limits) -> Vec<Chunk> {
    let length = bytes.len() as u64;
    let count = limits.count(length);
    let mut chunks = Vec::new();
    for first in (0..count).step_by(STRETCH as usize) {
        let indexes = first..(first + STRETCH).min(count);
        let mut stretch = Stretch::new(*limits, Cursor::new(bytes), length, indexes, Buffer::default());
        while let Some(chunk) = stretch.read_next().expect("memory") {
            chunks.push(chunk.clone());
        }
    }
    chunks
}

/// The first difference between two outcomes: owners, then rows, then the rest.
pub fn difference(a: &Settled, b: &Settled) -> Option<String> {
    without_defects(a, b).or_else(|| (a != b).then(|| format!("{:?}\nagainst\n{:?}", a.defects, b.defects)))
}

/// The first difference between owners or rows.
pub fn without_defects(a: &Settled, b: &Settled) -> Option<String> {
    first_difference(a.owners.iter(), b.owners.iter()).or_else(|| first_difference(a.rows.iter(), b.rows.iter()))
}

/// The first place where two lists differ; `None` there is the end of one.
fn first_difference<T: PartialEq + std::fmt::Debug>(
    mut a: impl Iterator<Item = T>,
    mut b: impl Iterator<Item = T>,
) -> Option<String> {
    loop {
        match (a.next(), b.next()) {
            (None, None) => return None,
            (a, b) if a != b => return Some(format!("{a:?}\nagainst\n{b:?}")),
            _ => {}
        }
    }
}

/// What an owner's rows add up to: its tokens, as far as the split is known, and its blended total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    pub usage: Option<TokenUsage>,
    pub blended: Option<u64>,
}

/// The sums of every run, by its id; of what belongs to none, under its conversation.
pub fn sums(settled: &Settled) -> BTreeMap<String, Sum> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for row in settled.rows.iter() {
        let run = settled.owners[row.owner].run.as_ref().map(|run| run.id.to_string());
        let key = run.or_else(|| row.conversation.as_ref().map(|id| id.to_string())).unwrap_or_default();
        let sum = sums.entry(key).or_default();
        if let Some(usage) = row.usage {
            sum.usage = Some(sum.usage.unwrap_or_default().plus(&usage));
        }
        if let Some(blended) = row.blended_tokens {
            sum.blended = Some(sum.blended.unwrap_or(0).saturating_add(blended));
        }
    }
    sums
}

/// How often a defect was met.
pub fn defects(settled: &Settled, defect: Defect) -> u64 {
    settled.defects.get(&defect).map_or(0, |(count, _)| *count)
}

/// Fails a property with the difference, if there is one.
macro_rules! same {
    ($difference:expr, $($what:tt)*) => {
        if let Some(difference) = $difference {
            proptest::prop_assert!(false, "{}: {difference}", format!($($what)*));
        }
    };
}
pub(crate) use same;
