//! `latency`: how long things took.

use forge_usage::parse::Needs;
use forge_usage::render;
use forge_usage::table;

use super::args::LatencyArgs;
use super::{input, output, query};

/// Prints a report over times.
pub(super) fn run(args: &LatencyArgs) -> anyhow::Result<u8> {
    // A typo should not cost a long reading.
    let query = query::of_latency(&args.report, input::now())?;
    let needs = Needs { timing: true, ..Needs::USAGE };
    let input = input::read_with(&args.report.input, &args.report.prices, &args.report.output, needs)?;
    let code = input.exit_code(&args.report.input);
    let report = table::latency(&input.settled, &query, input.sources)?;
    let style = output::style(&args.report.output, args.report.color);
    let format = args.report.format();
    output::write(&args.report.output, |out| Ok(render::latency(&report, args.measure, format, &style, out)?))?;
    Ok(code)
}
