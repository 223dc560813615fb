//! Links in folders: whatever they make of them, each file is read once and no walk goes astray.

use std::os::unix::fs::symlink;

use crate::support::Workdir;
use crate::writers::ledger;

fn link(work: &Workdir, target: &str, name: &str) {
    symlink(work.path(target), work.path(name)).expect("a link");
}

#[test]
fn folders_that_link_to_each_other_are_walked_once() {
    let work = Workdir::new();
    let folders: Vec<String> = (0..12).map(|n| format!("tree/d{n}")).collect();
    folders.iter().for_each(|folder| drop(work.mkdir(folder)));
    for from in &folders {
        for (n, to) in folders.iter().enumerate() {
            link(&work, to, &format!("{from}/to{n}"));
        }
    }
    work.write("tree/d0/night.md", ledger("night", 0..1));
    let report = work.report(&["tree"]);
    assert_eq!((&report["totals"]["runs"], &report["sources"]["files"]), (&1.into(), &1.into()));
    // What they lead to is read anyway: nothing is passed over.
    assert_eq!(report["sources"]["skipped"], serde_json::json!([]));
    assert_eq!(work.run(&["report", "--strict", "tree"]).code, 0);
}

#[test]
fn a_link_out_of_the_folder_is_followed_and_all_behind_it_read_once() {
    let work = Workdir::new();
    work.write("elsewhere/day.md", ledger("day", 1..2));
    work.write("elsewhere/deep/noon.md", ledger("noon", 2..3));
    work.write("ledgers/night.md", ledger("night", 0..1));
    work.mkdir("ledgers/in");
    // The first that is found may lead to a part of what the next one leads to.
    link(&work, "elsewhere/deep", "ledgers/a");
    link(&work, "elsewhere", "ledgers/b");
    link(&work, "elsewhere", "ledgers/in/c");
    link(&work, "ledgers", "elsewhere/back");
    for paths in [&["ledgers"][..], &["ledgers/b"], &["ledgers", "ledgers/a", "elsewhere"]] {
        let report = work.report(paths);
        assert_eq!((&report["totals"]["runs"], &report["sources"]["files"]), (&3.into(), &3.into()), "{paths:?}");
        assert_eq!(report["sources"]["skipped"], serde_json::json!([]));
    }
}

#[test]
fn a_link_to_a_folder_above_is_told_and_not_followed() {
    let work = Workdir::new();
    work.write("all/day.md", ledger("day", 1..2));
    work.write("all/ledgers/night.md", ledger("night", 0..1));
    link(&work, "all", "all/ledgers/up");
    let report = work.report(&["all/ledgers"]);
    assert_eq!(report["totals"]["runs"], 1);
    let reason = "a link to a folder above; give that as a path";
    assert_eq!(report["sources"]["skipped"], serde_json::json!([{ "path": "all/ledgers/up", "reason": reason }]));
    assert_eq!(work.report(&["all/ledgers", "all"])["totals"]["runs"], 2);
}

#[test]
fn a_file_with_several_names_is_read_once() {
    let work = Workdir::new();
    // Nothing in it tells whose it is: two of them would be two runs of a harness.
    let footer = "OpenAI Codex v0.98.0 (research preview)\n--------\nworkdir: /x\nmodel: gpt-5\n--------\nuser\nhi\ncodex\ndone\ntokens used\n5,267\n";
    work.write("out/a.txt", footer);
    work.write("kept/b.txt", footer);
    link(&work, "out/a.txt", "out/again.txt");
    link(&work, "kept/b.txt", "out/b.txt");
    link(&work, "kept/b.txt", "out/b-again.txt");
    link(&work, "out", "linked");
    let tokens = |args: &[&str]| work.report(args)["totals"]["blended_tokens"].clone();
    let here = work.root().display().to_string();
    assert_eq!(tokens(&["out/a.txt"]), 5267);
    assert_eq!(tokens(&["out"]), 2 * 5267);
    assert_eq!(tokens(&["linked"]), 2 * 5267);
    assert_eq!(tokens(&["out", "kept"]), 2 * 5267);
    assert_eq!(tokens(&["out", "linked", &here, &format!("{here}/out/a.txt"), "out/again.txt"]), 2 * 5267);
}

#[test]
fn a_link_that_leads_nowhere_is_named_and_costs_no_other_file() {
    let work = Workdir::new();
    work.write("ledgers/night.md", ledger("night", 0..1));
    link(&work, "gone", "ledgers/gone");
    let report = work.report(&["ledgers"]);
    assert_eq!(report["totals"]["runs"], 1);
    assert_eq!(report["sources"]["skipped"][0]["path"], "ledgers/gone");
    assert_eq!(work.run(&["report", "--strict", "ledgers"]).code, 2);
}
