//! Where the numbers of one run or conversation come from.

mod court;
mod subject;
mod witness;

use super::cell::Cell;
use super::columns::{CALLS, CONVERSATION_ID, Column, Kind, MODEL, TOKENS, column};
use super::cost::{Options as PriceOptions, listed_and_users, without_hour_writes};
use super::frame::{Builder, Table};
use super::runs;
use super::token_sum::TokenSum;
use super::warnings::{Warning, warnings};
use crate::error::Result;
use crate::event::{Event, Id, Usd};
use crate::fold::{Owner, Reason, RowView, Settled};
use crate::price::Prices;

pub use subject::{Choice, Subject, SubjectKind};

/// Columns of the parts of a usage before its token columns.
static PART_HEAD: [Column; 4] = [
    CONVERSATION_ID,
    MODEL,
    column(
        "part",
        Kind::Text,
        "calls: seen one by one; remainder: what a counter or a result tells beyond them; footer: the blended total",
        "",
    ),
    Column { meaning: "how many calls", blank: "not seen one by one", ..CALLS },
];

/// Columns of the parts of a usage, in order.
fn parts_columns() -> Vec<&'static Column> {
    PART_HEAD.iter().chain(&TOKENS).collect()
}

/// A run or conversation, taken apart.
#[derive(Debug)]
pub struct Explanation {
    /// What is explained.
    pub subject: Subject,
    /// The run; or the runs that the conversation took part in, or the conversation itself where it belongs to
    /// none.
    pub owners: Vec<Explained>,
    /// Every record that tells of it, by time.
    pub witnesses: Table,
    /// Input that was lost, and may be the subject's. What else there is to know is of others.
    pub warnings: Vec<Warning>,
}

/// One owner of usage, taken apart.
#[derive(Debug)]
pub struct Explained {
    /// Its row of the table `runs`; without a run's columns for a conversation that belongs to none.
    pub row: Table,
    /// What its usage is made of: conversation, model, part, calls and the token columns.
    pub parts: Table,
    /// Why so much is known, and no more.
    pub grounds: Vec<Ground>,
    /// Whether list prices give it a computed cost, whatever is reported.
    pub has_listed: bool,
    /// Whether prices of the user's file do.
    pub has_users: bool,
    /// Tokens of its cache writes that are known to be kept for an hour.
    pub hour_writes: u64,
    /// What it would cost at list prices if none were, as some harnesses reckon; `None` if that isn't certain, and
    /// where none is.
    pub cost_without_hour_writes: Option<Usd>,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// A stable word for scripts.
    pub code: &'static str,
    /// The same for people.
    pub meaning: &'static str,
    /// What would fill the gap that it leaves; `None` if it leaves none.
    pub remedy: Option<&'static str>,
}

/// Takes a subject apart. `events` are those that [`Subject::concerns`] picks, each with its source; `prices` and
/// `options` are those that `settled` was priced with.
pub fn explain(
    settled: &Settled,
    subject: Subject,
    events: &[(Id, Event)],
    prices: &Prices,
    options: &PriceOptions,
) -> Result<Explanation> {
    let mut owners = Vec::new();
    for index in subject.owners(settled) {
        let (owner, rows) = (&settled.owners[index], settled.rows.of_owner(index));
        let (has_listed, has_users) = listed_and_users(rows.clone(), owner, settled, prices, options);
        owners.push(Explained {
            row: runs::row(owner, rows.clone())?,
            parts: parts(rows.clone(), &subject)?,
            grounds: grounds(owner),
            has_listed,
            has_users,
            hour_writes: rows
                .clone()
                .filter_map(|row| row.usage)
                .map(|usage| usage.cache_creation_1h_input_tokens)
                .sum(),
            cost_without_hour_writes: without_hour_writes(rows, owner, settled, prices, options),
        });
    }
    let witnesses = witness::table(settled, &subject, events)?;
    let mut warnings = warnings(settled);
    warnings.retain(|warning| warning.code.is_loss());
    Ok(Explanation { subject, owners, witnesses, warnings })
}

fn grounds(owner: &Owner) -> Vec<Ground> {
    let ground = |reason: Reason| Ground { code: reason.code(), meaning: reason.meaning(), remedy: reason.remedy() };
    owner.reasons.iter().map(ground).collect()
}

/// The calls that were seen, added up, and what only a counter or a footer tells, by conversation and model.
fn parts<'a>(rows: impl Iterator<Item = RowView<'a>>, subject: &Subject) -> Result<Table> {
    let mut sums: Vec<(Part, i64, TokenSum)> = Vec::new();
    for row in rows.filter(|row| subject.includes(row)) {
        let Some(part) = Part::of(&row) else { continue };
        let place = sums.iter().position(|(known, ..)| *known == part).unwrap_or_else(|| {
            sums.push((part, 0, TokenSum::default()));
            sums.len() - 1
        });
        let (_, calls, tokens) = &mut sums[place];
        *calls += i64::from(row.is_call);
        tokens.add(row.usage.as_ref(), row.blended_tokens);
    }
    let mut builder = Builder::new(parts_columns());
    for (part, calls, tokens) in sums {
        let mut cells = vec![
            Cell::text(part.conversation.as_deref()),
            Cell::text(part.model.as_deref()),
            Cell::text(Some(part.name)),
        ];
        cells.push(if calls > 0 { Cell::Integer(calls) } else { Cell::Blank });
        cells.extend(tokens.cells());
        builder.push(cells);
    }
    builder.finish()
}

/// What makes rows one part.
#[derive(PartialEq)]
struct Part {
    conversation: Option<Id>,
    model: Option<Id>,
    name: &'static str,
}

impl Part {
    /// The part a row belongs to; `None` for the blank row of an owner that left no usage.
    fn of(row: &RowView<'_>) -> Option<Part> {
        let name = match (row.is_call, row.usage, row.blended_tokens) {
            (true, ..) => "calls",
            (_, Some(_), _) => "remainder",
            (_, None, Some(_)) => "footer",
            (_, None, None) => return None,
        };
        Some(Part { conversation: row.conversation.cloned(), model: row.model.cloned(), name })
    }
}
