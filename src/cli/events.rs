//! `events`: the typed event stream as JSON Lines.

use std::io::{BufWriter, IsTerminal, Write};
use std::ops::ControlFlow;

use forge_usage::event::{Event, Fact, Line};
use forge_usage::pipeline;

use super::args::{InputArgs, OutputArgs};
use super::input::{Found, Losses};
use super::progress::Shown;
use super::{input, output, progress};

/// Writes every event as it is read.
pub(super) fn run(args: &InputArgs, output: &OutputArgs) -> anyhow::Result<u8> {
    let found = input::find(args, output)?;
    output::write_to(output.output.as_deref(), |out| stream(args, output, &found, &mut BufWriter::new(out)))
}

fn stream(args: &InputArgs, output: &OutputArgs, found: &Found, out: &mut impl Write) -> anyhow::Result<u8> {
    let (mut losses, mut files, mut passed_over) = (Losses::default(), 0, 0);
    let mut failure = None;
    let options = input::everything(args);
    // On a terminal the events themselves are the progress.
    let is_aside = output::file(output).is_some() || !std::io::stdout().is_terminal();
    let shown = if is_aside { progress::show(&found.sources, &options.progress, output) } else { Shown::default() };
    pipeline::events(&found.sources, &options, &mut |source, event| {
        match &event.fact {
            Fact::Source(_) => files += 1,
            Fact::Skipped(skipped) => {
                passed_over += 1;
                shown.aside(|| losses.tell(source, &skipped.reason, skipped.loss, output));
            }
            Fact::Defect(defect) => losses.learn(*defect),
            _ => {}
        }
        match write(out, source, event) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    match failure {
        Some(error) => Err(error.into()),
        None => {
            out.flush()?;
            found.expect_some(files, passed_over, args)?;
            Ok(losses.exit_code(args))
        }
    }
}

fn write(out: &mut impl Write, source: &str, event: Event) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, &Line::new(source, event))?;
    out.write_all(b"\n")
}
