//! The house's rooms: who may import whom, and where each heavy crate lives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// What the files of a room may use of the crate: the first prefix of the path that fits.
const ROOMS: [(&str, &[&str]); 17] = [
    ("event/", &["event"]),
    ("error.rs", &[]),
    ("source/", &["error", "source"]),
    ("parse/mod.rs", &["event", "parse"]),
    ("parse/formats.rs", &["event", "parse"]),
    ("parse/reader.rs", &["event", "parse"]),
    (
        "parse/",
        &[
            "event",
            "parse::format",
            "parse::mark",
            "parse::latest",
            "parse::marker",
            "parse::lines",
            "parse::timing",
            "parse::tracing",
            "parse::debug",
            "parse::digits",
            "parse::region",
            "parse::sink",
            "parse::content",
            "parse::prompts",
            "parse::chunk",
            "parse::edges",
            "parse::json",
            "parse::seen",
            "parse::needles",
            "parse::pairs",
            "parse::plain",
            "parse::blocks",
            "parse::anthropic",
            "parse::claude",
            "parse::codex_otel",
            "parse::growth",
            "parse::document",
            "parse::openai",
            "parse::LOOK",
        ],
    ),
    ("fold/", &["event", "fold"]),
    ("config/", &["error", "event", "config"]),
    ("price/", &["error", "event", "config", "price"]),
    ("table/", &["fold", "price", "error", "event", "table"]),
    ("budget/", &["table", "config::Section", "config::Field", "error", "event::Usd", "event::Time", "budget"]),
    ("render/", &["table", "error", "event::Usd", "event::Time", "render"]),
    ("pipeline/", &["error", "event", "fold", "parse", "source", "pipeline"]),
    ("lib.rs", &[]),
    ("cli/", &["cli"]),
    ("main.rs", &["cli"]),
];

/// The only places that name a crate.
const CRATES: [(&str, &[&str]); 10] = [
    ("polars", &["table/", "render/parquet.rs"]),
    ("tabled", &["render/text.rs"]),
    ("quick_junit", &["render/check/junit.rs"]),
    ("nom", &["parse/tracing.rs", "parse/debug.rs"]),
    ("rusqlite", &["source/sqlite.rs"]),
    ("fearless_simd", &["parse/blocks.rs", "parse/pairs.rs"]),
    ("rayon", &["pipeline/", "cli/find.rs"]),
    ("clap", &["cli/"]),
    ("toml", &["config/value.rs", "source/setting.rs"]),
    ("anyhow", &["cli/", "main.rs"]),
];

/// Every source file: its path in `src`, and its text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut files) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            match path.extension() {
                Some(extension) if extension == "rs" => {
                    let name = path.strip_prefix(&root).expect("in src").display().to_string();
                    files.push((name, std::fs::read_to_string(&path).expect("text")));
                }
                _ if path.is_dir() => folders.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    files
}

/// An import, or what is handed on: how far it is indented, and the path.
static STATEMENT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^( *)(?:pub(?:\([^)]*\))? )?use ([^;]+);").expect("a pattern"));

/// The module that a file is: `table/mod.rs` is `table`, `table/cost.rs` is `table::cost`.
fn module(name: &str) -> String {
    name.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::")
}

/// What a file is, its tests at its end left out.
fn own(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

/// The paths a file imports from its crate, or hands on, as `room::item`; groups taken apart.
fn imports(name: &str, text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for statement in STATEMENT.captures_iter(text) {
        let path: String = statement[2].split_whitespace().collect();
        // What is indented stands in a module of the file's own.
        let mut base = module(name) + if statement[1].is_empty() { "" } else { "::inner" };
        let mut rest = &*path;
        if let Some(whole) = rest.strip_prefix("crate::") {
            (base, rest) = (String::new(), whole);
        } else if rest.starts_with("super::") {
            while let Some(above) = rest.strip_prefix("super::") {
                (base, rest) = (base.rsplit_once("::").map_or("", |(parent, _)| parent).to_owned(), above);
            }
        } else if !children(text).any(|child| starts(rest, child)) {
            continue;
        }
        let (head, items) = rest.split_once('{').unwrap_or(("", rest));
        let items = items.trim_end_matches('}').split(',').filter(|item| !item.is_empty());
        paths.extend(items.map(|item| format!("{base}::{head}{item}").trim_start_matches("::").to_owned()));
    }
    paths
}

/// The files that a file declares.
fn children(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.strip_suffix(';')?.split_once("mod ").map(|(_, child)| child))
}

