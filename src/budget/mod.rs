//! Limits that people set, held against what tables say: a policy and reports in, a verdict out.
//!
//! A floor above a limit is beyond it, whatever isn't known. A floor below a limit proves nothing where too many
//! runs are unknown, and is never called ok. All comparisons are between integers.
//!
//! To add a measure: one line in [`MEASURES`], one in `reading.rs`, and the program's flag for it.

mod baseline;
mod compare;
mod judge;
mod keys;
mod measure;
mod pace;
mod part;
mod policy;
mod reading;
pub mod units;

pub use baseline::{Baseline, comparable};
pub use compare::{Comparison, compare};
pub use judge::{Terms, check};
pub use keys::schema;
pub use measure::{MEASURES, Measure};
pub use policy::{Budget, Limit, OnUnknown, Severity, budgets, per};
