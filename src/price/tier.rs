//! Service tiers: what a provider sells faster, later or in one place alone, at prices of its own.

use crate::event::STANDARD;

/// Every service tier that has prices, the standard one first: OpenAI's, Anthropic's `fast`, and its inference in the
/// US alone.
pub const TIERS: [&str; 8] = [STANDARD, "priority", "fast", "flex", "batch", "ultrafast", "us", "fast-us"];

/// The tier that a record's word means: harnesses write down what was asked for.
pub(super) fn meant(recorded: Option<&str>) -> &str {
    match recorded.unwrap_or(STANDARD) {
        "" | "default" | "auto" | "standard_only" | "on_demand" => STANDARD,
        "batches" => "batch",
        other => other,
    }
}
