//! What a budget can limit: the one list that the policy's keys, the flags, the schema and all outputs follow.

use super::units;
use crate::error::Result;
use crate::table::schema::Kind;

/// What of a group can have a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// What it costs.
    Cost,
    /// What all its runs cost, over the number of those that succeeded.
    CostPerSuccess,
    /// Input and output tokens.
    TotalTokens,
    /// Input tokens that were not read from the cache.
    UncachedInputTokens,
    /// Output tokens.
    OutputTokens,
    /// Uncached input and output tokens.
    BlendedTokens,
    /// Finish − start of its runs, added up.
    RunTime,
    /// How many runs it has.
    Runs,
    /// How many of them didn't succeed.
    FailedRuns,
}

impl Quantity {
    const fn kind(self) -> Kind {
        match self {
            Quantity::Cost | Quantity::CostPerSuccess => Kind::Usd,
            Quantity::TotalTokens
            | Quantity::UncachedInputTokens
            | Quantity::OutputTokens
            | Quantity::BlendedTokens => Kind::Tokens,
            Quantity::RunTime => Kind::Millis,
            Quantity::Runs | Quantity::FailedRuns => Kind::Count,
        }
    }

    /// Whether it is a quotient, of which no parts add up.
    pub(super) fn is_quotient(self) -> bool {
        self == Quantity::CostPerSuccess
    }

    /// Whether it is one of runs, not of their usage.
    pub(super) fn is_of_runs(self) -> bool {
        matches!(self, Quantity::RunTime | Quantity::Runs | Quantity::FailedRuns)
    }
}

/// A quantity, as policies and outputs tell it.
#[derive(Debug, PartialEq, Eq)]
pub struct Measure {
    /// What it measures.
    pub quantity: Quantity,
    /// Its name in every output.
    pub name: &'static str,
    /// Its key in a policy.
    pub key: &'static str,
    /// What its values are: pico-dollars, tokens, milliseconds, a count.
    pub kind: Kind,
    /// Its name for people, after a number: "41.2M of 40.0M output tokens". Empty where the number tells.
    pub words: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

const fn measure(
    quantity: Quantity,
    name: &'static str,
    key: &'static str,
    words: &'static str,
    meaning: &'static str,
) -> Measure {
    Measure { quantity, name, key, kind: quantity.kind(), words, meaning }
}

/// All measures, in the order of every output.
pub static MEASURES: [Measure; 9] = [
    measure(Quantity::Cost, "cost_usd", "max_cost_usd", "", "cost in US dollars"),
    measure(
        Quantity::CostPerSuccess,
        "cost_per_successful_run_usd",
        "max_cost_per_successful_run_usd",
        "per successful run",
        "cost of all runs over the number of those that succeeded, in US dollars; while none did, all that was spent is its floor",
    ),
    measure(Quantity::TotalTokens, "total_tokens", "max_total_tokens", "total tokens", "input and output tokens"),
    measure(
        Quantity::UncachedInputTokens,
        "uncached_input_tokens",
        "max_uncached_input_tokens",
        "uncached input tokens",
        "input tokens that were not read from the cache",
    ),
    measure(
        Quantity::OutputTokens,
        "output_tokens",
        "max_output_tokens",
        "output tokens",
        "output tokens, reasoning included",
    ),
    measure(
        Quantity::BlendedTokens,
        "blended_tokens",
        "max_blended_tokens",
        "blended tokens",
        "uncached input and output tokens; known for runs that left only a footer too",
    ),
    measure(Quantity::RunTime, "run_time", "max_run_time", "run time", "finish − start of the runs, added up"),
    measure(Quantity::Runs, "runs", "max_runs", "runs", "number of runs"),
    measure(
        Quantity::FailedRuns,
        "failed_runs",
        "max_failed_runs",
        "failed runs",
        "number of runs whose status is not success",
    ),
];

impl Measure {
    /// Reads a limit as people write it.
    pub fn limit(&self, text: &str) -> Result<i64> {
        match self.kind {
            Kind::Usd => units::dollars(text),
            Kind::Tokens => units::tokens(text),
            Kind::Millis => units::duration(text),
            _ => units::count(text),
        }
    }
}
