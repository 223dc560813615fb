//! A conversation with a session log, split among those who used it.

use std::collections::BTreeMap;

use super::log_share::LogShares;
use super::share::Share;
use crate::event::{CallKey, RunId, TokenUsage};
use crate::fold::facts::CallFacts;

/// A conversation with a session log, as it is split.
#[derive(Debug, Default)]
pub(super) struct SplitLog {
    /// Those whose calls the log tells of, or may.
    pub(super) logged: LogShares,
    /// Runs that began when the log had ended.
    pub(super) behind: BTreeMap<RunId, Behind>,
    /// What the counter read before each run's first call.
    pub(super) began_at: BTreeMap<RunId, TokenUsage>,
}

/// What outputs alone tell of a run.
#[derive(Debug, Default)]
pub(super) struct Behind {
    /// Its calls.
    pub(super) calls: Vec<(CallKey, Box<CallFacts>)>,
    /// Its share of the conversation's counter, which goes on from the log's.
    pub(super) share: Option<Share>,
}
