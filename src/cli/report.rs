//! `report`, and its short forms.

use std::path::PathBuf;

use forge_usage::render::{self, Style};
use forge_usage::table;

use super::args::ReportArgs;
use super::input::Request;
use super::{again, clock, output, query};

/// Prints a report; `fixed` is the dimension of a short form, `chdir` led to the current folder.
pub(super) fn run(args: &ReportArgs, fixed: Option<&str>, chdir: &[PathBuf]) -> anyhow::Result<u8> {
    let ReportArgs { table: args, prices } = args;
    // A typo should not cost a long reading.
    let query = query::of_report(args, fixed, clock::now())?;
    let format = output::format(args.format.named(), &args.output)?;
    let input = Request { priced: prices.options(), ..Request::new(&args.input, &args.output) }.read()?;
    let code = input.exit_code(&args.input);
    let report = table::report(&input.settled, &query, input.sources)?;
    let style = Style { again: again::arguments(&args.input, chdir), ..output::style(&args.output, args.color) };
    output::write(&args.output, |out| Ok(render::report(&report, format, &style, out)?))?;
    if !output::holds_warnings(format, &args.output) {
        output::warn(&report.warnings, &args.output, &args.input);
    }
    Ok(code)
}
