//! Every table there is. A new one is a file with its columns and its rows, and a line here.

use super::columns::{TOOL_NAME, TableSchema, measures};
use super::definition::Definition;
use super::dimension::Dimension;
use super::latency::columns::latency_measures;
use super::prices::{OF_A_NAME, PRICES};
use super::{calls, conversations, quota, runs, tools, usage};
use crate::error::{Result, unknown};

/// Those that can be exported, the fact table first.
pub static TABLES: [&Definition; 6] =
    [&usage::TABLE, &runs::TABLE, &calls::TABLE, &conversations::TABLE, &tools::TABLE, &quota::TABLE];

impl Definition {
    /// Finds a table by its name.
    pub fn from_name(name: &str) -> Result<&'static Definition> {
        TABLES.into_iter().find(|table| table.name == name).ok_or_else(|| {
            let known: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
            unknown("table", name, &known)
        })
    }
}

/// The columns of every table: those that can be exported, then the rows of a report, of a latency report and of
/// `prices`.
pub fn all() -> Vec<TableSchema> {
    let exported = TABLES.iter().map(|table| table.schema());
    let report = TableSchema {
        name: "report",
        about: "a group of usage rows: of the first columns those of --by, then all measures",
        columns: Dimension::columns().chain(measures()).collect(),
        optional: Dimension::columns().map(|column| column.name).collect(),
    };
    let of_latency = || Dimension::columns().chain([&TOOL_NAME]);
    let latency = TableSchema {
        name: "latency",
        about: "a group of times: of the first columns those of --by, then all measures",
        columns: of_latency().chain(latency_measures()).collect(),
        optional: of_latency().map(|column| column.name).collect(),
    };
    let prices = TableSchema {
        name: "prices",
        about: "what a model costs in a period, at a service tier, for prompts of a length; \
                the first two columns and `until` stand only where one model was asked for",
        columns: PRICES.iter().collect(),
        optional: OF_A_NAME.to_vec(),
    };
    exported.chain([report, latency, prices]).collect()
}
