//! Columns: what one is, and those that several tables have, defined once. The ground of the room.

pub use super::kind::Kind;

/// That of all JSON: it grows when a key changes its meaning or goes away, not when one is added.
pub const SCHEMA_VERSION: u32 = 1;

/// The columns of a table, and what a row is.
#[derive(Debug, Clone)]
pub struct TableSchema {
    /// Its name.
    pub name: &'static str,
    /// What a row is.
    pub about: &'static str,
    /// Its columns, in order.
    pub columns: Vec<&'static Column>,
    /// Names of those that a row has only where it was asked for.
    pub optional: Vec<&'static str>,
}

/// One column.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in every output.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it means, units and inclusion told.
    pub meaning: &'static str,
    /// What a blank means; empty where it is never blank.
    pub blank: &'static str,
}

pub(super) const fn column(name: &'static str, kind: Kind, meaning: &'static str, blank: &'static str) -> Column {
    Column { name, kind, meaning, blank }
}

pub(super) const NOT_KNOWN: &str = "not known";

/// Token columns, in the order of every table.
pub(super) static TOKENS: [Column; 8] = [
    column("input_tokens", Kind::Tokens, "prompt tokens, cache reads and cache writes included", NOT_KNOWN),
    column(
        "cache_read_input_tokens",
        Kind::Tokens,
        "prompt tokens read from the cache, part of input_tokens",
        NOT_KNOWN,
    ),
    column(
        "cache_creation_input_tokens",
        Kind::Tokens,
        "prompt tokens written to the cache, part of input_tokens",
        NOT_KNOWN,
    ),
    column("uncached_input_tokens", Kind::Tokens, "input_tokens without cache_read_input_tokens", NOT_KNOWN),
    column("output_tokens", Kind::Tokens, "answer tokens, reasoning included", NOT_KNOWN),
    column(
        "reasoning_output_tokens",
        Kind::Tokens,
        "reasoning tokens, part of output_tokens",
        "the harness doesn't tell them apart",
    ),
    column("total_tokens", Kind::Tokens, "input_tokens + output_tokens", NOT_KNOWN),
    column(
        "blended_tokens",
        Kind::Tokens,
        "uncached_input_tokens + output_tokens; where a footer tells of more, its number, also where no split is known",
        NOT_KNOWN,
    ),
];

pub(super) const COST_REPORTED: Column =
    column("cost_reported_usd", Kind::Usd, "what the harness itself said", "it said nothing");

/// Cost columns, in the order of every table.
pub(super) static COSTS: [Column; 5] = [
    column("cost_usd", Kind::Usd, "reported where there is a report, else computed", "not known for all of it"),
    COST_REPORTED,
    column("cost_computed_usd", Kind::Usd, "tokens times the price book", "not known for all of it"),
    column("cost_low_usd", Kind::Usd, "floor of the cost: what is known, and the floors of the rest", NOT_KNOWN),
    column("cost_high_usd", Kind::Usd, "upper bound of the cost", "unbounded"),
];

pub(super) const RUNS: Column = column("runs", Kind::Count, "distinct runs", "");

pub(super) const CALLS: Column = column("calls", Kind::Count, "model calls that were seen one by one", "none was");

/// Columns of a report that count runs, conversations and calls.
pub(super) static COUNTS: [Column; 3] =
    [RUNS, column("conversations", Kind::Count, "distinct conversations with known usage of their own", ""), CALLS];

/// The last columns of a report.
pub(super) static REPORT_TAIL: [Column; 7] = [
    column(
        "duration_ms",
        Kind::Millis,
        "sum of the runs' times from start to finish, not wall time",
        "no run with both",
    ),
    column("max_duration_ms", Kind::Millis, "the longest of these runs", "no run with both"),
    column("failed_runs", Kind::Count, "runs whose status is not success", ""),
    column("timed_runs", Kind::Count, "runs with a duration_ms", ""),
    column("ended_runs", Kind::Count, "runs with a known status", ""),
    column("profiles", Kind::Text, "profiles of the runs, comma-separated", "no run names one"),
    column("complete", Kind::Flag, "whether every run and conversation in the row is exact", ""),
];

/// Columns of a report that count runs, and conversations of no run, by their quality: together they count all.
pub static BY_QUALITY: [Column; 4] = [
    column("exact_runs", Kind::Count, "runs, and conversations of no run, whose full split is known", ""),
    column("blended_runs", Kind::Count, "those of which only the blended total is known", ""),
    column("partial_runs", Kind::Count, "those of which only a lower bound is known", ""),
    column(
        "unknown_runs",
        Kind::Count,
        "those that left no usage behind; `check` also counts others of which its measure isn't known in full",
        "",
    ),
];

