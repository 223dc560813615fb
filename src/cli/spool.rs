//! What can be read once only, for those who read it twice.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::Context;
use forge_usage::source::Input;
use tempfile::NamedTempFile;

use super::find::Found;

/// Keeps what stands on standard input and in other pipes in temporary files, so that it can be read again; the files
/// go with what is returned.
pub(super) fn spool(found: &mut Found) -> anyhow::Result<Vec<NamedTempFile>> {
    let mut files = Vec::new();
    for input in &mut found.sources.inputs {
        let Some(mut pipe) = pipe(input) else { continue };
        let name = input.name();
        let mut file = NamedTempFile::new().with_context(|| format!("cannot keep {name} in a temporary file"))?;
        io::copy(&mut pipe, &mut file).with_context(|| format!("cannot keep {name}"))?;
        *input = Input::Spooled { path: file.path().to_owned(), of: Box::new(input.clone()) };
        files.push(file);
    }
    Ok(files)
}

/// The input, open, if it can be read once only. What can't be opened is left to whoever reads it: they tell why.
fn pipe(input: &Input) -> Option<Box<dyn Read>> {
    match input {
        Input::Stdin => Some(Box::new(io::stdin().lock())),
        // Walks find regular files alone.
        Input::File { path, is_named: true } if is_pipe(path) => Some(Box::new(File::open(path).ok()?)),
        Input::File { .. } | Input::Spooled { .. } => None,
    }
}

/// Whether what stands at a path can be read once only.
pub(super) fn is_pipe(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|kind| !kind.is_file() && !kind.is_dir())
}
