//! How files of sessions are called.

use crate::event::Id;
use crate::parse::lines::id;

/// The session whose file has this path: `<time>_<id>.jsonl`.
pub(super) fn session_of(path: &str) -> Option<Id> {
    let name = path.rsplit(['/', '\\']).next()?;
    let name = name.strip_suffix(".jsonl").unwrap_or(name);
    id(name.rsplit('_').next()?)
}
