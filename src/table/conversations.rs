//! One row a conversation, whichever runs it spans.

use std::collections::BTreeMap;

use super::Query;
use super::dimension::time_of;
use super::frame::Cell;
use super::group::{count, is_asked_for};
use super::schema::{COSTS, Column, Kind, MODELS, NOT_KNOWN, QUALITY, TOKENS, column};
use super::sum::Sum;
use super::tables::{Definition, Needs, Rows};
use crate::event::Time;
use crate::fold::{NamedConversation, Owner, Quality, Settled, UsageRow};

/// See the module.
pub(super) static TABLE: Definition = Definition {
    name: "conversations",
    about: "one session or thread of a harness, over all its runs",
    columns,
    date: "first_seen_at",
    needs: Needs::USAGE,
    rows,
};

static HEAD: [Column; 4] = [
    column("conversation_id", Kind::Text, "the harness's id of the session or thread", ""),
    column(
        "parent_conversation_id",
        Kind::Text,
        "the conversation it was forked from, or whose sub-agent held it",
        "none, or only a session log that was not read tells it",
    ),
    column("harness", Kind::Text, "program that ran the agent: codex, claude, …", NOT_KNOWN),
    column("runs", Kind::Count, "distinct runs that it is part of", ""),
];

static SEEN: [Column; 3] = [
    column("first_seen_at", Kind::Time, "when its first usage was told", "no time known"),
    column("last_seen_at", Kind::Time, "when its last usage was told", "no time known"),
    column("calls", Kind::Count, "model calls that were seen one by one", "none was"),
];

fn columns() -> Vec<&'static Column> {
    HEAD.iter().chain(&MODELS).chain(&SEEN).chain(&TOKENS).chain([&QUALITY]).chain(&COSTS).collect()
}

/// The conversations that have a row in the query's window and pass its filters, each with all its usage.
fn rows<'a>(settled: &'a Settled, query: &'a Query) -> Rows<'a> {
    let mut by_id: BTreeMap<&str, Vec<&UsageRow>> = BTreeMap::new();
    for row in &settled.rows {
        if let Some(id) = row.conversation.as_deref().filter(|id| !id.starts_with('\0')) {
            by_id.entry(id).or_default().push(row);
        }
    }
    let named: BTreeMap<&str, &NamedConversation> =
        settled.conversations.iter().map(|named| (&*named.id, named)).collect();
    let ids: std::collections::BTreeSet<&str> = by_id.keys().chain(named.keys()).copied().collect();
    let mut found: Vec<Conversation<'a>> = ids
        .into_iter()
        .map(|id| Conversation::new(id, settled, by_id.remove(id).unwrap_or_default(), named.get(id).copied()))
        .filter(|conversation| conversation.is_asked_for(query))
        .collect();
    found.sort_by_key(|conversation| (conversation.first.is_none(), conversation.first));
    Box::new(found.into_iter().map(|conversation| conversation.cells()))
}

struct Conversation<'a> {
    id: &'a str,
    named: Option<&'a NamedConversation>,
    rows: Vec<(&'a UsageRow, &'a Owner)>,
    first: Option<Time>,
    last: Option<Time>,
}

impl<'a> Conversation<'a> {
    fn new(
        id: &'a str,
        settled: &'a Settled,
        rows: Vec<&'a UsageRow>,
        named: Option<&'a NamedConversation>,
    ) -> Conversation<'a> {
        let rows: Vec<_> = rows.into_iter().filter_map(|row| Some((row, settled.owners.get(row.owner)?))).collect();
        let times = || rows.iter().filter_map(|(row, owner)| time_of(row, owner));
        let (first, last) = (times().min(), times().max());
        Conversation { id, named, rows, first, last }
    }

    fn harness(&self) -> Option<&str> {
        let named = self.named.and_then(|named| named.harness.as_deref());
        named.or_else(|| self.rows.iter().find_map(|(_, owner)| owner.harness.as_deref()))
    }

    /// The worst quality of its runs; nothing is known of a conversation that left no usage.
    fn quality(&self) -> Quality {
        self.rows.iter().map(|(_, owner)| owner.quality).max().unwrap_or(Quality::Unknown)
    }

    fn is_asked_for(&self, query: &Query) -> bool {
        if !self.rows.is_empty() {
            return self.rows.iter().any(|(row, owner)| is_asked_for(row, owner, query));
        }
        let harness = self.named.and_then(|named| named.harness.clone());
        let owner = Owner::new(None, harness);
        let row = UsageRow {
            conversation: Some(self.id.into()),
            model: self.named.and_then(|named| named.model.clone()),
            ..UsageRow::default()
        };
        is_asked_for(&row, &owner, query)
    }

    fn cells(&self) -> Vec<Cell> {
        let sum = Sum::of(self.rows.iter().copied());
        let mut runs: Vec<&str> =
            self.rows.iter().filter_map(|(_, owner)| owner.run.as_ref().map(|run| &*run.id)).collect();
        runs.sort_unstable();
        runs.dedup();
        let calls = self.rows.iter().filter(|(row, _)| row.call.is_some()).count() as u64;
        let configured = self.named.and_then(|named| named.model.as_deref());
        let models = match (sum.models(), configured) {
            (Cell::Blank, model) => Cell::text(model),
            (models, _) => models,
        };
        let mut cells = vec![
            Cell::Text(self.id.to_owned()),
            Cell::Blank,
            Cell::text(self.harness()),
            count(runs.len() as u64),
            Cell::text(sum.model().or(configured)),
            models,
            Cell::time(self.first),
            Cell::time(self.last),
            if calls > 0 { count(calls) } else { Cell::Blank },
        ];
        cells.extend(sum.token_cells());
        let quality = self.quality();
        cells.push(Cell::Text(quality.name().to_owned()));
        cells.extend(sum.cost_cells());
        cells
    }
}
