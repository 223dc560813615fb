//! Reads ledgers, logs and sessions, and prints what each model used.
//!
//! `cargo run --release --example table -- fixtures/sample/ledgers`

use forge_usage::error::Result;
use forge_usage::event::Time;
use forge_usage::table::{Dimension, Query, Sources};
use forge_usage::{pipeline, render, source, table};

fn main() -> Result<()> {
    let paths: Vec<_> = std::env::args_os().skip(1).map(Into::into).collect();
    let now = Time::from_micros(chrono::Utc::now().timestamp_micros());
    let outcome = pipeline::read(source::discover(&paths)?, &pipeline::Options::at(now));
    let query = Query { by: Some(vec![Dimension::from_name("model")?]), ..Query::default() };
    let report = table::report(&outcome.settle(), &query, Sources::default())?;
    render::report(&report, render::Format::Table, &render::Style::default(), &mut std::io::stdout())
}
