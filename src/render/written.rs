//! Output goes out in large pieces.

use std::io::{BufWriter, Write};

use crate::error::{Error, ErrorKind, Result};

/// Runs `write` on a buffered `out`. The cause of the error stays an [`std::io::Error`], which
/// [`Error::is_broken_pipe`] relies on.
pub(super) fn written(out: &mut dyn Write, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(out);
    write(&mut out)
        .and_then(|()| out.flush())
        .map_err(|cause| Error::new(ErrorKind::Io, "cannot write the output").caused_by(cause))
}
