//! What an account comes to.

use super::log::LogCall;
use super::owner::{Quality, Taken, UsageRow};
use super::reason::Reasons;
use crate::event::{Id, MAX_COUNT};

/// What an account comes to.
#[derive(Debug)]
pub(super) struct Weighed {
    pub(super) rows: Rows,
    pub(super) quality: Quality,
    pub(super) reasons: Reasons,
    pub(super) taken: Taken,
    /// Whether a counter and calls were there, and agree.
    pub(super) agrees: Option<bool>,
    /// Blended totals that a footer may repeat.
    pub(super) blended: Vec<u64>,
    /// The largest blended total that a session log tells of, other owners' parts too; 0 without one.
    pub(super) reached: u64,
    /// Whether records that may be quoted tell it, and nothing that surely isn't.
    pub(super) is_doubtful: bool,
}

/// Its rows.
#[derive(Debug)]
pub(super) enum Rows {
    /// As they are.
    Made(Vec<UsageRow>),
    /// The calls in a conversation's session log: nearly all there are, so a row of each is made when it is needed.
    Logged(Id, Vec<LogCall>),
}

impl Rows {
    /// Adds their blended tokens to a sum.
    pub(super) fn add_blended_tokens(&self, sum: u64) -> u64 {
        let plus = |sum: u64, blended: u64| sum.saturating_add(blended).min(MAX_COUNT);
        match self {
            Rows::Made(rows) => rows.iter().filter_map(|row| row.blended_tokens).fold(sum, plus),
            Rows::Logged(_, calls) => calls.iter().map(|call| call.usage().blended_tokens()).fold(sum, plus),
        }
    }

    /// The model that the first one names.
    pub(super) fn first_model(&self) -> Option<&Id> {
        match self {
            Rows::Made(rows) => rows.first()?.model.as_ref(),
            Rows::Logged(_, calls) => calls.first()?.context.model.as_ref(),
        }
    }

    /// The rows themselves.
    pub(super) fn made(self) -> Vec<UsageRow> {
        match self {
            Rows::Made(rows) => rows,
            Rows::Logged(conversation, calls) => calls.iter().map(|call| call.row(&conversation)).collect(),
        }
    }
}
