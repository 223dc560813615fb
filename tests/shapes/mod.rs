//! What forge, Codex and Claude Code write: each shape once, for the tests of the program and for the laws. Ids, times
//! and texts are those of the writers that use it: `it/writers.rs` and `laws/forge.rs`.

/// Input (cached included), cached, output, reasoning.
pub type Counts = [u64; 4];

/// Uncached input, cache read, cache creation, output.
pub type Buckets = [u64; 4];

/// The target under which older versions of Codex write their events.
pub const OTEL: &str = "codex_otel::traces::otel_manager";

/// The id of the `n`-th run.
pub fn run_id(n: usize) -> String {
    format!("{n:08x}-5b21-4d0e-9c13-77aa51f0c2de")
}

/// A version 7 UUID that was made at this millisecond of Unix time.
pub fn uuid(millis: u64, n: usize) -> String {
    let hex = format!("{millis:012x}");
    format!("{}-{}-7b3c-8d11-{n:012x}", &hex[..8], &hex[8..])
}

/// A ledger's front matter and title.
pub fn front(name: &str, repo: &str, created: &str) -> String {
    format!(
        "---\nloop_id: 0f2a9a52-0d5e-4c53-9b0a-5a1c3f0e7a01\nloop_name: {name}\nrepo_path: {repo}\n\
         created_at: {created}\n---\n\n# Loop Ledger: {name}\n\n"
    )
}

/// A ledger's entry; it is appended when the run is over. Times are RFC 3339.
pub struct Entry<'a> {
    pub name: &'a str,
    pub run_id: &'a str,
    pub status: &'a str,
    pub profile: &'a str,
    pub harness: Option<&'a str>,
    pub start: &'a str,
    pub finish: &'a str,
}

impl Entry<'_> {
    /// The entry, with what stands between its fields and the next entry: see [`fence`].
    pub fn with(&self, fence: &str) -> String {
        let Entry { name, run_id, status, profile, harness, start, finish } = self;
        let harness = harness.map_or(String::new(), |harness| format!("- harness: {harness}\n"));
        format!(
            "## {finish}\n\n- run_id: {run_id}\n- loop_name: {name}\n- status: {status}\n- profile: {profile}\n{harness}\
             - prompt_source: base\n- prompt_override: false\n- started_at: {start}\n- finished_at: {finish}\n\
             - exit_code: 0\n\n{fence}"
        )
    }
}

/// An output in an entry.
pub fn fence(output: &str) -> String {
    format!("```\n{}\n```\n\n", output.trim())
}

/// An event of a Codex trace at this time (without fraction and zone); `shared` are the fields that all events have.
pub fn event(clock: &str, target: &str, name: &str, shared: &str, fields: &str) -> String {
    format!("{clock}.000130Z  INFO {target}: event.name=\"{name}\" event.timestamp={clock}.000Z {shared} {fields}\n")
}

/// The records of a completed call: one without counts, and one with them under each of these targets.
pub fn completed(clock: &str, shared: &str, counts: Counts, counted: &[&str]) -> String {
    let [input, cached, output, reasoning] = counts;
    let sse = |target, fields: &str| {
        event(clock, target, "codex.sse_event", shared, &format!("event.kind=response.completed {fields}"))
    };
    let told = format!(
        "input_token_count={input} output_token_count={output} cached_token_count={cached} \
         reasoning_token_count={reasoning} tool_token_count={}",
        input + output
    );
    sse(OTEL, "duration_ms=0") + &counted.iter().map(|target| sse(target, &told)).collect::<String>()
}

/// A tool's result in a trace, with its output as it is; `empty` is how an empty text is written.
pub fn tool_result(clock: &str, shared: &str, argument: &str, output: &str, empty: &str) -> String {
    let fields = format!(
        "tool_name=shell call_id=call_1 arguments={{\"command\":[{argument}]}} duration_ms=9 success=true \
         output={output} mcp_server={empty} mcp_server_origin={empty}"
    );
    event(clock, OTEL, "codex.tool_result", shared, &fields)
}

/// A reading of the counter in a trace; `limits` is what it says of rate limits.
pub fn counter(clock: &str, total: Counts, last: Counts, limits: &str) -> String {
    format!(
        "{clock}.500000Z DEBUG codex_exec: Received event: Event {{ id: \"0\", msg: TokenCount(TokenCountEvent {{ info: \
         Some(TokenUsageInfo {{ total_token_usage: {}, last_token_usage: {}, model_context_window: Some(258400) }}), \
         rate_limits: {limits} }}) }}\n",
        usage(total),
        usage(last)
    )
}

fn usage([input, cached, output, reasoning]: Counts) -> String {
    format!(
        "TokenUsage {{ input_tokens: {input}, cached_input_tokens: {cached}, output_tokens: {output}, \
         reasoning_output_tokens: {reasoning}, total_tokens: {} }}",
        input + output
    )
}

/// The end of Codex's plain output: the message, the footer, the message again.
pub fn footer(blended: &str, message: &str) -> String {
    format!("codex\n{message}\ntokens used\n{blended}\n{message}\n")
}

/// A Claude Code process's result: its latest query, and what it used by model, if it tells that.
pub struct ClaudeResult<'a> {
    pub session: &'a str,
    pub uuid: Option<&'a str>,
    pub text: &'a str,
    pub cost_usd: &'a str,
    pub query: Buckets,
    pub by_model: Option<(&'a str, Buckets)>,
}

impl ClaudeResult<'_> {
    /// The record, a line.
    pub fn line(&self) -> String {
        let ClaudeResult { session, uuid, text, cost_usd, query, by_model } = self;
        let models = by_model.map_or(String::new(), |(model, [input, read, creation, output])| {
            format!(
                ",\"modelUsage\":{{\"{model}\":{{\"inputTokens\":{input},\"outputTokens\":{output},\
                 \"cacheReadInputTokens\":{read},\"cacheCreationInputTokens\":{creation},\"costUSD\":{cost_usd}}}}}"
            )
        });
        let uuid = uuid.map_or(String::new(), |uuid| format!(",\"uuid\":\"{uuid}\""));
        format!(
            "{{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"duration_ms\":9000,\"result\":\"{text}\",\
             \"session_id\":\"{session}\",\"total_cost_usd\":{cost_usd},\"usage\":{}{models}{uuid}}}\n",
            anthropic(*query)
        )
    }
}

/// Usage as Anthropic's interface tells it.
pub fn anthropic([input, read, creation, output]: Buckets) -> String {
    format!(
        "{{\"input_tokens\":{input},\"cache_creation_input_tokens\":{creation},\
         \"cache_read_input_tokens\":{read},\"output_tokens\":{output},\"service_tier\":\"standard\"}}"
    )
}
