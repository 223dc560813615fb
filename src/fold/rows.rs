//! The fact table, packed: there may be hundreds of thousands of calls, and what most of them say is short.

use std::ops::Range;

use super::compact::{MaybeTime, MaybeUsd, ShortId};
use super::counts::{small, tokens};
use super::owner::{Lack, RowCost, UsageRow};
use crate::event::{CallKey, Id, Time, TokenUsage};

/// How many of the latest contexts a row may share.
const LATELY: usize = 8;

/// Rows of the fact table, grouped by owner. A row that is asked for is unpacked.
#[derive(Debug, Clone, Default)]
pub struct UsageRows {
    slots: Vec<Slot>,
    contexts: Vec<Context>,
    /// The owners that have rows, in their order, and where those begin.
    owners: Vec<(usize, usize)>,
}

/// A row, as small as it can be.
#[derive(Debug, Clone, PartialEq)]
enum Slot {
    Packed(Packed),
    Plain(Box<UsageRow>),
}

/// What nearly all rows are: one call with its tokens.
#[derive(Debug, Clone, PartialEq)]
struct Packed {
    key: Key,
    /// Which context is the row's.
    context: u32,
    /// Input, cache reads, cache writes, those of them kept for an hour, output, reasoning.
    counts: [u32; 6],
    time: MaybeTime,
    /// What it costs exactly, or what the harness says if the cost wasn't worked out.
    cost: MaybeUsd,
    /// What it costs at list prices.
    computed: MaybeUsd,
    flags: Flags,
    lacks: Option<Lack>,
}

/// What is true of a row, a bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Flags(u8);

impl Flags {
    const TELLS_REASONING: u8 = 1;
    const IS_SUBAGENT: u8 = 1 << 1;
    const IS_PAID: u8 = 1 << 2;
    const HAS_UNSPLIT_WRITES: u8 = 1 << 3;
    /// `cost` is what the harness says.
    const IS_REPORTED: u8 = 1 << 4;
    /// The cost was worked out.
    const IS_PRICED: u8 = 1 << 5;
    const IS_COMPUTED: u8 = 1 << 6;
    const IS_EARLY: u8 = 1 << 7;

    fn of(bits: &[(u8, bool)]) -> Flags {
        Flags(bits.iter().filter(|(_, is_set)| *is_set).fold(0, |all, (bit, _)| all | bit))
    }

    fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}

/// A call's identity without what the row says anyway.
#[derive(Debug, Clone, PartialEq)]
enum Key {
    /// The row's conversation, time and tokens.
    Trace,
    Message(ShortId),
    /// What the counter of the row's conversation read.
    Reading(u32, [u32; 6], bool),
    /// A response to the row's conversation.
    Response(Id),
}

/// What rows of a conversation share.
#[derive(Debug, Clone, PartialEq)]
struct Context {
    conversation: Option<Id>,
    model: Option<Id>,
    service_tier: Option<Id>,
    branch: Option<Id>,
    effort: Option<Id>,
}

