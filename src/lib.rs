//! What coding-agent runs cost.
pub mod error;
pub mod event;
pub mod fold;
pub mod parse;
pub mod pipeline;
#[cfg(feature = "tables")]
pub mod render;
pub mod source;
#[cfg(feature = "tables")]
pub mod table;
