//! The `[[budget]]` tables of a policy file become budgets. What is wrong with one names its file and line.

use super::keys::{Key, ON_UNKNOWN, PER, PER_IDS, Takes, keys};
use super::measure::{MEASURES, Measure};
use super::units;
use crate::config::{Field, Section};
use crate::error::{Error, Result, unknown};
use crate::table::{Dimension, Filter};

/// A limit on a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is limited.
    pub measure: &'static Measure,
    /// The largest value that is within: pico-dollars, tokens, milliseconds, a count.
    pub limit: i64,
}

/// One budget: which usage, grouped how, within which limits.
#[derive(Debug, Clone)]
pub struct Budget {
    /// Its name in every output.
    pub name: String,
    /// Which usage counts.
    pub filters: Vec<Filter>,
    /// Its limits hold for each group of these dimensions; none: for all together.
    pub per: Vec<Dimension>,
    /// Its limits, in the order of [`super::MEASURES`].
    pub limits: Vec<Limit>,
    /// What a broken limit does.
    pub severity: Severity,
    /// Share of a limit from which it is worth a warning, in millionths.
    pub warn_at: i64,
    /// Largest share of runs whose usage may be unknown, in millionths.
    pub max_unknown: i64,
    /// What happens beyond it.
    pub on_unknown: OnUnknown,
}

/// What a broken budget does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It fails the check.
    Error,
    /// It is shown.
    Warn,
}

/// What happens where too much is unknown to prove a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnknown {
    /// The check fails.
    Fail,
    /// It is shown.
    Warn,
    /// What is known is taken for all there is.
    Ignore,
}

impl Severity {
    /// Its word in a policy.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warn => "warn",
        }
    }
}

impl OnUnknown {
    /// Its word in a policy.
    pub fn name(self) -> &'static str {
        match self {
            OnUnknown::Fail => "fail",
            OnUnknown::Warn => "warn",
            OnUnknown::Ignore => "ignore",
        }
    }

    /// The one of this name.
    pub fn from_name(name: &str) -> Result<OnUnknown> {
        [OnUnknown::Fail, OnUnknown::Warn, OnUnknown::Ignore]
            .into_iter()
            .find(|on_unknown| on_unknown.name() == name)
            .ok_or_else(|| unknown("word", name, &ON_UNKNOWN))
    }
}

impl Budget {
    /// A budget of this name without limits; everything else as where a policy says nothing.
    pub fn new(name: impl Into<String>) -> Budget {
        Budget {
            name: name.into(),
            filters: Vec::new(),
            per: Vec::new(),
            limits: Vec::new(),
            severity: Severity::Error,
            warn_at: units::WHOLE / 5 * 4,
            max_unknown: 0,
            on_unknown: OnUnknown::Warn,
        }
    }
}

/// Reads dimensions that a limit holds for each value of; `total` for none.
pub fn per<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Vec<Dimension>> {
    let names: Vec<&str> = names.into_iter().collect();
    let mut per: Vec<Dimension> = Vec::new();
    for name in &names {
        if *name == "total" && names.len() == 1 {
            continue;
        }
        if *name == "total" || !(PER.contains(name) || PER_IDS.contains(name)) {
            return Err(if *name == "total" {
                Error::invalid("\"total\" goes with no other dimension")
            } else {
                unknown("dimension", name, &PER)
            });
        }
        let dimension = Dimension::from_name(name)?;
        if per.contains(&dimension) {
            return Err(Error::invalid(format!("{name:?} stands twice")));
        }
        per.push(dimension);
    }
    Ok(per)
}

/// Reads the budgets of a policy file.
pub fn budgets(sections: &[Section]) -> Result<Vec<Budget>> {
    let keys = keys();
    let mut budgets: Vec<Budget> = Vec::new();
    for section in sections {
        let budget = budget(section, &keys)?;
        if budgets.iter().any(|other| other.name == budget.name) {
            return Err(section.error(format!("two budgets are called {:?}", budget.name)));
        }
        budgets.push(budget);
    }
    Ok(budgets)
}

fn budget(section: &Section, keys: &[Key]) -> Result<Budget> {
    section.only(&keys.iter().map(|key| key.name).collect::<Vec<_>>())?;
    let mut budget = Budget::new("");
    for field in section.fields() {
        if let Some(key) = keys.iter().find(|key| key.name == field.key()) {
            set(&mut budget, key, &field)?;
        }
    }
    if budget.name.is_empty() {
        return Err(section.error("a budget needs a name"));
    }
    if budget.limits.is_empty() {
        let limits: Vec<&str> = MEASURES.iter().map(|measure| measure.key).collect();
        return Err(section.error(format!("budget {:?} has no limit; give one of {}", budget.name, limits.join(", "))));
    }
    budget.limits.sort_by_key(|limit| MEASURES.iter().position(|measure| measure == limit.measure));
    Ok(budget)
}

fn set(budget: &mut Budget, key: &Key, field: &Field) -> Result<()> {
    let named = |error: Error| field.error(format!("{}: {error}", key.name));
    match key.takes {
        Takes::Name => budget.name = field.text()?.to_owned(),
        Takes::Where => budget.filters = filters(&field.section()?)?,
        Takes::Per => budget.per = per(some(field)?).map_err(named)?,
        Takes::Word(words) => {
            let word = field.word("word", words)?;
            match key.name {
                "severity" if word == "warn" => budget.severity = Severity::Warn,
                "severity" => budget.severity = Severity::Error,
                _ => budget.on_unknown = OnUnknown::from_name(word).map_err(named)?,
            }
        }
        Takes::Share => {
            let share = units::share(digits(field)?).map_err(named)?;
            match key.name {
                "warn_at" => budget.warn_at = share,
                _ => budget.max_unknown = share,
            }
        }
        Takes::Limit(measure) => {
            let limit = measure.limit(digits(field)?).map_err(named)?;
            budget.limits.push(Limit { measure, limit });
        }
    }
    Ok(())
}

/// The digits of a number as they stand, so that none is lost; or a text with a unit.
fn digits<'a>(field: &Field<'a>) -> Result<&'a str> {
    let wanted = |_| field.error(format!("{} must be a number, or a text with a unit", field.key()));
    field.number().map_or_else(|| field.text().map_err(wanted), Ok)
}

/// A text, or a list that isn't empty: one that is would hold for everything.
fn some<'a>(field: &Field<'a>) -> Result<Vec<&'a str>> {
    let texts = field.texts()?;
    if texts.is_empty() { Err(field.error(format!("{} is empty", field.key()))) } else { Ok(texts) }
}

fn filters(section: &Section) -> Result<Vec<Filter>> {
    let mut filters = Vec::new();
    for field in section.fields() {
        let dimension = Dimension::from_name(field.key()).map_err(|error| field.failed(error))?;
        for glob in some(&field)? {
            filters.push(Filter::new(dimension, glob).map_err(|error| field.failed(error))?);
        }
    }
    Ok(filters)
}
