//! Makes up worlds: a loop's runs with known usage, and the files that tell of them.

use std::collections::BTreeMap;

use forge_usage::event::TokenUsage;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::forge::{self, Buckets, Counts, PACE, Second};
use crate::kit::{Files, Sum};

/// What a run does.
#[derive(Debug, Clone)]
pub enum Work {
    /// Codex with traces. `resumes`: goes on in the conversation of the last such run.
    Codex { resumes: bool, calls: Vec<Counts>, counter: bool, footer: bool, twin: bool, chatter: u8, prints: Prints },
    /// Codex without traces: only the blended total is told.
    Plain { blended: u64, named: bool },
    /// Claude. `results`: parts of the messages after each of which the process tells its counter.
    Claude { messages: Vec<Buckets>, blocks: u8, results: bool, models: bool, twice: bool, text: String },
    /// A harness that says nothing of tokens.
    Silent(String),
}

/// What a tool prints in a Codex run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prints {
    Nothing,
    Lines(u16),
    /// Fences, headings and plain words that mean something elsewhere.
    Markup,
}

/// A loop's runs, half an hour apart.
#[derive(Debug, Clone)]
pub struct World {
    pub works: Vec<Work>,
}

/// One run, written out.
#[derive(Debug, Clone)]
pub struct Run {
    pub n: usize,
    pub harness: &'static str,
    pub start: Second,
    pub end: Second,
    /// All of its output.
    pub output: String,
    /// What it used; blank where it tells nothing.
    pub truth: Sum,
}

/// What a call used: no less than this input and this output.
pub fn counts(input: u64, output: u64) -> impl Strategy<Value = Counts> {
    (input..20_000, 0..=100_u64, output..3_000, 0..=100_u64)
        .prop_map(|(input, cached, output, reasoning)| [input, input * cached / 100, output, output * reasoning / 100])
}

fn prints() -> impl Strategy<Value = Prints> {
    prop_oneof![3 => Just(Prints::Nothing), 2 => (1..60_u16).prop_map(Prints::Lines), 1 => Just(Prints::Markup)]
}

fn codex() -> impl Strategy<Value = Work> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (flags, vec(counts(0, 0), 1..5), 0..4_u8, prints()).prop_map(
        |((resumes, counter, footer, twin), calls, chatter, prints)| Work::Codex {
            resumes,
            calls,
            counter,
            footer,
            twin,
            chatter,
            prints,
        },
    )
}

