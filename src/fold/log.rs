//! What session logs tell of a conversation: every call, each with what identifies it.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::conversation::{ConversationFacts, ancestors};
use super::counts::Counts;
use super::owner::UsageRow;
use crate::event::{Call, CallKey, Doubt, Id, Time, TokenUsage};

/// Stands for a time that isn't known.
const NONE: i64 = i64::MIN;

/// For how many calls there is room from the start; what isn't needed is given back.
const FEW: usize = 32;

/// A call in a session log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogCall {
    /// Who it is within its conversation.
    pub key: LogKey,
    /// Its tokens.
    usage: Counts,
    /// When it was answered, in microseconds since 1970, or [`NONE`].
    time: i64,
    /// What it shares with the calls beside it.
    pub context: Arc<Context>,
    /// Whether it may be a copy of another conversation's.
    pub doubt: Doubt,
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
pub struct Context {
    /// The turn.
    pub turn: Option<Id>,
    /// The model that answered.
    pub model: Option<Id>,
    /// How hard it was told to think.
    pub effort: Option<Id>,
    /// Whether a sub-agent asked.
    pub is_subagent: bool,
}

/// The calls of a conversation's session logs, by their keys.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    /// Sorted by key, each once, but for those that were just added.
    pub(super) calls: Vec<LogCall>,
    /// Readings that count other conversations' calls.
    inherited: FxHashSet<TokenUsage>,
}

impl LogKey {
    /// The key of a call that a session log names by its reading or its response.
    pub(super) fn of(key: &CallKey) -> Option<LogKey> {
        match key {
            CallKey::Reading(_, epoch, total) => Some(LogKey::Reading(*epoch, Counts::new(total))),
            CallKey::Response(_, response) => Some(LogKey::Response(response.clone())),
            CallKey::Trace(..) | CallKey::Message(_) => None,
        }
    }

    /// The same as a key that is unique everywhere.
    pub(super) fn in_conversation(&self, conversation: &Id) -> CallKey {
        match self {
            LogKey::Reading(epoch, total) => CallKey::Reading(conversation.clone(), *epoch, total.tokens()),
            LogKey::Response(response) => CallKey::Response(conversation.clone(), response.clone()),
        }
    }

    pub(super) fn total(&self) -> Option<TokenUsage> {
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

    /// When it was answered.
    pub fn time(&self) -> Option<Time> {
        Some(self.time).filter(|time| *time != NONE).map(Time::from_micros)
    }

    /// Its tokens as they are kept.
    pub(super) fn counts(&self) -> &Counts {
        &self.usage
    }

    /// Its row.
    pub(super) fn row(&self, conversation: &Id) -> UsageRow {
        let usage = self.usage();
        UsageRow {
            model: self.context.model.clone(),
            effort: self.context.effort.clone(),
            time: self.time(),
            usage: Some(usage),
            blended_tokens: Some(usage.blended_tokens()),
            call: Some(self.key.in_conversation(conversation)),
            is_subagent: self.context.is_subagent,
            ..UsageRow::blank(conversation)
        }
    }

    /// Two records of one call: in a log that lost the reading before it, it seems to be larger; in a copy it may
    /// have a later time.
    fn merge(&mut self, other: LogCall) {
        let rank = |call: &LogCall| (call.usage(), call.time().is_none(), call.time(), call.doubt);
        let context = self.context.clone().max(other.context.clone());
        if rank(&other) < rank(self) {
            *self = other;
        }
        self.context = context;
    }
}

impl Log {
    /// Adds a call of the source that is being read. `latest` is what the call before it shared with others.
    pub(super) fn push(&mut self, key: LogKey, call: Call, time: Option<Time>, latest: &mut Arc<Context>) {
        let Call { turn, model, effort, is_subagent, usage, doubt, .. } = call;
        let context = Context { turn, model, effort, is_subagent };
        if **latest != context {
            *latest = Arc::new(context);
        }
        let (usage, time) = (Counts::new(&usage), time.map_or(NONE, |time| time.micros().max(NONE + 1)));
        if self.calls.is_empty() {
            self.calls.reserve(FEW);
        }
        self.calls.push(LogCall { key, usage, time, context: latest.clone(), doubt });
    }

    /// Adds a reading that counts what other conversations did.
    pub(super) fn inherit(&mut self, total: TokenUsage) {
        self.inherited.insert(total);
    }

