//! What a rollout's records mean in their order: which model, how far the counter has come, and what is the
//! conversation's own.
//!
//! History that was copied into a log repeats the readings of its origin, with their times or with new ones. It is
//! told by the turns ([`Turns`]).

use super::counter::Counter;
use super::header::OldHeader;
use super::missed::{At, Missed};
use super::own::Own;
use super::settings::Settings;
use super::torn::Torn;
use super::turns::Turns;
use crate::event::{Billing, Call, CallKey, Doubt, Fact, Id, Quota, Time, TokenUsage, Uncounted};
use crate::parse::format::OrderedPass;
use crate::parse::mark::{Header, LogRecord, Mark, MarkKind};
use crate::parse::sink::Sink;

/// Who writes rollouts.
pub(super) const HARNESS: &str = "codex";

/// The ordered pass over a rollout.
#[derive(Debug, Default)]
pub(super) struct Pass {
    /// A log without an envelope, whose header says all that is known.
    pub(super) old: Option<Header>,
    pub(super) own: Own,
    pub(super) turns: Turns,
    pub(super) settings: Settings,
    pub(super) counter: Counter,
    /// The latest time of a reading or a response.
    pub(super) latest: Option<Time>,
    pub(super) torn: Torn,
    pub(super) missed: Missed,
    /// Whether the history was compacted since the counter moved.
    pub(super) is_compacted: bool,
    /// A call before the settings of its turn are told, with where and when its record was written: one that was
    /// compacted by the user, for whom the chosen model does so, or by Codex, for which that of the turn before does.
    pub(super) held: Option<(At, Box<Call>)>,
    /// About when a call was made of which a torn reading told, and nothing else does.
    pub(super) lost_call: Option<Option<Time>>,
    /// Where something was torn for which a reading is left out that may tell of a call of its own, [`u64::MAX`] if
    /// nothing was; `None` if none is.
    pub(super) lost_own: Option<u64>,
    pub(super) is_answered: bool,
    /// Where the latest turn of its own ended that is known to have, and when.
    pub(super) over: Option<(u64, Option<Time>)>,
    /// How long the log is.
    pub(super) length: u64,
    pub(super) billing: Option<Billing>,
}

impl Pass {
    /// `head` is what the log begins with, `file_name` its file's name.
    pub(super) fn new(head: &[u8], file_name: &str) -> Pass {
        Pass { old: OldHeader::read(head), own: Own::new(file_name), ..Pass::default() }
    }

    /// The state of a limit, unless it was told to another conversation and copied.
    fn quota(&self, found: Quota, time: Option<Time>) -> Option<Fact> {
        let doubt = self.turns.doubt(time)?;
        Some(Fact::Quota(Box::new(Quota { conversation: self.own.id.clone(), doubt, ..found })))
    }

    /// A call of the conversation's own that nothing counts.
    pub(super) fn uncounted(&self) -> Option<Fact> {
        let conversation = self.own.id.clone()?;
        Some(Fact::Uncounted(Box::new(Uncounted::call(conversation, None))))
    }

