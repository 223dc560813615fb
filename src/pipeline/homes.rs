//! Finds the session logs of every harness: each format says where its harness keeps them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::parse::{FORMATS, Home, Root};
use crate::source::{Discovered, Folders, distinct, logs, matching};

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

/// The session logs of every harness, wherever `variable`s and the user's `home` tell that its homes are, and in
/// `others`. Of a home only the folders of logs are entered.
pub fn sessions(home: Option<PathBuf>, variable: &dyn Fn(&str) -> Option<OsString>, others: &[PathBuf]) -> Sessions {
    let folders = Folders::new(home, variable);
    let mut sessions = Sessions::default();
    for root in roots() {
        let bases = root.homes.iter().flat_map(|home| bases(*home, &folders, variable));
        let mut homes: Vec<PathBuf> = Vec::new();
        for (base, pattern) in bases {
            let looked = base.join(pattern).display().to_string();
            homes.extend(matching(&base, pattern).into_iter().filter(|home| home.is_dir()));
            if !sessions.looked.contains(&looked) {
                sessions.looked.push(looked);
            }
        }
        for place in root.homes.iter().filter_map(|home| named_logs(*home, &folders, variable)) {
            if logs(&place, &[""], root.endings, &mut sessions.found) {
                sessions.homes.push(place.clone());
            }
            sessions.looked.push(place.display().to_string());
        }
        homes.extend_from_slice(others);
        for home in distinct(homes) {
            if logs(&home, root.logs, root.endings, &mut sessions.found) && !sessions.homes.contains(&home) {
                sessions.homes.push(home);
            }
        }
    }
    sessions.looked.extend(others.iter().map(|home| home.display().to_string()));
    sessions.found.merge(Discovered::default());
    sessions
}

/// The session logs of one home; `None` for a folder that is none.
pub fn sessions_of(home: &Path) -> Option<Discovered> {
    let mut found = Discovered::default();
    let homes = roots().filter(|root| logs(home, root.logs, root.endings, &mut found)).count();
    found.merge(Discovered::default());
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
            let named = variable(name).and_then(|value| value.into_string().ok()).unwrap_or_default();
            let paths = named.split(',').map(str::trim).filter(|path| !path.is_empty());
            paths.map(|path| (PathBuf::from(path), pattern)).collect()
        }
        Home::Logs(..) => Vec::new(),
    }
}

/// The folder or file of logs that a variable names.
fn named_logs(home: Home, folders: &Folders, variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    const IN_MEMORY: &str = ":memory:";
    let Home::Logs(name, within) = home else { return None };
    let named = variable(name).filter(|value| !value.is_empty() && value != IN_MEMORY).map(PathBuf::from)?;
    // Whoever sets a variable for one program alone may leave a tilde to it.
    match (named.strip_prefix("~"), within) {
        (Ok(rest), _) => Some(folders.home.as_ref()?.join(rest)),
        (Err(_), Some(within)) => Some(folders.data.as_ref()?.join(within).join(named)),
        (Err(_), None) => Some(named),
    }
}
