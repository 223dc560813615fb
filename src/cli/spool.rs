//! Standard input, for those who read it twice.

use anyhow::Context;
use forge_usage::source::Input;

use super::find::Found;

/// Keeps what stands on standard input in a temporary file, so that it can be read again; the file goes with
/// what is returned.
pub(super) fn spool(found: &mut Found) -> anyhow::Result<Option<tempfile::NamedTempFile>> {
    let Some(input) = found.sources.inputs.iter_mut().find(|input| **input == Input::Stdin) else {
        return Ok(None);
    };
    let mut file = tempfile::NamedTempFile::new().context("cannot keep standard input in a temporary file")?;
    std::io::copy(&mut std::io::stdin().lock(), &mut file).context("cannot keep standard input")?;
    *input = Input::Spooled(file.path().to_owned());
    Ok(Some(file))
}
