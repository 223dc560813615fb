//! Whole processes against `rg -c` on the same bytes: `cargo bench --bench speed [-- --quick]`.
//!
//! Corpora are generated once, under `target/bench-data/`; `FORGE_USAGE_BENCH_MB` is the size of
//! the trace (500). Every answer is checked against what the generator knows, in every round.
//! Names after `--` choose some: `-- check claude`. `--quick`, and any run that isn't by `cargo bench`, is a smoke test:
//! 20 MB, two rounds.

mod corpus;
mod measure;

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use corpus::{
    PIECE, Totals, VERSION, write_claude_home, write_codex_home, write_execution_file, write_ledgers, write_trace,
};
use measure::{Figures, Measured};
use serde_json::Value;

const SEED: u64 = 20_260_302;
const LEDGERS: u64 = 200;
const LEDGERS_MB: u64 = 4;
const MB: u64 = 1_000_000;
const NEEDLE: &str = "response.completed";

/// A kind of home: what writes it, and what ripgrep looks for in it.
struct Home {
    harness: &'static str,
    write: fn(&Path, u64, u64) -> io::Result<Totals>,
    needle: &'static str,
}

const CLAUDE: Home = Home { harness: "claude", write: write_claude_home, needle: "\"usage\":" };
const CODEX: Home = Home { harness: "codex", write: write_codex_home, needle: "token_count" };

type Bench = fn(&Plan) -> io::Result<()>;

