//! Any bytes, as a source of whatever format they look like: no panic, no wrapped sum, and the same
//! outcome however they are cut. The first byte says how large the chunks are.
//!
//! `cargo +nightly fuzz run read -- -max_len=65536`; `fixtures/` and the ledgers make a good corpus.
#![no_main]

use std::io::Cursor;

use forge_usage::event::{Event, MAX_COUNT, Needs, Time};
use forge_usage::fold::{Settled, SourceFold, settle};
use forge_usage::parse::{self, FileName, Format, LOOK, SourceReader};
use forge_usage::source::{Buffer, Chunk, Chunks, HEAD, Limits, STRETCH, Stretch};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((size, bytes)) = data.split_first() else { return };
    let Some(format) = parse::detect(&bytes[..bytes.len().min(HEAD)]) else { return };
    let chunk = 1 + usize::from(*size) * 8;
    let whole = read(format, bytes, parts(bytes, bytes.len().max(1)));
    assert_eq!(whole, read(format, bytes, parts(bytes, chunk)), "parts of {chunk}");
    assert_eq!(
        whole,
        read(format, bytes, Chunks::new(bytes, limits(chunk)).collect()),
        "a stream in chunks of {chunk}"
    );
    for row in whole.rows.iter() {
        assert!(row.owner < whole.owners.len());
        let total = row.usage.map(|usage| usage.total_tokens());
        assert!(total.into_iter().chain(row.blended_tokens).all(|count| count <= MAX_COUNT), "{row:?}");
    }
});

fn limits(chunk: usize) -> Limits {
    Limits { chunk, look: LOOK, line: 1 << 30 }
}

fn parts(bytes: &[u8], size: usize) -> Vec<Chunk> {
    let (limits, length) = (limits(size), bytes.len() as u64);
    let count = limits.count(length);
    let mut chunks = Vec::new();
    for first in (0..count).step_by(STRETCH as usize) {
        let indexes = first..(first + STRETCH).min(count);
        let mut stretch = Stretch::new(limits, Cursor::new(bytes), length, indexes, Buffer::default());
        while let Some(chunk) = stretch.read_next().expect("memory") {
            chunks.push(chunk.clone());
        }
    }
    chunks
}

fn read(format: &'static Format, bytes: &[u8], chunks: Vec<Chunk>) -> Settled {
    // 2026-06-20
    let now = Time::from_micros(1_781_913_600_000_000);
    let mut fold = SourceFold::new("source");
    let mut apply = |event: Event| fold.apply(event);
    match SourceReader::new(format, "", &bytes[..bytes.len().min(HEAD)], now, Needs::ALL) {
        Some(mut reading) => {
            for chunk in &chunks {
                let lines = parse::Chunk { text: &chunk.text, start: chunk.start, end: chunk.end, base: chunk.base };
                let marks = reading.scan(&lines);
                reading.push(marks, &mut apply);
            }
            reading.finish(&mut apply);
        }
        None => parse::read_document(format, FileName::default(), &mut Cursor::new(bytes), Needs::ALL, &mut apply)
            .expect("memory"),
    }
    settle(fold.finish())
}
