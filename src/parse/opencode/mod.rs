//! opencode's sessions: a JSON file each for a session and a message (`storage/{session,message}/**/*.json`), and
//! in newer versions rows of the same in `opencode.db`. `opencode export` prints the same of one session ([`EXPORT`]).
//!
//! `tokens.input` leaves the cache out, `output` leaves reasoning out. A message whose counts are all zero was
//! aborted. A forked session copies messages under new ids: a finished call's key is what it says, not its id. Versions
//! before 2 don't say what a session was forked from: one that names a parent is a sub-agent's.

mod beside;
mod export;
mod keys;
mod lost;
mod record;
mod session;
mod steps;
mod tokens;
mod told;

use std::io::BufRead;

use super::document::{self, Layout, Piece};
use super::format::{FileName, Format, Home, Root, Rows, Shape};
use super::lines::id;
use super::mark::{Mark, MarkKind};
use crate::event::{Conversation, Defect, Fact, Time};
pub(super) use export::FORMAT as EXPORT;
use lost::{Lost, Named};
use record::{Kind, Row, understand};
use told::{HARNESS, start_of, tell};

/// opencode's files: `~/.local/share/opencode/storage/{message,session}/**/*.json`.
pub(super) static FORMAT: Format =
    Format { name: "opencode", harness: Some(HARNESS), roots: &[ROOT], sniff, shape: Shape::Document(read) };

const ROOT: Root =
    Root { homes: &[Home::Data("opencode")], logs: &["storage/message", "storage/session"], endings: &[".json"] };

/// The same in a database.
pub(super) static DATABASE: Format = Format {
    name: "opencode-db",
    harness: Some(HARNESS),
    roots: &[DATABASES],
    sniff: |_| false,
    shape: Shape::Tables(&TABLES),
};

const SESSION: Rows = Rows {
    table: "session",
    columns: &["id", "parent_id", "directory", "version", "time_created"],
    is_own: true,
    with: None,
    read: session_row,
};

/// What a session used, as it counts itself.
const COUNTERS: [&str; 5] = ["id", "tokens_input", "tokens_output", "tokens_cache_read", "tokens_cache_write"];

/// Sessions and messages; the same as versions from 2 on write them; and what these asked models for beside answers.
/// An upgrade copies messages under the same ids, says that they were answered later, and leaves the old tables where
/// they are.
const TABLES: [Rows; 7] = [
    SESSION,
    Rows {
        table: "session_v2",
        columns: &["id", "parent_id", "directory", "version", "time_created", "fork_session_id"],
        ..SESSION
    },
    Rows { table: "message", columns: &["id", "session_id", "data"], is_own: false, read: message_row, ..SESSION },
    Rows {
        table: "session_message",
        columns: &["id", "session_id", "data", "type", "time_created"],
        is_own: false,
        read: message_row,
        ..SESSION
    },
    Rows { table: "session_v2", columns: &COUNTERS, read: counted_row, ..SESSION },
    Rows { table: "session", columns: &COUNTERS, read: answered_row, ..SESSION },
    Rows {
        table: "event",
        columns: &["aggregate_id", "data", "created", "type"],
        is_own: false,
        with: Some(("type", "session.usage.recorded.1")),
        read: usage_row,
    },
];

const DATABASES: Root = Root {
    homes: &[Home::Data("opencode"), Home::Logs("OPENCODE_DB", Some("opencode"))],
    logs: &["opencode*.db"],
    endings: &[".db"],
};

fn sniff(head: &[u8]) -> bool {
    start_of(head).is_some_and(|start| {
        let has = |key: &str| start.contains(&format!("\"{key}\""));
        let is_record = (has("sessionID") && has("id")) || (has("projectID") && has("directory"));
        start.starts_with('{') && is_record && !export::is_export(&start) && !is_event(&start)
    })
}

/// Whether it is what `opencode run --format json` prints: a part of a message each, and neither its model nor when it was
/// asked.
fn is_event(start: &str) -> bool {
    let mut parts = start.match_indices("\"part\"");
    parts.any(|(at, name)| start[at + name.len()..].trim_start().starts_with(':'))
}