impl UsageRows {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// All of them, owner by owner.
    pub fn iter(&self) -> impl Iterator<Item = UsageRow> + '_ {
        self.stretches().flat_map(|(owner, range)| self.stretch(owner, range))
    }

    /// Those of each owner.
    pub fn by_owner(&self) -> impl Iterator<Item = Vec<UsageRow>> + '_ {
        self.stretches().map(|(owner, range)| self.stretch(owner, range).collect())
    }

    /// Those of one owner.
    pub fn of_owner(&self, owner: usize) -> Vec<UsageRow> {
        let stretches = self.stretches_from(self.owners.partition_point(|(known, _)| *known < owner));
        let own = stretches.take_while(|(known, _)| *known == owner);
        own.flat_map(|(owner, range)| self.stretch(owner, range)).collect()
    }

    /// Adds a row. An owner's rows come one after the other.
    pub fn push(&mut self, row: UsageRow) {
        if self.owners.last().is_none_or(|(owner, _)| *owner != row.owner) {
            self.owners.push((row.owner, self.slots.len()));
        }
        let slot = self.pack(row, None);
        self.slots.push(slot);
    }

    /// Changes the rows of the owners that are asked for, all of an owner's at once. What owner they are of can't be
    /// changed.
    pub fn change(&mut self, is_asked_for: impl Fn(usize) -> bool, mut change: impl FnMut(usize, &mut [UsageRow])) {
        for place in 0..self.owners.len() {
            let Some((owner, range)) = self.stretches_from(place).next().filter(|(owner, _)| is_asked_for(*owner))
            else {
                continue;
            };
            let mut rows: Vec<UsageRow> = self.stretch(owner, range.clone()).collect();
            change(owner, &mut rows);
            for (at, row) in range.zip(rows) {
                let before = match self.slots.get(at) {
                    Some(Slot::Packed(packed)) => Some(packed.context),
                    _ => None,
                };
                let slot = self.pack(UsageRow { owner, ..row }, before);
                if let Some(known) = self.slots.get_mut(at) {
                    *known = slot;
                }
            }
        }
    }

    fn stretches(&self) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
        self.stretches_from(0)
    }

    fn stretches_from(&self, place: usize) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
        (place..self.owners.len()).filter_map(|place| {
            let (owner, start) = *self.owners.get(place)?;
            let end = self.owners.get(place + 1).map_or(self.slots.len(), |(_, start)| *start);
            Some((owner, start..end))
        })
    }

    fn stretch(&self, owner: usize, range: Range<usize>) -> impl Iterator<Item = UsageRow> + '_ {
        let slots = self.slots.get(range).unwrap_or_default();
        slots.iter().filter_map(move |slot| match slot {
            Slot::Plain(row) => Some((**row).clone()),
            Slot::Packed(packed) => Some(packed.row(owner, self.contexts.get(packed.context as usize)?)),
        })
    }

    /// `like` is the context that the row had before.
    fn pack(&mut self, row: UsageRow, like: Option<u32>) -> Slot {
        let context = self.context(&row, like);
        match context.and_then(|context| Packed::new(&row, context)) {
            Some(packed) => Slot::Packed(packed),
            None => Slot::Plain(Box::new(row)),
        }
    }

    /// The row's context, a known one where that is near.
    fn context(&mut self, row: &UsageRow, like: Option<u32>) -> Option<u32> {
        let is_own = |at: &usize| self.contexts.get(*at).is_some_and(|context| context.is_of(row));
        let latest = self.contexts.len().saturating_sub(LATELY)..self.contexts.len();
        let known = like.map(|like| like as usize).into_iter().chain(latest.rev()).find(is_own);
        let at = known.unwrap_or(self.contexts.len());
        if known.is_none() {
            self.contexts.push(Context::of(row));
        }
        u32::try_from(at).ok()
    }
}

impl PartialEq for UsageRows {
    fn eq(&self, other: &UsageRows) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Context {
    fn of(row: &UsageRow) -> Context {
        Context {
            conversation: row.conversation.clone(),
            model: row.model.clone(),
            service_tier: row.service_tier.clone(),
            branch: row.branch.clone(),
            effort: row.effort.clone(),
        }
    }

    fn is_of(&self, row: &UsageRow) -> bool {
        let own = [&row.conversation, &row.model, &row.service_tier, &row.branch, &row.effort];
        [&self.conversation, &self.model, &self.service_tier, &self.branch, &self.effort] == own
    }
}

impl Key {
    /// `None` for what doesn't fit.
    fn new(key: &CallKey, row: &UsageRow) -> Option<Key> {
        let is_own = |conversation: &Id| row.conversation.as_ref() == Some(conversation);
        match key {
            CallKey::Trace(conversation, time, usage) => {
                (is_own(conversation) && row.time == Some(*time) && row.usage == Some(*usage)).then_some(Key::Trace)
            }
            CallKey::Message(id) => Some(Key::Message(ShortId::new(id)?)),
            CallKey::Reading(conversation, epoch, total) if is_own(conversation) => {
                Some(Key::Reading(*epoch, small(total)?, total.reasoning_output_tokens.is_some()))
            }
            CallKey::Response(conversation, id) if is_own(conversation) => Some(Key::Response(id.clone())),
            CallKey::Reading(..) | CallKey::Response(..) => None,
        }
    }

