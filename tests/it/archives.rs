//! Archives hold several files: none of them is taken for one log.

use std::io::Write;

use crate::support::{Workdir, fixtures};

/// A tar archive of files, as GNU tar and its kin write it, with this magic.
fn tar(files: &[(&str, Vec<u8>)], magic: &[u8]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, content) in files {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        header[136..148].copy_from_slice(b"15000000000\0");
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..257 + magic.len()].copy_from_slice(magic);
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend(content);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).expect("memory");
    gzip.finish().expect("memory")
}

fn ledgers() -> Vec<(&'static str, Vec<u8>)> {
    let read = |name| (name, std::fs::read(fixtures().join("sample/ledgers").join(name)).expect("a sample"));
    ["rust-core.md", "spec-review.md", "docs-sweep.md"].map(read).to_vec()
}

#[test]
fn an_archive_beside_its_files_counts_for_nothing_and_is_named() {
    for magic in [&b"ustar  "[..], b"ustar\x0000", b""] {
        let work = Workdir::new();
        for (name, content) in ledgers() {
            work.write(&format!("led/{name}"), content);
        }
        let before = work.report(&["led"]);
        let archive = tar(&ledgers(), magic);
        work.write("led/backup.md", gzip(&archive));
        work.write("led/backup.tar", archive);
        let after = work.report(&["led"]);
        assert_eq!((&before["totals"], &before["warnings"]), (&after["totals"], &after["warnings"]));
        let skipped = after["sources"]["skipped"].to_string();
        assert!(skipped.contains("backup.tar") && skipped.contains("backup.md"), "{skipped}");
        assert!(work.run(&["report", "led"]).stdout.contains("Passed over 2 files: a tar archive; unpack it"));
        assert!(!work.run(&["doctor", "--json", "led"]).stdout.contains("\"files\":5"));
    }
}

#[test]
fn an_archive_that_is_named_is_no_answer() {
    let work = Workdir::new();
    let archive = tar(&ledgers(), b"ustar  ");
    work.write("led.tgz", gzip(&archive));
    for args in [&["report", "led.tgz"][..], &["events", "led.tgz"], &["check", "--max-cost", "1000", "led.tgz"]] {
        let outcome = work.run(args);
        assert_eq!(outcome.code, 2, "{args:?}: {}", outcome.stdout);
        assert!(outcome.stderr.contains("led.tgz: a tar archive; unpack it, and give what was in it"), "{outcome:?}");
    }
    let piped = work.run_with(&["report", "-"], &archive);
    assert!(piped.code == 2 && piped.stderr.contains("a tar archive"), "{piped:?}");
}
