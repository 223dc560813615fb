//! Text becomes events. Pure: it knows nothing of files, and what it says holds nothing that an
//! agent wrote.
//!
//! A chunk of a source gives *candidates* ([`Mark`]s): what a line would mean if it stands where its
//! writer puts it. Chunks can be cut at any line end and scanned in parallel. One ordered pass over
//! the source ([`SourceReader`]) decides which candidates stand. CONTRIBUTING.md says what a new format
//! needs.
//!
//! # Modules
//!
//! | Modules | Hold |
//! | --- | --- |
//! | `lines`, `digits`, `json`, `plain`, `debug`, `tracing`, `marker` | how what writers print is read: lines, numbers, JSON, Rust's `{:?}`, trace lines, forge's own lines |
//! | `blocks`, `pairs`, `needles` | where in many bytes there is anything to read |
//! | `mark`, `latest`, `timing`, `growth`, `seen` | what a line would mean |
//! | `chunk`, `edges`, `scan`, `weave` | a chunk's candidates |
//! | `format`, `document`, `session` | what a format is, and what several share: JSON documents, session logs |
//! | `anthropic`, `claude`, `openai`, `codex_otel` | what several formats of one maker share |
//! | `ledger`, `loop_log`, `codex_trace`, `codex_exec`, `codex_exec_json`, `codex_rollout`, `claude_stream`, `claude_session`, `opencode`, `pi`, `gemini`, `droid`, `events` | the formats, a file or a folder each |
//! | `formats`, `detect` | the list of them, and which one a source is of |
//! | `region`, `content`, `prompts`, `sink`, `reader` | the ordered pass: what stands, and what is content |
//! | `survey` | what of a source is not understood, for `doctor` |

mod anthropic;
mod blocks;
mod chunk;
mod claude;
mod claude_session;
mod claude_stream;
mod codex_exec;
mod codex_exec_json;
mod codex_otel;
mod codex_rollout;
mod codex_trace;
mod content;
mod debug;
mod detect;
mod digits;
mod document;
mod droid;
mod edges;
mod events;
mod format;
mod formats;
mod gemini;
mod growth;
mod json;
mod latest;
mod ledger;
mod lines;
mod loop_log;
mod mark;
mod marker;
mod needles;
mod openai;
mod opencode;
mod pairs;
mod pi;
mod plain;
mod prompts;
mod reader;
mod region;
mod scan;
mod seen;
mod session;
mod sink;
mod survey;
mod timing;
mod tracing;
mod weave;

#[cfg(test)]
mod tests;

pub use self::chunk::Chunk;
pub use self::format::{FileName, Format, Home, Journal, LOOK, Root, Rows};
pub use self::formats::{FORMATS, databases, detect, detect_named, is_anothers, is_events, journals};
pub use self::mark::Mark;
pub use self::reader::{SourceReader, line_too_long, read_document, read_events, read_row};
pub use self::seen::Seen;
pub use self::survey::{Survey, Unknown};
