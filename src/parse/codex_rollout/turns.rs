//! Whose the turns of a log are: the conversation's own, or of one that it was copied from.
//!
//! The id of a turn is a UUID that holds the time it was made, and a turn that is older than the conversation is not
//! its own. Old versions number their turns otherwise or not at all; there the log alone can't tell, and says so
//! ([`Doubt`]).

use crate::event::{Doubt, Id, Time};

/// A turn.
#[derive(Debug, Default)]
pub(super) enum Turn {
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

impl Turn {
    /// Its id, unless it is foreign.
    pub(super) fn id(&self) -> Option<&Id> {
        match self {
            Turn::Own(id) => Some(id),
            Turn::Untimed(id) => id.as_ref(),
            Turn::None | Turn::Foreign => None,
        }
    }
}

/// The turns of a log, up to the latest one.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// When the conversation began.
    pub(super) since: Option<Time>,
    latest: Turn,
    /// Whether the latest one was just begun: its context follows.
    is_new: bool,
    /// Whether what was torn after its beginning may have begun another.
    may_be_another: bool,
}

impl Turns {
    /// A turn begins.
    pub(super) fn begin(&mut self, id: Option<Id>) {
        self.is_new = id.is_some();
        self.may_be_another = false;
        self.latest = self.turn(id);
    }

    /// What holds for a turn is told.
    pub(super) fn context(&mut self, id: Option<Id>) {
        self.may_be_another = false;
        if id.is_some() || !self.is_new {
            self.latest = self.turn(id);
        }
        self.is_new = false;
    }

    /// A response of the conversation's own names its turn, also where no line that begins it is there, or whole: the
    /// reading that follows counts the same response. Where it names the conversation, too (`is_named`), the turn is
    /// that one's, however old it seems to be.
    pub(super) fn follow(&mut self, id: Option<Id>, is_named: bool) {
        let turn = match self.turn(id.clone()) {
            Turn::Foreign if is_named => id.map_or(Turn::None, Turn::Own),
            turn => turn,
        };
        if matches!((&turn, &self.latest), (Turn::Own(_), _) | (Turn::Untimed(Some(_)), Turn::None | Turn::Untimed(_)))
        {
            self.latest = turn;
            self.may_be_another = false;
        }
    }

    /// The counter is read.
    pub(super) fn reading(&mut self) {
        self.is_new = false;
    }

    /// Something was torn.
    pub(super) fn lose(&mut self) {
        self.may_be_another = true;
    }

    /// The latest one.
    pub(super) fn latest(&self) -> &Turn {
        &self.latest
    }

    /// Whether what holds for the latest one was told.
    pub(super) fn has_context(&self) -> bool {
        !self.is_new
    }

    /// Whether the latest one is of another conversation.
    pub(super) fn is_foreign(&self) -> bool {
        matches!(self.latest, Turn::Foreign)
    }

    /// Whether another one may have begun since the latest.
    pub(super) fn may_be_another(&self) -> bool {
        self.may_be_another
    }

    /// Whether what was written then, in the latest turn, may be a copy; `None`: it is.
    pub(super) fn doubt(&self, time: Option<Time>) -> Option<Doubt> {
        let is_older = || time.zip(self.since).is_some_and(|(time, since)| time < since);
        match self.latest {
            Turn::Own(_) => Some(Doubt::None),
            Turn::Foreign => None,
            Turn::None => Some(Doubt::Child).filter(|_| !is_older()),
            Turn::Untimed(_) => Some(Doubt::Ancestor).filter(|_| !is_older()),
        }
    }

    fn turn(&self, id: Option<Id>) -> Turn {
        match id.as_deref().and_then(Time::of_uuid) {
            Some(made) if self.since.is_some_and(|since| made < since) => Turn::Foreign,
            Some(_) => id.map_or(Turn::None, Turn::Own),
            None => Turn::Untimed(id),
        }
    }
}
