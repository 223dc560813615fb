//! A budget: which usage counts, within which limits, and what happens beyond them.

use super::measure::Measure;
use super::units;
use crate::error::{Result, unknown};
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
    /// All of them, in the order of the schema.
    pub const ALL: [Severity; 2] = [Severity::Error, Severity::Warn];

    /// Its word in a policy.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warn => "warn",
        }
    }

    /// The one of this name.
    pub fn from_name(name: &str) -> Result<Severity> {
        let found = Severity::ALL.into_iter().find(|severity| severity.name() == name);
        found.ok_or_else(|| unknown("word", name, &Severity::ALL.map(Severity::name)))
    }
}

impl OnUnknown {
    /// All of them, in the order of the schema.
    pub const ALL: [OnUnknown; 3] = [OnUnknown::Fail, OnUnknown::Warn, OnUnknown::Ignore];

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
        let found = OnUnknown::ALL.into_iter().find(|on_unknown| on_unknown.name() == name);
        found.ok_or_else(|| unknown("word", name, &OnUnknown::ALL.map(OnUnknown::name)))
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
