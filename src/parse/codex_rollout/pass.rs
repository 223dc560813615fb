//! What a rollout's records mean in their order: which model, how far the counter has come, and what is the
//! conversation's own.
//!
//! History that was copied into a log repeats the readings of its origin, with their times or with new ones. It is
//! told by the turns ([`Turns`]).

use super::counter::Counter;
use super::header::OldHeader;
use super::own::Own;
use super::torn::Torn;
use super::turns::{Turn, Turns};
use crate::event::{Billing, Call, CallKey, Doubt, Fact, Id, Inherited, Quota, Time, TokenUsage, Uncounted};
use crate::parse::format::OrderedPass;
use crate::parse::mark::{Header, Latest, LogRecord, Mark, MarkKind, Response};
use crate::parse::sink::Sink;

/// Who writes rollouts.
pub(super) const HARNESS: &str = "codex";

/// The ordered pass over a rollout.
#[derive(Debug, Default)]
pub(super) struct Pass {
    /// A log without an envelope, whose header says all that is known.
    old: Option<Header>,
    own: Own,
    turns: Turns,
    model: Option<Id>,
    effort: Option<Id>,
    service_tier: Option<Id>,
    counter: Counter,
    /// The latest time of a reading or a response.
    latest: Option<Time>,
    torn: Torn,
    /// About when a call was made of which a torn reading told, and nothing else does.
    lost_call: Option<Option<Time>>,
    /// Where something was torn for which a reading is left out that may tell of a call of its own, [`u64::MAX`] if
    /// nothing was; `None` if none is.
    lost_own: Option<u64>,
    is_answered: bool,
    /// Where the latest turn of its own ended that is known to have, and when.
    over: Option<(u64, Option<Time>)>,
    /// How long the log is.
    length: u64,
    billing: Option<Billing>,
}

impl Pass {
    /// `head` is what the log begins with, `file_name` its file's name.
    pub(super) fn new(head: &[u8], file_name: &str) -> Pass {
        Pass { old: OldHeader::read(head), own: Own::new(file_name), ..Pass::default() }
    }

    fn context(&mut self, turn: Option<Id>, model: Option<Id>, effort: Option<Id>) {
        self.turns.context(turn);
        if model.is_some() {
            (self.model, self.effort) = (model, effort);
        }
    }

    /// A reading is a call if the counter grew by it and nothing says that it only restores or repeats. Where the
    /// counter grew by more than the latest call, what it read before that is another one.
    fn reading(&mut self, total: TokenUsage, latest: Latest, time: Option<Time>) -> [Option<Fact>; 2] {
        const NOTHING: [Option<Fact>; 2] = [None, None];
        self.turns.reading();
        let (may_count_copies, torn_at) = (self.torn.reading(), self.torn.at);
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
        let turn = self.turns.latest().id().cloned();
        let conversation = self.own.known(time, &total);
        let key = |total| CallKey::Reading(conversation.clone(), step.epoch, total);
        let call = |total, growth| {
            let doubt = if may_inherit { doubt.max(Doubt::Ancestor) } else { doubt };
            Call { doubt, turn: turn.clone(), ..self.call(conversation.clone(), key(total), growth) }
        };
        let fact = |call| Some(Fact::Call(Box::new(call)));
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
    fn lost_call(&mut self) -> Option<(Option<Time>, Fact)> {
        let (time, conversation) = (self.lost_call.take()?, self.own.id.clone()?);
        Some((time, Fact::Uncounted(Box::new(Uncounted { conversation, key: None, agent: None }))))
    }

    /// What was lost before this reading may be one, which matters where copies are told by their readings, and where
    /// several runs hold the conversation.
    fn lost(&self, total: &TokenUsage, latest: Latest) -> Option<Fact> {
        let may_be = self.torn.at.is_some() && !self.turns.is_foreign() && !self.counter.is_next(total, latest);
        self.own.id.clone().filter(|_| may_be).map(Fact::Lost)
    }

    /// The state of a limit, unless it was told to another conversation and copied.
    fn quota(&self, found: Quota, time: Option<Time>) -> Option<Fact> {
        let doubt = self.turns.doubt(time)?;
        Some(Fact::Quota(Box::new(Quota { conversation: self.own.id.clone(), doubt, ..found })))
    }

    /// A response's own record says whose it is.
    fn response(&mut self, found: Response, time: Option<Time>) -> Option<Fact> {
        self.latest = self.latest.max(time);
        let is_copy = match (&found.conversation, &self.own.id) {
            (Some(named), Some(own)) => named != own,
            _ => self.turns.is_foreign(),
        };
        if is_copy || found.usage.is_zero() {
            return None;
        }
        let conversation = self.own.known(time, &found.usage);
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
            is_subagent: self.own.is_subagent,
            is_logged: true,
            ..Call::new(key, usage)
        }
    }

