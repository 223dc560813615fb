//! Whatever takes time, as filters and dimensions see it.

use std::borrow::Cow;

use chrono_tz::Tz;

use crate::event::{Id, Request, Time, ToolCall};
use crate::fold::{Owner, Placed, Settled, UsageRow};
use crate::table::dimension::{Dimension, time_of};
use crate::table::query::Query;
use crate::table::tools::as_row;
use crate::table::walk::passes;

/// Something that took time.
pub(super) struct Item<'a> {
    /// Its owner, conversation, model and time.
    pub(super) row: UsageRow,
    pub(super) owner: &'a Owner,
    settled: &'a Settled,
    pub(super) what: What<'a>,
}

/// What took time.
pub(super) enum What<'a> {
    /// A call, or what else is known of a run.
    Usage,
    Request(&'a Request),
    /// A stream that broke off.
    Failure,
    Tool(&'a ToolCall),
}

/// Everything that took time.
pub(super) fn items(settled: &Settled) -> impl Iterator<Item = Item<'_>> {
    let usage = settled.rows.iter().chain(settled.outweighed.iter());
    let usage = usage.map(|row| (row, What::Usage));
    let requests = settled.requests.iter().map(|request| {
        let fact = &request.fact;
        (row(request, &fact.conversation, &fact.model), What::Request(fact))
    });
    let failures = settled.failures.iter().map(|failure| {
        let fact = &failure.fact;
        (row(failure, &fact.conversation, &fact.model), What::Failure)
    });
    let tools = settled.tools.iter().map(|tool| (as_row(tool), What::Tool(&tool.fact)));
    let all = usage.chain(requests).chain(failures).chain(tools);
    all.filter_map(|(row, what)| Some(Item { owner: settled.owners.get(row.owner)?, settled, row, what }))
}

fn row<T>(placed: &Placed<T>, conversation: &Id, model: &Option<Id>) -> UsageRow {
    UsageRow {
        owner: placed.owner,
        conversation: Some(conversation.clone()),
        model: model.clone(),
        time: placed.time,
        ..UsageRow::default()
    }
}

impl Item<'_> {
    /// When; a row without a time is dated by the start of its run, or of its conversation.
    pub(super) fn time(&self) -> Option<Time> {
        time_of(self.settled, &self.row.view(), self.owner)
    }

    /// The value of a dimension; `None` where there is none.
    pub(super) fn value(&self, dimension: Dimension, zone: Tz) -> Option<Cow<'_, str>> {
        match self.what {
            What::Tool(tool) if dimension.is_tool() => tool.name.as_deref().map(Cow::Borrowed),
            _ => dimension.value(self.settled, &self.row.view(), self.owner, zone),
        }
    }

    /// Whether it passes the filters and lies in the window.
    pub(super) fn is_asked_for(&self, query: &Query) -> bool {
        passes(query, self.time(), |dimension| self.value(dimension, query.zone))
    }
}
