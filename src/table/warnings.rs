//! What the reader of a table should know.

use crate::event::{Defect, RunId};
use crate::fold::Settled;

const RUNS: &str = "runs";

/// Something the reader should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// A stable word for scripts.
    pub code: String,
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
        .map(|(defect, (count, runs))| warning(defect.code(), defect.meaning(), (*count, defect.counted()), runs))
        .collect();
    let of_runs = [
        ("mismatch", "runs whose counter, calls and footer contradict each other", &settled.mismatches),
        ("several-footers", "runs with several footers; the largest was taken", &settled.several_footers),
        ("resumed-footer", "runs whose footer also counts earlier runs that are not here", &settled.resumed_footers),
        ("ambiguous-session", "runs whose session log nothing tells for certain; joined with none", &settled.ambiguous),
    ];
    for (code, meaning, runs) in of_runs {
        if !runs.is_empty() {
            warnings.push(warning(code, meaning, (runs.len() as u64, RUNS), runs));
        }
    }
    for ((profile, model), runs) in &settled.assumed_models {
        let meaning = format!("runs that name no model; {profile}'s is {model} by the configuration");
        warnings.push(warning("assumed-model", &meaning, (runs.len() as u64, RUNS), runs));
    }
    warnings
}

impl Warning {
    /// Whether it is about input that was lost.
    pub fn is_loss(&self) -> bool {
        Defect::ALL.iter().any(|defect| defect.is_loss() && defect.code() == self.code)
    }
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

fn warning(code: &str, meaning: &str, (count, counted): (u64, &'static str), runs: &[RunId]) -> Warning {
    let first = runs.iter().min();
    let where_ = match (first, runs.len()) {
        (None, _) => String::new(),
        (Some(run), 1) => format!(" (run {run})"),
        (Some(run), more) => format!(" (run {run} and {} more)", more - 1),
    };
    Warning { code: code.to_owned(), message: format!("{meaning}{where_}"), count, counted }
}