/// Every bench by its name, in the order in which they run.
const BENCHES: [(&str, Bench); 7] = [
    ("trace", bench_trace),
    ("ledgers", bench_ledgers),
    ("check", bench_check),
    ("document", bench_document),
    (CLAUDE.harness, |plan| bench_homes(plan, &CLAUDE)),
    (CODEX.harness, |plan| bench_homes(plan, &CODEX)),
    ("help", bench_start_up),
];

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some(measure::ARGUMENT) => return measure::one_child(&arguments[1..]).map(|()| ExitCode::SUCCESS),
        // A test runner asks for the tests within: there are none.
        Some("--list") => return Ok(ExitCode::SUCCESS),
        _ => {}
    }
    let plan = Plan::new(&arguments);
    let unknown = plan.only.iter().find(|only| !BENCHES.iter().any(|(name, _)| name == only));
    // The names that `cargo test` hands on are those of tests.
    if let Some(unknown) = unknown.filter(|_| arguments.iter().any(|argument| argument == "--bench")) {
        eprintln!("no bench is called {unknown:?}; there are {}", BENCHES.map(|(name, _)| name).join(", "));
        return Ok(ExitCode::from(2));
    }
    fs::create_dir_all(data_folder())?;
    for (_, bench) in BENCHES.iter().filter(|(name, _)| plan.has(name)) {
        bench(&plan)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How much work is done.
struct Plan {
    trace_mb: u64,
    document_mb: u64,
    homes_mb: Vec<u64>,
    rounds: usize,
    /// The benches to run, by name; all without one.
    only: Vec<String>,
}

impl Plan {
    fn has(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    fn new(arguments: &[String]) -> Plan {
        let only: Vec<String> = arguments.iter().filter(|argument| !argument.starts_with('-')).cloned().collect();
        let given = |name: &str| arguments.iter().any(|argument| argument == name);
        if given("--quick") || !given("--bench") {
            return Plan { trace_mb: 20, document_mb: 5, homes_mb: vec![20], rounds: 2, only };
        }
        let size = env::var("FORGE_USAGE_BENCH_MB").ok();
        let trace_mb = size.map_or(500, |size| size.parse().expect("FORGE_USAGE_BENCH_MB: a number"));
        Plan { trace_mb, document_mb: 50, homes_mb: vec![50, 500, 2_000], rounds: 7, only }
    }
}

fn bench_trace(plan: &Plan) -> io::Result<()> {
    // The page cache of some systems holds a file in pieces as large as those it was written in, and a mapped file, as
    // ripgrep's, costs far less in large ones.
    [("trace", "", PIECE), ("trace of large pieces", "-large", MB as usize)].into_iter().try_for_each(
        |(what, name, piece)| {
            let (trace, truth) = prepare(&format!("trace{name}-v{VERSION}-{}MB.log", plan.trace_mb), |path| {
                let file = BufWriter::with_capacity(piece, File::create(path)?);
                write_trace(file, SEED, plan.trace_mb * MB)
            })?;
            let bytes = fs::metadata(&trace)?.len();
            // Each call is completed twice: once generic, once with counts.
            let lines = truth.calls.map(|calls| 2 * calls);
            bench_against(plan, &Corpus { what, path: &trace, bytes, needle: NEEDLE, lines, truth: &truth })
        },
    )
}

fn bench_homes(plan: &Plan, kind: &Home) -> io::Result<()> {
    plan.homes_mb.iter().try_for_each(|mb| bench_home(plan, kind, *mb))
}

fn bench_home(plan: &Plan, kind: &Home, mb: u64) -> io::Result<()> {
    let name = format!("{}-home-v{VERSION}-{mb}MB", kind.harness);
    let (home, truth) = prepare(&name, |path| (kind.write)(path, SEED, mb * MB))?;
    let (what, bytes) = (format!("home of {}", kind.harness), length(&home)?);
    let corpus = Corpus { what: &what, path: &home, bytes, needle: kind.needle, lines: None, truth: &truth };
    bench_against(plan, &corpus)
}

/// An array of records, over many lines.
fn bench_document(plan: &Plan) -> io::Result<()> {
    let (document, truth) = prepare(&format!("execution-v{VERSION}-{}MB.json", plan.document_mb), |path| {
        let file = BufWriter::with_capacity(PIECE, File::create(path)?);
        write_execution_file(file, SEED, plan.document_mb * MB)
    })?;
    let (needle, bytes) = ("\"usage\":", fs::metadata(&document)?.len());
    bench_against(plan, &Corpus { what: "document", path: &document, bytes, needle, lines: None, truth: &truth })
}

/// What is measured against ripgrep.
struct Corpus<'a> {
    what: &'a str,
    path: &'a Path,
    bytes: u64,
    /// What ripgrep looks for: a word of what a report needs.
    needle: &'a str,
    /// In how many lines that is, where it is known.
    lines: Option<u64>,
    truth: &'a Totals,
}

/// Measures a report, in turn with ripgrep's search for what it needs.
fn bench_against(plan: &Plan, corpus: &Corpus<'_>) -> io::Result<()> {
    let &Corpus { what, path, bytes, needle, lines, truth } = corpus;
    let ours = Contender::forge_usage(&["report", "--json"], Some(path));
    let rivals = Contender::ripgrep(needle, path);
    let (mut our_runs, mut rival_runs) = (Vec::new(), Vec::new());
    for round in 0..=plan.rounds {
        let our_run = ours.run()?;
        check_totals(&our_run.stdout, truth);
        keep_unless_warm_up(round, our_run, &mut our_runs);
        if let Some(rg) = &rivals {
            let rival_run = rg.run()?;
            if let Some(lines) = lines {
                assert_eq!(rival_run.stdout.trim(), lines.to_string(), "rg found something else");
            }
            keep_unless_warm_up(round, rival_run, &mut rival_runs);
        }
    }
    let calls = truth.calls.unwrap_or_default();
    println!("\n{what}, {} MB, {calls} calls, {} rounds", bytes / MB, plan.rounds);
    print_contender("forge-usage", &our_runs, bytes);
    if rivals.is_some() {
        print_contender("rg -c", &rival_runs, bytes);
        print_ratio(&our_runs, &rival_runs);
    } else {
        println!("no rg on PATH: nothing to compare with");
    }
    Ok(())
}

/// Bytes of all files in a folder.
fn length(folder: &Path) -> io::Result<u64> {
    let lengths = fs::read_dir(folder)?.map(|entry| {
        let entry = entry?;
        if entry.file_type()?.is_dir() { length(&entry.path()) } else { Ok(entry.metadata()?.len()) }
    });
    lengths.sum()
}

fn prepare_ledgers() -> io::Result<(PathBuf, Totals)> {
    let name = format!("ledgers-v{VERSION}-{LEDGERS}-{LEDGERS_MB}MB");
    prepare(&name, |path| write_ledgers(path, SEED, LEDGERS, LEDGERS_MB * MB))
}

fn bench_ledgers(plan: &Plan) -> io::Result<()> {
    let (folder, truth) = prepare_ledgers()?;
    let ours = Contender::forge_usage(&["report", "--json"], Some(&folder));
    let runs = repeat(plan, &ours, |stdout| check_totals(stdout, &truth))?;
    println!("\n{LEDGERS} ledgers, {LEDGERS_MB} MB, {} runs", truth.runs);
    print_process(&runs);
    Ok(())
}

/// Budgets of every kind, none of which is ever exceeded.
const POLICY: &str = r#"
[[budget]]
name = "runs"
per = "run"
max_total_tokens = "1B"

[[budget]]
name = "days"
per = "day"
max_cost_usd = 1_000_000

[[budget]]
name = "loops"
per = "loop"
max_blended_tokens = "1B"

[[budget]]
name = "all"
max_cost_usd = 1_000_000
max_output_tokens = "1B"
"#;

fn bench_check(plan: &Plan) -> io::Result<()> {
    let (folder, truth) = prepare_ledgers()?;
    let policy = data_folder().join("policy.toml");
    fs::write(&policy, POLICY)?;
    let policy = policy.to_str().expect("a path in UTF-8");
    let ours = Contender::forge_usage(&["check", "--json", "--config", policy], Some(&folder));
    let runs = repeat(plan, &ours, |stdout| check_groups(stdout, &truth))?;
    println!("\ncheck of {LEDGERS} ledgers, {LEDGERS_MB} MB, {} runs, 4 budgets", truth.runs);
    print_process(&runs);
    Ok(())
}

/// Panics unless the groups of every limit add up to what the generator knows.
fn check_groups(verdict: &str, truth: &Totals) {
    let verdict: Value = serde_json::from_str(verdict).expect("the verdict is JSON");
    let split = truth.input_tokens - truth.cache_read_input_tokens + truth.output_tokens;
    let footers = truth.blended_tokens - split;
    let truth = serde_json::to_value(truth).expect("totals are JSON");
    let limits = verdict["limits"].as_array().expect("limits");
    assert_eq!(limits.len(), POLICY.matches("max_").count());
    for limit in limits {
        let groups = limit["groups"].as_array().expect("groups");
        let sum = |key: &str| groups.iter().filter_map(|group| group[key].as_u64()).sum::<u64>();
        let (budget, measure) = (&limit["budget"], &limit["measure"]);
        assert_eq!(truth["runs"], sum("runs"), "the runs of {budget} are wrong");
        if let Some(expected) = measure.as_str().and_then(|measure| truth.get(measure)) {
            // What footers alone tell is at least used of all tokens, too.
            let beyond = if measure == "total_tokens" { footers } else { 0 };
            assert_eq!(expected.as_u64(), sum("used").checked_sub(beyond), "the {measure} of {budget} are wrong");
        }
    }
}

fn bench_start_up(plan: &Plan) -> io::Result<()> {
    let runs = repeat(plan, &Contender::forge_usage(&["--help"], None), |stdout| {
        assert!(!stdout.is_empty(), "--help says nothing");
    })?;
    println!("\n--help");
    print_process(&runs);
    Ok(())
}

/// Runs a warm-up and the rounds, each answer checked.
fn repeat(plan: &Plan, contender: &Contender, check: impl Fn(&str)) -> io::Result<Vec<Figures>> {
    let mut runs = Vec::new();
    for round in 0..=plan.rounds {
        let run = contender.run()?;
        check(&run.stdout);
        keep_unless_warm_up(round, run, &mut runs);
    }
    Ok(runs)
}

fn keep_unless_warm_up(round: usize, run: Measured, runs: &mut Vec<Figures>) {
    if round > 0 {
        runs.push(run.figures);
    }
}

/// A command line that is measured.
struct Contender {
    words: Vec<PathBuf>,
}

impl Contender {
    fn forge_usage(arguments: &[&str], input: Option<&Path>) -> Contender {
        let program = env!("CARGO_BIN_EXE_forge-usage");
        let words = [program].into_iter().chain(arguments.iter().copied()).map(PathBuf::from);
        Contender { words: words.chain(input.map(Path::to_owned)).collect() }
    }

    /// `None` without ripgrep on the `PATH`.
    fn ripgrep(needle: &str, input: &Path) -> Option<Contender> {
        let version = Command::new("rg").arg("--version").stdout(Stdio::null()).status();
        version.ok().filter(|status| status.success())?;
        let words = ["rg", "--no-config", "-c", needle].into_iter().map(PathBuf::from);
        Some(Contender { words: words.chain([input.to_owned()]).collect() })
    }

    fn run(&self) -> io::Result<Measured> {
        let words: Vec<&OsStr> = self.words.iter().map(|word| word.as_os_str()).collect();
        measure::run(&words)
    }
}

/// Panics unless the report says, key by key, what the generator knows.
fn check_totals(report: &str, truth: &Totals) {
    let report: Value = serde_json::from_str(report).expect("the report is JSON");
    let truth = serde_json::to_value(truth).expect("totals are JSON");
    for (key, expected) in truth.as_object().expect("totals are an object") {
        assert_eq!(&report["totals"][key], expected, "the report's total `{key}` is wrong");
    }
}

/// The corpus of this name and its truth, generated unless it is there already.
///
/// The corpus gets its name last, so whatever bears it is whole.
fn prepare(name: &str, generate: impl FnOnce(&Path) -> io::Result<Totals>) -> io::Result<(PathBuf, Totals)> {
    let corpus = data_folder().join(name);
    let truth = data_folder().join(format!("{name}.truth.json"));
    if !corpus.exists() {
        eprintln!("generating {}", corpus.display());
        let unfinished = data_folder().join(format!("{name}.{}.part", std::process::id()));
        let totals = generate(&unfinished)?;
        fs::write(&truth, serde_json::to_string_pretty(&totals)?)?;
        fs::rename(&unfinished, &corpus)?;
    }
    let totals = serde_json::from_str(&fs::read_to_string(&truth)?)?;
    Ok((corpus, totals))
}

fn data_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench-data")
}

