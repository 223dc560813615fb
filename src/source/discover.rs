//! Which files to read.

use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::error::{Error, Result};

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file that holds what stood on standard input.
    Spooled(PathBuf),
    /// A file; `true` if it was named by hand.
    File(PathBuf, bool),
}

impl Input {
    /// The file to read; `None` for what can be read once only.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Input::Stdin => None,
            Input::Spooled(path) | Input::File(path, _) => Some(path),
        }
    }

    /// The file's own name, packed or not; empty for what is no file, or is named in no text.
    pub fn file_name(&self) -> &str {
        match self {
            Input::Stdin | Input::Spooled(_) => "",
            Input::File(path, _) => {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
                name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name)
            }
        }
    }

    /// How people know it.
    pub fn name(&self) -> String {
        match self {
            Input::Stdin | Input::Spooled(_) => "standard input".to_owned(),
            Input::File(path, _) => path.display().to_string(),
        }
    }
}

/// What was found under the given paths.
#[derive(Debug, Clone, Default)]
pub struct Discovered {
    /// Files to read, each once, in the order of their names.
    pub inputs: Vec<Input>,
    /// Folders and files that can't be read, and why.
    pub skipped: Vec<(PathBuf, String)>,
}

/// Walks folders, hidden ones too (but for `.git`), following links; ignore files are not obeyed.
///
/// Fails if a path does not exist.
pub fn discover(paths: &[PathBuf]) -> Result<Discovered> {
    let mut found = Discovered::default();
    for path in paths {
        if path.as_os_str() == "-" {
            found.inputs.push(Input::Stdin);
            continue;
        }
        let metadata = std::fs::metadata(path).map_err(|cause| Error::io(path, cause))?;
        // A folder that can't be listed is told of as a file that can't be read: by whoever reads it.
        if metadata.is_dir() && !is_forbidden(std::fs::read_dir(path)) {
            walk(path, &mut found);
        } else {
            found.inputs.push(Input::File(path.clone(), true));
        }
    }
    found.put_in_order();
    Ok(found)
}

impl Discovered {
    /// Adds what was found elsewhere.
    pub fn merge(&mut self, other: Discovered) {
        self.inputs.extend(other.inputs);
        self.skipped.extend(other.skipped);
        self.put_in_order();
    }

    fn put_in_order(&mut self) {
        self.inputs.sort();
        // The same path by hand and from a walk is one file.
        self.inputs.dedup_by(|a, b| match (&*a, &*b) {
            (Input::File(a, _), Input::File(b, _)) => a == b,
            (a, b) => a == b,
        });
    }
}

fn walk(root: &Path, found: &mut Discovered) {
    let entries = WalkDir::new(root).follow_links(true).into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git") {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                found.inputs.push(Input::File(entry.into_path(), false));
            }
            Ok(_) => {}
            Err(error) => found.skipped.push(unreadable(&error, root)),
        }
    }
}

/// What a walk could not enter, and why.
pub(super) fn unreadable(error: &walkdir::Error, root: &Path) -> (PathBuf, String) {
    let reason = match (error.loop_ancestor(), error.io_error()) {
        (Some(_), _) => "a folder that contains itself".to_owned(),
        (None, Some(cause)) => cause.to_string(),
        (None, None) => "cannot be read".to_owned(),
    };
    (error.path().unwrap_or(root).to_path_buf(), reason)
}

/// Whether the user may not look there.
pub(super) fn is_forbidden<T>(looked: io::Result<T>) -> bool {
    looked.is_err_and(|cause| cause.kind() == io::ErrorKind::PermissionDenied)
}

/// `.forge/ledgers` in `start` or the nearest folder above it that has one, with what is in it. What was passed on the
/// way because it can't be looked into is among what was skipped.
pub fn default_ledgers(start: &Path) -> (Option<PathBuf>, Discovered) {
    let mut found = Discovered::default();
    for forge in start.ancestors().map(|folder| folder.join(".forge")) {
        let ledgers = forge.join("ledgers");
        match ledgers.metadata() {
            Ok(metadata) if metadata.is_dir() => {
                walk(&ledgers, &mut found);
                found.put_in_order();
                return (Some(ledgers), found);
            }
            // Where not even `.forge` can be seen, there may be none.
            Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied && forge.is_dir() => {
                found.skipped.push((forge, cause.to_string()));
            }
            _ => {}
        }
    }
    (None, found)
}
