//! The commit that a policy file is of. Asks git if there is one, and says nothing if not.

use std::io::Write;
use std::path::{Path, PathBuf};
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
    git: Child,
    file: PathBuf,
}

/// Characters of a commit's id that are shown.
const SHORT: usize = 7;

/// Asks for the commit that is checked out where `file` lies. `None` without git, and where no repository can be.
pub(super) fn ask(file: &Path) -> Option<Question> {
    let file = file.canonicalize().ok()?;
    let (folder, name) = (file.parent()?, file.file_name()?.to_str()?);
    if !may_be_in_repository(folder) || name.contains('\n') {
        return None;
    }
    // Objects alone: nothing here runs filters, hooks or monitors that a repository's configuration names.
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["cat-file", "--batch"]);
    command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_NO_LAZY_FETCH", "1");
    let mut git = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    // Where git gives up before it is asked, it answers nothing.
    let _ = git.stdin.take()?.write_all(format!("HEAD\nHEAD:./{name}\n").as_bytes());
    Some(Question { git, file })
}

impl Question {
    /// The answer; `None` outside of a repository.
    pub(super) fn answer(self) -> Option<Commit> {
        let answer = self.git.wait_with_output().ok()?.stdout;
        let (id, _, rest) = object(&answer)?;
        let committed = object(rest).map(|(_, content, _)| content);
        let found = std::fs::read(&self.file).ok();
        Some(Commit { id: id.get(..SHORT)?.to_owned(), is_changed: found.as_deref() != committed })
    }
}

/// Takes the id and the content of an object that git tells, and gives what follows; `None` where it found none.
fn object(answer: &[u8]) -> Option<(&str, &[u8], &[u8])> {
    let (head, rest) = answer.split_at_checked(answer.iter().position(|byte| *byte == b'\n')?)?;
    let mut words = std::str::from_utf8(head).ok()?.split(' ');
    let (Some(id), Some(_kind), Some(size), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return None;
    };
    let (content, rest) = rest.get(1..)?.split_at_checked(size.parse().ok()?)?;
    Some((id, content, rest.get(1..)?))
}

/// Whether git could find a repository: it takes milliseconds to say that there is none.
fn may_be_in_repository(folder: &Path) -> bool {
    // A bare repository has no `.git`, but a `HEAD`.
    let is_repository = |folder: &Path| [".git", "HEAD"].iter().any(|name| folder.join(name).exists());
    std::env::var_os("GIT_DIR").is_some() || folder.ancestors().any(is_repository)
}
