//! Codex traces: the text that `RUST_LOG` makes Codex write, in `~/.codex/log` or on its output.
//!
//! What counts are the `response.completed` events of `codex_otel` that carry counts, and the
//! `TokenCount` Debug events of `codex_exec`, whose `SessionConfigured` tells the model where no call
//! does. Tool results run over many lines and end with `mcp_server=… mcp_server_origin=…`; what they
//! hold is content.

mod configured;
mod database;
mod debug_text;
mod head;
mod log;
mod named;
mod otel;
mod prompt;
mod timing;
mod token_count;
mod tool_result;
mod usual;

pub(in crate::parse) use database::FORMAT as DATABASE;
pub(in crate::parse) use log::FORMAT;
