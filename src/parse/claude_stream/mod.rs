//! Claude Code's `--output-format stream-json` (a record a line) and `json` (one object, or one
//! array of the same records).
//!
//! `modelUsage` and `total_cost_usd` of a `result` count everything the process did; `assistant`
//! records repeat for each content block and hold a placeholder for the output.

mod aliases;
mod document;
mod meaning;
mod quota;
mod record;
mod spread;

use serde_json::value::RawValue;

use crate::event::{Defect, Fact};
use crate::parse::claude::HARNESS;
use crate::parse::document::start_of;
use crate::parse::format::{Format, Hit, Lines, Shape};
use crate::parse::json::part;
use crate::parse::lines::{clean, lines, may_begin_with};
use crate::parse::mark::{Mark, MarkKind};
use crate::parse::marker;
use crate::parse::needles::Needle;
pub(in crate::parse) use meaning::is_others;
use meaning::may_be_others;
use meaning::understand;
use record::Head;

/// Records, one a line.
pub(in crate::parse) static STREAM: Format = Format {
    name: "claude-stream-json",
    harness: Some(HARNESS),
    roots: &[],
    sniff: sniff_lines,
    shape: Shape::Lines(LINES),
};

/// One object or one array, over any number of lines.
pub(in crate::parse) static DOCUMENT: Format = Format {
    name: "claude-json",
    harness: Some(HARNESS),
    roots: &[],
    sniff: sniff_document,
    shape: Shape::Document(document::read),
};

/// What Qwen Code calls its version, in the first record that it prints.
const OTHERS_VERSION: &str = "\"qwen_code_version\"";

const LINES: Lines = Lines::new(
    Some(HARNESS),
    &[
        Needle::new("\"usage\"", "usag"),
        Needle::new("\"modelUsage\"", "delU"),
        Needle::new("\"init\"", "init"),
        Needle::new("\"rate_limit_event\"", "imit"),
        Needle::new(spread::KIND, "resu"),
        // Answers that are torn before their usage.
        Needle::new("{\"type\":\"assistant\"", "ista"),
        Needle::new("\"message_start\"", "_sta"),
        Needle::new("\"new_conversation_id\"", "_con"),
    ],
    read,
);

/// Other harnesses print records of the same shape: the first one that tells decides whose they are.
fn sniff_lines(head: &[u8]) -> bool {
    let mut is_of_stream = false;
    for line in lines(head).filter(|line| may_begin_with(line, b'{')) {
        let line = clean(line);
        let Ok(record) = value(&line) else { continue };
        if let Some(is_others) = is_others(record) {
            return !is_others;
        }
        let is_known = record.starts_with('{') && part::<Head>(record).is_ok_and(|head| head.is_of_stream());
        is_of_stream |= is_known && !may_be_others(record);
    }
    is_of_stream
}

/// A document starts with an array of records, or with a result that runs over several lines.
fn sniff_document(head: &[u8]) -> bool {
    let Some(text) = start_of(head) else { return false };
    let is_array = text.starts_with('[');
    let object = if is_array { text[1..].trim_start() } else { &text };
    let known = ["\"system\"", "\"assistant\"", "\"user\"", "\"result\""];
    // A first line that goes on beyond the head is a record's, not a document's, as is one that was torn, before others.
    let is_line = !is_array
        && (!text.contains('\n')
            || sniff_lines(head)
            || lines(text.as_bytes())
                .next()
                .is_some_and(|line| value(&clean(line)).and_then(part::<&RawValue>).is_ok()));
    !is_line
        && object.starts_with('{')
        && first_value(object, "type").is_some_and(|value| known.contains(&value))
        && !is_others_document(&text)
}

/// Whether another harness wrote a document that has the shape of Claude's, as far as it is in view.
fn is_others_document(text: &str) -> bool {
    let text = text.trim_end();
    match part::<Vec<&RawValue>>(text) {
        Ok(records) => records.iter().find_map(|record| is_others(record.get())) == Some(true),
        Err(_) => text.contains(OTHERS_VERSION) || is_others(text) == Some(true),
    }
}

/// The first value of `key` in JSON text that may be cut.
fn first_value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("\"{key}\""))?;
    let value = after.trim_start().strip_prefix(':')?.trim_start();
    let end = value.find([',', '}', '\n', '\r'])?;
    Some(value[..end].trim_end())
}

/// The JSON value that a line holds. One of forge's own lines may follow it when the output was
/// unterminated.
fn value(line: &str) -> Result<&str, Defect> {
    let line = line.trim_end();
    // Nearly always the line is the value; whether it is one is seen when it is read.
    if line.ends_with(['}', ']']) {
        return Ok(line);
    }
    let value = marker::without(line).trim_end();
    if value.ends_with(['}', ']']) { Ok(value) } else { Err(Defect::Torn) }
}

fn read(hit: &Hit<'_>, marks: &mut Vec<Mark>) {
    let line = hit.line();
    let mark = |kind| hit.mark(Some(HARNESS), kind);
    let understood = if line.starts_with("[{") {
        let records = value(&line).and_then(part::<Vec<&RawValue>>);
        records.map(|records| records.into_iter().for_each(|record| understand(record.get(), &mark, marks)))
    } else if line.starts_with('{') {
        value(&line).map(|record| understand(record, &mark, marks))
    } else {
        spread::result(hit).iter().for_each(|result| understand(result, &mark, marks));
        Ok(())
    };
    if let Err(defect) = understood {
        marks.push(mark(MarkKind::Fact(Fact::Defect(defect))));
    }
}
