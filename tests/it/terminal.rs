//! What only a terminal shows: how far the reading has come.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::pty::openpty;

use crate::support::Workdir;

/// The binary with a terminal for its standard error, still waiting for input, and that terminal.
fn started(work: &Workdir, args: &[&str]) -> (Child, File) {
    let terminal = openpty(None, None).expect("a terminal");
    let mut command = work.command(args);
    command.env("TERM", "xterm").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::from(terminal.slave));
    (command.spawn().expect("the binary starts"), File::from(terminal.master))
}

/// What the terminal was sent until `done` says that it is enough, or nobody writes to it any more.
fn sent(terminal: &mut File, done: impl Fn(&str) -> bool) -> String {
    let (mut text, mut buffer) = (String::new(), [0; 1024]);
    while !done(&text) {
        match terminal.read(&mut buffer) {
            Ok(read) if read > 0 => text += &String::from_utf8_lossy(&buffer[..read]),
            _ => break,
        }
    }
    text
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
