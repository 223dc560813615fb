//! What coding-agent runs cost, in tokens, money and time: read from what the agents' harnesses
//! leave behind, and right, or a stated floor, or blank.
//!
//! Data flows one way, and each room knows only what comes before it:
//!
//! 1. [`source`] turns paths into chunks of whole lines; it knows files and compression.
//! 2. [`parse`] turns chunks into [`event`]s: typed facts without content or identity, each with its
//!    place. It knows formats ([`parse::FORMATS`]), and who may write what where.
//! 3. [`fold`] sums events up by what the harness wrote (call keys, counters, run ids), so that the
//!    order and number of sources don't matter, and weighs each run's witnesses: [`fold::Settled`].
//! 4. [`price`] knows what tokens cost: by model and day, exact to the pico-dollar.
//! 5. `table` gives rows their costs under the columns of one schema (`table::schema`): whole tables
//!    (`table::TABLES`), and reports that group the rows of the fact table.
//! 6. `render` writes them: text, JSON, CSV, Markdown, Parquet. `budget` holds them against a policy.
//!
//! [`pipeline`] runs the first three in parallel ([`pipeline::read`]), or hands the events out as
//! they are read ([`pipeline::events`]). [`config`] reads the user's file. Nothing prints. [`source`]
//! and [`config`] open files, and so does [`pipeline`] with a file that was found, to read its parts in
//! parallel; no other room touches one.
//!
#![cfg_attr(feature = "tables", doc = "```")]
#![cfg_attr(not(feature = "tables"), doc = "```ignore")]
//! use forge_usage::event::Time;
//! use forge_usage::table::{Definition, Dimension, Query, Sources};
//! use forge_usage::{pipeline, render, source, table};
//!
//! # fn main() -> forge_usage::error::Result<()> {
//! let ledgers = source::discover(&["fixtures/sample/ledgers".into()])?;
//! let now = Time::parse("2026-11-22T12:00:00Z").expect("a valid time");
//! let settled = pipeline::read(ledgers, &pipeline::Options::at(now)).settle();
//!
//! // A report: groups of the fact table's rows.
//! let query = Query { by: Some(vec![Dimension::from_name("loop")?]), ..Query::default() };
//! let report = table::report(&settled, &query, Sources::default())?;
//! let mut screen = Vec::new();
//! render::report(&report, render::Format::Table, &render::Style::default(), &mut screen)?;
//! assert!(String::from_utf8_lossy(&screen).contains("rust-core"));
//!
//! // A whole table, row by row: each is made when it is its turn.
//! let runs = Definition::from_name("runs")?;
//! let mut file = Vec::new();
//! render::rows(&(runs.columns)(), runs.rows(&settled, &query), render::DataFormat::Parquet, &mut file)?;
//! assert!(file.starts_with(b"PAR1"));
//! # Ok(())
//! # }
//! ```
//!
//! The features `tables` (polars, reports, renderers, budgets), `sqlite` (the databases of opencode and Codex) and `cli`
//! (the program) are on by default; without them the crate reads files and prices them.

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
