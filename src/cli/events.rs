//! `events`: the typed event stream as JSON Lines.

use std::io::{BufWriter, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::Path;

use forge_usage::event::{Fact, Line};
use forge_usage::pipeline;
use forge_usage::render::{self, DataFormat};

use super::args::{InputArgs, OutputArgs};
use super::find::Found;
use super::input::Request;
use super::losses::Losses;
use super::progress::Shown;
use super::{output, progress};

/// Writes every event as it is read.
pub(super) fn run(args: &InputArgs, output: &OutputArgs) -> anyhow::Result<u8> {
    refuse_other_suffix(output::file(output))?;
    let target = output::file(output).map(|path| output::in_folder(path, "events.jsonl")).transpose()?;
    let request = Request { target: target.as_deref(), ..Request::new(args, output) };
    let found = request.find()?;
    output::write_to(request.target, |out| stream(&request, &found, &mut BufWriter::new(out)))
}

/// A file named for another format would not hold it.
fn refuse_other_suffix(path: Option<&Path>) -> anyhow::Result<()> {
    let suffix = output::suffix(path.filter(|path| !path.is_dir())).map(DataFormat::from_suffix);
    let is_other = suffix.is_some_and(|format| format.is_ok_and(|format| format != DataFormat::Jsonl));
    anyhow::ensure!(!is_other, "events are JSON Lines: no other format holds them, so name the file .jsonl");
    Ok(())
}

fn stream(request: &Request<'_>, found: &Found, out: &mut impl Write) -> anyhow::Result<u8> {
    let Request { args, output, .. } = *request;
    let (mut losses, mut files, mut passed_over) = (Losses::default(), 0, 0);
    let mut failure = None;
    let options = request.everything();
    // On a terminal the events themselves are the progress.
    let is_aside = output::file(output).is_some() || !std::io::stdout().is_terminal();
    let shown = if is_aside { progress::show(&found.sources, &options.progress, output) } else { Shown::default() };
    pipeline::events(&found.sources, &options, &mut |source, event| {
        match &event.fact {
            Fact::Source(_) => files += 1,
            Fact::Skipped(skip) => {
                passed_over += 1;
                shown.aside(|| losses.tell(source, skip, output));
            }
            Fact::Defect(defect) => losses.learn(*defect),
            _ => {}
        }
        match render::json_line(&Line::new(source, event), out) {
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
            found.expect_some(files, passed_over, args, output)?;
            Ok(losses.exit_code(args))
        }
    }
}
