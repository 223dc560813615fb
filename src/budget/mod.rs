//! Limits that people set, held against what tables say: a policy and reports in, a verdict out.
//!
//! A floor above a limit is beyond it, whatever isn't known. A floor below a limit proves nothing where too many
//! runs are unknown, and is never called ok. All comparisons are between integers.
//!
//! To add a measure: a [`Quantity`], and a line in [`MEASURES`]. The compiler then asks what a group has of it, which
//! medians of it a baseline tells, and which flag of the program limits it.

mod amount;
mod baseline;
mod compare;
mod judge;
mod keys;
mod limits;
mod measure;
mod pace;
mod part;
mod policy;
pub mod units;

pub use baseline::{Baseline, comparable};
pub use compare::{Comparison, compare};
pub use judge::{Terms, check};
pub use keys::schema;
pub use limits::{Budget, Limit, OnUnknown, Severity};
pub use measure::{MEASURES, Measure, Quantity};
pub use policy::{budgets, per};
