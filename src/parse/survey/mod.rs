//! What sources hold that nobody reads: kinds of records and of counts that are not known here, by the harness and
//! its version. `doctor` alone looks for them, in a reading of its own.
//!
//! Names come from where a harness writes them, but an agent can print lines like a harness's: only short names are
//! taken, of letters, digits and a few marks, and of so many different ones that memory stays small.

mod words;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::codex_otel::{COUNTS, EVENTS, TARGET};
use super::format::{Format, Shape};
use super::json::Text;
use super::lines::clean;
use super::tracing;
use words::{USAGE, WORDS};

/// The most different names that are kept.
const MOST_NAMES: usize = 1000;

/// The longest name that is taken for one.
const LONGEST_NAME: usize = 64;

/// What sources hold, told by names alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// What nobody reads, and how often it was met.
    pub unknown: BTreeMap<Unknown, u64>,
    /// Versions of harnesses, and how many records tell them.
    pub versions: BTreeMap<(&'static str, String), u64>,
    /// Names that were left out, as there were too many.
    pub left_out: u64,
    /// The version that the latest record of a harness told.
    current: Option<(&'static str, String)>,
}

/// A kind of record, or of counts in it, that nobody reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    /// The harness that writes such lines.
    pub harness: &'static str,
    /// Its version, as the records before it tell.
    pub version: Option<String>,
    /// What is unknown: `event`, `type`, `field`.
    pub what: &'static str,
    /// Its name.
    pub name: String,
}

#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow, default)]
    r#type: Text<'a>,
    #[serde(borrow, default)]
    version: Text<'a>,
    #[serde(borrow, default)]
    claude_code_version: Text<'a>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message {
    usage: Option<BTreeMap<String, IgnoredAny>>,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow, default)]
    cli_version: Text<'a>,
}

impl Survey {
    /// Takes a line of a source of this format.
    pub fn line(&mut self, format: &Format, line: &[u8]) {
        let line = clean(line);
        if tracing::starts_record(&line) {
            return self.trace(&line);
        }
        if line.starts_with('{') {
            self.json(format, &line);
        }
    }

    fn trace(&mut self, line: &str) {
        let Some(record) = tracing::record(line).filter(|record| record.target.starts_with(TARGET)) else {
            return;
        };
        let mut event = None;
        for field in tracing::fields(record.body) {
            match field.key {
                // Free text may look like fields.
                "arguments" | "output" | "prompt" => break,
                "event.name" if event.is_none() => event = Some(field.value),
                "app.version" => self.version("codex", field.value),
                key if key.ends_with("_token_count") && !COUNTS.contains(&key) => self.unknown("codex", "field", key),
                _ => {}
            }
        }
        if let Some(event) = event.filter(|event| !EVENTS.contains(event)) {
            self.unknown("codex", "event", event);
        }
    }

    fn json(&mut self, format: &Format, line: &str) {
        let Ok(record) = serde_json::from_str::<Record<'_>>(line) else { return };
        // In a ledger only the lines of stream-json are told by themselves.
        let is_inside = matches!(format.shape, Shape::Ledger | Shape::LoopLog);
        let name = if is_inside { "claude-stream-json" } else { format.name };
        let Some(words) = WORDS.iter().find(|words| words.formats.contains(&name)) else { return };
        let harness = if is_inside { "claude" } else { format.harness.unwrap_or("forge") };
        let payload = record.payload.and_then(|payload| serde_json::from_str::<Payload<'_>>(payload.get()).ok());
        let told = [&record.claude_code_version, &record.version].into_iter().filter_map(Text::get);
        if let Some(version) = told.chain(payload.as_ref().and_then(|payload| payload.cli_version.get())).next() {
            self.version(harness, version);
        }
        // Old rollouts are bare items, whose types are those of the API.
        let is_bare = format.name == "codex-rollout" && record.payload.is_none();
        let is_quiet = is_bare || (is_inside && !line.contains("\"session_id\""));
        if let Some(kind) = record.r#type.get().filter(|kind| !is_quiet && !words.types.contains(kind)) {
            self.unknown(harness, "type", kind);
        }
        let is_assistant = harness == "claude" && record.r#type.is("assistant");
        let message = record.message.filter(|_| is_assistant);
        let usage = message.and_then(|message| serde_json::from_str::<Message>(message.get()).ok()?.usage);
        for field in usage.iter().flat_map(BTreeMap::keys) {
            if field.contains("tokens") && !USAGE.contains(&field.as_str()) {
                self.unknown(harness, "field", field);
            }
        }
    }