    /// Sorts what was added.
    pub(super) fn settle(&mut self) {
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

    /// The union of both.
    pub(super) fn merge(&mut self, mut other: Log) {
        self.inherited.extend(other.inherited);
        if self.calls.is_empty() || other.calls.is_empty() {
            self.calls.append(&mut other.calls);
            return;
        }
        self.calls.append(&mut other.calls);
        self.settle();
    }

    /// When the latest call was answered.
    pub(super) fn latest(&self) -> Option<Time> {
        self.calls.iter().filter_map(LogCall::time).max()
    }

    /// What the counter read and when, as far as it was followed by a call.
    pub(super) fn dated_readings(&self) -> impl Iterator<Item = (TokenUsage, Option<Time>)> {
        self.calls.iter().filter_map(|call| Some((call.key.total()?, call.time())))
    }

    /// When the conversation's own calls were answered, and the blended total then. Copies of its ancestors' calls are
    /// older than the conversation, which was `made` then.
    pub(super) fn own_readings(&self, made: Option<Time>) -> impl Iterator<Item = (Time, u64)> {
        let own = self.calls.iter().filter(|call| call.doubt == Doubt::None);
        own.filter_map(move |call| {
            let time = call.time().filter(|time| made.is_none_or(|made| *time >= made))?;
            Some((time, call.key.total().unwrap_or_else(|| call.usage()).blended_tokens()))
        })
    }

    /// What the counter read, whosever calls it counts.
    fn readings(&self) -> impl Iterator<Item = TokenUsage> {
        self.calls.iter().filter_map(|call| call.key.total()).chain(self.inherited.iter().copied())
    }
}

/// A conversation's own calls.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// In the order of their times.
    pub(super) calls: Vec<LogCall>,
    /// What the conversation's counter read, over other calls too.
    pub(super) readings: Vec<(Option<Time>, TokenUsage)>,
    /// Whether there may be more: calls that can't be told from copies.
    pub(super) is_floor: bool,
    /// Whether its counter goes on from another conversation's.
    pub(super) is_forked: bool,
}

/// Tells the conversations' own calls from copies, and from readings that repeat what was recorded by response.
/// `is_witnessed` says of which conversations an output tells, too.
pub(super) fn own(
    conversations: &mut FxHashMap<Id, Box<ConversationFacts>>,
    is_witnessed: impl Fn(&Id) -> bool,
) -> FxHashMap<Id, Own> {
    let mut of_ancestors: FxHashMap<Id, FxHashSet<TokenUsage>> = FxHashMap::default();
    let in_doubt: Vec<Id> =
        conversations.iter().filter(|(_, facts)| facts.is_in_doubt()).map(|(id, _)| id.clone()).collect();
    let mut lines: FxHashMap<Id, Vec<Id>> = FxHashMap::default();
    for id in in_doubt {
        let line = ancestors(conversations, &id);
        for ancestor in &line {
            if let Some(facts) = conversations.get(ancestor).filter(|facts| facts.is_logged) {
                of_ancestors.entry(ancestor.clone()).or_insert_with(|| facts.log.readings().collect());
            }
        }
        lines.insert(id, line);
    }
    // A fork's counter goes on from its parent's, which an output may show.
    let has_witness = |id: &Id, facts: &ConversationFacts| !facts.readings.is_empty() || is_witnessed(id);
    let forked = conversations.iter().filter(|(id, facts)| facts.parent.is_some() && has_witness(id, facts));
    let parents: FxHashSet<Id> = forked.filter_map(|(_, facts)| facts.parent.clone()).collect();
    let logged = conversations.iter_mut().filter(|(_, facts)| facts.is_logged);
    let own = logged.map(|(id, facts)| {
        let line = lines.get(id).map_or(&[][..], Vec::as_slice);
        let sets: Vec<&FxHashSet<TokenUsage>> = line.iter().filter_map(|ancestor| of_ancestors.get(ancestor)).collect();
        let has_parents_log = line.first().is_some_and(|parent| of_ancestors.contains_key(parent));
        let lineage = Lineage { has_parent: facts.parent.is_some(), has_parents_log, ancestors: &sets };
        let with_readings = has_witness(id, facts) || parents.contains(id);
        let own = own_calls(std::mem::take(&mut facts.log), &lineage, with_readings);
        (id.clone(), own)
    });
    own.collect()
}

/// Where a conversation comes from.
struct Lineage<'a> {
    has_parent: bool,
    /// Whether its parent's log is among the sources.
    has_parents_log: bool,
    /// What the counters in its ancestors' logs read.
    ancestors: &'a [&'a FxHashSet<TokenUsage>],
}

