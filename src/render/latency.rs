//! The screen of a latency report: a compact set of times, or one of them in full.

use super::dimension;
use super::figure::{Figure, Tone};
use super::number::{self, Bound};
use super::row::Row;
use super::screen::{Heading, Screen, Worth, left_out, named_totals, names};
use crate::error::{Result, unknown};
use crate::table::{Cell, Report};

/// A time that a latency report can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LatencyMeasure {
    /// Time to the first token.
    Ttft,
    /// API requests.
    Request,
    /// Streams, from their first event to their last.
    Streaming,
    /// The longest wait within a stream.
    Stall,
    /// Output tokens per second.
    TokensPerSecond,
    /// Tool calls.
    Tool,
    /// Runs.
    Run,
}

impl LatencyMeasure {
    /// All of them, in the order that help shows them.
    pub const ALL: [LatencyMeasure; 7] = [
        LatencyMeasure::Ttft,
        LatencyMeasure::Request,
        LatencyMeasure::Streaming,
        LatencyMeasure::Stall,
        LatencyMeasure::TokensPerSecond,
        LatencyMeasure::Tool,
        LatencyMeasure::Run,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            LatencyMeasure::Ttft => "ttft",
            LatencyMeasure::Request => "request",
            LatencyMeasure::Streaming => "streaming",
            LatencyMeasure::Stall => "stall",
            LatencyMeasure::TokensPerSecond => "tokens-per-second",
            LatencyMeasure::Tool => "tool",
            LatencyMeasure::Run => "run",
        }
    }

    /// The measure of this name.
    pub fn from_name(name: &str) -> Result<LatencyMeasure> {
        let known = LatencyMeasure::ALL.map(LatencyMeasure::name);
        let found = LatencyMeasure::ALL.into_iter().find(|measure| measure.name() == name.replace('_', "-"));
        found.ok_or_else(|| unknown("measure", name, &known))
    }

    /// The column that holds one of its figures.
    fn column(self, figure: &str) -> String {
        match self {
            LatencyMeasure::TokensPerSecond => format!("tokens_per_second_{figure}"),
            _ if figure == "count" => format!("{}_count", self.name()),
            _ => format!("{}_{figure}_ms", self.name()),
        }
    }

    /// Whether a stream whose beginning was cut off makes its figures floors.
    fn has_floors(self) -> bool {
        matches!(self, LatencyMeasure::Streaming | LatencyMeasure::Stall)
    }

    /// Whether a row says anything of it.
    fn is_told(self, row: &Row) -> bool {
        let counts = match self {
            LatencyMeasure::Tool => "tool_calls",
            LatencyMeasure::Request => "errors",
            _ => "",
        };
        row.count(&self.column("count")) > 0 || row.integer(counts).is_some()
    }

    /// The counts that belong to it.
    fn counts(self) -> &'static [Part] {
        const ERRORS: [Part; 2] = [Part::Faults("ERRORS", "errors", 0), Part::Count("RETRIES", "retries", 0)];
        const FAILED: [Part; 1] = [Part::Faults("FAILED", "failed_tool_calls", 0)];
        match self {
            LatencyMeasure::Request => &ERRORS,
            LatencyMeasure::Tool => &FAILED,
            _ => &[],
        }
    }
}

/// A column of the screen. The last is how soon it gives way, from 0.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// Title, column.
    Count(&'static str, &'static str, u8),
    /// The same of what is bad if there is any.
    Faults(&'static str, &'static str, u8),
    /// Title, measure, which figure of it.
    Time(&'static str, LatencyMeasure, &'static str, u8),
}

/// What is shown where nobody asks for one measure. What gives way first on a narrow screen has the lowest number.
const COMPACT: [Part; 13] = [
    Part::Count("CALLS", "calls", 6),
    Part::Time("TTFT P50", LatencyMeasure::Ttft, "p50", 11),
    Part::Time("TTFT P95", LatencyMeasure::Ttft, "p95", 12),
    Part::Time("STREAM P50", LatencyMeasure::Streaming, "p50", 3),
    Part::Time("STREAM P95", LatencyMeasure::Streaming, "p95", 7),
    Part::Time("STALL MAX", LatencyMeasure::Stall, "max", 4),
    Part::Time("TOK/S P50", LatencyMeasure::TokensPerSecond, "p50", 5),
    Part::Time("TOOL P50", LatencyMeasure::Tool, "p50", 2),
    Part::Time("TOOL P95", LatencyMeasure::Tool, "p95", 8),
    Part::Time("RUN P50", LatencyMeasure::Run, "p50", 1),
    Part::Time("RUN P95", LatencyMeasure::Run, "p95", 9),
    Part::Faults("ERRORS", "errors", 10),
    Part::Count("RETRIES", "retries", 0),
];

