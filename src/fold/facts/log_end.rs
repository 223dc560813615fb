//! How a session log ends, how far it is whole, and what of it can't be read.

use crate::event::{Id, Time, TokenUsage};

/// What is known of a session log of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogEnd {
    /// The log each time that it was read, as written events tell of it as it was then, in order; none where nothing
    /// tells its end. Nearly always one: a set would make room for eleven.
    pub versions: Vec<LogVersion>,
}

/// A log as it was when it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogVersion {
    /// What is whole of it: all, or what stands before the first record that can't be read.
    pub whole: Stretch,
    /// What the counter read last in it.
    pub last_reading: TokenUsage,
    /// The last call that can't be read; `None` if all can.
    pub cut: Option<Cut>,
}

/// The beginning of a log, up to some place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// Where it ends.
    pub end: u64,
    /// How many calls it holds that can be read.
    pub calls: u64,
    /// The last call that can be read; `None` without one.
    pub last: Option<LastCall>,
    /// When the latest was made; `None` where no record has a time.
    pub latest: Option<Time>,
}

/// The last call of the beginning of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LastCall {
    /// Where its record stands.
    pub offset: u64,
    /// When it was made; `None` where its record has no time.
    pub time: Option<Time>,
    /// Its tokens.
    pub usage: TokenUsage,
}

/// A call of a log that can't be read, with what a copy must hold to have it whole.
///
/// A torn record is shorter than it was, so what stands behind it in a whole copy stands further back.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cut {
    /// What stands before it.
    pub before: Stretch,
    /// How many calls may, each record that can't be read taken for one.
    pub calls: u64,
    /// Where it was told.
    pub offset: u64,
    /// How many records can't be read up to it, itself included.
    pub tears: u64,
    /// How many of them no call that can be read stands behind.
    pub tears_since_call: u64,
    /// Whether a call follows that can be read.
    pub is_followed: bool,
    /// When that was made; `None` where nothing tells.
    pub next: Option<Time>,
    /// Whether it is a sub-agent's.
    pub is_subagents: bool,
    /// Whether the log holds its conversation's counter; told of logs without a whole call.
    pub has_counter: bool,
    /// When the latest whole call of the log was made, or what is torn was streaming; `None` where no record has a time.
    pub latest: Option<Time>,
    /// The id of the last whole call's message: another copy may hold a later record of it. `None` where calls have no
    /// message.
    pub last_message: Option<Id>,
}

impl LogEnd {
    /// What both say of the same log.
    pub(super) fn merge(&mut self, other: LogEnd) {
        self.versions.extend(other.versions);
        self.versions.sort_unstable();
        self.versions.dedup();
    }

    /// Adds what the one reading of a source tells of it. What can't be read goes before a whole end, and the last of it
    /// before what stands further in front: a copy that has that whole has all.
    pub(super) fn add(&mut self, version: LogVersion) {
        let rank = |version: &LogVersion| version.cut.as_ref().map(|cut| (cut.before.end, cut.offset));
        if self.versions.first().is_none_or(|known| rank(known) <= rank(&version)) {
            self.versions = vec![version];
        }
    }

    /// What can't be read in it, each time that it was read.
    pub(super) fn cuts(&self) -> impl Iterator<Item = (&LogVersion, &Cut)> {
        self.versions.iter().filter_map(|version| Some((version, version.cut.as_ref()?)))
    }

    /// What the counter read last in it when it was whole: zero where nothing tells its end.
    pub(super) fn last_readings(&self) -> impl Iterator<Item = TokenUsage> {
        let whole = self.versions.iter().filter(|version| version.cut.is_none());
        let untold = self.versions.is_empty().then(TokenUsage::default);
        whole.map(|version| version.last_reading).chain(untold)
    }
}

impl Cut {
    /// Whether anything but the record that the log ends with can't be read.
    pub(super) fn is_more_than_its_end(&self) -> bool {
        self.tears > 1 || self.is_followed
    }
}
