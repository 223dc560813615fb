//! Where a run stands among those that held the same conversation.

use crate::event::{RunId, Time, TokenUsage};

/// What is known of a run in which a conversation was at work.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds<'a> {
    /// When it began.
    pub(super) start: Option<Time>,
    /// Whether the conversation began within it, so that its counter was at zero.
    pub(super) starts_in: bool,
    /// Whether that is in view, too.
    pub(super) begins_in: bool,
    /// Whether the run's output is in view from its first record on, with none of them torn.
    pub(super) is_in_view: bool,
    /// The run of the conversation that came before it.
    pub(super) before: Option<Before<'a>>,
}

/// What came before a run of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Before<'a> {
    /// The run of it before this one.
    pub(super) run: &'a RunId,
    /// What may have been the conversation's blended total when this run began, in order; none where nothing tells it.
    pub(super) totals: &'a [u64],
    /// What that run's output ends with, or its counter, whatever came after it.
    pub(super) told: &'a [u64],
    /// Whether a run between the two may have held it, too, and tells of nothing.
    pub(super) follows_silence: bool,
}

impl Before<'_> {
    /// The total that is taken where it came to so much later: the largest, as the run before was given it. One that
    /// is more was quoted or forged.
    pub(super) fn total_within(&self, later: u64) -> Option<u64> {
        self.totals.iter().rev().copied().find(|total| *total <= later)
    }

    /// Whether it surely came to more than was read.
    pub(super) fn went_beyond(&self, read: &TokenUsage) -> bool {
        matches!(self.told, [only] if *only > read.blended_tokens())
    }
}
