//! Which format a source is of, told by what it begins with.

use super::format::{Format, Shape};

/// The first of these formats that a source which begins with `head` is of.
///
/// Its first line decides: further down a tool may print lines of any format. Where that line tells nothing, as noise
/// before the first record or a torn one, whatever of its own a format finds further down does.
pub(super) fn among(formats: &[&'static Format], head: &[u8]) -> Option<&'static Format> {
    let first = first_line(head);
    let by_first = formats.iter().find(|format| is_of_lines(format) && (format.sniff)(first));
    by_first.or_else(|| formats.iter().find(|format| (format.sniff)(head))).copied()
}

/// The first line that isn't blank, with its end if that is in view, and with the byte order mark before it.
fn first_line(head: &[u8]) -> &[u8] {
    let from = head.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(head.len());
    let end = memchr::memchr(b'\n', &head[from..]).map_or(head.len(), |end| from + end + 1);
    &head[from..end]
}

/// Whether a line of it can be told alone: of a document all must be in view.
fn is_of_lines(format: &Format) -> bool {
    !matches!(format.shape, Shape::Document(_))
}

#[cfg(test)]
mod tests {
    use crate::parse::detect;

    const TRACE: &str =
        "2026-05-12T07:03:00.000000Z  INFO codex_otel::traces::otel_manager: event.name=\"codex.tool_result\" output=x";
    const HEADER: &str = "OpenAI Codex v0.98.0 (research preview)";
    const MARKER: &str = "[2026-05-12T07:00:00Z] loop started";
    const SESSION: &str = r#"{"parentUuid":null,"isSidechain":false,"sessionId":"s","type":"assistant","uuid":"u"}"#;
    const STREAM: &str = r#"{"type":"system","subtype":"init","session_id":"s","model":"m"}"#;
    const ROLLOUT: &str = r#"{"timestamp":"2026-05-12T07:03:00.000Z","type":"session_meta","payload":{"id":"s"}}"#;
    const PI: &str = r#"{"type":"session","id":"s","timestamp":"2026-05-12T07:03:00.000Z"}"#;
    const DROID: &str = r#"{"type":"session_start","id":"s"}"#;
    const EXEC: &str = r#"{"type":"thread.started","thread_id":"s"}"#;

    /// Lines of formats, with their names.
    const RECORDS: [(&str, &str); 6] = [
        (SESSION, "claude-session"),
        (STREAM, "claude-stream-json"),
        (ROLLOUT, "codex-rollout"),
        (PI, "pi-session"),
        (DROID, "droid-session"),
        (EXEC, "codex-exec-json"),
    ];
    const TEXTS: [(&str, &str); 3] = [(TRACE, "codex-trace"), (HEADER, "codex-exec"), (MARKER, "forge-loop-log")];

    fn name(lines: &[&str]) -> Option<&'static str> {
        detect((lines.join("\n") + "\n").as_bytes()).map(|format| format.name)
    }

    #[test]
    fn whatever_a_tool_prints_the_first_line_decides() {
        let all = || RECORDS.iter().chain(&TEXTS);
        for ((first, expected), (printed, _)) in all().flat_map(|first| all().map(move |printed| (first, printed))) {
            assert_eq!(name(&[first, printed, printed]), Some(*expected), "{printed}");
            assert_eq!(name(&["", &format!("\u{feff}{first}"), printed]), Some(*expected), "{printed}");
        }
    }

    #[test]
    fn what_programs_print_of_a_session_is_no_session() {
        assert_eq!(name(&[PI, r#"{"type":"agent_start"}"#, r#"{"type":"turn_start"}"#]), None);
        assert_eq!(
            name(&[PI, r#"{"type":"message","message":{"content":"{\"type\":\"agent_start\"}"}}"#]),
            Some("pi-session")
        );
        let part =
            r#"{"type":"step_start","timestamp":1,"sessionID":"ses_1","part":{"id":"prt_1","messageID":"msg_1"}}"#;
        assert_eq!(name(&[part, part]), None);
        assert_eq!(name(&[r#"{"id":"msg_1","sessionID":"ses_1","role":"user","title":"part"}"#]), Some("opencode"));
    }

    #[test]
    fn text_is_told_before_the_records_that_it_quotes_where_noise_comes_first() {
        for (text, expected) in &TEXTS[..2] {
            for (record, _) in RECORDS {
                assert_eq!(name(&["   Compiling demo v0.1.0", record, text]), Some(*expected), "{record}");
            }
        }
    }

    #[test]
    fn noise_and_torn_lines_before_the_first_record_tell_nothing() {
        for (line, expected) in RECORDS.iter().chain(&TEXTS[..2]) {
            assert_eq!(name(&["npm warn deprecated", line]), Some(*expected));
            assert_eq!(name(&[&line[line.len() / 2..], line]), Some(*expected));
            assert_eq!(name(&[&line[..line.len() - 9], line]), Some(*expected));
        }
    }

    #[test]
    fn records_of_other_harnesses_in_the_shape_of_claudes_are_of_no_format() {
        let qwens = [
            r#"{"type":"system","subtype":"init","uuid":"s","session_id":"s","mcp_servers":[],"qwen_code_version":"0.25.0"}"#,
            r#"{"type":"user","uuid":"u","session_id":"s","message":{"role":"user","content":[]}}"#,
            r#"{"type":"assistant","uuid":"a","session_id":"s","message":{"id":"a","usage":{"input_tokens":0}}}"#,
            r#"{"type":"result","uuid":"r","session_id":"s","usage":{"input_tokens":9,"total_tokens":10}}"#,
        ];
        for from in [0, 2, 3] {
            assert_eq!(name(&qwens[from..]), None, "{from}");
            assert_eq!(name(&["npm warn deprecated", &qwens[from..].join("\n")]), None, "{from}");
            let array = qwens[from..].join(",\n");
            assert_eq!(name(&[&format!("[{array}]")]), None, "{from}");
        }
        // In an array that goes on beyond what is in view.
        assert_eq!(name(&[&format!("[{},{{\"type\":\"user\",\"uuid\":\"x", qwens[0])]), None);
        let droids = [
            r#"{"type":"message","role":"user","id":"m","session_id":"s","text":"Go."}"#,
            r#"{"type":"completion","session_id":"s","finalText":"Done."}"#,
            r#"{"type":"result","session_id":"s","usage":{"input_tokens":9,"factory_credits":10}}"#,
        ];
        // What they begin with may be Claude's, too.
        let begun = r#"{"type":"system","subtype":"init","cwd":"/srv/meadow","session_id":"s","tools":[],"model":"m"}"#;
        for record in droids {
            assert_eq!(name(&[begun, record]), None, "{record}");
        }
        let answer = r#"{"type":"assistant","session_id":"s","message":{"usage":{"input_tokens":9}}}"#;
        assert_eq!(name(&[begun, answer]), Some("claude-stream-json"));
        let cursors = r#"{"type":"result","session_id":"s","request_id":"r","usage":{"inputTokens":9}}"#;
        for record in [droids[2], cursors] {
            assert_eq!(name(&[record]), None, "{record}");
            assert_eq!(name(&[&record.replace(",\"", ",\n  \"")]), None, "{record}");
        }
        // Claude Code's own, of versions of 2025 and 2026.
        for record in [
            r#"{"type":"system","subtype":"init","session_id":"s","tools":[],"mcp_servers":[]}"#,
            r#"{"type":"assistant","session_id":"s","message":{"id":"msg_1","usage":{"total_tokens":3}}}"#,
            r#"{"type":"result","session_id":"s","cost_usd":0.1,"result":"x"}"#,
            r#"{"type":"result","session_id":"s","total_cost_usd":0.1,"usage":{"input_tokens":9}}"#,
        ] {
            assert_eq!(name(&[record]), Some("claude-stream-json"), "{record}");
        }
    }

    #[test]
    fn a_session_log_of_qwens_is_of_no_format() {
        let log = [
            r#"{"uuid":"a","parentUuid":null,"sessionId":"s","type":"user","version":"0.15.0","message":{"role":"user","parts":[]}}"#,
            r#"{"uuid":"b","parentUuid":"a","sessionId":"s","type":"system","subtype":"ui_telemetry","systemPayload":{}}"#,
            r#"{"uuid":"c","parentUuid":"b","sessionId":"s","type":"assistant","model":"m","usageMetadata":{},"message":{"role":"model","parts":[]}}"#,
        ];
        for from in 0..log.len() {
            assert_eq!(name(&log[from..]), None, "{from}");
        }
    }

    #[test]
    fn records_that_quote_a_text_within_a_string_are_no_text() {
        for (record, expected) in RECORDS {
            let quote = format!("{{\"said\":\"x\\n{TRACE}\\n{HEADER}\"}}").replace("=\"codex", "=\\\"codex");
            assert_eq!(name(&["banner", &quote, record]), Some(expected));
        }
    }
}
