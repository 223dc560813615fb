//! Budgets are held against reports: each group of each budget gets its state.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::amount::Amount;
use super::limits::{Budget, Limit, OnUnknown, Severity};
use super::measure::Measure;
use super::pace::Span;
use super::part::{Part, parts};
use super::units::WHOLE;
use crate::error::Result;
use crate::event::Time;
use crate::table::verdict::{Judged, Lacks, MostGroups, Pace, Standing, State, Verdict};
use crate::table::{Answers, Cell, Dimension, Filter, Query, Warning, WarningCode};

/// The terms of a check.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The time of the check.
    pub now: Time,
    /// Whether everything that is worth a warning fails the check.
    pub fail_on_warn: bool,
    /// Whether some input could not be read: whatever it holds, nothing within a limit is known to be so.
    pub lacks_input: bool,
    /// How many groups are kept of a limit.
    pub most_groups: MostGroups,
}

/// The values of a group's dimensions.
pub(super) type Key = Vec<(&'static str, Option<String>)>;

/// The same once for all limits of which it names a group: there may be thousands.
pub(super) type SharedKey = Arc<[(&'static str, Option<String>)]>;

/// Judges all budgets; where the limits come from, and what was read, is for the caller to say.
pub fn check(budgets: &[Budget], query: &Query, terms: Terms, answers: Answers<'_>) -> Result<Verdict> {
    let limits = judge(budgets, query, terms, answers)?;
    let all = answers.report(&Query { by: Some(Vec::new()), ..query.clone() })?;
    let usd = |name| match all.totals.get(0, name) {
        Cell::Usd(value) => Some(value),
        _ => None,
    };
    let cost = usd("cost_usd").filter(|_| !terms.lacks_input);
    let is_complete = all.totals.get(0, "complete") == Cell::Flag(true) && (cost.is_some() || all.rows.height() == 0);
    let is_complete = is_complete && !terms.lacks_input;
    let warnings = idle(&limits, query).into_iter().chain(all.warnings).collect();
    Ok(Verdict {
        limits,
        cost,
        cost_low: usd("cost_low_usd"),
        is_complete,
        window: all.window,
        prices: all.prices,
        warnings,
        ..Verdict::default()
    })
}

/// Names each budget towards which nothing counts, as with a typo in its `where`: it never fails.
fn idle(limits: &[Judged], query: &Query) -> Vec<Warning> {
    let mut idle: Vec<&Judged> = limits.iter().filter(|limit| limit.groups.is_empty()).collect();
    idle.dedup_by(|a, b| a.budget == b.budget);
    let told = |limit: &Judged| {
        let asked = query.filters.iter().map(Filter::to_string);
        let filters: Vec<String> = limit.filters.iter().cloned().chain(asked).collect();
        let filters = if filters.is_empty() { String::new() } else { format!(" ({})", filters.join(", ")) };
        let message = format!("nothing counts towards {}{filters}", limit.budget);
        Warning { code: WarningCode::IdleBudget, message, count: 1, counted: "budgets" }
    };
    idle.into_iter().map(told).collect()
}

/// Judges every limit of every budget, within what was asked for.
fn judge(budgets: &[Budget], query: &Query, terms: Terms, answers: Answers<'_>) -> Result<Vec<Judged>> {
    let mut judged = Vec::new();
    let mut keys = FxHashSet::default();
    for budget in budgets {
        let parts = parts(budget, query, answers)?;
        for limit in &budget.limits {
            judged.push(of_limit(budget, limit, &parts, query, terms, &mut keys));
        }
    }
    Ok(judged)
}

fn of_limit(
    budget: &Budget,
    limit: &Limit,
    parts: &[Part],
    query: &Query,
    terms: Terms,
    keys: &mut FxHashSet<SharedKey>,
) -> Judged {
    let mut groups = Vec::new();
    for part in parts {
        for group in &part.groups {
            let amount = part.amount(limit.measure.quantity, group);
            let mut standing = standing(budget, limit.limit, amount, terms);
            let names = part.per.iter().map(|dimension| dimension.column().name);
            standing.key = names.zip(group.tally.key.iter().cloned()).collect();
            standing.contributors = part.contributors(limit.measure.quantity, group).into();
            standing.pace = pace(budget, limit, &standing, query, terms).map(Box::new);
            groups.push(standing);
        }
    }
    if groups.is_empty() && terms.lacks_input {
        let key = budget.per.iter().map(|dimension| (dimension.column().name, None)).collect();
        groups.push(Standing { key, ..standing(budget, limit.limit, Amount::NOTHING, terms) });
    }
    groups.sort_by(|a, b| b.state.cmp(&a.state).then(b.used.cmp(&a.used)).then_with(|| a.key.cmp(&b.key)));
    let mut judged = Judged { groups, ..blank(budget, limit.measure) };
    judged.keep(terms.most_groups);
    for group in &mut judged.groups {
        match keys.get(&group.key) {
            Some(known) => group.key = known.clone(),
            None => _ = keys.insert(group.key.clone()),
        }
    }
    judged
}

/// A limit of which no group is judged yet.
pub(super) fn blank(budget: &Budget, measure: &'static Measure) -> Judged {
    Judged {
        budget: budget.name.clone(),
        measure: measure.name,
        words: measure.words,
        kind: measure.kind,
        per: budget.per.iter().map(|dimension| dimension.column().name).collect(),
        filters: budget.filters.iter().map(Filter::to_string).collect(),
        severity: budget.severity.name(),
        on_unknown: budget.on_unknown.name(),
        max_unknown: budget.max_unknown,
        groups: Vec::new(),
        left_out: [0; State::ALL.len()],
    }
}

/// How an amount stands against a limit: no key, contributors or pace yet.
fn standing(budget: &Budget, limit: i64, amount: Amount, terms: Terms) -> Standing {
    let amount = Amount { high: amount.high.filter(|_| !terms.lacks_input), ..amount };
    let low = i128::from(amount.low.unwrap_or(0));
    let is_within = amount.high.is_some_and(|high| high <= limit);
    let allowed = i128::from(budget.max_unknown) * i128::from(amount.runs);
    let has_many_unknown = i128::from(amount.unknown) * i128::from(WHOLE) > allowed;
    let is_blind = amount.is_floor() && (has_many_unknown || terms.lacks_input);
    let state = if low > i128::from(limit) {
        State::Exceeded
    } else if is_blind && !is_within && budget.on_unknown != OnUnknown::Ignore {
        State::Unproven
    } else if low > 0 && low * i128::from(WHOLE) >= i128::from(budget.warn_at) * i128::from(limit) {
        State::Warn
    } else {
        State::Ok
    };
    Standing {
        key: SharedKey::default(),
        state,
        fails: fails(state, budget, terms),
        limit: Some(limit),
        used: amount.low,
        at_most: amount.high,
        is_floor: amount.is_floor(),
        runs: amount.runs,
        conversations: amount.conversations,
        unknown_runs: amount.unknown,
        lacks: Lacks { input: terms.lacks_input, ..amount.lacks },
        contributors: Box::default(),
        pace: None,
        before: None,
    }
}

fn fails(state: State, budget: &Budget, terms: Terms) -> bool {
    let is_error = budget.severity == Severity::Error;
    match state {
        State::Ok => false,
        State::Warn => terms.fail_on_warn,
        State::Unproven => terms.fail_on_warn || (is_error && budget.on_unknown == OnUnknown::Fail),
        State::Exceeded => terms.fail_on_warn || is_error,
    }
}

/// How fast a group uses its limit up; `None` if it is no period, or has no part in one.
fn pace(budget: &Budget, limit: &Limit, group: &Standing, query: &Query, terms: Terms) -> Option<Pace> {
    // A quotient has no rate.
    let adds_up = !limit.measure.quantity.is_quotient();
    let times = budget.per.iter().filter(|dimension| dimension.is_time() && adds_up);
    let span = |dimension: &Dimension| {
        let value = group.key.iter().find(|(name, _)| *name == dimension.column().name)?.1.as_deref()?;
        Span::of(*dimension, value, query, query.zone, terms.now)
    };
    // A group of several periods is of the time that they share: a week that two months have a part in has two.
    let shared = times.map(span).reduce(|a, b| a?.and(b?)).flatten()?;
    shared.pace(group.used?, limit.limit)
}