fn claude() -> impl Strategy<Value = Work> {
    let buckets = (0..500_u64, 0..20_000_u64, 0..9_000_u64, 1..2_000_u64).prop_map(|(a, b, c, d)| [a, b, c, d]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let text = "[a-z `#{}\\[\"\\n]{0,20}";
    (vec(buckets, 1..4), 1..4_u8, flags, text).prop_map(|(messages, blocks, (results, models, twice), text)| {
        Work::Claude { messages, blocks, results, models, twice, text }
    })
}

pub fn work() -> impl Strategy<Value = Work> {
    prop_oneof![
        6 => codex(),
        1 => (1..900_000_u64, any::<bool>()).prop_map(|(blended, named)| Work::Plain { blended, named }),
        3 => claude(),
        1 => "[a-z .:#-]{0,30}".prop_map(Work::Silent),
    ]
}

pub fn world() -> impl Strategy<Value = World> {
    vec(work(), 1..6).prop_map(|works| World { works })
}

/// A world of Codex runs with traces alone.
pub fn traced_world() -> impl Strategy<Value = World> {
    vec(codex(), 1..6).prop_map(|works| World { works })
}

/// A codex conversation over its runs.
struct Thread {
    id: String,
    total: Counts,
    blended: u64,
    /// Whether its runs tell its counter and its footer: a run in between that doesn't is a case of
    /// its own.
    counter: bool,
    footer: bool,
}

/// The tokens of a Codex call, or of several.
pub fn tokens([input, cached, output, reasoning]: Counts) -> TokenUsage {
    TokenUsage {
        input_tokens: input,
        cache_read_input_tokens: cached,
        output_tokens: output,
        reasoning_output_tokens: Some(reasoning),
        ..TokenUsage::default()
    }
}

fn claude_tokens([input, read, creation, output]: Buckets) -> TokenUsage {
    TokenUsage {
        input_tokens: input + read + creation,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: creation,
        output_tokens: output,
        ..TokenUsage::default()
    }
}

pub fn add(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    std::array::from_fn(|index| a[index] + b[index])
}

fn exact(usage: TokenUsage, blended: u64) -> Sum {
    Sum { usage: Some(usage), blended: Some(blended) }
}

fn printed(prints: Prints) -> String {
    match prints {
        Prints::Nothing => "\"ok\"".to_owned(),
        Prints::Lines(count) => {
            (0..count).map(|line| format!("src/brick_{line}.rs: fired at 1200 degrees\n")).collect()
        }
        Prints::Markup => {
            "```\n## Notes\n\n- run_id: none\n\n```\n{\"usage\": 3}\ntokens used\nmany\n[2026] x\n".to_owned()
        }
    }
}

impl World {
    /// The runs, written out one after the other.
    pub fn runs(&self) -> Vec<Run> {
        let mut thread: Option<Thread> = None;
        let write = |(n, work): (usize, &Work)| {
            let start = n as Second * PACE;
            let mut run =
                Run { n, harness: "codex", start, end: start + 120, output: String::new(), truth: Sum::default() };
            match work {
                Work::Codex { resumes, counter, footer, .. } => {
                    if !resumes || thread.is_none() {
                        let id = forge::conversation(start + 1, n);
                        run.output += &forge::begins(start + 1, &id);
                        thread = Some(Thread { id, total: [0; 4], blended: 0, counter: *counter, footer: *footer });
                    }
                    run.codex(work, thread.as_mut().expect("a thread"));
                }
                Work::Plain { blended, named } => run.plain(*blended, *named),
                Work::Claude { .. } => run.claude(work),
                Work::Silent(text) => (run.harness, run.output) = ("droid", text.clone()),
            }
            run
        };
        self.works.iter().enumerate().map(write).collect()
    }

    /// What every run used.
    pub fn truth(&self) -> BTreeMap<String, Sum> {
        self.runs().into_iter().map(|run| (forge::run_id(run.n), run.truth)).collect()
    }

    /// Whether a run goes on in the conversation of an earlier one.
    pub fn resumes(&self, run: &str) -> bool {
        let mut works = self.works.iter().enumerate();
        works.any(|(n, work)| forge::run_id(n) == run && matches!(work, Work::Codex { resumes: true, .. }))
    }

    /// The ledger, with at most so many lines of every output.
    pub fn ledger(&self, lines: usize) -> String {
        let entries = self.runs().into_iter().map(|run| {
            let tail = tail(run.output.trim(), lines);
            forge::entry("kiln", run.n, Some(run.harness), run.start, run.end, tail)
        });
        forge::front("kiln") + &entries.collect::<String>()
    }

    pub fn loop_log(&self) -> String {
        let mut log = forge::marker(0, "loop started");
        for run in self.runs() {
            log += &forge::starts(run.start, run.n);
            log += &run.output;
            if !log.ends_with('\n') {
                log.push('\n');
            }
            log += &forge::marker(run.end, "pause for 30s");
        }
        log
    }

    /// The traces of the Codex runs in a log of their own, as `~/.codex/log` has them; `None`
    /// without any.
    pub fn trace(&self) -> Option<String> {
        let is_record = |line: &&str| !matches!(*line, "codex" | "Done." | "tokens used") && !is_number(line);
        let runs = self.runs().into_iter().zip(&self.works).filter(|(_, work)| matches!(work, Work::Codex { .. }));
        let lines: String = runs
            .flat_map(|(run, _)| {
                run.output.lines().filter(is_record).map(|line| format!("{line}\n")).collect::<Vec<_>>()
            })
            .collect();
        Some(lines).filter(|lines| !lines.is_empty())
    }

    /// The session logs of the Codex runs, a conversation each.
    pub fn rollouts(&self) -> Files {
        let mut files = Files::new();
        let (mut id, mut total) = (String::new(), [0; 4]);
        for (n, work) in self.works.iter().enumerate() {
            let start = n as Second * PACE;
            let Work::Codex { resumes, calls, .. } = work else { continue };
            if !resumes || id.is_empty() {
                (id, total) = (forge::conversation(start + 1, n), [0; 4]);
                files.insert(format!("sessions/{id}.jsonl"), forge::session_meta(start + 1, &id).into_bytes());
            }
            let log = files.get_mut(&format!("sessions/{id}.jsonl")).expect("begun");
            log.extend(forge::turn_context(start + 1, &forge::conversation(start + 2, n + 1000)).bytes());
            for (index, counts) in calls.iter().enumerate() {
                total = add(total, *counts);
                let reading = forge::token_count(start + 7 + index as Second * 10, total, *counts);
                log.extend(reading.bytes());
            }
        }
        files
    }

    /// The output of every Claude run, in a file of its own.
    pub fn streams(&self) -> Files {
        let runs = self.runs().into_iter().filter(|run| run.harness == "claude");
        runs.map(|run| (format!("streams/{}.jsonl", run.n), run.output.into_bytes())).collect()
    }

    /// The ledger alone.
    pub fn ledger_file(&self) -> Files {
        Files::from([("kiln.md".to_owned(), self.ledger(usize::MAX).into_bytes())])
    }
}

fn is_number(line: &str) -> bool {
    !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
}

/// The last lines of a text.
pub fn tail(text: &str, lines: usize) -> &str {
    let start = text.rmatch_indices('\n').nth(lines.saturating_sub(1)).map_or(0, |(newline, _)| newline + 1);
    &text[start..]
}

impl Run {
    fn codex(&mut self, work: &Work, thread: &mut Thread) {
        let Work::Codex { calls, twin, chatter, prints, .. } = work else { return };
        let before = thread.total;
        for (index, counts) in calls.iter().enumerate() {
            let second = self.start + 2 + index as Second * 10;
            self.output += &forge::request(second, &thread.id);
            for later in 0..Second::from(*chatter) {
                self.output += &forge::delta(second + later, &thread.id);
            }
            self.output += &forge::completed(second + 5, &thread.id, *counts, *twin);
            thread.total = add(thread.total, *counts);
            thread.blended += counts[0] - counts[1] + counts[2];
            if thread.counter {
                self.output += &forge::counter(second + 5, thread.total, *counts);
            }
            self.output += &forge::tool_result(second + 6, &thread.id, &printed(*prints));
        }
        // The footer stands for the counter: blended(sum) is the sum of blended, as none exceeds its input.
        if thread.footer {
            self.output += &forge::footer(thread.blended);
        }
        let used: Counts = std::array::from_fn(|index| thread.total[index] - before[index]);
        self.truth = exact(tokens(used), used[0] - used[1] + used[2]);
    }

    fn plain(&mut self, blended: u64, named: bool) {
        if named {
            self.output += &forge::header(&forge::conversation(self.start + 1, self.n));
        }
        self.output += &forge::footer(blended);
        self.truth = Sum { usage: None, blended: Some(blended) };
    }

    fn claude(&mut self, work: &Work) {
        let Work::Claude { messages, blocks, results, models, twice, text } = work else { return };
        self.harness = "claude";
        let session = forge::session(self.n);
        self.output += &forge::init(&session);
        let (mut total, mut query, mut placeholders) = ([0; 4], [0; 4], [0; 4]);
        for (index, buckets) in messages.iter().enumerate() {
            let placeholder = [buckets[0], buckets[1], buckets[2], 1];
            let id = format!("msg_{}_{index}", self.n);
            for _ in 0..*blocks {
                self.output += &forge::assistant(&session, &id, placeholder, text);
            }
            (total, query) = (add(total, *buckets), add(query, *buckets));
            placeholders = add(placeholders, placeholder);
            let is_last = index + 1 == messages.len();
            // Older versions' `usage` is of the query alone: one result a process.
            if *results && (is_last || (*twice && *models)) {
                let uuid = format!("{:08x}-{index:04x}-4aaa-8bbb-000000000000", self.n);
                self.output += &forge::result(&session, &uuid, total, query, 5 * (index as u64 + 1), *models);
                query = [0; 4];
            }
        }
        let told = if *results { total } else { placeholders };
        let usage = claude_tokens(told);
        self.truth = exact(usage, usage.blended_tokens());
    }
}
