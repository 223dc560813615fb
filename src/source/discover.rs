//! Which files to read.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::error::{Error, Result};

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file that holds what could be read once only.
    Spooled {
        /// Its path, which is named in no text.
        path: PathBuf,
        /// Where it stood: that is how people know it.
        of: Box<Input>,
    },
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// Whether it was named by hand, as against found in a folder.
        is_named: bool,
    },
}

impl Input {
    /// The file to read; `None` for what can be read once only.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Input::Stdin => None,
            Input::Spooled { path, .. } | Input::File { path, .. } => Some(path),
        }
    }

    /// The file's own name; empty for what is no file.
    pub fn file_name(&self) -> &str {
        match self {
            Input::Stdin => "",
            Input::Spooled { of, .. } => of.file_name(),
            Input::File { path, .. } => path.file_name().and_then(|name| name.to_str()).unwrap_or(""),
        }
    }

    /// The name of the folder that the file stands in; empty where its path doesn't tell.
    pub fn folder_name(&self) -> &str {
        match self {
            Input::Stdin => "",
            Input::Spooled { of, .. } => of.folder_name(),
            Input::File { path, .. } => {
                let folder = path.parent().and_then(|folder| folder.file_name());
                folder.and_then(|name| name.to_str()).unwrap_or("")
            }
        }
    }

    /// How people know it.
    pub fn name(&self) -> String {
        match self {
            Input::Stdin => "standard input".to_owned(),
            Input::Spooled { of, .. } => of.name(),
            Input::File { path, .. } => path.display().to_string(),
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
    /// Links to folders above what is walked: they are not followed.
    pub unfollowed: Vec<PathBuf>,
}

/// Walks folders, hidden ones too (but for `.git`); ignore files are not obeyed. Links are followed, but for those to
/// folders above: these hold more than was asked for. What several paths or links name is read once.
///
/// Fails if a path does not exist.
pub fn discover(paths: &[PathBuf]) -> Result<Discovered> {
    let mut found = Discovered::default();
    let (mut folders, mut files) = (Vec::new(), BTreeSet::new());
    for path in paths {
        if path.as_os_str() == "-" {
            found.inputs.push(Input::Stdin);
            continue;
        }
        let metadata = std::fs::metadata(path).map_err(|cause| Error::io(path, cause))?;
        // A folder that can't be listed is told of as a file that can't be read: by whoever reads it.
        if metadata.is_dir() && !is_forbidden(std::fs::read_dir(path)) {
            folders.push(Folder::new(path));
        } else if files.insert(real(path)) {
            found.inputs.push(Input::File { path: path.clone(), is_named: true });
        }
    }
    walk(folders, files, &mut found);
    found.put_in_order();
    Ok(found)
}

impl Discovered {
    /// Adds what was found elsewhere.
    pub fn merge(&mut self, other: Discovered) {
        self.inputs.extend(other.inputs);
        self.skipped.extend(other.skipped);
        self.unfollowed.extend(other.unfollowed);
        self.put_in_order();
    }

    /// Sorts the files by their names, each once.
    pub fn put_in_order(&mut self) {
        self.inputs.sort();
        // The same path by hand and from a walk is one file.
        self.inputs.dedup_by(|a, b| match (&*a, &*b) {
            (Input::File { path: a, .. }, Input::File { path: b, .. }) => a == b,
            (a, b) => a == b,
        });
    }
}

/// A folder to walk.
struct Folder {
    path: PathBuf,
    /// Where it is, whatever links lead to it.
    real: PathBuf,
}

impl Folder {
    fn new(path: &Path) -> Folder {
        Folder { path: path.to_path_buf(), real: real(path) }
    }
}

/// What no walk enters.
const IGNORED: &str = ".git";

/// The path without links; what has none, as a pipe, is what it is called.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// Folders that are walked, each once, and files that are read beside them.
struct Walk {
    /// Those that were given.
    given: Vec<PathBuf>,
    /// By where they are. What is in one of them is walked with it, unless it is one itself.
    roots: BTreeSet<PathBuf>,
    files: BTreeSet<PathBuf>,
    ahead: VecDeque<Folder>,
}

/// Walks folders, each once, but for the `files` that are read anyway.
fn walk(mut folders: Vec<Folder>, files: BTreeSet<PathBuf>, found: &mut Discovered) {
    // A folder comes before what is in it.
    folders.sort_by(|a, b| a.real.cmp(&b.real));
    let given = folders.iter().map(|folder| folder.real.clone()).collect();
    let mut walk = Walk { given, roots: BTreeSet::new(), files, ahead: VecDeque::new() };
    for folder in folders {
        walk.add(folder);
    }
    while let Some(root) = walk.ahead.pop_front() {
        walk.enter(&root, found);
    }
}

impl Walk {
    /// Walks one more folder later, unless a walk comes by it anyway.
    fn add(&mut self, folder: Folder) {
        if !self.holds(&folder.real) {
            self.roots.insert(folder.real.clone());
            self.ahead.push_back(folder);
        }
    }

    /// Whether a walk comes by this place, which no link is part of.
    fn holds(&self, real: &Path) -> bool {
        let mut above = real.ancestors();
        let root = above.find(|folder| self.roots.contains(*folder) || folder.ends_with(IGNORED));
        root.is_some_and(|root| self.roots.contains(root))
    }

    fn enter(&mut self, root: &Folder, found: &mut Discovered) {
        let real = |path: &Path| path.strip_prefix(&root.path).map(|below| root.real.join(below)).unwrap_or_default();
        let mut entries = WalkDir::new(&root.path).into_iter();
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    found.skipped.push(unreadable(&error, &root.path));
                    continue;
                }
            };
            let kind = entry.file_type();
            if kind.is_dir() && entry.depth() > 0 {
                // One that was found by a link is walked as what that is called.
                if entry.file_name() == IGNORED || self.roots.contains(&real(entry.path())) {
                    entries.skip_current_dir();
                }
            } else if kind.is_symlink() {
                self.follow(entry.into_path(), found);
            } else if kind.is_file() && (self.files.is_empty() || !self.files.contains(&real(entry.path()))) {
                found.inputs.push(Input::File { path: entry.into_path(), is_named: false });
            }
        }
    }

    /// Adds what a link leads to, unless it is read anyway.
    fn follow(&mut self, path: PathBuf, found: &mut Discovered) {
        let target = match path.metadata() {
            Ok(target) => target,
            Err(cause) => return found.skipped.push((path, cause.to_string())),
        };
        let real = real(&path);
        if self.holds(&real) {
            return;
        }
        if target.is_dir() {
            match self.given.iter().any(|given| given.starts_with(&real)) {
                true => found.unfollowed.push(path),
                false => self.add(Folder { path, real }),
            }
        } else if target.is_file() && self.files.insert(real) {
            found.inputs.push(Input::File { path, is_named: false });
        }
    }
}

/// What a walk could not enter, and why.
pub(super) fn unreadable(error: &walkdir::Error, root: &Path) -> (PathBuf, String) {
    let reason = error.io_error().map_or_else(|| "cannot be read".to_owned(), |cause| cause.to_string());
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
                walk(vec![Folder::new(&ledgers)], BTreeSet::new(), &mut found);
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
