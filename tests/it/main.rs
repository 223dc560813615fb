//! The binary from outside: fixtures, flags, bad input, hostile input.
//!
//! Everything here runs the built program; of the library no more than the list of its tables is known.

mod archives;
mod below_zero;
mod budgets;
mod cases;
mod caveats;
mod cli;
mod config;
mod copies;
mod database;
mod destination;
mod dimensions;
mod docs;
mod doctor;
mod events;
mod explain;
mod export;
mod flags;
mod hostile;
mod hours;
mod input;
mod joins;
mod latency;
mod limits;
#[cfg(unix)]
mod links;
mod media;
#[cfg(target_os = "linux")]
mod memory;
mod opencode;
mod own_prices;
#[cfg(unix)]
mod permissions;
mod prices;
mod schema;
mod sessions;
#[path = "../shapes/mod.rs"]
mod shapes;
mod suffixes;
mod support;
#[cfg(unix)]
mod terminal;
mod unplaced;
mod verdicts;
mod writers;
