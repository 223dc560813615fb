//! What Claude Code's GitHub action leaves behind: the records of one run as an array, pretty-printed.

use std::io::{self, Write};

use serde_json::Value;

use super::random::Random;
use super::{Totals, claude};

/// Writes an execution file of about this many bytes.
pub fn write_execution_file(mut out: impl Write, seed: u64, bytes: u64) -> io::Result<Totals> {
    let mut random = Random::new(seed);
    let (text, tokens, messages) = claude::long_stream(&mut random, bytes as usize);
    let records = text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>()?;
    serde_json::to_writer_pretty(&mut out, &records)?;
    out.flush()?;
    let mut totals = Totals { calls: Some(messages), conversations: Some(1), ..Totals::default() };
    totals.add(tokens);
    totals.reasoning_output_tokens = None;
    Ok(totals)
}
