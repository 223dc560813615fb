//! What is written never takes the place of what is read.

use std::path::Path;

use forge_usage::parse;
use forge_usage::source::{Buffer, Input, Progress, open};

/// An output that is one of the inputs would destroy it. What a walk found and nobody can read is no input: it may be
/// an earlier output.
pub(super) fn refuse_to_overwrite(inputs: &[Input], target: Option<&Path>) -> anyhow::Result<()> {
    let Some(target) = target.and_then(|path| path.canonicalize().ok()) else { return Ok(()) };
    let is_target = |input: &Input| match input {
        Input::File { path, is_named } => {
            path.canonicalize().is_ok_and(|path| path == target) && (*is_named || is_known(input))
        }
        Input::Stdin | Input::Spooled { .. } => false,
    };
    anyhow::ensure!(!inputs.iter().any(is_target), "{} is an input; it would be overwritten", target.display());
    Ok(())
}

/// The same for a file that is read beside the inputs, whatever it holds.
pub(super) fn refuse_to_replace(read: Option<&Path>, target: Option<&Path>) -> anyhow::Result<()> {
    let read = read.map(|path| Input::File { path: path.to_owned(), is_named: true });
    refuse_to_overwrite(read.as_slice(), target)
}

fn is_known(input: &Input) -> bool {
    open(input, &Progress::default(), Buffer::default()).is_ok_and(|opened| parse::detect(&opened.head).is_some())
}
