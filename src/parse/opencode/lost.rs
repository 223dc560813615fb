//! Records that can't be read, and what is told all the same of the call that such a one may be of.

use super::keys::begun_at;
use super::session::left_of_session;
use crate::event::{Conversation, Defect, Id};
use crate::parse::format::FileName;
use crate::parse::lines::{id, id_in_torn, may_be_call, number_in_torn};

/// A record that can't be read.
pub(super) struct Lost {
    pub(super) defect: Defect,
    /// The session whose record it is.
    pub(super) session: Option<Id>,
    /// The message's id.
    pub(super) message: Option<Id>,
    /// When its answer was asked for, which every copy of the message tells.
    pub(super) created: Option<i64>,
    /// Whether it is surely none of an answer.
    pub(super) is_other: bool,
    /// What is left of it, if it is a session's own.
    pub(super) told: Option<Box<Conversation>>,
}

impl Lost {
    /// One that may be an answer's, of which nothing is told.
    pub(super) fn new(defect: Defect) -> Lost {
        Lost { defect, session: None, message: None, created: None, is_other: false, told: None }
    }

    /// One that begins so.
    pub(super) fn torn(defect: Defect, torn: &[u8]) -> Lost {
        let is_other = ["messageID", "projectID"].iter().any(|name| id_in_torn(torn, name).is_some());
        Lost {
            defect,
            session: id_in_torn(torn, "sessionID"),
            message: id_in_torn(torn, "id"),
            created: number_in_torn(torn, "created"),
            is_other: is_other || !may_be_call(torn),
            told: left_of_session(torn).map(Box::new),
        }
    }

    /// The same in a file that is called so.
    pub(super) fn named(self, file: &Named) -> Lost {
        let (session, message) = (file.session.clone(), file.message.clone());
        Lost { session: self.session.or(session), message: self.message.or(message), ..self }
    }

    /// What the key of the call begins with, finished or not; else the message.
    pub(super) fn key(&self) -> Option<Id> {
        self.created.map(begun_at).or_else(|| self.message.clone())
    }
}

/// What the name of a message's file tells: `message/<session>/<message>.json`.
pub(super) struct Named {
    /// `None` in a folder that isn't called as those of sessions are, or for a file that is none of a message.
    pub(super) session: Option<Id>,
    message: Option<Id>,
}

impl Named {
    pub(super) fn of(file: FileName<'_>) -> Named {
        let name = file.name.strip_suffix(".json").filter(|name| name.starts_with("msg_"));
        let message = name.and_then(id);
        let session = id(file.folder).filter(|folder| message.is_some() && folder.starts_with("ses_"));
        Named { session, message }
    }
}
