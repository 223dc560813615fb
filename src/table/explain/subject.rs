//! What is to be explained.

use std::collections::BTreeSet;

use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, Fact, Id, Usd};
use crate::fold::{Owner, RowView, Settled};

/// How many of several ids are named.
const MOST_NAMED: usize = 5;

/// How the subject is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// By its id, or the beginning of it.
    Id(String),
    /// The run that took longest.
    Slowest,
    /// The run, or conversation of no run, that cost most, as far as is known.
    Costliest,
}

/// What a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectKind {
    /// An iteration of a loop.
    Run,
    /// A session or thread of a harness.
    Conversation,
}

impl SubjectKind {
    /// Its word in every output.
    pub fn name(self) -> &'static str {
        match self {
            SubjectKind::Run => "run",
            SubjectKind::Conversation => "conversation",
        }
    }
}

/// A run or a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// Which of these it is.
    pub kind: SubjectKind,
    /// Its id.
    pub id: String,
    /// The conversations that are part of it.
    conversations: BTreeSet<Id>,
}

impl Subject {
    /// Finds what was chosen.
    ///
    /// Fails if nothing is found, or if several ids begin so.
    pub fn find(settled: &Settled, choice: &Choice) -> Result<Subject> {
        let runs = || settled.owners.iter().enumerate().filter(|(_, owner)| owner.run.is_some());
        let found = match choice {
            Choice::Id(start) => return Subject::named(settled, start),
            Choice::Slowest => runs()
                .filter_map(|(index, owner)| Some((owner.duration_ms()?, index)))
                .max_by_key(|(millis, index)| (*millis, std::cmp::Reverse(*index)))
                .and_then(|(_, index)| Subject::owner(settled, index))
                .ok_or("no run says when it began and ended"),
            Choice::Costliest => (0..settled.owners.len())
                .filter_map(|index| Some((cost(settled, index)?, index, Subject::owner(settled, index)?)))
                .max_by_key(|(cost, index, _)| (*cost, std::cmp::Reverse(*index)))
                .map(|(.., subject)| subject)
                .ok_or("nothing has a cost that is known"),
        };
        found.map_err(|why| Error::new(ErrorKind::NotFound, why))
    }

    /// The run, or the conversation that belongs to none; `None` for a conversation that nothing names.
    fn owner(settled: &Settled, index: usize) -> Option<Subject> {
        if let Some(run) = &settled.owners.get(index)?.run {
            return Some(Subject::run(settled, index, run.id.to_string()));
        }
        let named = settled.rows.of_owner(index).find_map(|row| row.conversation);
        named.filter(|id| !id.is_anonymous()).map(Subject::conversation)
    }

    fn named(settled: &Settled, start: &str) -> Result<Subject> {
        if start.is_empty() {
            return Err(Error::invalid("give the id of a run or a conversation, or the beginning of one"));
        }
        let runs =
            settled.owners.iter().enumerate().filter_map(|(index, owner)| Some((&owner.run.as_ref()?.id, index)));
        let runs: Vec<(&Id, usize)> = runs.filter(|(id, _)| id.starts_with(start)).collect();
        let conversations = settled.rows.views().filter_map(|row| row.conversation);
        let is_meant = |id: &&Id| id.starts_with(start) && !id.is_anonymous();
        let conversations: BTreeSet<&Id> = conversations.filter(is_meant).collect();
        let known = || settled.conversations.iter().map(|named| &named.id).filter(is_meant);
        // An id that is whole is meant, whatever longer ones begin with it.
        let whole = |id: &Id| **id == *start;
        if let Some((id, index)) = runs.iter().find(|(id, _)| whole(id)) {
            return Ok(Subject::run(settled, *index, id.to_string()));
        }
        if let Some(id) = conversations.iter().copied().chain(known()).find(|id| whole(id)) {
            return Ok(Subject::conversation(id));
        }
        let mut all: Vec<&Id> = runs.iter().map(|(id, _)| *id).chain(conversations).collect();
        if all.is_empty() {
            // Those that left no usage make no beginning of another's id ambiguous.
            all.extend(known());
        }
        match (&runs[..], &all[..]) {
            ([(id, index)], [_]) => Ok(Subject::run(settled, *index, id.to_string())),
            ([], [id]) => Ok(Subject::conversation(id)),
            (_, []) => Err(Error::new(ErrorKind::NotFound, format!("no run or conversation begins with {start}"))),
            _ => {
                let named: Vec<&str> = all.iter().take(MOST_NAMED).map(|id| id.as_str()).collect();
                let more = if all.len() > MOST_NAMED { ", …" } else { "" };
                Err(Error::invalid(format!("{} ids begin with {start}: {}{more}", all.len(), named.join(", "))))
            }
        }
    }

    fn run(settled: &Settled, index: usize, id: String) -> Subject {
        let conversations: BTreeSet<&Id> = settled.rows.of_owner(index).filter_map(|row| row.conversation).collect();
        Subject { kind: SubjectKind::Run, id, conversations: conversations.into_iter().cloned().collect() }
    }

    fn conversation(id: &Id) -> Subject {
        Subject { kind: SubjectKind::Conversation, id: id.to_string(), conversations: BTreeSet::from([id.clone()]) }
    }

    /// Whether an event tells of it: it stands in the run's output, or is about its conversations.
    pub fn concerns(&self, event: &Event) -> bool {
        let is_own = self.kind == SubjectKind::Run && event.run.as_deref().is_some_and(|run| *run == *self.id);
        let is_entry = matches!(&event.fact, Fact::Run(run) if self.kind == SubjectKind::Run && *run.id == *self.id);
        is_own || is_entry || event.fact.conversation().is_some_and(|id| self.conversations.contains(id))
    }

    /// Whether a row is part of it.
    pub(super) fn includes(&self, row: &RowView<'_>) -> bool {
        self.kind == SubjectKind::Run || row.conversation.is_some_and(|id| self.conversations.contains(id))
    }

    /// Indices of the owners whose usage it is.
    pub(super) fn owners(&self, settled: &Settled) -> Vec<usize> {
        if self.kind == SubjectKind::Run {
            let is_it = |owner: &Owner| owner.run.as_ref().is_some_and(|run| *run.id == *self.id);
            return settled.owners.iter().position(is_it).into_iter().collect();
        }
        let mut owners: Vec<usize> =
            settled.rows.views().filter(|row| self.includes(row)).map(|row| row.owner).collect();
        owners.dedup();
        owners
    }
}

/// The cost of an owner as far as it is known; `None` if nothing of it is.
fn cost(settled: &Settled, owner: usize) -> Option<Usd> {
    settled.rows.of_owner(owner).filter_map(|row| row.cost.low).reduce(|a, b| a + b)
}
