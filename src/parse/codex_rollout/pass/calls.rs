//! The calls that a rollout tells of: its counter's readings, and the records of responses.

use super::Pass;
use crate::event::{Call, CallKey, Doubt, Fact, Id, Inherited, Time, TokenUsage, Uncounted};
use crate::parse::codex_rollout::turns::Turn;
use crate::parse::mark::{Latest, Response};

impl Pass {
    /// A reading is a call if the counter grew by it and nothing says that it only restores or repeats. Where the
    /// counter grew by more than the latest call, what it read before that is another one.
    pub(super) fn reading(&mut self, total: TokenUsage, latest: Latest, time: Option<Time>) -> [Option<Fact>; 2] {
        const NOTHING: [Option<Fact>; 2] = [None, None];
        self.turns.reading();
        let may_count_copies = self.torn.reading();
        self.latest = self.latest.max(time);
        // A counter that stands still doesn't have what was torn.
        let Some(step) = self.counter.read(total, latest) else { return NOTHING };
        self.lost_call = self.torn.moved_on(step.is_one_call);
        let total = step.total;
        if total.is_zero() || latest == Latest::Nothing {
            return NOTHING;
        }
        let Some(doubt) = self.turns.doubt(time) else {
            let is_foreign = self.turns.is_foreign();
            self.has_lost_own |= is_foreign && self.turns.may_be_another();
            // Where the log names nobody that it was copied from, another log's readings tell.
            if is_foreign && self.has_parent {
                return NOTHING;
            }
            let conversation = self.own(time, &total);
            return [Some(Fact::Inherited(Box::new(Inherited { conversation, total }))), None];
        };
        if doubt == Doubt::None && may_count_copies && !step.is_one_call {
            self.has_lost_own = true;
            return NOTHING;
        }
        // What a child's counter reads first may be what its parent's did: Codex repeats that when a turn begins.
        let may_inherit = self.has_parent && step.is_first && (latest != Latest::All || self.goes_on);
        let turn = self.turns.latest().id().cloned();
        let conversation = self.own(time, &total);
        let key = |total| CallKey::Reading(conversation.clone(), step.epoch, total);
        let call = |total, growth| {
            let doubt = if may_inherit { doubt.max(Doubt::Ancestor) } else { doubt };
            Call { doubt, turn: turn.clone(), ..self.call(conversation.clone(), key(total), growth) }
        };
        let fact = |call| Some(Fact::Call(Box::new(call)));
        let Some(before) = step.unread else { return [None, fact(call(total, step.growth))] };
        // Copies are told by the readings that are in view.
        if self.has_parent && doubt != Doubt::None {
            return [None, fact(Call { may_be_several: true, ..call(total, step.growth) })];
        }
        let last = total.minus(&before);
        let rest = Call { may_be_several: true, ..call(before, step.growth.minus(&last)) };
        [fact(rest), fact(call(total, last))]
    }

    /// The call of a torn reading, once it is known that no other counts it, with about when it was made.
    pub(super) fn lost_call(&mut self) -> Option<(Option<Time>, Fact)> {
        let (call, conversation) = (self.lost_call.take()?, self.conversation.clone()?);
        Some((call.after, Fact::Uncounted(Box::new(Uncounted { conversation, key: None, agent: None }))))
    }

    /// What was lost before this reading may be one, which matters where copies are told by their readings, and where
    /// several runs hold the conversation.
    pub(super) fn lost(&self, total: &TokenUsage, latest: Latest) -> Option<Fact> {
        let may_be = self.torn.is_any && !self.turns.is_foreign() && !self.counter.is_next(total, latest);
        self.conversation.clone().filter(|_| may_be).map(Fact::Lost)
    }

    /// A response's own record says whose it is.
    pub(super) fn response(&mut self, found: Response, time: Option<Time>) -> Option<Fact> {
        self.latest = self.latest.max(time);
        let is_copy = match (&found.conversation, &self.conversation) {
            (Some(named), Some(own)) => named != own,
            _ => self.turns.is_foreign(),
        };
        if is_copy || found.usage.is_zero() {
            return None;
        }
        let conversation = self.own(time, &found.usage);
        let key = match found.response {
            Some(response) => CallKey::Response(conversation.clone(), response),
            None => CallKey::Trace(conversation.clone(), time?, found.usage),
        };
        self.torn.is_recorded = true;
        self.turns.follow(found.turn.clone(), found.conversation.is_some());
        let turn = match self.turns.latest() {
            Turn::None | Turn::Foreign => found.turn,
            turn => turn.id().cloned(),
        };
        let call = self.call(conversation, key, found.usage);
        let (model, service_tier) = (found.model.or(call.model), found.service_tier.or(call.service_tier));
        Some(Fact::Call(Box::new(Call { turn, model, service_tier, ..call })))
    }

    fn call(&self, conversation: Id, key: CallKey, usage: TokenUsage) -> Call {
        Call {
            conversation: Some(conversation),
            model: self.model.clone(),
            effort: self.effort.clone(),
            service_tier: self.service_tier.clone(),
            is_subagent: self.is_subagent,
            is_logged: true,
            ..Call::new(key, usage)
        }
    }

    /// The conversation; one that nothing names is known by its first reading.
    fn own(&mut self, time: Option<Time>, usage: &TokenUsage) -> Id {
        let anonymous = || Id::anonymous(format_args!("{} {usage:?}", time.map_or(0, Time::micros)));
        self.conversation.get_or_insert_with(anonymous).clone()
    }
}
