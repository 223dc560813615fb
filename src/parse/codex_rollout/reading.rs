//! Readings of the counter.

use super::pass::Pass;
use crate::event::{Call, CallKey, Doubt, Fact, Inherited, Time, TokenUsage};
use crate::parse::latest::Latest;

impl Pass {
    /// A reading is a call if the counter grew by it and nothing says that it only restores or repeats. Where the
    /// counter grew by more than the latest call, what it read before that is another one.
    pub(super) fn reading(&mut self, total: TokenUsage, latest: Latest, time: Option<Time>) -> [Option<Fact>; 2] {
        const NOTHING: [Option<Fact>; 2] = [None, None];
        self.turns.reading();
        let (may_count_copies, torn_at, is_recorded) = (self.torn.reading(), self.torn.at, self.torn.is_recorded);
        self.latest = self.latest.max(time);
        let is_of_review = self.counter.is_of_review(&total, latest);
        // A counter that stands still doesn't have what was torn.
        let may_be_lowered = self.is_compacted && torn_at.is_none();
        let Some(step) = self.counter.read(total, latest, may_be_lowered) else { return NOTHING };
        self.is_compacted = false;
        self.lost_call = self.torn.moved_on(step.is_one_call);
        let total = step.total;
        if total.is_zero() || latest == Latest::Nothing {
            return NOTHING;
        }
        let Some(doubt) = self.turns.doubt(time) else {
            let is_foreign = self.turns.is_foreign();
            if is_foreign && self.turns.may_be_another() {
                self.lost_own = Some(u64::MAX);
            }
            // Where the log names nobody that it was copied from, another log's readings tell.
            if is_foreign && self.own.has_parent {
                return NOTHING;
            }
            let conversation = self.own.known(time, &total);
            return [Some(Fact::Inherited(Box::new(Inherited { conversation, total }))), None];
        };
        if doubt == Doubt::None && may_count_copies && !step.is_one_call {
            self.lost_own = self.lost_own.max(torn_at);
            return NOTHING;
        }
        // A sub-agent's log may name no parent.
        let is_unnamed = self.own.is_subagent && !self.own.has_parent;
        if is_unnamed && doubt == Doubt::Child && self.turns.may_be_another() {
            self.lost_own = Some(u64::MAX);
        }
        // What a child's counter reads first may be what its parent's did: Codex repeats that when a turn begins.
        let is_child = self.own.has_parent || is_unnamed;
        let may_inherit = is_child && step.is_first && (latest != Latest::All || self.own.goes_on);
        if !is_of_review && self.is_own(time) {
            self.missed.counted();
        }
        let turn = self.turns.latest().id().cloned();
        let conversation = self.own.known(time, &total);
        let key = |total| CallKey::Reading(conversation.clone(), step.epoch, total);
        let call = |total, growth| {
            let doubt = if may_inherit { doubt.max(Doubt::Ancestor) } else { doubt };
            Call { doubt, turn: turn.clone(), ..self.call(conversation.clone(), key(total), growth) }
        };
        let fact = |call| Some(Fact::Call(Box::new(call)));
        if is_of_review {
            // Which model reviews isn't told here.
            let found = Call { model: None, effort: None, is_subagent: true, ..call(total, step.growth) };
            let may_be_copy = self.own.has_parent && doubt != Doubt::None;
            let doubt = if may_be_copy { doubt } else { Doubt::Reviewer };
            return [None, fact(Call { doubt, turn: None, ..found })];
        }
        if step.is_lowered && !is_recorded {
            let found = call(total, step.growth);
            return [self.uncounted(), fact(found)];
        }
        if may_inherit && is_unnamed {
            return [None, fact(Call { may_be_several: true, ..call(total, step.growth) })];
        }
        let Some(before) = step.unread else { return [None, fact(call(total, step.growth))] };
        // Copies are told by the readings that are in view.
        if self.own.has_parent && doubt != Doubt::None {
            return [None, fact(Call { may_be_several: true, ..call(total, step.growth) })];
        }
        let last = total.minus(&before);
        let rest = Call { may_be_several: true, ..call(before, step.growth.minus(&last)) };
        [fact(rest), fact(call(total, last))]
    }

    /// The call of a torn reading, once it is known that no other counts it, with about when it was made.
    pub(super) fn lost_call(&mut self) -> Option<(Option<Time>, Fact)> {
        Some((self.lost_call.take()?, self.uncounted()?))
    }

    /// What was lost before this reading may be one, which matters where copies are told by their readings, and where
    /// several runs hold the conversation.
    pub(super) fn lost(&self, total: &TokenUsage, latest: Latest) -> Option<Fact> {
        let may_be = self.torn.at.is_some() && !self.turns.is_foreign() && !self.counter.is_next(total, latest);
        self.own.id.clone().filter(|_| may_be).map(Fact::Lost)
    }
}
