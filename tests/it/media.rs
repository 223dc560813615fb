//! What leaves the program is escaped for its medium, and holds no private text.

use crate::support::{Workdir, json_of};
use crate::writers::{Entry, SECRETS, claude_result, exact, front, tool_result};

const FORMATS: [&str; 5] = ["table", "json", "jsonl", "csv", "markdown"];

/// A ledger of a loop with this name, one exact run.
fn named(name: &str) -> Workdir {
    let work = Workdir::new();
    let entry =
        Entry::new(0).with(&exact(0, (1000, 0, 50, 0))).replace("loop_name: night", &format!("loop_name: {name}"));
    work.write("night.md", front(name) + &entry);
    work
}

fn every_output(work: &Workdir) -> Vec<(String, String)> {
    let mut outputs = Vec::new();
    for format in FORMATS {
        for by in ["loop", "run", "conversation", "model,profile"] {
            let outcome = work.run(&["report", "-v", "--format", format, "--by", by, "."]);
            assert_eq!(outcome.code, 0, "{format} {by}: {}", outcome.stderr);
            outputs.push((format!("report {format} {by}"), outcome.stdout + &outcome.stderr));
        }
    }
    for format in ["jsonl", "csv"] {
        let outcome = work.run(&["export", "runs", "--format", format, "-o", "-", "."]);
        assert_eq!(outcome.code, 0, "{format}: {}", outcome.stderr);
        outputs.push((format!("export {format}"), outcome.stdout + &outcome.stderr));
    }
    outputs
}

/// The cells of a CSV text, quotes taken off.
fn csv_cells(text: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => quoted = !quoted,
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            ',' | '\n' if !quoted => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    cells
}

#[test]
fn control_characters_never_reach_an_output() {
    let work = named("red\u{1b}[31m\u{7}\u{8}\u{9b}31m\u{7f}\tname");
    for (what, text) in every_output(&work) {
        // JSON escapes what JSON must; its other control characters are the reader's to show.
        let bad = |c: char| if what.contains("json") { c < ' ' } else { c.is_control() };
        assert_eq!(text.chars().find(|c| bad(*c) && *c != '\n'), None, "{what}: {text:?}");
        assert!(text.contains("red") || !what.ends_with("loop"), "{what}: {text}");
    }
}

#[test]
fn text_that_turns_direction_never_reaches_the_table() {
    let work = named("safe\u{202e}gnp.exe");
    let outcome = work.run(&["report", "night.md"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("safe"), "{:?}", outcome.stdout);
    assert!(!outcome.stdout.contains('\u{202e}'), "{:?}", outcome.stdout);
}

#[test]
fn csv_cells_never_start_a_formula() {
    for name in ["=HYPERLINK(1)", "+1+2", "-2+3", "@SUM(A1)", "\t=1+2", "\r=1+2", "\"=1+2", " =1+2"] {
        let work = named(name);
        let commands: [&[&str]; 2] =
            [&["report", "--format", "csv", "."], &["export", "runs", "--format", "csv", "-o", "-", "."]];
        for args in commands {
            let outcome = work.run(args);
            assert_eq!(outcome.code, 0, "{name:?}: {}", outcome.stderr);
            for cell in csv_cells(&outcome.stdout) {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{name:?} gives {cell:?}");
            }
            let core = name.trim_matches(['=', '+', '-', '@', '\t', '\r', '"', ' ']);
            assert!(outcome.stdout.contains(core), "{name:?} is lost: {}", outcome.stdout);
        }
    }
}

#[test]
fn csv_rows_keep_their_number_of_cells() {
    let work = named("a,b\"c;d");
    let text = work.run(&["report", "--format", "csv", "."]).stdout;
    let columns = text.lines().next().expect("a header").split(',').count();
    let cells = csv_cells(&text);
    assert_eq!(cells.len() % columns, 0, "{text}");
    assert!(cells.contains(&"a,b\"c;d".to_owned()), "{cells:?}");
}

#[test]
fn markdown_cells_hold_no_markup() {
    let work = named("a|b`c`<img src=x>[d](javascript:e)*f*");
    let text = work.run(&["report", "--format", "markdown", "."]).stdout;
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert!(rows.len() >= 3, "{text}");
    let bars = |row: &str| row.replace("\\|", "").matches('|').count();
    for row in &rows {
        assert_eq!(bars(row), bars(rows[0]), "{row}");
    }
    assert!(!text.contains("<img"), "{text}");
    assert!(!text.replace("\\`", "").contains('`'), "{text}");
    assert!(!text.contains("[d](java"), "{text}");
}

#[test]
fn json_holds_any_name_unchanged() {
    let name = "a|b`c`,\"d\" =e";
    let work = named(name);
    let args = ["report", "--json", "."];
    assert_eq!(json_of(&work.run(&args), &args)["rows"][0]["loop"], name);
}

#[test]
fn no_mail_account_or_text_of_a_message_leaves_the_program() {
    let work = Workdir::new();
    let secret = SECRETS[2];
    let said = format!("codex\nThe word is {secret}.\n");
    let codex = tool_result(0, 10, &format!("{secret}\n{secret}")) + &said + &exact(0, (1000, 0, 50, 0));
    let claude = Entry { harness: "claude", profile: "cc1", ..Entry::new(1) };
    let session = "5f7e1f3c-2a64-4f0e-9d54-1f0a6b7c8d9e";
    let killed = format!("thinking about {secret}\nuser\n{secret}");
    let broken = exact(3, (1, 0, 1, 0)).replace("input_token_count=1 ", &format!("input_token_count={secret} "));
    let ledger = front("night")
        + &Entry::new(0).with(&codex)
        + &claude.with(&claude_result(session, 2000, 60, 0.25))
        + &Entry::new(2).with(&killed)
        + &Entry::new(3).with(&broken);
    work.write("night.md", ledger);
    work.write("codex.log", tool_result(5, 10, secret) + &exact(5, (10, 0, 1, 0)));
    for (what, text) in every_output(&work) {
        for secret in SECRETS {
            assert!(!text.contains(secret), "{what} shows {secret}: {text}");
        }
    }
    let report = work.report(&["."]);
    assert_eq!(report["totals"]["runs"], 4);
    assert!(report["totals"]["total_tokens"].as_u64().is_some_and(|n| n >= 1050 + 2060 + 11), "{report}");
}
