//! What a rollout's records mean in their order: which turn, which model, how far the counter has come, and what is
//! the conversation's own.
//!
//! History that was copied into a log repeats the readings of its origin, with their times or with new ones. It is
//! told by the turns: the id of a turn is a UUID that holds the time it was made, and a turn that is older than the
//! conversation is not its own. Old versions number their turns otherwise or not at all; there the log alone can't
//! tell, and says so ([`Doubt`]).

use super::HARNESS;
use super::header::OldHeader;
use crate::event::{Billing, Call, CallKey, Conversation, Doubt, Fact, Id, Inherited, Quota, Time, TokenUsage};
use crate::parse::format::OrderedPass;
use crate::parse::lines::uuid_at_end;
use crate::parse::mark::{Header, Latest, Logged, Mark, MarkKind, Response};
use crate::parse::sink::Sink;

/// The ordered pass over a rollout.
#[derive(Debug, Default)]
pub(super) struct Pass {
    /// A log without an envelope, whose header says all that is known.
    old: Option<Conversation>,
    conversation: Option<Id>,
    /// The conversation that the file's name tells: it counts where the header that should stand first is lost. Else
    /// the header's word does, as files may be given any name.
    of_name: Option<Id>,
    /// Whether the first header may be lost.
    has_lost_header: bool,
    started_at: Option<Time>,
    is_subagent: bool,
    /// Whether the log names a conversation that this one came from.
    has_parent: bool,
    turn: Turn,
    /// Whether the latest turn was just begun: its context follows.
    is_new_turn: bool,
    model: Option<Id>,
    effort: Option<Id>,
    /// How often the counter began anew.
    epoch: u32,
    previous: TokenUsage,
    latest: Option<Time>,
    /// Whether what was torn after the latest reading may have been one.
    is_torn: bool,
    /// Whether a reading of its own was, and no record tells of its response.
    is_reading_torn: bool,
    /// Whether a record tells of a response after the latest reading.
    is_recorded: bool,
    /// Whether what was torn after the latest turn's beginning may have begun another.
    may_be_new_turn: bool,
    /// Whether what was torn after the latest reading may be a copied one.
    may_hide_copies: bool,
    /// Whether a reading is left out, or was torn, that may tell of a call of its own.
    has_lost_own: bool,
    is_answered: bool,
    /// How long the log is.
    length: u64,
    billing: Option<Billing>,
}

/// The latest turn.
#[derive(Debug, Default)]
enum Turn {
    /// There was none yet.
    #[default]
    None,
    /// One without an id that tells its time.
    Untimed(Option<Id>),
    /// One of the conversation's own.
    Own(Id),
    /// One that is older than the conversation.
    Foreign,
}

impl Pass {
    /// `head` is what the log begins with, `file_name` its file's name.
    pub(super) fn new(head: &[u8], file_name: &str) -> Pass {
        Pass { old: OldHeader::read(head), of_name: conversation_of(file_name), ..Pass::default() }
    }

    /// Takes the file's word where a record stands before any header, or a torn one before that of another conversation.
    fn name_by_file(&mut self, found: Option<&Id>) -> Option<Fact> {
        let is_lost = self.conversation.is_none() && (found.is_none() || self.has_lost_header);
        let own = self.of_name.clone().filter(|own| is_lost && found != Some(own))?;
        self.started_at = Time::of_uuid(&own);
        self.conversation = Some(own);
        let begins = self.has_lost_header;
        self.about(|conversation| conversation.begins = begins)
    }

    fn header(&mut self, header: Header, time: Option<Time>) -> Option<Fact> {
        let Header { conversation: found, started_at } = header;
        let Some(own) = &self.conversation else {
            self.conversation = Some(found.id.clone());
            self.started_at = started_at.or_else(|| Time::of_uuid(&found.id)).or(time);
            self.has_parent = found.parent.is_some();
            self.is_subagent = found.is_subagent;
            return Some(Fact::Conversation(Box::new(found)));
        };
        // The header of another conversation begins what was copied from it.
        if found.id == *own || self.has_parent {
            return None;
        }
        self.has_parent = true;
        let parent = Some(found.id);
        let conversation = Conversation { parent, is_logged: true, ..Conversation::new(own.clone()) };
        Some(Fact::Conversation(Box::new(conversation)))
    }

