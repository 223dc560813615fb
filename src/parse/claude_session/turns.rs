//! Ends of turns, as far as they tell that sub-agents or workflows in the background were still at work (2.1.280): if the
//! process ended then, nothing else in its session's log may tell that they used something.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;

use crate::event::{Id, Uncounted};
use crate::parse::json::{Count, Text, part};

/// So much of a record's beginning tells whether it is such an end; it has no content.
const HEAD: usize = 1024;

static PENDING: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"turn_duration\""));

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Turn<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
    #[serde(borrow, default)]
    subtype: Text<'a>,
    pending_background_agent_count: Option<Count>,
    pending_workflow_count: Option<Count>,
}

/// Whether a record may be of a turn's end.
pub(super) fn seems_end(line: &[u8]) -> bool {
    PENDING.find(&line[..line.len().min(HEAD)]).is_some()
}

/// How many sub-agents were at work then, one of a workflow at least.
pub(super) fn told(line: &[u8], conversation: &Id) -> Option<Uncounted> {
    let turn = part::<Turn<'_>>(std::str::from_utf8(line).ok()?).ok()?;
    let count = |count: Option<Count>| count.map_or(0, Count::get);
    let pending = count(turn.pending_background_agent_count).saturating_add(count(turn.pending_workflow_count));
    let is_end = turn.r#type.is("system") && turn.subtype.is("turn_duration");
    let told = Uncounted::call(conversation.clone(), None);
    (is_end && pending > 0).then_some(Uncounted { agent_count: Some(pending), ..told })
}