/// Whether a file is called as those of messages are.
pub(super) fn is_message(file: FileName<'_>) -> bool {
    Named::of(file).session.is_some()
}

fn read(file: FileName<'_>, input: &mut dyn BufRead, emit: &mut dyn FnMut(Mark)) -> std::io::Result<()> {
    let named = Named::of(file);
    let mut position = 0;
    let read = document::read(input, Layout::Records, &mut |piece| {
        let found = match piece {
            Piece::Record(json) => understand(json, None, None),
            Piece::Defect(defect, beginning) => Err(Lost::torn(defect, beginning)),
            Piece::Member(..) | Piece::End => Ok(None),
        };
        // What follows a whole message in its file is none.
        let found = found.map_err(|lost| if position == 0 { lost.named(&named) } else { lost });
        tell(found, position, emit);
        position += 1;
    });
    if position == 0 && named.session.is_some() {
        tell(Err(Lost::torn(Defect::Torn, &[]).named(&named)), position, emit);
    }
    read
}

fn session_row(values: &[Option<String>], position: u64, emit: &mut dyn FnMut(Mark)) {
    let [session, parent, directory, version, created, more @ ..] = values else { return };
    let Some(session) = session.as_deref().and_then(id) else { return };
    let named = |name: &Option<String>| name.as_deref().and_then(id);
    let mut conversation = session::session(session.clone(), named(parent), directory.as_deref(), version.as_deref());
    conversation.parent = conversation.parent.or_else(|| more.first().and_then(named));
    let time = created.as_deref().and_then(|created| Time::from_millis(created.parse().ok()?));
    let mark = document::mark(position, HARNESS, MarkKind::Fact(Fact::Conversation(Box::new(conversation))));
    emit(mark.at(time).of(Some(session)));
}

/// A session's counter: what its messages used, those that were reverted, and what it asked for beside them. A fork's
/// begins at zero.
fn counted_row(values: &[Option<String>], position: u64, emit: &mut dyn FnMut(Mark)) {
    let [session, counts @ ..] = values else { return };
    let Some(session) = session.as_deref().and_then(id) else { return };
    let counts: Vec<u64> = counts.iter().filter_map(|count| count.as_deref()?.parse().ok()).collect();
    let [input, output, read, written] = counts[..] else { return };
    let counted = tokens::counted([input, output], [read, written]);
    let is_answered = !counted.is_zero();
    let conversation = Conversation::new(session.clone());
    let conversation = Conversation { begins: true, counted: Some(counted), is_answered, ..conversation };
    emit(
        document::mark(position, HARNESS, MarkKind::Fact(Fact::Conversation(Box::new(conversation)))).of(Some(session)),
    );
}

/// Versions before 2 count in forks what these copied, too: the counter tells that a model answered, and no more.
fn answered_row(values: &[Option<String>], position: u64, emit: &mut dyn FnMut(Mark)) {
    counted_row(values, position, &mut |mark| match mark.kind {
        MarkKind::Fact(Fact::Conversation(told)) => {
            let kind = MarkKind::Fact(Fact::Conversation(Box::new(Conversation { counted: None, ..*told })));
            emit(Mark { kind, ..mark });
        }
        _ => emit(mark),
    });
}

fn message_row(values: &[Option<String>], position: u64, emit: &mut dyn FnMut(Mark)) {
    let [Some(message), Some(session), Some(data), more @ ..] = values else { return };
    let kind = more.first().map(|kind| Kind::of(kind.as_deref()));
    let created = more.get(1).and_then(|created| created.as_deref()?.parse().ok());
    tell(understand(data, Some(&Row { message: Some(message), session, kind, created }), None), position, emit);
}

fn usage_row(values: &[Option<String>], position: u64, emit: &mut dyn FnMut(Mark)) {
    let [Some(session), Some(data), created, ..] = values else { return };
    let created = created.as_deref().and_then(|created| created.parse().ok()).filter(|created| *created > 0);
    tell(beside::asked_beside(data, session, created), position, emit);
}
