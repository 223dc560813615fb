//! What is told of a session.

use crate::event::{Conversation, Id};
use crate::parse::lines::{id, id_in_torn, path, path_in_torn};

/// A session as its record tells of it.
pub(super) fn session(own: Id, parent: Option<Id>, directory: Option<&str>, version: Option<&str>) -> Conversation {
    Conversation {
        begins: true,
        repo: directory.and_then(path),
        version: version.and_then(id),
        is_subagent: parent.is_some(),
        parent,
        ..Conversation::new(own)
    }
}

/// What is left of a session's torn record: nothing else says who spawned it.
pub(super) fn left_of_session(torn: &[u8]) -> Option<Conversation> {
    let named = |name| id_in_torn(torn, name);
    let own = named("id").filter(|_| named("projectID").is_some())?;
    let directory = path_in_torn(torn, "directory");
    Some(session(own, named("parentID"), directory.as_deref(), named("version").as_deref()))
}
