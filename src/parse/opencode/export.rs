//! What `opencode export` prints of a session: its record, and its messages with their parts. The records are those of
//! the files and the database, and so are the ids.

use std::io::BufRead;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::record::{Row, understand};
use super::told::{HARNESS, start_of, tell};
use crate::event::{Fact, Id};
use crate::parse::document::{self, Layout, Piece};
use crate::parse::format::{FileName, Format, Shape};
use crate::parse::json::part;
use crate::parse::mark::{Mark, MarkKind};

/// A session as one document: `{"info": {…}, "messages": [{"info": {…}, "parts": […]}, …]}`; from version 2 on each message
/// stands there itself.
pub(in crate::parse) static FORMAT: Format = Format {
    name: "opencode-export",
    harness: Some(HARNESS),
    roots: &[],
    sniff: |head| start_of(head).is_some_and(|start| is_export(&start)),
    shape: Shape::Document(read),
};

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    info: Option<&'a RawValue>,
}

/// Whether a document that begins so is one: the session's record comes first.
pub(super) fn is_export(start: &str) -> bool {
    let has = |key: &str| start.contains(&format!("\"{key}\""));
    let first = start.strip_prefix('{').map(str::trim_start);
    first.is_some_and(|first| first.starts_with("\"info\"")) && has("id") && (has("projectID") || has("sessionID"))
}

fn read(_: FileName<'_>, input: &mut dyn BufRead, emit: &mut dyn FnMut(Mark)) -> std::io::Result<()> {
    let (mut position, mut session, mut is_torn) = (0, None::<Id>, false);
    let read = document::read(input, Layout::Wholes("messages", &["info"]), &mut |piece| {
        match piece {
            Piece::Member(_, info) => {
                let found = understand(info, None);
                session = found.as_ref().ok().and_then(|found| found.as_ref()?.1.clone()).or(session.take());
                tell(found, position, emit);
            }
            Piece::Record(json) => match part::<Message<'_>>(json) {
                Ok(Message { info: Some(info) }) => tell(understand(info.get(), None), position, emit),
                // Versions from 2 on print the message itself, without its session.
                Ok(_) => {
                    let row =
                        session.as_deref().map(|session| Row { message: None, session, kind: None, created: None });
                    tell(understand(json, row.as_ref()), position, emit);
                }
                Err(defect) => emit(document::mark(position, HARNESS, MarkKind::Fact(Fact::Defect(defect)))),
            },
            Piece::Defect(defect, _) => {
                is_torn = true;
                emit(document::mark(position, HARNESS, MarkKind::Fact(Fact::Defect(defect))));
            }
            Piece::End => {}
        }
        position += 1;
    });
    // Behind wherever a copy of it may break off.
    if let Some(session) = session.filter(|_| read.is_ok() && !is_torn) {
        emit(document::mark(position, HARNESS, MarkKind::Fact(Fact::Ended(session.clone()))).of(Some(session)));
    }
    read
}
