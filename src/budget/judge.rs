//! Budgets are held against reports: each group of each budget gets its state.

use rustc_hash::FxHashMap;

use super::measure::Measure;
use super::pace::Span;
use super::policy::{Budget, Limit, OnUnknown, Severity};
use super::reading::Reading;
use super::units::WHOLE;
use crate::error::Result;
use crate::event::Time;
use crate::table::verdict::{Contributor, Judged, Standing, State, Verdict};
use crate::table::{Answers, Cell, Dimension, Filter, Query, Tally};

/// Contributors of a group that are told.
const MOST_CONTRIBUTORS: usize = 5;

/// By what a group's sum is taken apart: the first of these that has several values in it.
const APART: [&str; 4] = ["loop", "run_id", "conversation_id", "model"];

/// The terms of a check.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The time of the check.
    pub now: Time,
    /// Whether everything that is worth a warning fails the check.
    pub fail_on_warn: bool,
}

/// The values of a group's dimensions.
pub(super) type Key = Vec<(&'static str, Option<String>)>;

/// Judges all budgets; where the limits come from, and what was read, is for the caller to say.
pub fn check(budgets: &[Budget], query: &Query, terms: Terms, answers: Answers<'_>) -> Result<Verdict> {
    let limits = judge(budgets, query, terms, answers)?;
    let all = answers.report(&Query { by: Some(Vec::new()), ..query.clone() })?;
    let usd = |name| match all.totals.get(0, name) {
        Cell::Usd(value) => Some(value),
        _ => None,
    };
    let cost = usd("cost_usd");
    let is_complete = all.totals.get(0, "complete") == Cell::Flag(true) && (cost.is_some() || all.rows.height() == 0);
    Ok(Verdict {
        limits,
        cost,
        cost_low: usd("cost_low_usd"),
        is_complete,
        window: all.window,
        warnings: all.warnings,
        ..Verdict::default()
    })
}

/// Judges every limit of every budget, within what was asked for.
fn judge(budgets: &[Budget], query: &Query, terms: Terms, answers: Answers<'_>) -> Result<Vec<Judged>> {
    let mut judged = Vec::new();
    for budget in budgets {
        let parts = parts(budget, query, answers)?;
        for limit in &budget.limits {
            judged.push(of_limit(budget, limit, &parts, query, terms));
        }
    }
    Ok(judged)
}

/// The groups of one query.
struct Part {
    per: Vec<Dimension>,
    groups: Vec<Group>,
    /// The dimensions that groups are taken apart by, each with the tallies of all.
    apart: Vec<(Dimension, Vec<Tally>)>,
}

/// A group, and what its sum is taken apart into: the dimension's place in [`Part::apart`], and those of the tallies.
struct Group {
    tally: Tally,
    apart: Option<(usize, Vec<usize>)>,
}

/// A budget's groups. Conversations that belong to no run stand beside runs, each for itself.
fn parts(budget: &Budget, query: &Query, answers: Answers<'_>) -> Result<Vec<Part>> {
    let scoped = Query { scope: budget.filters.clone(), last: None, sort: None, limit: None, ..query.clone() };
    let run = Dimension::from_name("run_id")?;
    let Some(of_run) = budget.per.iter().position(|dimension| *dimension == run) else {
        return Ok(vec![part(&budget.per, &scoped, answers)?]);
    };
    let mut runs = part(&budget.per, &scoped, answers)?;
    runs.groups.retain(|group| group.tally.key.get(of_run).is_some_and(Option::is_some));
    let mut parts = vec![runs];
    let is_run_filtered = query.filters.iter().chain(&budget.filters).any(|filter| filter.dimension() == run);
    if !is_run_filtered {
        let conversation = Dimension::from_name("conversation_id")?;
        let mut per: Vec<Dimension> = Vec::new();
        for dimension in &budget.per {
            let dimension = if *dimension == run { conversation } else { *dimension };
            if !per.contains(&dimension) {
                per.push(dimension);
            }
        }
        let mut bare = scoped;
        bare.scope.push(Filter::new(run, "")?);
        parts.push(part(&per, &bare, answers)?);
    }
    Ok(parts)
}

fn part(per: &[Dimension], scoped: &Query, answers: Answers<'_>) -> Result<Part> {
    let tallies = answers.tallies(&Query { by: Some(per.to_vec()), ..scoped.clone() })?;
    let groups = tallies.into_iter().map(|tally| Group { tally, apart: None }).collect();
    let mut part = Part { per: per.to_vec(), groups, apart: Vec::new() };
    part.take_apart(scoped, answers)?;
    Ok(part)
}

impl Part {
    /// Takes each group's sum apart by the first dimension of which it has several values.
    fn take_apart(&mut self, scoped: &Query, answers: Answers<'_>) -> Result<()> {
        let is_one = self.per.iter().any(|dimension| dimension.column().name.ends_with("_id"));
        for name in APART.iter().filter(|name| !is_one || **name == "model") {
            let dimension = Dimension::from_name(name)?;
            if self.per.contains(&dimension) || self.groups.iter().all(|group| group.apart.is_some()) {
                continue;
            }
            let by = self.per.iter().copied().chain([dimension]).collect();
            let tallies = answers.tallies(&Query { by: Some(by), ..scoped.clone() })?;
            let mut of_group: FxHashMap<&[Option<String>], Vec<usize>> = FxHashMap::default();
            for (place, tally) in tallies.iter().enumerate() {
                of_group.entry(tally.key.get(..self.per.len()).unwrap_or_default()).or_default().push(place);
            }
            for group in self.groups.iter_mut().filter(|group| group.apart.is_none()) {
                let places = of_group.remove(group.tally.key.as_slice()).filter(|places| places.len() > 1);
                group.apart = places.map(|places| (self.apart.len(), places));
            }
            self.apart.push((dimension, tallies));
        }
        Ok(())
    }

    /// Who used most of a group's sum.
    fn contributors(&self, group: &Group, measure: &Measure) -> Vec<Contributor> {
        let Some((at, places)) = &group.apart else { return Vec::new() };
        let Some((dimension, tallies)) = self.apart.get(*at) else { return Vec::new() };
        // Shares of a quotient are those of the money.
        let money = super::MEASURES.iter().find(|other| other.name == "cost_usd");
        let measure = money.filter(|_| measure.name == "cost_per_successful_run_usd").unwrap_or(measure);
        let of_tally = |place: &usize| {
            let tally = tallies.get(*place)?;
            let reading = Reading::of(measure, tally);
            let used = reading.low.filter(|low| *low > 0)?;
            Some((used, reading.is_floor(), tally.key.last()?.as_deref()))
        };
        let mut all: Vec<(i64, bool, Option<&str>)> = places.iter().filter_map(of_tally).collect();
        all.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.2.cmp(&b.2)));
        all.truncate(MOST_CONTRIBUTORS);
        let contributor = |(used, is_floor, name): (i64, bool, Option<&str>)| Contributor {
            dimension: dimension.column().name,
            name: name.map(str::to_owned),
            used,
            is_floor,
        };
        all.into_iter().map(contributor).collect()
    }
}