    fn version(&mut self, harness: &'static str, version: &str) {
        if !is_name(version) {
            return;
        }
        let key = (harness, version.to_owned());
        if self.versions.len() < MOST_NAMES || self.versions.contains_key(&key) {
            *self.versions.entry(key.clone()).or_default() += 1;
        }
        self.current = Some(key);
    }

    fn unknown(&mut self, harness: &'static str, what: &'static str, name: &str) {
        let current = self.current.as_ref().filter(|(current, _)| *current == harness);
        let version = current.map(|(_, version)| version.clone());
        let unknown = Unknown { harness, version, what, name: name.to_owned() };
        if !is_name(name) || (self.unknown.len() >= MOST_NAMES && !self.unknown.contains_key(&unknown)) {
            self.left_out += 1;
            return;
        }
        *self.unknown.entry(unknown).or_default() += 1;
    }

    /// What both sources hold.
    pub fn merge(mut self, other: Survey) -> Survey {
        self.left_out += other.left_out;
        for (unknown, count) in other.unknown {
            *self.unknown.entry(unknown).or_default() += count;
        }
        for (version, count) in other.versions {
            *self.versions.entry(version).or_default() += count;
        }
        self
    }
}

fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b':' | b'+');
    !text.is_empty() && text.len() <= LONGEST_NAME && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::Survey;
    use crate::parse::FORMATS;

    fn survey(format: &str, lines: &[&str]) -> Vec<(String, u64)> {
        let format = FORMATS.iter().find(|known| known.name == format).expect("a format");
        let mut survey = Survey::default();
        lines.iter().for_each(|line| survey.line(format, line.as_bytes()));
        let name = |version: &Option<String>| version.clone().unwrap_or_default();
        let told = survey.unknown.iter();
        told.map(|(unknown, count)| (format!("{} {} {}", name(&unknown.version), unknown.what, unknown.name), *count))
            .collect()
    }

    #[test]
    fn an_event_that_nobody_knows_is_counted_by_version() {
        let line = |event: &str, more: &str| {
            format!(
                "2026-05-12T07:03:16.926349Z  INFO codex_otel::traces::otel_manager: event.name=\"{event}\" \
                 event.timestamp=2026-05-12T07:03:16.926Z app.version=0.99.0 {more}"
            )
        };
        let lines = [
            line("codex.sse_event", "input_token_count=3 audio_token_count=4"),
            line("codex.dream", "a=1"),
            line("codex.dream", "prompt=\"x\" nightmare_token_count=5"),
        ];
        let told = survey("codex-trace", &lines.each_ref().map(String::as_str));
        let expected = [("0.99.0 event codex.dream".to_owned(), 2), ("0.99.0 field audio_token_count".to_owned(), 1)];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_type_or_a_count_that_nobody_knows_is_told() {
        let told = survey(
            "claude-session",
            &[
                r#"{"type":"user","version":"2.9.1","sessionId":"s"}"#,
                r#"{"type":"assistant","version":"2.9.1","message":{"usage":{"input_tokens":1,"video_tokens":2,"service_tier":"x"}}}"#,
                r#"{"type":"telepathy","version":"2.9.1"}"#,
            ],
        );
        assert_eq!(told, [("2.9.1 field video_tokens".to_owned(), 1), ("2.9.1 type telepathy".to_owned(), 1)]);
    }

    #[test]
    fn what_may_be_a_text_is_no_name() {
        assert!(
            survey("claude-session", &[r#"{"type":"OPEN SESAME, my dear"}"#, r#"{"type":"a@example.test"}"#])
                .is_empty()
        );
    }
}
