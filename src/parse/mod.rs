//! Text becomes events. Pure: it knows nothing of files, and what it says holds nothing that an
//! agent wrote.
//!
//! A chunk of a source gives *candidates* ([`Mark`]s): what a line would mean if it stands where its
//! writer puts it. Chunks can be cut at any line end and scanned in parallel. One ordered pass over
//! the source ([`SourceReader`]) decides which candidates stand. CONTRIBUTING.md says what a new format
//! needs.

mod anthropic;
mod blocks;
mod chunk;
mod claude;
mod claude_session;
mod claude_stream;
mod codex_exec;
mod codex_exec_json;
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
pub use self::format::{Format, Home, Journal, LOOK, Root, Rows};
pub use self::formats::{FORMATS, databases, detect, is_events, journals};
pub use self::mark::Mark;
pub use self::reader::{SourceReader, line_too_long, read_document, read_events, read_row};
pub use self::seen::Seen;
pub use self::survey::{Survey, Unknown};
