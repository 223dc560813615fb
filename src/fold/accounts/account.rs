//! One conversation's usage within one run (or outside runs): its counter against its calls.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::log_share::LogShare;
use super::share::Share;
use crate::event::{Billing, CallKey, Harness, Id, RunId, Time, TokenUsage};
use crate::fold::facts::{CallFacts, ConversationFacts, Messages, Place, ResultFacts};

/// What the witnesses of one conversation in one run say.
#[derive(Debug, Default)]
pub(in crate::fold) struct Account {
    /// The calls that were seen.
    pub(super) calls: BTreeMap<CallKey, Box<CallFacts>>,
    /// Calls that only session logs show, packed.
    pub(super) messages: Messages,
    /// The run's share of the conversation's counter.
    pub(super) share: Option<Share>,
    /// The last readings of the harness's processes.
    pub(super) results: Vec<ResultFacts>,
    /// Its share of the conversation's session log; it goes before all others.
    pub(super) log_share: Option<LogShare>,
    /// What the counter read before it, as the conversation's session log tells; `None` if it doesn't.
    pub(super) began_at: Option<TokenUsage>,
    /// Whether the conversation's first records are in view.
    pub(super) begins: bool,
    /// How what is known of it ends.
    pub(super) ending: Ending,
    /// Whether a session log of the conversation's own is among the sources.
    pub(super) has_log: bool,
    /// Whether it is of a run.
    pub(super) is_of_run: bool,
    /// Whether a sub-agent worked for it of which nothing is known.
    pub(super) lacks_agent: bool,
    /// Whether what had been said in it was summed up by a call of which nothing is known.
    pub(super) lacks_compaction: bool,
    /// Whether a model answered and nothing tells of usage.
    pub(in crate::fold) is_unmeasured: bool,
    /// Whether its session log was joined with the run by time: every call of it is known.
    pub(super) is_joined: bool,
    /// The harness that held the conversation; `None` where no record names it.
    pub(in crate::fold) harness: Option<Harness>,
    /// How the harness's account pays; `None` where no record tells.
    pub(in crate::fold) billing: Option<Billing>,
    /// The machine that its sources come from; `None` where whoever read them named none.
    pub(in crate::fold) host: Option<Id>,
    /// The model the conversation was configured with; `None` where no record tells.
    pub(super) model: Option<Id>,
}

/// How what is known of a conversation ends within its owner.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// Whether it is known when its run ended.
    pub(super) is_told: bool,
    /// An answer that was streaming at the end: when, and where that stands; `None` if none was.
    pub(super) unfinished: Option<(Option<Time>, Place)>,
    /// Whether that is a call, anywhere, of which no record tells what it used.
    pub(super) is_uncounted: bool,
    /// Whether a process was captured of which nothing but its beginning is known.
    pub(super) has_open_capture: bool,
    /// Whether more calls may be its own, which a run has that nothing tells the end of.
    pub(super) may_be_more: bool,
    /// Whether the harness counted more of its conversation than all calls on record come to.
    pub(super) is_counted_more: bool,
}

impl Account {
    /// An account of a conversation, with nothing that tells of its usage.
    pub(in crate::fold) fn of(facts: &ConversationFacts) -> Account {
        let mut account = Account::default();
        account.know(facts);
        account
    }

    /// Takes what is known of its conversation, whoever used it.
    pub(super) fn know(&mut self, facts: &ConversationFacts) {
        self.has_log = !facts.logs.is_empty();
        self.harness.clone_from(&facts.harness);
        self.billing = facts.billing;
        self.host = facts.hosts.name().cloned();
        self.model.clone_from(&facts.model);
    }

    /// Whether anything tells of usage.
    pub(in crate::fold) fn has_usage(&self) -> bool {
        let is_in_log = self.log_share.as_ref().is_some_and(|share| !share.is_empty());
        is_in_log
            || self.share.is_some()
            || !self.calls.is_empty()
            || !self.messages.is_empty()
            || !self.results.is_empty()
    }

    /// Whether something beside the session log tells what it came to in the end.
    pub(super) fn tells_its_end(&self) -> bool {
        // Only at its end a process tells its counter without a time.
        let is_told = self.share.as_ref().is_some_and(|share| share.place.is_some());
        is_told || !self.results.is_empty() || self.log_share.as_ref().is_some_and(LogShare::is_counted)
    }

    /// Whether a harness's closing result is among its witnesses.
    pub(in crate::fold) fn has_result(&self) -> bool {
        !self.results.is_empty()
    }

    /// When a message of it was given.
    pub(super) fn time_of(&self, message: &Id) -> Option<Time> {
        let known = self.calls.get(&CallKey::Message(message.clone()));
        known.and_then(|call| call.time).max(self.messages.time_of(message))
    }

    /// Whether it shows calls, and no counter that tells of others.
    pub(super) fn shows_calls_alone(&self) -> bool {
        let has_calls = !self.calls.is_empty() || !self.messages.is_empty();
        has_calls && self.share.is_none() && self.results.is_empty()
    }

    /// How many calls its witnesses show; a row for each is likely.
    pub(in crate::fold) fn calls_seen(&self) -> usize {
        self.calls.len() + self.messages.calls.len() + self.log_share.as_ref().map_or(0, LogShare::calls_seen)
    }

    /// Whether a counter tells what the conversation came to from its beginning, in other runs too.
    pub(in crate::fold) fn is_counted_from_zero(&self) -> bool {
        let share = self.share.as_ref().filter(|_| self.log_share.is_none());
        share.is_some_and(|share| !share.is_floor && !share.total.is_zero())
    }

    /// Whether what another source tells of the conversation reaches to what the run's output shows of it: nothing
    /// tells of calls between them.
    pub(super) fn goes_on_from_elsewhere(&self) -> bool {
        let shown = self.calls.values().filter(|call| !call.runs.is_empty());
        shown.min_by_key(|call| call.time).is_none_or(|first| first.is_bare || first.is_logged)
    }
}

/// Which run an account belongs to, and which conversation it is of.
pub(super) type AccountKey = (Option<RunId>, Id);

/// Accounts by run and conversation.
pub(in crate::fold) type Accounts = BTreeMap<AccountKey, Account>;

/// Since when somebody went on with a conversation after a run that nothing tells the end of.
pub(super) type LeftAt = FxHashMap<Option<RunId>, Time>;

/// The same for each conversation.
pub(super) type Left = FxHashMap<Id, LeftAt>;
