//! The commit that a policy file is of. Asks git if there is one, and says nothing if not.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A commit, and whether the file is as that commit has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Commit {
    /// Its id, short.
    pub(super) id: String,
    /// Whether the file differs from the commit's, or isn't part of it.
    pub(super) is_changed: bool,
}

/// What git is busy with while something else is done.
pub(super) struct Question {
    committed: Child,
    found: Child,
}

/// Characters of a commit's id that are shown.
const SHORT: usize = 7;

/// Asks for the commit that is checked out where `file` lies. `None` without git, and where no repository can be.
pub(super) fn ask(file: &Path) -> Option<Question> {
    let file = file.canonicalize().ok()?;
    let (folder, name) = (file.parent()?, file.file_name()?.to_str()?);
    if !may_be_in_repository(folder) {
        return None;
    }
    // Object ids alone: nothing here runs filters, hooks or monitors that a repository's configuration names.
    let committed = git(folder, &["rev-parse", "HEAD", &format!("HEAD:./{name}")])?;
    let found = git(folder, &["hash-object", "--no-filters", "--", name])?;
    Some(Question { committed, found })
}

impl Question {
    /// The answer; `None` outside of a repository.
    pub(super) fn answer(self) -> Option<Commit> {
        let (committed, found) = (ids(self.committed), ids(self.found));
        let id = committed.first()?.get(..SHORT)?.to_owned();
        let is_same = committed.get(1).is_some_and(|committed| found.first() == Some(committed));
        Some(Commit { id, is_changed: !is_same })
    }
}

/// Whether git could find a repository: it takes milliseconds to say that there is none.
fn may_be_in_repository(folder: &Path) -> bool {
    // A bare repository has no `.git`, but a `HEAD`.
    let is_repository = |folder: &Path| [".git", "HEAD"].iter().any(|name| folder.join(name).exists());
    std::env::var_os("GIT_DIR").is_some() || folder.ancestors().any(is_repository)
}

fn git(folder: &Path, args: &[&str]) -> Option<Child> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(args).env("GIT_OPTIONAL_LOCKS", "0").env("GIT_NO_LAZY_FETCH", "1");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()
}

/// The object ids on its output: what it could not resolve it repeats, and that is none.
fn ids(child: Child) -> Vec<String> {
    let output = child.wait_with_output().map(|output| output.stdout).unwrap_or_default();
    let is_id = |line: &&str| line.len() >= 40 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
    String::from_utf8_lossy(&output).lines().filter(is_id).map(str::to_owned).collect()
}