    /// The whole identity; `None` can't be, as what was packed had a conversation, a time and tokens.
    fn whole(&self, conversation: Option<&Id>, time: Option<Time>, usage: &TokenUsage) -> Option<CallKey> {
        Some(match self {
            Key::Trace => CallKey::Trace(conversation?.clone(), time?, *usage),
            Key::Message(id) => CallKey::Message(id.as_str().into()),
            Key::Reading(epoch, total, is_told) => {
                CallKey::Reading(conversation?.clone(), *epoch, tokens(total, *is_told))
            }
            Key::Response(id) => CallKey::Response(conversation?.clone(), id.clone()),
        })
    }
}

impl Packed {
    /// `None` for what doesn't fit.
    fn new(row: &UsageRow, context: u32) -> Option<Packed> {
        let usage = row.usage.as_ref()?;
        let key = Key::new(row.call.as_ref()?, row)?;
        if row.timing.is_some() || row.blended_tokens != Some(usage.blended_tokens()) {
            return None;
        }
        let RowCost { exact, low, high, computed, is_computed, is_early, lacks } = row.cost;
        let is_priced = row.cost != RowCost::default();
        let cost = if is_priced { exact } else { row.cost_reported };
        let is_reported = row.cost_reported.is_some();
        if (exact, exact) != (low, high) || (is_reported && row.cost_reported != cost) {
            return None;
        }
        let flags = Flags::of(&[
            (Flags::TELLS_REASONING, usage.reasoning_output_tokens.is_some()),
            (Flags::IS_SUBAGENT, row.is_subagent),
            (Flags::IS_PAID, row.is_paid),
            (Flags::HAS_UNSPLIT_WRITES, row.has_unsplit_writes),
            (Flags::IS_REPORTED, is_reported),
            (Flags::IS_PRICED, is_priced),
            (Flags::IS_COMPUTED, is_computed),
            (Flags::IS_EARLY, is_early),
        ]);
        let time = MaybeTime::new(row.time)?;
        let (cost, computed) = (MaybeUsd::new(cost), MaybeUsd::new(computed));
        Some(Packed { key, context, counts: small(usage)?, time, cost, computed, flags, lacks })
    }

    fn row(&self, owner: usize, context: &Context) -> UsageRow {
        let Context { conversation, model, service_tier, branch, effort } = context.clone();
        let has = |bit| self.flags.has(bit);
        let usage = tokens(&self.counts, has(Flags::TELLS_REASONING));
        let (time, cost) = (self.time.get(), self.cost.get());
        let exact = cost.filter(|_| has(Flags::IS_PRICED));
        UsageRow {
            owner,
            call: self.key.whole(conversation.as_ref(), time, &usage),
            conversation,
            model,
            time,
            usage: Some(usage),
            blended_tokens: Some(usage.blended_tokens()),
            cost_reported: cost.filter(|_| has(Flags::IS_REPORTED)),
            service_tier,
            is_subagent: has(Flags::IS_SUBAGENT),
            branch,
            timing: None,
            effort,
            is_paid: has(Flags::IS_PAID),
            has_unsplit_writes: has(Flags::HAS_UNSPLIT_WRITES),
            cost: RowCost {
                exact,
                low: exact,
                high: exact,
                computed: self.computed.get(),
                is_computed: has(Flags::IS_COMPUTED),
                is_early: has(Flags::IS_EARLY),
                lacks: self.lacks,
            },
        }
    }
}

#[cfg(test)]
mod tests;