    fn pays_by(&mut self, billing: Option<Billing>) -> Option<Fact> {
        if billing.is_none() || self.billing == billing {
            return None;
        }
        self.billing = billing;
        self.own.about(|conversation| conversation.billing = billing)
    }

    /// A model answered, unless that was copied from another log.
    fn answered(&mut self, time: Option<Time>) -> Option<Fact> {
        if self.is_answered || !self.is_own(time) {
            return None;
        }
        self.is_answered = true;
        self.own.about(|conversation| conversation.is_answered = true)
    }

    /// Whether what is recorded now is the conversation's own, and no copy.
    fn is_own(&self, time: Option<Time>) -> bool {
        self.turns.doubt(time).is_some_and(|doubt| doubt == Doubt::None || !self.own.has_parent)
    }
}

impl OrderedPass for Pass {
    fn push(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        let (offset, time) = (mark.offset, mark.time);
        self.torn.record(time);
        let mut emit = |fact: Option<Fact>| {
            if let Some(fact) = fact {
                sink.event(offset, None, Some(HARNESS), time, fact);
            }
        };
        match mark.kind {
            MarkKind::Logged(logged) => {
                match &logged {
                    LogRecord::Lost => self.own.lose(),
                    LogRecord::End => {}
                    LogRecord::Header(header) => {
                        emit(self.own.name_by_file(Some(&header.conversation.id), &mut self.turns))
                    }
                    _ => emit(self.own.name_by_file(None, &mut self.turns)),
                }
                match logged {
                    LogRecord::Header(header) => emit(self.own.header(*header, time, &mut self.turns)),
                    LogRecord::Turn(id) => self.turns.begin(id),
                    LogRecord::Context { turn, model, effort } => self.context(turn, model, effort),
                    LogRecord::ServiceTier { conversation: of, .. } if of.is_some() && of != self.own.id => {}
                    LogRecord::ServiceTier { tier, .. } => self.service_tier = tier,
                    LogRecord::Reading { total, latest, billing } => {
                        emit(self.lost(&total, latest));
                        emit(self.pays_by(billing));
                        self.reading(total, latest, time).into_iter().for_each(&mut emit);
                        if let Some((time, fact)) = self.lost_call() {
                            sink.event(offset, None, Some(HARNESS), time, fact);
                        }
                    }
                    LogRecord::Response(response) => emit(self.response(*response, time)),
                    LogRecord::Answered => emit(self.answered(time)),
                    LogRecord::TurnOver(is_answered) => {
                        if self.is_own(time) {
                            self.over = Some((offset, time));
                        }
                        if is_answered {
                            emit(self.answered(time));
                        }
                    }
                    // No rollout tells of messages so.
                    LogRecord::Uncounted(_) | LogRecord::Message(_) => {}
                    LogRecord::Lost => self.torn.lose(offset, &mut self.turns, self.own.has_parent),
                    LogRecord::TornReading => self.torn.lose_reading(offset, &mut self.turns, self.own.has_parent),
                    LogRecord::End => self.length = offset,
                }
            }
            MarkKind::Fact(Fact::Quota(quota)) => emit(self.quota(*quota, time)),
            MarkKind::Fact(fact) => emit(Some(fact)),
            _ => {}
        }
    }

    fn finish(self: Box<Self>, sink: &mut Sink<'_>) {
        if let Some(Header { conversation, started_at, .. }) = self.old {
            let id = conversation.id.clone();
            sink.event(0, None, Some(HARNESS), started_at, Fact::Conversation(Box::new(conversation)));
            sink.event(self.length, None, None, None, Fact::Ended(id));
        }
        let Some(id) = self.own.id else { return };
        if let Some((offset, time)) = self.over {
            sink.event(offset, None, Some(HARNESS), time, Fact::TurnOver(id.clone()));
        }
        match self.torn.at.max(self.lost_own) {
            Some(lost) => {
                sink.event(lost.min(self.length), None, Some(HARNESS), self.latest, Fact::Unfinished(id));
            }
            None => sink.event(self.length, None, None, None, Fact::Ended(id)),
        }
    }
}
