//! One place to run the binary from: a temporary home, a fixed zone, no colour.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A fresh folder that a test fills, and the binary run inside it.
///
/// The environment goes to the child only, so tests can run in parallel.
pub struct Workdir {
    dir: TempDir,
}

/// What one run of the binary left behind.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; a run ended by a signal fails the test at once.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Workdir {
    pub fn new() -> Workdir {
        let dir = TempDir::new().expect("a temporary folder");
        for name in ["work", "home"] {
            std::fs::create_dir(dir.path().join(name)).expect("a folder in it");
        }
        Workdir { dir }
    }

    /// The current directory of every run.
    pub fn root(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(&path, content).expect("a written file");
        path
    }

    pub fn mkdir(&self, name: &str) -> PathBuf {
        std::fs::create_dir_all(self.path(name)).expect("a folder");
        self.path(name)
    }

    /// The command, not yet started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("forge-usage"));
        command.args(args).current_dir(self.root()).env_clear();
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.env("HOME", self.dir.path().join("home"));
        command.envs([("TZ", "UTC"), ("NO_COLOR", "1"), ("LANG", "C.UTF-8")]);
        command.stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Outcome {
        self.run_with(args, b"")
    }

    /// Runs with `input` on standard input.
    pub fn run_with(&self, args: &[&str], input: &[u8]) -> Outcome {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_vec();
        // A run that doesn't read its input closes the pipe: that is its right.
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("the binary ends");
        feeder.join().expect("the input is fed");
        Outcome {
            code: output.status.code().unwrap_or_else(|| panic!("{args:?} ended by a signal")),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The JSON report, which must succeed.
    pub fn report(&self, args: &[&str]) -> Value {
        let outcome = self.run(&[&["report", "--json", "--tz", "UTC"], args].concat());
        json_of(&outcome, args)
    }

    /// The JSON report of what stands on standard input, which must succeed.
    pub fn report_of(&self, input: &str) -> Value {
        let args = ["report", "--json", "--tz", "UTC", "-"];
        json_of(&self.run_with(&args, input.as_bytes()), &args)
    }

    /// What `explain` says, which must succeed.
    pub fn explain(&self, args: &[&str]) -> Value {
        let args = [&["explain", "--json"], args].concat();
        json_of(&self.run(&args), &args)
    }

    /// The rows of `export runs`, which must succeed.
    pub fn runs(&self, args: &[&str]) -> Vec<Value> {
        let head = ["export", "runs", "--format", "jsonl", "-o", "-"];
        let outcome = self.run(&[&head, args].concat());
        assert_eq!(outcome.code, 0, "export runs {args:?}: {}", outcome.stderr);
        outcome.stdout.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
    }
}

/// The document on standard output of a run that must have succeeded.
pub fn json_of(outcome: &Outcome, args: &[&str]) -> Value {
    assert_eq!(outcome.code, 0, "{args:?}: {}", outcome.stderr);
    document(outcome)
}

/// The document on standard output, whatever the exit code says: a verdict of `check` is one.
pub fn document(outcome: &Outcome) -> Value {
    serde_json::from_str(&outcome.stdout).unwrap_or_else(|e| panic!("{e}: {outcome:?}"))
}

/// A folder of the project's own fixtures.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The sample of the README: six ledgers, three days.
pub fn sample() -> String {
    fixtures().join("sample/ledgers").display().to_string()
}

/// The codes of a report's warnings.
pub fn warning_codes(report: &Value) -> Vec<String> {
    let warnings = report["warnings"].as_array().expect("a list of warnings");
    warnings.iter().map(|w| w["code"].as_str().expect("a code").to_owned()).collect()
}

/// The values of one key over a report's rows, in their order.
pub fn column(report: &Value, key: &str) -> Vec<Value> {
    let rows = report["rows"].as_array().expect("a list of rows");
    rows.iter().map(|row| row.get(key).unwrap_or_else(|| panic!("no {key} in {row}")).clone()).collect()
}
