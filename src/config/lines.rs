//! Where the lines of the user's file begin, so that an error can name one.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The lines of a file. The one that nobody wrote has none.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    path: Option<PathBuf>,
    starts: Vec<usize>,
}

impl Lines {
    /// Those of `text`, which is that of the file at `path`.
    pub(super) fn new(path: &Path, text: &str) -> Lines {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Lines { path: Some(path.to_path_buf()), starts: [0].into_iter().chain(ends.map(|(at, _)| at + 1)).collect() }
    }

    /// Where the file was found.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// `error`, with the line of `span`.
    pub(super) fn at(&self, span: Range<usize>, error: Error) -> Error {
        error.at(self.path().unwrap_or(Path::new("usage.toml")), self.line(span.start))
    }

    /// The number of the line that a byte is in, from 1.
    fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }
}
