//! `quota`: what harnesses were told of their rate limits.

use forge_usage::parse::Needs;
use forge_usage::render::{self, Format};
use forge_usage::table::{self, Definition};

use super::args::{Color, QuotaArgs};
use super::input::Request;
use super::{clock, output, query};

/// Columns of the screen, those that people look for; the other formats have all.
const SCREEN: [&str; 8] =
    ["time", "conversation_id", "harness", "limit", "window_minutes", "used_percent", "resets_at", "plan"];

/// Prints the rows of `export quota`, in the order of their time.
pub(super) fn run(args: &QuotaArgs) -> anyhow::Result<u8> {
    let mut query = query::selection(&args.select, clock::now())?;
    query.limit = args.limit.map(|limit| limit.get());
    let format = output::format(args.format.named(), &args.output)?;
    let definition = Definition::from_name("quota")?;
    let needs = Needs { quota: true, ..Needs::USAGE };
    let input = Request { needs, ..Request::new(&args.input, &args.output) }.read()?;
    let mut readings = definition.table(&input.settled, &query)?;
    if format == Format::Table {
        readings = readings.only(&SCREEN)?;
    }
    let style = output::style(&args.output, Color::Never);
    output::write(&args.output, |out| match format {
        Format::Table if readings.height() == 0 => Ok(writeln!(out, "No reading of a rate limit.")?),
        _ => Ok(render::table(&readings, format, &style, out)?),
    })?;
    output::warn(&table::warnings(&input.settled), &args.output, &args.input);
    Ok(input.exit_code(&args.input))
}
