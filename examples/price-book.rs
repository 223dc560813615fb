//! Adds snapshots of litellm's price map to the price book that is built into the program.
//!
//! ```sh
//! cargo run --no-default-features --example price-book -- litellm-2026-11-22.json …
//! ```
//!
//! A snapshot is `model_prices_and_context_window.json` as it was on one day; the day is the date in the file's
//! name. Nothing is fetched. What can't go into the book is named.

use std::path::Path;

use chrono::NaiveDate;
use forge_usage::price;

const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/price/book.jsonl");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        return Err("give the snapshots: litellm-2026-11-22.json …".into());
    }
    let mut snapshots = Vec::new();
    for file in files {
        let day = day(&file).ok_or_else(|| format!("{file}: no date such as 2026-11-22 in the name"))?;
        snapshots.push((day, std::fs::read_to_string(&file).map_err(|cause| format!("{file}: {cause}"))?));
    }
    let (book, left_out) = price::import(&std::fs::read_to_string(BOOK)?, &snapshots)?;
    std::fs::write(BOOK, &book)?;
    for reason in left_out {
        eprintln!("left out: {reason}");
    }
    eprintln!("{BOOK}: {} models, {} bytes", book.lines().count() - 1, book.len());
    Ok(())
}

/// The date in a file's name.
fn day(file: &str) -> Option<NaiveDate> {
    let name = Path::new(file).file_name()?.to_str()?;
    let is_digit = |c: char| c.is_ascii_digit();
    (0..name.len())
        .filter_map(|at| name.get(at..at + 10))
        .filter(|part| part.starts_with(is_digit))
        .find_map(|part| part.parse().ok())
}
