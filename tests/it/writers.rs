//! Writes what forge, Codex and Claude write: ledgers and the lines inside them.

/// Counts of one call or counter reading: input (cached included), cached, output, reasoning.
pub type Counts = (u64, u64, u64, u64);

/// A call like any other: 1,050 tokens.
pub const CALL: Counts = (1000, 400, 50, 10);

/// Fields that carry private things; no output may ever show them.
pub const SECRETS: [&str; 3] = ["acct-keep-out", "keep.out@example.test", "OPEN-SESAME"];

/// A ledger's front matter and title.
pub fn front(name: &str) -> String {
    format!(
        "---\nloop_id: 6d1b3a52-0d5e-4c53-9b0a-5a1c3f0e7a01\nloop_name: {name}\nrepo_path: /srv/paint\n\
         created_at: 2026-10-05T08:00:00Z\n---\n\n# Loop Ledger: {name}\n\n"
    )
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
        format!(
            "## {finish}\n\n- run_id: {run_id}\n- loop_name: {name}\n- status: {status}\n- profile: {profile}\n\
             - harness: {harness}\n- prompt_source: base\n- prompt_override: false\n- started_at: {start}\n\
             - finished_at: {finish}\n- exit_code: 0\n\n```\n{}\n```\n\n",
            output.trim()
        )
    }
}

/// The run id of the `n`-th run.
pub fn run_id(n: u32) -> String {
    format!("{n:08x}-7a31-4c0f-8e21-93b6d40c1f5a")
}

/// A conversation id that was made with the `n`-th run of [`Entry::new`], a second after its start.
pub fn conversation(n: u32) -> String {
    // 2026-10-05T09:00:01Z
    let ms = 1_791_190_801_000_u64 + u64::from(n) * 1_800_000;
    let hex = format!("{ms:012x}");
    format!("{}-{}-7c4d-9a01-{n:012x}", &hex[..8], &hex[8..])
}

/// An RFC 3339 time in the `n`-th run of [`Entry::new`], some seconds after its start.
fn time(n: u32, second: u32) -> String {
    let minute = 9 * 60 + n * 30;
    format!("2026-10-05T{:02}:{:02}:{second:02}", minute / 60, minute % 60)
}

fn common(n: u32) -> String {
    format!(
        "conversation.id={} app.version=0.98.0 auth_mode=\"Chatgpt\" user.account_id=\"{}\" user.email=\"{}\" \
         terminal.type=unknown model=gpt-5.3-codex slug=gpt-5.3-codex",
        conversation(n),
        SECRETS[0],
        SECRETS[1]
    )
}

fn event(n: u32, second: u32, name: &str, fields: &str) -> String {
    let time = time(n, second);
    format!(
        "{time}.000000Z  INFO codex_otel::traces::otel_manager: event.name=\"{name}\" event.timestamp={time}.000Z {fields}"
    )
}

/// The two records of one completed call, the generic one and the one with counts.
pub fn completed(n: u32, second: u32, counts: Counts) -> String {
    let (input, cached, output, reasoning) = counts;
    let fields = format!("event.kind=response.completed {}", common(n));
    let generic = event(n, second, "codex.sse_event", &format!("{fields} duration_ms=0"));
    let counted = format!(
        "{fields} input_token_count={input} output_token_count={output} cached_token_count={cached} \
         reasoning_token_count={reasoning} tool_token_count={}",
        input + output
    );
    format!("{generic}\n{}\n", event(n, second, "codex.sse_event", &counted))
}

fn usage((input, cached, output, reasoning): Counts) -> String {
    format!(
        "TokenUsage {{ input_tokens: {input}, cached_input_tokens: {cached}, output_tokens: {output}, \
         reasoning_output_tokens: {reasoning}, total_tokens: {} }}",
        input + output
    )
}

/// A counter reading.
pub fn counter(n: u32, second: u32, total: Counts, last: Counts) -> String {
    format!(
        "{}.500000Z DEBUG codex_exec: Received event: Event {{ id: \"0\", msg: TokenCount(TokenCountEvent {{ info: \
         Some(TokenUsageInfo {{ total_token_usage: {}, last_token_usage: {}, model_context_window: Some(258400) }}), \
         rate_limits: None }}) }}\n",
        time(n, second),
        usage(total),
        usage(last)
    )
}

/// A tool result whose raw output may span lines.
pub fn tool_result(n: u32, second: u32, output: &str) -> String {
    let fields = format!(
        "{} tool_name=shell call_id=call_1 arguments={{\"command\":[\"echo\",\"{}\"]}} duration_ms=9 success=true \
         output={output} mcp_server=\"\" mcp_server_origin=\"\"",
        common(n),
        SECRETS[2]
    );
    event(n, second, "codex.tool_result", &fields) + "\n"
}

/// The end of a Codex run: the message, the footer, the message again.
pub fn footer(blended: &str, message: &str) -> String {
    format!("codex\n{message}\ntokens used\n{blended}\n{message}\n")
}

/// A whole exact run: one call, its counter, and a footer that agrees.
pub fn exact(n: u32, counts: Counts) -> String {
    let blended = counts.0 - counts.1 + counts.2;
    completed(n, 20, counts) + &counter(n, 20, counts, counts) + &footer(&blended.to_string(), "Done.")
}

/// A Claude result record, the only record of its run.
pub fn claude_result(session: &str, input: u64, output: u64, cost: f64) -> String {
    serde_json::json!({
        "type": "result", "subtype": "success", "is_error": false, "duration_ms": 9000, "num_turns": 1,
        "result": SECRETS[2], "session_id": session, "total_cost_usd": cost,
        "usage": {"input_tokens": input, "output_tokens": output},
        "modelUsage": {"claude-opus-4-6": {"inputTokens": input, "outputTokens": output,
            "cacheReadInputTokens": 0, "cacheCreationInputTokens": 0, "costUSD": cost}},
    })
    .to_string()
}
