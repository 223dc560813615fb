//! Writes what forge, Codex and Claude write: ledgers and the lines inside them.

use crate::shapes::{self, ClaudeResult, OTEL};

/// Counts of one call or counter reading: input (cached included), cached, output, reasoning.
pub type Counts = (u64, u64, u64, u64);

/// A call like any other: 1,050 tokens.
pub const CALL: Counts = (1000, 400, 50, 10);

/// Fields that carry private things; no output may ever show them.
pub const SECRETS: [&str; 3] = ["acct-keep-out", "keep.out@example.test", "OPEN-SESAME"];

/// A ledger's front matter and title.
pub fn front(name: &str) -> String {
    shapes::front(name, "/srv/paint", "2026-10-05T08:00:00Z")
}

/// A ledger with these runs of [`Entry::new`], a call of [`CALL`] each, which are exact.
pub fn ledger(name: &str, runs: std::ops::Range<u32>) -> String {
    front(name) + &runs.map(|n| Entry { name, ..Entry::new(n) }.with(&exact(n, CALL))).collect::<String>()
}

/// One entry to write; `..Entry::new(n)` fills what a test doesn't care about.
#[derive(Clone)]
pub struct Entry<'a> {
    pub name: &'a str,
    pub run_id: String,
    pub profile: &'a str,
    pub harness: &'a str,
    pub status: &'a str,
    /// The day and time of the start; the run takes a minute.
    pub start: String,
    pub finish: String,
}

impl Entry<'_> {
    /// The `n`-th run of a loop: half an hour apart, from 09:00 on.
    pub fn new(n: u32) -> Entry<'static> {
        let minute = 9 * 60 + n * 30;
        let at = |m: u32| format!("2026-10-05T{:02}:{:02}:00Z", m / 60, m % 60);
        Entry {
            name: "night",
            run_id: run_id(n),
            profile: "codex1",
            harness: "codex",
            status: "success",
            start: at(minute),
            finish: at(minute + 1),
        }
    }

    pub fn with(&self, output: &str) -> String {
        let Entry { name, run_id, profile, harness, status, start, finish } = self;
        let entry = shapes::Entry { name, run_id, status, profile, harness: Some(harness), start, finish };
        entry.with(&shapes::fence(output))
    }
}

/// The run id of the `n`-th run.
pub fn run_id(n: u32) -> String {
    shapes::run_id(n as usize)
}

/// A conversation id that was made with the `n`-th run of [`Entry::new`], a second after its start.
pub fn conversation(n: u32) -> String {
    // 2026-10-05T09:00:01Z
    shapes::uuid(1_791_190_801_000 + u64::from(n) * 1_800_000, n as usize)
}

/// An RFC 3339 time in the `n`-th run of [`Entry::new`], some seconds after its start.
fn time(n: u32, second: u32) -> String {
    let minute = 9 * 60 + n * 30;
    format!("2026-10-05T{:02}:{:02}:{second:02}", minute / 60, minute % 60)
}

/// What all events of a conversation share.
fn shared(n: u32) -> String {
    format!(
        "conversation.id={} app.version=0.98.0 auth_mode=\"Chatgpt\" user.account_id=\"{}\" user.email=\"{}\" \
         terminal.type=unknown model=gpt-5.3-codex slug=gpt-5.3-codex",
        conversation(n),
        SECRETS[0],
        SECRETS[1]
    )
}

/// The two records of one completed call, the generic one and the one with counts.
pub fn completed(n: u32, second: u32, counts: Counts) -> String {
    shapes::completed(&time(n, second), &shared(n), counts.into(), &[OTEL])
}

/// A counter reading.
pub fn counter(n: u32, second: u32, total: Counts, last: Counts) -> String {
    shapes::counter(&time(n, second), total.into(), last.into(), "None")
}

/// A tool result whose raw output may span lines.
pub fn tool_result(n: u32, second: u32, output: &str) -> String {
    let argument = format!("\"echo\",\"{}\"", SECRETS[2]);
    shapes::tool_result(&time(n, second), &shared(n), &argument, output, "\"\"")
}

/// The end of a Codex run: the message, the footer, the message again.
pub fn footer(blended: &str, message: &str) -> String {
    shapes::footer(blended, message)
}

/// A whole exact run: one call, its counter, and a footer that agrees.
pub fn exact(n: u32, counts: Counts) -> String {
    let blended = counts.0 - counts.1 + counts.2;
    completed(n, 20, counts) + &counter(n, 20, counts, counts) + &footer(&blended.to_string(), "Done.")
}

/// A Claude result record, the only record of its run.
pub fn claude_result(session: &str, input: u64, output: u64, cost: f64) -> String {
    let used = [input, 0, 0, output];
    let by_model = Some(("claude-opus-4-6", used));
    let cost_usd = &cost.to_string();
    ClaudeResult { session, uuid: None, text: SECRETS[2], cost_usd, query: used, by_model }.line()
}
