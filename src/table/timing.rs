//! How long a call's parts took, as columns of its row.

use super::cell::Cell;
use super::columns::{Column, Kind, column};
use crate::event::{CallTiming, MAX_COUNT};
use crate::fold::UsageRow;

const HIDDEN: &str = "the log doesn't tell, or its beginning was cut off";
const NO_STREAM: &str = "the log shows no event of its stream";

/// Columns of a call's row.
pub(super) static TIMES: [Column; 10] = [
    column(
        "request_ms",
        Kind::Millis,
        "from the start of the request that was answered to the start of its response; over a websocket, until it was sent",
        HIDDEN,
    ),
    column("request_status", Kind::Integer, "HTTP status of that response", HIDDEN),
    column("attempts", Kind::Count, "requests until one was answered, that one included", HIDDEN),
    column("ttft_ms", Kind::Millis, "time to the first token of output or reasoning", HIDDEN),
    column(
        "ttft_since",
        Kind::Text,
        "how that is known: told (the harness says it of the call), request or turn (measured from its start to the \
         first delta; of a turn the harness may say it too)",
        HIDDEN,
    ),
    column("sse_events", Kind::Count, "events of its stream; the record with the counts is none", NO_STREAM),
    column("streaming_ms", Kind::Millis, "from the first of these events to the last", NO_STREAM),
    column("longest_stall_ms", Kind::Millis, "the longest wait from one event to the next", "fewer than two events"),
    column(
        "streaming_is_floor",
        Kind::Flag,
        "whether the stream's beginning was cut off, so that sse_events, streaming_ms and longest_stall_ms are floors",
        NO_STREAM,
    ),
    column(
        "output_tokens_per_second",
        Kind::Rate,
        "output_tokens over streaming_ms",
        "one of them is not known, a floor, or 0",
    ),
];

/// The cells of [`TIMES`].
pub(super) fn time_cells(row: &UsageRow) -> Vec<Cell> {
    let timing = row.timing.as_deref();
    let request = timing.and_then(|timing| timing.request);
    let first = timing.and_then(|timing| timing.first_token);
    let stream = timing.and_then(|timing| timing.stream);
    let known = |value: Option<u64>| value.map_or(Cell::Blank, Cell::count);
    vec![
        known(request.and_then(|request| request.duration_ms)),
        known(request.and_then(|request| request.status).map(u64::from)),
        known(timing.and_then(|timing| timing.attempts)),
        known(first.map(|first| first.ms)),
        Cell::text(first.map(|first| first.since.name())),
        known(stream.map(|stream| stream.events)),
        known(stream.map(|stream| stream.duration_ms)),
        known(stream.and_then(|stream| stream.longest_stall_ms)),
        stream.map_or(Cell::Blank, |stream| Cell::Flag(stream.is_floor)),
        timing.and_then(|timing| tokens_per_second(timing, row)).map_or(Cell::Blank, Cell::Number),
    ]
}

/// Output tokens over the time of a stream that is known from its beginning.
pub(super) fn tokens_per_second(timing: &CallTiming, row: &UsageRow) -> Option<f64> {
    let stream = timing.stream.filter(|stream| !stream.is_floor && stream.duration_ms > 0)?;
    let tokens = row.usage.as_ref()?.output_tokens.min(MAX_COUNT);
    Some(tokens as f64 * 1000.0 / stream.duration_ms as f64)
}
