//! Places where what had been said was summed up: the call that wrote the summary has no record in the session's log.
//! Versions of early 2026 wrote it to a file as of a sub-agent, `agent-acompact-….jsonl`, later ones nowhere.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;

use crate::event::{Id, Uncounted};
use crate::parse::json::{Count, Text, part};
use crate::parse::lines::id;

/// So much of a record's beginning tells whether it is of such a place.
const HEAD: usize = 1024;

/// What the names of the sub-agents begin with that wrote summaries.
const AGENTS: &str = "acompact-";

/// What took less than this asked no model, but took notes that were there: in milliseconds.
const QUICKEST_MS: u64 = 1000;

static BOUNDARY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"compact_boundary\""));

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Boundary<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
    #[serde(borrow, default)]
    subtype: Text<'a>,
    #[serde(borrow, default)]
    uuid: Text<'a>,
    compact_metadata: Option<Compaction>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Compaction {
    /// What the context held that was summed up.
    pre_tokens: Option<Count>,
    /// How long it took; older versions don't tell.
    duration_ms: Option<Count>,
}

/// Whether a record may be of such a place.
pub(super) fn seems_boundary(line: &[u8]) -> bool {
    BOUNDARY.find(&line[..line.len().min(HEAD)]).is_some()
}

/// The call that a record of such a place tells of.
pub(super) fn told(line: &[u8], conversation: &Id) -> Option<Uncounted> {
    let boundary = part::<Boundary<'_>>(std::str::from_utf8(line).ok()?).ok()?;
    let Compaction { pre_tokens, duration_ms } = boundary.compact_metadata?;
    let has_asked = pre_tokens.is_some_and(|tokens| tokens.get() > 0)
        && duration_ms.is_none_or(|duration| duration.get() >= QUICKEST_MS);
    let is_boundary = boundary.r#type.is("system") && boundary.subtype.is("compact_boundary");
    let key = boundary.uuid.get().and_then(id);
    let work = Uncounted::work(conversation.clone(), AGENTS.into(), key);
    (is_boundary && has_asked).then_some(Uncounted { is_compaction: true, ..work })
}
