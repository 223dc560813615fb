//! Every `fixtures/<harness>/<case>/expected.json` held against the binary: a new case needs no Rust.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Workdir, fixtures, warning_codes};

/// Flags on untrusted output: present only where the case says so.
const FLAGS: [&str; 5] = ["quoted-entry", "quoted-records", "doubtful-records", "several-footers", "mismatch"];

#[test]
fn every_fixture_reports_what_it_states() {
    let cases = cases();
    assert!(cases.len() >= 50, "only {} cases under {}", cases.len(), fixtures().display());
    let failures: Vec<String> = cases.iter().flat_map(|case| check(case, &case.join("input"))).collect();
    assert!(failures.is_empty(), "{} differences\n{}", failures.len(), failures.join("\n"));
}

/// Records as harnesses write them are told by quick readers, others by the JSON reader: both must know the same fields.
#[test]
fn every_fixture_of_json_lines_reports_the_same_with_other_spacing() {
    let mut spaced = 0;
    let mut failures = Vec::new();
    for case in cases() {
        let work = Workdir::new();
        if write_spaced(&case.join("input"), &work) {
            spaced += 1;
            failures.extend(check(&case, &work.root()));
        }
    }
    assert!(spaced >= 150, "only {spaced} cases");
    assert!(failures.is_empty(), "{} differences\n{}", failures.len(), failures.join("\n"));
}

/// Copies a case's input, with a space in each record that the quick readers don't expect. Whether there are such
/// records, and all are whole: a torn one is known by the beginning of the next.
fn write_spaced(input: &Path, work: &Workdir) -> bool {
    let mut has_records = false;
    for path in files_below(input) {
        let name = path.strip_prefix(input).expect("a file of the input").to_str().expect("a UTF-8 path");
        let mut bytes = std::fs::read(&path).expect("a fixture");
        if name.ends_with(".jsonl") {
            let Ok(text) = std::str::from_utf8(&bytes) else { return false };
            let is_whole = |line: &str| !line.starts_with('{') || serde_json::from_str::<Value>(line).is_ok();
            if !text.lines().all(is_whole) {
                return false;
            }
            has_records |= text.contains('{');
            let spaced = text.split_inclusive('\n').map(|line| match line.strip_prefix('{') {
                Some(rest) => format!("{{ {rest}"),
                None => line.to_owned(),
            });
            bytes = spaced.collect::<String>().into_bytes();
        }
        work.write(name, bytes);
    }
    has_records
}

#[test]
fn the_sample_of_the_readme_reports_what_it_states() {
    let sample = fixtures().join("sample");
    let failures = check(&sample, &sample.join("ledgers"));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn fixtures_hold_no_path_of_a_real_machine_and_no_real_mail() {
    for path in files_below(&fixtures()) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a fixture")).into_owned();
        for word in text.split(|c: char| c.is_whitespace() || "\"'<>(),\\".contains(c)) {
            let mail = word.contains('@') && word.contains('.');
            assert!(!mail || word.ends_with("@example.test"), "{}: {word}", path.display());
            assert!(!word.starts_with("/home/") && !word.starts_with("/Users/"), "{}: {word}", path.display());
        }
    }
}

/// All folders two levels down that state their answer.
fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = folders(&fixtures()).iter().flat_map(|harness| folders(harness)).collect();
    cases.retain(|case| case.join("expected.json").is_file());
    cases.sort();
    cases
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    entries(dir).into_iter().filter(|path| path.is_dir()).collect()
}

pub fn files_below(dir: &Path) -> Vec<PathBuf> {
    let (folders, mut files): (Vec<_>, Vec<_>) = entries(dir).into_iter().partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| files_below(folder)));
    files
}

/// What differs between a case and the binary's answer, one line each.
fn check(case: &Path, input: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(case.join("expected.json")).expect("expected.json");
    let want: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", case.display()));
    let mut differences = Vec::new();
    let work = Workdir::new();
    let input = input.to_str().expect("a UTF-8 path");
    let extra: Vec<&str> = list(&want["args"]);

    let report: Value = match ask(&work, &[&["report", "--json", "--tz", "UTC"], extra.as_slice(), &[input]].concat()) {
        Ok(text) => serde_json::from_str(&text).expect("a JSON report"),
        Err(problem) => return vec![format!("{}: {problem}", case.display())],
    };
    subset("totals", &want["totals"], &report["totals"], &mut differences);
    check_flags(&want, &report, &mut differences);
    for rows in want["rows"].as_array().into_iter().flatten() {
        let by = rows["by"].as_str().expect("a dimension");
        match ask(&work, &["report", "--json", "--tz", "UTC", "--by", by, input]) {
            Ok(text) => check_rows(by, &rows["want"], &text, &mut differences),
            Err(problem) => differences.push(problem),
        }
    }
    for (table, rows) in want["exports"].as_object().into_iter().flatten() {
        match ask(&work, &["export", table, "--format", "jsonl", "-o", "-", input]) {
            Ok(text) => check_table(table, rows, &text, &mut differences),
            Err(problem) => differences.push(problem),
        }
    }
    if !want["latency"].is_null() {
        match ask(&work, &["latency", "--json", "--tz", "UTC", input]) {
            Ok(text) => {
                let latency: Value = serde_json::from_str(&text).expect("a JSON report");
                subset("latency", &want["latency"], &latency["totals"], &mut differences);
            }
            Err(problem) => differences.push(problem),
        }
    }
    match ask(&work, &["export", "runs", "--format", "jsonl", "-o", "-", input]) {
        Ok(text) => check_runs(&want, &text, &mut differences),
        Err(problem) => differences.push(problem),
    }
    let name = case.strip_prefix(fixtures()).unwrap_or(case).display().to_string();
    differences.into_iter().map(|difference| format!("{name}: {difference}")).collect()
}

