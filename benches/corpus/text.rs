//! Words, prose and tool output that mean nothing.

use super::random::Random;

const WORDS: &[&str] = &[
    "the",
    "parser",
    "now",
    "keeps",
    "a",
    "window",
    "of",
    "lines",
    "and",
    "drops",
    "what",
    "it",
    "has",
    "seen",
    "so",
    "that",
    "every",
    "harbour",
    "lantern",
    "gets",
    "its",
    "own",
    "table",
    "with",
    "naïve",
    "ordering",
    "→",
    "next",
    "step",
    "is",
    "to",
    "check",
    "`cargo test`",
    "for",
    "orchard",
    "module",
    "because",
    "fixtures",
    "were",
    "stale",
    "{brace}",
    "\"quoted\"",
    "café",
];

const FILES: &[&str] = &[
    "src/harbour.rs",
    "src/lantern/mod.rs",
    "src/orchard/table.rs",
    "tests/tides.rs",
    "docs/notes.md",
    "crates/meadow/src/lib.rs",
];

const COMMANDS: &[&str] = &[
    "cargo test --workspace",
    "git status --short",
    "sed -n 1,120p src/harbour.rs",
    "ls -la crates",
    "cargo clippy --all-targets",
    "git diff --stat",
];

/// One piece of a streamed answer, with the space before it.
pub fn piece(random: &mut Random) -> String {
    format!(" {}", random.pick(WORDS))
}

/// This many words.
pub fn words(random: &mut Random, count: u64) -> String {
    let words: Vec<&str> = (0..count).map(|_| random.pick(WORDS)).collect();
    words.join(" ")
}

/// A short final message: a sentence and a few points.
pub fn message(random: &mut Random) -> String {
    let mut text = format!("Done: {}.", words(random, 12));
    for point in 1..=random.between(0, 4) {
        let length = random.between(4, 14);
        text.push_str(&format!("\n{point}. {}", words(random, length)));
    }
    text
}

/// A shell command.
pub fn command(random: &mut Random) -> &'static str {
    random.pick(COMMANDS)
}

/// A path inside a repository.
pub fn file(random: &mut Random) -> &'static str {
    random.pick(FILES)
}

/// What a tool printed: this many lines of code, test results or a diff.
pub fn tool_output(random: &mut Random, lines: u64) -> String {
    let lines: Vec<String> = (0..lines).map(|_| tool_line(random)).collect();
    lines.join("\n")
}

fn tool_line(random: &mut Random) -> String {
    match random.between(0, 4) {
        0 => format!("test {}::keeps_{} ... ok", random.hex(6), random.hex(4)),
        1 => format!("+    let {} = table.row({});", random.hex(5), random.between(0, 999)),
        2 => format!("{}:{}: {}", file(random), random.between(1, 900), words(random, 6)),
        3 => format!("    {{ \"key\": \"{}\", \"n\": {} }},", random.hex(8), random.between(0, 99)),
        _ => String::new(),
    }
}
