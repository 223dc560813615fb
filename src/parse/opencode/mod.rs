//! opencode's sessions: a JSON file each for a session and a message (`storage/{session,message}/**/*.json`), and
//! in newer versions rows of the same in `opencode.db`. `opencode export` prints the same of one session ([`EXPORT`]).
//!
//! `tokens.input` leaves the cache out, `output` leaves reasoning out. A message whose counts are all zero was
//! aborted. A forked session copies messages under new ids: a finished call's key is what it says, not its id. It names
//! no parent: a session that does is a sub-agent's.

mod export;
mod record;
mod told;

use std::io::BufRead;

use super::document::{self, Layout, Piece};
use super::format::{Format, Home, Root, Rows, Shape};
use super::lines::id;
use super::mark::{Mark, MarkKind};
use crate::event::{Fact, Time};
pub(super) use export::FORMAT as EXPORT;
use record::{Lost, Row, understand};
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

/// Sessions, messages, and messages as versions from 2 on write them.
const TABLES: [Rows; 3] = [
    Rows { table: "session", columns: &["id", "parent_id", "directory", "version", "time_created"], read: session_row },
    Rows { table: "message", columns: &["id", "session_id", "data"], read: message_row },
    Rows {
        table: "session_message",
        columns: &["id", "session_id", "data", "type", "time_created"],
        read: message_row,
    },
];

const DATABASES: Root = Root { homes: &[Home::Data("opencode")], logs: &["opencode*.db"], endings: &[".db"] };

fn sniff(head: &[u8]) -> bool {
    start_of(head).is_some_and(|start| {
        let has = |key: &str| start.contains(&format!("\"{key}\""));
        let is_record = (has("sessionID") && has("id")) || (has("projectID") && has("directory"));
        start.starts_with('{') && is_record && !export::is_export(&start)
    })
}

fn read(_: &str, input: &mut dyn BufRead, emit: &mut dyn FnMut(Mark)) -> std::io::Result<()> {
    let mut position = 0;
    document::read(input, Layout::Records, &mut |piece| {
        let found = match piece {
            Piece::Record(json) => understand(json, None),
            Piece::Defect(defect, beginning) => Err(Lost::torn(defect, beginning)),
            Piece::Member(..) | Piece::End => Ok(None),
        };
        tell(found, position, emit);
        position += 1;
    })
}

fn session_row(values: &[Option<String>], position: u64, emit: &mut dyn FnMut(Mark)) {
    let [session, parent, directory, version, created] = values else { return };
    let Some(session) = session.as_deref().and_then(id) else { return };
    let conversation = record::session(session.clone(), parent.as_deref(), directory.as_deref(), version.as_deref());
    let time = created.as_deref().and_then(|created| Time::from_millis(created.parse().ok()?));
    let mark = document::mark(position, HARNESS, MarkKind::Fact(Fact::Conversation(Box::new(conversation))));
    emit(mark.at(time).of(Some(session)));
}

fn message_row(values: &[Option<String>], position: u64, emit: &mut dyn FnMut(Mark)) {
    let [Some(message), Some(session), Some(data), more @ ..] = values else { return };
    let is_answer = more.first().map(|kind| kind.as_deref() == Some("assistant"));
    let created = more.get(1).and_then(|created| created.as_deref()?.parse().ok());
    tell(understand(data, Some(&Row { message, session, is_answer, created })), position, emit);
}
