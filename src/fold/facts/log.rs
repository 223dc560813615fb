//! What session logs tell of a conversation: every call, each with what identifies it.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::counts::Counts;
use crate::event::{Call, CallKey, Doubt, Id, Time, TokenUsage};

/// Stands for a time that isn't known.
const NONE: i64 = i64::MIN;

/// How far apart a session log and a trace may date the same call.
pub(in crate::fold) const MARGIN_MS: i64 = 60_000;

/// For how many calls there is room from the start; what isn't needed is given back.
const FEW: usize = 32;

/// A call in a session log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogCall {
    /// Its identity within its conversation.
    pub key: LogKey,
    /// Its tokens.
    usage: Counts,
    /// When it was answered, in microseconds since 1970, or [`NONE`].
    time: i64,
    /// What it shares with the calls beside it.
    pub context: Arc<TurnContext>,
    /// Whether it may be a copy of another conversation's.
    pub doubt: Doubt,
    /// Whether it may be several calls.
    pub may_be_several: bool,
}

/// Identity of a call within its conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogKey {
    /// How often the counter had begun anew, and what it read after the call.
    Reading(u32, Counts),
    /// The provider's id of the response.
    Response(Id),
}

/// What calls of one turn share.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TurnContext {
    /// The turn's id; `None` where no record names it.
    pub turn: Option<Id>,
    /// The model that answered; `None` where no record names it.
    pub model: Option<Id>,
    /// How hard it was told to think; `None` where no record tells.
    pub effort: Option<Id>,
    /// The provider's service tier; `None` where no record tells.
    pub service_tier: Option<Id>,
    /// Whether a sub-agent asked.
    pub is_subagent: bool,
}

/// The calls that a conversation's session logs tell by the counter or by response, whichever log holds them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionLog {
    /// Sorted by key, each once, but for those that were just added.
    pub(in crate::fold) calls: Vec<LogCall>,
    /// Readings that count other conversations' calls.
    inherited: FxHashSet<TokenUsage>,
    /// Readings behind which others may have been lost, though the log goes on.
    pub(in crate::fold) lost_after: FxHashSet<TokenUsage>,
}

impl LogKey {
    /// The key of a call that a session log names by its reading or its response.
    pub(in crate::fold) fn of(key: &CallKey) -> Option<LogKey> {
        match key {
            CallKey::Reading(_, epoch, total) => Some(LogKey::Reading(*epoch, Counts::new(total))),
            CallKey::Response(_, response) => Some(LogKey::Response(response.clone())),
            CallKey::Trace(..) | CallKey::Message(_) => None,
        }
    }

    /// The call's identity among those of all conversations.
    pub(in crate::fold) fn in_conversation(&self, conversation: &Id) -> CallKey {
        match self {
            LogKey::Reading(epoch, total) => CallKey::Reading(conversation.clone(), *epoch, total.tokens()),
            LogKey::Response(response) => CallKey::Response(conversation.clone(), response.clone()),
        }
    }

    pub(in crate::fold) fn total(&self) -> Option<TokenUsage> {
        match self {
            LogKey::Reading(_, total) => Some(total.tokens()),
            LogKey::Response(_) => None,
        }
    }
}

impl LogCall {
    /// Its tokens.
    pub fn usage(&self) -> TokenUsage {
        self.usage.tokens()
    }

    /// The same call with other tokens.
    pub(in crate::fold) fn with_usage(self, usage: &TokenUsage) -> LogCall {
        LogCall { usage: Counts::new(usage), ..self }
    }

    /// The part of a call up to what the counter read in the midst of it: `total` then, `usage` since the call before.
    pub(in crate::fold) fn until(&self, total: &TokenUsage, usage: &TokenUsage, time: Option<Time>) -> LogCall {
        let key = match &self.key {
            LogKey::Reading(epoch, _) => LogKey::Reading(*epoch, Counts::new(total)),
            LogKey::Response(response) => LogKey::Response(response.clone()),
        };
        let time = time.map_or(self.time, Time::micros);
        LogCall { key, usage: Counts::new(usage), time, context: self.context.clone(), ..*self }
    }

    /// When it was answered; `None` where its record has no time.
    pub fn time(&self) -> Option<Time> {
        Some(self.time).filter(|time| *time != NONE).map(Time::from_micros)
    }

    /// Its tokens as they are kept.
    pub(in crate::fold) fn counts(&self) -> &Counts {
        &self.usage
    }

    /// Of two records of one call, the smaller and earlier counts: in a log that lost the reading before it, a call
    /// seems to be larger, and in a copy it may have a later time.
    fn merge(&mut self, other: LogCall) {
        let rank = |call: &LogCall| (call.usage(), call.may_be_several, call.time().is_none(), call.time(), call.doubt);
        let context = self.context.clone().max(other.context.clone());
        if rank(&other) < rank(self) {
            *self = other;
        }
        self.context = context;
    }
}

