//! What only a terminal shows: how far the reading has come.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::pty::{Winsize, openpty};

use crate::support::{Workdir, fixtures};
use crate::writers::ledger;

/// The binary with a terminal for its standard error, still waiting for input, and that terminal.
fn started(work: &Workdir, args: &[&str]) -> (Child, File) {
    let terminal = openpty(None, None).expect("a terminal");
    let mut command = work.command(args);
    command.env("TERM", "xterm").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::from(terminal.slave));
    (command.spawn().expect("the binary starts"), File::from(terminal.master))
}

/// What the terminal was sent until `done` says that it is enough, or nobody writes to it any more.
fn sent(terminal: &mut File, done: impl Fn(&str) -> bool) -> String {
    // A character may come in two parts.
    let (mut bytes, mut buffer) = (Vec::new(), [0; 1024]);
    while !done(&String::from_utf8_lossy(&bytes)) {
        match terminal.read(&mut buffer) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_long_reading_shows_how_far_it_is_and_leaves_nothing_behind() {
    let work = Workdir::new();
    let (mut child, mut terminal) = started(&work, &["report", "-", "--allow-empty"]);
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(b"nothing that anybody knows\n").expect("the pipe takes it");
    // It waits for the rest of its input, for as long as it takes until the bar is drawn.
    let shown = sent(&mut terminal, |text| text.contains("Reading"));
    assert!(shown.contains("Reading"), "{shown:?}");
    drop(input);
    assert!(child.wait().expect("the binary ends").success());
    let rest = sent(&mut terminal, |_| false);
    assert!(rest.contains("\u{1b}[2K"), "the line is cleared: {rest:?}");
    assert!(!rest.contains("nothing that anybody knows"), "{rest:?}");
}

#[test]
fn quiet_shows_no_progress() {
    let work = Workdir::new();
    let (mut child, mut terminal) = started(&work, &["report", "-", "--allow-empty", "--quiet"]);
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(b"nothing that anybody knows\n").expect("the pipe takes it");
    std::thread::sleep(Duration::from_secs(1));
    drop(input);
    assert!(child.wait().expect("the binary ends").success());
    assert_eq!(sent(&mut terminal, |_| false), "");
}

/// What the binary shows on a terminal this wide.
fn shown(args: &[&str], width: u16, name: &str) -> String {
    let size = Winsize { ws_row: 50, ws_col: width, ws_xpixel: 0, ws_ypixel: 0 };
    let terminal = openpty(Some(&size), None).expect("a terminal");
    let mut command = Workdir::new().command(args);
    command.env("TERM", name).env_remove("NO_COLOR").current_dir(fixtures()).stdout(Stdio::from(terminal.slave));
    let mut child = command.stderr(Stdio::null()).spawn().expect("the binary starts");
    drop(command);
    let text = sent(&mut File::from(terminal.master), |_| false);
    assert!(child.wait().expect("the binary ends").success());
    text
}

#[test]
fn every_table_fits_the_terminal() {
    for args in [
        &["quota", "codex-rollout", "-q"][..],
        &["prices"],
        &["prices", "claude-opus-4-1", "-q"],
        &["schema"],
        &["report", "sample", "--by", "run,model", "-q"],
        &["latency", "codex-trace", "-q"],
    ] {
        for width in [70, 100] {
            let text = shown(args, width, "dumb");
            assert!(text.lines().count() > 1, "{args:?}: {text}");
            for line in text.lines().map(str::trim_end) {
                // A sentence above a table wraps by itself.
                assert!(line.chars().count() <= usize::from(width) || line.contains(": a row is "), "{args:?}: {line}");
            }
        }
    }
    assert!(shown(&["quota", "codex-rollout"], 100, "xterm").contains("RESETS AT"));
    assert!(
        shown(&["prices", "gpt-5*"], 100, "xterm")
            .lines()
            .next()
            .is_some_and(|head| head.trim_end().ends_with("OUTPUT"))
    );
}

#[test]
fn a_check_cuts_names_rather_than_figures() {
    let work = Workdir::new();
    let name = "a-loop-whose-name-is-far-too-long-for-any-screen-that-is-not-as-wide-as-a-wall";
    let ledger = work.write("night.md", ledger(name, 0..1));
    let policy = "[[budget]]\nname = \"each\"\nper = \"loop\"\nmax_total_tokens = 1000\nseverity = \"warn\"\n";
    let [policy, ledger] = [work.write("usage.toml", policy), ledger].map(|path| path.display().to_string());
    let text = shown(&["check", "--config", &policy, &ledger], 80, "dumb");
    let line = text.lines().find(|line| line.starts_with("WARN")).unwrap_or_default().trim_end();
    assert!(line.chars().count() <= 80 && line.contains('…'), "{text}");
    assert!(line.contains("1.05K of 1.00K total tokens  105%"), "{text}");
}

#[test]
fn however_narrow_a_table_is_it_keeps_what_tells_its_rows_apart() {
    for width in [30, 60, 80] {
        let quota = shown(&["quota", "codex-rollout"], width, "dumb");
        let head = quota.lines().next().unwrap_or_default();
        for title in ["TIME", "LIMIT", "WINDOW MIN", "USED %"] {
            assert!(head.contains(title), "{width}: {head}");
        }
        for model in ["gpt-5.4", "gpt-5*"] {
            let prices = shown(&["prices", model, "-q"], width, "dumb");
            let head = prices.lines().next().unwrap_or_default();
            assert!(head.contains("TIER") && head.contains("ABOVE TOKENS"), "{width}: {head}");
            assert!(head.contains(if model == "gpt-5.4" { "FROM" } else { "MODEL" }), "{width}: {head}");
            assert!(head.contains("INPUT") && head.contains("OUTPUT"), "{width}: {head}");
        }
    }
}

#[test]
fn prices_outlast_columns_that_are_the_same_everywhere() {
    let prices = shown(&["prices", "claude-opus-4-1", "-q"], 40, "dumb");
    let lines: Vec<&str> = prices.lines().map(str::trim_end).collect();
    assert_eq!(lines, ["TIER      ABOVE TOKENS  INPUT  OUTPUT", "standard             0    $15     $75"]);
    let prices = shown(&["prices", "claude-opus-4-1", "-q"], 30, "dumb");
    assert_eq!(prices.lines().next().map(str::trim_end), Some("TIER      INPUT  OUTPUT"));
}

#[test]
fn an_explanation_shows_whatever_has_room_and_a_footer_its_number() {
    let explain = |width| shown(&["explain", "761f8050", "sample/ledgers"], width, "dumb");
    let witnesses = |text: &str| {
        let head = text.lines().position(|line| line.contains("WITNESS")).expect("a table of witnesses");
        text.lines().skip(head).map(|line| line.trim_end().to_owned()).collect::<Vec<_>>()
    };
    for width in [70, 80, 100, 104] {
        let lines = witnesses(&explain(width));
        let footer = lines.iter().find(|line| line.contains("footer")).expect("a footer");
        assert!(footer.contains("245,584"), "{width}: {footer}");
        for line in &lines {
            assert!(line.chars().count() <= usize::from(width), "{width}: {line}");
        }
    }
    let head = |width| witnesses(&explain(width))[0].split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(head(100), "TIME WITNESS INPUT OUTPUT BLENDED VERDICT");
    assert_eq!(head(80), "WITNESS INPUT CACHED OUTPUT BLENDED VERDICT");
}

#[test]
fn sentences_of_the_schema_go_on_under_their_beginning() {
    for width in [60, 80, 100] {
        let schema = shown(&["schema", "runs"], width, "dumb");
        let mut lines = schema.lines().skip(2);
        let head = lines.next().unwrap_or_default();
        let meaning = head.find("MEANING").expect("the column");
        for line in lines {
            let cells: String = line.chars().skip(meaning).collect();
            assert!(!line.trim().is_empty(), "{width}: an empty line");
            let null = head.find("NULL").expect("the column") - meaning;
            let (left, right): (String, String) =
                (cells.chars().take(null).collect(), cells.chars().skip(null).collect());
            for cell in [left, right] {
                assert!(!cell.starts_with(' ') || cell.trim().is_empty(), "{width}: {line}");
            }
        }
    }
}

#[test]
fn a_terminal_that_knows_no_colours_gets_none() {
    let report = ["report", "sample", "--by", "loop"];
    assert!(shown(&report, 120, "xterm").contains('\u{1b}'));
    assert!(!shown(&report, 120, "dumb").contains('\u{1b}'));
}

#[test]
fn no_control_character_of_an_argument_reaches_the_terminal() {
    let work = Workdir::new();
    for args in [
        &["report", "--format", "\u{1b}[2Jx"][..],
        &["report", "--\u{1b}[2Jx"],
        &["\u{1b}[2Jx"],
        &["completions", "\u{1b}[2Jx"],
        &["man", "\u{1b}[2Jx"],
    ] {
        let (mut child, mut terminal) = started(&work, args);
        assert_eq!(child.wait().expect("the binary ends").code(), Some(2));
        let shown = sent(&mut terminal, |_| false);
        assert!(shown.contains("\\u{1b}[2Jx") && !shown.contains("\u{1b}[2J"), "{args:?}: {shown:?}");
    }
}
