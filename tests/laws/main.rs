//! Laws of the library, as property tests: whatever is read, however it is cut, shared out, copied
//! or damaged.
//!
//! Needs no polars: `cargo test --no-default-features --test laws`.

mod bounds;
#[cfg(feature = "tables")]
mod budgets;
mod chunks;
mod claude;
mod clockwork;
mod damage;
mod exact;
mod forge;
mod forks;
mod join;
mod kit;
mod latency;
mod order;
mod prices;
mod printed;
mod prompts;
mod rooms;
mod sessions;
#[path = "../shapes/mod.rs"]
mod shapes;
mod stream;
#[cfg(feature = "tables")]
mod tables;
mod threads;
mod truth;
mod witnesses;
mod world;
