//! Finds the session logs of every harness: each format says where its harness keeps them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::parse::{FORMATS, Home, Root};
use crate::source::{Discovered, Folders, distinct, logs, matching, setting};

/// Session logs that were found.
#[derive(Debug, Default)]
pub struct Sessions {
    /// The logs.
    pub found: Discovered,
    /// The homes they are in.
    pub homes: Vec<PathBuf>,
    /// Where homes were looked for.
    pub looked: Vec<String>,
}

impl Sessions {
    fn look_at(&mut self, path: &Path) {
        let looked = path.display().to_string();
        if !self.looked.contains(&looked) {
            self.looked.push(looked);
        }
    }

    /// Adds the logs of a home, if it is one.
    fn read(&mut self, home: PathBuf, patterns: &[&str], endings: &[&str]) {
        if logs(&home, patterns, endings, &mut self.found) && !self.homes.contains(&home) {
            self.homes.push(home);
        }
    }
}

/// The session logs of every harness, wherever `variable`s and the user's `home` tell that its homes are, and in
/// `others`. Of a home only the folders of logs are entered.
pub fn sessions(home: Option<PathBuf>, variable: &dyn Fn(&str) -> Option<OsString>, others: &[PathBuf]) -> Sessions {
    let folders = Folders::new(home, variable);
    let mut sessions = Sessions::default();
    for root in roots() {
        let bases = root.homes.iter().flat_map(|home| bases(*home, &folders, variable));
        let mut homes: Vec<PathBuf> = Vec::new();
        for (base, pattern) in bases {
            sessions.look_at(&base.join(pattern));
            homes.extend(matching(&base, pattern).into_iter().filter(|home| home.is_dir()));
        }
        homes.extend_from_slice(others);
        for home in root.homes.iter().flat_map(|home| set(*home, &homes, &folders)).collect::<Vec<_>>() {
            sessions.look_at(&home);
            homes.push(home);
        }
        for home in distinct(homes) {
            sessions.read(home, root.logs, root.endings);
        }
        for place in root.homes.iter().flat_map(|home| places(*home, &folders, variable)) {
            sessions.look_at(&place);
            // What is named may be called anything.
            let endings = if place.is_file() { &[""] } else { root.endings };
            sessions.read(place, &[""], endings);
        }
    }
    sessions.looked.extend(others.iter().map(|home| home.display().to_string()));
    sessions.found.put_in_order();
    sessions
}

/// The session logs of one home; `None` for a folder that is none.
pub fn sessions_of(home: &Path) -> Option<Discovered> {
    let mut found = Discovered::default();
    let homes = roots().filter(|root| logs(home, root.logs, root.endings, &mut found)).count();
    found.put_in_order();
    (homes > 0).then_some(found)
}

/// Whether it is known where a harness keeps its session logs.
pub fn has_sessions(harness: &str) -> bool {
    FORMATS.iter().any(|format| format.harness == Some(harness) && !format.roots.is_empty())
}

fn roots() -> impl Iterator<Item = &'static Root> {
    FORMATS.iter().flat_map(|format| format.roots)
}

/// Folders that exist or not, and the pattern of homes in them.
fn bases(home: Home, folders: &Folders, variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<(PathBuf, &'static str)> {
    let in_folder = |folder: &Option<PathBuf>, pattern| folder.iter().map(|folder| (folder.clone(), pattern)).collect();
    match home {
        Home::User(pattern) => in_folder(&folders.home, pattern),
        Home::Config(pattern) => in_folder(&folders.config, pattern),
        Home::Data(pattern) => in_folder(&folders.data, pattern),
        Home::Variable(name, pattern) => {
            named(name, variable).into_iter().map(|path| (PathBuf::from(path), pattern)).collect()
        }
        Home::Logs(..) | Home::Setting(..) => Vec::new(),
    }
}

/// Folders of logs, or logs, that a variable names.
fn places(home: Home, folders: &Folders, variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let Home::Logs(name, base) = home else { return Vec::new() };
    let base = base.map(|base| folders.data.clone().unwrap_or_default().join(base)).unwrap_or_default();
    // So SQLite calls what it keeps in no file.
    let is_kept = |path: &String| path != ":memory:";
    named(name, variable).iter().filter(|path| is_kept(path)).map(|path| in_home(path, &base, folders)).collect()
}

/// Folders that the settings in these homes name.
fn set(home: Home, homes: &[PathBuf], folders: &Folders) -> Vec<PathBuf> {
    let Home::Setting(file, key) = home else { return Vec::new() };
    let named = homes.iter().filter_map(|home| Some((home, setting(&home.join(file), key)?)));
    named.map(|(home, path)| in_home(&path, home, folders)).collect()
}

/// A path as people write it: relative to `base`, or to their home.
fn in_home(path: &str, base: &Path, folders: &Folders) -> PathBuf {
    match (path.strip_prefix("~/"), &folders.home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => base.join(path),
    }
}

/// What a variable names, parted by commas.
fn named(name: &str, variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<String> {
    let named = variable(name).and_then(|value| value.into_string().ok()).unwrap_or_default();
    named.split(',').map(str::trim).filter(|path| !path.is_empty()).map(str::to_owned).collect()
}