fn own_calls(log: Log, lineage: &Lineage<'_>, with_readings: bool) -> Own {
    let Lineage { has_parent, has_parents_log, ancestors } = *lineage;
    let mut own = Own { is_forked: has_parent, ..Own::default() };
    let by_response = |call: &&LogCall| matches!(call.key, LogKey::Response(_));
    let recorded: FxHashSet<Option<Id>> =
        log.calls.iter().filter(by_response).map(|call| call.context.turn.clone()).collect();
    let mut calls = log.calls;
    let mut counted: FxHashMap<Option<Id>, Vec<LogCall>> = FxHashMap::default();
    calls.retain(|call| {
        let total = call.key.total();
        if let Some(total) = total.filter(|_| with_readings) {
            own.readings.push((call.time(), total));
        }
        match (call.doubt, total) {
            // What no ancestor's log has is no copy, whatever it is.
            (Doubt::Child, Some(total)) if has_parent => {
                own.is_floor |= has_parents_log && !ancestors.iter().any(|readings| readings.contains(&total));
                return false;
            }
            (Doubt::Child, None) if has_parent => return false,
            (Doubt::Ancestor, Some(total)) if has_parent => {
                if ancestors.iter().any(|readings| readings.contains(&total)) {
                    return false;
                }
                // Any of them may be a copy from the log that is missing.
                if !has_parents_log {
                    own.is_floor = true;
                    return false;
                }
            }
            _ => {}
        }
        let is_recorded = total.is_some() && recorded.contains(&call.context.turn);
        if is_recorded {
            counted.entry(call.context.turn.clone()).or_default().push(call.clone());
        }
        !is_recorded
    });
    let mut responses: FxHashMap<Option<Id>, FxHashMap<TokenUsage, usize>> = FxHashMap::default();
    for call in calls.iter().filter(by_response).filter(|call| counted.contains_key(&call.context.turn)) {
        *responses.entry(call.context.turn.clone()).or_default().entry(call.usage()).or_default() += 1;
    }
    for (turn, counted) in counted {
        own.is_floor |= add_unrecorded(&mut calls, responses.remove(&turn).unwrap_or_default(), counted);
    }
    calls.sort_by(|a, b| (a.time(), &a.key).cmp(&(b.time(), &b.key)));
    own.readings.sort();
    own.calls = calls;
    own
}

/// Adds what the counter counted in a turn of which no response tells, as its record was torn. `uncounted` is how many
/// responses of each size there are. Gives whether the counter may not have counted some of them, as it leaves
/// compactions out: then what is added may be too little.
fn add_unrecorded(
    calls: &mut Vec<LogCall>,
    mut uncounted: FxHashMap<TokenUsage, usize>,
    mut counted: Vec<LogCall>,
) -> bool {
    counted.retain(|call| match uncounted.get_mut(&call.usage()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    });
    let sum = |sum: TokenUsage, usage: TokenUsage| sum.plus(&usage);
    let rest = uncounted.into_iter().flat_map(|(usage, count)| std::iter::repeat_n(usage, count));
    let rest = rest.fold(TokenUsage::default(), sum);
    if rest.is_zero() {
        calls.append(&mut counted);
        return false;
    }
    // One reading may count several responses.
    let growth = counted.iter().map(LogCall::usage).fold(TokenUsage::default(), sum).minus(&rest);
    let last = counted.into_iter().max_by(|a, b| a.key.cmp(&b.key)).filter(|_| !growth.is_zero());
    let is_more = last.is_some();
    calls.extend(last.map(|last| LogCall { usage: Counts::new(&growth), ..last }));
    is_more
}

impl ConversationFacts {
    fn is_in_doubt(&self) -> bool {
        let has = |doubt| self.log.calls.iter().any(|call| call.doubt == doubt);
        // Where a turn of its own begins, what stands before it was copied.
        self.parent.is_some() && (has(Doubt::Ancestor) || (has(Doubt::Child) && !has(Doubt::None)))
    }
}
