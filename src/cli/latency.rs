//! `latency`: how long things took.

use std::path::PathBuf;

use forge_usage::event::Needs;
use forge_usage::render::{self, Style};
use forge_usage::table;

use super::args::LatencyArgs;
use super::input::Request;
use super::{again, clock, output, query};

/// Prints a report over times; `chdir` led to the current folder.
pub(super) fn run(args: &LatencyArgs, chdir: &[PathBuf]) -> anyhow::Result<u8> {
    // A typo should not cost a long reading.
    let query = query::of_latency(&args.table, clock::now())?;
    let format = output::format(args.table.format.named(), &args.table.output)?;
    let needs = Needs { timing: true, ..Needs::USAGE };
    let input = Request { needs, ..Request::new(&args.table.input, &args.table.output) }.read()?;
    let code = input.exit_code(&args.table.input);
    let report = table::latency(&input.settled, &query, input.sources)?;
    let again = again::arguments(&args.table.input, chdir);
    let style = Style { again, ..output::style(&args.table.output, args.table.color) };
    output::write(&args.table.output, |out| Ok(render::latency(&report, args.measure, format, &style, out)?))?;
    if !output::holds_warnings(format, &args.table.output) {
        output::warn(&report.warnings, &args.table.output, &args.table.input);
    }
    Ok(code)
}
