//! The fact table, packed: there may be hundreds of thousands of calls, and what most of them say is short.

mod named;
mod owner;
mod packed;
mod reason;
mod row;
mod view;

pub use self::named::NamedConversation;
pub use self::owner::{Owner, Quality, Reconciled, Taken, Work};
pub use self::reason::{Reason, Reasons};
pub use self::row::{Lack, RowCost, UsageRow};
pub use self::view::RowView;

use std::ops::Range;
use std::sync::Arc;

use self::packed::{PackedRow, RowContext};
use crate::event::Id;
use crate::fold::facts::{LogCall, TurnContext};

/// How many of the latest contexts a row may share.
const LATELY: usize = 8;

/// Rows of the fact table, grouped by owner. A row that is asked for is unpacked.
#[derive(Debug, Clone, Default)]
pub struct UsageRows {
    slots: Vec<Slot>,
    contexts: Vec<RowContext>,
    /// The owners that have rows, in their order, and where those begin.
    owners: Vec<(usize, usize)>,
}

/// A row, as small as it can be.
#[derive(Debug, Clone, PartialEq)]
enum Slot {
    Packed(PackedRow),
    Plain(Box<UsageRow>),
}

impl LogCall {
    /// Its row.
    pub(super) fn row(&self, conversation: &Id) -> UsageRow {
        UsageRow {
            conversation: Some(conversation.clone()),
            model: self.context.model.clone(),
            effort: self.context.effort.clone(),
            service_tier: self.context.service_tier.clone(),
            time: self.time(),
            call: Some(self.key.in_conversation(conversation)),
            is_subagent: self.context.is_subagent,
            may_be_several: self.may_be_several,
            ..UsageRow::of(self.usage())
        }
    }
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

    /// Views of all of them, owner by owner.
    pub fn views(&self) -> impl Iterator<Item = RowView<'_>> {
        self.stretches().flat_map(|(owner, range)| self.views_of(owner, range))
    }

    /// The one at this place among all.
    pub fn row(&self, place: usize) -> Option<UsageRow> {
        self.stretch(self.owner_at(place)?, place..place + 1).next()
    }

    /// A view of the one at this place among all.
    pub fn view(&self, place: usize) -> Option<RowView<'_>> {
        self.views_of(self.owner_at(place)?, place..place + 1).next()
    }

    /// The owners that have rows, each with views of its own.
    pub fn by_owner(&self) -> impl Iterator<Item = (usize, impl Iterator<Item = RowView<'_>> + Clone)> {
        self.stretches().map(|(owner, range)| (owner, self.views_of(owner, range)))
    }

    /// Views of one owner's rows.
    pub fn of_owner(&self, owner: usize) -> impl Iterator<Item = RowView<'_>> + Clone {
        let stretches = self.stretches_from(self.owners.partition_point(|(known, _)| *known < owner));
        let own = stretches.take_while(move |(known, _)| *known == owner);
        own.flat_map(|(owner, range)| self.views_of(owner, range))
    }

    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, more: usize) {
        self.slots.reserve_exact(more);
    }

    /// Adds a row. An owner's rows come one after the other.
    pub fn push(&mut self, row: UsageRow) {
        self.begin(row.owner);
        let slot = self.pack(row, None);
        self.slots.push(slot);
    }

    /// Adds a row for each call in a conversation's session log.
    pub(super) fn push_logged(&mut self, owner: usize, conversation: &Id, calls: &[LogCall]) {
        self.begin(owner);
        // Calls of a turn share what their rows do.
        let mut latest: Option<(&Arc<TurnContext>, u32)> = None;
        for call in calls {
            let like = latest.filter(|(context, _)| Arc::ptr_eq(context, &call.context));
            let packed = like.and_then(|(_, context)| PackedRow::of_call(call, context));
            let row = || UsageRow { owner, ..call.row(conversation) };
            let slot = packed.map_or_else(|| self.pack(row(), None), Slot::Packed);
            latest = match &slot {
                Slot::Packed(packed) => Some((&call.context, packed.context)),
                Slot::Plain(_) => None,
            };
            self.slots.push(slot);
        }
    }

    fn begin(&mut self, owner: usize) {
        if self.owners.last().is_none_or(|(latest, _)| *latest != owner) {
            self.owners.push((owner, self.slots.len()));
        }
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

    /// Tells what rows cost, an owner's at once: `work` is given them, and their costs to change.
    pub fn tell_costs(&mut self, mut work: impl FnMut(&[RowView<'_>], &mut [RowCost])) {
        let mut costs = Vec::new();
        for place in 0..self.owners.len() {
            let Some((owner, range)) = self.stretches_from(place).next() else { continue };
            let views: Vec<RowView<'_>> = self.views_of(owner, range.clone()).collect();
            costs.clear();
            costs.extend(views.iter().map(|row| row.cost));
            work(&views, &mut costs);
            for (at, cost) in range.zip(&costs) {
                self.tell_cost(owner, at, *cost);
            }
        }
    }

    fn tell_cost(&mut self, owner: usize, at: usize, cost: RowCost) {
        let Some(slot) = self.slots.get_mut(at) else { return };
        match slot {
            Slot::Plain(row) => row.cost = cost,
            Slot::Packed(packed) => {
                let context = self.contexts.get(packed.context as usize);
                if let Some(context) = context.filter(|_| !packed.tell_cost(cost)) {
                    *slot = Slot::Plain(Box::new(UsageRow { cost, ..packed.row(owner, context) }));
                }
            }
        }
    }

    fn stretches(&self) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
        self.stretches_from(0)
    }

    fn owner_at(&self, place: usize) -> Option<usize> {
        let next = self.owners.partition_point(|(_, start)| *start <= place);
        self.owners.get(next.checked_sub(1)?).map(|(owner, _)| *owner)
    }

    fn stretches_from(&self, place: usize) -> impl Iterator<Item = (usize, Range<usize>)> + Clone + '_ {
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

    fn views_of(&self, owner: usize, range: Range<usize>) -> impl Iterator<Item = RowView<'_>> + Clone {
        let slots = self.slots.get(range).unwrap_or_default();
        slots.iter().filter_map(move |slot| match slot {
            Slot::Plain(row) => Some(RowView { owner, ..row.view() }),
            Slot::Packed(packed) => Some(packed.view(owner, self.contexts.get(packed.context as usize)?)),
        })
    }

    /// `like` is the context that the row had before.
    fn pack(&mut self, row: UsageRow, like: Option<u32>) -> Slot {
        let context = self.context(&row, like);
        match context.and_then(|context| PackedRow::new(&row, context)) {
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
            self.contexts.push(RowContext::of(row));
        }
        u32::try_from(at).ok()
    }
}

impl PartialEq for UsageRows {
    fn eq(&self, other: &UsageRows) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests;
