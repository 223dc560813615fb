//! What Gemini CLI prints at the end of `--output-format stream-json`: what its process used in all, by its own count.
//!
//! It is held against the chat, which leaves out what other requests than answers used: the router's, summaries, searches.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::event::{MAX_COUNT, TokenUsage};
use crate::parse::format::{Format, Hit, Lines, Shape};
use crate::parse::json::{Count, Text, or_zero, part};
use crate::parse::mark::{Mark, MarkKind};
use crate::parse::marker;
use crate::parse::needles::Needle;

/// Who prints them.
pub(super) const HARNESS: &str = "gemini";

/// Lines in a run's output. A file of them alone tells no usage that is read.
pub(in crate::parse) static OUTPUT: Format = Format {
    name: "gemini-stream-json",
    harness: Some(HARNESS),
    roots: &[],
    sniff: |_| false,
    shape: Shape::Lines(LINES),
};

const LINES: Lines = Lines::new(Some(HARNESS), &[Needle::new("\"stats\":{\"total_tokens\"", "_tok")], read);

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
    #[serde(borrow)]
    stats: Option<&'a RawValue>,
}

/// As version 0.11 and later print them. Thoughts are in the total alone, and so is what tools were asked with.
#[derive(Deserialize)]
struct Stats {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let line = hit.line();
    if !line.starts_with('{') {
        return;
    }
    let Ok(record) = part::<Record<'_>>(marker::without(&line).trim_end()) else { return };
    let stats = record.stats.filter(|_| record.r#type.is("result"));
    let Some(Ok(stats)) = stats.map(|stats| part::<Stats>(stats.get())) else { return };
    let [input_tokens, output_tokens] = [stats.input_tokens, stats.output_tokens].map(or_zero);
    let usage = TokenUsage { input_tokens, output_tokens: output_tokens.min(MAX_COUNT), ..TokenUsage::default() };
    marks.push(hit.mark(Some(HARNESS), MarkKind::Counted(usage)));
}
