//! What reports are grouped and filtered by.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::columns::{
    BILLING, BRANCH, CONVERSATION_ID, Column, EFFORT, HARNESS, HARNESS_VERSION, HOST, IS_SUBAGENT, Kind, LOOP, MODEL,
    PARENT, PROFILE, QUALITY, REPO, RUN_ID, SERVICE_TIER, STATUS, TOOL_NAME, column,
};
use super::time_cut::TimeCut;
use crate::error::{Result, unknown};
use crate::event::{Billing, Id, Time};
use crate::fold::{Owner, Quality, RowView, Settled};

/// A column that reports can be grouped and filtered by.
#[derive(Debug, Clone, Copy)]
pub struct Dimension(&'static Listed);

/// A dimension, and where its values come from.
#[derive(Debug)]
struct Listed {
    column: Column,
    values: Values,
    /// All values that it can have; none where they are names.
    words: fn() -> Vec<&'static str>,
}

/// Where the values of a dimension come from.
#[derive(Debug)]
enum Values {
    /// The row, its conversation or its owner names them.
    Named(Name),
    /// The row's time falls in them.
    Cut(TimeCut),
}

/// A row's value, if it has one.
type Name = for<'a> fn(&'a Settled, &RowView<'a>, &'a Owner) -> Option<&'a str>;

/// Every dimension, in the order of the schema.
static DIMENSIONS: [Listed; 21] = [
    named(RUN_ID, |_, _, owner| Some(&*owner.run.as_ref()?.id)),
    named(CONVERSATION_ID, |_, row, _| row.conversation.filter(|id| !id.is_anonymous()).map(Id::as_str)),
    named(PARENT, |settled, row, _| settled.conversation(row)?.parent.as_deref()),
    named(HOST, |_, _, owner| owner.host.as_deref()),
    named(LOOP, |_, _, owner| owner.loop_name().map(Id::as_str)),
    named(REPO, repo),
    named(BRANCH, |settled, row, _| branch(settled, row)),
    named(PROFILE, |_, _, owner| owner.profile().map(Id::as_str)),
    named(HARNESS, |_, _, owner| owner.harness.as_deref()),
    named(HARNESS_VERSION, |settled, row, _| settled.conversation(row)?.version.as_deref()),
    named(MODEL, |_, row, _| row.model.map(Id::as_str)),
    named(EFFORT, |_, row, _| row.effort.map(Id::as_str)),
    named(SERVICE_TIER, |_, row, _| row.service_tier.map(Id::as_str)),
    Listed {
        words: || [Billing::Api, Billing::Subscription].map(Billing::name).to_vec(),
        ..named(BILLING, |_, _, owner| owner.billing.map(Billing::name))
    },
    Listed {
        words: || vec!["true", "false"],
        ..named(
            Column { kind: Kind::Text, meaning: "true where a sub-agent made the call, else false", ..IS_SUBAGENT },
            |settled, row, _| Some(if is_subagents(settled, row) { "true" } else { "false" }),
        )
    },
    named(STATUS, |_, _, owner| owner.run.as_ref()?.status.as_deref()),
    Listed {
        words: || Quality::ALL.map(Quality::name).to_vec(),
        ..named(QUALITY, |_, _, owner| Some(owner.quality.name()))
    },
    cut(TimeCut::Hour, "hour", "hour of the row's own time, in the report's time zone"),
    cut(TimeCut::Day, "day", "date of the row's own time, in the report's time zone"),
    cut(TimeCut::Week, "week", "Monday of the ISO week of the row's own time"),
    cut(TimeCut::Month, "month", "month of the row's own time"),
];

/// What times of tools are grouped and filtered by too. No row of the fact table has it.
static TOOL: Listed = named(TOOL_NAME, |_, _, _| None);

const fn named(column: Column, name: Name) -> Listed {
    Listed { column, values: Values::Named(name), words: Vec::new }
}

const fn cut(cut: TimeCut, name: &'static str, meaning: &'static str) -> Listed {
    Listed { column: column(name, Kind::Text, meaning, "no time known"), values: Values::Cut(cut), words: Vec::new }
}

/// Words that stand for a column's name.
const SHORT: [(&str, &str); 5] = [
    ("run", RUN_ID.name),
    ("conversation", CONVERSATION_ID.name),
    ("parent", PARENT.name),
    ("subagent", IS_SUBAGENT.name),
    ("version", HARNESS_VERSION.name),
];

impl PartialEq for Dimension {
    fn eq(&self, other: &Dimension) -> bool {
        self.0.column.name == other.0.column.name
    }
}

impl Eq for Dimension {}

impl Dimension {
    /// Finds a dimension by its column name or a short word.
    pub fn from_name(name: &str) -> Result<Dimension> {
        Dimension::among(DIMENSIONS.iter(), name)
    }

