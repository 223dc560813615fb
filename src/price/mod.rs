//! Tokens become money: prices by model and day, exact to the pico-dollar.
//!
//! [`Prices`] are the embedded book and what the user's file adds. [`Prices::find`] gives the [`Entry`] for a model's
//! name, and [`Entry::cost`] what tokens cost: exactly, or between bounds, or not at all.
//!
//! The book is made by `import` from public data; it says what was listed and when. What wasn't listed follows
//! from the rules in `rules.rs`, which names are the same model from those in `name.rs`, which of the book's entries
//! one of the user's replaces from those in `own.rs`.

mod book;
mod cost;
mod entry;
mod find;
mod import;
mod like;
mod name;
mod own;
mod pick;
mod rules;
mod shelf;
mod tier;
mod user;

pub use book::Head;
pub use cost::{Cost, Span, Tokens};
pub use entry::{Entry, OffPeak, Period, Rates, Step};
pub use find::{Found, Prices};
// For `examples/price-book.rs`, by which maintainers put snapshots into the book: of no use to any other program.
#[doc(hidden)]
pub use import::import;
pub use tier::TIERS;
pub use user::schema;
