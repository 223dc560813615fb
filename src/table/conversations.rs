//! One row a conversation, whichever runs it spans.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::cell::Cell;
use super::columns::{
    BILLING, BRANCH, CALLS, CONVERSATION_ID, COSTS, Column, HARNESS, HARNESS_VERSION, HOST, IS_SUBAGENT, Kind, MODELS,
    NOT_KNOWN, PARENT, QUALITY, RUNS, TOKENS, column,
};
use super::definition::{Definition, Rows};
use super::dimension::time_of;
use super::query::Query;
use super::sum::Sum;
use super::walk::{is_asked_for, runs};
use crate::event::{Billing, Id, Needs, RunId, Time};
use crate::fold::{NamedConversation, Owner, Quality, RowView, Settled, UsageRow};

/// `export conversations`: a row for each session or thread of a harness.
pub(super) static TABLE: Definition = Definition {
    name: "conversations",
    about: "one session or thread of a harness, over all its runs",
    columns,
    date: "first_seen_at",
    needs: Needs::USAGE,
    untold: &[],
    rows,
};

static HEAD: [Column; 10] = [
    Column { blank: "", ..CONVERSATION_ID },
    PARENT,
    Column { meaning: "whether a sub-agent held it", ..IS_SUBAGENT },
    HOST,
    column("repo", Kind::Text, "path of the folder it began in; else of its runs' repository", NOT_KNOWN),
    BRANCH,
    HARNESS,
    HARNESS_VERSION,
    BILLING,
    Column { meaning: "distinct runs that it is part of", ..RUNS },
];

static SEEN: [Column; 3] = [
    column("first_seen_at", Kind::Time, "when its first usage was told", "no time known"),
    column("last_seen_at", Kind::Time, "when its last usage was told", "no time known"),
    CALLS,
];

fn columns() -> Vec<&'static Column> {
    HEAD.iter().chain(&MODELS).chain(&SEEN).chain(&TOKENS).chain([&QUALITY]).chain(&COSTS).collect()
}

/// The conversations that have a row in the query's window and pass its filters, each with all its usage.
fn rows<'a>(settled: &'a Settled, query: &'a Query) -> Rows<'a> {
    let mut by_id: BTreeMap<&Id, Vec<usize>> = BTreeMap::new();
    for (place, row) in settled.rows.views().enumerate() {
        if let Some(id) = row.conversation.filter(|id| !id.is_anonymous()) {
            by_id.entry(id).or_default().push(place);
        }
    }
    let named: BTreeMap<&Id, &NamedConversation> =
        settled.conversations.iter().map(|named| (&named.id, named)).collect();
    let runs = runs(settled);
    // Sub-agents of one conversation share its runs.
    let mut shared: FxHashMap<*const [RunId], Rc<[&Owner]>> = FxHashMap::default();
    let mut owners_of = |of: &Arc<[RunId]>| {
        let owners = || of.iter().filter_map(|run| runs.get(&**run).copied()).collect();
        Rc::clone(shared.entry(Arc::as_ptr(of)).or_insert_with(owners))
    };
    let ids: BTreeSet<&Id> = by_id.keys().chain(named.keys()).copied().collect();
    let mut found: Vec<Conversation<'a>> = ids
        .into_iter()
        .map(|id| {
            let (rows, named) = (by_id.remove(id).unwrap_or_default(), named.get(id).copied());
            let of_runs = named.map(|named| owners_of(&named.runs)).unwrap_or_default();
            Conversation::new(id, settled, rows, named, of_runs)
        })
        .filter(|conversation| conversation.is_asked_for(query))
        .collect();
    found.sort_by_key(|conversation| (conversation.first.is_none(), conversation.first));
    Box::new(found.into_iter().map(|conversation| conversation.cells()))
}

struct Conversation<'a> {
    id: &'a Id,
    settled: &'a Settled,
    named: Option<&'a NamedConversation>,
    /// The places of its rows.
    places: Vec<usize>,
    /// The runs that it is part of, whether they left usage of it or not, by their ids.
    of_runs: Rc<[&'a Owner]>,
    first: Option<Time>,
    last: Option<Time>,
}

impl<'a> Conversation<'a> {
    fn new(
        id: &'a Id,
        settled: &'a Settled,
        places: Vec<usize>,
        named: Option<&'a NamedConversation>,
        of_runs: Rc<[&'a Owner]>,
    ) -> Conversation<'a> {
        let conversation = Conversation { id, settled, named, places, of_runs, first: None, last: None };
        let times = || conversation.rows().filter_map(|(row, owner)| time_of(settled, &row, owner));
        let (first, last) = (times().min(), times().max());
        Conversation { first, last, ..conversation }
    }

