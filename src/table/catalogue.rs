//! Every table there is. A new one is a file with its columns and its rows, and a line here.

use super::columns::{TableSchema, measures};
use super::definition::Definition;
use super::dimension::Dimension;
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

/// The columns of every table: those that can be exported, then the rows of a report.
pub fn all() -> Vec<TableSchema> {
    let exported = TABLES.iter().map(|table| table.schema());
    let columns = Dimension::columns().chain(measures()).collect();
    let about = "a group of usage rows: of the first columns those of --by, then all measures";
    let optional = Dimension::columns().map(|column| column.name).collect();
    exported.chain([TableSchema { name: "report", about, columns, optional }]).collect()
}
