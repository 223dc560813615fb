//! What `opencode export` prints of a session: its record, and its messages with their parts. The records are those of
//! the files and the database, and so are the ids.

use std::io::BufRead;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::lost::Lost;
use super::record::{Found, Row, understand};
use super::steps::Steps;
use super::tokens::Tokens;
use super::told::{HARNESS, start_of, tell};
use crate::event::{Conversation, Fact, Id, TokenUsage};
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
    #[serde(borrow)]
    parts: Option<&'a RawValue>,
}

/// What a session of a version before 2 says that it used, beside what its messages tell. Both count what a fork copied.
#[derive(Default)]
struct Counts {
    /// `None`: it doesn't say.
    by_session: Option<TokenUsage>,
    by_messages: TokenUsage,
}

impl Counts {
    /// Adds what a record tells.
    fn add(&mut self, found: &Result<Option<Found>, Lost>) {
        let Ok(Some(found)) = found else { return };
        if let Fact::Call(call) = &found.fact {
            self.by_messages = self.by_messages.plus(&call.usage);
        }
    }

    /// What the session counts, if some of that is told by no message.
    fn lacking(&self) -> Option<TokenUsage> {
        self.by_session.filter(|counted| counted.exceeds(&self.by_messages))
    }
}

/// A session's own counter.
#[derive(Deserialize)]
struct Counter<'a> {
    #[serde(borrow)]
    tokens: Option<&'a RawValue>,
}

/// Whether a record tells a counter that is compared with all that is known of its session.
fn tells_counter(found: &Result<Option<Found>, Lost>) -> bool {
    let fact = found.as_ref().ok().and_then(|found| Some(&found.as_ref()?.fact));
    matches!(fact, Some(Fact::Conversation(told)) if told.counted.is_some())
}

fn counted(info: &str) -> Option<TokenUsage> {
    let counter: Counter<'_> = part(info).ok()?;
    Some(part::<Tokens>(counter.tokens?.get()).ok()?.counted())
}

/// Whether a document that begins so is one: the session's record comes first.
pub(super) fn is_export(start: &str) -> bool {
    let has = |key: &str| start.contains(&format!("\"{key}\""));
    let first = start.strip_prefix('{').map(str::trim_start);
    first.is_some_and(|first| first.starts_with("\"info\"")) && has("id") && (has("projectID") || has("sessionID"))
}

fn read(_: FileName<'_>, input: &mut dyn BufRead, emit: &mut dyn FnMut(Mark)) -> std::io::Result<()> {
    let (mut position, mut session, mut is_torn, mut counts) = (0, None::<Id>, false, Counts::default());
    let read = document::read(input, Layout::Wholes("messages", &["info"]), &mut |piece| {
        match piece {
            Piece::Member(_, info) => {
                let found = understand(info, None, None);
                let told = found.as_ref().ok().and_then(|found| found.as_ref()?.conversation.clone());
                session = told.or(session.take());
                counts.by_session = counted(info).filter(|_| !tells_counter(&found));
                tell(found, position, emit);
            }
            Piece::Record(json) => match part::<Message<'_>>(json) {
                Ok(Message { info: Some(info), parts }) => {
                    let found = understand(info.get(), None, parts.and_then(Steps::of).as_ref());
                    counts.add(&found);
                    tell(found, position, emit);
                }
                // Versions from 2 on print the message itself, without its session.
                Ok(_) => {
                    let row =
                        session.as_deref().map(|session| Row { message: None, session, kind: None, created: None });
                    let found = understand(json, row.as_ref(), None);
                    counts.add(&found);
                    tell(found, position, emit);
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
    if let Some((session, counted)) = session.clone().zip(counts.lacking()) {
        let told = Conversation::new(session.clone());
        let told = Conversation { begins: true, counted: Some(counted), is_answered: true, ..told };
        let kind = MarkKind::Fact(Fact::Conversation(Box::new(told)));
        emit(document::mark(position, HARNESS, kind).of(Some(session)));
    }
    // Behind wherever a copy of it may break off.
    if let Some(session) = session.filter(|_| read.is_ok() && !is_torn) {
        emit(document::mark(position, HARNESS, MarkKind::Fact(Fact::Ended(session.clone()))).of(Some(session)));
    }
    read
}
