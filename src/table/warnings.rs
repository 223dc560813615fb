//! What the reader of a table should know.

use super::warning_code::WarningCode;
use crate::event::{Defect, RunId};
use crate::fold::Settled;

const RUNS: &str = "runs";

/// Something the reader should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub code: WarningCode,
    /// The same for people.
    pub message: String,
    /// How often.
    pub count: u64,
    /// What is counted, in the plural: `records`, `runs`.
    pub counted: &'static str,
}

/// Everything that was refused, lost or contradictory, each kind once.
pub fn warnings(settled: &Settled) -> Vec<Warning> {
    let mut warnings: Vec<Warning> = settled
        .defects
        .iter()
        .map(|(defect, (count, runs))| {
            warning(WarningCode::Defect(*defect), defect.meaning(), (*count, defect.counted()), runs)
        })
        .collect();
    let of_runs = [
        (WarningCode::Mismatch, "runs whose counter, calls and footer contradict each other", &settled.mismatches),
        (WarningCode::SeveralFooters, "runs with several footers; the largest was taken", &settled.several_footers),
        (
            WarningCode::ResumedFooter,
            "runs whose footer also counts earlier runs that are not here",
            &settled.resumed_footers,
        ),
        (
            WarningCode::AmbiguousSession,
            "runs whose session log nothing tells for certain; joined with none",
            &settled.ambiguous,
        ),
    ];
    for (code, meaning, runs) in of_runs {
        if !runs.is_empty() {
            warnings.push(warning(code, meaning, (runs.len() as u64, RUNS), runs));
        }
    }
    for ((profile, model), runs) in &settled.assumed_models {
        let meaning = format!("runs that name no model; {profile}'s is {model} by the configuration");
        warnings.push(warning(WarningCode::AssumedModel, &meaning, (runs.len() as u64, RUNS), runs));
    }
    warnings
}

/// Whether input was lost, which `--strict` does not allow.
pub fn is_loss(settled: &Settled) -> bool {
    settled.defects.keys().copied().any(Defect::is_loss)
}

/// What so many owners are, of which some are runs.
pub(super) fn owners(all: u64, runs: u64) -> &'static str {
    match runs {
        0 => "conversations",
        _ if runs < all => "runs and conversations",
        _ => RUNS,
    }
}

fn warning(code: WarningCode, meaning: &str, (count, counted): (u64, &'static str), runs: &[RunId]) -> Warning {
    let first = runs.iter().min();
    let where_ = match (first, runs.len()) {
        (None, _) => String::new(),
        (Some(run), 1) => format!(" (run {run})"),
        (Some(run), more) => format!(" (run {run} and {} more)", more - 1),
    };
    Warning { code, message: format!("{meaning}{where_}"), count, counted }
}
