//! Folders that the user may not look into: told, never taken for empty.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{Workdir, fixtures};

/// Makes a folder that can't be looked into; `false` for users whom nothing stops.
fn forbid(folder: &Path) -> bool {
    std::fs::set_permissions(folder, Permissions::from_mode(0o000)).expect("permissions");
    std::fs::read_dir(folder).is_err()
}

/// Lets the temporary folder be removed.
fn permit(folder: &Path) {
    std::fs::set_permissions(folder, Permissions::from_mode(0o700)).expect("permissions");
}

#[test]
fn a_named_folder_that_cannot_be_read_is_told_as_a_file_is() {
    let dir = Workdir::new();
    dir.write("a.md", std::fs::read(fixtures().join("sample/ledgers/rust-core.md")).expect("a ledger"));
    let folder = dir.mkdir("closed");
    if forbid(&folder) {
        let outcome = dir.run(&["report", "a.md", "closed"]);
        assert_eq!(outcome.code, 2, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("closed: ") && outcome.stdout.contains("rust-core"), "{outcome:?}");
    }
    permit(&folder);
}

#[test]
fn a_usual_place_that_cannot_be_read_is_no_empty_one() {
    let dir = Workdir::new();
    let session = std::fs::read(fixtures().join("sample/ledgers/rust-core.md")).expect("a ledger");
    dir.write("below/.forge/ledgers/a.md", &session);
    dir.write("below/home/.codex/sessions/a.jsonl", "{}\n");
    for (closed, args) in [
        ("below/home/.codex", &["--sessions", "auto"][..]),
        ("below/here/.forge", &[]),
        ("below/here/.forge/ledgers", &[]),
    ] {
        let work = dir.mkdir("below/here");
        let closed = dir.mkdir(closed);
        if forbid(&closed) {
            for (strict, code) in [(None, 0), (Some("--strict"), 2)] {
                let mut command = dir.command(&[&["report", "--json", "--allow-empty"], args].concat());
                command.args(strict).current_dir(&work).env("HOME", dir.path("below/home"));
                let output = command.output().expect("the binary ends");
                let (told, report) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
                let name = closed.display().to_string();
                assert_eq!(output.status.code(), Some(code), "{told}");
                assert!(told.contains(&name) && report.contains(&name), "{name}: {told}{report}");
            }
        }
        permit(&closed);
        let _ = std::fs::remove_dir_all(dir.path("below/here/.forge"));
    }
}
