//! The columns of a latency report.

use crate::table::columns::{CALLS, Column, Kind, RUNS, column};

const NONE: &str = "none is known";

/// How many there are, and their percentiles by nearest rank: the smallest value that no less than so many percent
/// of them do not exceed.
macro_rules! summary {
    ($name:literal, $unit:literal, $kind:expr, $what:literal) => {
        [
            column(concat!($name, "_count"), Kind::Count, concat!("number of ", $what, " that are known"), ""),
            column(
                concat!($name, "_p50", $unit),
                $kind,
                concat!("50th percentile of ", $what, ", by nearest rank"),
                NONE,
            ),
            column(concat!($name, "_p90", $unit), $kind, "90th percentile", NONE),
            column(concat!($name, "_p95", $unit), $kind, "95th percentile", NONE),
            column(concat!($name, "_p99", $unit), $kind, "99th percentile", NONE),
            column(concat!($name, "_max", $unit), $kind, "the largest", NONE),
        ]
    };
}

static COUNTS: [Column; 3] = [
    RUNS,
    column("conversations", Kind::Count, "distinct conversations with a call, a request or a tool call", ""),
    CALLS,
];

static TTFT: [Column; 6] = summary!("ttft", "_ms", Kind::Millis, "times to the first token");
static REQUEST: [Column; 6] = summary!("request", "_ms", Kind::Millis, "times of API requests, failed ones too");
static STREAMING: [Column; 6] = summary!("streaming", "_ms", Kind::Millis, "times of streams");
static STALL: [Column; 6] = summary!("stall", "_ms", Kind::Millis, "longest stalls of streams");
static RATE: [Column; 6] =
    summary!("tokens_per_second", "", Kind::Rate, "output tokens over the times of whole streams");
static TOOL: [Column; 6] = summary!("tool", "_ms", Kind::Millis, "times of tool calls");
static RUN: [Column; 6] = summary!("run", "_ms", Kind::Millis, "times of runs from start to finish");

static FLOORS: Column = column(
    "streaming_floors",
    Kind::Count,
    "streams whose beginning was cut off; where there are any, the streaming and stall columns are floors",
    "",
);

static TAIL: [Column; 4] = [
    column("tool_calls", Kind::Count, "tool calls, also those whose time is not known", "none was seen"),
    column("failed_tool_calls", Kind::Count, "those that the harness calls no success", "none was seen"),
    column("errors", Kind::Count, "API requests that failed, and streams that broke off", "no request was seen"),
    column("retries", Kind::Count, "API requests made because one before them had failed", "no request was seen"),
];

/// All measures of a latency report, in order; its dimensions stand before them.
pub(in crate::table) fn latency_measures() -> Vec<&'static Column> {
    let streams = STREAMING.iter().chain(&STALL).chain([&FLOORS]);
    let calls = COUNTS.iter().chain(&TTFT).chain(&REQUEST).chain(streams).chain(&RATE);
    calls.chain(&TOOL).chain(&RUN).chain(&TAIL).collect()
}
