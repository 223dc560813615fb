//! Where harnesses keep their logs: a few known folders of a few known homes, and nothing else of them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::discover::{Discovered, Input, is_forbidden, unreadable};

/// The user's folders.
#[derive(Debug, Clone, Default)]
pub struct Folders {
    /// The user's home.
    pub home: Option<PathBuf>,
    /// Where programs keep configuration: `$XDG_CONFIG_HOME`.
    pub config: Option<PathBuf>,
    /// Where programs keep data: `$XDG_DATA_HOME`.
    pub data: Option<PathBuf>,
}

impl Folders {
    /// Those that these variables name, else the usual ones in `home`.
    pub fn new(home: Option<PathBuf>, variable: &dyn Fn(&str) -> Option<OsString>) -> Folders {
        // The specification of these folders says that a relative path is none.
        let named = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let usual = |path: &str| home.as_ref().map(|home| home.join(path));
        let config = named("XDG_CONFIG_HOME").or_else(|| usual(".config"));
        let data = named("XDG_DATA_HOME").or_else(|| usual(".local/share"));
        Folders { config, data, home }
    }
}

/// The folders and files below `base` that a pattern names: names parted by `/`, each with at most one `*`.
pub fn matching(base: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = named_by(base, pattern);
    found.retain(|path| path.exists());
    found
}

/// The same with names that no file has.
fn named_by(base: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![base.to_path_buf()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        found = match part.split_once('*') {
            None => found.into_iter().map(|folder| folder.join(part)).collect(),
            Some((start, end)) => found.iter().flat_map(|folder| named(folder, start, end)).collect(),
        };
    }
    found
}

fn named(folder: &Path, start: &str, end: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let fits = |name: &str| name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end);
    let mut paths: Vec<PathBuf> =
        entries.filter(|entry| entry.file_name().to_str().is_some_and(fits)).map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Adds the files with one of these endings (a star stands for any rest) that are, or stand in, what the patterns name in
/// a home. Gives whether any pattern names something.
pub fn logs(home: &Path, patterns: &[&str], endings: &[&str], found: &mut Discovered) -> bool {
    let mut places: Vec<PathBuf> = patterns.iter().flat_map(|pattern| named_by(home, pattern)).collect();
    if let Some(place) = places.iter().find(|place| is_forbidden(place.metadata())) {
        // What can't be looked into may hold logs.
        let folder = place.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(home);
        let skipped = (folder.to_path_buf(), io::Error::from(io::ErrorKind::PermissionDenied).to_string());
        // Several harnesses may share a home.
        if !found.skipped.contains(&skipped) {
            found.skipped.push(skipped);
        }
    }
    places.retain(|place| place.exists());
    for place in &places {
        // Links within may lead anywhere.
        for entry in WalkDir::new(place) {
            let is_log = |path: &Path| {
                let name = path.file_name().map(|name| name.to_string_lossy());
                let ends = |name: &str, ending: &str| match ending.strip_suffix('*') {
                    Some(part) => name.contains(part),
                    None => name.ends_with(ending),
                };
                name.is_some_and(|name| endings.iter().any(|ending| ends(&name, ending)))
            };
            match entry {
                Ok(entry) if entry.file_type().is_file() && is_log(entry.path()) => {
                    found.inputs.push(Input::File { path: entry.into_path(), is_named: false });
                }
                Ok(_) => {}
                Err(error) => found.skipped.push(unreadable(&error, place)),
            }
        }
    }
    !places.is_empty()
}

/// Homes that are the same folder under several names, once.
pub fn distinct(homes: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut known = BTreeSet::new();
    homes.into_iter().filter(|home| known.insert(home.canonicalize().unwrap_or_else(|_| home.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::super::Discovered;
    use super::{Folders, logs, matching};

    fn home() -> tempfile::TempDir {
        let dir = tempfile::TempDir::new().expect("a folder");
        for file in [".codex-1/sessions/2026/a.jsonl", ".codex-1/auth.json", ".codex/history.jsonl", ".cod/x"] {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, "{}").expect("a file");
        }
        dir
    }

    fn names(base: &Path, paths: Vec<PathBuf>) -> Vec<String> {
        paths.iter().map(|path| path.strip_prefix(base).expect("below").display().to_string()).collect()
    }

    #[test]
    fn a_star_stands_for_the_rest_of_a_name() {
        let dir = home();
        assert_eq!(names(dir.path(), matching(dir.path(), ".codex*")), [".codex", ".codex-1"]);
        assert_eq!(names(dir.path(), matching(dir.path(), "*/sessions")), [".codex-1/sessions"]);
        assert_eq!(names(dir.path(), matching(dir.path(), ".claude")), Vec::<String>::new());
    }

    #[test]
    fn only_logs_of_a_home_are_found() {
        let dir = home();
        let mut found = Discovered::default();
        assert!(logs(&dir.path().join(".codex-1"), &["sessions", "archived"], &[".jsonl"], &mut found));
        assert!(!logs(&dir.path().join(".codex"), &["sessions"], &[".jsonl"], &mut found));
        assert_eq!(found.inputs.len(), 1);
    }

    #[test]
    fn a_star_at_the_end_of_an_ending_stands_for_any_rest() {
        let dir = home();
        let place = dir.path().join(".codex-1/sessions/2026");
        fs::write(place.join("b.jsonl.superseded-1764000000"), "{}").expect("a file");
        fs::write(place.join("c.jsonl.old"), "{}").expect("a file");
        let mut found = Discovered::default();
        logs(&dir.path().join(".codex-1"), &["sessions"], &[".jsonl", ".jsonl.superseded-*"], &mut found);
        assert_eq!(found.inputs.len(), 2);
    }

    #[test]
    fn relative_variables_are_none() {
        let variable = |name: &str| (name == "XDG_DATA_HOME").then(|| "data".into());
        let folders = Folders::new(Some("/srv/ada".into()), &variable);
        assert_eq!(folders.data, Some(PathBuf::from("/srv/ada/.local/share")));
    }
}