impl SessionLog {
    /// Adds a call of the source that is being read. `latest` is what the call before it shared with others.
    pub(in crate::fold) fn push(&mut self, key: LogKey, call: Call, time: Option<Time>, latest: &mut Arc<TurnContext>) {
        let Call { turn, model, effort, service_tier, is_subagent, usage, doubt, may_be_several, .. } = call;
        let context = TurnContext { turn, model, effort, service_tier, is_subagent };
        if **latest != context {
            *latest = Arc::new(context);
        }
        let (usage, time) = (Counts::new(&usage), time.map_or(NONE, |time| time.micros().max(NONE + 1)));
        if self.calls.is_empty() {
            self.calls.reserve(FEW);
        }
        self.calls.push(LogCall { key, usage, time, context: latest.clone(), doubt, may_be_several });
    }

    /// Adds a reading that counts what other conversations did.
    pub(in crate::fold) fn inherit(&mut self, total: TokenUsage) {
        self.inherited.insert(total);
    }

    /// The readings that count what other conversations did.
    pub(in crate::fold) fn inherited(&self) -> impl Iterator<Item = TokenUsage> {
        self.inherited.iter().copied()
    }

    /// Notes that a reading may have been lost at this place of the source that is being read.
    pub(in crate::fold) fn lose(&mut self) {
        self.lost_after.insert(self.last_reading());
    }

    /// What the counter read last in the source that is being read: zero before its first reading.
    pub(super) fn last_reading(&self) -> TokenUsage {
        let of_calls = self.calls.iter().rev().find_map(|call| call.key.total());
        of_calls.unwrap_or_else(|| self.last_inherited())
    }

    /// The last of the readings that count other conversations' calls, which stand before its own.
    pub(in crate::fold) fn last_inherited(&self) -> TokenUsage {
        self.inherited.iter().max().copied().unwrap_or_default()
    }

    /// Whether the counter was read on after this reading, in a log that is settled.
    pub(super) fn reads_on(&self, last: &TokenUsage) -> bool {
        let known = self.calls.iter().rposition(|call| call.key.total() == Some(*last));
        let behind = self.calls.get(known.map_or(0, |known| known + 1)..).unwrap_or_default();
        behind.iter().any(|call| call.key.total().is_some()) || self.inherited.iter().any(|total| total > last)
    }

    /// Sorts the calls by key, and merges those of the same one.
    pub(in crate::fold) fn sort(&mut self) {
        self.calls.sort_by(|a, b| a.key.cmp(&b.key));
        self.calls.dedup_by(|later, kept| {
            let is_same = later.key == kept.key;
            if is_same {
                kept.merge(later.clone());
            }
            is_same
        });
        self.calls.shrink_to_fit();
    }

    /// Takes off what seemed to be of a call and another copy shows to be one of its own: what the counter read between it
    /// and the reading before it, which that copy lacks.
    pub(in crate::fold) fn part(&mut self) {
        let mut before: Option<(u32, TokenUsage)> = None;
        for call in &mut self.calls {
            let LogKey::Reading(epoch, total) = &call.key else { continue };
            let (epoch, total) = (*epoch, total.tokens());
            let usage = call.usage.tokens();
            let is_between = |read: &TokenUsage| !read.exceeds(&total) && usage.exceeds(&total.minus(read));
            let between = before.filter(|(of, read)| call.may_be_several && *of == epoch && is_between(read));
            if let Some((_, read)) = between {
                call.usage = Counts::new(&total.minus(&read));
            }
            before = Some((epoch, total));
        }
    }

    /// The union of both.
    pub(super) fn merge(&mut self, mut other: SessionLog) {
        self.inherited.extend(other.inherited);
        self.lost_after.extend(other.lost_after);
        if self.calls.is_empty() || other.calls.is_empty() {
            self.calls.append(&mut other.calls);
            return;
        }
        self.calls.append(&mut other.calls);
        self.sort();
    }

    /// When the latest call was answered.
    pub(super) fn latest(&self) -> Option<Time> {
        self.calls.iter().filter_map(LogCall::time).max()
    }

    /// What the counter read and when, as far as it was followed by a call.
    pub(in crate::fold) fn dated_readings(&self) -> impl Iterator<Item = (TokenUsage, Option<Time>)> {
        self.calls.iter().filter_map(|call| Some((call.key.total()?, call.time())))
    }

    /// When the conversation's own calls were answered, and the blended total then. Copies of its ancestors' calls are
    /// older than the conversation, which was `made` then; where it `has_parent`, they may have a later time.
    pub(in crate::fold) fn own_readings(
        &self,
        made: Option<Time>,
        has_parent: bool,
    ) -> impl Iterator<Item = (Time, u64)> {
        let own = self.calls.iter().filter(move |call| call.doubt == Doubt::None || !has_parent);
        own.filter_map(move |call| {
            let time = call.time().filter(|time| made.is_none_or(|made| *time >= made))?;
            Some((time, call.key.total().unwrap_or_else(|| call.usage()).blended_tokens()))
        })
    }

    /// What the counter read, whosever calls it counts.
    pub(in crate::fold) fn readings(&self) -> impl Iterator<Item = TokenUsage> {
        self.calls.iter().filter_map(|call| call.key.total()).chain(self.inherited.iter().copied())
    }
}
