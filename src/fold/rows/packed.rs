//! Rows of the fact table in as few bytes as hold them: what most calls say is short.

use super::row::{Lack, RowCost, UsageRow};
use super::view::RowView;
use crate::event::{CallKey, Id, Time, TokenUsage, Usd};
use crate::fold::facts::{Counts, LogCall, LogKey, MaybeTime, MaybeUsd, ShortId, small, tokens};

/// What nearly all rows are: one call with its tokens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PackedRow {
    key: Key,
    /// Which context is the row's.
    pub(super) context: u32,
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
struct Flags(u16);

impl Flags {
    const TELLS_REASONING: u16 = 1;
    const IS_SUBAGENT: u16 = 1 << 1;
    const IS_PAID: u16 = 1 << 2;
    const HAS_UNSPLIT_WRITES: u16 = 1 << 3;
    /// `cost` is what the harness says.
    const IS_REPORTED: u16 = 1 << 4;
    /// The cost was worked out.
    const IS_PRICED: u16 = 1 << 5;
    const IS_COMPUTED: u16 = 1 << 6;
    const IS_EARLY: u16 = 1 << 7;
    /// The exact cost is what the harness reported for it.
    const IS_SHARED: u16 = 1 << 8;
    const MAY_BE_SEVERAL: u16 = 1 << 9;
    const IS_UNDERPAID: u16 = 1 << 10;
    const IS_PLACEHOLDER: u16 = 1 << 12;
    const IS_USERS: u16 = 1 << 11;
    /// The bits that pricing changes.
    const OF_COSTS: u16 = Flags::IS_PRICED | Flags::IS_COMPUTED | Flags::IS_EARLY | Flags::IS_USERS | Flags::IS_SHARED;

    fn of(bits: &[(u16, bool)]) -> Flags {
        Flags(bits.iter().filter(|(_, is_set)| *is_set).fold(0, |all, (bit, _)| all | bit))
    }

    fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }

    /// Takes these bits from `others`.
    fn with(self, bits: u16, others: Flags) -> Flags {
        Flags((self.0 & !bits) | (others.0 & bits))
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
pub(super) struct RowContext {
    conversation: Option<Id>,
    model: Option<Id>,
    service_tier: Option<Id>,
    branch: Option<Id>,
    effort: Option<Id>,
}

impl RowContext {
    pub(super) fn of(row: &UsageRow) -> RowContext {
        RowContext {
            conversation: row.conversation.clone(),
            model: row.model.clone(),
            service_tier: row.service_tier.clone(),
            branch: row.branch.clone(),
            effort: row.effort.clone(),
        }
    }

    pub(super) fn is_of(&self, row: &UsageRow) -> bool {
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

impl PackedRow {
    /// `None` for what doesn't fit.
    pub(super) fn new(row: &UsageRow, context: u32) -> Option<PackedRow> {
        let usage = row.usage.as_ref()?;
        let key = Key::new(row.call.as_ref()?, row)?;
        if row.timing.is_some() || row.blended_tokens != Some(usage.blended_tokens()) {
            return None;
        }
        let flags = Flags::of(&[
            (Flags::TELLS_REASONING, usage.reasoning_output_tokens.is_some()),
            (Flags::IS_SUBAGENT, row.is_subagent),
            (Flags::IS_PAID, row.is_paid),
            (Flags::IS_UNDERPAID, row.is_underpaid),
            (Flags::IS_PLACEHOLDER, row.is_placeholder),
            (Flags::HAS_UNSPLIT_WRITES, row.has_unsplit_writes),
            (Flags::IS_REPORTED, row.cost_reported.is_some()),
            (Flags::MAY_BE_SEVERAL, row.may_be_several),
        ]);
        let (counts, time) = (small(usage)?, MaybeTime::new(row.time)?);
        let (cost, computed) = (MaybeUsd::new(row.cost_reported), MaybeUsd::new(None));
        let mut packed = PackedRow { key, context, counts, time, cost, computed, flags, lacks: None };
        packed.tell_cost(row.cost).then_some(packed)
    }

    /// The row of a call in a session log; `None` for what doesn't fit.
    pub(super) fn of_call(call: &LogCall, context: u32) -> Option<PackedRow> {
        let Counts::Small(counts, tells_reasoning) = call.counts() else { return None };
        let key = match &call.key {
            LogKey::Reading(epoch, Counts::Small(total, is_told)) => Key::Reading(*epoch, *total, *is_told),
            LogKey::Reading(_, Counts::Large(_)) => return None,
            LogKey::Response(id) => Key::Response(id.clone()),
        };
        let flags = [
            (Flags::TELLS_REASONING, *tells_reasoning),
            (Flags::IS_SUBAGENT, call.context.is_subagent),
            (Flags::MAY_BE_SEVERAL, call.may_be_several),
        ];
        Some(PackedRow {
            key,
            context,
            counts: *counts,
            time: MaybeTime::new(call.time())?,
            cost: MaybeUsd::new(None),
            computed: MaybeUsd::new(None),
            flags: Flags::of(&flags),
            lacks: None,
        })
    }

    /// Changes what it costs; `false` if that doesn't fit.
    pub(super) fn tell_cost(&mut self, told: RowCost) -> bool {
        let RowCost { exact, low, high, reported: share, computed, is_computed, is_early, is_users, lacks } = told;
        let reported = self.reported();
        let is_priced = told != RowCost::default();
        let cost = if is_priced { exact } else { reported };
        if (exact, exact) != (low, high)
            || (reported.is_some() && reported != cost)
            || (share.is_some() && share != exact)
        {
            return false;
        }
        let told = Flags::of(&[
            (Flags::IS_PRICED, is_priced),
            (Flags::IS_COMPUTED, is_computed),
            (Flags::IS_EARLY, is_early),
            (Flags::IS_USERS, is_users),
            (Flags::IS_SHARED, share.is_some()),
        ]);
        self.flags = self.flags.with(Flags::OF_COSTS, told);
        (self.cost, self.computed, self.lacks) = (MaybeUsd::new(cost), MaybeUsd::new(computed), lacks);
        true
    }

    /// What the harness says it costs.
    fn reported(&self) -> Option<Usd> {
        self.cost.get().filter(|_| self.flags.has(Flags::IS_REPORTED))
    }

    pub(super) fn row(&self, owner: usize, context: &RowContext) -> UsageRow {
        let view = self.view(owner, context);
        let call = view.usage.and_then(|usage| self.key.whole(view.conversation, view.time, &usage));
        view.to_row(call)
    }

    pub(super) fn view<'a>(&self, owner: usize, context: &'a RowContext) -> RowView<'a> {
        let has = |bit| self.flags.has(bit);
        let usage = tokens(&self.counts, has(Flags::TELLS_REASONING));
        let exact = self.cost.get().filter(|_| has(Flags::IS_PRICED));
        RowView {
            owner,
            conversation: context.conversation.as_ref(),
            model: context.model.as_ref(),
            time: self.time.get(),
            usage: Some(usage),
            blended_tokens: Some(usage.blended_tokens()),
            cost_reported: self.reported(),
            is_call: !has(Flags::MAY_BE_SEVERAL),
            service_tier: context.service_tier.as_ref(),
            is_subagent: has(Flags::IS_SUBAGENT),
            branch: context.branch.as_ref(),
            effort: context.effort.as_ref(),
            is_paid: has(Flags::IS_PAID),
            is_underpaid: has(Flags::IS_UNDERPAID),
            is_placeholder: has(Flags::IS_PLACEHOLDER),
            has_unsplit_writes: has(Flags::HAS_UNSPLIT_WRITES),
            cost: RowCost {
                exact,
                low: exact,
                high: exact,
                reported: exact.filter(|_| has(Flags::IS_SHARED)),
                computed: self.computed.get(),
                is_computed: has(Flags::IS_COMPUTED),
                is_early: has(Flags::IS_EARLY),
                is_users: has(Flags::IS_USERS),
                lacks: self.lacks,
            },
        }
    }
}
