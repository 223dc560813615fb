//! `schema`: what the columns of the tables mean.

use forge_usage::render;
use forge_usage::table::schema;

use super::args::SchemaArgs;
use super::{FINE, output};

/// Prints the columns of one table or of all.
pub(super) fn run(args: &SchemaArgs) -> anyhow::Result<u8> {
    let mut tables = schema::all();
    if let Some(name) = &args.table {
        tables.retain(|table| table.name == name);
    }
    output::write_to(args.output.as_deref(), |out| Ok(render::schema(&tables, args.format.into(), out)?))?;
    Ok(FINE)
}
