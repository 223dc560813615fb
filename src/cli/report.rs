//! `report`, and its short forms.

use forge_usage::render::{self, Format};
use forge_usage::table;

use super::args::ReportArgs;
use super::{input, output, query};

/// Prints a report; `fixed` is the dimension of a short form.
pub(super) fn run(args: &ReportArgs, fixed: Option<&str>) -> anyhow::Result<u8> {
    // A typo should not cost a long reading.
    let query = query::of_report(args, fixed, input::now())?;
    let input = input::read(&args.input, &args.output)?;
    let code = input.exit_code(&args.input);
    let report = table::report(&input.settled, &query, input.sources)?;
    let format = match (args.json, args.jsonl) {
        (true, _) => Format::Json,
        (_, true) => Format::Jsonl,
        _ => args.format,
    };
    let style = output::style(&args.output, args.color);
    output::write(&args.output, |out| Ok(render::report(&report, format, &style, out)?))?;
    Ok(code)
}
