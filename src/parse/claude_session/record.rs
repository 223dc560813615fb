//! Records, whatever the order of their keys.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::event::{Conversation, Id};
use crate::parse::anthropic::Message;
use crate::parse::claude::restores_counter;
use crate::parse::json::{Text, part};
use crate::parse::lines::{branch, id, path};

/// A record, as far as it matters.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record<'a> {
    #[serde(borrow, default)]
    pub(super) r#type: Text<'a>,
    #[serde(borrow, default)]
    pub(super) session_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) timestamp: Text<'a>,
    #[serde(borrow, default)]
    pub(super) request_id: Text<'a>,
    #[serde(borrow, default)]
    pub(super) uuid: Text<'a>,
    #[serde(borrow, default)]
    pub(super) cwd: Text<'a>,
    #[serde(borrow, default)]
    pub(super) git_branch: Text<'a>,
    #[serde(borrow, default)]
    pub(super) version: Text<'a>,
    /// How much the model was asked to think, since 2.1.243: in the session, and in this turn.
    #[serde(borrow, default)]
    pub(super) effort: Text<'a>,
    #[serde(borrow, default)]
    pub(super) per_turn_effort: Text<'a>,
    #[serde(default, deserialize_with = "is_true")]
    pub(super) is_sidechain: Option<bool>,
    /// The sub-agent whose record it is.
    #[serde(borrow, default)]
    pub(super) agent_id: Text<'a>,
    /// What a tool did that the record tells of.
    #[serde(borrow)]
    pub(super) tool_use_result: Option<&'a RawValue>,
    /// Where a copied record comes from.
    #[serde(borrow)]
    pub(super) forked_from: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) message: Option<Message<'a>>,
    /// What a record of progress shows.
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
    /// Versions before 1.0.9 told the price of each message.
    #[serde(borrow, rename = "costUSD")]
    pub(super) cost: Option<&'a RawValue>,
}

/// What every record has.
#[derive(Deserialize)]
pub(super) struct Head<'a> {
    #[serde(borrow, default)]
    pub(super) r#type: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ForkedFrom<'a> {
    #[serde(borrow, default)]
    session_id: Text<'a>,
}

/// Whatever else may stand there is no `true`.
fn is_true<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(|flag| Some(flag.get() == "true"))
}

impl Record<'_> {
    /// What it tells of its session.
    pub(super) fn conversation(&self, session: &Id) -> Conversation {
        Conversation {
            begins: true,
            repo: self.cwd.get().and_then(path),
            branch: self.git_branch.get().and_then(branch),
            version: self.version.get().and_then(id),
            parent: self.parent().filter(|parent| parent != session),
            restores_counter: self.version.get().and_then(restores_counter),
            ..Conversation::new(session.clone())
        }
    }

    /// The session that a copied record was written by.
    pub(super) fn parent(&self) -> Option<Id> {
        let from = part::<ForkedFrom<'_>>(self.forked_from?.get()).ok()?;
        from.session_id.get().and_then(id)
    }
}
