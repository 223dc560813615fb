//! What the harness says a run costs, held against list prices or the user's own.

use super::row::Row;
use super::{exact, number};
use crate::event::Usd;
use crate::table::explain::Explained;

/// List prices minus the harness's figure; `None` unless both are known for all of it.
pub(super) fn difference(row: &Row) -> Option<Usd> {
    let (reported, computed) = both(row)?;
    Some(Usd::from_pico(computed.pico().saturating_sub(reported.pico())))
}

/// Both costs, where each stands for all of it.
fn both(row: &Row) -> Option<(Usd, Usd)> {
    let (reported, computed) = (row.usd("cost_reported_usd")?, row.usd("cost_computed_usd")?);
    row.usd("cost_usd").map(|_| (reported, computed))
}

/// The prices that it was priced with.
fn prices(owner: &Explained) -> &'static str {
    match (owner.has_listed, owner.has_users) {
        (false, true) => "prices of your own",
        (true, true) => "list prices and your own",
        _ => "list prices",
    }
}

/// The same as sentences; none where nothing is known.
pub(super) fn sentences(owner: &Explained) -> Vec<String> {
    let (row, prices) = (&Row::new(&owner.row, 0), prices(owner));
    if let (Some((reported, computed)), Some(difference)) = (both(row), difference(row)) {
        let given = match apart(difference, reported) {
            Some(apart) => format!("{prices} give {}, {apart}", dollars(computed)),
            None => format!("{prices} give the same"),
        };
        return vec![format!("The harness reports a cost of {}; {given}.", dollars(reported))];
    }
    let reported = row.usd("cost_reported_usd").map(dollars);
    let is_whole = row.usd("cost_usd").is_some();
    match (reported, row.usd("cost_computed_usd").map(dollars)) {
        (Some(reported), _) if is_whole => {
            vec![format!("The harness reports a cost of {reported}; {prices} give no certain one.")]
        }
        (None, Some(computed)) => {
            vec![format!("By {prices} it costs {computed}; the harness reports no cost.")]
        }
        (reported, _) => {
            let part = reported.map(|reported| format!("The harness reports a cost of {reported} for a part of it."));
            part.into_iter().chain(bounds(row)).collect()
        }
    }
}

/// What cache writes that are kept for an hour, which prices charge more for, make of it.
pub(super) fn of_hour_writes(owner: &Explained) -> Option<String> {
    let (row, prices) = (Row::new(&owner.row, 0), prices(owner));
    let without = owner.cost_without_hour_writes?;
    let as_reported = if row.usd("cost_reported_usd") == Some(without) { ", as the harness reports" } else { "" };
    let price = dollars(without);
    Some(match (row.usd("cost_computed_usd"), i64::try_from(owner.hour_writes)) {
        (Some(_), Ok(tokens)) => format!(
            "{} tokens of its cache writes were kept for an hour; were they not, {prices} would give \
             {price}{as_reported}.",
            number::count(tokens)
        ),
        _ => format!(
            "Nobody tells how many of its cache writes were kept for an hour; if none was, {prices} give \
             {price}{as_reported}."
        ),
    })
}

fn bounds(row: &Row) -> Option<String> {
    let low = row.usd("cost_low_usd").filter(|low| *low > Usd::ZERO).map(dollars)?;
    Some(match row.usd("cost_high_usd").map(dollars) {
        Some(high) => format!("It costs between {low} and {high}."),
        None => format!("It costs {low} or more."),
    })
}

/// How far apart two costs are; `None` where they are the same.
fn apart(difference: Usd, reported: Usd) -> Option<String> {
    let (amount, word) = match difference.pico() {
        0 => return None,
        less if less < 0 => (less.saturating_neg(), "less"),
        more => (more, "more"),
    };
    let share = number::percent(amount, reported.pico()).map(|share| format!(" ({share})")).unwrap_or_default();
    Some(format!("{} {word}{share}", dollars(Usd::from_pico(amount))))
}

/// An amount with every digit.
fn dollars(usd: Usd) -> String {
    format!("${}", exact::dollars(usd))
}