fn print_contender(name: &str, runs: &[Figures], bytes: u64) {
    println!("{name}");
    print_process(runs);
    if let Some(cpu) = Spread::of(runs, |run| run.cpu_s) {
        let speed = |seconds: f64| bytes as f64 / MB as f64 / seconds;
        let (slow, median, fast) = (speed(cpu.max), speed(cpu.median), speed(cpu.min));
        println!("  MB/s of CPU    {slow:>10.0} {median:>10.0} {fast:>10.0}");
    }
}

fn print_process(runs: &[Figures]) {
    println!("  {:<14} {:>10} {:>10} {:>10}", "", "min", "median", "max");
    print_spread("CPU ms", Spread::of(runs, |run| run.cpu_s.map(|s| s * 1e3)));
    print_spread("wall ms", Spread::of(runs, |run| Some(run.wall_s * 1e3)));
    print_spread("peak RSS MB", Spread::of(runs, |run| run.peak_rss_bytes.map(|b| b as f64 / MB as f64)));
}

fn print_spread(name: &str, spread: Option<Spread>) {
    if let Some(Spread { min, median, max }) = spread {
        println!("  {name:<14} {min:>10.1} {median:>10.1} {max:>10.1}");
    }
}

fn print_ratio(ours: &[Figures], rivals: &[Figures]) {
    let ratio = |figure: fn(&Figures) -> Option<f64>| {
        Some(Spread::of(ours, figure)?.median / Spread::of(rivals, figure)?.median)
    };
    if let Some(cpu) = ratio(|run| run.cpu_s) {
        println!("ratio of median CPU times, forge-usage / rg:  {cpu:.2}");
    }
    if let Some(wall) = ratio(|run| Some(run.wall_s)) {
        println!("ratio of median wall times, forge-usage / rg: {wall:.2}");
    }
}

/// The least, the middle and the greatest of a few figures.
struct Spread {
    min: f64,
    median: f64,
    max: f64,
}

impl Spread {
    /// `None` where this system doesn't tell the figure.
    fn of(runs: &[Figures], figure: impl Fn(&Figures) -> Option<f64>) -> Option<Spread> {
        let mut values: Vec<f64> = runs.iter().filter_map(figure).collect();
        values.sort_by(f64::total_cmp);
        let (min, max) = (*values.first()?, *values.last()?);
        Some(Spread { min, median: values[values.len() / 2], max })
    }
}
