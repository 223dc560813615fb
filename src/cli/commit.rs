//! The commit that a policy file is of. Asks git if there is one, and says nothing if not.

use std::path::Path;
use std::process::{Command, Stdio};

/// A commit, and whether the file is as that commit has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Commit {
    /// Its id, short.
    pub(super) id: String,
    /// Whether the file differs from the commit's, or isn't part of it.
    pub(super) is_changed: bool,
}

/// The commit that is checked out where `file` lies. `None` without git or a repository.
pub(super) fn of(file: &Path) -> Option<Commit> {
    let file = file.canonicalize().ok()?;
    let (folder, name) = (file.parent()?, file.file_name()?.to_str()?);
    let id = git(folder, &["rev-parse", "--short=7", "HEAD"])?;
    // Object ids alone: nothing here runs filters, hooks or monitors that a repository's configuration names.
    let committed = git(folder, &["rev-parse", "--verify", "--quiet", &format!("HEAD:./{name}")]);
    let found = git(folder, &["hash-object", "--no-filters", "--", name]);
    Some(Commit { id, is_changed: committed.is_none() || committed != found })
}

fn git(folder: &Path, args: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(args).env("GIT_OPTIONAL_LOCKS", "0").env("GIT_NO_LAZY_FETCH", "1");
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    let is_id = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (output.status.success() && is_id).then_some(text)
}
