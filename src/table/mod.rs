//! Facts become tables. The only room that uses polars.
//!
//! # Modules
//!
//! From the ground up:
//!
//! | Modules | Hold |
//! | --- | --- |
//! | `cell`, `kind`, `columns`, `frame` | what a table is |
//! | `time_cut`, `dimension`, `filter`, `values`, `found`, `query`, `latest`, `walk` | which rows are asked for, and by what they are grouped |
//! | `cost`, `share`, `money`, `token_sum`, `sum`, `median`, `per_run`, `tally` | what rows cost, and what they come to |
//! | `group`, `unplaced`, `overlap`, `order` | the rows of a report |
//! | `digits`, `caveat`, `sources`, `warning_code`, `warnings` | what its reader should know |
//! | `report`, `latency` | reports |
//! | `usage`, `runs`, `calls`, `timing`, `conversations`, `tools`, `quota`, `prices` | the rows of whole tables, a file each, and what some of them share |
//! | `definition`, `catalogue` | what a whole table is, and the list of them |
//! | `answers`, `verdict` | what a check of budgets asks and finds, so that `budget` needs no fold |
//! | `doctor`, `explain` | what was found in sources, and where one number comes from |

mod answers;
mod calls;
mod catalogue;
mod caveat;
mod cell;
mod columns;
mod conversations;
mod cost;
mod definition;
mod digits;
mod dimension;
pub mod doctor;
pub mod explain;
mod filter;
mod found;
mod frame;
mod group;
mod kind;
mod latency;
mod latest;
mod median;
mod money;
mod order;
mod overlap;
mod per_run;
mod prices;
mod query;
mod quota;
mod report;
mod runs;
mod share;
mod sources;
mod sum;
mod tally;
mod time_cut;
mod timing;
mod token_sum;
mod tools;
mod unplaced;
mod usage;
mod values;
pub mod verdict;
mod walk;
mod warning_code;
mod warnings;

pub use crate::event::{Defect, Skipped};
pub use answers::Answers;
pub use catalogue::TABLES;
pub use caveat::{PriceNote, price_book};
pub use cell::Cell;
pub use cost::{CostMode, Options as PriceOptions, price};
pub use definition::{Definition, Rows};
pub use dimension::Dimension;
pub use doctor::Examination;
pub use filter::Filter;
pub use frame::{Builder, Table};
pub use latency::latency;
pub use prices::{BookOrigin, OF_A_NAME, PRICES, PriceOrigin, PriceSubject, prices};
pub use query::{Query, Sort};
pub use quota::{Readings, readings};
pub use report::{Report, Slowest, Window, report};
pub use sources::Sources;
pub use time_cut::{date, start_of_day};
pub use warning_code::WarningCode;
pub use warnings::{Warning, is_loss, warnings};

// What `budget` and `render` ask for, and no other program.
pub(crate) use digits::grouped;
pub(crate) use overlap::Overlap;
pub(crate) use tally::Tally;
pub(crate) use unplaced::wider;

/// The public schema: every column of every table, defined once. All outputs and docs follow it.
pub mod schema {
    pub use super::catalogue::all;
    pub use super::columns::{BY_QUALITY, Column, Kind, SCHEMA_VERSION, TableSchema, measures};
}