    fn turn(&self, id: Option<Id>) -> Turn {
        match id.as_deref().and_then(Time::of_uuid) {
            Some(made) if self.started_at.is_some_and(|start| made < start) => Turn::Foreign,
            Some(_) => id.map_or(Turn::None, Turn::Own),
            None => Turn::Untimed(id),
        }
    }

    /// A response of the conversation's own names its turn, also where no line that begins it is there, or whole: the
    /// reading that follows counts the same response.
    fn follow(&mut self, named: Option<Id>) {
        let turn = self.turn(named);
        if matches!((&turn, &self.turn), (Turn::Own(_), _) | (Turn::Untimed(Some(_)), Turn::None | Turn::Untimed(_))) {
            self.turn = turn;
            self.may_be_new_turn = false;
        }
    }

    fn begin_turn(&mut self, id: Option<Id>) {
        self.is_new_turn = id.is_some();
        self.may_be_new_turn = false;
        self.turn = self.turn(id);
    }

    fn context(&mut self, turn: Option<Id>, model: Option<Id>, effort: Option<Id>) {
        self.may_be_new_turn = false;
        if turn.is_some() || !self.is_new_turn {
            self.turn = self.turn(turn);
        }
        self.is_new_turn = false;
        if model.is_some() {
            (self.model, self.effort) = (model, effort);
        }
    }

    /// A reading is a call if the counter grew by it and nothing says that it only restores or repeats.
    fn reading(&mut self, total: TokenUsage, latest: Latest, time: Option<Time>) -> Option<Fact> {
        self.is_new_turn = false;
        let may_count_copies = std::mem::take(&mut self.may_hide_copies);
        self.latest = self.latest.max(time);
        let whole = self.with_untold(total);
        if !whole.fell_below(&self.previous) && !self.previous.fell_below(&whole) {
            // A counter that stands still doesn't have what was torn.
            return None;
        }
        (self.is_torn, self.is_recorded) = (false, false);
        // A counter that began anew may by now be higher than before: then it holds the latest call alone.
        let is_first = latest == Latest::All && !self.previous.is_zero();
        let total = if is_first { total } else { whole };
        if is_first || total.fell_below(&self.previous) {
            self.epoch = self.epoch.saturating_add(1);
            self.previous = TokenUsage::default();
        }
        let growth = total.minus(&self.previous);
        let is_growth = latest.is_growth(&self.previous, &total);
        let may_count_copies = may_count_copies && !is_growth;
        // The counter went on from the reading before the torn one, as after a writer that was killed.
        self.has_lost_own |= std::mem::take(&mut self.is_reading_torn) && is_growth;
        self.previous = total;
        let is_restored = total.is_zero() || latest == Latest::Nothing;
        let is_older = self.is_older(time);
        let (turn, doubt) = match &self.turn {
            _ if is_restored => return None,
            Turn::Foreign => {
                self.has_lost_own |= self.may_be_new_turn;
                return None;
            }
            Turn::Own(_) if may_count_copies => {
                self.has_lost_own = true;
                return None;
            }
            Turn::Own(id) => (Some(id.clone()), Doubt::None),
            Turn::None | Turn::Untimed(_) if is_older => {
                let conversation = self.own(time, &total);
                return Some(Fact::Inherited(Box::new(Inherited { conversation, total })));
            }
            Turn::None => (None, Doubt::Child),
            Turn::Untimed(id) => (id.clone(), Doubt::Ancestor),
        };
        let conversation = self.own(time, &total);
        let key = CallKey::Reading(conversation.clone(), self.epoch, total);
        Some(Fact::Call(Box::new(Call { turn, doubt, ..self.call(conversation, key, growth) })))
    }

