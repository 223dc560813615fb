//! Keys of calls: what names the same call in all of its copies.

use crate::event::{GROWING, Id, TokenUsage};
use crate::parse::lines::{growing_key, key};

/// Where a compaction is told of.
pub(super) const COMPACTION: &str = "compaction";

/// A finished call's key: what it says, as a fork gives it another id. Before that, its session and id. Both begin with
/// when it was asked for: of what a session asked for then, what isn't finished gives way.
pub(super) fn key_of(
    model: Option<&str>,
    names: (Option<&str>, Option<&str>),
    (created, completed): (Option<i64>, Option<i64>),
    usage: &TokenUsage,
) -> Id {
    let own = format!("{} {}", names.0.unwrap_or(""), names.1.unwrap_or(""));
    let Some(created) = created else { return key(&own) };
    let rest = completed.map_or(own, |completed| {
        let TokenUsage { input_tokens, cache_read_input_tokens, output_tokens, .. } = usage;
        let model = model.unwrap_or("");
        format!("{created} {completed} {model} {input_tokens} {cache_read_input_tokens} {output_tokens}")
    });
    growing_key(&asked_for(created), &rest)
}

/// What keys begin with.
pub(super) fn asked_for(created: i64) -> String {
    format!("{created:x}")
}

/// What the key of a call begins with that was asked for then, finished or not.
pub(super) fn begun_at(created: i64) -> Id {
    format!("{}{GROWING}", asked_for(created)).into()
}

/// The key of a call beside answers. A compaction's is what it used: forks copy its message, and the record beside it tells another
/// time.
pub(super) fn key_beside(source: &str, of: Option<(&str, i64)>, usage: &TokenUsage) -> Id {
    let TokenUsage { input_tokens, cache_read_input_tokens, output_tokens, .. } = usage;
    let (session, created) = of.unwrap_or_default();
    key(&format!("{source} {session} {created} {input_tokens} {cache_read_input_tokens} {output_tokens}"))
}