fn of_limit(budget: &Budget, limit: &Limit, parts: &[Part], query: &Query, terms: Terms) -> Judged {
    let mut groups = Vec::new();
    for part in parts {
        for group in &part.groups {
            let reading = Reading::of(limit.measure, &group.tally);
            let mut standing = standing(budget, limit.limit, reading, terms);
            let names = part.per.iter().map(|dimension| dimension.column().name);
            standing.key = names.zip(group.tally.key.iter().cloned()).collect();
            standing.contributors = part.contributors(group, limit.measure);
            standing.pace = pace(budget, limit, &standing.key, standing.used, query, terms);
            groups.push(standing);
        }
    }
    groups.sort_by(|a, b| b.state.cmp(&a.state).then(b.used.cmp(&a.used)).then_with(|| a.key.cmp(&b.key)));
    Judged { groups, ..blank(budget, limit.measure) }
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
    }
}

/// How a reading stands against a limit: no key, contributors or pace yet.
fn standing(budget: &Budget, limit: i64, reading: Reading, terms: Terms) -> Standing {
    let low = i128::from(reading.low.unwrap_or(0));
    let is_within = reading.high.is_some_and(|high| high <= limit);
    let allowed = i128::from(budget.max_unknown) * i128::from(reading.runs);
    let is_blind = reading.is_floor() && i128::from(reading.unknown) * i128::from(WHOLE) > allowed;
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
        key: Vec::new(),
        state,
        fails: fails(state, budget, terms),
        limit: Some(limit),
        used: reading.low,
        is_floor: reading.is_floor(),
        runs: reading.runs,
        unknown_runs: reading.unknown,
        contributors: Vec::new(),
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

fn pace(
    budget: &Budget,
    limit: &Limit,
    key: &Key,
    used: Option<i64>,
    query: &Query,
    terms: Terms,
) -> Option<crate::table::verdict::Pace> {
    // A quotient has no rate.
    let adds_up = limit.measure.name != "cost_per_successful_run_usd";
    let time = budget.per.iter().find(|dimension| dimension.is_time()).filter(|_| adds_up)?;
    let value = key.iter().find(|(name, _)| *name == time.column().name)?.1.as_deref()?;
    Span::of(*time, value, query, query.zone, terms.now)?.pace(used?, limit.limit)
}
