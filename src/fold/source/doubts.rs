//! Records that may be quoted, as was said of them before they came.

use std::collections::BTreeSet;

/// How far behind the latest one a record may stand of which that was said. What is held back to be judged is less.
const REACH: u64 = 4 * 1024 * 1024;

/// Where they stand.
#[derive(Debug, Default)]
pub(super) struct Doubts(BTreeSet<u64>);

impl Doubts {
    /// Adds that the record there may be quoted. Those far behind it came long ago.
    pub(super) fn add(&mut self, offset: u64) {
        while self.0.first().is_some_and(|first| first.saturating_add(REACH) < offset) {
            self.0.pop_first();
        }
        self.0.insert(offset);
    }

    /// Whether the record there may be quoted.
    pub(super) fn contains(&self, offset: u64) -> bool {
        self.0.contains(&offset)
    }
}
