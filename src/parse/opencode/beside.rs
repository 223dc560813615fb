//! What a session asked a model for beside its answers: for a title, or to sum up what had become too long.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::keys::{COMPACTION, key_beside};
use super::lost::Lost;
use super::record::Found;
use super::tokens::Tokens;
use crate::event::{Call, CallKey, Fact, Time};
use crate::parse::json::{Text, part, price};
use crate::parse::lines::id;

/// A record of what a session asked a model for beside its answers.
#[derive(Deserialize)]
struct Beside<'a> {
    #[serde(borrow, default)]
    source: Text<'a>,
    #[serde(borrow)]
    tokens: Option<&'a RawValue>,
    #[serde(borrow)]
    cost: Option<&'a RawValue>,
}

/// What such a record tells: versions from 2 on write it for titles, and for compactions, whose messages may tell the
/// same.
pub(super) fn asked_beside(json: &str, session: &str, created: Option<i64>) -> Result<Option<Found>, Lost> {
    let session = id(session);
    let lost = |defect| Lost { session: session.clone(), created, ..Lost::new(defect) };
    let record: Beside<'_> = part(json).map_err(lost)?;
    let Some(tokens) = record.tokens else { return Ok(None) };
    let usage = part::<Tokens>(tokens.get()).map_err(lost)?.usage();
    if usage.is_zero() {
        return Ok(None);
    }
    let source = record.source.get().unwrap_or_default();
    let of = session.as_deref().filter(|_| source != COMPACTION).zip(created);
    let call = Call {
        conversation: session.clone(),
        is_logged: true,
        stands_alone: true,
        is_final: true,
        cost: price(record.cost),
        ..Call::new(CallKey::Message(key_beside(source, of, &usage)), usage)
    };
    Ok(Some(Found::new(Fact::Call(Box::new(call)), session, created.and_then(Time::from_millis))))
}