    fn rows(&self) -> impl Iterator<Item = (RowView<'a>, &'a Owner)> {
        let settled = self.settled;
        let rows = self.places.iter().filter_map(move |place| settled.rows.view(*place));
        rows.filter_map(move |row| Some((row, settled.owners.get(row.owner)?)))
    }

    /// Whose it is: those that used it come first.
    fn owners(&self) -> impl Iterator<Item = &'a Owner> {
        self.rows().map(|(_, owner)| owner).chain(self.of_runs.iter().copied())
    }

    fn harness(&self) -> Option<&str> {
        let named = self.named.and_then(|named| named.harness.as_deref());
        named.or_else(|| self.owners().find_map(|owner| owner.harness.as_deref()))
    }

    fn host(&self) -> Option<&str> {
        let of_owners = self.owners().find_map(|owner| owner.host.as_deref());
        of_owners.or_else(|| self.named?.host.as_deref())
    }

    fn name(&self, of: fn(&NamedConversation) -> &Option<Id>) -> Cell {
        Cell::text(self.named.and_then(|named| of(named).as_deref()))
    }

    fn repo(&self) -> Option<&str> {
        let named = self.named.and_then(|named| named.repo.as_deref());
        named.or_else(|| self.owners().find_map(|owner| owner.run.as_ref()?.repo.as_deref()))
    }

    /// Owners come first: the user's file may have told how their profiles pay.
    fn billing(&self) -> Option<Billing> {
        let of_owners = self.owners().find_map(|owner| owner.billing);
        of_owners.or_else(|| self.named?.billing)
    }

    /// The worst quality of its runs; nothing is known of a conversation that left no usage.
    fn quality(&self) -> Quality {
        self.rows().map(|(_, owner)| owner.quality).max().unwrap_or(Quality::Unknown)
    }

    /// How many runs it is part of.
    fn runs(&self) -> usize {
        let is_known = |id: &RunId| self.of_runs.binary_search_by(|owner| run_id(owner).cmp(&Some(id))).is_ok();
        let used_in: BTreeSet<&RunId> = self.rows().filter_map(|(_, owner)| run_id(owner)).collect();
        self.of_runs.len() + used_in.into_iter().filter(|id| !is_known(id)).count()
    }

    fn is_asked_for(&self, query: &Query) -> bool {
        let settled = self.settled;
        if self.rows().next().is_some() {
            return self.rows().any(|(row, owner)| is_asked_for(settled, &row, owner, query));
        }
        let row = UsageRow {
            conversation: Some(self.id.clone()),
            model: self.named.and_then(|named| named.model.clone()),
            is_subagent: self.named.is_some_and(|named| named.is_subagent),
            ..UsageRow::default()
        };
        if !self.of_runs.is_empty() {
            let nothing_of = |owner: &Owner| Owner { quality: Quality::Unknown, ..owner.clone() };
            return self.of_runs.iter().any(|run| is_asked_for(settled, &row.view(), &nothing_of(run), query));
        }
        let harness = self.named.and_then(|named| named.harness.clone());
        is_asked_for(settled, &row.view(), &settled.bare_owner(Some(self.id), harness), query)
    }

    fn cells(&self) -> Vec<Cell> {
        let sum = Sum::of(self.rows());
        let calls = self.rows().filter(|(row, _)| row.is_call).count() as u64;
        let configured = self.named.and_then(|named| named.model.as_deref());
        let models = match (sum.models(), configured) {
            (Cell::Blank, model) => Cell::text(model),
            (models, _) => models,
        };
        let mut cells = vec![
            Cell::Text(self.id.to_string()),
            self.name(|named| &named.parent),
            Cell::Flag(self.named.is_some_and(|named| named.is_subagent)),
            Cell::text(self.host()),
            Cell::text(self.repo()),
            self.name(|named| &named.branch),
            Cell::text(self.harness()),
            self.name(|named| &named.version),
            Cell::text(self.billing().map(Billing::name)),
            Cell::count(self.runs() as u64),
            Cell::text(sum.model().or(configured)),
            models,
            Cell::time(self.first),
            Cell::time(self.last),
            if calls > 0 { Cell::count(calls) } else { Cell::Blank },
        ];
        cells.extend(sum.token_cells());
        let quality = self.quality();
        cells.push(Cell::Text(quality.name().to_owned()));
        cells.extend(sum.cost_cells());
        cells
    }
}

fn run_id(owner: &Owner) -> Option<&RunId> {
    owner.run.as_ref().map(|run| &run.id)
}
