//! A command that is offered reads what this one read.

use std::path::{Path, PathBuf};

use super::args::InputArgs;
use super::spool::is_pipe;

/// A longer list of paths is copied by nobody.
const MOST_LETTERS: usize = 200;

/// The arguments with which another command reads the same, as a shell takes them; empty where that is what is read
/// by default. `None` where a command couldn't, or nobody would copy it.
pub(super) fn arguments(args: &InputArgs, chdir: &[PathBuf]) -> Option<String> {
    if args.paths.iter().chain(&args.sessions).any(|path| is_pipe(path)) {
        return None;
    }
    let flagged = |flag: &'static str, path: &Path| Some([flag.to_owned(), word(path)?]);
    let paths = args.paths.iter().map(|path| word(path).filter(|word| !word.starts_with('-')).map(|word| vec![word]));
    let flags = (chdir.iter().map(|path| ("-C", path)))
        .chain(args.sessions.iter().map(|path| ("--sessions", path)))
        .chain(args.config.iter().map(|path| ("--config", path)));
    let flags = flags.map(|(flag, path)| flagged(flag, path).map(Vec::from));
    let words = paths.chain(flags).collect::<Option<Vec<Vec<String>>>>()?.concat().join(" ");
    (words.len() <= MOST_LETTERS).then_some(words)
}

/// All arguments of this process, as a shell takes them, for more to follow. `None` where what was read can't be read
/// again, or nobody would copy it.
pub(super) fn all() -> Option<String> {
    let words = std::env::args_os().skip(1).map(|argument| word(Path::new(&argument)));
    let words = words.collect::<Option<Vec<String>>>()?;
    let value = |word: &str| Path::new(word.split_once('=').map_or(word, |(_, value)| value)).to_owned();
    if words.iter().any(|word| word == "-" || is_pipe(&value(word))) {
        return None;
    }
    let text = words.join(" ");
    // Behind it, all that follows is a path.
    let takes_flags = !words.iter().any(|word| word == "--");
    (takes_flags && text.len() <= MOST_LETTERS).then_some(text)
}

/// A path as one word of a shell; `None` where it can't be shown as it is.
fn word(path: &Path) -> Option<String> {
    let text = path.to_str().filter(|text| forge_usage::render::terminal(text) == *text)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./+:@,=%".contains(c);
    match text.chars().all(is_plain) && !text.is_empty() {
        true => Some(text.to_owned()),
        false => Some(format!("'{}'", text.replace('\'', r"'\''"))),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::word;

    #[test]
    fn a_path_is_one_word_of_a_shell() {
        let word = |text| word(Path::new(text));
        assert_eq!(word("a/b-1.md").as_deref(), Some("a/b-1.md"));
        assert_eq!(word("~/it's $HOME").as_deref(), Some(r"'~/it'\''s $HOME'"));
        assert_eq!(word("").as_deref(), Some("''"));
        assert_eq!(word("a\nb"), None);
    }
}
