//! When a run was at work.

use crate::event::Time;

/// How far a time may be off that is told in whole seconds, and how soon after a run's start no answer comes yet.
pub(in crate::fold) const SECOND_MS: i64 = 1_000;

/// When a run was at work, as far as that is known. forge's times are whole seconds: what was written in the second in
/// which a run ended is still the run's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fold) struct AtWork {
    /// Since when; `None`: at any time before the end.
    pub(in crate::fold) start: Option<Time>,
    /// Until when; `None`: at any time after the start.
    pub(in crate::fold) end: Option<Time>,
}

impl AtWork {
    /// Whether it was at work then.
    pub(in crate::fold) fn holds(&self, time: Time) -> bool {
        self.start.is_none_or(|start| start <= time) && self.end.is_none_or(|end| time.millis_since(end) < SECOND_MS)
    }

    /// Whether it began early enough before an answer of this time to have asked for it: none comes within a second.
    pub(in crate::fold) fn may_have_asked(&self, time: Time) -> bool {
        self.start.is_none_or(|start| time.millis_since(start) >= SECOND_MS)
    }
}