fn starts(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn no_room_imports_what_it_must_not_know() {
    let mut wrong = Vec::new();
    for (name, text) in sources().into_iter().filter(|(name, _)| !name.contains("tests")) {
        let (room, allowed) =
            ROOMS.iter().find(|(room, _)| name.starts_with(room)).unwrap_or_else(|| panic!("{name} is in no room"));
        for path in imports(&name, own(&text)) {
            // A format may be a folder: its files are one.
            let format = name
                .strip_prefix("parse/")
                .and_then(|rest| rest.split_once('/'))
                .map(|(own, _)| format!("parse::{own}"));
            let is_own = format.is_some_and(|own| starts(&path, &own));
            let is_allowed =
                is_own || allowed.iter().any(|prefix| starts(&path, prefix) || (path == format!("{prefix}::self")));
            if !is_allowed {
                wrong.push(format!("{name} ({room}) imports {path}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The file that what a path names stands in, wherever else it is handed on.
fn home(path: &str, files: &BTreeMap<String, Vec<String>>) -> Option<String> {
    let ends = path.match_indices("::").map(|(end, _)| end).chain([path.len()]);
    let file = ends.map(|end| &path[..end]).filter(|start| files.contains_key(*start)).last()?;
    let item = &path[file.len()..];
    match files[file].iter().find(|other| !item.is_empty() && other.ends_with(item) && *other != path) {
        Some(handed_on) => home(handed_on, files),
        None => Some(file.to_owned()),
    }
}

#[test]
fn no_file_stands_on_one_that_stands_on_it() {
    let mut sources = sources();
    sources.retain(|(name, _)| !name.contains("tests"));
    let imported: BTreeMap<String, Vec<String>> =
        sources.iter().map(|(name, text)| (module(name), imports(name, own(text)))).collect();
    // A file stands on those that it imports from, and on those that it declares.
    let mut stands_on: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, text) in &sources {
        let file = module(name);
        let homes = imported[&file].iter().filter_map(|path| home(path, &imported));
        let declared = children(text).map(|child| format!("{file}::{child}"));
        stands_on.insert(file.clone(), homes.chain(declared).filter(|other| *other != file).collect());
    }
    // Take away what stands on nothing, then what nothing stands on: circles remain, and what is between them.
    loop {
        let below: BTreeSet<String> = stands_on.values().flatten().cloned().collect();
        let files: BTreeSet<String> = stands_on.keys().cloned().collect();
        stands_on.retain(|file, on| {
            on.retain(|other| files.contains(other));
            !on.is_empty() && below.contains(file)
        });
        if stands_on.len() == files.len() {
            break;
        }
    }
    assert!(stands_on.is_empty(), "{stands_on:#?}");
}

#[test]
fn the_program_sees_the_library_as_any_user_does() {
    let names = |text: &str| {
        text.replace("pub(in crate::cli)", "")
            .lines()
            .filter(|line| line.contains("crate::"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for (name, text) in sources().iter().filter(|(name, _)| name.starts_with("cli/")) {
        assert_eq!(names(text), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn each_heavy_crate_has_one_home() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        for (heavy, homes) in CRATES {
            let is_home = homes.iter().any(|home| name.starts_with(home));
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let uses = |line: &str| line.contains(&format!("{heavy}::")) && !line.contains(&format!("_{heavy}::"));
            if !is_home && code.into_iter().any(uses) {
                wrong.push(format!("{name} names {heavy}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let long: Vec<(String, usize)> = sources()
        .into_iter()
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > 500)
        .collect();
    assert_eq!(long, []);
}

/// The folders of many files, and where a reader finds what each is for.
const MAPS: [(&str, &str); 3] =
    [("parse/mod.rs", "parse/mod.rs"), ("table/mod.rs", "table/mod.rs"), ("fold/accounts/mod.rs", "fold/mod.rs")];

#[test]
fn every_file_of_a_large_folder_is_on_its_map() {
    let texts: BTreeMap<String, String> = sources().into_iter().collect();
    for (folder, map) in MAPS {
        let head: String = texts[map].lines().take_while(|line| line.starts_with("//!")).collect();
        let modules = children(&texts[folder]).filter(|child| *child != "tests");
        let lost: Vec<&str> = modules.filter(|child| !head.contains(&format!("`{child}`"))).collect();
        assert_eq!(lost, Vec::<&str>::new(), "{folder}");
    }
}
