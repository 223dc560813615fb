//! What a rollout's records mean in their order: which model, how far the counter has come, and what is the
//! conversation's own.
//!
//! History that was copied into a log repeats the readings of its origin, with their times or with new ones. It is
//! told by the turns ([`Turns`]).

mod calls;

use super::counter::Counter;
use super::header::OldHeader;
use super::torn::{Torn, TornCall};
use super::turns::Turns;
use crate::event::{Billing, Conversation, Doubt, Fact, Id, Quota, Time};
use crate::parse::format::OrderedPass;
use crate::parse::lines::uuid_at_end;
use crate::parse::mark::{Header, LogRecord, Mark, MarkKind};
use crate::parse::sink::Sink;

/// Who writes rollouts.
pub(super) const HARNESS: &str = "codex";

/// The ordered pass over a rollout.
#[derive(Debug, Default)]
pub(super) struct Pass {
    /// A log without an envelope, whose header says all that is known.
    old: Option<Header>,
    conversation: Option<Id>,
    /// The conversation that the file's name tells: it counts where the header that should stand first is lost. Else
    /// the header's word does, as files may be given any name.
    of_name: Option<Id>,
    /// Whether the first header may be lost.
    has_lost_header: bool,
    is_subagent: bool,
    /// Whether the log names a conversation that this one came from.
    has_parent: bool,
    /// Whether its history, and so its counter, goes on from there without a copy of it.
    goes_on: bool,
    turns: Turns,
    model: Option<Id>,
    effort: Option<Id>,
    service_tier: Option<Id>,
    counter: Counter,
    /// The latest time of a reading or a response.
    latest: Option<Time>,
    torn: Torn,
    /// A call of which a torn reading told, and nothing else does.
    lost_call: Option<TornCall>,
    /// Whether a reading is left out that may tell of a call of its own.
    has_lost_own: bool,
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
        Pass { old: OldHeader::read(head), of_name: conversation_of(file_name), ..Pass::default() }
    }

    /// Takes the file's word where a record stands before any header, or a torn one before that of another conversation.
    fn name_by_file(&mut self, record: &LogRecord) -> Option<Fact> {
        let found = match record {
            LogRecord::Lost => {
                self.has_lost_header |= self.conversation.is_none();
                return None;
            }
            LogRecord::End => return None,
            LogRecord::Header(header) => Some(&header.conversation.id),
            _ => None,
        };
        let is_lost = self.conversation.is_none() && (found.is_none() || self.has_lost_header);
        let own = self.of_name.clone().filter(|own| is_lost && found != Some(own))?;
        self.turns.since = Time::of_uuid(&own);
        self.conversation = Some(own);
        let begins = self.has_lost_header;
        self.about(|conversation| conversation.begins = begins)
    }

    fn header(&mut self, header: Header, time: Option<Time>) -> Option<Fact> {
        let Header { conversation: found, started_at, goes_on } = header;
        let Some(own) = &self.conversation else {
            self.conversation = Some(found.id.clone());
            self.turns.since = started_at.or_else(|| Time::of_uuid(&found.id)).or(time);
            self.has_parent = found.parent.is_some();
            self.goes_on = goes_on;
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

    fn context(&mut self, turn: Option<Id>, model: Option<Id>, effort: Option<Id>) {
        self.turns.context(turn);
        if model.is_some() {
            (self.model, self.effort) = (model, effort);
        }
    }

    /// The state of a limit, unless it was told to another conversation and copied.
    fn quota(&self, found: Quota, time: Option<Time>) -> Option<Fact> {
        let doubt = self.turns.doubt(time)?;
        Some(Fact::Quota(Box::new(Quota { conversation: self.conversation.clone(), doubt, ..found })))
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
        if self.is_answered || !self.is_own(time) {
            return None;
        }
        self.is_answered = true;
        self.about(|conversation| conversation.is_answered = true)
    }

    /// Whether what is recorded now is the conversation's own, and no copy.
    fn is_own(&self, time: Option<Time>) -> bool {
        self.turns.doubt(time).is_some_and(|doubt| doubt == Doubt::None || !self.has_parent)
    }

    /// What a record of the log means.
    fn record(&mut self, record: LogRecord, out: &mut Out<'_, '_>) {
        let time = out.time;
        match record {
            LogRecord::Header(header) => out.add(self.header(*header, time)),
            LogRecord::Turn(id) => self.turns.begin(id),
            LogRecord::Context { turn, model, effort } => self.context(turn, model, effort),
            LogRecord::ServiceTier { conversation: of, .. } if of.is_some() && of != self.conversation => {}
            LogRecord::ServiceTier { tier, .. } => self.service_tier = tier,
            LogRecord::Reading { total, latest, billing } => {
                out.add(self.lost(&total, latest));
                out.add(self.pays_by(billing));
                self.reading(total, latest, time).into_iter().for_each(|fact| out.add(fact));
                if let Some((time, fact)) = self.lost_call() {
                    out.add_at(time, fact);
                }
            }
            LogRecord::Response(response) => out.add(self.response(*response, time)),
            LogRecord::Answered => out.add(self.answered(time)),
            LogRecord::TurnOver(is_answered) => {
                if self.is_own(time) {
                    self.over = Some((out.offset, time));
                }
                out.add(if is_answered { self.answered(time) } else { None });
            }
            // No rollout tells of messages so.
            LogRecord::Uncounted(_) | LogRecord::Message(_) => {}
            LogRecord::Lost => self.torn.lose(&mut self.turns, self.has_parent),
            LogRecord::TornReading => self.torn.lose_reading(&mut self.turns, self.has_parent),
            LogRecord::End => self.length = out.offset,
        }
    }
}

/// Where the facts of one record go.
struct Out<'a, 'b> {
    sink: &'a mut Sink<'b>,
    /// Where the record stands.
    offset: u64,
    /// When it was written.
    time: Option<Time>,
}

impl Out<'_, '_> {
    fn add(&mut self, fact: Option<Fact>) {
        if let Some(fact) = fact {
            self.add_at(self.time, fact);
        }
    }

    /// Adds a fact of another time.
    fn add_at(&mut self, time: Option<Time>, fact: Fact) {
        self.sink.event(self.offset, None, Some(HARNESS), time, fact);
    }
}

impl OrderedPass for Pass {
    fn push(&mut self, mark: Mark, sink: &mut Sink<'_>) {
        let mut out = Out { sink, offset: mark.offset, time: mark.time };
        self.torn.record(mark.time);
        match mark.kind {
            MarkKind::Logged(record) => {
                out.add(self.name_by_file(&record));
                self.record(record, &mut out);
            }
            MarkKind::Fact(Fact::Quota(quota)) => out.add(self.quota(*quota, mark.time)),
            MarkKind::Fact(fact) => out.add(Some(fact)),
            _ => {}
        }
    }

    fn finish(self: Box<Self>, sink: &mut Sink<'_>) {
        if let Some(Header { conversation, started_at, .. }) = self.old {
            let id = conversation.id.clone();
            sink.event(0, None, Some(HARNESS), started_at, Fact::Conversation(Box::new(conversation)));
            sink.event(self.length, None, None, None, Fact::Ended(id));
        }
        let Some(id) = self.conversation else { return };
        if let Some((offset, time)) = self.over {
            sink.event(offset, None, Some(HARNESS), time, Fact::TurnOver(id.clone()));
        }
        match self.torn.is_any || self.has_lost_own {
            true => sink.event(self.length, None, Some(HARNESS), self.latest, Fact::Unfinished(id)),
            false => sink.event(self.length, None, None, None, Fact::Ended(id)),
        }
    }
}

/// The conversation that a rollout's file is named after: `rollout-<time>-<UUID>.jsonl`.
fn conversation_of(file_name: &str) -> Option<Id> {
    uuid_at_end(file_name.strip_prefix("rollout-")?.strip_suffix(".jsonl")?)
}
