//! Lines that hold no whole record, or another one behind a torn one.

use memchr::memmem;
use serde_json::error::Category;

use super::glance::BEGINNING;
use super::record::{Head, Record};
use crate::event::{Defect, Id};
use crate::parse::lines::id_in_torn;

/// A line without what may stand around its record: a byte order mark, blanks, blocks that were never written.
pub(super) fn without_padding(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
    let end = line.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    line[..end].trim_ascii_end()
}

/// The line's record, or that which was appended to a torn one; and what is wrong, with the text that it is wrong of.
pub(super) fn record_of(line: &[u8]) -> (Option<Record<'_>>, Option<(Defect, &[u8])>) {
    let error = match serde_json::from_slice(line) {
        Ok(record) => return (Some(record), None),
        Err(error) => error,
    };
    let head = serde_json::from_slice::<Head<'_>>(line);
    // What was torn behind a key has the next record as its value.
    if error.classify() == Category::Data && !head.as_ref().is_err_and(|error| !error.is_data()) {
        // Records of other kinds may have anything where messages stand.
        let is_assistant = head.is_ok_and(|head| head.r#type.is("assistant"));
        return (None, is_assistant.then_some((Defect::OutOfRange, line)));
    }
    // A record that begins in the middle of another makes no sense a few bytes later.
    let column = error.column().min(line.len());
    let latest = memmem::rfind(line, BEGINNING.needle()).filter(|at| *at > 0);
    let starts = (column.saturating_sub(3).max(1)..=column).chain(latest).filter_map(|at| line.split_at_checked(at));
    let mut after = starts.filter_map(|(torn, rest)| Some((torn, serde_json::from_slice::<Record<'_>>(rest).ok()?)));
    match after.find(|(_, record)| record.session_id.get().is_some()) {
        Some((torn, record)) => (Some(record), Some((Defect::Torn, torn))),
        // Behind blocks that were never written something else begins.
        None => (None, Some((Defect::Torn, line.split(|byte| *byte == 0).next().unwrap_or(line)))),
    }
}

/// Where in a line another record begins than the one that it begins with, be it torn within its first word.
pub(super) fn next(line: &[u8]) -> Option<usize> {
    let beginning = BEGINNING.needle();
    let torn = || {
        // Two bytes of it stand in any record.
        let length = (3..beginning.len()).rev().find(|length| line.ends_with(&beginning[..*length]))?;
        line.len().checked_sub(length).filter(|at| *at > 0)
    };
    BEGINNING.find(line.get(1..)?).map(|at| at + 1).or_else(torn)
}

/// The session that a torn record names.
pub(super) fn session_of(torn: &[u8]) -> Option<Id> {
    id_in_torn(torn, "sessionId")
}
