//! Every format that is read, in one list, and what is told by looking through it.

use std::sync::OnceLock;

use super::detect::among;
use super::format::{FileName, Format, Journal, Lines, Rows, Shape};
use super::lines::clean;
use super::scan::{Kind, Scanner};
use super::{
    claude_session, claude_stream, codex_exec, codex_exec_json, codex_rollout, codex_trace, droid, events, gemini,
    ledger, loop_log, opencode, pi,
};

/// Every format that is read. Texts, which may quote the others' lines, come before what can't quote theirs.
pub static FORMATS: [&Format; 19] = [
    &ledger::FORMAT,
    &loop_log::FORMAT,
    &codex_trace::FORMAT,
    &codex_exec::FORMAT,
    &codex_rollout::FORMAT,
    &events::FORMAT,
    &claude_session::FORMAT,
    &droid::SESSION,
    &pi::FORMAT,
    &opencode::FORMAT,
    &opencode::EXPORT,
    &opencode::DATABASE,
    &gemini::FORMAT,
    &gemini::OUTPUT,
    &droid::SETTINGS,
    &claude_stream::DOCUMENT,
    &claude_stream::STREAM,
    &codex_exec_json::FORMAT,
    &codex_trace::DATABASE,
];

/// The format of a source that begins with `head`, if it is known.
pub fn detect(head: &[u8]) -> Option<&'static Format> {
    among(&FORMATS, head).filter(|format| format.name != pi::FORMAT.name || !pi::is_printed(head))
}

/// The same of a file: where its bytes tell nothing, as they are torn or gone, what it is called may.
pub fn detect_named(head: &[u8], name: FileName<'_>) -> Option<&'static Format> {
    detect(head).or_else(|| opencode::is_message(name).then_some(&opencode::FORMAT))
}

/// Whether a line has the shape of a harness's records, and another one printed it.
pub fn is_anothers(line: &[u8]) -> bool {
    let is_named = memchr::memmem::find(line, b"\"session_id\"").is_some();
    is_named && claude_stream::is_others(&clean(line)) == Some(true)
}

/// A scanner for each of [`FORMATS`] that are lines.
/// Each is made when a source needs it: most readings need few.
static SCANNERS: [OnceLock<Scanner>; FORMATS.len()] = [const { OnceLock::new() }; FORMATS.len()];

pub(super) fn scanner_of(index: usize) -> Option<&'static Scanner> {
    let format = FORMATS.get(index)?;
    let parts = parts_of(format)?;
    let kind = match format.shape {
        Shape::Lines(_) => Kind::Bare,
        Shape::Records(_) | Shape::OrderedRecords { .. } => Kind::Records,
        _ => Kind::Other,
    };
    Some(SCANNERS.get(index)?.get_or_init(|| Scanner::new(parts, kind)))
}

/// Every format of lines.
pub(super) fn all_lines() -> impl Iterator<Item = &'static Lines> {
    FORMATS.iter().filter_map(|format| match &format.shape {
        Shape::Lines(lines) => Some(lines),
        _ => None,
    })
}

/// The formats of lines that a source of this format may hold.
pub(super) fn parts_of(format: &'static Format) -> Option<Vec<&'static Lines>> {
    match &format.shape {
        Shape::Ledger => Some(std::iter::once(&ledger::LINES).chain(all_lines()).collect()),
        Shape::LoopLog => Some(std::iter::once(&loop_log::LINES).chain(all_lines()).collect()),
        // A bare log holds whatever its harness prints: traces and plain output mix.
        Shape::Lines(_) => Some(all_lines().filter(|lines| lines.harness == format.harness).collect()),
        Shape::Records(lines) | Shape::OrderedRecords { lines, .. } => Some(vec![lines]),
        Shape::Document(_) | Shape::Tables(_) | Shape::Journal(_) | Shape::Events(_) => None,
    }
}

/// The formats of databases, each with its tables.
pub fn databases() -> impl Iterator<Item = (&'static Format, &'static [Rows])> {
    FORMATS.iter().filter_map(|format| match format.shape {
        Shape::Tables(tables) => Some((*format, tables)),
        _ => None,
    })
}

/// The formats of databases that hold lines of a log.
pub fn journals() -> impl Iterator<Item = (&'static Format, &'static Journal)> {
    FORMATS.iter().filter_map(|format| match &format.shape {
        Shape::Journal(journal) => Some((*format, journal)),
        _ => None,
    })
}

/// Whether a format's sources hold events that were written down.
pub fn is_events(format: &Format) -> bool {
    matches!(format.shape, Shape::Events(_))
}
