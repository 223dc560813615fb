//! `explain`: where the numbers of one run or conversation come from.

use std::ops::ControlFlow;

use forge_usage::error::ErrorKind;
use forge_usage::event::{Event, Id};
use forge_usage::pipeline;
use forge_usage::render::{self, Format};
use forge_usage::table::explain::{Choice, Subject, explain};

use super::args::{ExplainArgs, InputArgs};
use super::input::Request;
use super::output;
use super::spool::spool;

/// Explains what was chosen.
pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<u8> {
    let format = output::format(args.json.then_some(Format::Json), &args.output)?;
    let (choice, paths) = chosen(args);
    let asked = InputArgs { paths, ..args.input.clone() };
    let request = Request { priced: args.prices.options(), ..Request::new(&asked, &args.output) };
    let mut found = request.find()?;
    // It is read twice: to weigh everything, and for the records of what was chosen.
    let _spooled = spool(&mut found)?;
    let (sources, advice) = (found.sources.clone(), found.advice());
    let input = request.read_found(found)?;
    let subject = Subject::find(&input.settled, &choice).map_err(|error| match (error.kind(), &choice) {
        (ErrorKind::NotFound, Choice::Id(_)) => anyhow::anyhow!("{error}{advice}"),
        _ => error.into(),
    })?;
    let mut events: Vec<(Id, Event)> = Vec::new();
    pipeline::events(&sources, &request.everything(), &mut |source, event| {
        if subject.concerns(&event) {
            // Events of one source come one after the other, and share its name.
            let known = events.last().map(|(known, _)| known).filter(|known| known.as_str() == source);
            events.push((known.cloned().unwrap_or_else(|| source.into()), event));
        }
        ControlFlow::Continue(())
    });
    let explanation = explain(&input.settled, subject, &events, &input.prices, &input.priced)?;
    let style = output::style(&args.output, args.color);
    output::write(&args.output, |out| Ok(render::explanation(&explanation, format, &style, out)?))?;
    if format != Format::Json && args.output.quiet {
        output::warn(&explanation.warnings, &args.output, &args.input);
    }
    Ok(input.exit_code(&args.input))
}

/// What is to be explained, and where it is looked for: without an id, what stands in its place is a path.
fn chosen(args: &ExplainArgs) -> (Choice, Vec<std::path::PathBuf>) {
    let choice = match (args.slowest, args.costliest, &args.id) {
        (true, ..) => Choice::Slowest,
        (_, true, _) => Choice::Costliest,
        (.., id) => return (Choice::Id(id.clone().unwrap_or_default()), args.input.paths.clone()),
    };
    (choice, args.id.iter().map(Into::into).chain(args.input.paths.iter().cloned()).collect())
}
