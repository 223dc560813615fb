//! The house's rooms: who may import whom, and where each heavy crate lives.

use std::path::{Path, PathBuf};

/// What the files of a room may use of the crate: the first prefix of the path that fits.
const ROOMS: [(&str, &[&str]); 15] = [
    ("event/", &["event"]),
    ("error.rs", &[]),
    ("source/", &["error", "source"]),
    ("parse/mod.rs", &["event", "parse"]),
    (
        "parse/",
        &[
            "event",
            "parse::format",
            "parse::mark",
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
    ("rayon", &["pipeline/", "cli/input.rs"]),
    ("clap", &["cli/"]),
    ("toml", &["config/value.rs"]),
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

/// The paths a file imports from its crate, as `room::item`; groups taken apart.
fn imports(name: &str, text: &str) -> Vec<String> {
    let parents: Vec<&str> = name.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev().collect();
    let module = |depth: usize| {
        parents[..parents.len().saturating_sub(depth)].iter().map(|part| format!("{part}::")).collect::<String>()
    };
    let is_mod = name.ends_with("mod.rs");
    let mut paths = Vec::new();
    for statement in text.split("\nuse ").skip(1).chain(text.split("\n    use ").skip(1)) {
        let statement: String = statement.split(';').next().unwrap_or("").split_whitespace().collect();
        let inside = |rest: &str, base: String| {
            let (head, items) = rest.split_once('{').unwrap_or(("", rest));
            let items = items.trim_end_matches('}').to_owned();
            items
                .split(',')
                .filter(|item| !item.is_empty())
                .map(|item| format!("{base}{head}{item}"))
                .collect::<Vec<_>>()
        };
        if let Some(rest) = statement.strip_prefix("crate::") {
            paths.extend(inside(rest, String::new()));
        } else if let Some(rest) = statement.strip_prefix("super::super::") {
            paths.extend(inside(rest, module(1 + usize::from(is_mod))));
        } else if let Some(rest) = statement.strip_prefix("super::") {
            // In a `mod tests` at the end of a file it is the file itself.
            paths.extend(inside(rest, module(usize::from(is_mod))).into_iter().filter(|path| path.contains("::")));
        }
    }
    paths
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
        let own = text.split("\n#[cfg(test)]").next().unwrap_or(&text);
        for path in imports(&name, own) {
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
