//! The one error type of the library: opaque, with a kind, a path and a message.
//!
//! What is wrong with a *record* is not an error but a [`crate::event::Defect`]: it is counted and
//! costs only itself.

use std::fmt;
use std::path::{Path, PathBuf};

/// The result of every fallible function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, in one line: lower case, no full stop, the cause last.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    path: Option<PathBuf>,
    line: Option<usize>,
    message: String,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The part of the work that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file or folder could not be read or written.
    Io,
    /// Nothing to read: no path given and none found, or nothing known in what was given.
    NotFound,
    /// A value of the user's is not valid: a dimension, a date, a glob, a time zone.
    Invalid,
    /// A table could not be built or written.
    Table,
    /// The user's file is not what it must be.
    Config,
    /// A price book could not be read or made.
    Prices,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner { kind, path: None, line: None, message: message.into(), cause: None }))
    }

    /// An invalid value of the user's.
    pub fn invalid(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Invalid, message)
    }

    /// A failed read or write of `path`.
    pub fn io(path: &Path, cause: std::io::Error) -> Error {
        let mut error = Error::new(ErrorKind::Io, "");
        error.0.path = Some(path.to_path_buf());
        error.0.cause = Some(Box::new(cause));
        error
    }

    /// The same error, found in `line` (from 1) of `path`.
    pub fn at(mut self, path: &Path, line: usize) -> Error {
        (self.0.path, self.0.line) = (Some(path.to_path_buf()), Some(line));
        self
    }

    /// The same error with its underlying cause.
    pub fn caused_by(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        self.0.cause = Some(cause.into());
        self
    }

    /// The part of the work that failed.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The file concerned, where there is one.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// Whether the reader of our output went away, which is no failure of ours.
    pub fn is_broken_pipe(&self) -> bool {
        let io = self.0.cause.as_ref().and_then(|cause| cause.downcast_ref::<std::io::Error>());
        io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    }
}

/// The error for a word that is none of the known ones, with the nearest of them.
pub fn unknown(what: &str, word: &str, known: &[&str]) -> Error {
    let hint = match nearest(word, known) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => format!("known: {}", known.join(", ")),
    };
    Error::invalid(format!("unknown {what} {word:?}; {hint}"))
}

/// The known word that is most like this one; `None` if this is no slip of one, nor a beginning or a longer form.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase();
    let like = known.iter().map(|known| (*known, known.to_lowercase())).filter(|(_, known)| is_like(&word, known));
    let likeness = |known: &str| strsim::jaro_winkler(known, &word);
    like.max_by(|(_, a), (_, b)| likeness(a).total_cmp(&likeness(b))).map(|(known, _)| known)
}

/// Whether `word` can stand for the known one: hardly anybody gets the first letter wrong, or one letter in three.
fn is_like(word: &str, known: &str) -> bool {
    let is_part = word.starts_with(known) || (word.len() >= 3 && known.starts_with(word));
    let slips = match word.chars().count().max(known.chars().count()) {
        ..3 => 0,
        3..6 => 1,
        6..10 => 2,
        _ => 3,
    };
    let starts_alike = word.chars().next() == known.chars().next();
    is_part || (starts_alike && strsim::osa_distance(word, known) <= slips)
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.0.path.as_ref().map(|path| match self.0.line {
            Some(line) => format!("{}:{line}", path.display()),
            None => path.display().to_string(),
        });
        let message = (!self.0.message.is_empty()).then(|| self.0.message.clone());
        let cause = self.0.cause.as_ref().map(|cause| cause.to_string());
        let parts: Vec<String> = [path, message, cause].into_iter().flatten().collect();
        f.write_str(&parts.join(": "))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The cause itself is part of the message.
        self.0.cause.as_ref().and_then(|cause| cause.source())
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_word_is_guessed_only_if_it_is_like_what_was_written() {
        let known = ["run", "host", "loop", "profile", "harness", "month", "model", "day"];
        for (word, meant) in [
            ("harnes", "harness"),
            ("harnesses", "harness"),
            ("dya", "day"),
            ("Modle", "model"),
            ("proflie", "profile"),
            ("prof", "profile"),
            ("hots", "host"),
        ] {
            assert_eq!(nearest(word, &known), Some(meant), "{word}");
        }
        for word in ["cost", "project", "foo", "tool", "", "d", "h", "date", "hour"] {
            assert_eq!(nearest(word, &known), None, "{word}");
        }
        assert_eq!(nearest("anything", &[]), None);
    }
}
