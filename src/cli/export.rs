//! `export`: a whole table for other programs.

use forge_usage::render::{self, Format};
use forge_usage::table;

use super::args::{ExportArgs, ExportFormat, ExportTable};
use super::{input, output, query};

/// Writes a table.
pub(super) fn run(args: &ExportArgs) -> anyhow::Result<u8> {
    let query = query::selection(&args.select, input::now())?;
    let format = format(args)?;
    let input = input::read(&args.input, &args.output)?;
    let table = match args.table {
        ExportTable::Runs => table::runs(&input.settled, &query)?,
    };
    render::table(&table, format, &mut output::open(&args.output)?)?;
    Ok(input.exit_code(&args.input))
}

/// The format that was named, else that of the output's suffix.
fn format(args: &ExportArgs) -> anyhow::Result<Format> {
    let suffix = output::file(&args.output).and_then(|path| path.extension()?.to_str());
    Ok(match (args.format, suffix) {
        (Some(ExportFormat::Csv), _) | (None, None | Some("csv")) => Format::Csv,
        (Some(ExportFormat::Jsonl), _) | (None, Some("jsonl" | "ndjson")) => Format::Jsonl,
        (None, Some(suffix)) => anyhow::bail!("no export format has the suffix .{suffix}; give --format csv or jsonl"),
    })
}
