//! Records of responses, from 0.154 on.

use super::missed::At;
use super::pass::Pass;
use super::turns::Turn;
use crate::event::{Call, CallKey, Fact, Id, Time};
use crate::parse::mark::Response;

impl Pass {
    /// A response's own record says whose it is.
    pub(super) fn response(&mut self, found: Response, at: At) -> [Option<Fact>; 2] {
        let (_, time) = at;
        self.latest = self.latest.max(time);
        let is_own = match (&found.conversation, &self.own.id) {
            (Some(named), Some(own)) => named == own,
            _ => !self.turns.is_foreign(),
        };
        let lacks_some = self.missed.recorded(&found, is_own, self.is_begun());
        if !is_own || found.usage.is_zero() {
            return [None, None];
        }
        self.missed.counted();
        self.torn.is_recorded = true;
        self.turns.follow(found.turn.clone(), found.conversation.is_some());
        let turn = match self.turns.latest() {
            Turn::None | Turn::Foreign => found.turn.clone(),
            turn => turn.id().cloned(),
        };
        let is_model_told = found.model.is_some();
        let call = self.response_call(found, turn, time);
        let lost = self.uncounted().filter(|_| lacks_some);
        if is_model_told || self.turns.has_context() || self.settings.chosen().is_none() || self.held.is_some() {
            return [lost, call.map(|call| Fact::Call(Box::new(call)))];
        }
        self.held = call.map(|call| (at, Box::new(call)));
        [lost, None]
    }

    /// A later record repeats what that of a response said, or should have.
    pub(super) fn repeated(&mut self, found: Response, time: Option<Time>) -> [Option<Fact>; 2] {
        let is_own = found.conversation.is_some() && found.conversation == self.own.id;
        if !is_own || found.usage.is_zero() || !self.missed.is_unrecorded(&found) {
            return [None, None];
        }
        let lacks_some = self.missed.recorded(&found, true, self.is_begun());
        let turn = found.turn.clone();
        let call = self.response_call(found, turn, time);
        [self.uncounted().filter(|_| lacks_some), call.map(|call| Fact::Call(Box::new(call)))]
    }

    fn response_call(&mut self, found: Response, turn: Option<Id>, time: Option<Time>) -> Option<Call> {
        let conversation = self.own.known(time, &found.usage);
        let key = match found.response {
            Some(response) => CallKey::Response(conversation.clone(), response),
            None => CallKey::Trace(conversation.clone(), time?, found.usage),
        };
        let call = self.call(conversation, key, found.usage);
        let (model, service_tier) = (found.model.or(call.model), found.service_tier.or(call.service_tier));
        Some(Call { turn, model, service_tier, ..call })
    }

    /// Whether anything was used before, by this conversation or by that which it goes on from.
    fn is_begun(&self) -> bool {
        self.own.goes_on || self.own.is_fork || self.counter.is_read()
    }
}