/// The screen of a latency report; of one measure, or of a compact set.
pub(super) fn screen(report: &Report, measure: Option<LatencyMeasure>) -> Screen {
    let totals = Row::new(&report.totals, 0);
    let parts: Vec<Part> = match measure {
        Some(measure) => in_full(measure),
        // A column in which nothing is known tells nothing.
        None => COMPACT.into_iter().filter(|part| part.tells(&totals)).collect(),
    };
    let mut named = names(report);
    let row = |index| {
        let row = Row::new(&report.rows, index);
        let names = named.iter_mut().map(|column| Figure::known(column.get_mut(index).and_then(Option::take)));
        names.chain(parts.iter().map(|part| part.figure(&row))).collect()
    };
    let tells = |index: &usize| measure.is_none_or(|measure| measure.is_told(&Row::new(&report.rows, *index)));
    let rows: Vec<_> = (0..report.rows.height()).filter(tells).map(row).collect();
    let all = || named_totals(report).chain(parts.iter().map(|part| part.figure(&totals))).collect();
    Screen {
        headings: Heading::of_names(report).chain(parts.iter().map(Part::heading)).collect(),
        totals: (report.groups > 1 && !rows.is_empty()).then(all),
        rows,
        left_out: left_out(report),
    }
}

fn in_full(measure: LatencyMeasure) -> Vec<Part> {
    let figures = [("COUNT", "count"), ("P50", "p50"), ("P90", "p90"), ("P95", "p95"), ("P99", "p99"), ("MAX", "max")];
    let figures = figures.into_iter().zip([1, 6, 2, 5, 3, 4]);
    let figures = figures.map(|((title, figure), rank)| Part::Time(title, measure, figure, rank));
    figures.chain(measure.counts().iter().copied()).collect()
}

/// What the screen can't say in a cell.
pub(super) fn notes(report: &Report, measure: Option<LatencyMeasure>) -> Vec<String> {
    let totals = Row::new(&report.totals, 0);
    let absent = (report.rows.height() > 0).then(|| absent(&totals, measure)).flatten();
    let floors = totals.count("streaming_floors");
    let cut = (floors > 0).then(|| {
        let streams = dimension::number_of(floors, "stream");
        format!("The beginning of {streams} was cut off: times of streams are floors.")
    });
    let untimed = totals.count("tool_calls") - totals.count("tool_count");
    let untimed = (untimed > 0).then(|| {
        let calls = dimension::number_of(untimed, "tool call");
        format!("The time of {calls} is not known.")
    });
    cut.into_iter().chain(untimed).chain(absent.map(str::to_owned)).collect()
}

/// Where times come from, if none of those that were asked for are known.
fn absent(totals: &Row, measure: Option<LatencyMeasure>) -> Option<&'static str> {
    const OF_CALLS: &str =
        "No times of calls are known: they come from Codex traces, as far as their level tells them.";
    const OF_ONE: &str =
        "No such time is known: they come from Codex traces that are whole, as far as their level tells them.";
    const OF_RUNS: &str = "No times of runs are known: they come from ledgers.";
    const OF_ALL: &str =
        "No times are known: those of calls and tools come from Codex traces, those of runs from ledgers.";
    let is_told = |measure: &LatencyMeasure| measure.is_told(totals);
    match measure {
        Some(measure) if measure.is_told(totals) => None,
        Some(LatencyMeasure::Run) => Some(OF_RUNS),
        Some(_) => Some(OF_ONE),
        None if !LatencyMeasure::ALL.iter().any(is_told) => Some(OF_ALL),
        // Their columns are there, and hold dashes.
        None if totals.cell("calls") != Cell::Blank => {
            let of_calls = [LatencyMeasure::Ttft, LatencyMeasure::Streaming, LatencyMeasure::TokensPerSecond];
            (!of_calls.iter().any(is_told)).then_some(OF_CALLS)
        }
        None => None,
    }
}

impl Part {
    fn heading(&self) -> Heading {
        let (Part::Count(title, _, rank) | Part::Faults(title, _, rank) | Part::Time(title, .., rank)) = *self;
        Heading { title: title.to_owned(), worth: Some(Worth::Time(rank)), is_number: true }
    }

    fn tells(&self, totals: &Row) -> bool {
        match self {
            Part::Count(_, column, _) | Part::Faults(_, column, _) => totals.cell(column) != Cell::Blank,
            // Where calls are known, so is that their times are not.
            Part::Time(_, LatencyMeasure::Ttft | LatencyMeasure::Streaming | LatencyMeasure::TokensPerSecond, ..) => {
                totals.cell("calls") != Cell::Blank
            }
            Part::Time(_, measure, ..) => totals.count(&measure.column("count")) > 0,
        }
    }

    fn figure(&self, row: &Row) -> Figure {
        match *self {
            Part::Count(_, column, _) => counted(row, column),
            Part::Faults(_, column, _) => match row.count(column) {
                0 => counted(row, column),
                count => Figure { text: number::count(count), tone: Tone::Failed },
            },
            Part::Time(_, measure, "count", _) => counted(row, &measure.column("count")),
            Part::Time(_, measure, figure, _) => {
                let is_floor = measure.has_floors() && row.count("streaming_floors") > 0;
                let bound = Bound::of(is_floor);
                Figure::bounded(shown(&row.cell(&measure.column(figure)), bound), bound)
            }
        }
    }
}

fn counted(row: &Row, column: &str) -> Figure {
    Figure::known(row.integer(column).map(number::count))
}

fn shown(cell: &Cell, bound: Bound) -> Option<String> {
    match cell {
        Cell::Integer(millis) => number::bounded_duration(*millis, bound),
        Cell::Number(rate) => Some(number::rate(*rate)),
        _ => None,
    }
}