    fn lose(&mut self) {
        (self.is_torn, self.may_be_new_turn) = (true, true);
        self.may_hide_copies |= match self.turn {
            Turn::Foreign => true,
            Turn::None => self.has_parent,
            Turn::Untimed(_) | Turn::Own(_) => false,
        };
    }

    /// A reading was torn.
    fn lose_reading(&mut self) {
        self.lose();
        let is_own = match self.turn {
            Turn::Own(_) => true,
            Turn::None | Turn::Untimed(_) => !self.has_parent,
            Turn::Foreign => false,
        };
        self.is_reading_torn |= is_own && !self.is_recorded;
    }

    /// What was lost before this reading may be one, which matters where copies are told by their readings.
    fn lost(&self, total: &TokenUsage, latest: Latest) -> Option<Fact> {
        let is_untimed = matches!(self.turn, Turn::None | Turn::Untimed(_));
        let is_next = *total == self.previous || latest.is_growth(&self.previous, total);
        let may_be = self.is_torn && is_untimed && !is_next;
        self.conversation.clone().filter(|_| may_be).map(Fact::Lost)
    }

    /// The reading with what an older version doesn't tell any more: a part can't fall to nothing while all else grows.
    fn with_untold(&self, total: TokenUsage) -> TokenUsage {
        let known = &self.previous;
        let grows = total.input_tokens >= known.input_tokens
            && total.cache_read_input_tokens >= known.cache_read_input_tokens
            && total.output_tokens >= known.output_tokens;
        let untold = |count: u64, known: u64| if count == 0 && grows { known } else { count };
        TokenUsage {
            cache_creation_input_tokens: untold(total.cache_creation_input_tokens, known.cache_creation_input_tokens),
            reasoning_output_tokens: total
                .reasoning_output_tokens
                .map(|count| untold(count, known.reasoning_output_tokens.unwrap_or(0))),
            ..total
        }
    }

    /// The state of a limit, unless it was told to another conversation and copied.
    fn quota(&self, found: Quota, time: Option<Time>) -> Option<Fact> {
        let doubt = match &self.turn {
            Turn::Own(_) => Doubt::None,
            Turn::Foreign => return None,
            Turn::None | Turn::Untimed(_) if self.is_older(time) => return None,
            Turn::None => Doubt::Child,
            Turn::Untimed(_) => Doubt::Ancestor,
        };
        Some(Fact::Quota(Box::new(Quota { conversation: self.conversation.clone(), doubt, ..found })))
    }

    /// Whether what was written then is older than the conversation.
    fn is_older(&self, time: Option<Time>) -> bool {
        time.zip(self.started_at).is_some_and(|(time, start)| time < start)
    }

    /// A response's own record says whose it is.
    fn response(&mut self, found: Response, time: Option<Time>) -> Option<Fact> {
        self.latest = self.latest.max(time);
        let is_copy = match (&found.conversation, &self.conversation) {
            (Some(named), Some(own)) => named != own,
            _ => matches!(self.turn, Turn::Foreign),
        };
        if is_copy || found.usage.is_zero() {
            return None;
        }
        let conversation = self.own(time, &found.usage);
        let key = match found.response {
            Some(response) => CallKey::Response(conversation.clone(), response),
            None => CallKey::Trace(conversation.clone(), time?, found.usage),
        };
        self.is_recorded = true;
        self.follow(found.turn.clone());
        let turn = match &self.turn {
            Turn::Own(id) => Some(id.clone()),
            Turn::Untimed(id) => id.clone(),
            Turn::None | Turn::Foreign => found.turn,
        };
        let call = self.call(conversation, key, found.usage);
        Some(Fact::Call(Box::new(Call { turn, model: found.model.or(call.model), ..call })))
    }