    pub(super) fn call(&self, conversation: Id, key: CallKey, usage: TokenUsage) -> Call {
        Call {
            conversation: Some(conversation),
            model: self.settings.model.clone(),
            effort: self.settings.effort.clone(),
            service_tier: self.settings.service_tier.clone(),
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

    /// A call was made then that nothing counts.
    fn miss(&self, call: Option<At>, sink: &mut Sink<'_>) {
        if let (Some((offset, time)), Some(fact)) = (call, self.uncounted()) {
            sink.event(offset, None, Some(HARNESS), time, fact);
        }
    }

    /// Hands the call on whose model wasn't known yet: that of the turn, or one that was `chosen` since.
    fn give_held(&mut self, chosen: Option<(Id, Option<Id>)>, sink: &mut Sink<'_>) {
        let Some(((offset, time), call)) = self.held.take() else { return };
        let (model, effort) = chosen.map_or((call.model, call.effort), |(model, effort)| (Some(model), effort));
        sink.event(offset, None, Some(HARNESS), time, Fact::Call(Box::new(Call { model, effort, ..*call })));
    }

    /// Whether what is recorded now is the conversation's own, and no copy.
    pub(super) fn is_own(&self, time: Option<Time>) -> bool {
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
                    LogRecord::Turn(id) => {
                        self.give_held(self.settings.chosen(), sink);
                        self.turns.begin(id);
                        let missed = self.missed.begin_turn();
                        self.miss(missed, sink);
                    }
                    LogRecord::Context { turn, model, effort } => {
                        self.give_held(None, sink);
                        self.counter.review_itself();
                        self.turns.context(turn);
                        self.settings.of_turn(model, effort);
                    }
                    LogRecord::ServiceTier(tier) => self.settings.service_tier = Some(tier),
                    LogRecord::Settings { conversation: of, .. } if of.is_some() && of != self.own.id => {}
                    LogRecord::Settings { model, effort, tier, .. } => {
                        self.give_held(self.settings.chosen(), sink);
                        self.settings.choose(model, effort, tier);
                    }
                    LogRecord::Reading { total, latest, billing } => {
                        emit(self.lost(&total, latest));
                        emit(self.pays_by(billing));
                        self.reading(total, latest, time).into_iter().for_each(&mut emit);
                        if let Some((time, fact)) = self.lost_call() {
                            sink.event(offset, None, Some(HARNESS), time, fact);
                        }
                    }
                    LogRecord::Response(response) => {
                        self.response(*response, (offset, time)).into_iter().for_each(&mut emit);
                    }
                    LogRecord::Repeated(response) => self.repeated(*response, time).into_iter().for_each(&mut emit),
                    LogRecord::Compacted { response, is_remote } => {
                        self.is_compacted = true;
                        if self.is_own(time) && self.missed.compacted(response, is_remote, (offset, time)) {
                            emit(self.uncounted());
                        }
                    }
                    LogRecord::Answered => {
                        if !self.is_own(time) || self.missed.answered((offset, time)) {
                            emit(self.answered(time));
                        }
                    }
                    LogRecord::TurnOver(is_answered) => {
                        if self.is_own(time) {
                            self.over = Some((offset, time));
                        }
                        if is_answered {
                            emit(self.answered(time));
                        }
                    }
                    // No rollout tells of messages so.
                    LogRecord::Uncounted(_) | LogRecord::SubAgent(..) | LogRecord::Message { .. } => {}
                    LogRecord::Lost => self.torn.lose(offset, &mut self.turns, self.own.has_parent),
                    LogRecord::TornReading => self.torn.lose_reading(offset, &mut self.turns, self.own.has_parent),
                    LogRecord::Review(true) => self.counter.enter_review(),
                    LogRecord::Review(false) => {
                        self.counter.exit_review();
                        self.missed.reviewed();
                    }
                    LogRecord::End => self.length = offset,
                }
            }
            MarkKind::Fact(Fact::Quota(quota)) => emit(self.quota(*quota, time)),
            MarkKind::Fact(fact) => emit(Some(fact)),
            _ => {}
        }
    }

    fn finish(mut self: Box<Self>, sink: &mut Sink<'_>) {
        if let Some(Header { conversation, started_at, .. }) = self.old.take() {
            let id = conversation.id.clone();
            sink.event(0, None, Some(HARNESS), started_at, Fact::Conversation(Box::new(conversation)));
            sink.event(self.length, None, None, None, Fact::Ended(id));
        }
        self.give_held(self.settings.chosen(), sink);
        for missed in self.missed.compactions() {
            self.miss(Some(missed), sink);
        }
        // A longer copy may count it.
        let unfinished = self.missed.begin_turn().map(|(offset, _)| offset);
        let Some(id) = self.own.id else { return };
        if let Some((offset, time)) = self.over {
            sink.event(offset, None, Some(HARNESS), time, Fact::TurnOver(id.clone()));
        }
        match self.torn.at.max(self.lost_own).max(unfinished) {
            Some(lost) => {
                sink.event(lost.min(self.length), None, Some(HARNESS), self.latest, Fact::Unfinished(id));
            }
            None => sink.event(self.length, None, None, None, Fact::Ended(id)),
        }
    }
}
