//! `export`: a whole table for other programs.

use forge_usage::parse::Needs;
use forge_usage::render::{self, DataFormat};

use super::args::ExportArgs;
use super::{input, output, query};

/// Writes a table.
pub(super) fn run(args: &ExportArgs) -> anyhow::Result<u8> {
    let mut query = query::selection(&args.select, input::now())?;
    query.limit = args.limit.map(|limit| limit.get());
    let format = format(args)?;
    let needs = Needs { timing: args.table.needs.timing, quota: args.table.needs.quota };
    let input = input::read_with(&args.input, &args.output, needs)?;
    let rows = args.table.rows(&input.settled, &query);
    render::rows(&(args.table.columns)(), rows, format, &mut output::open(&args.output)?)?;
    Ok(input.exit_code(&args.input))
}

/// The format that was named, else that of the output's suffix.
fn format(args: &ExportArgs) -> anyhow::Result<DataFormat> {
    let short = [
        (args.csv, DataFormat::Csv),
        (args.parquet, DataFormat::Parquet),
        (args.jsonl, DataFormat::Jsonl),
        (args.json, DataFormat::Json),
    ];
    let short = short.into_iter().find_map(|(is_given, format)| is_given.then_some(format));
    if let Some(format) = args.format.or(short) {
        return Ok(format);
    }
    let suffix = output::file(&args.output).and_then(|path| path.extension()?.to_str());
    Ok(suffix.map_or(Ok(DataFormat::Csv), DataFormat::from_suffix)?)
}
