//! The `[[budget]]` tables of a policy file become budgets. What is wrong with one names its file and line.

use super::keys::{Key, PER, PER_IDS, Takes, keys};
use super::limits::{Budget, Limit, OnUnknown, Severity};
use super::measure::MEASURES;
use super::units;
use crate::config::{Field, Section};
use crate::error::{Error, Result, unknown};
use crate::table::{Dimension, Filter};

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
        Takes::Severity => {
            budget.severity = Severity::from_name(field.text()?).map_err(|error| field.failed(error))?;
        }
        Takes::OnUnknown => {
            budget.on_unknown = OnUnknown::from_name(field.text()?).map_err(|error| field.failed(error))?;
        }
        Takes::Share(of) => *of(budget) = units::share(digits(field)?).map_err(named)?,
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
