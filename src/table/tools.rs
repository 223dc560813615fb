//! One row a tool call.

use super::cell::Cell;
use super::columns::{Column, EFFORT, HARNESS, Kind, MODEL, NOT_KNOWN, PLACE, SERVICE_TIER, TOOL_NAME, column};
use super::definition::{Definition, Rows};
use super::query::Query;
use super::usage::place;
use super::walk::is_asked_for;
use crate::event::{Needs, ToolCall};
use crate::fold::{Placed, Settled, UsageRow};

/// `export tools`: a row for each tool call.
pub(super) static TABLE: Definition = Definition {
    name: "tools",
    about: "one tool that ran between two calls, with how long it took",
    columns,
    date: "time",
    needs: Needs { timing: true, ..Needs::USAGE },
    untold: &[&EFFORT, &SERVICE_TIER],
    rows,
};

static TOOL: [Column; 7] = [
    HARNESS,
    Column { meaning: "model that asked for the tool", ..MODEL },
    column("time", Kind::Time, "when the tool was done", "no time known"),
    column("call_id", Kind::Text, "the harness's id of this use", NOT_KNOWN),
    Column { blank: NOT_KNOWN, ..TOOL_NAME },
    column("duration_ms", Kind::Millis, "how long it ran", "its arguments leave that in doubt, or the log was cut"),
    column("success", Kind::Flag, "whether the harness calls it a success", "as for duration_ms"),
];

fn columns() -> Vec<&'static Column> {
    PLACE.iter().chain(&TOOL).collect()
}

fn rows<'a>(settled: &'a Settled, query: &'a Query) -> Rows<'a> {
    let mut tools: Vec<&Placed<ToolCall>> = settled.tools.iter().collect();
    tools.sort_by_key(|tool| (tool.time.is_none(), tool.time));
    Box::new(tools.into_iter().filter_map(move |tool| {
        let owner = settled.owners.get(tool.owner)?;
        let row = as_row(tool);
        is_asked_for(settled, &row.view(), owner, query).then(|| {
            let fact = &tool.fact;
            let mut cells = place(settled, &row, owner).to_vec();
            cells.extend([
                Cell::text(owner.harness.as_deref()),
                Cell::text(fact.model.as_deref()),
                Cell::time(tool.time),
                Cell::text(fact.call_id.as_deref()),
                Cell::text(fact.name.as_deref()),
                fact.duration_ms.map_or(Cell::Blank, Cell::count),
                fact.success.map_or(Cell::Blank, Cell::Flag),
            ]);
            cells
        })
    }))
}

/// A tool call as filters and dimensions see it.
pub(super) fn as_row(tool: &Placed<ToolCall>) -> UsageRow {
    let (conversation, model) = (tool.fact.conversation.clone(), tool.fact.model.clone());
    UsageRow { owner: tool.owner, conversation, model, time: tool.time, ..UsageRow::default() }
}