fn ask(work: &Workdir, args: &[&str]) -> Result<String, String> {
    let outcome = work.run(args);
    match outcome.code {
        0 => Ok(outcome.stdout),
        code => Err(format!("{args:?}: exit {code}: {}", outcome.stderr.trim())),
    }
}

fn list(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|v| v.as_str().expect("a string")).collect()
}

/// Everything in `want` stands in `got`; numbers may differ by less than a nano-unit.
pub(crate) fn subset(at: &str, want: &Value, got: &Value, differences: &mut Vec<String>) {
    match (want, got) {
        (Value::Object(map), _) => {
            for (key, value) in map {
                match got.get(key) {
                    Some(found) => subset(&format!("{at}.{key}"), value, found, differences),
                    None => differences.push(format!("{at}.{key}: want {value}, but the key is missing")),
                }
            }
        }
        (Value::Array(want), Value::Array(got)) if want.len() == got.len() => {
            for (index, (want, got)) in want.iter().zip(got).enumerate() {
                subset(&format!("{at}[{index}]"), want, got, differences);
            }
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            let apart = (a.as_f64().unwrap_or(f64::NAN) - b.as_f64().unwrap_or(f64::NAN)).abs();
            if apart.is_nan() || apart > 1e-9 {
                differences.push(format!("{at}: want {want}, got {got}"));
            }
        }
        _ if want == got => {}
        _ => differences.push(format!("{at}: want {want}, got {got}")),
    }
}

fn check_flags(want: &Value, report: &Value, differences: &mut Vec<String>) {
    let codes = warning_codes(report);
    let (must, may) = (list(&want["warnings"]), list(&want["may_warn"]));
    for code in &must {
        if !codes.iter().any(|c| c == code) {
            differences.push(format!("warnings: want {code}, got {codes:?}"));
        }
    }
    for code in FLAGS {
        if codes.iter().any(|c| c == code) && !must.contains(&code) && !may.contains(&code) {
            differences.push(format!("warnings: {code} is out of place"));
        }
    }
}

/// The rows with a known total are exactly the wanted ones.
fn check_rows(by: &str, want: &Value, text: &str, differences: &mut Vec<String>) {
    let report: Value = serde_json::from_str(text).expect("a JSON report");
    let rows = report["rows"].as_array().expect("rows");
    let known = rows.iter().filter(|row| !row["total_tokens"].is_null());
    let got: BTreeMap<String, Value> =
        known.map(|row| (row[by].as_str().unwrap_or("null").to_owned(), row["total_tokens"].clone())).collect();
    let want: BTreeMap<String, Value> = serde_json::from_value(want.clone()).expect("names and totals");
    if got != want {
        differences.push(format!("--by {by}: want {want:?}, got {got:?}"));
    }
}

/// All rows of a table, in their order.
fn check_table(table: &str, want: &Value, text: &str, differences: &mut Vec<String>) {
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    let want = want.as_array().expect("rows");
    if rows.len() != want.len() {
        differences.push(format!("export {table}: want {} rows, got {}", want.len(), rows.len()));
    }
    for (index, (want, row)) in want.iter().zip(&rows).enumerate() {
        subset(&format!("{table} {index}"), want, row, differences);
    }
}

fn check_runs(want: &Value, text: &str, differences: &mut Vec<String>) {
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    if let Some(count) = want["totals"]["runs"].as_u64().filter(|count| *count != rows.len() as u64) {
        differences.push(format!("export runs: want {count} rows, got {}", rows.len()));
    }
    for run in want["runs"].as_array().into_iter().flatten() {
        let id = &run["run_id"];
        match rows.iter().find(|row| &row["run_id"] == id) {
            Some(row) => subset(&format!("run {id}"), run, row, differences),
            None => differences.push(format!("run {id} is missing")),
        }
    }
}
