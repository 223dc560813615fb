//! `export`: a whole table for other programs.

use std::io::IsTerminal;
use std::path::PathBuf;

use forge_usage::render::{self, DataFormat};
use forge_usage::table::schema::Kind;
use forge_usage::table::{self, Definition, Query, Sources, Warning};

use super::args::{ExportArgs, Exported};
use super::input::{Input, Request};
use super::partition::{Parts, refuse_foreign};
use super::replace::New;
use super::{clock, output, query};

/// Where a table goes.
enum Destination {
    Stdout,
    File(PathBuf),
    /// A folder that is replaced by one with a part for each date.
    Parts(PathBuf),
}

/// Writes a table.
pub(super) fn run(args: &ExportArgs) -> anyhow::Result<u8> {
    match args.table {
        Exported::Table(definition) => table(args, definition),
        Exported::Events => events(args),
    }
}

/// Events have neither rows to choose nor columns.
fn events(args: &ExportArgs) -> anyhow::Result<u8> {
    let is_jsonl = args.format.is_none_or(|format| format == DataFormat::Jsonl);
    anyhow::ensure!(
        is_jsonl && !(args.csv || args.parquet || args.json),
        "events are JSON Lines: no other format holds them"
    );
    let select = &args.select;
    let chooses = args.limit.is_some() || args.partition_by.is_some() || !select.filters.is_empty();
    let cuts = [&select.since, &select.until, &select.tz].into_iter().any(Option::is_some);
    anyhow::ensure!(!chooses && !cuts, "events are exported whole: no rows can be chosen");
    anyhow::ensure!(
        args.prices.is_default(),
        "events have no computed costs: leave --cost-mode and --service-tier out"
    );
    super::events::run(&args.input, &args.output)
}

fn table(args: &ExportArgs, definition: &'static Definition) -> anyhow::Result<u8> {
    let columns = (definition.columns)();
    let has_costs = columns.iter().any(|column| column.kind == Kind::Usd);
    anyhow::ensure!(
        has_costs || args.prices.is_default(),
        "{} has no costs: leave --cost-mode and --service-tier out",
        definition.name
    );
    let mut query = query::selection(&args.select, clock::now())?;
    query.limit = args.limit.map(|limit| limit.get());
    definition.check(&query)?;
    let format = format(args)?;
    let destination = destination(args, definition, format)?;
    let target = match &destination {
        Destination::File(path) => Some(path.as_path()),
        Destination::Stdout | Destination::Parts(_) => None,
    };
    let priced = args.prices.options();
    let needs = definition.needs;
    let input = Request { target, priced, needs, ..Request::new(&args.input, &args.output) }.read()?;
    let rows = definition.rows(&input.settled, &query);
    match destination {
        Destination::Stdout => output::write(&args.output, |out| Ok(render::rows(&columns, rows, format, out)?))?,
        Destination::File(path) => output::fill_file(&path, |out| Ok(render::rows(&columns, rows, format, out)?))?,
        Destination::Parts(folder) => {
            let date = columns.iter().position(|column| column.name == definition.date).unwrap_or(columns.len());
            let new = New::folder(&folder)?;
            Parts { columns: &columns, date, zone: query.zone, format }.write(rows, new.path())?;
            new.commit()?;
        }
    }
    output::warn(&warnings(&input, has_costs, &query)?, &args.output, &args.input);
    Ok(input.exit_code(&args.input))
}

/// What the reader of a table should know, which no data format holds; of prices where the table has costs.
fn warnings(input: &Input, has_costs: bool, query: &Query) -> anyhow::Result<Vec<Warning>> {
    if !has_costs {
        return Ok(table::warnings(&input.settled));
    }
    let whole = Query { by: Some(Vec::new()), limit: None, ..query.clone() };
    Ok(table::report(&input.settled, &whole, Sources::default())?.warnings)
}

/// Finds out where to write, before anything is read.
fn destination(args: &ExportArgs, definition: &Definition, format: DataFormat) -> anyhow::Result<Destination> {
    let Some(path) = output::file(&args.output) else {
        anyhow::ensure!(args.partition_by.is_none(), "--partition-by writes a folder: give -o DIR");
        let is_binary = format == DataFormat::Parquet;
        anyhow::ensure!(!is_binary || !std::io::stdout().is_terminal(), "Parquet is no text: give -o FILE");
        return Ok(Destination::Stdout);
    };
    if args.partition_by.is_some() {
        refuse_foreign(path)?;
        return Ok(Destination::Parts(path.to_owned()));
    }
    let name = format!("{}.{}", definition.name, format.name());
    Ok(Destination::File(output::in_folder(path, &name)?))
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
    // A folder's name may hold a dot and mean nothing by it.
    let file = output::file(&args.output).filter(|path| args.partition_by.is_none() && !path.is_dir());
    Ok(output::suffix(file).map_or(Ok(DataFormat::Csv), DataFormat::from_suffix)?)
}