/// Columns of a report that look at each run for itself; they stand after the others.
pub(super) static PER_RUN: [Column; 7] = [
    column("priced_runs", Kind::Count, "runs, and conversations of no run, whose cost is known for all of it", ""),
    column(
        "median_cost_usd",
        Kind::Usd,
        "median cost of a run, or conversation of no run, over the priced ones",
        "none is priced",
    ),
    column(
        "median_total_tokens",
        Kind::Tokens,
        "median total_tokens of a run, or conversation of no run, over the exact ones",
        "none is exact",
    ),
    column("median_uncached_input_tokens", Kind::Tokens, "the same of uncached_input_tokens", "none is exact"),
    column("median_output_tokens", Kind::Tokens, "the same of output_tokens", "none is exact"),
    column(
        "median_blended_tokens",
        Kind::Tokens,
        "median blended_tokens of a run, or conversation of no run, over the exact and the blended ones",
        "none of them",
    ),
    column(
        "median_duration_ms",
        Kind::Millis,
        "median duration_ms of a run; conversations of no run have none",
        "no run has one",
    ),
];

const ONLY_SOME_LOGS: &str = "only some session logs tell it";

const ONLY_SOME_RECORDS: &str = "only some session logs and outputs tell it";

pub(super) const RUN_ID: Column = column("run_id", Kind::Text, "forge's id of the run", "belongs to no run");

pub(super) const CONVERSATION_ID: Column =
    column("conversation_id", Kind::Text, "the harness's id of the session or thread", "not named");

pub(super) const PARENT: Column = column(
    "parent_conversation_id",
    Kind::Text,
    "the conversation it was forked from, or whose sub-agent held it",
    "none, or only a session log that was not read tells it",
);

pub(super) const HOST: Column =
    column("host", Kind::Text, "the machine it was read from, as --host told", "--host told nothing");

pub(super) const LOOP: Column = column("loop", Kind::Text, "name of the loop or workflow", "belongs to no run");

pub(super) const REPO: Column = column(
    "repo",
    Kind::Text,
    "path of the repository the loop works in; else of the folder the conversation began in",
    NOT_KNOWN,
);

pub(super) const BRANCH: Column = column("branch", Kind::Text, "Git branch the agent worked on", ONLY_SOME_LOGS);

pub(super) const PROFILE: Column =
    column("profile", Kind::Text, "forge's name for a harness and an account", NOT_KNOWN);

pub(super) const HARNESS: Column =
    column("harness", Kind::Text, "program that ran the agent: codex, claude, …", NOT_KNOWN);

pub(super) const HARNESS_VERSION: Column =
    column("harness_version", Kind::Text, "the harness's version when the conversation began", ONLY_SOME_RECORDS);

pub(super) const MODEL: Column = column("model", Kind::Text, "model that answered", NOT_KNOWN);

pub(super) const EFFORT: Column =
    column("effort", Kind::Text, "reasoning effort the model was asked for", ONLY_SOME_LOGS);

pub(super) const SERVICE_TIER: Column = column(
    "service_tier",
    Kind::Text,
    "the provider's service tier; `mixed` where that of a sum's calls differs or isn't told",
    "the harness doesn't tell it",
);

pub(super) const BILLING: Column =
    column("billing", Kind::Text, "how the account pays: api or subscription", "the harness doesn't tell it");

pub(super) const IS_SUBAGENT: Column = column("is_subagent", Kind::Flag, "whether a sub-agent made the call", "");

pub(super) const STATUS: Column =
    column("status", Kind::Text, "how the run ended: success, error, killed, …", NOT_KNOWN);

/// How far a run or conversation is known.
pub(super) const QUALITY: Column =
    column("quality", Kind::Text, "what is known of the run: exact, blended, partial, unknown", "");

/// The tool's name, which times of tools are grouped and filtered by too.
pub(super) const TOOL_NAME: Column = column("tool", Kind::Text, "name of the tool", "not about a tool");

/// Where a call or a reading belongs, in the order of every table.
pub(super) static PLACE: [Column; 5] =
    [RUN_ID, CONVERSATION_ID, Column { blank: "belongs to no run, or not known", ..LOOP }, REPO, PROFILE];

/// Models of something that may have several.
pub(super) static MODELS: [Column; 2] = [
    column("model", Kind::Text, "model with the largest share of the tokens", NOT_KNOWN),
    column("models", Kind::Text, "all its models, comma-separated", NOT_KNOWN),
];

/// All measures of a report, in order; its dimensions stand before them.
pub fn measures() -> Vec<&'static Column> {
    COUNTS.iter().chain(&TOKENS).chain(&COSTS).chain(&REPORT_TAIL).chain(&BY_QUALITY).chain(&PER_RUN).collect()
}

#[cfg(test)]
mod tests {
    use super::BY_QUALITY;
    use crate::fold::Quality;

    #[test]
    fn each_quality_has_its_column() {
        let named = Quality::ALL.map(|quality| format!("{}_runs", quality.name()));
        assert_eq!(BY_QUALITY.each_ref().map(|column| column.name), named.each_ref().map(String::as_str));
    }
}
