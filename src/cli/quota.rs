//! `quota`: what harnesses were told of their rate limits.

use forge_usage::render::{self, Format};
use forge_usage::table::{self, Definition};

use super::args::{Color, QuotaArgs};
use super::input::Request;
use super::{clock, output, query};

/// Prints the rows of `export quota`, in the order of their time.
pub(super) fn run(args: &QuotaArgs) -> anyhow::Result<u8> {
    let mut query = query::selection(&args.select, clock::now())?;
    query.limit = args.limit.map(|limit| limit.get());
    let format = output::format(args.format.named(), &args.output)?;
    let definition = Definition::from_name("quota")?;
    // A filter that never matches should not cost a long reading.
    definition.check(&query)?;
    let input = Request { needs: definition.needs, ..Request::new(&args.input, &args.output) }.read()?;
    let readings = table::readings(&input.settled, &query)?;
    let style = output::style(&args.output, Color::Never);
    output::write(&args.output, |out| Ok(render::quota(&readings, format, &style, out)?))?;
    if format != Format::Table || args.output.quiet {
        output::warn(&readings.warnings, &args.output, &args.input);
    }
    Ok(input.exit_code(&args.input))
}
