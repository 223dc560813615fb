//! What coding-agent runs cost, in tokens, money and time: read from what the agents' harnesses
//! leave behind, and right, or a stated floor, or blank.
//!
//! Data flows one way, and each room knows only what comes before it:
//!
//! 1. [`source`] turns paths into chunks of whole lines; it knows files and compression.
//! 2. [`parse`] turns chunks into [`event`]s: typed facts without content or identity. It knows
//!    formats, and who may write what where.
//! 3. [`fold`] sums events up by what the harness wrote (call keys, counters, run ids), so that the
//!    order and number of sources don't matter, and weighs each run's witnesses.
//! 4. [`price`] knows what tokens cost: by model and day, exact to the pico-dollar.
//! 5. [`table`] gives rows their costs, and groups them under the columns of one schema.
//! 6. [`render`] writes tables as text, JSON, CSV or Markdown.
//!
//! [`pipeline`] runs the first three in parallel; [`config`] reads the user's file.
//!
//! ```no_run
//! use forge_usage::event::Time;
//! use forge_usage::{pipeline, source};
//!
//! # fn main() -> forge_usage::error::Result<()> {
//! let ledgers = source::discover(&[".forge/ledgers".into()])?;
//! let now = Time::parse("2026-11-22T12:00:00Z").expect("a valid time");
//! let settled = pipeline::read(ledgers, &pipeline::Options::at(now)).settle();
//! for owner in &settled.owners {
//!     println!("{}: {:?}", owner.quality.name(), owner.duration_ms());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The features `tables` (polars and the renderers) and `cli` (the program) are on by default;
//! without them the crate is the first four rooms.

#[cfg(feature = "tables")]
pub mod budget;
pub mod config;
pub mod error;
pub mod event;
pub mod fold;
pub mod parse;
pub mod pipeline;
pub mod price;
#[cfg(feature = "tables")]
pub mod render;
pub mod source;
#[cfg(feature = "tables")]
pub mod table;
