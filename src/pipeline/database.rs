//! A database becomes events, table after table.

use std::ops::ControlFlow;
use std::path::Path;

use super::produce::{Named, bare};
use crate::event::{Fact, Id, Loss, Skipped, Source};
use crate::parse;
use crate::source::Database;

/// Hands on what the rows of a database of this host tell; why, if they can't be read.
pub(super) fn read(path: &Path, host: Option<Id>, out: &mut Named<'_, '_>) -> Result<(), String> {
    let database = Database::open(path).map_err(|error| error.to_string())?;
    let is_of =
        |tables: &[parse::Rows]| tables.first().is_some_and(|first| database.has_table(first.table, first.columns));
    let Some((format, tables)) = parse::databases().find(|(_, tables)| is_of(tables)) else {
        let reason = "a database of no known format".to_owned();
        out.push(bare(0, Fact::Skipped(Skipped { reason, loss: Loss::None })));
        return Ok(());
    };
    out.push(bare(0, Fact::Source(Source { format: format.name.into(), host })));
    let mut position = 0;
    for rows in tables.iter().filter(|rows| database.has_table(rows.table, rows.columns)) {
        let read = database.rows(rows.table, rows.columns, &mut |values| {
            if let Some(event) = parse::read_row(rows, values, position) {
                out.push(event);
            }
            position += 1;
            if out.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        read.map_err(|error| error.to_string())?;
    }
    Ok(())
}
