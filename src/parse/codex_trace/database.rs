//! Codex's `logs_2.sqlite`: its trace in a table, a record a row, with time and target in columns of their own.
//!
//! A row is one record, so its text can't run on into the next one, whatever it holds.

use std::fmt::Write;

use super::head::HARNESS;
use super::log::FORMAT as TRACE;
use super::otel::{Otel, ends_text};
use crate::event::Time;
use crate::parse::codex_otel::{PROMPTED, TARGET};
use crate::parse::format::{Format, Home, Journal, Root, Shape};
use crate::parse::tracing;

/// Codex's log database: `~/.codex/logs_*.sqlite`, in newer layouts `~/.codex/sqlite/logs_*.sqlite`.
pub(in crate::parse) static FORMAT: Format = Format {
    name: "codex-log-db",
    harness: Some(HARNESS),
    roots: &[ROOT],
    sniff: |_| false,
    shape: Shape::Journal(Journal {
        table: "logs",
        columns: &["ts", "target", "feedback_log_body"],
        only: ("target", &[TARGET, "codex_exec"]),
        line,
        lines: &TRACE,
    }),
};

const ROOT: Root = Root {
    homes: &[
        Home::Variable("CODEX_HOME", ""),
        Home::Variable("CODEX_SQLITE_HOME", ""),
        Home::User(".codex*"),
        Home::Setting("config.toml", "sqlite_home"),
    ],
    logs: &["logs_*.sqlite", "sqlite/logs_*.sqlite"],
    endings: &[".sqlite"],
};

/// A row as the line that the same record is in a trace.
fn line(values: &[Option<String>], line: &mut String) {
    let [seconds, Some(target), Some(body)] = values else { return };
    let seconds = seconds.as_ref().and_then(|seconds| seconds.parse::<i64>().ok()).unwrap_or(0);
    let Some(time) = Time::from_millis(seconds.saturating_mul(1000)).and_then(|time| time.to_utc()) else { return };
    let body: String = body.chars().map(|c| if matches!(c, '\n' | '\r') { ' ' } else { c }).collect();
    let (said, spans) = tracing::spans(&body);
    let separator = if spans.is_empty() { "" } else { ": " };
    let time = time.format("%Y-%m-%dT%H:%M:%SZ");
    let _ = write!(line, "{time} TRACE {spans}{separator}{target}: {said}");
    let otel = Otel::read(said);
    let is_prompt = otel.has_text && otel.name == PROMPTED;
    if is_prompt && let Some((before, _)) = said.split_once(" prompt=") {
        // Whatever it says, it ends no tool's output.
        line.truncate(line.len() - said.len() + before.len());
    } else if otel.has_text && !ends_text(said) {
        line.push_str(" mcp_server= mcp_server_origin=");
    }
    line.push('\n');
}

#[cfg(test)]
mod tests {
    use super::line;

    fn lined(body: &str) -> String {
        let mut text = String::new();
        line(&[Some("1772438405".into()), Some("codex_otel.trace_safe".into()), Some(body.into())], &mut text);
        text
    }

    #[test]
    fn a_row_becomes_the_line_of_its_record() {
        let line = lined("session{id=a}:turn{n=\"1\"}: event.name=\"codex.sse_event\" event.kind=response.completed");
        assert_eq!(
            line,
            "2026-03-02T08:00:05Z TRACE session{id=a}:turn{n=\"1\"}: codex_otel.trace_safe: \
             event.name=\"codex.sse_event\" event.kind=response.completed\n"
        );
    }

    #[test]
    fn no_text_runs_on_into_the_next_row() {
        let line = lined("event.name=\"codex.tool_result\" output=one\ntwo");
        assert_eq!(line.lines().count(), 1);
        assert!(line.ends_with("output=one two mcp_server= mcp_server_origin=\n"), "{line}");
        let prompt =
            lined("event.name=\"codex.user_prompt\" prompt_length=9 prompt=one\nmcp_server= mcp_server_origin=");
        assert!(prompt.ends_with("event.name=\"codex.user_prompt\" prompt_length=9\n"), "{prompt}");
        let whole = lined("event.name=\"codex.tool_result\" output=\"one\"");
        assert!(whole.ends_with("output=\"one\"\n"), "{whole}");
    }
}