    fn call(&self, conversation: Id, key: CallKey, usage: TokenUsage) -> Call {
        Call {
            conversation: Some(conversation),
            model: self.model.clone(),
            effort: self.effort.clone(),
            is_subagent: self.is_subagent,
            is_logged: true,
            ..Call::new(key, usage)
        }
    }

    /// The conversation; one that nothing names is known by its first reading.
    fn own(&mut self, time: Option<Time>, usage: &TokenUsage) -> Id {
        let made_up = || format!("\0{} {usage:?}", time.map_or(0, Time::micros)).into();
        self.conversation.get_or_insert_with(made_up).clone()
    }

    /// A fact about the conversation; nothing while it has no name.
    fn about(&self, tell: impl FnOnce(&mut Conversation)) -> Option<Fact> {
        let mut conversation = Conversation { is_logged: true, ..Conversation::new(self.conversation.clone()?) };
        tell(&mut conversation);
        Some(Fact::Conversation(Box::new(conversation)))
    }

    fn pays_by(&mut self, billing: Option<Billing>) -> Option<Fact> {
        if billing.is_none() || self.billing == billing {
            return None;
        }
        self.billing = billing;
        self.about(|conversation| conversation.billing = billing)
    }

    /// A model answered, unless that was copied from another log.
    fn answered(&mut self, time: Option<Time>) -> Option<Fact> {
        let is_own = match self.turn {
            Turn::Own(_) => true,
            Turn::Foreign => false,
            Turn::None | Turn::Untimed(_) => !self.has_parent && !self.is_older(time),
        };
        if self.is_answered || !is_own {
            return None;
        }
        self.is_answered = true;
        self.about(|conversation| conversation.is_answered = true)
    }
}

impl OrderedPass for Pass {
    fn push(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        let (offset, time) = (mark.offset, mark.time);
        let mut emit = |fact: Option<Fact>| {
            if let Some(fact) = fact {
                sink.event(offset, None, Some(HARNESS), time, fact);
            }
        };
        match mark.kind {
            MarkKind::Logged(logged) => {
                match &logged {
                    Logged::Lost => self.has_lost_header |= self.conversation.is_none(),
                    Logged::End => {}
                    Logged::Header(header) => emit(self.name_by_file(Some(&header.conversation.id))),
                    _ => emit(self.name_by_file(None)),
                }
                match logged {
                    Logged::Header(header) => emit(self.header(*header, time)),
                    Logged::Turn(id) => self.begin_turn(id),
                    Logged::Context { turn, model, effort } => self.context(turn, model, effort),
                    Logged::Reading { total, latest, billing } => {
                        emit(self.lost(&total, latest));
                        emit(self.pays_by(billing));
                        emit(self.reading(total, latest, time));
                    }
                    Logged::Response(response) => emit(self.response(*response, time)),
                    Logged::Answered => emit(self.answered(time)),
                    // No rollout tells of answers.
                    Logged::Uncounted(_) => {}
                    Logged::Lost => self.lose(),
                    Logged::TornReading => self.lose_reading(),
                    Logged::End => self.length = offset,
                }
            }
            MarkKind::Fact(Fact::Quota(quota)) => emit(self.quota(*quota, time)),
            MarkKind::Fact(fact) => emit(Some(fact)),
            _ => {}
        }
    }

    fn finish(self: Box<Self>, sink: &mut Sink<'_>) {
        if let Some(old) = self.old {
            sink.event(0, None, Some(HARNESS), None, Fact::Conversation(Box::new(old)));
        }
        let Some(id) = self.conversation else { return };
        match self.is_torn || self.has_lost_own {
            true => sink.event(self.length, None, Some(HARNESS), self.latest, Fact::Unfinished(id)),
            false => sink.event(self.length, None, None, None, Fact::Ended(id)),
        }
    }
}

/// The conversation that a rollout's file is named after: `rollout-<time>-<UUID>.jsonl`.
fn conversation_of(file_name: &str) -> Option<Id> {
    uuid_at_end(file_name.strip_prefix("rollout-")?.strip_suffix(".jsonl")?)
}