    /// Finds the dimension of this name among some.
    fn among(listed: impl Iterator<Item = &'static Listed> + Clone, name: &str) -> Result<Dimension> {
        let full = SHORT.iter().find(|(short, _)| *short == name).map_or(name, |(_, full)| full);
        let found = listed.clone().find(|listed| listed.column.name == full);
        found.map(Dimension).ok_or_else(|| {
            let known: Vec<&str> = listed.map(|listed| listed.column.name).collect();
            unknown("dimension", name, &known)
        })
    }

    /// All words that [`Dimension::from_name`] takes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Dimension::columns().map(|column| column.name).chain(SHORT.iter().map(|(short, _)| *short))
    }

    /// The columns of all dimensions, in order.
    pub(super) fn columns() -> impl Iterator<Item = &'static Column> {
        DIMENSIONS.iter().map(|listed| &listed.column)
    }

    /// Finds a dimension of a latency report: any other one, or the tool.
    pub fn of_latency(name: &str) -> Result<Dimension> {
        Dimension::among(DIMENSIONS.iter().chain([&TOOL]), name)
    }

    /// Its column.
    pub fn column(self) -> &'static Column {
        &self.0.column
    }

    /// All values that it can have; none for one whose values are names.
    pub(super) fn words(self) -> Vec<&'static str> {
        (self.0.words)()
    }

    pub(super) fn short_name(self) -> &'static str {
        let name = self.0.column.name;
        SHORT.iter().find(|(_, full)| *full == name).map_or(name, |(short, _)| short)
    }

    /// Whether its values are ids, of which the beginning is enough.
    pub fn is_id(self) -> bool {
        self.0.column.name.ends_with("_id")
    }

    /// Whether it is the tool's name, which only times of tools have.
    pub(super) fn is_tool(self) -> bool {
        self == Dimension(&TOOL)
    }

    /// How it cuts time; `None` for one that doesn't.
    pub(super) fn cut(self) -> Option<TimeCut> {
        match self.0.values {
            Values::Cut(cut) => Some(cut),
            Values::Named(_) => None,
        }
    }

    /// Whether it cuts time.
    pub fn is_time(self) -> bool {
        self.cut().is_some()
    }

    /// Whether each record has a value, told or not: what tells none may be of any. Nothing belongs to every loop or
    /// profile.
    pub fn is_told_by_records(self) -> bool {
        self.is_time() || self.0.column.name == MODEL.name
    }

    /// The first instant of the period that `value` names, and the first one after it. `None` for a value that
    /// names none, and for a dimension that doesn't cut time.
    pub fn span(self, value: &str, zone: Tz) -> Option<(Time, Time)> {
        self.cut()?.span(value, zone)
    }

    /// The name of the period that a time falls in. `None` beyond the calendar, and for a dimension that doesn't cut
    /// time.
    pub fn period(self, time: Time, zone: Tz) -> Option<String> {
        self.cut()?.period(time, zone)
    }

    /// Its value for a row; `None` where the row has none.
    pub(super) fn value<'a>(
        self,
        settled: &'a Settled,
        row: &RowView<'a>,
        owner: &'a Owner,
        zone: Tz,
    ) -> Option<Cow<'a, str>> {
        match self.0.values {
            Values::Named(name) => name(settled, row, owner).map(Cow::Borrowed),
            Values::Cut(cut) => cut.period(time_of(settled, row, owner)?, zone).map(Cow::Owned),
        }
    }
}

/// The repository that forge's loop works in; else the folder that the conversation began in.
pub(super) fn repo<'a>(settled: &'a Settled, row: &RowView<'a>, owner: &'a Owner) -> Option<&'a str> {
    owner.repo().map(Id::as_str).or_else(|| settled.conversation(row)?.repo.as_deref())
}

/// The branch that was checked out at the call; else the one that the conversation began on.
pub(super) fn branch<'a>(settled: &'a Settled, row: &RowView<'a>) -> Option<&'a str> {
    row.branch.map(Id::as_str).or_else(|| settled.conversation(row)?.branch.as_deref())
}

/// Whether a sub-agent made the call, or held the whole conversation.
pub(super) fn is_subagents(settled: &Settled, row: &RowView<'_>) -> bool {
    row.is_subagent || settled.conversation(row).is_some_and(|named| named.is_subagent)
}

/// A row's own time; a row without any is dated by the start of its run, and one that tells no usage by that of its
/// conversation.
pub(super) fn time_of(settled: &Settled, row: &RowView<'_>, owner: &Owner) -> Option<Time> {
    let is_blank = || row.usage.is_none() && row.blended_tokens.is_none() && row.cost_reported.is_none();
    used_at(row, owner).or_else(|| settled.conversation(row).filter(|_| is_blank())?.began)
}

/// When a row's usage was used.
pub(super) fn used_at(row: &RowView<'_>, owner: &Owner) -> Option<Time> {
    row.time.or_else(|| owner.run.as_ref().and_then(|run| run.started_at))
}
